"""Who is signed in to the pages: begun by a PIN, known again by a secret that only their browser holds.

A session is another proof for a yes or a no. It ends by itself, when it is not used for a while, when its owner or an
admin ends it, and when its owner gets a new PIN.
"""

import hashlib
import hmac
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from empower.core.entry import moment_of, stamp
from empower.core.errors import BusyError, InputError, NotFoundError, ProofError, unknown_name
from empower.engine.desk import new_id
from empower.engine.proofs import Pin, Prover
from empower.engine.reach import answers_at
from empower.engine.views import SessionView
from empower.store import Unit
from empower.store.approvers import name_of
from empower.store.listing import books
from empower.store.sessions import (
    Kept,
    add_session,
    end_session,
    end_sessions_of,
    forget_sessions,
    session_by_hash,
    sessions,
    touch_session,
)

LASTS = timedelta(hours=12)
"""A session at most: a long shift."""
IDLE = timedelta(hours=2)
"""How long it may go unused."""
TOUCH = timedelta(minutes=1)
"""How stale its last use may be."""
REMEMBERED = timedelta(days=30)
"""How long one that is over is listed."""
LONGEST_DEVICE = 120


class Begun(NamedTuple):
    """A session as it begins: the secret is in this answer and nowhere else."""

    secret: str
    session: SessionView

    def __repr__(self) -> str:
        """Without the secret, wherever it may be printed."""
        return f"Begun({self.session.id!r})"


class SignedIn(NamedTuple):
    """Somebody who is signed in: a proof of who answers."""

    secret: str
    kind: str = "session"

    def __repr__(self) -> str:
        """Without the secret, wherever it may be printed."""
        return "SignedIn()"

    def employee(self, prover: Prover) -> str:
        """The employee; raises `ProofError` where the session is over, or never was."""
        with prover.store.read() as unit:
            found = _in_force(unit, self.secret, prover.desk.clock())
        if found is None:
            raise ProofError("you are not signed in any more: sign in again", code="session_over")
        return found.employee


class Sessions:
    """Signing in and out. Safe for threads."""

    def __init__(self, prover: Prover) -> None:
        """With what proves a PIN."""
        self._prover = prover
        self._store = prover.store
        self._clock = prover.desk.clock

    def begin(self, employee: str, pin: str, *, device: str = "") -> Begun:
        """Sign in; raises `ProofError` as a PIN at the till does."""
        Pin(employee, pin).employee(self._prover)
        secret, now = secrets.token_urlsafe(32), self._clock()
        made = Kept(
            new_id(now),
            _hash(secret),
            employee,
            "".join(filter(str.isprintable, device))[:LONGEST_DEVICE],
            stamp(now),
            stamp(now),
            stamp(now + LASTS),
            None,
        )

        def job(unit: Unit) -> SessionView:
            forget_sessions(unit, stamp(now - REMEMBERED))
            add_session(unit, made)
            return _view(unit, made, now)

        return Begun(secret, self._store.write(job, alone=True))

    def of(self, secret: str, *, is_use: bool = True) -> SessionView | None:
        """Whose session a secret is; None for one that is over, or never was.

        What a page asks by itself `is_use` of nobody: it does not keep a session from ending.
        """
        now = self._clock()
        with self._store.read() as unit:
            found = _in_force(unit, secret, now)
            view = None if found is None else _view(unit, found, now)
        if found is not None and is_use and now - moment_of(found.used_at) >= TOUCH:
            with suppress(BusyError):  # when it was last used is no reason to keep a guest waiting
                self._store.write(lambda unit: touch_session(unit, found.id, stamp(now)))
        return view

    def reach(self, employee: str) -> frozenset[str]:
        """The locations where an employee may answer for others now, by their own roles or in another's place."""
        with self._store.read() as unit:
            return answers_at(self._prover.desk, unit, employee)

    def end(self, session_id: str) -> SessionView:
        """End a session, from now on; nothing happens to one that is over. Raises `NotFoundError`."""
        now = self._clock()
        found = next((item for item in self.listed() if item.id == session_id), None)
        if found is None:
            raise NotFoundError(f"there is no session `{session_id}`", code="unknown_session")
        self._store.write(lambda unit: end_session(unit, session_id, stamp(now)), alone=True)
        return next(item for item in self.listed() if item.id == session_id)

    def end_all(self, employee: str) -> list[SessionView]:
        """End all sessions of an employee, from now on; returns those that were in force. Raises `InputError`."""
        now = self._clock()
        with self._store.read() as unit:
            known = {name for book in books(unit) for name in unit.employees(book.location)}
        if employee not in known:
            error = unknown_name("/employee", "employee", employee, known)
            raise InputError(error.message, code="unknown_employee", errors=[error])
        ended = {item.id for item in self.listed() if item.employee == employee and item.active}
        self._store.write(lambda unit: end_sessions_of(unit, employee, stamp(now)), alone=True)
        return [item for item in self.listed() if item.id in ended]

    def listed(self) -> list[SessionView]:
        """All sessions that are in force or were not long ago, the oldest first."""
        now = self._clock()
        with self._store.read() as unit:
            return [_view(unit, item, now) for item in sessions(unit, stamp(now - REMEMBERED))]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def _in_force(unit: Unit, secret: str, now: datetime) -> Kept | None:
    digest = _hash(secret)
    found = session_by_hash(unit, digest)
    if found is None or not hmac.compare_digest(found.hash, digest) or not _active(found, now):
        return None
    return found


def _active(found: Kept, now: datetime) -> bool:
    return found.ended_at is None and stamp(now) < found.ends_at and now - moment_of(found.used_at) < IDLE


def _view(unit: Unit, found: Kept, now: datetime) -> SessionView:
    return SessionView(
        id=found.id,
        employee=found.employee,
        name=name_of(unit, found.employee),
        device=found.device,
        began_at=found.began_at,
        used_at=found.used_at,
        ends_at=found.ended_at or min(found.ends_at, stamp(moment_of(found.used_at) + IDLE)),
        active=_active(found, now),
    )
