"""Counters: what the book holds and spent, over a scope, a filter and a window.

A counter measures, a limit caps: the key says what is measured and nothing of the limit or the role, so all limits
that measure the same share one counter, and renaming a limit or changing its cap moves no money.
"""

from typing import NamedTuple


class CounterKey(NamedTuple):
    """What is measured: the measure, whose, and from which business day.

    `measure` is scope and bucket with the filter behind it (`employee/day`, `guest/ever?remedies=dessert,item`);
    `subject` the scope's values joined by `|`; `start` the first business day of the bucket, or empty.
    """

    measure: str
    subject: str
    start: str


class Usage(NamedTuple):
    """Minor units and comps, encumbered by holds and spent by captures."""

    held_minor: int = 0
    spent_minor: int = 0
    held_count: int = 0
    spent_count: int = 0


UNUSED = Usage()


class Needed(NamedTuple):
    """A counter to be read: its buckets from `key.start` to `last`, both included, summed."""

    key: CounterKey
    last: str
    wide: bool
    """Kept across the locations of the policy, not in one book."""


class Move(NamedTuple):
    """What one entry does to the counters of a comp: added to each, field by field."""

    held_minor: int = 0
    spent_minor: int = 0
    held_count: int = 0
    spent_count: int = 0


def moved(usage: Usage, move: Move) -> Usage:
    """The counter after the move; raises `ValueError` if anything in it would fall below zero."""
    after = Usage(
        usage.held_minor + move.held_minor,
        usage.spent_minor + move.spent_minor,
        usage.held_count + move.held_count,
        usage.spent_count + move.spent_count,
    )
    if min(after) < 0:
        raise ValueError(f"a counter may not fall below zero: {tuple(usage)} moved by {tuple(move)}")
    return after


def subject_of(values: tuple[str, ...]) -> str:
    """The scope's values as one string, `|` between them and escaped within them."""
    if len(values) == 1:
        return values[0]
    return "|".join(value.replace("\\", "\\\\").replace("|", "\\|") for value in values)
