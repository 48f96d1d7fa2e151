"""Checkpoints: made from the entries, kept, written outside; and nothing signed over a rewritten history."""

import json
import os
import sqlite3
import sys
from datetime import UTC, datetime

import pytest

from empower.cli.errors import BROKEN, exit_code
from empower.core.checkpoint import opened
from empower.core.errors import EmpowerError, LedgerError
from empower.evidence.keys import new_signer, verify
from empower.ledger import signing
from empower.ledger import verify as verify_books
from empower.ledger.checked import check_checkpoints, heads_outside
from empower.ledger.checkpoints import Checkpoints, Pace
from empower.ledger.outside import Outside, configured, notes_in
from tests.engine.house import House, ask


def refused(attempt, *given, **named) -> str:
    with pytest.raises(EmpowerError) as caught:
        attempt(*given, **named)
    return caught.value.code


def checkpoints(house, engine, **named) -> Checkpoints:
    return Checkpoints(engine.store, house.clock, **({"outside": Outside(), "pace": Pace()} | named))


def findings(engine, *keys):
    with engine.store.read() as unit:
        return check_checkpoints(unit, keys)


def tamper(house: House, *statements: str) -> None:
    """Whoever owns the database may drop its triggers."""
    connection = sqlite3.connect(house.file)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for sql in statements:
        connection.execute(sql)
    connection.commit()
    connection.close()


def test_a_checkpoint_says_size_and_root_and_is_signed(house, engine, signer):
    made = checkpoints(house, engine).make("cafe-a")[0]
    signed = opened(made.note, [signer.key], verify)
    assert signed.checkpoint.origin == f"empower/{engine.deployment.id}/cafe-a"
    assert (signed.checkpoint.size, signed.checkpoint.root.hex()) == (made.size, made.root_hex)
    assert made.size == len(house.kinds("cafe-a"))
    assert made.fresh


def test_a_book_that_did_not_grow_keeps_the_checkpoint_it_has(house, engine, signer):
    first = checkpoints(house, engine).make()
    again = checkpoints(house, engine).make()
    assert [item.location for item in first] == ["cafe-a", "cafe-b"]
    assert [item._replace(fresh=True) for item in again] == first
    assert [item.fresh for item in again] == [False, False]


def test_the_heads_of_all_checkpoints_are_to_be_met(house, engine, signer):
    making = checkpoints(house, engine)
    made = making.make("cafe-a")
    engine.request(ask())
    signing.rotate(engine.store, by="test", clock=house.clock)
    made += making.make("cafe-a")
    found = findings(engine)
    assert found.findings == []
    assert found.heads == [("cafe-a", item.size, item.root_hex, True) for item in made]


def test_an_unknown_location_is_refused_with_the_nearest(house, engine, signer):
    with pytest.raises(EmpowerError, match="did you mean `cafe-a`"):
        checkpoints(house, engine).make("cafe-aa")


def test_without_a_key_there_is_no_checkpoint_and_none_is_due(house, engine):
    assert refused(checkpoints(house, engine).make) == "signing_key_missing"
    assert checkpoints(house, engine, pace=Pace(1, 1)).due() == []


def test_checkpoints_are_due_after_so_many_entries_or_so_long(house, engine, signer):
    making = checkpoints(house, engine, pace=Pace(entries=2, seconds=60))
    assert [item.location for item in making.due()] == ["cafe-a", "cafe-b"]
    assert making.due() == []
    engine.request(ask())
    assert making.due() == []
    house.clock.go(seconds=60)
    assert [(item.location, item.fresh) for item in making.due()] == [("cafe-a", True)]
    house.clock.go(seconds=60)
    assert making.due() == []
    engine.request(ask())
    engine.request(ask())
    assert [item.location for item in making.due()] == ["cafe-a"]


