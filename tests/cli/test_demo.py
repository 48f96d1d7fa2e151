"""`empower demo`: what it shows, what it leaves behind, and that its last lines work."""

import contextlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from empower.cli import main
from empower.demo import feed, policies
from empower.demo.run import read_feed

NOW = "2026-11-20T23:59:00-0500"


def run(*words: str) -> Result:
    """`empower`, in a terminal of 80 columns, without settings from outside."""
    env = {"COLUMNS": "80", "EMPOWER_STORE": None, "EMPOWER_POLICIES": None, "EMPOWER_SECRET": None}
    return CliRunner(env=env).invoke(main, words, prog_name="empower", catch_exceptions=False)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Result]:
    """What the demo printed, in a working folder that it left its store in."""
    with contextlib.chdir(tmp_path_factory.mktemp("demo")):
        yield run("demo", "--now", NOW)


def test_the_demo_shows_an_evening_within_80_columns(played: Result) -> None:
    assert played.exit_code == 0
    printed = played.stdout.splitlines()
    assert max(len(line) for line in printed if not line.startswith("  empower ")) <= 80
    lines = read_feed(feed())
    shown = [line for line in printed if line[2:3] == ":" and line[5:6] == " "]
    assert len(shown) == len(lines)
    names = {"approve": "APPROVED", "escalate": "ESCALATED", "deny": "DENIED"}
    assert all(names[line.expect] in row for line, row in zip(lines, shown, strict=True))
    assert f"{len(lines)}/{len(lines)}" in played.stdout
    for word in ("voided", "reversed", "expired", "captured", "━", "holds, replayed"):
        assert word in played.stdout


def test_the_commands_that_the_demo_ends_with_work(played: Result) -> None:
    commands = [shlex.split(line)[1:] for line in played.stdout.splitlines() if line.startswith("  empower ")]
    assert {words[0] for words in commands} == {"ask", "budget", "comp", "key", "ledger", "serve"}
    for words in commands:
        if words[0] != "serve":
            done = run(*words)
            assert done.exit_code in (0, 3, 4), words
            assert done.stdout


def test_the_demo_may_be_played_again_and_names_another_store_for_one_that_is_not_its_own(here: Path) -> None:
    assert run("demo", "--now", NOW).exit_code == 0
    assert run("demo", "--now", NOW).exit_code == 0
    kept = run("demo", "--keep")
    assert kept.exit_code == 1
    assert "--store" in kept.stderr
    run("location", "open", "bistro-noho", "--policies", str(policies()))
    refused = run("demo", "--now", NOW)
    assert refused.exit_code == 1
    assert "is not a demo's" in refused.stderr


def test_the_demo_names_its_store_in_the_commands_if_it_is_not_the_usual_one(here: Path) -> None:
    done = run("demo", "--now", NOW, "--store", "sqlite:///other.db")
    commands = [line for line in done.stdout.splitlines() if line.startswith("  empower ")]
    assert commands
    assert all("--store sqlite:///other.db" in line for line in commands)
    assert (here / "other.db").is_file()
    assert not (here / "empower.db").exists()


def test_the_demo_as_json_is_a_comp_a_line_and_then_what_became_of_them(here: Path) -> None:
    done = run("demo", "--now", NOW, "--format", "json")
    assert done.exit_code == 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    answers = [row for row in rows if "story" in row]
    assert [row["comp"]["decision"]["outcome"] for row in answers] == [line.expect for line in read_feed(feed())]
    assert {row["step"] for row in rows if "step" in row} == {
        "approve",
        "decline",
        "capture",
        "void",
        "reverse",
        "expire",
    }


def test_the_demo_says_where_policies_are_wanting(here: Path) -> None:
    done = run("demo", "--policies", "nowhere")
    assert done.exit_code == 5
    assert "nowhere" in done.stderr
    assert not (here / "empower.db").exists()


def test_the_demo_runs_from_a_shell_on_todays_clock(here: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "empower", "demo"], cwd=here, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "holds, replayed" in done.stdout
