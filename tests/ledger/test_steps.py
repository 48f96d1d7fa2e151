"""The usual steps of a comp come to what the life of a comp makes of them, or are left to it."""

from itertools import product
from typing import Any

import pytest

from empower.ledger.findings import BookReport
from empower.ledger.lines import Line
from empower.ledger.rebuild import Rebuilt
from empower.ledger.scratch import Row, Scratch
from empower.ledger.steps import is_stamp, usual_step

AT = "2026-03-02T21:46:53.000000Z"
EXPIRES = "2026-03-02T23:46:53.000000Z"
LATE = "2026-03-02T23:46:53.000001Z"
NOTE = {"commitment": "d0d5"}
AMOUNTS: tuple[Any, ...] = (None, -1, 0, 1, 699, 700, 701, True, "700", 700.0)


def rows() -> list[Row]:
    """Comps in every state, of nothing and of something."""
    made = []
    for granted in (0, 700):
        for status, held, captured, back, expires, use in (
            ("approved", granted, 0, 0, EXPIRES, (granted, 0, 1, 0)),
            ("pending", 0, 0, 0, EXPIRES, (0, 0, 0, 0)),
            ("captured", 0, granted, 0, None, (0, granted, 0, 1)),
            ("voided", 0, 0, 0, None, (0, 0, 0, 0)),
            ("expired", 0, 0, 0, None, (0, 0, 0, 0)),
            ("denied", 0, 0, 0, None, (0, 0, 0, 0)),
            ("reversed", 0, granted, granted, None, (0, 0, 0, 0)),
        ):
            who = ("soho", "c1", status, "E1", None if status in ("pending", "denied") else "E1", "server")
            what = ("dessert", "wrong_order", None, None, None, None, None, "GBP", 700)
            amounts = (0 if status == "pending" else granted, held, captured, back, 0)
            when = ("house", "2026-03-02", AT, AT, expires, 4, 4)
            made.append((*who, *what, *amounts, *when, *use))
    return made


def bodies(kind: str) -> list[dict[str, Any]]:
    """What an entry of a kind might say, sense or not."""
    said = "amount" if kind == "reverse" else "released"
    more: list[dict[str, Any]] = [{}, {"note": NOTE}, {"note": None}, {"more": 1}, {"from": "approved"}]
    more.append({"from": "pending"})
    pairs = [{"amount": one, "released": other} for one, other in product(AMOUNTS, AMOUNTS)]
    late = {"amount": 1, "late": True, "forced": False}
    return [{}, late, *pairs, *({said: one} | other for one, other in product(AMOUNTS, more))]


def general(scratch: Scratch, row: Row, line: Line) -> tuple[Row | None, int]:
    """What the life of a comp says: the row, and how much is wrong."""
    report = BookReport("soho")
    try:
        return Rebuilt(report, scratch)._unusual(row, line), len(report.findings)
    except Exception:  # noqa: BLE001  whatever it is, the general way is the one to say so
        return None, 1


@pytest.mark.parametrize("kind", ["capture", "void", "expire", "reverse", "approve", "decline", "decision", "none"])
def test_a_usual_step_is_the_general_one(kind: str) -> None:
    scratch, usual = Scratch(), 0
    for row, body, at in product(rows(), bodies(kind), (AT, EXPIRES, LATE)):
        line = Line(9, kind, at, "c1", "till", body)
        found = usual_step(row, line)
        if found is not None:
            usual += 1
            assert (found, 0) == general(scratch, row, line)
    scratch.close()
    assert bool(usual) is (kind in ("capture", "void", "expire", "reverse"))


@pytest.mark.parametrize("kind", ["capture", "void", "expire", "reverse"])
def test_what_the_general_way_takes_without_a_word_is_usual(kind: str) -> None:
    scratch = Scratch()
    for row, body in product(rows(), bodies(kind)):
        line = Line(9, kind, LATE, "c1", "till", body)
        after, wrong = general(scratch, row, line)
        if not wrong and not body.get("late") and all(type(value) in (int, str, dict) for value in body.values()):
            assert usual_step(row, line) == after
    scratch.close()


@pytest.mark.parametrize(
    "text",
    [
        "2026-W48-1T19:42:11.000000Z",
        "2026-02-30T19:42:11.000000Z",
        "2026-11-23T24:00:00.000000Z",
        "2026-11-23 19:42:11.000000Z",
        "2026-11-23T19:42:11,000000Z",
        "٢026-11-23T19:42:11.000000Z",
        "2026-11-23T19:42:11.000000z",
        "2026-11-23T19:42:11.000000Z\n",
        None,
        7,
    ],
)
def test_what_is_no_stamp_is_left_to_be_read_in_full(text: Any) -> None:
    assert not is_stamp(text)
    assert is_stamp(AT)
