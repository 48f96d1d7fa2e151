"""Setting up: `init`, `location`, `staff`, `key`."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from empower.cli import main

from .conftest import Run


def rows(text: str) -> list[dict[str, str]]:
    """The rows of CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def objects(text: str) -> list[dict[str, object]]:
    """The objects of JSON Lines."""
    return [json.loads(line) for line in text.splitlines()]


def test_init_makes_the_store_and_says_what_to_do_next(run: Run) -> None:
    done = run("init")
    assert done.exit_code == 0
    assert "in force: bistro (USD)" in done.output
    told = [line.split()[1:3] for line in done.output.splitlines() if line.startswith("  empower")]
    assert told == [["location", "open"], ["staff", "add"], ["key", "create"], ["serve", "--host"]]


def test_init_twice_is_as_good_as_once(run: Run) -> None:
    assert run("init").exit_code == 0
    assert run("init").exit_code == 0


def test_init_in_an_empty_folder_begins_with_the_example_policies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    env = {"EMPOWER_STORE": None, "EMPOWER_POLICIES": None, "EMPOWER_SECRET": None}
    done = CliRunner(env=env).invoke(main, ["init"], prog_name="empower", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert {"house.toml", "bistro.toml"} <= {file.name for file in (tmp_path / "policies").iterdir()}
    assert (tmp_path / "empower.db").is_file()


def test_init_does_not_begin_policies_in_a_folder_that_was_named(tmp_path: Path) -> None:
    done = CliRunner(env={"EMPOWER_STORE": f"sqlite:///{tmp_path}/x.db", "EMPOWER_SECRET": None}).invoke(
        main, ["init", "--policies", str(tmp_path / "none")], prog_name="empower", catch_exceptions=False
    )
    assert done.exit_code == 5
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("words", [("location", "list"), ("staff", "list"), ("comp", "list"), ("serve", "--port", "0")])
def test_a_store_that_is_not_set_up_says_to_run_init(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.exit_code == 1
    assert "`empower init`" in done.stderr
    assert done.stdout == ""


def spoil(policies: Path) -> int:
    """Misspell a key of the policy; the line that it stands on."""
    file = policies / "bistro.toml"
    text = file.read_text().replace('title = "Server"', 'titel = "Server"')
    file.write_text(text)
    return text.splitlines().index('titel = "Server"') + 1


def test_broken_policies_are_told_with_their_places_and_exit_5(run: Run, policies: Path) -> None:
    line = spoil(policies)
    done = run("init")
    assert done.exit_code == 5
    assert f"bistro.toml:{line}:1:" in done.stderr
    assert "did you mean `title`?" in done.stderr
    assert f"> {line} | titel" in done.stderr
    as_json = json.loads(run("location", "list", "--format", "json").stderr)
    assert as_json["code"] == "store_missing"  # nothing was half made


def test_policies_broken_later_leave_the_last_good_ones_in_force_loudly(bistro: Run, policies: Path) -> None:
    line = spoil(policies)
    done = bistro("location", "list", "--format", "json")
    assert done.exit_code == 0
    assert objects(done.stdout)[0]["policy"] == "bistro"
    assert any(item.startswith(f"bistro.toml:{line}:1:") for item in json.loads(done.stderr)["problems"])
    assert "the last good policies stay in force" in bistro("staff", "list").stderr


def test_the_store_may_be_named_before_the_command_or_after_it(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    assert run("--store", url, "init").exit_code == 0
    assert (tmp_path / "other.db").is_file()
    assert run("location", "list", "--store", url).output.startswith("no location is open")


def test_a_location_opens_under_its_policy_and_is_listed(run: Run) -> None:
    run("init")
    opened = run("location", "open", "bistro-soho", "--format", "json")
    assert opened.exit_code == 0
    assert objects(opened.output)[0]["policy"] == "bistro"
    listed = objects(run("location", "list", "--format", "json").output)
    assert [(item["id"], item["currency"], item["timezone"]) for item in listed] == [
        ("bistro-soho", "USD", "America/New_York")
    ]


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [("bistro-soho", 1, "is open already"), ("cafe-1", 5, "no policy governs `cafe-1`"), ("Bistro Soho", 2, "")],
)
def test_a_location_that_cannot_be_opened(bistro: Run, name: str, code: int, said: str) -> None:
    done = bistro("location", "open", name)
    assert done.exit_code == code
    assert said in done.stderr


def test_staff_is_added_with_dates_and_listed(bistro: Run) -> None:
    done = bistro(
        *("staff", "add", "E2000", "--name", "Max", "--role", "manager", "--at", "bistro-soho"),
        *("--from", "2026-12-01", "--until", "2026-12-31", "--guest", "loyalty:1", "--format", "json"),
    )
    assert done.exit_code == 0
    (row,) = objects(done.output)
    assert (row["since"], row["until"], row["active"]) == ("2026-12-01", "2026-12-31", False)
    listed = rows(bistro("staff", "list", "--format", "csv").output)
    assert [(row["id"], row["role"], row["from"]) for row in listed] == [
        ("E1042", "server", ""),
        ("E2000", "manager", "2026-12-01"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--role", "servr", "--at", "bistro-soho"), "did you mean `server`?"),
        (("--role", "server", "--at", "bistro-soh"), "did you mean `bistro-soho`?"),
        (("--role", "server", "--at", "bistro-soho", "--from", "yesterday"), "yesterday"),
        (("--role", "server", "--at", "bistro-soho", "--from", "2026-02-01", "--until", "2026-01-01"), "2026-01-01"),
        (("--role", "server"), "--at"),
    ],
)
def test_staff_that_cannot_be_added_is_input_to_correct(bistro: Run, words: tuple[str, ...], said: str) -> None:
    done = bistro("staff", "add", "E3", "--name", "Lee", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(bistro("staff", "list", "--format", "json").output.splitlines()) == 1


ROSTER = "id,name,location,role,from,until,guest\nE1042,Ana,bistro-soho,server,,,\nE7,Bo,bistro-soho,manager,,,\n"


def test_a_roster_is_imported_and_a_dry_run_changes_nothing(bistro: Run, tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text(ROSTER, encoding="utf-8-sig")
    dry = bistro("staff", "import", str(file), "--dry-run")
    assert dry.exit_code == 0
    assert "1 would be added, 0 would be changed, 1 unchanged" in dry.output
    assert "E7" not in bistro("staff", "list", "--format", "csv").output
    done = json.loads(bistro("staff", "import", str(file), "--format", "json").output)
    assert [row["id"] for row in done["added"]] == ["E7"]
    assert "E7" in bistro("staff", "list", "--format", "csv").output


def test_a_roster_with_a_bad_line_is_not_imported_at_all(bistro: Run) -> None:
    done = bistro("staff", "import", "-", "--format", "json", stdin=ROSTER.replace("manager", "boss"))
    assert done.exit_code == 2
    assert [error["pointer"] for error in json.loads(done.stderr)["errors"]] == ["/1/role"]
    assert "E7" not in bistro("staff", "list", "--format", "csv").output


def test_a_roster_that_is_not_utf8_is_refused(bistro: Run) -> None:
    done = bistro("staff", "import", "-", stdin=b"id,name\nE1,Ren\xe9\n")
    assert done.exit_code == 2
    assert "not UTF-8" in done.stderr


def test_a_key_is_shown_once_and_may_be_revoked(bistro: Run) -> None:
    done = bistro("key", "create", "--scope", "pos", "--at", "bistro-soho", "--format", "json")
    assert done.exit_code == 0
    made = json.loads(done.output)
    assert list(made)[:2] == ["id", "key"]
    assert made["key"].startswith("emp_")
    listed = bistro("key", "list", "--format", "json")
    assert made["key"] not in listed.output
    assert objects(listed.output)[0]["id"] == made["id"]
    assert bistro("key", "revoke", made["id"], "--why", "lost").exit_code == 0
    assert rows(bistro("key", "list", "--format", "csv").output)[0]["revoked_at"].startswith("2026-11-21T00:00")


def test_a_key_alone_is_on_standard_output_so_that_it_can_be_caught(bistro: Run) -> None:
    done = bistro("key", "create", "--scope", "pos", "--scope", "finance", "--at", "*")
    assert done.stdout.startswith("emp_")
    assert len(done.stdout.split()) == 1


def test_a_key_that_does_not_exist_cannot_be_revoked(bistro: Run) -> None:
    done = bistro("key", "revoke", "k-none", "--format", "json")
    assert done.exit_code == 1
    assert json.loads(done.stderr)["status"] == 404


def test_lists_fit_80_columns(bistro: Run) -> None:
    bistro("key", "create", "--scope", "pos", "--scope", "finance", "--scope", "admin", "--at", "*", "--name", "till 1")
    key = json.loads(bistro("key", "list", "--format", "json").output)["id"]
    assert key in bistro("key", "list").output
    for words in (("location", "list"), ("staff", "list"), ("key", "list")):
        done = bistro(*words)
        assert max(map(len, done.output.splitlines())) <= 80, done.output
        assert len(done.output.splitlines()) > 2
