"""A small policy, a store under it, and the command line run in this process."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
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


def invoke(folder: Path, *args: str, stdin: str | bytes | None = None) -> Result:
    """`empower` on the store and the policies in a folder, 80 columns wide."""
    env = {
        "EMPOWER_STORE": f"sqlite:///{folder / 'empower.db'}",
        "EMPOWER_POLICIES": str(folder / "policies"),
        "COLUMNS": "80",
        "EMPOWER_SECRET": None,
    }
    return CliRunner(env=env).invoke(main, args, input=stdin, prog_name="empower", catch_exceptions=False)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a policy, and a store in which a location is open and Ana serves."""
    folder = tmp_path_factory.mktemp("bistro")
    (folder / "policies").mkdir()
    (folder / "policies" / "bistro.toml").write_text(POLICY)
    with freeze_time(EVENING):
        for words in (
            ("init",),
            ("location", "open", "bistro-soho", "--title", "Bistro Soho"),
            ("staff", "add", "E1042", "--name", "Ana", "--role", "server", "--at", "bistro-soho"),
        ):
            result = invoke(folder, *words)
            assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A folder with one policy."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "bistro.toml").write_text(POLICY)
    return folder


@pytest.fixture
def run(tmp_path: Path, policies: Path) -> Iterator[Run]:
    """`empower`, with no store yet, on a Friday evening."""
    with freeze_time(EVENING):
        yield partial(invoke, tmp_path)


@pytest.fixture
def bistro(run: Run, tmp_path: Path, template: Path) -> Run:
    """The same, with a location open and Ana serving."""
    for file in template.glob("empower.db*"):
        shutil.copy(file, tmp_path)
    return run


ASK = ("--location", "bistro-soho", "--employee", "E1042", "--remedy", "dessert", "--reason", "wrong_order")
