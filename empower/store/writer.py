"""Group commit: whatever waits is written in one transaction, and answered after its commit.

Whoever finds nobody leading leads: it takes all that wait into its own transaction, tells them, and hands the lead to
the first of those who came meanwhile. So one caller alone pays for no hand-over, many share a commit, and nobody with
an answer stands in line with those who have none. Nothing waits on a timer.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, TypeVar

from empower.core.errors import BusyError
from empower.store.draws import Draws
from empower.store.locking import Wanted, WideKey, united
from empower.store.troubles import ContendedError, LostError
from empower.store.unit import Unit

T = TypeVar("T")

INTERRUPTED = "the writer was interrupted, nothing was written: try again with the same key"
MOST_AT_ONCE = 256
"""Jobs in one transaction: bounds how long a job waits for the ones before it."""
MOST_GOES = 8
"""How often a transaction is begun that others come in the way of."""
HOT_FOR = 64
"""Transactions that lock from the start what others were last seen to charge at the same time."""
MOST_HOT = 32
MOST_WAITING = 4096
"""Jobs that wait; who comes then is told at once to try again, instead of waiting longer than a guest would."""
PATIENCE_SECONDS = 30.0
"""A job that has waited so long is not begun: whoever asked has gone."""
CROWDED = "too many wait to be written: try again with the same key"
CLOSING = "the store is being closed: try again with the same key"


NOTHING = Wanted()


class Ticket:
    """A job that waits, and what came of it."""

    __slots__ = ("_turn", "deadline", "done", "draws", "error", "job", "leads", "result", "wanted")

    def __init__(self, job: Callable[[Unit], Any], *, alone: bool = False, wanted: Wanted = NOTHING) -> None:
        """Nothing has come of it yet; `wanted` is what it is known to lock."""
        self.job = job
        self.wanted = wanted._replace(alone=True) if alone else wanted
        self.draws = Draws()
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.deadline: float | None = None
        """When its patience ends."""
        self.leads = False
        """Whether its caller is the one to write what waits."""
        self._turn = threading.Lock()
        self._turn.acquire()

    def answer(self) -> Any:
        """What came of it, once it is done; raises what kept it from being written."""
        if self.error is not None:
            raise self.error
        return self.result

    def wait(self) -> None:
        """Until it is done, or leads."""
        self._turn.acquire()

    def wake(self) -> None:
        """Let whoever waits for it go on."""
        if self._turn.locked():
            with suppress(RuntimeError):  # somebody else did so meanwhile
                self._turn.release()


class Writer:
    """Runs jobs one after another, as many in one transaction as wait for it."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Unit]],
        *,
        most_waiting: int = MOST_WAITING,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`transaction` gives a unit, committed when its context ends without an error; `timer` gives seconds."""
        self._transaction = transaction
        self._most_waiting = most_waiting
        self._timer = timer
        self._is_closed = False
        self._is_led = False
        self._mutex = threading.Lock()
        """Held to look at who waits and who leads, never while anything is written."""
        self._waiting: deque[Ticket] = deque()
        self._hot: dict[WideKey, int] = {}
        self.lock = threading.Lock()
        """Held while a transaction is under way."""

    def run(self, job: Callable[[Unit], T], *, alone: bool = False, wanted: Wanted = NOTHING) -> T:
        """The job's result, after the commit; raises what the job raised, or what kept it from being written.

        Raises `BusyError` at once where too many wait, and for a job that waited for `PATIENCE_SECONDS`. A job that
        reads more than its unit keeps in memory asks to be `alone` in its transaction. What it is known to lock is
        `wanted`, so that all of a transaction can be locked in order.
        """
        ticket = Ticket(job, alone=alone, wanted=wanted)
        self.run_all((ticket,))
        result: T = ticket.answer()
        return result

    def run_all(self, tickets: Sequence[Ticket]) -> None:
        """Several jobs of one caller, each as if it had come alone; what came of each, its ticket says."""
        try:
            for ticket in tickets:
                self._put(ticket)
            for ticket in tickets:
                self._finish(ticket)
        except BaseException:
            for ticket in tickets:
                self._leave(ticket)
            raise

    def _put(self, ticket: Ticket) -> None:
        ticket.deadline = self._timer() + PATIENCE_SECONDS
        with self._mutex:
            if self._is_closed or len(self._waiting) >= self._most_waiting:
                _end((ticket,), BusyError(CLOSING if self._is_closed else CROWDED))
                return
            self._waiting.append(ticket)
            ticket.leads, self._is_led = not self._is_led, True

    def _finish(self, ticket: Ticket) -> None:
        if not (ticket.leads or ticket.done):
            ticket.wait()
        if ticket.leads:
            try:
                with self.lock:
                    while not ticket.done:
                        self._commit([])
            finally:
                self._hand_over(ticket)

    def _hand_over(self, ticket: Ticket) -> None:
        """The first of those who wait leads from now on."""
        with self._mutex:
            ticket.leads = False
            heir = self._waiting[0] if self._waiting else None
            self._is_led = heir is not None
            if heir is not None:
                heir.leads = True
                heir.wake()

    def _leave(self, ticket: Ticket) -> None:
        """Whoever asked was interrupted: nobody waits for it any more, and another leads."""
        with self._mutex:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
        if ticket.leads:
            self._hand_over(ticket)

    def close(self) -> None:
        """Let what is being written end, and refuse what waits; nothing is taken after it."""
        with self._mutex:
            self._is_closed = True
        with self.lock:
            _end(self._waiting, BusyError(CLOSING))
            self._waiting.clear()

    def _next(self) -> list[Ticket]:
        """The longest run from the front of the queue that may share a transaction."""
        tickets = [self._waiting.popleft()]
        while self._waiting and len(tickets) < MOST_AT_ONCE:
            if tickets[0].wanted.alone or self._waiting[0].wanted.alone:
                break
            tickets.append(self._waiting.popleft())
        return tickets

    def _take(self, tickets: list[Ticket]) -> None:
        """Take what waits, unless it was taken before."""
        if not tickets:
            tickets += self._next()

    def _commit(self, tickets: list[Ticket]) -> None:
        """One transaction for all; if it cannot be written, each alone, so that one fault stops nobody else.

        Where there are no `tickets` yet, what waits is taken once the transaction has begun: on a server that takes a
        while, in which more may come.
        """
        more = NOTHING
        for left in reversed(range(MOST_GOES)):
            again = self._go(tickets, more, last=not left)
            if again is None:
                return
            more = united((more, again))

    def _go(self, tickets: list[Ticket], more: Wanted, *, last: bool) -> Wanted | None:
        """Once; None when all have their answers, or else what to lock from the start the next time."""
        begun: Unit | None = None
        try:
            with self._transaction() as unit:
                begun = unit
                self._take(tickets)
                unit.lock([more, Wanted(wide=self._still_hot()), *(ticket.wanted for ticket in tickets)])
                for ticket in tickets:
                    _try(ticket, unit, self._timer())
        except ContendedError as error:
            self._take(tickets)
            if begun is not None and not last:
                self._heat(begun.contended)
                return begun.touched
            _fail(tickets, error)
        except LostError as error:
            self._take(tickets)
            _fail(tickets, error)
        except Exception as error:  # noqa: BLE001  handed to whoever waits
            self._take(tickets)
            if begun is not None:
                apart = _apart(tickets, error)
                if len(apart) > 1:
                    self._commit_each(apart)
                    return None
            _fail(tickets, error)
        except BaseException:
            self._take(tickets)
            _end(tickets, BusyError(INTERRUPTED))
            raise
        _end(tickets, None)
        return None

    def _still_hot(self) -> frozenset[WideKey]:
        """Counters across locations that others were seen to charge at the same time as this process."""
        found = frozenset(self._hot)
        self._hot = {key: left - 1 for key, left in self._hot.items() if left > 1}
        return found

    def _heat(self, keys: Iterable[WideKey]) -> None:
        self._hot |= dict.fromkeys(keys, HOT_FOR)
        while len(self._hot) > MOST_HOT:
            del self._hot[next(iter(self._hot))]

    def _commit_each(self, apart: list[list[Ticket]]) -> None:
        """One after another; an interruption of one leaves no other without an answer."""
        left = deque(apart)
        try:
            while left:
                self._commit(left.popleft())
        except BaseException:
            for tickets in left:
                _end(tickets, BusyError(INTERRUPTED))
            raise


def _apart(tickets: list[Ticket], error: Exception) -> list[list[Ticket]]:
    """Those to be tried without the others: each alone, or where somebody was waited for too long, each book alone."""
    if not isinstance(error, BusyError):
        return [[ticket] for ticket in tickets]
    found: dict[Wanted, list[Ticket]] = {}
    for ticket in tickets:
        found.setdefault(ticket.wanted._replace(asks=frozenset(), needs=()), []).append(ticket)
    return list(found.values())


def _fail(tickets: Iterable[Ticket], error: Exception) -> None:
    for ticket in tickets:
        ticket.error = error


def _end(tickets: Iterable[Ticket], error: BaseException | None) -> None:
    for ticket in tickets:
        ticket.error = error or ticket.error
        ticket.done = True
        ticket.wake()


def _try(ticket: Ticket, unit: Unit, now: float) -> None:
    if ticket.deadline is not None and ticket.deadline < now:
        ticket.error = BusyError(CROWDED)
        return
    ticket.error = None
    mark = unit.mark()
    unit.draws = ticket.draws.begin()
    try:
        ticket.result = ticket.job(unit)
    except Exception as error:
        if unit.is_broken:
            raise
        unit.back_to(mark)
        ticket.error = error
