"""The hot path's statements: SQLAlchemy Core, compiled once to the driver's own SQL.

Each takes its parameters by name, one mapping a row. Building a statement at each call would cost several times
what running it does.
"""

from collections.abc import Collection
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
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import SQLModel

from empower.store import tables
from empower.store.bulk import Bulk, inserted, updated

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

COUNTER_KEY = ("location", "measure", "subject", "start")
USAGE = ("held_minor", "spent_minor", "held_count", "spent_count")


class Queries:
    """Compiled statements of one dialect."""

    def __init__(self, dialect: Dialect, *, is_distributed: bool = False) -> None:
        """Compile what every request runs."""
        self.is_distributed = is_distributed
        """Whether the rows of several locations may lie on several servers, of which each is asked by itself."""
        self.is_shared = dialect.name == "postgresql"
        """Whether others write while a writer of this process does."""
        self.in_bulk = self.is_shared and not is_distributed
        """Whether many rows are written by one statement."""
        self._insert = postgresql_insert if self.is_shared else sqlite_insert
        named = "pyformat" if self.is_shared else "named"
        self.dialect = type(dialect)(paramstyle=named)  # type: ignore[call-arg]
        self._compiled: dict[str, str] = {}

        here = select(LOCATION).where(LOCATION.c.id == bindparam("id"))
        self.book, self.book_to_read = self.sql(here.with_for_update()), self.sql(here)
        if self.is_shared:
            among = select(LOCATION).where(LOCATION.c.id == func.any(bindparam("ids", type_=ARRAY(Text))))
            self.books = self.sql(among.order_by(LOCATION.c.id).with_for_update())
        self._prepare_writes()
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
        self.guest = self.sql(select(GUEST.c.pseudonym).where(GUEST.c.mac == bindparam("mac")))
        self.mac = self.sql(select(GUEST.c.mac).where(GUEST.c.pseudonym == bindparam("pseudonym")))
        self.entry = self.sql(
            select(ENTRY).where(ENTRY.c.location == bindparam("location"), ENTRY.c.seq == bindparam("seq"))
        )

        self._prepare_measures()
        self._prepare_counters()

    def _prepare_writes(self) -> None:
        """What writes at the end of a transaction."""
        self.add_book = self._added(LOCATION)
        self.add_entry, self.add_answer = self._added(ENTRY), self._added(IDEMPOTENCY)
        self.add_guest, self.add_note = self._added(GUEST), self._added(NOTE)
        head = ("policy", "size", "frontier", "recorded_at", "next_expiry")
        self.save_book = self._changed(LOCATION, ("id",), dict.fromkeys(head))
        others = [column.name for column in COMP.columns if column.name not in ("location", "id")]
        taken = ", ".join(f"{name} = excluded.{name}" for name in others)
        self.save_comp = self._added(COMP, f"(location, id) DO UPDATE SET {taken}")
        # A counter begins at zero; the table's constraint refuses one below it.
        more = ", ".join(f"{name} = counter.{name} + excluded.{name}" for name in USAGE)
        self.charge = self._added(COUNTER, f"({', '.join(COUNTER_KEY)}) DO UPDATE SET {more}")
        # Of a counter that is there: an insert's constraint would look at the difference alone.
        self.discharge = self._changed(COUNTER, COUNTER_KEY, dict.fromkeys(USAGE, "+"))

    def _added(self, into: Table, conflict: str = "") -> Bulk:
        """Inserts rows of a table."""
        columns = [column.name for column in into.columns]
        end = f" ON CONFLICT {conflict}" if conflict else ""
        each = str(self._insert(into).compile(dialect=self.dialect)) + end
        return Bulk(each, inserted(into.name, columns, conflict=conflict) if self.in_bulk else None)

    def _changed(self, into: Table, key: Collection[str], columns: dict[str, str | None]) -> Bulk:
        """Puts values into columns of the row of a key, or adds them (`+`) to what stands there."""
        mark = "%({})s" if self.is_shared else ":{}"
        sets = ", ".join(f"{name} = {f'{name} + ' if how else ''}{mark.format(name)}" for name, how in columns.items())
        same = " AND ".join(f"{name} = {mark.format(name)}" for name in key)
        each = f"UPDATE {into.name} SET {sets} WHERE {same}"  # noqa: S608  no input
        values = {name: f"t.{name} + r.{name}" if how else f"r.{name}" for name, how in columns.items()}
        return Bulk(each, updated(into.name, key, values) if self.in_bulk else None)

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

    def _prepare_counters(self) -> None:
        """What reads counters: sums over the buckets of a window."""
        sums = ", ".join(f"CAST(SUM(c.{name}) AS BIGINT)" for name in USAGE)
        there = "location = {} AND measure = {} AND subject = {} AND start BETWEEN {} AND {}"
        self.usage = f"SELECT {sums} FROM counter c WHERE {there.format(*['?'] * 5)}"  # noqa: S608  no input
        """Of one, in a process's own file, where it is cheaper to ask often than to ask much."""
        slots = "slot int, location text, measure text, subject text, first text, last text"
        asked = f"json_to_recordset(%(wanted)s::json) AS w({slots})"
        there = "c.location = w.location AND c.measure = w.measure AND c.subject = w.subject"
        among = "c.start BETWEEN w.first AND w.last"
        if self.is_distributed:  # what is said once more of the counters tells which servers have them
            among += " AND c.location = ANY(%(places)s) GROUP BY w.slot"
            self.usages = f"SELECT w.slot, {sums} FROM {asked} JOIN counter c ON {there} AND {among}"  # noqa: S608  no input
        else:
            one = f"SELECT {sums} FROM counter c WHERE {there} AND {among}"  # noqa: S608  no input
            version = f"SELECT c.version FROM wide c WHERE left(w.location, 1) = '@' AND {there}"  # noqa: S608  no input
            self.usages = (
                f"SELECT w.slot, f.*, ({version}) FROM {asked} CROSS JOIN LATERAL ({one}) AS f(a, b, c, d) "  # noqa: S608  no input
                "WHERE a IS NOT NULL"
            )
        """Of many, on a server."""
