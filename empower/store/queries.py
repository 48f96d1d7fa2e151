"""The hot path's statements: SQLAlchemy Core, compiled once to the driver's own SQL.

Each takes its parameters by name, one mapping a row. Building a statement at each call would cost several times
what running it does.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    CompoundSelect,
    Delete,
    Dialect,
    Insert,
    Select,
    Table,
    Text,
    TextClause,
    Update,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import SQLModel

from empower.store import tables

Statement = Select[Any] | CompoundSelect[Any] | Insert | Update | Delete | TextClause


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


LOCATION = table(tables.LocationRow)
ENTRY = table(tables.EntryRow)
COMP = table(tables.CompRow)
COUNTER = table(tables.CounterRow)
MEASURE = table(tables.MeasureRow)
POLICY = table(tables.PolicyRow)
IDEMPOTENCY = table(tables.IdempotencyRow)
GUEST = table(tables.GuestRow)
NOTE = table(tables.NoteRow)
EMPLOYEE = table(tables.EmployeeRow)
STAFF = table(tables.StaffRow)
API_KEY = table(tables.KeyRow)
DEPLOYMENT = table(tables.DeploymentRow)

USAGE = ("held_minor", "spent_minor", "held_count", "spent_count")


class Queries:
    """Compiled statements of one dialect."""

    def __init__(self, dialect: Dialect, *, is_distributed: bool = False) -> None:
        """Compile what every request runs."""
        self.is_distributed = is_distributed
        """Whether the rows of several locations may lie on several servers, of which each is asked by itself."""
        self.is_shared = dialect.name == "postgresql"
        """Whether others write while a writer of this process does."""
        self._insert = postgresql_insert if self.is_shared else sqlite_insert
        named = "pyformat" if self.is_shared else "named"
        self.dialect = type(dialect)(paramstyle=named)  # type: ignore[call-arg]
        self._usages: dict[int, str] = {}
        self._compiled: dict[str, str] = {}

        here = select(LOCATION).where(LOCATION.c.id == bindparam("id"))
        self.book, self.book_to_read = self.sql(here.with_for_update()), self.sql(here)
        if self.is_shared:
            among = select(LOCATION).where(LOCATION.c.id == func.any(bindparam("ids", type_=ARRAY(Text))))
            self.books = self.sql(among.order_by(LOCATION.c.id).with_for_update())
        self.save_book = self.sql(
            update(LOCATION)
            .where(LOCATION.c.id == bindparam("id_"))
            .values({name: bindparam(name) for name in ("policy", "size", "frontier", "recorded_at", "next_expiry")})
        )
        self.add_book = self.sql(self._insert(LOCATION))
        self.add_entry = self.sql(self._insert(ENTRY))
        self.save_comp = self.upsert(COMP, "location", "id")
        self.charge = self._charge()
        self.discharge = self._discharge()
        self._prepare_comps()
        self.due = self.sql(
            select(COMP)
            .where(COMP.c.location == bindparam("location"), COMP.c.expires_at <= bindparam("now"))
            .order_by(COMP.c.expires_at, COMP.c.id)
        )
        self.next_expiry = self.sql(
            select(func.min(COMP.c.expires_at)).where(
                COMP.c.location == bindparam("location"), COMP.c.expires_at > bindparam("now")
            )
        )
        self.check_total = self.sql(
            select(COMP.c.check_total_minor)
            .where(
                COMP.c.location == bindparam("location"),
                COMP.c.check_id == bindparam("check"),
                COMP.c.check_total_minor.is_not(None),
            )
            .order_by(COMP.c.seq.desc())
            .limit(literal_column("1"))
            .offset(literal_column("0"))
        )
        self.roster = self.sql(
            select(STAFF.c.role, STAFF.c.since, STAFF.c.until)
            .where(STAFF.c.location == bindparam("location"), STAFF.c.employee == bindparam("employee"))
            .order_by(STAFF.c.position, STAFF.c.role)
        )
        self.own_guest = self.sql(select(EMPLOYEE.c.guest).where(EMPLOYEE.c.id == bindparam("employee")))
        self.employees = self.sql(select(STAFF.c.employee).where(STAFF.c.location == bindparam("location")).distinct())
        self.answered = self.sql(
            select(IDEMPOTENCY.c.body, IDEMPOTENCY.c.comp).where(
                IDEMPOTENCY.c.location == bindparam("location"),
                IDEMPOTENCY.c.owner == bindparam("owner"),
                IDEMPOTENCY.c.key == bindparam("key"),
            )
        )
        self.add_answer = self.sql(self._insert(IDEMPOTENCY))
        self.guest = self.sql(select(GUEST.c.pseudonym).where(GUEST.c.mac == bindparam("mac")))
        self.mac = self.sql(select(GUEST.c.mac).where(GUEST.c.pseudonym == bindparam("pseudonym")))
        self.add_guest = self.sql(self._insert(GUEST))
        self.add_note = self.sql(self._insert(NOTE))
        self.entry = self.sql(
            select(ENTRY).where(ENTRY.c.location == bindparam("location"), ENTRY.c.seq == bindparam("seq"))
        )

        self._prepare_measures()

    def _prepare_comps(self) -> None:
        """What finds a comp by its id: wherever it is, at a location, or at one of several."""
        comp = select(COMP).where(COMP.c.id == bindparam("id"))
        self.comp = self.sql(comp)
        self.comp_at = self.sql(comp.where(COMP.c.location == bindparam("location")))
        if self.is_shared:
            some = func.any(bindparam("locations", type_=ARRAY(Text)))
            self.comp_among = self.sql(comp.where(COMP.c.location == some))

    def _prepare_measures(self) -> None:
        """What runs when a book takes up a policy."""
        here = COUNTER.c.location == bindparam("location")
        self.policy = self.sql(select(POLICY.c.text).where(POLICY.c.digest == bindparam("digest")))
        self.add_policy = self.add_if_absent(POLICY)
        self.measured = self.sql(select(MEASURE.c.name).where(MEASURE.c.location == bindparam("location")))
        self.add_measure = self.add_if_absent(MEASURE)
        self.drop_measure = self.sql(
            delete(MEASURE).where(MEASURE.c.location == bindparam("location"), MEASURE.c.name == bindparam("name"))
        )
        self.drop_counters = self.sql(delete(COUNTER).where(here, COUNTER.c.measure == bindparam("name")))
        granted = select(COMP).where(COMP.c.authority.is_not(None))
        self.granted = self.sql(granted.where(COMP.c.location == bindparam("location")))
        self.granted_under = self.sql(granted.where(COMP.c.policy_id == bindparam("policy_id")))

    def begin(self, busy_seconds: float, write_seconds: float) -> str:
        """What begins a writer's transaction. Settings hold for it alone: a pooler may hand the connection on."""
        if not self.is_shared:
            return "BEGIN IMMEDIATE"
        return (
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; "
            f"SET LOCAL lock_timeout = {int(busy_seconds * 1000)}; "
            f"SET LOCAL statement_timeout = {int(write_seconds * 1000)}; "
            f"SET LOCAL idle_in_transaction_session_timeout = {int(write_seconds * 1000)}"
        )

    def begin_reading(self, seconds: float) -> str:
        """What begins a reader's transaction, which sees one state of the database throughout."""
        if not self.is_shared:
            return "BEGIN"
        return f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {int(seconds * 1000)}"

    def sql(self, statement: Statement) -> str:
        """The driver's SQL of a statement."""
        return str(statement.compile(dialect=self.dialect))

    def cached(self, name: str, statement: Statement) -> str:
        """The same, compiled at its first use."""
        if name not in self._compiled:
            self._compiled[name] = self.sql(statement)
        return self._compiled[name]

    def add(self, into: Table) -> str:
        """The plain insert into a table."""
        return self.cached(f"add {into.name}", self._insert(into))

    def upsert(self, into: Table, *key: str) -> str:
        """Insert a row, or replace what stands under its key."""
        insert = self._insert(into)
        others = {column.name: insert.excluded[column.name] for column in into.columns if column.name not in key}
        return self.sql(insert.on_conflict_do_update(index_elements=list(key), set_=others))

    def cached_upsert(self, into: Table, *key: str) -> str:
        """The same, compiled at its first use."""
        name = f"upsert {into.name}"
        if name not in self._compiled:
            self._compiled[name] = self.upsert(into, *key)
        return self._compiled[name]

    def add_if_absent(self, into: Table) -> str:
        """Insert a row unless its key is there already."""
        return self.cached(f"absent {into.name}", self._insert(into).on_conflict_do_nothing())

    def _charge(self) -> str:
        """Add to a counter, which begins at zero; the table's constraint refuses one below zero."""
        insert = self._insert(COUNTER)
        added = {name: COUNTER.c[name] + insert.excluded[name] for name in USAGE}
        keys = ["location", "measure", "subject", "start"]
        return self.sql(insert.on_conflict_do_update(index_elements=keys, set_=added))

    def _discharge(self) -> str:
        """Take from a counter that is there: an insert's constraint would look at the difference alone."""
        keys = ("location", "measure", "subject", "start")
        taken = {name: COUNTER.c[name] + bindparam(name) for name in USAGE}
        return self.sql(update(COUNTER).where(*(COUNTER.c[key] == bindparam(f"{key}_") for key in keys)).values(taken))

    def usages(self, count: int) -> str:
        """The sums of `count` counters over their buckets, in one query: slot and the four sums."""
        found = self._usages.get(count)
        if found is None:
            wanted = ", ".join(f"({slot}, :l{slot}, :m{slot}, :s{slot}, :a{slot}, :z{slot})" for slot in range(count))
            # Said once more of the counters, it tells a distributed database which servers have them.
            there = "AND c.location = ANY(:places) " if self.is_shared else ""
            sums = ", ".join(f"CAST(SUM(c.{name}) AS BIGINT)" for name in USAGE)
            found = self.sql(
                text(
                    f"WITH wanted(slot, location, measure, subject, first, last) AS (VALUES {wanted}) "  # noqa: S608  no input
                    f"SELECT w.slot, {sums} FROM wanted w JOIN counter c ON c.location = w.location "
                    "AND c.measure = w.measure AND c.subject = w.subject "
                    f"{there}AND c.start BETWEEN w.first AND w.last GROUP BY w.slot"
                )
            )
            self._usages[count] = found
        return found
