"""A rebuild makes every projection anew, as it stood when it was right; never from entries that do not hold."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from empower.core.errors import LedgerError
from empower.ledger import Rebuild, rebuild, verify
from empower.store import Store
from tests.ledger.books import benchmark

books = benchmark("books")
PLACE = "bistro-soho"
PROJECTIONS = ("comp", "counter", "measure", "staff", "location", "api_key")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    maker = books.Maker(folder, seed=5, guests=16)
    maker.play(40, at_once=6)
    maker.change_policy()
    maker.play(40, at_once=6)
    maker.engine.close()
    with sqlite3.connect(folder / "empower.db") as db:
        db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    return folder


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "empower.db"
    copy.write_bytes((made / "empower.db").read_bytes())
    return copy


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{path}")
    yield opened
    opened.close()


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """The projections, row by row; what a counter that holds nothing is worth is nothing."""
    with sqlite3.connect(path) as db:
        found = {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for name in PROJECTIONS}
    db.close()
    found["counter"] = [row for row in found["counter"] if any(row[4:])]
    found["location"] = [row[:6] + row[7:] for row in found["location"]]
    return found


def tamper(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA ignore_check_constraints=ON")
    for sql in statements:
        assert db.execute(sql).rowcount > 0
    db.close()


def test_a_rebuild_of_what_is_right_changes_nothing(path: Path, store: Store):
    before = dump(path)
    done = rebuild(store)
    assert (done.mended, done.left) == ([], [])
    assert dump(path) == before


@pytest.mark.parametrize(
    "statements",
    [
        ["DELETE FROM comp"],
        ["DELETE FROM counter", "DELETE FROM measure"],
        ["UPDATE comp SET status='voided', held_minor=0, captured_minor=0 WHERE status='captured'"],
        ["UPDATE comp SET guest='g_0' WHERE guest IS NOT NULL"],
        ["UPDATE counter SET spent_minor=spent_minor+1"],
        ["INSERT INTO counter VALUES ('bistro-soho', 'employee/day', 'E9', '2026-03-02', 0, 100, 0, 1)"],
        ["INSERT INTO counter VALUES ('nowhere', 'employee/day', 'E9', '2026-03-02', 0, 100, 0, 1)"],
        ["DELETE FROM staff WHERE employee='E3'"],
        ["UPDATE staff SET role='manager', until=NULL WHERE employee='E3'"],
        ["DELETE FROM employee WHERE id='E4'"],
        ["UPDATE location SET policy='sha256:0', recorded_at='2030', next_expiry=NULL"],
        ["UPDATE api_key SET hash=zeroblob(32), scopes='[\"admin\"]', revoked_at=NULL WHERE name='desk'"],
    ],
    ids=lambda statements: statements[0][:60],
)
def test_what_was_tampered_with_is_put_right(path: Path, store: Store, statements: list[str]):
    before = dump(path)
    tamper(path, *statements)
    assert not verify(store).ok
    done = rebuild(store)
    assert done.mended
    assert done.left == []
    assert verify(store, replay=True).ok
    assert dump(path) == before


def test_one_location_is_mended_alone(path: Path, store: Store):
    tamper(path, "UPDATE comp SET employee='E9'")
    assert {finding.location for finding in rebuild(store, PLACE).mended} == {PLACE}
    assert {finding.location for finding in verify(store).findings} == {"bistro-kent"}


def test_a_dry_run_says_the_same_and_writes_nothing(path: Path, store: Store):
    tamper(path, "UPDATE comp SET employee='E9'")
    before = dump(path)
    dry = rebuild(store, dry_run=True)
    assert dump(path) == before
    done = rebuild(store)
    assert (dry.mended, dry.left) == (done.mended, done.left)
    assert isinstance(done, Rebuild)
    assert (dry.dry_run, done.dry_run) == (True, False)


def test_what_is_not_made_from_the_entries_is_left_and_told(path: Path, store: Store):
    tamper(path, "UPDATE note SET text='it was the chef'", "UPDATE comp SET employee='E9'")
    done = rebuild(store)
    assert {finding.check for finding in done.left} == {"notes"}
    assert {finding.check for finding in done.mended} == {"comps"}


def open_entries(path: Path) -> None:
    tamper_db = sqlite3.connect(path, isolation_level=None)
    for what in ("update", "delete"):
        tamper_db.execute(f"DROP TRIGGER entry_no_{what}")
    tamper_db.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET leaf=CAST(replace(CAST(leaf AS TEXT), '\"granted\":', '\"granted\":1') AS BLOB) WHERE seq=20",
        "UPDATE entry SET hash=zeroblob(32) WHERE seq=20",
        "UPDATE entry SET kind='void' WHERE seq=20",
        "UPDATE entry SET recorded_at='2026-01-01T00:00:00.000000Z' WHERE seq=20",
        "DELETE FROM entry WHERE seq=20",
    ],
)
def test_entries_that_do_not_hold_are_no_ground_to_build_on(path: Path, store: Store, statement: str):
    open_entries(path)
    tamper(path, statement)
    before = dump(path)
    with pytest.raises(LedgerError) as raised:
        rebuild(store)
    assert raised.value.code == "entries_broken"
    assert dump(path) == before


def test_a_head_that_disagrees_is_not_overwritten_unasked(path: Path, store: Store):
    """A cut tail and a forged head look the same from inside: somebody must look at a checkpoint first."""
    tamper(path, "UPDATE location SET frontier=zeroblob(32) WHERE id='bistro-soho'")
    with pytest.raises(LedgerError) as raised:
        rebuild(store)
    assert raised.value.code == "head_disagrees"
    rebuild(store, trust_entries=True)
    assert verify(store).ok


def test_a_store_that_rebuilt_itself_knows_its_counters_anew(tmp_path: Path):
    """What the engine keeps of counters between requests must not outlive a rebuild."""
    maker = books.Maker(tmp_path, seed=3)
    maker.play(10)
    tamper(tmp_path / "empower.db", "UPDATE counter SET spent_minor=spent_minor+1000")
    maker.play(1)
    rebuild(maker.engine.store)
    maker.play(20)
    assert verify(maker.engine.store, replay=False).ok
    maker.engine.close()
