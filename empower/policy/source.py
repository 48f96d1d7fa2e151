"""The policies in force: the last good set of a folder, while people edit its files."""

from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Self

from empower.core.policy import Policy
from empower.policy.files import fingerprint
from empower.policy.policies import PolicySet
from empower.policy.problems import PolicyProblemsError, Problem
from empower.policy.reading import read


class _State(NamedTuple):
    """What was last read, swapped as one."""

    current: PolicySet
    problems: tuple[Problem, ...]
    marks: tuple[tuple[object, ...], ...]


class PolicySource:
    """A folder whose policies are in force; safe to share between threads.

    A folder with any problem is not in force at all: the last good set stays, whole, and `problems` says why.
    """

    def __init__(self, directory: Path, *, last_good: Iterable[Policy] = ()) -> None:
        """Read the folder, or begin with the `last_good` policies where it has problems.

        Raises `PolicyProblemsError` if there is no good set to begin with.
        """
        marks = fingerprint(directory)
        reading = read(directory)
        if not reading.problems:
            self._begin(directory, _State(reading.policies, (), marks))
            return
        kept = PolicySet(last_good)
        if not len(kept):
            raise PolicyProblemsError(reading.problems)
        self._begin(directory, _State(kept, reading.problems, marks))

    def _begin(self, directory: Path | None, state: _State) -> None:
        self._directory = directory
        self._lock = Lock()
        self._state = state

    @classmethod
    def fixed(cls, policies: Iterable[Policy]) -> Self:
        """Policies that stay in force, without files."""
        source = cls.__new__(cls)
        source._begin(None, _State(PolicySet(policies), (), ()))  # noqa: SLF001, its own
        return source

    @property
    def current(self) -> PolicySet:
        """The last good set."""
        return self._state.current

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why the files as they are now are not in force; empty if they are."""
        return self._state.problems

    def refresh(self) -> bool:
        """Read again if a file changed; whether the set in force is another one now."""
        if self._directory is None:
            return False
        with self._lock:
            before = self._state
            marks = fingerprint(self._directory)
            if marks == before.marks:
                return False
            self._state = after = _after(before, self._directory, marks)
            return after.current is not before.current


def _after(before: _State, directory: Path, marks: tuple[tuple[object, ...], ...]) -> _State:
    """The marks are older than what is read: a change in between is seen the next time."""
    reading = read(directory)
    if reading.problems:
        return _State(before.current, reading.problems, marks)
    is_same = reading.policies.digests == before.current.digests
    return _State(before.current if is_same else reading.policies, (), marks)
