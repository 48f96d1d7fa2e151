"""What a decision read is what the books had moved before it: exactly in one book, within its clocks across books."""

import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from empower.ledger import verify
from empower.ledger.continuity import SKEW, _check_counter
from empower.ledger.findings import BookReport
from empower.store import Store
from tests.ledger.books import benchmark

books = benchmark("books")
tamper = benchmark("tamper")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    maker = books.Maker(folder, seed=7, guests=16)
    maker.play(60, at_once=6)
    maker.change_policy()
    maker.play(60, at_once=6)
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


def checks(path: Path, **asked: Any) -> dict[str, list[int | None]]:
    store = Store.open(f"sqlite:///{path}")
    try:
        found: dict[str, list[int | None]] = {}
        for finding in verify(store, **asked).findings:
            found.setdefault(finding.check, []).append(finding.seq)
        return found
    finally:
        store.close()


def rewrite(path: Path, place: str, change: Any) -> None:
    """Rewrite a book whole, as only the database's owner could: leaves, hashes, head."""
    db = sqlite3.connect(path, isolation_level=None)
    for what in ("update", "delete"):
        db.execute(f"DROP TRIGGER entry_no_{what}")
    lines = [
        json.loads(leaf) for (leaf,) in db.execute("SELECT leaf FROM entry WHERE location=? ORDER BY seq", (place,))
    ]
    change(lines)
    tamper.write_book(db, place, lines)
    db.close()


def reads(lines: list[dict[str, Any]], measure: str) -> list[tuple[int, list[Any]]]:
    """Where the book read a counter that held something: seq and row."""
    return [
        (said["seq"], row)
        for said in lines
        if said["kind"] == "decision"
        for row in said["body"]["standing"]
        if row and row[0] == measure and any(row[3:])
    ]


def test_books_as_the_engine_writes_them_hold(path: Path):
    assert checks(path, replay=True) == {}


@pytest.mark.parametrize("measure", ["employee/day", "guest/day", "location/month", "employee/week-monday"])
@pytest.mark.parametrize("field", [3, 4, 5, 6], ids=["held", "spent", "held count", "spent count"])
def test_one_more_or_less_than_the_book_had_is_found(path: Path, measure: str, field: int):
    seqs = []

    def change(lines: list[dict[str, Any]]) -> None:
        seq, row = reads(lines, measure)[-1]
        row[field] += 1
        seqs.append(seq)

    rewrite(path, "bistro-soho", change)
    assert seqs[0] in checks(path, replay=True)["standing"]


def test_a_rolling_window_is_the_sum_of_its_days(path: Path):
    """The window begins a month ago: what it held before today is counted as well."""
    seqs = []

    def change(lines: list[dict[str, Any]]) -> None:
        by_seq = {said["seq"]: said for said in lines}
        seq, row = next(found for found in reads(lines, "guest/day") if found[1][2] < by_seq[found[0]]["body"]["day"])
        row[6] = 0
        seqs.append(seq)

    rewrite(path, "bistro-soho", change)
    assert seqs[0] in checks(path, replay=True)["standing"]


def test_a_counter_across_books_is_held_to_what_all_of_them_had(path: Path):
    seqs = []

    def change(lines: list[dict[str, Any]]) -> None:
        seq, row = reads(lines, "group/day")[-1]
        row[4] += 100_000
        seqs.append(seq)

    rewrite(path, "bistro-soho", change)
    assert seqs[0] in checks(path, replay=True)["standing"]


def test_another_decision_moves_what_later_ones_should_have_read(path: Path):
    """A comp made larger after the fact shows in the first decision that read its counters."""

    def change(lines: list[dict[str, Any]]) -> None:
        said = next(said for said in lines if said["kind"] == "decision" and said["body"]["decision"]["granted"] > 1)
        said["body"]["decision"]["granted"] -= 1

    rewrite(path, "bistro-soho", change)
    assert "standing" in checks(path, replay=True)


NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


def at(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def move(book: str, seq: int, seconds: float, spent: int) -> tuple[Any, ...]:
    return ("@g", "group/day", "g", "2026-03-02", at(seconds), book, seq, 0, spent, 0, 1, None, 0)


def read(book: str, seq: int, seconds: float, spent: int, count: int) -> tuple[Any, ...]:
    return ("@g", "group/day", "g", "2026-03-02", at(seconds), book, seq, 0, spent, 0, count, "2026-03-02", 1)


def judged(*rows: tuple[Any, ...]) -> list[int | None]:
    reports: dict[str, BookReport] = {}
    in_time = sorted(rows, key=lambda row: (row[4], row[5], row[6], row[-1]))
    _check_counter(in_time, lambda name: reports.setdefault(name, BookReport(name)))
    return [finding.seq for report in reports.values() for finding in report.findings]


FAR = 2 * SKEW.total_seconds()


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([read("a", 0, 0, 0, 0)], []),
        ([read("a", 0, 0, 1, 0)], [0]),
        ([move("a", 0, 0, 5), read("a", 1, 0, 5, 1)], []),
        ([move("a", 0, 0, 5), read("a", 1, 0, 0, 0)], [1]),
        ([move("b", 0, 0, 5), read("a", 1, 0, 5, 1)], []),
        ([move("b", 0, 0, 5), read("a", 1, 0, 0, 0)], []),
        ([move("b", 0, 0, 5), read("a", 1, 0, 6, 1)], [1]),
        ([move("b", 0, 0, 5), read("a", 1, FAR, 0, 0)], [1]),
        ([move("b", 0, FAR, 5), read("a", 1, 0, 5, 1)], [1]),
        ([move("b", 0, -FAR, 5), move("c", 0, 0, 7), read("a", 1, 0, 12, 2)], []),
        ([move("b", 0, -FAR, 5), move("c", 0, 0, 7), read("a", 1, 0, 5, 1)], []),
        ([move("b", 0, -FAR, 5), move("c", 0, 0, 7), read("a", 1, 0, 7, 1)], []),
        ([move("b", 0, -FAR, 5), move("c", 0, 0, 7), read("a", 1, 0, 4, 1)], [1]),
    ],
    ids=str,
)
def test_what_may_be_read_across_books(rows: list[Any], found: list[int]):
    """Own moves are certain; another book's are within the clocks' difference, and certain beyond it."""
    assert judged(*rows) == found
