"""Every comp made anew from the entries of its book alone."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Any, get_args

from empower.core.canonical import LARGEST_INTEGER
from empower.core.comp import AmountError, StateConflictError, usage_of
from empower.core.entry import Kind, moment_of, stamp
from empower.core.history import step_of
from empower.ledger.findings import BookReport
from empower.ledger.lines import Line
from empower.ledger.scratch import ID, WIDTH, Row, Scratch
from empower.ledger.steps import is_stamp, usual_step
from empower.store.rows import COMP_COLUMNS, comp_of, comp_row
from empower.store.tables import CompRow

OF_A_COMP = ("decision", "approve", "decline", "capture", "void", "expire", "reverse")
"""Kinds of entries that begin a comp or move it; the others are about none."""
KINDS = frozenset(get_args(Kind))

COLUMNS = tuple(CompRow.model_fields)
LAST_SEQ = COMP_COLUMNS.index("last_seq")
SEQ = COMP_COLUMNS.index("seq")
NO_USE = (0, 0, 0, 0)
_STATUS = {"approve": "approved", "escalate": "pending", "deny": "denied"}


class Rebuilt:
    """The comps that the entries of one book come to."""

    def __init__(self, report: BookReport, scratch: Scratch) -> None:
        """Before the first entry."""
        self.report = report
        self.scratch = scratch

    def take(self, line: Line) -> tuple[Row | None, Row | None]:
        """One entry more: the comp's row before and after it, each followed by what it has in its counters."""
        if line.kind not in OF_A_COMP:
            if line.kind not in KINDS:
                self.report.add("life", f"there is no kind of entry `{line.kind}`", line.seq)
            elif line.comp is not None:
                self.report.add("life", f"a `{line.kind}` is about no comp, and names `{line.comp}`", line.seq)
            return None, None
        try:
            return self._decide(line) if line.kind == "decision" else self._step(line)
        except StateConflictError as conflict:
            self.report.add("life", conflict.why, line.seq)
        except (AmountError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
            self.report.add("life", f"the entry makes no sense: {error}", line.seq)
        return None, None

    def _decide(self, line: Line) -> tuple[Row | None, Row | None]:
        location = self.report.location
        if type(line.comp) is not str:
            raise ValueError("a decision without a comp")
        if self.scratch.comp(location, line.comp) is not None:
            self.report.add("life", f"comp `{line.comp}` was decided before", line.seq)
        row = first_row(location, line.seq, line.at, line.comp, line.body)
        self.scratch.put(location, line.comp, row)
        return None, row

    def _step(self, line: Line) -> tuple[Row | None, Row | None]:
        location = self.report.location
        before = self.scratch.comp(location, str(line.comp))
        if before is None:
            self.report.add("life", f"comp `{line.comp}` was never decided", line.seq)
            return None, None
        row = usual_step(before, line) or self._unusual(before, line)
        self.scratch.put(location, str(line.comp), row)
        return before, row

    def _unusual(self, before: Row, line: Line) -> Row:
        comp = comp_of(before[:WIDTH])
        step = step_of(comp, line.kind, moment_of(line.at), line.body)
        if step.body != line.body:
            self.report.add("life", f"the entry says {line.body}, it came to {step.body}", line.seq)
        after = step.comp._replace(last_seq=line.seq)
        return (*row_of(comp_row(after)), *usage_of(after))

    def compare(self, stored: Iterable[list[Row]]) -> None:
        """Hold the comps as they stand against those of the entries."""
        self.scratch.flush()
        for has, should in paired(stored, self.scratch.comps(self.report.location), ID, ID + 1):
            if should is None and has is not None:
                self.report.add("comps", f"comp `{has[ID]}` stands in no entry")
            elif has is None and should is not None:
                self.report.add("comps", f"comp `{should[ID]}` is missing", should[SEQ])
            elif has is not None and should is not None:
                said = ", ".join(
                    f"{name} is `{one}`, by the book `{other}`"
                    for name, one, other in zip(COLUMNS, has, should, strict=True)
                    if one != other
                )
                self.report.add("comps", f"comp `{should[ID]}`: {said}", should[LAST_SEQ])


def row_of(values: dict[str, Any]) -> Row:
    """The columns of a comp in the table's order."""
    return tuple([values[name] for name in COLUMNS])


def first_row(location: str, seq: int, at: str, comp_id: str, body: dict[str, Any]) -> Row:
    """The row of a comp as its decision entry made it, followed by what it has in its counters.

    What `empower.core.history.first_comp` makes, value by value; raises `ValueError`, `KeyError`, `TypeError` or
    `AttributeError` for an entry that makes no sense.
    """
    request, decision = body["request"], body["decision"]
    check = request.get("check") or {}
    outcome, granted, asked = decision["outcome"], decision["granted"], request["amount"]
    if not (type(granted) is type(asked["amount"]) is int and 0 <= granted <= asked["amount"] <= LARGEST_INTEGER):
        raise ValueError(f"`{granted}` granted of `{asked['amount']}`")
    if request["location"] != location:
        raise ValueError(f"the request is for `{request['location']}`")
    approved = outcome == "approve"
    if granted and not approved:
        raise ValueError(f"`{granted}` granted by a decision to {outcome}")
    total = check.get("total")
    expires = body.get("expires_at")
    if expires is not None and not is_stamp(expires):
        expires = stamp(moment_of(expires))
    return (
        location,
        comp_id,
        _STATUS[outcome],
        request["employee"],
        request["employee"] if approved else None,
        decision["role"] if approved else None,
        request["remedy"],
        request["reason"],
        request.get("guest"),
        request.get("incident"),
        request.get("shift"),
        check.get("id"),
        total["amount"] if total else None,
        asked["currency"],
        asked["amount"],
        granted,
        granted,
        0,
        0,
        0,
        body["policy_id"],
        _day(body["day"]),
        at,
        at,
        expires,
        seq,
        seq,
        *((granted, 0, 1, 0) if approved else NO_USE),
    )


@lru_cache(maxsize=512)
def _day(text: str) -> str:
    """A business day; raises `ValueError` for what is none."""
    return date.fromisoformat(text).isoformat()


def paired(
    stored: Iterable[list[Row]], expected: Iterable[list[Row]], first: int, last: int
) -> Iterator[tuple[Row | None, Row | None]]:
    """What stands beside what should stand, where they differ; both in the order of their key, columns `first:last`.

    Chunks that are equal as a whole are passed over at once.
    """
    left, right = iter(stored), iter(expected)
    has, should = next(left, None), next(right, None)
    while has is not None and has == should:
        has, should = next(left, None), next(right, None)
    yield from _merged(
        chain(has or (), chain.from_iterable(left)), chain(should or (), chain.from_iterable(right)), first, last
    )


def _merged(
    stored: Iterator[Row], expected: Iterator[Row], first: int, last: int
) -> Iterator[tuple[Row | None, Row | None]]:
    has, should = next(stored, None), next(expected, None)
    while has is not None or should is not None:
        if has == should:
            has, should = next(stored, None), next(expected, None)
            continue
        key = None if has is None else _key(has, first, last)
        wanted = None if should is None else _key(should, first, last)
        if key is not None and wanted is not None and key == wanted:
            yield has, should
            has, should = next(stored, None), next(expected, None)
        elif wanted is None or (key is not None and key < wanted):
            yield has, None
            has = next(stored, None)
        else:
            yield None, should
            should = next(expected, None)


def _key(row: Row, first: int, last: int) -> tuple[str, ...]:
    """A key that sorts as the database sorts it; a value that is no text sorts as it is written."""
    return tuple([value if type(value) is str else str(value) for value in row[first:last]])


def compare_counters(report: BookReport, stored: Iterable[list[Row]], expected: Iterable[list[Row]]) -> None:
    """Hold the counters as they stand against those of the entries; one that holds nothing may be left out."""
    for has, should in paired(_used(stored), expected, 0, 3):
        row = has or should or ()
        if (has is None or not any(has[3:])) and should is None:
            continue
        name = " ".join(str(part) for part in row[:3] if part)
        held, expects = tuple(has[3:]) if has else NO_USE, tuple(should[3:]) if should else NO_USE
        report.add("counters", f"counter `{name}` holds {held}, by the book {expects}")


def _used(chunks: Iterable[list[Row]]) -> Iterator[list[Row]]:
    """The counters that hold anything."""
    for chunk in chunks:
        found = [row for row in chunk if any(row[3:])]
        if found:
            yield found
