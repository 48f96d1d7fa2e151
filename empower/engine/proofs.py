"""How an approver is shown to be who they say: a PIN at the till, or being signed in to the pages (`engine.sessions`).

A try is counted before it is looked at, so that many at once gain nothing. An id that nobody has, one without a PIN
and a wrong PIN cost the same time and get the same answer.
"""

import threading
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from empower.core.entry import moment_of, pin_commitment, stamp
from empower.core.errors import BusyError, FieldError, InputError, ProofError, unknown_name
from empower.engine.desk import Desk, open_book
from empower.engine.places import why_of
from empower.store import Store, Unit
from empower.store.approvers import (
    Tries,
    forget_tries,
    locations_of,
    pin_of,
    put_pin,
    put_tries,
    tries_of,
)
from empower.store.listing import books
from empower.store.sessions import end_sessions_of

TRIES = 5
"""Wrong ones until the PIN is locked, each time anew."""
LOCKS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 1440))
"""How long, the first time, the second, …; the last one stays."""
SHORTEST, LONGEST = 4, 12
AT_ONCE = 2
"""Hashes under way: each takes a core and tens of megabytes."""
PATIENCE_SECONDS = 10
WRONG = "the approver or the PIN is wrong"


class Hasher:
    """Argon2id (RFC 9106). The defaults take tens of milliseconds and 64 MiB a hash, on purpose."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536, parallelism: int = 4) -> None:
        """The costs of new hashes; an old one keeps its own."""
        self._argon2 = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def digest(self, text: str) -> str:
        """The hash to be kept of a text; raises `BusyError` where too many are wanted at once."""
        if not self._room.acquire(timeout=PATIENCE_SECONDS):
            raise BusyError("too many PINs are being looked at: try again in a moment")
        try:
            return self._argon2.hash(text)
        finally:
            self._room.release()

    def fits(self, digest: str | None, text: str) -> bool:
        """Whether `digest` was made of `text`; None takes as long, and never fits."""
        if digest is None:
            self.digest(text)
            return False
        if not self._room.acquire(timeout=PATIENCE_SECONDS):
            raise BusyError("too many PINs are being looked at: try again in a moment")
        try:
            return self._argon2.verify(digest, text)
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._room.release()


class Prover(NamedTuple):
    """What a proof may need."""

    store: Store
    desk: Desk
    hasher: Hasher


class Proof(Protocol):
    """Shows that somebody is the employee they say."""

    @property
    def kind(self) -> str:
        """What the book calls this kind of proof."""

    def employee(self, prover: Prover) -> str:
        """Who it is, once it is proved; raises `ProofError`."""


class Pin(NamedTuple):
    """Somebody who says who they are, and types their PIN."""

    claimed: str
    pin: str
    kind: str = "pin"

    def __repr__(self) -> str:
        """Without the PIN, wherever it may be printed."""
        return f"Pin({self.claimed!r})"

    def employee(self, prover: Prover) -> str:
        """The employee; raises `ProofError` for a wrong PIN, an unknown employee, or one that is locked."""
        digest = prover.store.write(lambda unit: _begin_try(prover.desk, unit, self.claimed), alone=True)
        if isinstance(digest, ProofError):
            raise digest
        if not prover.hasher.fits(digest.text, prover.desk.secret.pin(self.claimed, self.pin)):
            raise ProofError(WRONG)
        prover.store.write(lambda unit: forget_tries(unit, self.claimed), alone=True)
        return self.claimed


class _Digest(NamedTuple):
    text: str | None


def _begin_try(desk: Desk, unit: Unit, employee: str) -> "_Digest | ProofError":
    """Count a try as wrong until it is known to be right; an error, not raised, where it is not even looked at."""
    now = desk.clock()
    before = tries_of(unit, employee)
    if before is not None and before.locked_until is not None and moment_of(before.locked_until) > now:
        return _locked(moment_of(before.locked_until), now)
    tries = 1 if before is None else before.tries + 1
    until = None if tries % TRIES else stamp(now + LOCKS[min(tries // TRIES, len(LOCKS)) - 1])
    put_tries(unit, Tries(employee, tries, until, stamp(now)))
    return _Digest(pin_of(unit, employee))


def _locked(until: datetime, now: datetime) -> ProofError:
    seconds = max(1, -(-(until - now) // timedelta(seconds=1)))
    message = f"too many wrong PINs: wait {seconds} seconds"
    return ProofError(message, code="proof_locked", more={"locked_until": stamp(until), "retry_after": seconds})


def set_pin(desk: Desk, unit: Unit, employee: str, digest: str, by: str, why: str) -> list[str]:
    """Set an employee's PIN, and say so, without it, where they have a role; raises `InputError` for a stranger."""
    places = locations_of(unit, employee)
    if not places:
        known = {name for book in books(unit) for name in unit.employees(book.location)}
        error = unknown_name("/employee", "employee", employee, known)
        raise InputError(error.message, code="unknown_employee", errors=[error])
    now = desk.clock()
    put_pin(unit, employee, digest, stamp(now))
    forget_tries(unit, employee)
    end_sessions_of(unit, employee, stamp(now))
    for place in places:
        told = {"employee": employee, "commitment": pin_commitment(employee, digest, stamp(now))}
        body = {"does": "pin"} | told | why_of(why)
        unit.append(open_book(unit, place), "staff", now, None, by, body)
    return places


def check_pin(pin: str) -> None:
    """Raise `InputError` for what is no PIN, or one that is tried first."""
    if not (pin.isascii() and pin.isdecimal() and SHORTEST <= len(pin) <= LONGEST):
        message = f"a PIN is {SHORTEST} to {LONGEST} digits"
    elif len(set(pin)) == 1 or pin in "01234567890123456789" or pin in "98765432109876543210":
        message = "this PIN is among the first that anybody tries: take another"
    else:
        return
    raise InputError(message, code="pin_weak", errors=[FieldError("/pin", message)])
