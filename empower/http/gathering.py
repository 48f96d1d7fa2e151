"""What many ask at once is answered at once: gathered while a thread is at work, and handed over to it as it is.

A thread for each request would wait for the others' turn at the interpreter and at the store, and be woken once each;
so one thread takes all that have come, and the event loop is told once of all the answers.
"""

import asyncio
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar

from empower.core.errors import BusyError

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

MOST_AT_ONCE = 256
"""What is answered together: bounds how long anybody waits for those before."""
MOST_WAITING = 4096
"""Who comes then is told at once to try again, instead of waiting longer than a guest would."""
PATIENCE_SECONDS = 30.0
"""What has waited so long is not begun: whoever asked has gone."""
CROWDED = "too many wait to be answered: try again with the same key"


class _Waiting(NamedTuple):
    asked: Any
    future: "asyncio.Future[Any]"
    until: float


class Gathering(Generic[Asked, Answer]):
    """Answers together what comes together, in a thread of its own."""

    def __init__(self, answer_all: Callable[[list[Asked]], list[Answer | Exception]], name: str) -> None:
        """`answer_all` gives an answer for each, in their order, or what is raised instead to whoever asked."""
        self._answer_all = answer_all
        self._waiting: deque[_Waiting] = deque()
        self._at_work = False
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, name)

    async def ask(self, asked: Asked) -> Answer:
        """The answer; raises what stands in its place, or `BusyError` where too many wait."""
        if len(self._waiting) >= MOST_WAITING:
            raise BusyError(CROWDED)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.append(_Waiting(asked, future, monotonic() + PATIENCE_SECONDS))
            was_at_work, self._at_work = self._at_work, True
        if not was_at_work:
            self._thread.submit(self._work)
        return await future

    def _work(self) -> None:
        """Answer until nobody waits."""
        while some := self._next():
            _hand_over(some, self._answers(some))

    def _next(self) -> list[_Waiting]:
        with self._lock:
            some = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            self._at_work = bool(some)
        return some

    def _answers(self, some: list[_Waiting]) -> list[Any]:
        now = monotonic()
        begun = [one.asked for one in some if now <= one.until]
        try:
            found = iter(self._answer_all(begun))
        except Exception as error:  # noqa: BLE001  raised where each of them is awaited
            return [error] * len(some)
        return [next(found) if now <= one.until else BusyError(CROWDED) for one in some]


def _hand_over(some: list[_Waiting], answers: list[Any]) -> None:
    """Wake each event loop once."""
    loops = defaultdict(list)
    for one, answer in zip(some, answers, strict=True):
        loops[one.future.get_loop()].append((one.future, answer))
    for loop, found in loops.items():
        with suppress(RuntimeError):  # it has ended, and whoever asked with it
            loop.call_soon_threadsafe(_wake, found)


def _wake(found: list[tuple["asyncio.Future[Any]", Any]]) -> None:
    for future, answer in found:
        if future.done():  # whoever asked has gone
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
