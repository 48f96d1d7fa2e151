"""`empower staff`: who has which role, where and when."""

from datetime import date, datetime
from typing import IO

import click

from empower.cli import approvers, sessions
from empower.cli.options import engine_options, format_option, opened, who, why_option
from empower.cli.output import Column, as_json, show
from empower.core.errors import InputError

COLUMNS = (
    Column("id", lambda row: row.id),
    Column("name", lambda row: row.name),
    Column("location", lambda row: row.location),
    Column("role", lambda row: row.role),
    Column("from", lambda row: row.since),
    Column("until", lambda row: row.until),
    Column("active", lambda row: row.active),
)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def staff() -> None:
    """Who has which role, where and when."""


@staff.command()
@click.argument("employee_id", metavar="ID")
@click.option("--name", required=True, help="What people call them; kept beside the book, never in it.")
@click.option("--role", required=True)
@click.option("--at", "at", required=True, multiple=True, metavar="LOCATION", help="May be repeated.")
@click.option("--from", "since", type=_DAY, help="First business day.")
@click.option("--until", type=_DAY, help="Last business day.")
@click.option("--guest", help="The till's reference of this employee as a guest.")
@why_option
@format_option
@engine_options
def add(
    employee_id: str,
    name: str,
    role: str,
    at: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    guest: str | None,
    why: str,
    form: str,
) -> None:
    """Give an employee a role at one or several locations."""
    with opened() as engine:
        added = engine.add_staff(
            employee_id,
            name=name,
            role=role,
            at=at,
            since=_day(since),
            until=_day(until),
            guest=guest,
            by=who(),
            why=why,
        )
    show(added, form, COLUMNS)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@staff.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@why_option
@format_option
@engine_options
def import_file(file: IO[bytes], why: str, form: str, *, dry_run: bool) -> None:
    """Bring the roster in line with a CSV file: id,name,location,role,from,until,guest.

    All of it or, where a line is wrong, none of it.
    """
    try:
        content = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("the roster is not UTF-8: save it as CSV in UTF-8") from None
    with opened() as engine:
        done = engine.import_staff(content, dry_run=dry_run, by=who(), why=why)
    if form == "json":
        click.echo(as_json(done))
        return
    show([*done.added, *done.changed], form, COLUMNS, empty="nobody is new or changed")
    if form == "table":
        would = "would be " if dry_run else ""
        added, changed = len(done.added), len(done.changed)
        click.echo(f"{added} {would}added, {changed} {would}changed, {done.unchanged} unchanged")


@staff.command("list")
@click.option("--location", "-l", help="Only there.")
@format_option
@engine_options
def list_all(location: str | None, form: str) -> None:
    """The roster."""
    from empower.cli.places import places

    with opened() as engine:
        places(engine, location)
        found = engine.staff(location)
    show(found, form, COLUMNS, empty="nobody is on the roster")


for _command in (*approvers.COMMANDS, *sessions.COMMANDS):
    staff.add_command(_command)
