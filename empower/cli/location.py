"""`empower location`: properties and their books."""

from typing import TYPE_CHECKING

import click

from empower.cli.options import engine_options, format_option, go_on, opened, who, why_option
from empower.cli.output import Column, new_table, show, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from empower.engine.views import LocationView

COLUMNS = (
    Column("id", lambda row: row.id),
    Column("title", lambda row: row.title),
    Column("policy", lambda row: row.policy),
    Column("currency", lambda row: row.currency),
    Column("timezone", lambda row: row.timezone),
    Column("size", lambda row: row.size),
    Column("opened_at", lambda row: row.opened_at),
    Column("policy_digest", lambda row: row.policy_digest),
)


@click.group()
def location() -> None:
    """Open and list properties."""


@location.command("open")
@click.argument("location_id", metavar="ID")
@click.option("--title", default="", help="What people call it.")
@why_option
@format_option
@engine_options
def open_one(location_id: str, title: str, why: str, form: str) -> None:
    """Open a property's book under the policy that governs its name."""
    with opened() as engine:
        made = engine.open_location(location_id, title=title, by=who(), why=why)
    if form == "table":
        click.echo(f"{made.id} is open under policy {made.policy}, in {made.currency}, {made.timezone}")
        click.echo(f"next: {go_on('staff', 'add', 'E1042', '--name', 'Ana', '--role', 'ROLE', '--at', made.id)}")
    else:
        show([made], form, COLUMNS)


@location.command("list")
@format_option
@engine_options
def list_all(form: str) -> None:
    """The properties whose books are open."""
    with opened() as engine:
        found = engine.locations()
    show(
        found,
        form,
        COLUMNS,
        table=lambda: _table(found),
        empty=f"no location is open; open one: {go_on('location', 'open', 'ID')}",
    )


def _table(found: "Sequence[LocationView]") -> "Table":
    rows = new_table()
    for name in ("id", "title", "policy", "currency", "timezone", "entries"):
        rows.add_column(name, overflow="fold", justify="right" if name == "entries" else "left")
    for item in found:
        cells = (item.id, item.title, item.policy, item.currency, item.timezone, item.size)
        rows.add_row(*(text(cell) for cell in cells))
    return rows
