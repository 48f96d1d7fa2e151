"""The usual steps of a comp, taken on its row: what nearly every entry is.

Whatever is not quite usual is left to `empower.core.history.step_of`, which says what is wrong with it; the tests hold
the two equal.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from empower.ledger.lines import Line
from empower.ledger.scratch import WIDTH, Row
from empower.store.rows import COMP_COLUMNS

STATUS, GRANTED, HELD, CAPTURED, REVERSED, UPDATED, EXPIRES, LAST_SEQ = (
    COMP_COLUMNS.index(name)
    for name in (
        "status",
        "granted_minor",
        "held_minor",
        "captured_minor",
        "reversed_minor",
        "updated_at",
        "expires_at",
        "last_seq",
    )
)
NO_USE = [0, 0, 0, 0]
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d\.\d{6}Z", re.ASCII).fullmatch


def is_stamp(text: Any) -> bool:
    """Whether a value is a moment just as `empower.core.entry.stamp` writes it: such ones compare as text."""
    if type(text) is not str or _STAMP(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def usual_step(before: Row, line: Line) -> Row | None:
    """The comp's row, with its usage, after a capture, void, expiry or reversal; None where it is not a usual one."""
    take = _STEPS.get(line.kind)
    if take is None or not is_stamp(line.at):
        return None
    row = list(before)
    if not take(row, line.body, line.at):
        return None
    row[UPDATED], row[LAST_SEQ] = line.at, line.seq
    return tuple(row)


def _capture(row: list[Any], body: dict[str, Any], _at: str) -> bool:
    held, amount = row[HELD], body.get("amount")
    if row[STATUS] != "approved" or not _is_of(amount, held):
        return False
    row[STATUS], row[HELD], row[CAPTURED], row[EXPIRES] = "captured", 0, amount, None
    row[WIDTH:] = [0, amount, 0, 1]
    return body == {"amount": amount, "released": held - amount}


def _void(row: list[Any], body: dict[str, Any], _at: str) -> bool:
    held = row[HELD]
    if row[STATUS] != "approved":
        return False
    row[STATUS], row[HELD], row[EXPIRES] = "voided", 0, None
    row[WIDTH:] = NO_USE
    return body == _noted({"released": held}, body)


def _expire(row: list[Any], body: dict[str, Any], at: str) -> bool:
    status, held, expires = row[STATUS], row[HELD], row[EXPIRES]
    if status not in ("approved", "pending") or expires is None or expires > at:
        return False
    if status == "pending":
        row[GRANTED] = 0
    row[STATUS], row[HELD], row[EXPIRES] = "expired", 0, None
    row[WIDTH:] = NO_USE
    return body == {"released": held, "from": status}


def _reverse(row: list[Any], body: dict[str, Any], _at: str) -> bool:
    captured, amount = row[CAPTURED], body.get("amount")
    if row[STATUS] != "captured" or not _is_of(amount, captured):
        return False
    left = captured - amount
    row[STATUS], row[REVERSED] = "reversed", amount
    row[WIDTH:] = [0, left, 0, 1 if left else 0]
    return body == _noted({"amount": amount}, body)


def _is_of(amount: Any, most: Any) -> bool:
    """Whether it is an amount that may be taken of `most`: nothing only of nothing."""
    return type(amount) is type(most) is int and (0 < amount <= most or amount == most == 0)


def _noted(said: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    note = body.get("note")
    return said if note is None else said | {"note": note}


_STEPS: dict[str, Callable[[list[Any], dict[str, Any], str], bool]] = {
    "capture": _capture,
    "void": _void,
    "expire": _expire,
    "reverse": _reverse,
}
