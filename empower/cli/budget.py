"""`empower budget`: each limit that applies, and what is left of it."""

from typing import TYPE_CHECKING, Any

import click

from empower.cli.amounts import Cash
from empower.cli.options import engine_options, format_option, opened
from empower.cli.output import Cell, Column, show

if TYPE_CHECKING:
    from empower.engine import Engine
    from empower.engine.views import BudgetView


def measured(row: "BudgetView", minor: int) -> Cell:
    """A cap or a use of one: money, or a number of comps."""
    return Cash(minor, row.currency) if row.unit == "amount" and row.currency else minor


COLUMNS = (
    Column("location", lambda row: row.location),
    Column("limit", lambda row: row.limit),
    Column("role", lambda row: row.role),
    Column("per", lambda row: " ".join(row.per)),
    Column("subject", lambda row: row.subject),
    Column("every", lambda row: row.every),
    Column("unit", lambda row: row.unit),
    Column("cap", lambda row: measured(row, row.cap)),
    Column("held", lambda row: measured(row, row.held)),
    Column("spent", lambda row: measured(row, row.spent)),
    Column("left", lambda row: measured(row, row.left)),
    Column("currency", lambda row: row.currency if row.unit == "amount" else None),
    Column("resets_at", lambda row: row.resets_at),
)


@click.group()
def budget() -> None:
    """What each limit has left."""


@budget.command("show")
@click.option("--location", "-l", multiple=True, help="May be repeated; all if left out.")
@click.option("--employee", "-e")
@click.option("--guest", "-g", help="The till's reference of the guest.")
@click.option("--check", help="The till's bill.")
@click.option("--incident")
@click.option("--shift")
@format_option
@engine_options
def show_all(form: str, location: tuple[str, ...], **subjects: Any) -> None:
    """Cap, held, spent and left of each limit, and when it resets.

    Without further options: of the house, and of everybody who has used any of theirs.
    """
    from empower.cli.budgets import table
    from empower.cli.places import places, zones

    with opened() as engine:
        known = zones(places(engine, *location))
        found = _budgets(engine, location or tuple(known), subjects)
    show(found, form, COLUMNS, table=lambda: table(found, known), empty="no budget applies")


def _budgets(engine: "Engine", locations: tuple[str, ...], subjects: dict[str, Any]) -> "list[BudgetView]":
    found = [row for place in locations for row in engine.budgets(place, **subjects)]
    if any(subjects.values()):
        return found
    return found + [row for place in locations for row in _of_staff(engine, place)]


def _of_staff(engine: "Engine", place: str) -> "list[BudgetView]":
    people = dict.fromkeys(item.id for item in engine.staff(place))
    rows = [row for person in people for row in engine.budgets(place, employee=person)]
    return [row for row in rows if "employee" in row.per and (row.spent or row.held)]
