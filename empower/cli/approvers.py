"""`empower staff pin | delegate | delegations | undelegate | end`: who may answer for others."""

from datetime import datetime

import click

from empower.cli.approval import read_pin
from empower.cli.options import engine_options, format_option, opened, who, why_option
from empower.cli.output import Column, show

_DAY = click.DateTime(["%Y-%m-%d"])
_MOMENT = click.DateTime(["%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d", "%Y-%m-%dT%H:%M"])
_at = click.option("--at", "at", multiple=True, metavar="LOCATION", help="Only there; may be repeated.")
DELEGATIONS = tuple(
    Column(name, lambda row, name=name: getattr(row, name))  # type: ignore[misc]
    for name in ("id", "location", "delegator", "delegate", "since", "until")
)


@click.command()
@click.argument("employee_id", metavar="ID")
@click.option("--pin-stdin", is_flag=True, help="Read the PIN from standard input instead of asking.")
@why_option
@engine_options
def pin(employee_id: str, why: str, *, pin_stdin: bool) -> None:
    """Set the PIN with which an employee answers for others. Only a hash is kept."""
    with opened() as engine:
        digits = read_pin(f"new PIN of {employee_id}", stdin=pin_stdin, twice=True)
        places = engine.set_pin(employee_id, digits, by=who(), why=why)
    click.echo(f"{employee_id} has a new PIN, as the books of {', '.join(places)} say")


@click.command()
@click.argument("employee_id", metavar="ID")
@click.option("--to", required=True, metavar="ID", help="Who approves in their place.")
@click.option("--until", required=True, type=_MOMENT, help="Such as 2026-11-24T02:00-05:00; at most 31 days.")
@click.option("--from", "since", type=_MOMENT, help="Now, if left out.")
@_at
@why_option
@format_option
@engine_options
def delegate(
    employee_id: str, to: str, until: datetime, since: datetime | None, at: tuple[str, ...], why: str, form: str
) -> None:
    """Let somebody approve in an employee's place for a time, on that employee's limits."""
    with opened() as engine:
        made = engine.delegate(
            employee_id, to, until=_aware(until), since=since and _aware(since), at=at, by=who(), why=why
        )
    show(made, form, DELEGATIONS)


@click.command()
@format_option
@engine_options
def delegations(form: str) -> None:
    """Who may approve in whose place."""
    with opened() as engine:
        found = engine.delegations()
    show(found, form, DELEGATIONS, empty="nobody stands in for anybody")


@click.command()
@click.argument("delegation_id", metavar="ID")
@why_option
@format_option
@engine_options
def undelegate(delegation_id: str, why: str, form: str) -> None:
    """Take a delegation back, from now on."""
    with opened() as engine:
        ended = engine.end_delegation(delegation_id, by=who(), why=why)
    show([ended], form, DELEGATIONS)


@click.command()
@click.argument("employee_id", metavar="ID")
@_at
@click.option("--from", "first_without", type=_DAY, help="The first business day without; tomorrow, if left out.")
@why_option
@format_option
@engine_options
def end(employee_id: str, at: tuple[str, ...], first_without: datetime | None, why: str, form: str) -> None:
    """End an employee's roles. `empower staff add` gives them again."""
    from empower.cli.staff import COLUMNS

    day = first_without.date() if first_without else None
    with opened() as engine:
        left = engine.end_staff(employee_id, at=at, first_without=day, by=who(), why=why)
    show(left, form, COLUMNS)


def _aware(moment: datetime) -> datetime:
    """A moment without an offset is of this machine's clock."""
    return moment if moment.tzinfo else moment.astimezone()


COMMANDS = (pin, delegate, delegations, undelegate, end)
