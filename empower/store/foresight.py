"""What the requests of a transaction will read, read for all of them at once, where the database is across a wire.

A request alone asks for its key, its guest, its employee, its check, what is counted, and what is published: each is a
round trip. Known before, they are one for all that wait. It is read under the locks of the books, so it stays true.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, NamedTuple

from empower.store.bulk import text_of
from empower.store.rows import StaffRole, day_of


class Ask(NamedTuple):
    """What one request is going to read."""

    location: str
    employee: str
    owner: str
    key: str | None
    guest: bytes | None
    """The keyed hash of the guest's reference."""
    check: str | None


_ASKED = """
WITH k AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(asks)s::json)
    AS k(location text, employee text, owner text, key text, guest bytea, "check" text)
)"""
_EACH = """
SELECT '{kind}', {columns}, {data} AS data, {number} AS number
  FROM (SELECT DISTINCT {by} FROM k) k
  CROSS JOIN LATERAL (SELECT * FROM {table} WHERE {where} {order} OFFSET 0) f"""
"""Of one kind, by what was asked: `OFFSET 0` has it looked up by its key, however many the planner expects."""
_OTHERS = """
SELECT 'measure', location, name, NULL, NULL, NULL, NULL, NULL FROM measure WHERE location >= '@' AND location < 'A'
UNION ALL SELECT 'revision', NULL, NULL, NULL, NULL, NULL, NULL, max(revision) FROM publication"""


def _each(kind: str, table: str, by: str, where: str, columns: str, *, data: str = "NULL::bytea", **more: str) -> str:
    said = {"number": "NULL::bigint", "order": ""} | more
    return _EACH.format(kind=kind, table=table, by=by, where=where, columns=columns, data=data, **said)


FORESEE = _ASKED + " UNION ALL ".join(
    (
        _each(
            "answer",
            "idempotency i",
            "location, owner, key",
            "i.location = k.location AND i.owner = k.owner AND i.key = k.key",
            "f.location, f.owner, f.key, f.comp, NULL",
            data="f.body",
        ),
        _each("guest", "guest g", "guest", "g.mac = k.guest", "f.pseudonym, NULL, NULL, NULL, NULL", data="f.mac"),
        _each(
            "role",
            "staff s",
            "location, employee",
            "s.location = k.location AND s.employee = k.employee",
            "f.location, f.employee, f.role, f.since, f.until",
            number="f.position",
        ),
        _each("person", "employee e", "employee", "e.id = k.employee", "f.id, f.guest, NULL, NULL, NULL"),
        _each(
            "check",
            "comp c",
            'location, "check"',
            'c.location = k.location AND c.check_id = k."check" AND c.check_total_minor IS NOT NULL',
            "f.location, f.check_id, NULL, NULL, NULL",
            number="f.check_total_minor",
            order="ORDER BY c.seq DESC LIMIT 1",
        ),
        _OTHERS,
    )
)
"""All of it in one statement: what it is, five texts, bytes and a number."""


class Foresight:
    """What was read ahead; what was asked for and is not there is known to be absent."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.answers: dict[tuple[str, str, str], tuple[bytes, str] | None] = {}
        self.guests: dict[bytes, str | None] = {}
        self.rosters: dict[tuple[str, str], list[StaffRole]] = {}
        self.own_guests: dict[str, str | None] = {}
        self.checks: dict[tuple[str, str], int | None] = {}
        self.measured: dict[str, frozenset[str]] | None = None
        """By place, what is counted across locations; None where that was not read."""

    def read(self, rows: Callable[[str, Any], list[tuple[Any, ...]]], asks: Iterable[Ask]) -> int:
        """Read for `asks`, whose books are locked; returns the revision of what is published, 0 for none."""
        asked = list(asks)
        self._begin(asked)
        measured: dict[str, set[str]] = defaultdict(set)
        roles: dict[tuple[str, str], list[tuple[int, str, StaffRole]]] = defaultdict(list)
        revision = 0
        for kind, first, second, third, fourth, fifth, data, number in rows(FORESEE, {"asks": text_of(_rows(asked))}):
            if kind == "role":
                roles[first, second].append((number, third, StaffRole(third, day_of(fourth), day_of(fifth))))
            elif kind == "measure":
                measured[first].add(second)
            elif kind == "revision":
                revision = number or 0
            else:
                self._learn(kind, (first, second, third), fourth, data, number)
        for ask in asked:
            found = sorted(roles[ask.location, ask.employee], key=itemgetter(0, 1))
            self.rosters[ask.location, ask.employee] = [role for _, _, role in found]
        self.measured = {place: frozenset(names) for place, names in measured.items()}
        return revision

    def _begin(self, asked: list[Ask]) -> None:
        """Nothing of what is asked for is there, until it is found."""
        for location, employee, owner, key, guest, check in asked:
            self.own_guests[employee] = None
            if key is not None:
                self.answers[location, owner, key] = None
            if guest is not None:
                self.guests[guest] = None
            if check is not None:
                self.checks[location, check] = None

    def _learn(self, kind: str, texts: tuple[str, str, str], comp: str, data: bytes, number: int | None) -> None:
        first, second, _ = texts
        if kind == "answer":
            self.answers[texts] = (bytes(data), comp)
        elif kind == "guest":
            self.guests[bytes(data)] = first
        elif kind == "person":
            self.own_guests[first] = second
        else:
            self.checks[first, second] = number


def _rows(asked: list[Ask]) -> list[dict[str, Any]]:
    return [ask._asdict() for ask in asked]
