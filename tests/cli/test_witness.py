"""A witness beside a store, and a store held against its witness: whole histories rewritten, and copies put back."""

import json
import shutil
import sqlite3

import pytest

from .conftest import ASK


@pytest.fixture
def seen(bistro, tmp_path):
    """A store whose head a witness remembers; gives the command that sees it again, and its memory."""
    vkey = bistro("key", "signing", "new").stdout.strip()
    bistro("ledger", "checkpoint")
    key, memory = str(tmp_path / "finance" / "key"), str(tmp_path / "finance" / "memory")
    (tmp_path / "finance").mkdir()
    assert bistro("witness", "--key", key, "--new", "finance.example/w").stdout.startswith("finance.example/w+")
    words = ("witness", "--key", key, "--memory", memory, "--from", f"sqlite:///{tmp_path / 'empower.db'}")
    first = bistro(*words, "--trust", vkey, "--format", "json")
    assert (first.exit_code, json.loads(first.stdout)["status"]) == (0, "first")
    return words, memory


def go_on(run, key: str) -> None:
    assert run("comp", "request", *ASK, "--amount", "5.00", "--key", key).exit_code == 0
    assert run("ledger", "checkpoint").exit_code == 0


def test_a_book_that_goes_on_is_cosigned_and_verified(bistro, seen):
    words, memory = seen
    go_on(bistro, "a")
    result = bistro(*words, "--format", "json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["status"]) == (0, "grown")
    assert said["note"].count("— ") == 2
    assert bistro(*words).stdout.endswith("as before\n")
    assert bistro("ledger", "verify", "--witness", memory).exit_code == 0


def test_a_witness_with_an_older_head_is_content(bistro, seen):
    _, memory = seen
    go_on(bistro, "a")
    assert bistro("ledger", "verify", "--witness", memory).exit_code == 0


def test_an_older_copy_that_is_put_back_is_caught(bistro, seen, tmp_path):
    words, memory = seen
    for file in tmp_path.glob("empower.db*"):
        shutil.copy(file, tmp_path / f"copy-{file.name}")
    go_on(bistro, "a")
    assert bistro(*words).exit_code == 0
    for file in tmp_path.glob("empower.db*"):
        file.unlink()
    for file in tmp_path.glob("copy-*"):
        file.rename(tmp_path / file.name.removeprefix("copy-"))
    assert bistro("ledger", "verify").exit_code == 0
    result = bistro("ledger", "verify", "--witness", memory)
    assert result.exit_code == 5
    assert "rolled back" in result.stdout
    refused = bistro(*words)
    assert refused.exit_code == 5
    assert "REFUSED: the book was rolled back" in refused.stdout


def test_a_history_written_anew_is_caught_by_what_is_elsewhere_alone(bistro, seen, tmp_path, monkeypatch):
    """Whoever has the database and the signing key makes another history that holds in itself."""
    words, memory = seen
    signing = (tmp_path / "empower.db.signing").read_text()
    connection = sqlite3.connect(tmp_path / "empower.db")
    deployment = connection.execute("SELECT id FROM deployment").fetchone()
    connection.close()
    for file in tmp_path.glob("empower.db*"):
        file.unlink()
    bistro("init")
    connection = sqlite3.connect(tmp_path / "empower.db")
    connection.execute("UPDATE deployment SET id = ?", deployment)
    connection.commit()
    connection.close()
    bistro("location", "open", "bistro-soho", "--why", "as if it had been so for ever")
    for name in ("E1042", "E2000", "E3000"):
        bistro("staff", "add", name, "--name", "Eve", "--role", "server", "--at", "bistro-soho")
    monkeypatch.setenv("EMPOWER_SIGNING_KEY", signing)
    assert bistro("key", "signing", "new").exit_code == 0
    assert bistro("ledger", "checkpoint").exit_code == 0
    assert bistro("ledger", "verify").exit_code == 0
    result = bistro("ledger", "verify", "--witness", memory)
    assert result.exit_code == 5
    assert "history was rewritten" in result.stdout
    refused = bistro(*words)
    assert refused.exit_code == 5
    assert "REFUSED: history was rewritten" in refused.stdout


def test_a_witness_who_has_seen_none_of_these_books_is_told(bistro, seen, tmp_path):
    _, memory = seen
    text = json.loads((tmp_path / "finance" / "memory").read_text())
    text["books"] = {}
    (tmp_path / "finance" / "memory").write_text(json.dumps(text))
    result = bistro("ledger", "verify", "--witness", memory)
    assert result.exit_code == 2
    assert "has seen no book" in result.stderr


def test_checkpoints_outside_are_held_against_the_store(bistro, seen, tmp_path):
    there = str(tmp_path / "out")
    bistro("ledger", "checkpoint", "--to", there)
    assert bistro("ledger", "verify", "--checkpoints", there).exit_code == 0
    connection = sqlite3.connect(tmp_path / "empower.db")
    connection.executescript("DROP TRIGGER checkpoint_no_delete; DELETE FROM checkpoint")
    connection.close()
    result = bistro("ledger", "verify", "--checkpoints", there)
    assert (result.exit_code, "checkpoint_no_delete" in result.stdout) == (5, True)
    file = tmp_path / "out" / "bistro-soho.checkpoints"
    lines = file.read_text().split("\n")
    file.write_text("\n".join([lines[0], str(int(lines[1]) + 1), *lines[2:]]))
    result = bistro("ledger", "verify", "--checkpoints", there)
    assert result.exit_code == 5
    assert "does not hold" in result.stderr


@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_folder_of_checkpoints_that_is_gone_is_no_store_that_holds(bistro, seen, tmp_path, monkeypatch, how):
    there = tmp_path / "out"
    if how == "environment":
        monkeypatch.setenv("EMPOWER_CHECKPOINTS", str(there))
    words = ("--checkpoints", str(there)) if how == "option" else ()
    result = bistro("ledger", "verify", *words)
    assert result.exit_code == 5
    assert f"no folder `{there}`" in result.stderr.replace("\n", "")
    assert "empower ledger checkpoint" in result.stderr
    bistro("ledger", "checkpoint", "--to", str(there))
    assert bistro("ledger", "verify", *words).exit_code == 0


def test_before_the_first_signing_key_no_folder_is_missed_that_was_not_named(bistro, tmp_path, monkeypatch):
    monkeypatch.setenv("EMPOWER_CHECKPOINTS", str(tmp_path / "out"))
    assert bistro("ledger", "verify").exit_code == 0
    result = bistro("ledger", "verify", "--checkpoints", str(tmp_path / "typo"))
    assert (result.exit_code, "no folder" in result.stderr) == (2, True)


def test_another_key_than_the_books_is_told(bistro, seen):
    result = bistro("ledger", "verify", "--key", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert result.exit_code == 5
    assert "nobody who is trusted vouches for it" in result.stdout
    assert "`PeterNeumann+c74f20a3`" in result.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--key", "no-such-file", "--memory", "m", "--from", "sqlite:///x.db"), 1, "no store at"),
        (("--key", "k"), 2, "--memory FILE"),
        (("--key", "k", "--memory", "m", "--from", "http://127.0.0.1:9"), 2, "needs an API key"),
    ],
)
def test_what_a_witness_lacks_is_told(bistro, words, code, said):
    result = bistro("witness", *words)
    assert result.exit_code == code
    assert said in result.stderr


def test_a_witness_does_not_sign_with_the_books_key(bistro, seen, tmp_path):
    words, _ = seen
    again = [str(tmp_path / "empower.db.signing") if word == words[2] else word for word in words]
    result = bistro(*again)
    assert result.exit_code == 1
    assert "needed is a witness's key" in result.stderr
