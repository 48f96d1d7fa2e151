"""Budgets as bars."""

import re
from typing import TYPE_CHECKING

from empower.cli.budget import measured
from empower.cli.output import lines, new_table, text, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table
    from rich.text import Text

    from empower.engine.views import BudgetView

WIDTH = 12
FULL_PERCENT = 80
"""From here on a bar warns."""
_pseudonym = re.compile(r"(g_[0-9a-f]{8})[0-9a-f]{24}")


def table(budgets: "Sequence[BudgetView]", zones: dict[str, str]) -> "Table":
    """Two lines a budget: what is used of it as a bar, then whose it is and when it resets."""
    rows = new_table()
    rows.add_column("limit\nsubject", overflow="fold")
    rows.add_column("used\nresets", no_wrap=True)
    rows.add_column("spent\nheld", justify="right", no_wrap=True)
    rows.add_column("left\ncap", justify="right", no_wrap=True)
    for item in budgets:
        spent, held, left, cap = (text(measured(item, n)) for n in (item.spent, item.held, item.left, item.cap))
        rows.add_row(
            lines(text(item.limit), text(_about(item), "dim")),
            lines(bar(item), text(when(item.resets_at, zones[item.location]), "dim")),
            lines(spent, held),
            lines(left, cap),
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
    """Where and whose; of a guest's pseudonym as much as tells it from others."""
    subject = "" if item.subject == item.location else _pseudonym.sub(r"\1…", item.subject)
    return f"{item.location} {subject}{' comps' if item.unit == 'count' else ''}".strip()
