"""Group commit: whatever waits is written in one transaction, and answered after its commit.

Whoever finds the lock free takes all that wait into its own transaction; so one caller alone pays for no hand-over,
and many share a commit. Nothing waits on a timer.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from empower.core.errors import BusyError
from empower.store.unit import Unit

T = TypeVar("T")

INTERRUPTED = "the writer was interrupted, nothing was written: try again with the same key"
MOST_AT_ONCE = 256
"""Jobs in one transaction: bounds how long a job waits for the ones before it."""


class Ticket:
    """A job that waits, and what came of it."""

    __slots__ = ("alone", "done", "error", "job", "result")

    def __init__(self, job: Callable[[Unit], Any], *, alone: bool) -> None:
        """Nothing has come of it yet."""
        self.job = job
        self.alone = alone
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    """Runs jobs one after another, as many in one transaction as wait for it."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[Unit]]) -> None:
        """`transaction` gives a unit that is committed when its context ends without an error."""
        self._transaction = transaction
        self._waiting: deque[Ticket] = deque()
        self.lock = threading.Lock()

    def run(self, job: Callable[[Unit], T], *, alone: bool = False) -> T:
        """The job's result, after the commit; raises what the job raised, or what kept it from being written.

        A job that reads more than its unit keeps in memory asks to be `alone` in its transaction.
        """
        ticket = Ticket(job, alone=alone)
        self._waiting.append(ticket)
        with self.lock:
            while not ticket.done:
                self._commit(self._next())
        if ticket.error is not None:
            raise ticket.error
        result: T = ticket.result
        return result

    def _next(self) -> list[Ticket]:
        """The longest run from the front of the queue that may share a transaction."""
        tickets = [self._waiting.popleft()]
        while self._waiting and len(tickets) < MOST_AT_ONCE:
            if tickets[0].alone or self._waiting[0].alone:
                break
            tickets.append(self._waiting.popleft())
        return tickets

    def _commit(self, tickets: list[Ticket]) -> None:
        """One transaction for all; if it cannot be written, each alone, so that one fault stops nobody else."""
        begun = False
        try:
            with self._transaction() as unit:
                begun = True
                for ticket in tickets:
                    _try(ticket, unit)
        except Exception as error:  # noqa: BLE001  handed to whoever waits
            if begun and len(tickets) > 1:
                self._commit_each(tickets)
                return
            for ticket in tickets:
                ticket.error = error
        except BaseException:
            _end(tickets, BusyError(INTERRUPTED))
            raise
        _end(tickets, None)

    def _commit_each(self, tickets: list[Ticket]) -> None:
        """Each alone; an interruption of one leaves no other without an answer."""
        left = deque(tickets)
        try:
            while left:
                self._commit([left.popleft()])
        except BaseException:
            _end(left, BusyError(INTERRUPTED))
            raise


def _end(tickets: Iterable[Ticket], error: BaseException | None) -> None:
    for ticket in tickets:
        ticket.error = error or ticket.error
        ticket.done = True


def _try(ticket: Ticket, unit: Unit) -> None:
    ticket.error = None
    mark = unit.mark()
    try:
        ticket.result = ticket.job(unit)
    except Exception as error:  # noqa: BLE001  handed to whoever waits
        unit.back_to(mark)
        ticket.error = error
