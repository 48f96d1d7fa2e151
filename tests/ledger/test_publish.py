"""Books as static files, and an auditor who has nothing else but the key."""

import os
import shutil
import sqlite3

import pytest

from empower.core import tiles as layout
from empower.core.errors import EmpowerError
from empower.core.tiles import bundle, unbundle
from empower.evidence import tiles as checking
from empower.evidence.keys import new_signer
from empower.evidence.statements import filed, statements_in, written
from empower.evidence.tiles import check_tiles, keys_in, published
from empower.ledger import publish as publishing
from empower.ledger import signing
from empower.ledger.checkpoints import Checkpoints, Pace
from empower.ledger.outside import Outside
from empower.ledger.publish import publish
from tests.engine.house import ask


def code_of(attempt, *given) -> str:
    with pytest.raises(EmpowerError) as caught:
        attempt(*given)
    return caught.value.code


@pytest.fixture
def narrow(monkeypatch):
    """Tiles of four, so that a small book has several levels of them."""
    for module in (layout, checking, publishing):
        monkeypatch.setattr(module, "WIDTH", 4)


@pytest.fixture
def signed(house, engine, signer):
    """Lets a book grow, and signs it."""
    making = Checkpoints(engine.store, house.clock, outside=Outside(), pace=Pace())

    def grow(entries: int) -> None:
        for amount in range(1, entries + 1):
            engine.request(ask(amount))
        making.make()

    return grow


@pytest.fixture
def out(engine, signed, tmp_path, narrow):
    """What was published: two books, one of them of more than one level."""
    signed(20)
    publish(engine.store, tmp_path / "out")
    return tmp_path / "out"


def test_what_is_published_holds_for_who_has_the_key(signer, engine, out):
    heads = [check_tiles(folder, [signer.key]) for folder in published(out)]
    assert [head.location for head in heads] == ["cafe-a", "cafe-b"]
    assert heads[0].size == len(engine.entries("cafe-a").items)
    names = {str(path.relative_to(out / "cafe-a")) for path in (out / "cafe-a").rglob("*") if path.is_file()}
    assert {"checkpoint", "tile/0/000", "tile/1/000", "tile/entries/000", "tile/2/000.p/1"} <= names


def test_every_size_is_published_and_checked(engine, signer, signed, tmp_path, narrow):
    before: set[str] = set()
    for _ in range(20):
        signed(1)
        publish(engine.store, tmp_path / "out", "cafe-a")
        check_tiles(tmp_path / "out" / "cafe-a", [signer.key])
        now = {str(path) for path in (tmp_path / "out").rglob("*") if path.is_file()}
        assert before <= now
        before = now


def test_what_was_published_is_written_once(engine, out):
    assert [item.files for item in publish(engine.store, out)] == [0, 0]


def test_tiles_are_those_of_the_specification_in_earnest(engine, signer, signed, tmp_path):
    signed(3)
    publish(engine.store, tmp_path / "out")
    head = check_tiles(tmp_path / "out" / "cafe-a", [signer.key])
    assert (tmp_path / "out" / "cafe-a" / f"tile/0/000.p/{head.size}").stat().st_size == 32 * head.size


def test_a_book_that_is_not_signed_is_left_out(engine, signer, tmp_path):
    assert publish(engine.store, tmp_path / "out") == []
    (tmp_path / "out").mkdir()
    assert code_of(published, tmp_path / "out") == "nothing_published"


def test_who_knows_an_older_key_is_led_to_the_one_that_signed(house, engine, signer, signed, tmp_path):
    for _ in range(2):
        signing.rotate(engine.store, by="test", clock=house.clock)
    signed(1)
    publish(engine.store, tmp_path / "out")
    book = tmp_path / "out" / "cafe-a"
    assert code_of(check_tiles, book, [signer.key]) == "unknown_signer"
    keys = keys_in(tmp_path / "out", [signer.key])
    assert len(keys) == 3
    assert check_tiles(book, keys).size == engine.entries("cafe-a").items[-1].seq + 1
    assert len(statements_in(tmp_path / "out" / "signing-keys")) == 3


def test_a_statement_that_a_stranger_wrote_leads_nowhere(engine, signer, signed, tmp_path):
    signed(1)
    publish(engine.store, tmp_path / "out")
    stranger = new_signer(signer.key.name)
    forged = stranger.note(written(2, stranger.key, str(signer.key), "2026-11-20T23:00:00.000000Z"))
    (tmp_path / "out" / "signing-keys").write_text(filed([str(forged), "nonsense"]))
    assert keys_in(tmp_path / "out", [signer.key]) == [signer.key]
    (tmp_path / "out" / "signing-keys").write_bytes(b"\xff" * 20)
    assert code_of(keys_in, tmp_path / "out", [signer.key]) == "malformed_statement"


