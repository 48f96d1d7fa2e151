"""The cases beside policies, run before a publication; a folder without cases has nothing to run."""

from pathlib import Path

from empower.core.errors import PolicyError


def run_cases(folder: Path) -> None:
    """Raise `PolicyError` where a case of the folder fails, or its file cannot be read."""
    from empower.policy.cases import failures

    failed = list(failures(folder))
    if failed:
        more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise PolicyError(f"case `{failed[0]}` fails{more}: see `empower policy test {folder}`", code="cases_fail")