def test_a_business_day_that_ended_is_signed_with_the_first_look_at_the_next(house, engine, signer):
    making = checkpoints(house, engine, pace=Pace(entries=1000, seconds=10**7))
    making.make()
    four_in_new_york = datetime(2026, 11, 21, 9, tzinfo=UTC)
    house.clock.go(seconds=(four_in_new_york - house.clock()).total_seconds() - 1)
    engine.request(ask())
    assert making.due() == []
    house.clock.go(seconds=1)
    assert [(item.location, item.size) for item in making.due()] == [("cafe-a", len(house.kinds("cafe-a")))]
    assert making.due() == []
    engine.request(ask())
    assert making.due() == []


def test_an_entry_of_the_new_day_that_came_first_does_not_hide_that_the_old_one_ended(house, engine, signer):
    making = checkpoints(house, engine, pace=Pace(entries=1000, seconds=10**7))
    making.make()
    engine.request(ask())
    house.clock.go(seconds=86_400 * 40)
    engine.request(ask())
    assert [item.location for item in making.due()] == ["cafe-a"]
    assert making.due() == []


REWRITTEN = {
    "an entry edited": (
        "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), '1000', '1001') AS BLOB) WHERE seq = {last}"
    ),
    "the root of the head": "UPDATE location SET frontier = zeroblob(length(frontier))",
    "an entry gone": "DELETE FROM entry WHERE seq = {last}",
    "the head moved": "UPDATE location SET size = size - 1",
}


@pytest.mark.parametrize("sql", REWRITTEN.values(), ids=REWRITTEN)
def test_nothing_is_signed_over_a_history_that_was_rewritten(house, engine, signer, sql):
    making = checkpoints(house, engine)
    making.make()
    for _ in range(3):
        engine.request(ask())
    tamper(house, sql.format(last=len(house.kinds()) - 1))
    assert refused(making.make, "cafe-a") == "history_rewritten"
    assert len(house.query("SELECT * FROM checkpoint WHERE location = 'cafe-a'")) == 1


def test_a_book_that_is_shorter_than_what_was_signed_is_not_signed_again(house, engine, signer):
    making = checkpoints(house, engine)
    size = making.make("cafe-a")[0].size
    tamper(house, f"DELETE FROM entry WHERE seq = {size - 1}", "UPDATE location SET size = size - 1")
    assert refused(making.make, "cafe-a") == "rolled_back"


CHANGED = {
    "the size": "UPDATE checkpoint SET size = size + 1",
    "the location": "UPDATE checkpoint SET location = 'cafe-c' WHERE location = 'cafe-a'",
    "the note's size": (
        "UPDATE checkpoint SET note = replace(note, char(10) || size || char(10), char(10) || '1' || char(10))"
    ),
    "the signature": "UPDATE checkpoint SET note = substr(note, 1, length(note) - 6) || 'AAAA=' || char(10)",
    "the note gone": "UPDATE checkpoint SET note = ''",
    "the note of the other book": (
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE location = 'cafe-b') WHERE location = 'cafe-a'"
    ),
    "the frontier": "UPDATE checkpoint SET frontier = zeroblob(length(frontier))",
    "the frontier cut": "UPDATE checkpoint SET frontier = zeroblob(3)",
    "the time": "UPDATE checkpoint SET made_at = '2020-01-01T00:00:00.000000Z'",
    "the time's form": "UPDATE checkpoint SET made_at = 'yesterday'",
    "a trigger": "SELECT 1",
}


@pytest.mark.parametrize("sql", CHANGED.values(), ids=CHANGED)
def test_a_changed_checkpoint_is_found(house, engine, signer, sql):
    checkpoints(house, engine).make()
    tamper(house, sql)
    checks = {finding.check for finding in findings(engine).findings}
    assert checks == {"triggers"} if sql == "SELECT 1" else {"triggers", "checkpoint"}


