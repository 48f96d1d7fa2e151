"""One reader of the books for all who listen in this process: woken by its own commits, looking for those of others.

Nobody who listens can hold up the engine or another listener: each has a queue that ends, and whoever does not empty
it is let go, and may come back with the place that they reached.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from fastapi.sse import format_sse_event

from empower.core.canonical import canonical
from empower.core.errors import BusyError
from empower.core.event import Event
from empower.engine import Engine
from empower.engine.events_follow import Behind, Place, Scope, Told, place_of
from empower.http import logs

POLL_SECONDS = 0.5
"""How long another process's commit may go unseen."""
MOST_QUEUED = 5000
MOST_LISTENERS = 1000


class News(NamedTuple):
    """What a listener is told: an event, or None to say that they had better read anew how things stand."""

    event: Event | None
    frame: bytes
    """As server-sent events have it (WHATWG HTML, section 9.2.6)."""


RESET = News(None, format_sse_event(event="reset", data_str='{"type":"reset"}'))


class Listener:
    """One who listens: an async iterator of news, which ends when they are let go."""

    def __init__(self, scope: Scope) -> None:
        """Of the events of `scope`."""
        self.scope = scope
        self._queue: deque[News] = deque()
        self._woken = asyncio.Event()
        self.is_over = False

    def put(self, *news: News) -> None:
        """Tell them; whoever does not keep up is let go."""
        self._queue.extend(news)
        self.is_over = self.is_over or len(self._queue) > MOST_QUEUED
        self._woken.set()

    def end(self) -> None:
        """Let them go."""
        self.is_over = True
        self._woken.set()

    async def next(self, seconds: float) -> News | None:
        """What comes next, None if nothing does within `seconds`; raises `StopAsyncIteration` when it is over."""
        if not self._queue and not self.is_over:
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
        if self.is_over:
            raise StopAsyncIteration
        return self._queue.popleft() if self._queue else None

    def __aiter__(self) -> AsyncIterator[News]:
        """The news, one after another."""
        return self

    async def __anext__(self) -> News:
        """The next of the news."""
        while (news := await self.next(POLL_SECONDS)) is None:
            pass
        return news


class Hub:
    """Those who listen. Reads only while there are any."""

    def __init__(self, engine: Engine) -> None:
        """To the events of `engine`'s books."""
        self._engine = engine
        self._listeners: set[Listener] = set()
        self._lock = asyncio.Lock()
        self._woken = asyncio.Event()
        self._follower = engine.follower()
        self._reader: asyncio.Task[None] | None = None
        self.is_stopping: Callable[[], bool] = lambda: False
        """Whether the service is about to end: whoever listens would keep it waiting."""

    @asynccontextmanager
    async def listen(self, scope: Scope, after: str | None = None) -> AsyncIterator[Listener]:
        """A listener from now on, or from what came after the place that is `after`.

        A place that is none, that nobody can have reached, or that is too far behind gives `RESET` first. Raises
        `BusyError` where too many listen.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            raise BusyError("too many listen already: try again", code="too_many_listeners")
        listener = Listener(scope)
        async with self._lock:
            if self._reader is None:
                await asyncio.to_thread(self._follower.start)
                self._reader = asyncio.create_task(self._read(), name="empower-events")
            missed = [] if after is None else await asyncio.to_thread(self._missed, scope, after)
            listener.put(*missed)
            self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            self._woken.set()

    def place(self, scope: Scope) -> Place | None:
        """Where somebody stands who was told everything that `scope` has."""
        return self._follower.place(scope)

    def _missed(self, scope: Scope, after: str) -> list[News]:
        place = place_of(after)
        try:
            return [RESET] if place is None else [_news(told) for told in self._follower.since(place, scope)]
        except Behind:
            return [RESET]

    async def _read(self) -> None:
        """Read whenever there was a commit here, or there may have been one elsewhere, while anybody listens."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(self._woken.set)

        with self._engine.store.on_commit(wake):
            while self._reader is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._woken.wait()
                self._woken.clear()
                async with self._lock:
                    await self._tell()

    async def _tell(self) -> None:
        """One round, whose end is decided under the lock under which a listener comes."""
        if self.is_stopping() or not self._listeners:
            self._reader = None
            for listener in self._listeners:
                listener.end()
            return
        try:
            told = await asyncio.to_thread(self._follower.read, {listener.scope for listener in self._listeners})
        except Behind:
            for listener in self._listeners:
                listener.put(RESET)
            return
        except Exception as error:  # noqa: BLE001  the next round tries again
            logs.service.error("the books cannot be followed", extra=logs.about(**logs.where(error)))
            return
        for event, frame in map(_news, told):
            for listener in self._listeners:
                if event is not None and listener.scope.has(event.location):
                    listener.put(News(event, frame))


def _news(told: Told) -> News:
    event, place = told
    return News(event, format_sse_event(event=event.type, data_str=canonical(event.payload()).decode(), id=str(place)))
