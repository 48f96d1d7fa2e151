"""What is looked after while serving: policies that change on disk, comps whose time is up, and books to be signed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from empower import clock
from empower.core.errors import EmpowerError
from empower.engine import Engine
from empower.engine.views import CompView
from empower.http import logs
from empower.ledger.checkpoints import Checkpoints

REFRESH_SECONDS = 0.5
ROUNDS_TO_EXPIRY = 2
"""How many looks at the policies go to one at the comps whose time is up."""
ROUNDS_TO_ARRIVAL = 60
"""How many go to one at every location, which takes up whatever is due there."""
ROUNDS_TO_CHECKPOINT = 2
"""How many go to one at what is due to be signed."""


class Caretaker:
    """Takes up policies that changed and expires what is due; says once what went wrong, and goes on."""

    def __init__(self, engine: Engine) -> None:
        """Of `engine`."""
        self._engine = engine
        self._checkpoints = Checkpoints(engine.store, clock.now)
        self._told: dict[str, object] = {}

    def refresh(self) -> None:
        """Read changed policies. Broken ones are told loudly, and the last good ones stay in force.

        Once anything is published, the files are candidates, and it is told when something else is in force.
        """
        source = self._engine.policies
        try:
            if self._engine.publishing.publishes():
                self._tell_published()
                self._tell_problems(tuple(self._engine.publishing.problems()))
                return
            changed = source.refresh()
        except Exception as error:  # noqa: BLE001  the next round tries again
            self._tell("policies cannot be read: the last good ones stay in force", error)
            return
        self._well("policies cannot be read: the last good ones stay in force")
        if changed:
            logs.service.warning("policies changed: the new ones are in force")
        self._tell_problems(tuple(str(problem) for problem in source.problems))

    def _tell_problems(self, problems: tuple[str, ...]) -> None:
        if problems and self._told.get("policies") != problems:
            message = "policies have problems: the last good ones stay in force"
            logs.service.error(message, extra=logs.about(problems=problems))
        elif not problems and self._told.get("policies"):
            logs.service.warning("policies are in order again")
        self._told["policies"] = problems

    def _tell_published(self) -> None:
        """Say which publication is in force where, once it is another one."""
        now = tuple((turn.location, turn.publication) for turn in self._engine.publishing.in_force())
        if now != self._told.get("published"):
            known = [{"location": location, "publication": number} for location, number in now]
            logs.service.warning("policies are in force as published", extra=logs.about(published=known))
        self._told["published"] = now

    def expire(self, *, everywhere: bool = False) -> None:
        """End the comps whose time is up, and tell nobody who waits any later than a moment after it."""
        message = "comps cannot be expired now"
        try:
            ended = self._engine.expire() if everywhere else self._expire_due()
        except Exception as error:  # noqa: BLE001  the next round tries again
            self._tell(message, error)
            return
        self._well(message)
        if ended:
            logs.service.info("comps expired", extra=logs.about(count=len(ended)))

    def _expire_due(self) -> list[CompView]:
        return [comp for location in self._engine.due() for comp in self._engine.expire(location)]

    def checkpoint(self) -> None:
        """Sign the books that are due; where history was rewritten nothing is signed, and it is told."""
        message = "checkpoints cannot be made"
        try:
            made = self._checkpoints.due()
        except EmpowerError as error:
            if self._told.get(message) != error.detail:
                logs.service.error(message, extra=logs.about(code=error.code, detail=error.detail))
            self._told[message] = error.detail
            return
        except Exception as error:  # noqa: BLE001  the next round tries again
            self._tell(message, error)
            return
        self._well(message)
        if made:
            logs.service.info("books signed", extra=logs.about(count=len(made)))

    def _tell(self, message: str, error: Exception) -> None:
        kind = type(error).__name__
        if self._told.get(message) != kind:
            logs.service.error(message, extra=logs.about(**logs.where(error)))
        self._told[message] = kind

    def _well(self, message: str) -> None:
        self._told.pop(message, None)


@contextmanager
def care(engine: Engine) -> Iterator[None]:
    """Look after `engine` from a thread of its own; what others publish is looked at as it is told."""
    caretaker, stop, news = Caretaker(engine), threading.Event(), threading.Event()

    def rounds() -> None:
        done = 0
        while not stop.is_set():
            told = news.wait(REFRESH_SECONDS)
            news.clear()
            if stop.is_set():
                return
            caretaker.refresh()
            if told:
                continue
            done = (done + 1) % ROUNDS_TO_ARRIVAL
            if done % ROUNDS_TO_EXPIRY == 0:
                caretaker.expire(everywhere=done == 0)
            if done % ROUNDS_TO_CHECKPOINT == 0:
                caretaker.checkpoint()

    thread = threading.Thread(target=rounds, name="empower-caretaker", daemon=True)
    thread.start()
    try:
        with engine.store.on_publication(news.set):
            yield
    finally:
        stop.set()
        news.set()
        thread.join()
