"""Rows as a table that fits 80 columns, as JSON one a line, or as CSV.

JSON is the view itself. CSV has plain amounts with the currency beside, and no cell that a spreadsheet would run.
"""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import click

from empower.cli.amounts import Cash
from empower.cli.errors import printable

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

Cell = str | int | bool | Cash | None
FORMULA = ("=", "+", "-", "@")
OUTCOMES = {
    "approve": "APPROVED",
    "escalate": "ESCALATED",
    "deny": "DENIED",
}
COLOURS = {
    "approve": "bold green",
    "escalate": "bold yellow",
    "deny": "bold red",
    "approved": "green",
    "captured": "green",
    "pending": "yellow",
    "denied": "red",
    "declined": "red",
    "expired": "dim",
    "voided": "dim",
    "reversed": "magenta",
}


class Column(NamedTuple):
    """A column of CSV, and of the plain table: its name, and its cell of a row."""

    name: str
    cell: Callable[[Any], Cell]


def show(
    rows: "Sequence[BaseModel]",
    form: str,
    columns: Sequence[Column],
    *,
    table: "Callable[[], RenderableType] | None" = None,
    empty: str = "nothing",
) -> None:
    """Print `rows` in the format `form`; `table` draws them where the plain table of the columns would be too wide."""
    if form == "json":
        for row in rows:
            click.echo(as_json(row))
    elif form == "csv":
        click.echo(as_csv(rows, columns), nl=False)
    elif not rows:
        click.echo(empty)
    else:
        console().print(table() if table else plain_table(rows, columns))


def as_json(value: "BaseModel | dict[str, Any]") -> str:
    """A view as one line of JSON."""
    plain = value if isinstance(value, dict) else value.model_dump(mode="json")
    return json.dumps(plain, ensure_ascii=False)


def as_csv(rows: Iterable[Any], columns: Sequence[Column], *, header: bool = True) -> str:
    """The rows under a header."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow([column.name for column in columns])
    writer.writerows([_csv(column.cell(row)) for column in columns] for row in rows)
    return out.getvalue()


def _csv(cell: Cell) -> str:
    """A cell as text; what would begin a spreadsheet's formula is quoted, as spreadsheets do."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Cash):
        return cell.plain
    if isinstance(cell, int):
        return str(cell)
    clean = printable(cell)
    return f"'{clean}" if clean.startswith(FORMULA) else clean


def plain_table(rows: Iterable[Any], columns: Sequence[Column]) -> "Table":
    """The columns as they are, without those that are empty in every row."""
    grid = [[text(column.cell(row)) for column in columns] for row in rows]
    kept = [index for index in range(len(columns)) if any(row[index].plain for row in grid)]
    table = new_table()
    for index in kept:
        numeric = any(isinstance(columns[index].cell(row), Cash) for row in rows)
        table.add_column(columns[index].name, justify="right" if numeric else "left", overflow="fold")
    for row in grid:
        table.add_row(*(row[index] for index in kept))
    return table


def new_table() -> "Table":
    """An empty table in the house's style."""
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")


def text(cell: Cell, style: str = "") -> "Text":
    """A cell for people: never markup, never a control character."""
    from rich.text import Text

    if cell is None:
        return Text("")
    if isinstance(cell, bool):
        return Text("yes" if cell else "no", style)
    if isinstance(cell, Cash):
        return Text(cell.readable, style)
    return Text(printable(str(cell)), style)


def lines(*parts: "Text") -> "Text":
    """A cell of several lines."""
    from rich.text import Text

    return Text("\n").join(parts)


def console(*, err: bool = False) -> "Console":
    """The terminal; 80 columns where there is none."""
    from rich.console import Console

    return Console(stderr=err, highlight=False, markup=False, emoji=False, soft_wrap=False)


def when(moment: str | None, zone: str) -> str:
    """A moment as the location's clocks show it: `Nov 23 19:42`."""
    return "" if moment is None else datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).strftime("%b %d %H:%M")
