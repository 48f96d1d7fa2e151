"""A budget as a bar: spent, held, what is asked, and what would be left."""

from typing import NamedTuple

from empower.engine.views import BudgetView
from empower.http.pages import words
from empower.http.pages.render import money

WIDE = 1000
"""A whole bar, in units of its drawing."""
MOST_ON_A_CARD = 3


class Bar(NamedTuple):
    """A budget, drawn: widths are parts of `WIDE`."""

    label: str
    spent: int
    held: int
    asked: int
    left: str
    """What is left before anything new: `$41.00`, `3 comps`."""
    cap: str
    resets_at: str | None
    is_over: bool
    """Whether what is asked does not fit."""


def bar(item: BudgetView, asked: int = 0, employee: str = "you") -> Bar:
    """A budget with what is `asked` of it, in minor units or as one comp of a count."""
    units = asked if item.unit == "amount" else min(asked, 1)
    spent = _part(item.spent, item.cap)
    held = min(_part(item.held, item.cap), WIDE - spent)
    return Bar(
        label=words.budget(item, employee),
        spent=spent,
        held=held,
        asked=min(_part(units, item.cap), WIDE - spent - held),
        left=_shown(item, item.left),
        cap=_shown(item, item.cap),
        resets_at=item.resets_at,
        is_over=units > item.left,
    )


def tightest(items: list[BudgetView], asked: int, employee: str) -> list[Bar]:
    """The bars that matter most to a yes: those that it would leave the least of."""
    ordered = sorted(items, key=lambda item: _room(item, asked))
    return [bar(item, asked, employee) for item in ordered[:MOST_ON_A_CARD]]


def _room(item: BudgetView, asked: int) -> int:
    """What would be left, as a part of the whole."""
    left = item.left - (asked if item.unit == "amount" else 1)
    return left * WIDE // max(item.cap, 1)


def _part(value: int, cap: int) -> int:
    """A share of the bar; the least that is there is seen."""
    if value <= 0:
        return 0
    return WIDE if cap <= 0 else max(12, min(WIDE, value * WIDE // cap))


def _shown(item: BudgetView, value: int) -> str:
    if item.currency is not None:
        return money(value, item.currency)
    return f"{value} comp" if value == 1 else f"{value} comps"
