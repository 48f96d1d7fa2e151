"""What was asked and answered, and when: a line before each call and one after it, in a file that a kill leaves whole.

Times are nanoseconds of the machine's monotonic clock, which all of its processes share.
"""

import itertools
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

Does = Literal["request", "capture", "void", "reverse"]


class Outcome(NamedTuple):
    """What came of a call: a comp, a refusal's code, or neither where the same has to be asked again."""

    comp: dict[str, Any] | None = None
    refused: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether it was answered."""
        return self.comp is not None or self.refused is not None


LOST = Outcome()


@dataclass(frozen=True)
class Call:
    """One attempt."""

    does: Does
    asked: dict[str, Any]
    """The request; for a later step `comp` and `amount`."""
    key: str | None
    start: int
    end: int | None = None
    """None if whoever asked died over it."""
    outcome: Outcome = LOST


class Recorder:
    """Writes down the calls of one process; safe for its threads."""

    def __init__(self, path: Path) -> None:
        """Goes on at the end of the file `path`."""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._numbers = itertools.count()
        self._name = f"{os.getpid()}-{time.monotonic_ns()}"

    def record(self, does: Does, asked: dict[str, Any], key: str | None, act: Callable[[], Outcome]) -> Outcome:
        """Call `act` between two lines."""
        number = f"{self._name}-{next(self._numbers)}"
        self._write({"call": number, "does": does, "asked": asked, "key": key, "start": time.monotonic_ns()})
        outcome = act()
        self._write({"call": number, "end": time.monotonic_ns(), **outcome._asdict()})
        return outcome

    def finished(self, key: str) -> None:
        """Nothing more is to be done for the request of this key."""
        self._write({"finished": key})

    def _write(self, said: dict[str, Any]) -> None:
        # One call of the system is one line: nothing comes between, and a kill cuts none.
        os.write(self._file, json.dumps(said, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Nothing more is recorded."""
        os.close(self._file)


def lines(path: Path) -> list[dict[str, Any]]:
    """What a file of records says; none if it was never begun."""
    said = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in said if line.endswith(b"\n")]


def size(path: Path) -> int:
    """Of a file of records, in bytes; 0 if it was never begun."""
    return path.stat().st_size if path.exists() else 0


def calls(paths: Iterable[Path]) -> list[Call]:
    """All attempts in some files of records."""
    found: dict[str, Call] = {}
    for said in itertools.chain.from_iterable(map(lines, paths)):
        if "start" in said:
            found[said["call"]] = Call(said["does"], said["asked"], said["key"], said["start"])
        elif "end" in said:
            begun = found[said["call"]]
            outcome = Outcome(said["comp"], said["refused"])
            found[said["call"]] = Call(begun.does, begun.asked, begun.key, begun.start, said["end"], outcome)
    return list(found.values())


def begun_and_finished(path: Path) -> tuple[set[str], set[str]]:
    """The keys that were asked with, and those of which nothing is left to be done."""
    said = lines(path)
    begun = {line["key"] for line in said if line.get("does") == "request"}
    return begun, {line["finished"] for line in said if "finished" in line}