def test_a_checkpoint_of_a_stranger_is_found_and_makes_no_head(house, engine, signer):
    made = checkpoints(house, engine).make("cafe-a")[0]
    stranger = new_signer(signer.key.name)
    text = made.note.split("\n\n")[0] + "\n"
    tamper(house, "DELETE FROM checkpoint")
    connection = sqlite3.connect(house.file)
    row = ("cafe-a", made.size, str(stranger.note(text)), b"", made.made_at)
    connection.execute("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    found = findings(engine, signer.key)
    assert found.heads == []
    assert "to be trusted is" in found.findings[-1].message


def test_checkpoints_are_appended_outside_once_each(house, engine, signer, tmp_path):
    making = checkpoints(house, engine, outside=Outside(tmp_path / "out"))
    first = making.make("cafe-a")[0]
    making.make("cafe-a")
    engine.request(ask())
    second = making.make("cafe-a")[0]
    file = tmp_path / "out" / "cafe-a.checkpoints"
    assert file.read_text() == f"{first.note}\n{second.note}\n"
    assert heads_outside(tmp_path / "out", [signer.key], signer.key.name) == [
        ("cafe-a", item.size, item.root_hex, True) for item in (first, second)
    ]


def test_one_that_is_outside_alone_is_missed_in_the_store(house, engine, signer, tmp_path):
    made = checkpoints(house, engine, outside=Outside(tmp_path / "out")).make("cafe-a")[0]
    heads = heads_outside(tmp_path / "out", [signer.key], signer.key.name)
    assert verify_books(engine.store, heads=heads).ok
    tamper(house, "DELETE FROM checkpoint")
    assert [item.message for item in verify_books(engine.store, heads=heads).findings if item.check != "triggers"] == [
        f"the checkpoint of {made.size} entries, which is known outside, is gone from the store"
    ]


def test_another_deployment_is_not_what_was_signed_for(house, engine, signer):
    checkpoints(house, engine).make("cafe-a")
    tamper(house, "UPDATE deployment SET id = '019caf7e-0e80-71d6-b138-27592bb63bfb'")
    assert [item.check for item in verify_books(engine.store).findings if item.check != "triggers"] == ["checkpoint"]


def test_one_that_is_only_in_the_store_is_written_outside_later(house, engine, signer, tmp_path):
    made = checkpoints(house, engine).make("cafe-a")[0]
    checkpoints(house, engine, outside=Outside(tmp_path)).make("cafe-a")
    assert list(notes_in(tmp_path / "cafe-a.checkpoints")) == [made.note]


def test_a_store_that_was_put_back_is_caught_by_what_stands_outside(house, engine, signer, tmp_path):
    """Every table is as it was, checkpoints too: only what stands elsewhere knows better."""
    making = checkpoints(house, engine, outside=Outside(tmp_path / "out"))
    making.make("cafe-a")
    engine.request(ask())
    before = making.make("cafe-a")[0].size - 1
    tamper(
        house,
        f"DELETE FROM entry WHERE location = 'cafe-a' AND seq = {before}",
        f"DELETE FROM checkpoint WHERE location = 'cafe-a' AND size > {before}",
        "UPDATE location SET size = (SELECT size FROM checkpoint WHERE location = 'cafe-a'), "
        "frontier = (SELECT frontier FROM checkpoint WHERE location = 'cafe-a') WHERE id = 'cafe-a'",
    )
    assert findings(engine).heads[0].size == before
    assert refused(making.make, "cafe-a") == "rolled_back"


def test_a_history_that_was_written_anew_is_caught_by_what_stands_outside(house, engine, signer, tmp_path):
    making = checkpoints(house, engine, outside=Outside(tmp_path / "out"))
    making.make("cafe-a")
    tamper(house, "DELETE FROM checkpoint WHERE location = 'cafe-a'")
    engine.request(ask())
    file = tmp_path / "out" / "cafe-a.checkpoints"
    head = opened(next(iter(notes_in(file))), [signer.key], verify).checkpoint
    file.write_text(str(signer.note(head._replace(root=bytes(32)).text)) + "\n")
    assert refused(making.make, "cafe-a") == "history_rewritten"


def test_what_is_torn_outside_is_passed_over_and_nothing_is_lost(house, engine, signer, tmp_path):
    making = checkpoints(house, engine, outside=Outside(tmp_path))
    first = making.make("cafe-a")[0]
    file = tmp_path / "cafe-a.checkpoints"
    file.write_text(file.read_text() + first.note[:40])
    engine.request(ask())
    second = making.make("cafe-a")[0]
    assert list(notes_in(file)) == [first.note, second.note]


def test_a_full_disk_leaves_the_file_as_it_was_and_the_checkpoint_in_the_store(
    house, engine, signer, tmp_path, monkeypatch
):
    making = checkpoints(house, engine, outside=Outside(tmp_path))
    making.make("cafe-a")
    file = tmp_path / "cafe-a.checkpoints"
    before = file.read_bytes()
    engine.request(ask())

    written = os.write

    def full(handle: int, data: bytes) -> int:
        if written(handle, data[:20]):
            raise OSError(28, "No space left on device")
        return 0

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(EmpowerError, match="no space left on device") as caught:
        making.make("cafe-a")
    monkeypatch.undo()
    assert caught.value.code == "checkpoint_not_outside"
    assert file.read_bytes() == before
    assert len(findings(engine).heads) == 2
    making.make("cafe-a")
    assert len(list(notes_in(file))) == 2


def test_a_command_gets_the_note_and_no_shell_reads_its_words(house, engine, signer, tmp_path):
    there = tmp_path / "got; echo $HOME"
    command = (sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())", str(there))
    made = checkpoints(house, engine, outside=Outside(command=command)).make("cafe-a")[0]
    assert there.read_text() == made.note


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('no room')"), "exit code 1, no room"),
        (("no-such-command-here",), "no such file"),
    ],
)
def test_a_command_that_fails_is_told_and_nothing_is_lost(house, engine, signer, command, said):
    with pytest.raises(EmpowerError, match=said) as caught:
        checkpoints(house, engine, outside=Outside(command=command)).make("cafe-a")
    assert caught.value.code == "checkpoint_not_outside"
    assert len(findings(engine).heads) == 1


