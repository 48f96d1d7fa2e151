"""`empower staff sessions | sign-out`: who is signed in to the pages, and the end of it."""

import json
from pathlib import Path

import pytest

from empower.engine import Engine
from tests.cli.conftest import Run

PIN = "480517"


@pytest.fixture
def signed_in(bistro: Run, tmp_path: Path) -> Run:
    """Ana is signed in on two phones."""
    assert bistro("staff", "pin", "E1042", "--pin-stdin", stdin=f"{PIN}\n").exit_code == 0
    with Engine.open(f"sqlite:///{tmp_path / 'empower.db'}", policies=tmp_path / "policies") as engine:
        for device in ("A phone", "A tablet"):
            engine.sessions.begin("E1042", PIN, device=device)
    return bistro


def test_who_is_signed_in_is_listed_in_80_columns(signed_in: Run) -> None:
    table = signed_in("staff", "sessions")
    assert table.exit_code == 0
    assert table.output.count("Ana (E1042)") == 2
    assert "A tablet" in table.output
    assert max(map(len, table.output.splitlines())) <= 80
    rows = [json.loads(line) for line in signed_in("staff", "sessions", "--format", "json").output.splitlines()]
    assert sorted((row["employee"], row["device"], row["active"]) for row in rows) == [
        ("E1042", "A phone", True),
        ("E1042", "A tablet", True),
    ]
    assert "hash" not in rows[0]


def test_one_phone_or_all_are_signed_out(signed_in: Run) -> None:
    first, _second = (
        json.loads(line) for line in signed_in("staff", "sessions", "--format", "json").output.splitlines()
    )
    ended = signed_in("staff", "sign-out", "E1042", "--session", first["id"], "--format", "json")
    assert json.loads(ended.output)["active"] is False
    assert signed_in("staff", "sessions").output.count("Ana (E1042)") == 1
    assert signed_in("staff", "sign-out", "E1042").output.count("Ana (E1042)") == 1
    assert signed_in("staff", "sessions").output == "nobody is signed in\n"
    assert signed_in("staff", "sign-out", "E1042").output == "E1042 was not signed in\n"
    assert signed_in("staff", "sessions", "--all").output.count("Ana (E1042)") == 2


def test_nobody_and_no_session_of_theirs_is_told(signed_in: Run) -> None:
    stranger = signed_in("staff", "sign-out", "E1043")
    assert (stranger.exit_code, "did you mean `E1042`?" in stranger.output) == (2, True)
    none = signed_in("staff", "sign-out", "E1042", "--session", "x")
    assert (none.exit_code, "`E1042` has no session `x`" in none.output) == (1, True)
