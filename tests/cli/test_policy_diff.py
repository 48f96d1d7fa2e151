"""`empower policy diff`: between folders, files, ids and publications."""

import json
import shutil
from pathlib import Path

import pytest

from .conftest import Run

POLICIES = Path(__file__).parents[2] / "policies"


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    """The policies that come along, with a concierge's day raised from 450 to 600, of which no case speaks."""
    folder = tmp_path / "candidate"
    shutil.copytree(POLICIES, folder)
    file = folder / "hotel.toml"
    file.write_text(file.read_text().replace("amount = 450.00, count = 15", "amount = 600.00, count = 15"))
    return folder


def test_between_folders(run: Run, candidate: Path) -> None:
    done = run("policy", "diff", str(POLICIES), str(candidate))
    assert done.exit_code == 0
    assert "looser  roles.concierge.limits.day.amount" in done.stdout
    assert "450.00 → 600.00" in done.stdout
    assert "for concierge" in done.stdout
    assert "with $445.01 of roles.concierge.limits.day used" in done.stdout
    assert "escalate to duty_manager → approve" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "bakery" not in done.stdout
    assert run("policy", "diff", str(POLICIES), str(POLICIES)).stdout == "they mean the same\n"


def test_a_file_and_json(run: Run, candidate: Path) -> None:
    done = run("policy", "diff", str(POLICIES / "hotel.toml"), str(candidate / "hotel.toml"), "--format", "json")
    said = json.loads(done.stdout)
    assert said["differences"] == [
        {
            "address": "roles.concierge.limits.day.amount",
            "was": "450.00",
            "now": "600.00",
            "direction": "looser",
            "roles": ["concierge"],
        }
    ]
    assert {answer["limit"] for answer in said["answers"]} >= {"roles.concierge.limits.day"}
    assert said["was"] != said["now"]


def test_between_what_is_in_force_publications_and_files(bistro: Run, candidate: Path) -> None:
    assert bistro("policy", "publish", str(POLICIES), "--why", "to begin with").exit_code == 0
    assert bistro("policy", "publish", str(candidate), "--why", "holidays").exit_code == 0
    between = bistro("policy", "diff", "1", "2").stdout
    assert "450.00 → 600.00" in between
    assert bistro("policy", "diff", "in-force", str(POLICIES)).stdout == "they mean the same\n"  # no hotel is open
    assert bistro("location", "open", "hotel-lakeshore").exit_code == 0
    assert "600.00 → 450.00" in bistro("policy", "diff", "in-force", str(POLICIES)).stdout
    missing = bistro("policy", "diff", "1", "9")
    assert missing.exit_code == 1
    assert "9" in missing.stderr


def test_what_is_none_of_them(run: Run) -> None:
    done = run("policy", "diff", "bistr", "bakery", "--policies", str(POLICIES))
    assert done.exit_code == 2
    assert "did you mean `bistro`?" in done.stderr


def test_a_folder_with_problems_is_not_compared(run: Run, candidate: Path) -> None:
    (candidate / "bistro.toml").write_text("[policy]\n")
    done = run("policy", "diff", str(POLICIES), str(candidate))
    assert done.exit_code == 5
    assert "bistro.toml:1:2" in done.stderr
