"""The courier: sends to each webhook what is due, side by side, so that one that hangs stops no other."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from empower.core.entry import stamp
from empower.core.errors import EmpowerError
from empower.engine.webhook_claims import Claim, Outcome, claim, has_work, settle
from empower.engine.webhook_sending import Post, Sender
from empower.engine.webhooks import Webhooks
from empower.engine.webhooks import secrets as secrets_of
from empower.store.webhooks import release, webhooks

POLL_SECONDS = 1.0


Told = Callable[[BaseException], None]


class Sent(NamedTuple):
    """How many events were taken, and how many tries failed."""

    delivered: int = 0
    failed: int = 0


class Courier:
    """Sends what is due. Many may be at it, in one process or several: each webhook has one at a time."""

    def __init__(self, desk: Webhooks, sender: Sender | None = None) -> None:
        """For the webhooks of a store."""
        self._webhooks = desk
        self._sender = sender or Sender()
        self._lease = secrets.token_hex(16)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._are_there = True

    async def once(self) -> Sent:
        """Send all that is due now, and wait for the end of it."""
        found = await asyncio.to_thread(self._with_work)
        done = await asyncio.gather(*(self._serve(name) for name in found))
        return Sent(sum(sent.delivered for sent in done), sum(sent.failed for sent in done))

    async def run(self, stop: asyncio.Event, told: Told) -> None:
        """Send what becomes due until `stop`; `told` hears of what kept it from that."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            if self._are_there:
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(self._woken.set)

        stopping = asyncio.create_task(_then(stop, self._woken))
        try:
            with self._webhooks.store.on_commit(wake):
                while not stop.is_set():
                    self._woken.clear()
                    await self._start(told)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_SECONDS):
                            await self._woken.wait()
        finally:
            stopping.cancel()
            await self._end()

    async def _start(self, told: Told) -> None:
        """Begin with each webhook that has work and that nobody here is at."""
        try:
            found = await asyncio.to_thread(self._with_work)
        except Exception as error:  # noqa: BLE001  the next round tries again
            told(error)
            return
        for name in found:
            if name not in self._busy:
                self._busy[name] = asyncio.create_task(self._served(name, told))

    async def _served(self, name: str, told: Told) -> None:
        try:
            await self._serve(name)
            self._woken.set()
        except Exception as error:  # noqa: BLE001  a later round tries again, once the lease has run out
            told(error)
        finally:
            del self._busy[name]

    async def _end(self) -> None:
        """Stop what is under way: it is sent again by whoever comes next."""
        under_way = list(self._busy.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        with suppress(EmpowerError):  # or else the lease runs out
            await asyncio.to_thread(self._webhooks.store.write, lambda unit: release(unit, self._lease))

    def _with_work(self) -> list[str]:
        now = stamp(self._webhooks.desk.clock())
        with self._webhooks.store.read() as unit:
            known = webhooks(unit)
            self._are_there = bool(known)
            return [found.id for found in known if has_work(unit, found, now)]

    async def _serve(self, name: str) -> Sent:
        """Send batch after batch to a webhook, until nothing is due."""
        sent = Sent()
        taken = await asyncio.to_thread(self._claim, name)
        if taken is None:
            return sent
        signed_with = secrets_of(self._webhooks.desk, taken.webhook, self._webhooks.desk.clock())
        async with self._sender.open(taken.webhook, signed_with) as post:
            while taken is not None:
                outcomes = await self._send(post, taken)
                if outcomes and not await asyncio.to_thread(self._settle, name, outcomes):
                    break
                failed = sum(item.error is not None for item in outcomes)
                sent = Sent(sent.delivered + len(outcomes) - failed, sent.failed + failed)
                taken = await asyncio.to_thread(self._claim, name)
        return sent

    async def _send(self, post: Post, taken: Claim) -> list[Outcome]:
        now = self._webhooks.desk.clock()
        answers = await asyncio.gather(*(post(item, now) for item in taken.batch))
        return [Outcome(item, *answer) for item, answer in zip(taken.batch, answers, strict=True)]

    def _claim(self, name: str) -> Claim | None:
        desk, store = self._webhooks.desk, self._webhooks.store
        return store.write(lambda unit: claim(desk, unit, name, self._lease), alone=True)

    def _settle(self, name: str, outcomes: list[Outcome]) -> bool:
        desk, store = self._webhooks.desk, self._webhooks.store
        return store.write(lambda unit: settle(desk, unit, name, self._lease, outcomes), alone=True)


async def _then(first: asyncio.Event, second: asyncio.Event) -> None:
    await first.wait()
    second.set()
