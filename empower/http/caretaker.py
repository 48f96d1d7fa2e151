"""What is looked after while serving: policies that change on disk, and comps whose time is up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from empower.engine import Engine
from empower.http import logs

REFRESH_SECONDS = 0.5
ROUNDS_TO_EXPIRY = 60
"""How many looks at the policies go to one at the comps."""


class Caretaker:
    """Takes up policies that changed and expires what is due; says once what went wrong, and goes on."""

    def __init__(self, engine: Engine) -> None:
        """Of `engine`."""
        self._engine = engine
        self._told: dict[str, object] = {}

    def refresh(self) -> None:
        """Read changed policies. Broken ones are told loudly, and the last good ones stay in force."""
        source = self._engine.policies
        try:
            changed = source.refresh()
        except Exception as error:  # noqa: BLE001  the next round tries again
            self._tell("policies cannot be read: the last good ones stay in force", error)
            return
        self._well("policies cannot be read: the last good ones stay in force")
        if changed:
            logs.service.warning("policies changed: the new ones are in force")
        problems = tuple(str(problem) for problem in source.problems)
        if problems and self._told.get("policies") != problems:
            message = "policies have problems: the last good ones stay in force"
            logs.service.error(message, extra=logs.about(problems=problems))
        elif not problems and self._told.get("policies"):
            logs.service.warning("policies are in order again")
        self._told["policies"] = problems

    def expire(self) -> None:
        """End the comps whose time is up."""
        message = "comps cannot be expired now"
        try:
            ended = self._engine.expire()
        except Exception as error:  # noqa: BLE001  the next round tries again
            self._tell(message, error)
            return
        self._well(message)
        if ended:
            logs.service.info("comps expired", extra=logs.about(count=len(ended)))

    def _tell(self, message: str, error: Exception) -> None:
        kind = type(error).__name__
        if self._told.get(message) != kind:
            logs.service.error(message, extra=logs.about(**logs.where(error)))
        self._told[message] = kind

    def _well(self, message: str) -> None:
        self._told.pop(message, None)


@contextmanager
def care(engine: Engine) -> Iterator[None]:
    """Look after `engine` from a thread of its own."""
    caretaker, stop = Caretaker(engine), threading.Event()

    def rounds() -> None:
        done = 0
        while not stop.wait(REFRESH_SECONDS):
            caretaker.refresh()
            done = (done + 1) % ROUNDS_TO_EXPIRY
            if done == 0:
                caretaker.expire()

    thread = threading.Thread(target=rounds, name="empower-caretaker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
