"""A small policy, a store under it, and the command line run in this process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from freezegun import freeze_time

from empower.cli import main

POLICY = """\
[policy]
id = "bistro"
locations = ["bistro-*"]

[calendar]
timezone = "America/New_York"
currency = "USD"
day_starts = 04:00:00
week_starts = "monday"

[remedies.apology]
title = "A sincere apology"
most = 0.00
zero = true

[remedies.dessert]
title = "A dessert on the house"
most = 15.00

[remedies.waive_check]
title = "The whole check"

[reasons.wrong_order]
title = "Wrong item served"
dimension = "reliability"
stage = "serving"
remedies = ["apology", "dessert", "waive_check"]

[roles.server]
title = "Server"
remedies = ["apology", "dessert", "waive_check"]
limits.comp = { amount = 12.00 }
limits.day = { per = "employee", every = "day", amount = 30.00 }

[roles.manager]
title = "Manager"
remedies = ["*"]
approves = ["server"]
limits.comp = { amount = 200.00 }

[guards.no_alcohol]
when = { item_categories = ["alcohol"] }
then = "deny"
say = "Alcohol may not be given away."
"""
EVENING = "2026-11-20T19:00:00-05:00"

Run = Callable[..., Result]


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A folder with one policy."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "bistro.toml").write_text(POLICY)
    return folder


@pytest.fixture
def run(tmp_path: Path, policies: Path) -> Iterator[Run]:
    """`empower`, on a store of its own, on a Friday evening, 80 columns wide."""
    env = {
        "EMPOWER_STORE": f"sqlite:///{tmp_path / 'empower.db'}",
        "EMPOWER_POLICIES": str(policies),
        "COLUMNS": "80",
        "EMPOWER_SECRET": None,
    }

    def invoke(*args: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner(env=env).invoke(main, args, input=stdin, prog_name="empower", catch_exceptions=False)

    with freeze_time(EVENING, ignore=["tests"]):
        yield invoke


@pytest.fixture
def bistro(run: Run) -> Run:
    """The same, with a location open and Ana serving."""
    for words in (
        ("init",),
        ("location", "open", "bistro-soho", "--title", "Bistro Soho"),
        ("staff", "add", "E1042", "--name", "Ana", "--role", "server", "--at", "bistro-soho"),
    ):
        result = run(*words)
        assert result.exit_code == 0, result.output
    return run


ASK = ("--location", "bistro-soho", "--employee", "E1042", "--remedy", "dessert", "--reason", "wrong_order")