def edited(path, change) -> None:
    path.write_bytes(change(path.read_bytes()))


def other_entry(data: bytes) -> bytes:
    found = unbundle(data, 4)
    return bundle([*found[:2], found[2].replace(b"discount", b"discoUnt"), found[3]], 0)


def spaced_entry(data: bytes) -> bytes:
    found = unbundle(data, 4)
    return bundle([found[0].replace(b":", b": ", 1), *found[1:]], 0)


def swapped(data: bytes) -> bytes:
    found = unbundle(data, 4)
    return bundle([found[1], found[0], *found[2:]], 0)


ATTACKS = {
    "an entry changed": (lambda book: edited(book / "tile/entries/001", other_entry), "wrong_tile"),
    "an entry that is not canonical": (lambda book: edited(book / "tile/entries/001", spaced_entry), "not_canonical"),
    "two entries swapped": (lambda book: edited(book / "tile/entries/001", swapped), "wrong_entry"),
    "a bundle cut": (lambda book: edited(book / "tile/entries/001", lambda data: data[:-1]), "malformed_bundle"),
    "bytes after a bundle": (
        lambda book: edited(book / "tile/entries/001", lambda data: data + b"x"),
        "malformed_bundle",
    ),
    "a bundle gone": (lambda book: (book / "tile/entries/001").unlink(), "tile_missing"),
    "a bundle of another place": (
        lambda book: shutil.copy(book / "tile/entries/002", book / "tile/entries/001"),
        "wrong_entry",
    ),
    "a tile changed": (lambda book: edited(book / "tile/0/001", lambda data: b"x" + data[1:]), "wrong_tile"),
    "a tile cut": (lambda book: edited(book / "tile/0/001", lambda data: data[:-1]), "wrong_tile"),
    "bytes after a tile": (lambda book: edited(book / "tile/0/001", lambda data: data + b"x"), "wrong_tile"),
    "a tile above changed": (lambda book: edited(book / "tile/1/000", lambda data: bytes(128)), "wrong_tile"),
    "a tile above gone": (lambda book: (book / "tile/2/000.p/1").unlink(), "tile_missing"),
    "the checkpoint gone": (lambda book: (book / "checkpoint").unlink(), "tile_missing"),
    "the other book's checkpoint": (
        lambda book: shutil.copy(book.parent / "cafe-b" / "checkpoint", book / "checkpoint"),
        "wrong_origin",
    ),
    "the size changed": (
        lambda book: edited(book / "checkpoint", lambda data: data.replace(b"\n24\n", b"\n23\n")),
        "bad_signature",
    ),
}


@pytest.mark.parametrize(("attack", "code"), ATTACKS.values(), ids=ATTACKS)
def test_an_attack_on_the_files_is_told_by_name(signer, out, attack, code):
    assert b"\n24\n" in (out / "cafe-a" / "checkpoint").read_bytes()
    attack(out / "cafe-a")
    assert code_of(check_tiles, out / "cafe-a", [signer.key]) == code


def test_a_whole_tree_by_another_key_is_told(signer, out):
    assert code_of(check_tiles, out / "cafe-a", [new_signer(signer.key.name).key]) == "unknown_signer"


def test_nothing_is_published_of_a_history_that_was_rewritten(house, engine, out, tmp_path):
    connection = sqlite3.connect(house.file)
    connection.executescript("DROP TRIGGER entry_no_update; UPDATE entry SET leaf = x'7b7d' WHERE seq = 1")
    connection.close()
    assert code_of(publish, engine.store, tmp_path / "new") == "history_rewritten"
    assert not list((tmp_path / "new").rglob("*"))


def test_what_was_published_before_is_held_against_the_book(engine, out):
    edited(out / "cafe-a" / "tile/0/000", lambda _data: bytes(128))
    assert code_of(publish, engine.store, out) == "history_rewritten"


def test_a_book_that_was_rolled_back_is_told(engine, signer, out):
    edited(out / "cafe-a" / "checkpoint", lambda data: data.replace(b"\n24\n", b"\n25\n"))
    assert code_of(publish, engine.store, out) == "rolled_back"


def test_a_full_disk_leaves_what_was_published_whole(engine, signer, signed, out, monkeypatch):
    signed(5)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EmpowerError, match="no space left on device") as caught:
        publish(engine.store, out)
    assert caught.value.code == "not_published"
    assert not list(out.rglob("*.new"))
    assert check_tiles(out / "cafe-a", [signer.key]).size == 24
