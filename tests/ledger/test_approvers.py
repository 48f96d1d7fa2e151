"""Who said yes, who stands in for whom and whose PIN it is: as the books tell it, and made anew from them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from empower.engine.proofs import Hasher
from empower.ledger import rebuild, verify
from empower.store import Store
from tests.ledger.books import benchmark

books = benchmark("books")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    maker = books.Maker(folder, seed=7, guests=16)
    maker.answer()
    maker.publish()
    maker.engine.close()
    with closing(sqlite3.connect(folder / "empower.db")) as db:
        db.execute("PRAGMA journal_mode=DELETE")
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


def tamper(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints=ON")
        assert db.execute(sql, values).rowcount > 0


def said(store: Store) -> list[tuple[str, str]]:
    return [(item.check, item.message) for item in verify(store, replay=True).findings]


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return sorted(db.execute(f"SELECT * FROM {table}"))


def test_what_stands_is_what_the_books_say(store: Store, path: Path):
    assert said(store) == []
    assert (len(rows(path, "approval")), len(rows(path, "delegation")), len(rows(path, "pin"))) == (3, 3, 3)


@pytest.mark.parametrize(
    ("sql", "check"),
    [
        ("DELETE FROM approval", "approvals"),
        ("UPDATE approval SET seq = seq + 1", "approvals"),
        ("UPDATE approval SET authority = requester", "approvals"),
        ("DELETE FROM delegation", "delegations"),
        ("UPDATE delegation SET until = '2027-01-01T00:00:00.000000Z'", "delegations"),
        ("INSERT INTO delegation SELECT location, id || 'x', delegate, delegator, since, until FROM delegation", ""),
    ],
)
def test_approvals_and_delegations_are_made_anew_from_the_entries(store: Store, path: Path, sql: str, check: str):
    before = {name: rows(path, name) for name in ("approval", "delegation")}
    tamper(path, sql)
    assert {name for name, _ in said(store)} == {check or "delegations"}
    assert rebuild(store).left == []
    assert {name: rows(path, name) for name in before} == before


def test_a_pin_that_somebody_put_there_is_told_and_no_rebuild_makes_it_good(store: Store, path: Path):
    same = Hasher(time_cost=1, memory_kib=8, parallelism=1).digest("480517")
    tamper(path, "UPDATE pin SET hash = ? WHERE employee = 'E0'", same)
    tamper(path, "DELETE FROM pin WHERE employee = 'E5'")
    tamper(path, "INSERT INTO pin VALUES ('E6', 'x', '2026-03-04T00:00:00.000000Z')")
    moment = next(row[2] for row in rows(path, "pin") if row[0] == "E0")
    wanted = [
        ("pins", f"the PIN of `E0` is not the one that was set at {moment}"),
        ("pins", "the PIN of `E6` was set by no entry"),
        ("pins", "the PIN of `E5` is missing"),
    ]
    assert said(store) == wanted
    assert [(item.check, item.message) for item in rebuild(store).left] == wanted


def test_no_hash_of_a_pin_stands_in_a_book(path: Path):
    with closing(sqlite3.connect(path)) as db:
        leaves = b"".join(leaf for (leaf,) in db.execute("SELECT leaf FROM entry"))
    assert b"argon2" not in leaves
    assert leaves.count(b'"does":"pin"') == 7


def test_the_text_of_a_policy_that_still_waits_is_missed(store: Store, path: Path):
    with closing(sqlite3.connect(path)) as db:
        waits = "SELECT value FROM publication, json_each(policies) WHERE confirmed_by IS NULL AND waits_for <> '[]'"
        names = [name for (name,) in db.execute(waits)]
    assert len(names) == 1
    tamper(path, "DELETE FROM policy WHERE digest = ?", names[0])
    assert said(store) == [("policies", f"the text of `{names[0]}`, which was published, is lost")]


def test_a_moment_of_confirmation_that_nobody_gave_is_told(store: Store, path: Path):
    tamper(path, "UPDATE publication SET confirmed_at = at WHERE confirmed_by IS NULL AND waits_for <> '[]'")
    assert [check for check, _ in said(store)] == ["publications"]
