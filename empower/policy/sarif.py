"""Problems as SARIF 2.1.0 (OASIS), which editors and code review show at their places."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from empower.policy.pages import page
from empower.policy.problems import Problem, ProblemName

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(problems: Iterable[Problem], directory: Path, version: str) -> dict[str, Any]:
    """A log of one run; places are relative to where the command runs, if the folder is below it."""
    problems = list(problems)
    names = sorted({problem.name for problem in problems})
    driver = {"name": "empower policy check", "semanticVersion": version, "rules": [_rule(name) for name in names]}
    results = [_result(problem, names.index(problem.name), directory) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name: ProblemName) -> dict[str, Any]:
    text = page(name)
    return {
        "id": name.value,
        "shortDescription": {"text": text.means},
        "help": {"text": text.mend},
        "defaultConfiguration": {"level": text.severity},
    }


def _result(problem: Problem, index: int, directory: Path) -> dict[str, Any]:
    hint = f"; did you mean `{problem.near}`?" if problem.near else ""
    region = {"startLine": problem.line, "startColumn": problem.column}
    place = {"artifactLocation": {"uri": _uri(directory / problem.file)}, "region": region}
    return {
        "ruleId": problem.name.value,
        "ruleIndex": index,
        "level": problem.severity,
        "message": {"text": problem.message + hint},
        "locations": [{"physicalLocation": place}],
    }


def _uri(path: Path) -> str:
    here = Path.cwd().resolve()
    whole = path.absolute()
    return quote(whole.relative_to(here).as_posix()) if whole.is_relative_to(here) else whole.as_uri()
