"""A store on PostgreSQL from the command line: the demo, the roles, and moving to another database."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from empower.cli import main
from tests.conftest import SECRET, Database

NOW = "2026-11-20T23:59:00-0500"
pytestmark = pytest.mark.only("postgresql")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(main, words, prog_name="empower", catch_exceptions=False)


@pytest.mark.usefixtures("here")
def test_the_demo_runs_there_and_moves_to_sqlite_and_is_whole(database: Database) -> None:
    played = run("--store", database.url, "demo", "--now", NOW)
    assert played.exit_code == 0, played.output
    assert played.output.count("holds, replayed") == 3
    again = run("--store", database.url, "demo")
    assert again.exit_code == 1
    assert "has books already" in again.output
    moved = run("store", "copy", database.url, "sqlite:///moved.db", "--format", "json")
    assert moved.exit_code == 0, moved.output
    said = json.loads(moved.stdout)
    assert set(said["books"]) == {"bakery-chiado", "bistro-soho", "hotel-lakeshore"}
    assert said["rows"]["entry"] == sum(said["books"].values())
    checked = run("--store", "sqlite:///moved.db", "ledger", "verify", "--replay")
    assert checked.exit_code == 0, checked.output
    lists = [
        run("--store", url, "comp", "list", "--format", "json").stdout for url in (database.url, "sqlite:///moved.db")
    ]
    assert lists[0] == lists[1] != ""
    again = run("store", "copy", database.url, "sqlite:///moved.db")
    assert again.exit_code == 1
    assert "a whole store already" in again.output


@pytest.mark.usefixtures("here")
def test_init_begins_a_store_there(database: Database) -> None:
    done = run("--store", database.url, "init")
    assert done.exit_code == 0, done.output
    assert run("--store", database.url, "location", "open", "bistro-soho").exit_code == 0


def test_grants_are_printed_and_nothing_is_done(here: Path, database: Database) -> None:
    done = run("--store", database.url, "init", "--grants")
    assert done.exit_code == 0
    assert "GRANT SELECT, INSERT ON checkpoint, entry, idempotency, policy, verifier TO empower_app;" in done.output
    assert list(here.iterdir()) == []


@pytest.mark.usefixtures("here")
def test_what_has_no_citus_is_not_spread(database: Database) -> None:
    for url in ("sqlite:///here.db", database.url):
        done = run("--store", url, "init", "--distributed")
        assert done.exit_code == 1
        assert "CREATE EXTENSION citus" in done.output
        assert run("--store", url, "location", "open", "bistro-soho").exit_code == 0


@pytest.mark.usefixtures("here")
@pytest.mark.only("citus")
def test_init_spreads_a_store_and_says_the_same_again(database: Database) -> None:
    for _ in range(2):
        done = run("--store", database.url, "init", "--distributed")
        assert done.exit_code == 0, done.output
        assert "is ready" in done.output
    assert run("--store", database.url, "location", "open", "bistro-soho").exit_code == 0
    assert run("--store", database.url, "ledger", "verify").exit_code == 0


@pytest.mark.usefixtures("here")
def test_a_password_is_not_shown(database: Database) -> None:
    url = database.url.replace("//postgres@", "//postgres:sesame@")
    done = run("--store", url, "init")
    assert done.exit_code == 0, done.output
    assert "//postgres:***@" in done.output
    assert "sesame" not in done.output


@pytest.mark.usefixtures("here")
def test_without_the_secret_nothing_is_begun(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMPOWER_SECRET")
    done = run("--store", database.url, "init")
    assert done.exit_code == 1
    assert "EMPOWER_SECRET" in done.output
    monkeypatch.setenv("EMPOWER_SECRET", SECRET)
    assert run("--store", database.url, "init").exit_code == 0


@pytest.mark.usefixtures("here")
def test_a_backup_of_a_file_is_not_how_it_is_done_there(database: Database) -> None:
    run("--store", database.url, "init")
    done = run("--store", database.url, "backup", "copy.db")
    assert done.exit_code == 1
    assert "pg_dump" in done.output
