"""What every use case needs: the policies, the secret, the clock, and a source of ids and salts."""

import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import NamedTuple

import uuid_utils

from empower.core import comp as life
from empower.core.entry import moment_of
from empower.core.errors import InputError, NotFoundError, unknown_name
from empower.core.plan import CompiledPolicy
from empower.engine.rules import Rules, move_counters
from empower.engine.secret import Secret
from empower.store import Book, Unit

CLOCK_SKEW = timedelta(minutes=5)
"""How far in the future a till's clock may be."""


class Desk(NamedTuple):
    """The engine's surroundings."""

    rules: Rules
    secret: Secret
    clock: Callable[[], datetime]


class Place(NamedTuple):
    """A location at a moment: its policy in force, and the time that its book goes by."""

    location: str
    policy: CompiledPolicy
    now: datetime
    by: str
    expired: list[life.Comp]
    """What expired on arrival."""


def new_id(now: datetime) -> str:
    """A UUIDv7 (RFC 9562) of the moment `now`: ids sort in the order of time."""
    seconds = int(now.timestamp())
    return str(uuid_utils.uuid7(nanoseconds=seconds * 1_000_000_000 + now.microsecond * 1000))


def new_pseudonym() -> str:
    """A guest's name in the books: 128 random bits that lead nowhere."""
    return "g_" + secrets.token_hex(16)


def new_salt() -> bytes:
    """The salt of a note's commitment."""
    return secrets.token_bytes(16)


def open_book(unit: Unit, location: str, known: Callable[[], Collection[str]] | None = None) -> Book:
    """The head of a location's book; raises `InputError` with the nearest of `known` if there is none."""
    book = unit.book(location)
    if book is None:
        near = () if known is None else known()
        error = unknown_name("/location", "location", location, near)
        raise InputError(error.message, code="unknown_location", errors=[error])
    return book


def arrive(desk: Desk, unit: Unit, book: Book, by: str) -> Place:
    """Come to a location: its time, its policy, and everything there that has expired by now."""
    now = max(unit.draw("now", desk.clock), moment_of(book.recorded_at))
    policy = desk.rules.in_force(unit, book, now, by)
    place = Place(book.location, policy, now, by, [])
    if book.next_expiry is not None and moment_of(book.next_expiry) <= now:
        _expire_due(unit, place)
    return place


def _expire_due(unit: Unit, place: Place) -> None:
    for comp in unit.due(place.location, place.now):
        step = life.expire(comp, place.now)
        if step is not None:
            place.expired.append(take(unit, place, step))
    book = unit.book(place.location)
    if book is not None:
        unit.put_book(book._replace(next_expiry=unit.next_expiry(place.location, place.now)))


def take(unit: Unit, place: Place, step: life.Step) -> life.Comp:
    """Take a step: one entry in the book and one move of the counters."""
    book = unit.book(place.location)
    if book is None:
        raise NotFoundError(f"there is no book of `{place.location}`")
    line = unit.append(book, step.kind, place.now, step.comp.id, place.by, step.body)
    comp = step.comp._replace(last_seq=line.seq, updated_at=moment_of(line.recorded_at))
    unit.put_comp(comp)
    if comp.authority is not None:
        move_counters(unit, comp, place.policy, step.move)
    return comp
