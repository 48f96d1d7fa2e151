"""`empower staff sessions | sign-out`: who is signed in to the pages, and the end of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from empower.cli.options import engine_options, format_option, opened
from empower.cli.output import Column, lines, new_table, show, text, when

if TYPE_CHECKING:
    from rich.table import Table

    from empower.engine.views import SessionView

COLUMNS = tuple(
    Column(name, lambda row, name=name: getattr(row, name))  # type: ignore[misc]
    for name in ("id", "employee", "name", "device", "began_at", "used_at", "ends_at", "active")
)


@click.command()
@click.option("--all", "over", is_flag=True, help="Those that are over, too: of the last 30 days.")
@format_option
@engine_options
def sessions(form: str, *, over: bool) -> None:
    """Who is signed in to the pages."""
    with opened() as engine:
        found = [item for item in engine.sessions.listed() if over or item.active]
    show(found, form, COLUMNS, table=lambda: _table(found), empty="nobody is signed in")


@click.command("sign-out")
@click.argument("employee_id", metavar="ID")
@click.option("--session", metavar="SESSION", help="Only this one of theirs.")
@format_option
@engine_options
def sign_out(employee_id: str, session: str | None, form: str) -> None:
    """Sign an employee out of the pages, on every device: a phone was lost."""
    from empower.core.errors import NotFoundError

    with opened() as engine:
        if session is None:
            ended = engine.sessions.end_all(employee_id)
        elif any((item.id, item.employee) == (session, employee_id) for item in engine.sessions.listed()):
            ended = [engine.sessions.end(session)]
        else:
            raise NotFoundError(f"`{employee_id}` has no session `{session}`", code="unknown_session")
    show(ended, form, COLUMNS, table=lambda: _table(ended), empty=f"{employee_id} was not signed in")


def _table(found: "Sequence[SessionView]") -> "Table":
    rows = new_table()
    rows.add_column("id", min_width=36, no_wrap=True)
    rows.add_column("who, on what", overflow="fold")
    rows.add_column("used, ends\n(UTC)", no_wrap=True)
    for item in found:
        rows.add_row(
            text(item.id),
            lines(text(f"{item.name} ({item.employee})"), text(item.device, "dim")),
            lines(text(when(item.used_at, "UTC")), text(when(item.ends_at, "UTC"), "" if item.active else "red")),
        )
    return rows


COMMANDS = (sessions, sign_out)
