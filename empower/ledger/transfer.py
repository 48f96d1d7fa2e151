"""A store moved to another place, verified at both ends."""

from collections.abc import Callable
from typing import NamedTuple

from empower.core.errors import LedgerError
from empower.ledger.findings import Report
from empower.ledger.verify import verify
from empower.store import Store
from empower.store.transfer import copy

Tell = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it is, and of how much."""


class Moved(NamedTuple):
    """What was moved: the entries of each book, and the rows of each table."""

    books: dict[str, int]
    rows: dict[str, int]


def transfer(source: Store, target: Store, tell: Tell) -> Moved:
    """Move a store into an empty one, or go on where that was broken off.

    Raises `LedgerError` where one of the two does not hold, `StoreError` where the target is no place for it.
    """
    before = _held(source, "verifying the source", tell)
    with source.read(across=True) as unit:
        rows = copy(unit, target, lambda done, total: tell("copying", done, total))
    after = _held(target, "verifying the copy", tell)
    grown = {book.location: book for book in after.books}
    for book in before.books:
        there = grown.get(book.location)
        if there is None or there.size < book.size or (there.size == book.size and there.root_hex != book.root_hex):
            raise LedgerError(f"the book of `{book.location}` is another in the copy", code="copy_differs")
    return Moved({book.location: book.size for book in after.books if not book.location.startswith("@")}, rows)


def _held(store: Store, label: str, tell: Tell) -> Report:
    report = verify(store, progress=lambda done, total: tell(label, done, total))
    if not report.ok:
        first = report.findings[0]
        message = f"{label}: {len(report.findings)} findings, the first in `{first.location}`: {first.message}"
        raise LedgerError(f"{message}; see `empower ledger verify`")
    return report
