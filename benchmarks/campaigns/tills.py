"""Tills that ask, and ask the same again until they are answered: in process, or over HTTP."""

import http.client
import json
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from benchmarks.campaigns.history import LOST, Does, Outcome, Recorder
from benchmarks.campaigns.plays import Play
from empower.core.errors import BusyError, EmpowerError
from empower.engine import Engine
from tests.engine.model import Ask

PATIENCE_SECONDS = 60.0
"""After which a till that got no answer is a fault of the campaign."""
HOST = "127.0.0.1"
LONGEST_PAUSE = 0.1
TIMEOUT_SECONDS = 20.0
RIVAL = 0.15
"""How often a till does something with a comp that is another's."""


class NoAnswerError(Exception):
    """A till asked the same again and again, in vain."""


class Door(Protocol):
    """The way to an engine."""

    def request(self, asked: dict[str, Any], key: str) -> Outcome:
        """Ask for a comp."""

    def step(self, does: Does, comp: str, amount: int | None) -> Outcome:
        """Go on with it."""

    def close(self) -> None:
        """Hang up."""


class EngineDoor:
    """An engine in this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def request(self, asked: dict[str, Any], key: str) -> Outcome:
        return _outcome(lambda: self._engine.request(asked, key=key))

    def step(self, does: Does, comp: str, amount: int | None) -> Outcome:
        engine = self._engine
        if does == "void":
            return _outcome(lambda: engine.void(comp))
        return _outcome(lambda: (engine.capture if does == "capture" else engine.reverse)(comp, amount))

    def close(self) -> None:
        """The engine is somebody else's."""


def _outcome(act: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(comp=act().model_dump(mode="json"))
    except BusyError:
        return LOST
    except EmpowerError as error:
        return Outcome(refused=error.code)


class HttpDoor:
    """Servers, or what stands before them: where one gives no answer, the next is asked.

    A connection for each call, unless it is `kept`.
    """

    def __init__(self, ports: Sequence[int], key: str, *, kept: bool) -> None:
        self._ports, self._key, self._kept = deque(ports), key, kept
        self._connection: http.client.HTTPConnection | None = None

    def request(self, asked: dict[str, Any], key: str) -> Outcome:
        return self._post("/v1/comps", asked, {"Idempotency-Key": key})

    def step(self, does: Does, comp: str, amount: int | None) -> Outcome:
        return self._post(f"/v1/comps/{comp}/{does}", {} if amount is None else {"amount": amount}, {})

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Outcome:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json", **headers}
        connection = self._connection or http.client.HTTPConnection(HOST, self._ports[0], timeout=TIMEOUT_SECONDS)
        self._connection = connection
        try:
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            status, said = answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            self._ports.rotate()
            return LOST
        if not self._kept:
            self.close()
        if status in (200, 201):
            return Outcome(comp=said)
        return LOST if status == http.client.SERVICE_UNAVAILABLE else Outcome(refused=said["code"])

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Till:
    """Plays one request after another, until its end or until it is told to stop."""

    def __init__(self, door: Door, recorder: Recorder, play: Play, others: list[dict[str, Any]]) -> None:
        """`others` are the comps that all tills of this process have seen approved."""
        self._door, self._recorder, self._play = door, recorder, play
        self._others = others

    def run(self, keys: Iterator[str]) -> None:
        for key in keys:
            self.play(key)

    def play(self, key: str) -> None:
        """A request, and what follows."""
        comp = self.request(key)
        if comp is not None and comp["status"] == "approved":
            for does, amount in self._play.steps(key, comp["amount"]["granted"]):
                self.step(does, comp["id"], amount)
            if self._play.kind == "evening":
                self._rival(comp, random.Random(f"{self._play.seed} {key} rival"))
        self._recorder.finished(key)

    def request(self, key: str) -> dict[str, Any] | None:
        ask = self._play.ask(key)
        return self.until_answered("request", vars(ask), key, lambda: self._door.request(ask.json(), key)).comp

    def request_another(self, key: str) -> None:
        """With a key that was used for something else."""
        ask = Ask(**(vars(self._play.ask(key)) | {"amount": 7, "remedy": "item"}))
        self.until_answered("request", vars(ask), key, lambda: self._door.request(ask.json(), key))

    def step(self, does: Does, comp: str, amount: int | None) -> None:
        asked = {"comp": comp, "amount": amount}
        self.until_answered(does, asked, None, lambda: self._door.step(does, comp, amount))

    def _rival(self, comp: dict[str, Any], pick: random.Random) -> None:
        self._others.append(comp)
        if pick.random() < RIVAL:
            other = self._others[-1 - int(pick.random() ** 3 * len(self._others))]
            self.step(pick.choice(["capture", "void"]), other["id"], None)

    def until_answered(self, does: Does, asked: dict[str, Any], key: str | None, act: Callable[[], Outcome]) -> Outcome:
        pause, until = 0.002, time.monotonic() + PATIENCE_SECONDS
        while not (outcome := self._recorder.record(does, asked, key, act)).is_known:
            if time.monotonic() > until:
                raise NoAnswerError(f"{does} {key or asked} was not answered in {PATIENCE_SECONDS:.0f} seconds")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return outcome


def replay(door: Door, log: Path, play: Play, keys: list[str]) -> None:
    """Every key again, and every tenth with another request."""
    recorder = Recorder(log)
    till = Till(door, recorder, play, [])
    for number, key in enumerate(keys):
        till.request(key)
        if number % 10 == 0:
            till.request_another(key)
    recorder.close()
    door.close()
