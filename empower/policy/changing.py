"""Changing one value of a policy: tried first on the checks and the cases of the whole folder, then written at once."""

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from empower.core.errors import PolicyError
from empower.policy.cases import failures
from empower.policy.edits import Edit, edit
from empower.policy.problems import Problem
from empower.policy.reading import Reading, read
from empower.policy.rewriting import Original, original, replace


class RefusedEditError(PolicyError):
    """An edit with which the policies would not hold; nothing was written."""

    code = "edit_refused"
    title = "the edit is refused"
    status = 409

    def __init__(self, detail: str, problems: tuple[Problem, ...] = ()) -> None:
        """`problems` are those that the policies would have."""
        super().__init__(detail)
        self.problems = problems


class Change(NamedTuple):
    """An edit that holds, and what comes of it."""

    edit: Edit
    original: Original
    policies: tuple[str, ...]
    """That mean something else now."""
    warnings: tuple[Problem, ...]
    """That were not there before."""
    failing: tuple[str, ...]
    """Cases that expect something else: those that did before, and others only where they were to be passed over."""

    @property
    def diff(self) -> str:
        """The file's lines before and after."""
        name, source, result = self.edit.source.name, self.edit.source.text, self.edit.result.text
        return "\n".join(_diff(name, source, result))


def _diff(name: str, source: str, result: str) -> Iterator[str]:
    lines = unified_diff(source.splitlines(), result.splitlines(), f"a/{name}", f"b/{name}", lineterm="")
    return (line.rstrip("\n") for line in lines)


def change(directory: Path, policy: str, address: str, value: str, *, despite_cases: bool = False) -> Change:
    """The change that sets the value at `address` in a policy's file; nothing is written yet.

    Raises `InputError` for names and values that are not there, and `RefusedEditError` where the policies would have a
    problem, or where a case would fail that does not fail now. What fails already is no reason to refuse: of two edits
    that a case needs, one is the first.
    """
    made = edit(directory, policy, address, value)
    before = original(directory / made.source.name)
    after = read(directory, made.result)
    name = made.source.name
    if after.problems:
        count = "a problem" if len(after.problems) == 1 else f"{len(after.problems)} problems"
        raise RefusedEditError(f"`{name}` stays as it is: with this the policies have {count}", after.problems)
    now = read(directory)
    failing = tuple(failures(directory, after)) if made.is_change else ()
    known = set(failures(directory, now)) if failing else set()
    broken = [one for one in failing if one not in known]
    if broken and not despite_cases:
        raise RefusedEditError(_failing(name, broken))
    digests = now.policies.digests
    changed = tuple(one.id for one in after.policies if digests.get(one.id) != one.digest)
    return Change(made, before, changed, _new_warnings(now, after), failing)


SHOWN = 8


def _failing(name: str, broken: list[str]) -> str:
    more = [f"… and {len(broken) - SHOWN} more"] if len(broken) > SHOWN else []
    listed = "".join(f"\n  {one}" for one in [*broken[:SHOWN], *more])
    count, them = ("a case", "what it expects") if len(broken) == 1 else (f"{len(broken)} cases", "what they expect")
    return (
        f"`{name}` stays as it is: with this {count} would fail. Change {them} first, or use --despite-cases;"
        f" what fails its cases cannot be published{listed}"
    )


def _new_warnings(before: Reading, after: Reading) -> tuple[Problem, ...]:
    known = {(one.file, one.name, one.message) for one in before.warnings}
    return tuple(one for one in after.warnings if (one.file, one.name, one.message) not in known)


def write(made: Change) -> None:
    """Put the edited text in the file's place in one step; raises `ConflictError` if the file was changed meanwhile."""
    if made.edit.is_change:
        replace(made.original, made.original.with_lines_of(made.edit.result.text))
