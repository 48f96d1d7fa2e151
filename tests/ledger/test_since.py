"""Going on from a verification that was kept: later entries are walked, and all projections are held to all of them."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from empower.core.errors import StoreError
from empower.ledger import verify
from tests.ledger.books import benchmark

books = benchmark("books")


@pytest.fixture
def maker(tmp_path: Path) -> Any:
    made = books.Maker(tmp_path, seed=4, guests=16)
    made.play(40, at_once=6)
    yield made
    made.engine.close()


def kept(maker: Any, tmp_path: Path) -> Path:
    path = tmp_path / "verified"
    assert verify(maker.engine.store, replay=True, since=path).ok
    return path


def edit(maker: Any, *statements: str) -> None:
    db = sqlite3.connect(maker.url.removeprefix("sqlite:///"), isolation_level=None)
    for what in ("update", "delete"):
        db.execute(f"DROP TRIGGER entry_no_{what}")
    for sql in statements:
        assert db.execute(sql).rowcount > 0
    db.execute("CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'no'); END")
    db.execute("CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'no'); END")
    db.close()


@pytest.mark.parametrize("replay", [False, True])
def test_it_comes_to_the_same_root_as_a_whole_one(maker: Any, tmp_path: Path, replay: bool):
    path = kept(maker, tmp_path)
    maker.change_policy()
    maker.play(40, at_once=6)
    for _ in range(2):
        on = verify(maker.engine.store, replay=replay, since=path)
        whole = verify(maker.engine.store, replay=True)
        assert on.findings == whole.findings == []
        assert [(book.size, book.root_hex) for book in on.books] == [(book.size, book.root_hex) for book in whole.books]
        maker.play(5)


def test_earlier_entries_are_not_walked_again(maker: Any, tmp_path: Path):
    path = kept(maker, tmp_path)
    steps: list[tuple[int, int]] = []
    verify(maker.engine.store, since=path, progress=lambda done, of: steps.append((done, of)))
    assert steps == []
    maker.play(3)
    size = sum(view.size for view in maker.engine.locations())
    verify(maker.engine.store, since=path, progress=lambda done, of: steps.append((done, of)))
    assert steps[-1] == (size, size)


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE comp SET employee='E9' WHERE seq=(SELECT MIN(seq) FROM comp)", "comps"),
        ("UPDATE counter SET spent_count=spent_count+1", "counters"),
        ("UPDATE staff SET role='owner' WHERE employee='E3'", "staff"),
        ("DELETE FROM guest", "guests"),
        ("DELETE FROM idempotency", "idempotency"),
        ("UPDATE api_key SET revoked_at=NULL WHERE name='desk'", "keys"),
        ("UPDATE location SET frontier=zeroblob(length(frontier))", "root"),
        ("DELETE FROM entry WHERE seq=(SELECT MAX(seq) FROM entry AS e WHERE e.location=entry.location)", "sequence"),
    ],
)
def test_what_is_made_of_earlier_entries_is_still_held_to_them(maker: Any, tmp_path: Path, statement: str, check: str):
    path = kept(maker, tmp_path)
    edit(maker, statement)
    assert check in {finding.check for finding in verify(maker.engine.store, since=path).findings}


def test_an_entry_behind_it_is_only_found_by_a_whole_verification(maker: Any, tmp_path: Path):
    """What going on does not prove: that the earlier entries still are what they were."""
    path = kept(maker, tmp_path)
    edit(maker, "UPDATE entry SET leaf=zeroblob(10) WHERE seq=3")
    assert verify(maker.engine.store, since=path).ok
    assert not verify(maker.engine.store).ok


def test_what_does_not_hold_is_not_kept(maker: Any, tmp_path: Path):
    path = kept(maker, tmp_path)
    before = path.read_bytes()
    maker.play(3)
    edit(maker, "UPDATE comp SET employee='E9'")
    assert not verify(maker.engine.store, since=path).ok
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\x00" * 4080])
def test_a_file_that_holds_no_verification_is_refused_and_left(maker: Any, tmp_path: Path, content: bytes):
    path = tmp_path / "verified"
    path.write_bytes(content)
    with pytest.raises(StoreError) as raised:
        verify(maker.engine.store, since=path)
    assert raised.value.code == "since_unreadable"
    assert path.read_bytes() == content


def test_it_is_readable_by_its_owner_alone(maker: Any, tmp_path: Path):
    assert kept(maker, tmp_path).stat().st_mode & 0o777 == 0o600
