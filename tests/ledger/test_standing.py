"""What a decision read is what the books had moved before it: exactly in one book, within its clocks across books."""

import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empower.core.counter import Usage
from empower.ledger import verify
from empower.ledger.across import SKEW, add, check_counter
from empower.ledger.findings import BookReport, LedgerFinding
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


def found_in(*rows: tuple[Any, ...]) -> list[LedgerFinding]:
    reports: dict[str, BookReport] = {}
    in_time = sorted(rows, key=lambda row: (row[4], row[5], row[6], row[-1]))
    check_counter(in_time, lambda name: reports.setdefault(name, BookReport(name)))
    return [finding for report in reports.values() for finding in report.findings]


def judged(*rows: tuple[Any, ...]) -> list[int | None]:
    return [finding.seq for finding in found_in(*rows)]


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


DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Moves and reads of three books, some at the same moment, with sums that may or may not have been there."""
    rows: list[tuple[Any, ...]] = []
    seconds = 0.0
    for seq in range(draw(st.integers(1, 40))):
        seconds += draw(st.sampled_from((0, 0, 0.5, 1, 4, 5, 11)))
        book, reads = draw(st.sampled_from("abc")), draw(st.booleans())
        first, last = sorted(draw(st.tuples(*[st.sampled_from(DAYS)] * 2)))
        spent = draw(st.integers(-3, 6))
        moment = ("@g", "group/day", "g", first, at(seconds), book, seq)
        if reads:
            rows.append((*moment, 0, sum(row[8] for row in rows if not row[-1]) + spent, 0, 0, last, 1))
        if draw(st.booleans()) or not reads:
            rows.append((*moment, 0, spent, 0, 0, None, 0))
    return rows


def allowed(read: tuple[Any, ...], moves: list[tuple[Any, ...]]) -> bool:
    """By the words alone: own moves before it, others' of long ago, and any first part of each other book's nearby."""
    first, now, book, seq, last = read[3], datetime.fromisoformat(read[4]), read[5], read[6], read[11]
    low = high = 0
    for other in "abc":
        sums = [0]
        for move in moves:
            moment = datetime.fromisoformat(move[4])
            if move[5] != other or not first <= move[3] <= last:
                continue
            if other == book:
                sums = [sums[0] + move[8] * (move[6] < seq)]
            elif moment < now - SKEW:
                sums = [sums[0] + move[8]]
            elif moment <= now + SKEW:
                sums.append(sums[-1] + move[8])
        low, high = low + min(sums), high + max(sums)
    return low <= read[8] <= high


@settings(max_examples=50)
@given(stories())
def test_reads_are_judged_as_the_words_say(rows: list[Any]):
    moves = [row for row in rows if not row[-1]]
    wrong = {(row[5], row[6]) for row in rows if row[-1] and not allowed(row, moves)}
    assert {(finding.location, finding.seq) for finding in found_in(*rows)} == wrong


def test_a_read_costs_the_same_however_many_moves_are_near(monkeypatch: pytest.MonkeyPatch):
    """Sums are counted, not seconds: at twice the moves within ten seconds, twice as many for twice as many reads."""
    added = []

    def counting(usage: Usage, move: Any) -> Usage:
        added.append(move)
        return add(usage, move)

    def sums(moves: int) -> int:
        added.clear()
        rows = [move("ab"[number % 2], 2 * number, number / 1000, 1) for number in range(moves)]
        rows += [read("ab"[number % 2], 2 * number + 1, number / 1000, *[number + 1] * 2) for number in range(moves)]
        assert judged(*rows) == []
        return len(added)

    monkeypatch.setattr("empower.ledger.across.add", counting)
    assert sums(400) <= 2.1 * sums(200)
