"""Policies as files: reading and checking them, and keeping the last good set in force.

`read` tells every problem of a folder at once; `PolicySource` keeps what is in force while the files are edited.
"""

from empower.policy.policies import PolicySet
from empower.policy.problems import PolicyProblemsError, Problem, ProblemName
from empower.policy.reading import Reading, read
from empower.policy.source import PolicySource

__all__ = ["PolicyProblemsError", "PolicySet", "PolicySource", "Problem", "ProblemName", "Reading", "read"]