def test_a_command_that_does_not_end_is_ended(house, engine, signer, monkeypatch):
    monkeypatch.setattr("empower.ledger.outside.COMMAND_SECONDS", 0.05)
    command = (sys.executable, "-c", "import threading; threading.Event().wait()")
    making = checkpoints(house, engine, outside=Outside(command=command))
    with pytest.raises(EmpowerError, match="more than") as caught:
        making.make("cafe-a")
    assert caught.value.code == "checkpoint_not_outside"


def test_the_configuration_is_read_from_the_environment(tmp_path):
    words = ["logger", "-t", "empower"]
    found = configured({"EMPOWER_CHECKPOINTS": str(tmp_path), "EMPOWER_CHECKPOINT_COMMAND": json.dumps(words)})
    assert found == Outside(tmp_path, tuple(words))
    assert configured({}) == Outside()


@pytest.mark.parametrize("text", ["logger -t empower", "[]", '[""]', "[1]", '{"a": 1}', '"logger"'])
def test_a_command_that_is_no_list_of_words_is_refused(text):
    assert refused(configured, {"EMPOWER_CHECKPOINT_COMMAND": text}) == "checkpoint_command"


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", ""])
def test_a_pace_that_is_no_number_is_refused(house, engine, monkeypatch, text):
    monkeypatch.setenv("EMPOWER_CHECKPOINT_SECONDS", text)
    assert refused(Checkpoints, engine.store, house.clock) == "checkpoint_pace"


def test_a_ledger_error_ends_with_its_own_exit_code():
    assert exit_code(LedgerError("x")) == BROKEN
