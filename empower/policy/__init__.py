"""Policies as files: reading and checking them, and keeping the last good set in force.

`read` tells every problem of a folder at once; `PolicySource` keeps what is in force while the files are edited.
`run_cases` holds the answers against the cases beside the policies, `change` and `write` set one value in a file, and
`laid_out` gives a file's text its layout; these are imported when they are asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from empower.policy.policies import PolicySet
from empower.policy.problems import PolicyProblemsError, Problem, ProblemName
from empower.policy.reading import Reading, read
from empower.policy.source import PolicySource

if TYPE_CHECKING:
    from empower.policy.case_runs import Report, run_cases
    from empower.policy.changing import Change, RefusedEditError, change, write
    from empower.policy.layout import laid_out

__all__ = [
    "Change",
    "PolicyProblemsError",
    "PolicySet",
    "PolicySource",
    "Problem",
    "ProblemName",
    "Reading",
    "RefusedEditError",
    "Report",
    "change",
    "laid_out",
    "read",
    "run_cases",
    "write",
]

_LATER = {
    "Report": "case_runs",
    "run_cases": "case_runs",
    "Change": "changing",
    "RefusedEditError": "changing",
    "change": "changing",
    "write": "changing",
    "laid_out": "layout",
}
"""Names of the desk, which a running server does not need, and their modules."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module `{__name__}` has no `{name}`")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
