"""The life of a comp: which arrow may follow which, and what each moves in the counters.

Windows are fixed at the hold, so every later step moves the very counters that the hold moved. A terminal state is
entered once; the same step again answers the same, another one is a conflict.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from empower.core.counter import UNUSED, Move, Usage


class Status(StrEnum):
    """Where a comp stands."""

    PENDING = "pending"
    APPROVED = "approved"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"
    DENIED = "denied"
    DECLINED = "declined"
    REVERSED = "reversed"


OPEN = (Status.PENDING, Status.APPROVED)
"""The states that end by themselves when their time is up."""


class Comp(NamedTuple):
    """A request with its life; amounts in minor units."""

    id: str
    location: str
    status: Status
    employee: str
    authority: str | None
    """The employee on whose limits it is charged; None while nobody has granted it."""
    authority_role: str | None
    remedy: str
    reason: str
    guest: str | None
    incident: str | None
    shift: str | None
    check: str | None
    check_total_minor: int | None
    currency: str
    asked_minor: int
    granted_minor: int
    held_minor: int
    captured_minor: int
    reversed_minor: int
    forced: bool
    """Captured late, when there was no longer room: an exception to look at."""
    policy_id: str
    """The policy that decided it: whose locations share its wide counters."""
    business_day: date
    """The business day of the hold, which fixes its windows."""
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    seq: int
    """The entry that decided it."""
    last_seq: int
    """The entry that last moved it."""


def usage_of(comp: Comp) -> Usage:
    """What a comp has in each of its counters: the sum of all its moves."""
    if comp.status is Status.APPROVED:
        return Usage(held_minor=comp.held_minor, held_count=1)
    if comp.status is Status.CAPTURED:
        return Usage(spent_minor=comp.captured_minor, spent_count=1)
    if comp.status is Status.REVERSED:
        left = comp.captured_minor - comp.reversed_minor
        return Usage(spent_minor=left, spent_count=1 if left else 0)
    return UNUSED


class Step(NamedTuple):
    """One arrow: the comp after it, what it moves, and what the entry says."""

    comp: Comp
    move: Move
    kind: str
    body: dict[str, Any]


class StateConflictError(Exception):
    """A step that the comp's state does not allow."""

    def __init__(self, comp: Comp, why: str) -> None:
        """`why` is a sentence for the caller."""
        super().__init__(why)
        self.comp = comp
        self.why = why


class AmountError(Exception):
    """An amount that the step cannot take."""

    def __init__(self, comp: Comp, why: str) -> None:
        """`why` is a sentence for the caller."""
        super().__init__(why)
        self.comp = comp
        self.why = why


NOTHING_MOVES = Move()


def hold_move(amount_minor: int) -> Move:
    """What an approval does to its counters."""
    return Move(held_minor=amount_minor, held_count=1)


def capture(comp: Comp, amount_minor: int | None, now: datetime) -> Step | None:
    """The guest was served: spend `amount_minor` (default: all) of the hold and release the rest.

    None if it was captured with this amount before. Raises `StateConflictError`, `AmountError`.
    """
    if comp.status is Status.CAPTURED and amount_minor in (None, comp.captured_minor):
        return None
    _require(comp, Status.APPROVED, "captured")
    amount = _amount(comp, amount_minor, comp.held_minor, "held")
    move = Move(-comp.held_minor, amount, -1, 1)
    after = comp._replace(status=Status.CAPTURED, held_minor=0, captured_minor=amount, updated_at=now, expires_at=None)
    return Step(after, move, "capture", {"amount": amount, "released": comp.held_minor - amount})


def capture_late(comp: Comp, amount_minor: int | None, now: datetime, *, room: bool) -> Step:
    """The guest was served though the hold had expired: spent all the same, `forced` where there is no room."""
    if comp.status is not Status.EXPIRED or comp.authority is None:
        raise StateConflictError(comp, f"a comp that is {comp.status} cannot be captured")
    amount = _amount(comp, amount_minor, comp.granted_minor, "granted")
    after = comp._replace(status=Status.CAPTURED, captured_minor=amount, forced=not room, updated_at=now)
    body = {"amount": amount, "late": True, "forced": not room}
    return Step(after, Move(spent_minor=amount, spent_count=1), "capture", body)


def void(comp: Comp, now: datetime, note: dict[str, Any] | None) -> Step | None:
    """The remedy was not given after all: release the hold. None if it was voided before."""
    if comp.status is Status.VOIDED:
        return None
    _require(comp, Status.APPROVED, "voided")
    after = comp._replace(status=Status.VOIDED, held_minor=0, updated_at=now, expires_at=None)
    return Step(after, _release(comp), "void", {"released": comp.held_minor} | _noted(note))


def expire(comp: Comp, now: datetime) -> Step | None:
    """Nobody came in time: release the hold. None unless it is open and its time is up."""
    if comp.status not in OPEN or comp.expires_at is None or comp.expires_at > now:
        return None
    move = _release(comp) if comp.status is Status.APPROVED else NOTHING_MOVES
    granted = 0 if comp.status is Status.PENDING else comp.granted_minor
    after = comp._replace(status=Status.EXPIRED, granted_minor=granted, held_minor=0, updated_at=now, expires_at=None)
    return Step(after, move, "expire", {"released": comp.held_minor, "from": comp.status.value})


def reverse(comp: Comp, amount_minor: int | None, now: datetime, note: dict[str, Any] | None) -> Step | None:
    """Take back `amount_minor` (default: all) of what was captured; None if just that was reversed before.

    The count is given back only where all of the amount is.
    """
    if comp.status is Status.REVERSED and amount_minor in (None, comp.reversed_minor):
        return None
    _require(comp, Status.CAPTURED, "reversed")
    amount = _amount(comp, amount_minor, comp.captured_minor, "captured")
    whole = amount == comp.captured_minor
    after = comp._replace(status=Status.REVERSED, reversed_minor=amount, updated_at=now)
    move = Move(spent_minor=-amount, spent_count=-1 if whole else 0)
    return Step(after, move, "reverse", {"amount": amount} | _noted(note))


def _release(comp: Comp) -> Move:
    return Move(held_minor=-comp.held_minor, held_count=-1)


def _require(comp: Comp, status: Status, done: str) -> None:
    if comp.status is not status:
        raise StateConflictError(comp, f"a comp that is {comp.status} cannot be {done}: only one that is {status} can")


def _amount(comp: Comp, asked_minor: int | None, most_minor: int, what: str) -> int:
    """The amount of a step: all there is by default, never more, and nothing only of nothing."""
    if asked_minor is None:
        return most_minor
    if asked_minor > most_minor:
        raise AmountError(comp, f"`{asked_minor}` is more than the {most_minor} {what} (minor units)")
    if asked_minor < 0 or (asked_minor == 0 and most_minor > 0):
        raise AmountError(comp, f"`{asked_minor}` is no amount to be {what}; leave it out to take all")
    return asked_minor


def _noted(note: dict[str, Any] | None) -> dict[str, Any]:
    return {} if note is None else {"note": note}
