"""Signing, proving and checking as a person at a terminal does it."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from empower.evidence.keys import Signer

from .conftest import ASK


@pytest.fixture
def receipt(bistro, tmp_path):
    """A comp's receipt in a file; gives the vkey, the comp and the file."""
    vkey = bistro("key", "signing", "new").stdout.strip()
    comp = json.loads(bistro("comp", "request", *ASK, "--amount", "10.00", "--format", "json").stdout)["id"]
    assert bistro("ledger", "checkpoint").exit_code == 0
    path = tmp_path / "comp.tlog-proof"
    assert bistro("ledger", "prove", comp, "--out", str(path)).exit_code == 0
    return vkey, comp, path


def test_a_receipt_is_checked_with_nothing_but_the_key(bistro, receipt):
    vkey, comp, path = receipt
    result = bistro("ledger", "check", str(path), "--key", vkey, "--format", "json")
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert (said["holds"], said["entry"]["comp"], said["signed_by"]) == (True, comp, [vkey])
    for_people = bistro("ledger", "check", str(path), "--key", vkey).stdout
    assert for_people.startswith("holds: entry 3 of empower/")
    assert f"comp {comp}" in for_people


def test_a_check_imports_no_database_and_no_server(receipt):
    vkey, _, path = receipt
    program = (
        "import sys; from empower.cli import main; main(sys.argv[1:], standalone_mode=False); "
        "print(sorted({'sqlalchemy', 'sqlmodel', 'fastapi', 'alembic', 'socket'} & set(sys.modules)))"
    )
    words = [sys.executable, "-c", program, "ledger", "check", str(path), "--key", vkey]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_older_key_and_the_statements_are_enough(bistro, receipt, tmp_path):
    vkey, comp, path = receipt
    bistro("key", "signing", "rotate")
    assert bistro("ledger", "checkpoint").exit_code == 0
    assert bistro("ledger", "prove", comp, "--out", str(path)).exit_code == 0
    assert bistro("ledger", "publish", str(tmp_path / "out")).exit_code == 0
    assert bistro("ledger", "check", str(path), "--key", vkey).exit_code == 5
    statements = str(tmp_path / "out" / "signing-keys")
    assert bistro("ledger", "check", str(path), "--key", vkey, "--statements", statements).exit_code == 0
    assert bistro("ledger", "check-tiles", str(tmp_path / "out"), "--key", vkey).exit_code == 0


def test_a_finding_is_one_line_with_what_where_and_what_it_means(bistro, receipt, tmp_path):
    _, comp, _ = receipt
    with closing(sqlite3.connect(tmp_path / "empower.db")) as db:
        db.execute("UPDATE comp SET remedy = 'item'")
        db.commit()
    result = bistro("ledger", "verify", "--format", "json")
    assert result.exit_code == 5
    assert json.loads(result.stdout)["findings"] == [
        {
            "seq": 3,
            "check": "comps",
            "message": f"comp `{comp}`: remedy is `item`, by the book `dessert`",
            "means": "a comp was changed beside its entries; a rebuild mends it",
        }
    ]
    assert "a rebuild mends it)" in " ".join(bistro("ledger", "verify").stdout.split())
    assert bistro("ledger", "rebuild").exit_code == 0
    assert bistro("ledger", "verify").exit_code == 0


def test_an_entry_of_another_type_is_told_and_proves_nothing(bistro, receipt, tmp_path):
    _, comp, _ = receipt
    with closing(sqlite3.connect(tmp_path / "empower.db")) as db:
        db.execute("DROP TRIGGER entry_no_update")
        db.execute("UPDATE entry SET leaf = CAST(leaf AS TEXT)")
        db.commit()
    result = bistro("ledger", "prove", comp)
    assert result.exit_code == 1
    assert "is not as it was written" in result.stderr


def test_a_changed_receipt_ends_with_5(bistro, receipt):
    vkey, _, path = receipt
    lines = path.read_text().split("\n")
    path.write_text("\n".join([*lines[:2], "index 0", *lines[3:]]))
    result = bistro("ledger", "check", str(path), "--key", vkey)
    assert result.exit_code == 5
    assert "the receipt is for entry 0" in result.stderr


