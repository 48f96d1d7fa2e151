"""The tests' independent model, with its sums kept by scope and day: it adds up the same, for thousands of comps."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, cast

from tests.engine.model import Comp, Limit, Rules, Used, World, kind, measures, values, window

LATEST = datetime.max.replace(tzinfo=UTC)


class Comps(dict[str, Comp]):
    """Comps, and what they use of everything that some rules limit."""

    def __init__(self, rules: Rules) -> None:
        """None yet."""
        super().__init__()
        measures = {(limit.per, limit.remedies, limit.reasons): limit for limit in rules.everything() if limit.per}
        self._limits = list(measures.values())
        self._sums: dict[tuple[Any, ...], dict[date, Used]] = defaultdict(dict)
        self.soonest = LATEST
        """Nothing expires before."""

    def __setitem__(self, comp_id: str, comp: Comp) -> None:
        if comp_id in self:
            self._add(self[comp_id], -1)
        super().__setitem__(comp_id, comp)
        self._add(comp, 1)
        self.soonest = min(self.soonest, comp.expires_at or LATEST)

    def _add(self, comp: Comp, sign: int) -> None:
        used = comp.used()
        if comp.role is None or not any(used):
            return
        for limit in self._limits:
            if limit.applies(*kind(comp.ask)):
                days = self._sums[_key(limit, values(comp.ask, comp.ask.employee, comp.role), comp.ask.location)]
                had = days.get(comp.day, Used())
                days[comp.day] = Used(*(one + sign * other for one, other in zip(had, used, strict=True)))

    def used(self, limit: Limit, wanted: dict[str, str | None], location: str, first: date, last: date) -> Used:
        days = self._sums.get(_key(limit, wanted, location), {})
        parts = [used for day, used in days.items() if first <= day <= last]
        return Used(*map(sum, zip(Used(), *parts, strict=True)))


class Swift(World):
    """A world that only goes forward, under rules that do not change."""

    def __init__(self, clock: Callable[[], datetime], rules: Rules) -> None:
        """Nothing has happened yet."""
        super().__init__(clock, rules, comps=Comps(rules))
        self.missed: dict[str, tuple[int, ...]] = {}
        """What whoever asks now does not see yet: measure, subject and start of a counter across locations, and sums.

        Of a measure a request asks for one subject alone.
        """

    def copy(self) -> World:
        return self

    def arrive(self, location: str) -> datetime:
        now = self.now(location)
        return super().arrive(location) if cast("Comps", self.comps).soonest <= now else now

    def used(self, limit: Limit, rules: Rules, wanted: dict[str, str | None], location: str, day: date) -> Used | str:
        for scope in limit.per:
            if wanted[scope] is None:
                return scope
        first, last = window(limit.every, day, rules.week_starts)
        found = cast("Comps", self.comps).used(limit, wanted, location, first, last)
        missed = self._missed(limit, rules, first) if self.missed and "group" in limit.per else Used()
        return Used(*(one - other for one, other in zip(found, missed, strict=True)))

    def _missed(self, limit: Limit, rules: Rules, first: date) -> tuple[int, ...]:
        names = {name for name, (known, _) in measures(rules).items() if _kind(known) == _kind(limit)}
        start = "" if limit.every is None else first.isoformat()
        for key, missed in self.missed.items():
            measure, _, rest = key.partition(" ")
            if measure in names and rest.rpartition(" ")[2] == start:
                return missed
        return Used()


def _kind(limit: Limit) -> tuple[Any, ...]:
    return limit.per, limit.remedies, limit.reasons, limit.every


def _key(limit: Limit, found: dict[str, str | None], location: str) -> tuple[Any, ...]:
    place = "" if "group" in limit.per else location
    return (place, limit.per, limit.remedies, limit.reasons, *(found[scope] for scope in limit.per))
