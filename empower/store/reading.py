"""What a transaction only ever reads."""

from collections.abc import Callable, Collection
from typing import Any

from empower.store.foresight import Foresight
from empower.store.queries import Queries
from empower.store.rows import StaffRole, day_of
from empower.store.whereabouts import Whereabouts


class Reader:
    """Runs queries on the driver's cursor, in a transaction that somebody else ends."""

    def __init__(self, cursor: Any, queries: Queries) -> None:
        """Over a cursor, with the statements of its dialect."""
        self.cursor = cursor
        self.queries = queries
        self.where = Whereabouts()
        """Of comps; the store puts its own here."""
        self._known: dict[str, int] = {}
        self.foresight = Foresight()

    def rows(self, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
        """All rows of a query; `parameters` are by name, or in their order."""
        self.cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = self.cursor.fetchall()
        return found

    def row(self, sql: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        """The first row of a query."""
        self.cursor.execute(sql, parameters)
        found: tuple[Any, ...] | None = self.cursor.fetchone()
        return found

    def sent(self, sql: str, parameters: dict[str, Any]) -> Callable[[], list[tuple[Any, ...]]]:
        """Ask, and give what waits for all rows: in a pipeline more can be asked before. On a server alone."""
        cursor = self.cursor.connection.cursor()
        cursor.execute(sql, parameters)
        found: Callable[[], list[tuple[Any, ...]]] = cursor.fetchall
        return found

    def each(self, sql: str, parameters: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        """All rows of one query after another, without waiting for one before the next is asked: on a server alone."""
        self.cursor.executemany(sql, parameters, returning=True)
        found: list[tuple[Any, ...]] = self.cursor.fetchall()
        while self.cursor.nextset():
            found += self.cursor.fetchall()
        return found

    def comp_row(self, comp_id: str, among: Collection[str] | None) -> tuple[Any, ...] | None:
        """The row of a comp: asked where it is known to be, or else `among` some locations, or else everywhere."""
        place = self.where.of(comp_id)
        if place is not None:
            return self.row(self.queries.comp_at, {"location": place, "id": comp_id})
        if among is not None and self.queries.is_shared:
            return self.row(self.queries.comp_among, {"locations": list(among), "id": comp_id})
        return self.row(self.queries.comp, {"id": comp_id})

    def number(self, name: str, sql: str) -> int:
        """What a query for one number gives, 0 for none: asked once, and again after each book that is locked."""
        found = self._known.get(name)
        if found is None:
            row = self.row(sql, {})
            found = self._known[name] = (row[0] if row else 0) or 0
        return found

    def roster(self, location: str, employee: str) -> list[StaffRole]:
        """The roles that an employee has, had or will have at a location, in their order."""
        found = self.foresight.rosters.get((location, employee))
        if found is not None:
            return found
        rows = self.rows(self.queries.roster, {"location": location, "employee": employee})
        return [StaffRole(role, day_of(since), day_of(until)) for role, since, until in rows]

    def own_guest(self, employee: str) -> str | None:
        """The pseudonym of an employee's own guest reference."""
        if employee in self.foresight.own_guests:
            return self.foresight.own_guests[employee]
        row = self.row(self.queries.own_guest, {"employee": employee})
        return None if row is None else row[0]

    def employees(self, location: str) -> list[str]:
        """The ids of all who have, had or will have a role at a location."""
        return [employee for (employee,) in self.rows(self.queries.employees, {"location": location})]
