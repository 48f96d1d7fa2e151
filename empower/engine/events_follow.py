"""Following the books: for all who listen in a process at once, from now on or from a place that was reached before."""

import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import NamedTuple

from empower.core.entry import moment_of, stamp
from empower.core.event import Event
from empower.engine.desk import Desk
from empower.engine.events import Climb, climbed, climbs, events, waiting_climbs
from empower.engine.moving import Within
from empower.store import Store, Unit
from empower.store.feed import Head, first_since, heads, waiting

MOST_BEHIND = 5000
"""Entries: whoever is further behind had better read anew how things stand."""
MARGIN = timedelta(seconds=60)
"""How long an entry may take from its moment to its commit, clocks that differ included."""
AHEAD = timedelta(minutes=5)
_PLACE = re.compile(r"([a-z0-9-]{1,63})/(\d{1,15})/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)", re.ASCII)


class Scope(NamedTuple):
    """Whose events are listened to: those of `location`, or of all that the caller reaches."""

    within: Within = None
    location: str | None = None

    def has(self, location: str) -> bool:
        """Whether a location's events are among them."""
        return (self.location is None or self.location == location) and (self.within is None or location in self.within)


class Place(NamedTuple):
    """How far a listener got: all of `location` up to `seq`, and of the others all that was well before `at`."""

    location: str
    seq: int
    at: str

    def __str__(self) -> str:
        """As a listener keeps it."""
        return f"{self.location}/{self.seq}/{self.at}"


def place_of(text: str) -> Place | None:
    """The place that a listener says; None for what is none."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    try:
        moment_of(found[3])
    except ValueError:
        return None
    return Place(found[1], int(found[2]), found[3])


class Told(NamedTuple):
    """An event, and the place that a listener has reached with it."""

    event: Event
    place: Place


class Behind(Exception):  # noqa: N818  it is answered, and nobody's fault
    """A listener must read anew how things stand."""


class Follower:
    """Follows the books from now on, once it is started. Not safe for threads: one call at a time."""

    def __init__(self, store: Store, desk: Desk) -> None:
        """Over a store, in its surroundings."""
        self._store = store
        self._desk = desk
        self._next: dict[str, int] = {}
        """The seq to go on with, by location."""
        self._read_at = ""
        self._followed: frozenset[str] = frozenset()
        self._climbs: list[Climb] = []

    def start(self) -> None:
        """Go on from how things stand now."""
        now = stamp(self._desk.clock())
        with self._store.read() as unit:
            self._stand({location: head.size for location, head in heads(unit).items()}, now)

    def _stand(self, sizes: dict[str, int], now: str) -> None:
        self._next, self._read_at, self._followed, self._climbs = sizes, now, frozenset(), []

    def place(self, scope: Scope) -> Place | None:
        """Where somebody stands who was told everything; None where there is no location to stand at."""
        location = min(filter(scope.has, self._next), default=None)
        return None if location is None else Place(location, self._next[location] - 1, self._read_at)

    def waiting(self, scope: Scope) -> list[Event]:
        """The events that began what waits now, the oldest first."""
        with self._store.read() as unit:
            found = [
                event
                for location in filter(scope.has, heads(unit))
                for line in waiting(unit, location, self._read_at)
                for _, event in events(self._desk, unit, location, line.seq, line.seq + 1)
            ]
        return sorted(found, key=lambda event: (event.at, event.location, event.seq))

    def read(self, scopes: Collection[Scope]) -> list[Told]:
        """What happened since the last read, for any of `scopes`; raises `Behind` where that is too much to tell."""
        now = stamp(self._desk.clock())
        with self._store.read() as unit:
            found = heads(unit)
            sizes = {location: head.size for location, head in found.items()}
            wanted = frozenset(location for location in found if any(scope.has(location) for scope in scopes))
            since = {location: self._next.get(location, 0) for location in wanted}
            if _is_behind(since, sizes):
                self._stand(sizes, now)
                raise Behind
            told, ahead = [], [climb for climb in self._climbs if climb.location in wanted]
            for location in wanted - self._followed:
                ahead += self._ahead(unit, location, found[location], since[location], now)
            for location in wanted:
                new = list(events(self._desk, unit, location, since[location], sizes[location]))
                ahead += climbs(self._desk, unit, [line for line, _ in new])
                told += [event for _, event in new]
            due = [climbed(unit, climb) for climb in ahead if climb.at <= now]
        self._next, self._read_at, self._followed = sizes, now, wanted
        self._climbs = [climb for climb in ahead if climb.at > now]
        return _in_order(told + [event for event in due if event is not None], since)

    def _ahead(self, unit: Unit, location: str, head: Head, before: int, now: str) -> list[Climb]:
        """The rungs after now of the comps that wait at a location since before an entry."""
        found = waiting_climbs(self._desk, unit, location, head.policy, self._read_at)
        return [climb for climb in found if climb.seq < before and climb.at > now]

    def since(self, place: Place, scope: Scope) -> list[Told]:
        """What came after a place that a listener had reached, up to the last read.

        Of other locations than the place's, what is no older than a minute is told again rather than left out. Raises
        `Behind` where it is too much, or nobody can have been there.
        """
        until = {location: size for location, size in self._next.items() if scope.has(location)}
        with self._store.read() as unit:
            found = heads(unit)
            _check(place, until, found, stamp(self._desk.clock() + AHEAD))
            since = self._begin(unit, place, until, found)
            if _is_behind(since, until):
                raise Behind
            told: list[Event] = []
            for location, size in until.items():
                told += [event for _, event in events(self._desk, unit, location, since[location], size)]
                told += self._reached(unit, location, found[location], size, place.at)
        return _in_order(told, since)

    def _reached(self, unit: Unit, location: str, head: Head, before: int, after: str) -> Iterator[Event]:
        """The climbs after a moment, up to the last read, of the comps that wait at a location."""
        now = self._read_at
        for climb in waiting_climbs(self._desk, unit, location, head.policy, now, after):
            event = climbed(unit, climb) if climb.seq < before and after < climb.at <= now else None
            if event is not None:
                yield event

    def _begin(self, unit: Unit, place: Place, until: dict[str, int], found: dict[str, Head]) -> dict[str, int]:
        """The seq to tell from, by location."""
        cut = stamp(moment_of(place.at) - MARGIN)
        since = {
            location: first_since(unit, location, size, cut) if found[location].recorded_at >= cut else size
            for location, size in until.items()
        }
        return since | {place.location: place.seq + 1}


def _is_behind(since: dict[str, int], until: dict[str, int]) -> bool:
    """Whether too much came since, or less is there than there was: a store that was put back."""
    gaps = [until[location] - seq for location, seq in since.items()]
    return sum(gaps) > MOST_BEHIND or min(gaps, default=0) < 0


def _check(place: Place, until: dict[str, int], found: dict[str, Head], latest: str) -> None:
    """Raise `Behind` for a place where nobody can have been, or that is not theirs; or if books are gone."""
    if place.seq >= until.get(place.location, 0) or not until.keys() <= found.keys():
        raise Behind
    if place.at > max(latest, found[place.location].recorded_at):
        raise Behind


def _in_order(told: list[Event], since: dict[str, int]) -> list[Told]:
    """The events in the order of time, each with the place that is reached with it."""
    reached = {location: seq - 1 for location, seq in since.items()}
    ordered = []
    for event in sorted(told, key=lambda event: (event.at, event.location, event.rung > 0, event.seq)):
        if not event.rung:
            reached[event.location] = event.seq
        ordered.append(Told(event, Place(event.location, reached[event.location], event.at)))
    return ordered
