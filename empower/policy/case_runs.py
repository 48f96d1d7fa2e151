"""All cases of a folder run at once: what failed, what is wrong with their files, and what they have tried."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from empower.policy.case_reading import read_cases
from empower.policy.cases import Result, run
from empower.policy.coverage import Coverage, coverage
from empower.policy.problems import Problem
from empower.policy.reading import Reading


class Report(NamedTuple):
    """What became of the cases of a folder."""

    results: tuple[Result, ...]
    problems: tuple[Problem, ...]
    """Of the policies, or else of the files of cases; then their cases are not run."""
    coverage: tuple[Coverage, ...]
    """Of each policy that has cases."""

    @property
    def failed(self) -> tuple[Result, ...]:
        """The cases that were answered otherwise than they expect."""
        return tuple(result for result in self.results if result.differences)

    @property
    def passed(self) -> bool:
        """Whether nothing failed and nothing is wrong; so it is where there are no cases."""
        return not self.problems and not self.failed


def run_cases(directory: Path, only: Collection[str] = (), reading: Reading | None = None) -> Report:
    """Run the cases of a folder, or `only` those of some policies; never raises for what stands in its files.

    `reading` is of the policies to try, where they are not those of the folder: a candidate, or an edit.
    """
    found = read_cases(directory, only, reading)
    results = tuple(run(case) for case in found.cases)
    return Report(results, found.problems, covered(found.reading, results))


def covered(reading: Reading, results: Iterable[Result]) -> tuple[Coverage, ...]:
    """What the results have tried of each policy that they speak of."""
    by_policy: dict[str, list[Result]] = {}
    for result in results:
        by_policy.setdefault(result.case.policy.policy.id, []).append(result)
    return tuple(coverage(policy, by_policy[policy.id]) for policy in reading.policies if policy.id in by_policy)