def test_a_receipt_of_another_deployment_is_told(bistro, receipt):
    _, _, path = receipt
    other = "empower/other+59dc24f4+AZopgjUD/DeqIZ92DCLPlLqCEnp7ri+GTJXPPH0M8ZAz"
    assert bistro("ledger", "check", str(path), "--key", other).exit_code == 2
    result = bistro("ledger", "check", str(path), "--key", str(Signer("empower/other", bytes(32)).key))
    assert result.exit_code == 5
    assert "to be trusted is `empower/other" in result.stderr


def test_what_is_no_key_and_no_receipt_is_told(bistro, receipt, tmp_path):
    vkey, _, path = receipt
    assert bistro("ledger", "check", str(path), "--key", "hello").exit_code == 2
    assert bistro("ledger", "check", str(path)).exit_code == 2
    assert bistro("ledger", "check", str(tmp_path / "none"), "--key", vkey).exit_code == 2
    (tmp_path / "junk").write_bytes(b"\xff" * 100)
    result = bistro("ledger", "check", str(tmp_path / "junk"), "--key", vkey, "--format", "json")
    assert (result.exit_code, json.loads(result.stderr)["code"]) == (5, "malformed_receipt")


def test_keys_may_stand_in_a_file(bistro, receipt, tmp_path):
    vkey, _, path = receipt
    (tmp_path / "trusted").write_text(f"{vkey}\n")
    assert bistro("ledger", "check", str(path), "--key", str(tmp_path / "trusted")).exit_code == 0


def test_receipts_stay_good_after_the_key_was_rotated(bistro, receipt):
    vkey, comp, path = receipt
    newer = bistro("key", "signing", "rotate").stdout.strip()
    bistro("ledger", "checkpoint")
    again = bistro("ledger", "prove", comp).stdout
    assert bistro("ledger", "check", str(path), "--key", vkey).exit_code == 0
    assert bistro("ledger", "check", "-", "--key", newer, stdin=again).exit_code == 0
    assert bistro("ledger", "check", "-", "--key", vkey, stdin=again).exit_code == 5
    assert [line for line in bistro("key", "signing", "show").stdout.splitlines() if "+" in line] == [vkey, newer]
    assert bistro("ledger", "verify").exit_code == 0


def test_a_comp_has_a_receipt_for_each_of_its_entries_and_no_other(bistro, receipt):
    _, comp, _ = receipt
    bistro("comp", "capture", comp)
    bistro("ledger", "checkpoint")
    view = json.loads(bistro("comp", "show", comp, "--format", "json").stdout)
    last = view["entries"][-1]["seq"]
    assert bistro("ledger", "prove", comp, "--seq", str(last)).exit_code == 0
    assert bistro("ledger", "prove", comp, "--seq", "0").exit_code == 2


def test_a_checkpoint_goes_where_it_is_told(bistro, receipt, tmp_path):
    result = bistro("ledger", "checkpoint", "--to", str(tmp_path / "out"), "--format", "json")
    note = json.loads(result.stdout)["note"]
    assert (tmp_path / "out" / "bistro-soho.checkpoints").read_text() == f"{note}\n"


def test_without_a_key_the_way_to_one_is_told(bistro):
    result = bistro("ledger", "checkpoint")
    assert result.exit_code == 1
    assert "run `empower key signing new`" in result.stderr


def test_a_place_that_cannot_be_written_is_told(bistro, receipt, tmp_path):
    (tmp_path / "file").write_text("")
    result = bistro("ledger", "checkpoint", "--to", str(tmp_path / "file"))
    assert result.exit_code == 2
    _, comp, _ = receipt
    assert bistro("ledger", "prove", comp, "--out", str(tmp_path / "no" / "where")).exit_code == 1


def test_what_is_published_is_checked_with_nothing_but_the_key(bistro, receipt, tmp_path):
    vkey, _, _ = receipt
    there = tmp_path / "public"
    assert bistro("ledger", "publish", str(there)).exit_code == 0
    result = bistro("ledger", "check-tiles", str(there), "--key", vkey, "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["origin"].endswith("/bistro-soho")
    assert bistro("ledger", "check-tiles", str(there), "--key", vkey).stdout.endswith("holds\n")
    tile = next((there / "bistro-soho" / "tile" / "0").rglob("*.p/*"))
    tile.write_bytes(bytes(len(tile.read_bytes())))
    broken = bistro("ledger", "check-tiles", str(there), "--key", vkey)
    assert broken.exit_code == 5
    assert "is not the tile that the entries make" in broken.stderr
