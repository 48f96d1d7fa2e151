"""Reading a folder of policies: everything that is right with it, and everything that is wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from empower.policy import files, lineage
from empower.policy.file_checks import FILE_CHECKS
from empower.policy.invariant_checks import broken_invariants
from empower.policy.meaning import meaning
from empower.policy.merge import Whole
from empower.policy.oddities import oddities
from empower.policy.policies import PolicySet
from empower.policy.problems import Problem
from empower.policy.shape import File, shaped


@dataclass(frozen=True)
class Reading:
    """What a folder holds."""

    policies: PolicySet
    """The policies that govern locations and have no problem; in force only if nothing in the folder has one."""
    problems: tuple[Problem, ...]
    """All at once, by file, line and column."""
    ids: tuple[str, ...] = ()
    """Of all policies that were found, those that are there to be extended included."""
    wholes: tuple[Whole, ...] = ()
    """What `policies` were made from, in their order."""

    @property
    def two_people_for(self) -> str | None:
        """`looser` if any of the policies asks for two people before a looser rule comes into force."""
        asked = (whole.document.publishing.two_people_for for whole in self.wholes)
        return next((said for said in asked if said), None)

    @cached_property
    def warnings(self) -> tuple[Problem, ...]:
        """What is merely odd, by file, line and column; looked for when it is asked for, and not on a reload."""
        pairs = zip(self.wholes, self.policies, strict=True)
        return _sorted(oddities(pairs))


def read(directory: Path, instead: files.Text | None = None) -> Reading:
    """Read and check all policies of a folder; never raises for what stands in its files.

    `instead` takes the place of the file of its name.
    """
    texts, problems = files.load(directory, instead)
    is_readable = not problems
    found: list[File] = []
    for text in texts:
        file, wrong = shaped(text)
        problems += wrong
        if file:
            problems += [file.problem(fault) for check in FILE_CHECKS for fault in check(file)]
            found.append(file)
    problems += lineage.duplicates(found)
    problems += lineage.extends(found, is_complete=is_readable and len(found) == len(texts))
    unusable = {problem.file for problem in problems}
    tied = list(lineage.ties(found))
    unusable |= {file.source.name for one, other, _ in tied for file in (one, other)}
    good, wrong = lineage.checked(lineage.wholes(found))
    usable = [whole for whole in good if not any(file.source.name in unusable for file in whole.chain)]
    problems += [*wrong, *(problem for _, _, problem in tied)]
    governing = [(whole, meaning(whole)) for whole in usable if whole.document.policy.locations]
    broken = broken_invariants(governing)
    problems += lineage.told(broken)
    held = [(whole, policy) for whole, policy in governing if not any(whole in having for having in broken.values())]
    return Reading(
        PolicySet(policy for _, policy in held),
        _sorted(problems),
        tuple(sorted({file.id for file in found})),
        tuple(whole for whole, _ in held),
    )


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(set(problems), key=lambda one: (one.file, one.line, one.column, one.name, one.message)))
