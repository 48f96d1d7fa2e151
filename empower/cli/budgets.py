"""Budgets as bars."""

from typing import TYPE_CHECKING

from empower.cli.budget import measured
from empower.cli.output import lines, new_table, text, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table
    from rich.text import Text

    from empower.engine.views import BudgetView

WIDTH = 14
FULL_PERCENT = 80
"""From here on a bar warns."""


def table(budgets: "Sequence[BudgetView]", zones: dict[str, str]) -> "Table":
    """A bar a budget: spent, then held, of the cap."""
    rows = new_table()
    rows.add_column("limit", overflow="fold")
    rows.add_column("used", no_wrap=True)
    for name in ("spent", "held", "left", "cap"):
        rows.add_column(name, justify="right", no_wrap=True)
    for item in budgets:
        numbers = (item.spent, item.held, item.left, item.cap)
        rows.add_row(
            lines(text(item.limit), text(_about(item), "dim")),
            lines(bar(item), text(_resets(item, zones), "dim")),
            *(text(measured(item, number)) for number in numbers),
        )
    return rows


def bar(item: "BudgetView", width: int = WIDTH) -> "Text":
    """Spent, held and left of a cap in `width` cells; whatever is used shows."""
    used = item.spent + item.held
    cap = max(item.cap, used, 1)
    cells = _cells(used, cap, width)
    spent = min(cells, _cells(item.spent, cap, width))
    colour = "red" if used >= item.cap else "yellow" if used * 100 >= FULL_PERCENT * item.cap else "green"
    drawn = text("━" * spent, colour)
    drawn.append("╍" * (cells - spent), colour)
    return drawn.append("─" * (width - cells), "dim")


def _cells(used: int, cap: int, width: int) -> int:
    if used <= 0:
        return 0
    return max(1, min(width, used * width // cap))


def _about(item: "BudgetView") -> str:
    return " ".join(part for part in (item.location, item.subject if item.subject != item.location else "") if part)


def _resets(item: "BudgetView", zones: dict[str, str]) -> str:
    return f"to {when(item.resets_at, zones[item.location])}" if item.resets_at else "for ever"
