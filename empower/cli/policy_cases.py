"""The cases beside policies, run before a publication; a folder without cases has nothing to run."""

import importlib.util
from pathlib import Path

from empower.core.errors import PolicyError


def run_cases(folder: Path) -> None:
    """Raise `PolicyError` where a case of the folder fails."""
    if importlib.util.find_spec("empower.policy.cases") is None or not any(folder.glob("**/*.cases.toml")):
        return
    cases = importlib.import_module("empower.policy.cases")
    failed = list(cases.failures(folder))
    if failed:
        more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise PolicyError(f"case `{failed[0]}` fails{more}: see `empower policy test`", code="cases_fail")
