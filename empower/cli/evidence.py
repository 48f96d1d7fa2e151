"""`empower ledger checkpoint | prove | check | publish | check-tiles`: what auditors are given, and hold in hand."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from empower.cli.options import engine_options, format_option, opened
from empower.cli.output import Column, lines, new_table, show, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from empower.ledger.signed_views import CheckpointView

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
CHECKPOINTS = (
    Column("location", lambda row: row.location),
    Column("size", lambda row: row.size),
    Column("root", lambda row: row.root),
    Column("made_at", lambda row: row.made_at),
    Column("note", lambda row: row.note),
)


@click.command()
@click.option("--location", "-l", help="Only its book; all if left out.")
@click.option("--to", type=FOLDER, envvar="EMPOWER_CHECKPOINTS", show_envvar=True, help="Append them there too.")
@format_option
@engine_options
def checkpoint(location: str | None, to: Path | None, form: str) -> None:
    """Sign the head of each book, keep it, and append it to a place outside the database.

    A book that did not grow keeps the checkpoint it has. Nothing is signed where history was rewritten: exit code 5.
    """
    import os

    from empower import clock
    from empower.ledger.checkpoints import Checkpoints
    from empower.ledger.outside import configured
    from empower.ledger.signed_views import CheckpointView

    with opened() as engine:
        made = Checkpoints(engine.store, clock.now, outside=configured(os.environ, to)).make(location)
    views = [
        CheckpointView(location=item.location, size=item.size, root=item.root_hex, note=item.note, made_at=item.made_at)
        for item in made
    ]
    show(views, form, CHECKPOINTS, table=lambda: _table(views), empty="no books")


def _table(found: "Sequence[CheckpointView]") -> "Table":
    rows = new_table()
    rows.add_column("location\nsigned", overflow="fold")
    rows.add_column("entries", justify="right")
    rows.add_column("root", overflow="fold")
    for item in found:
        rows.add_row(lines(text(item.location), text(item.made_at, "dim")), text(item.size), text(item.root))
    return rows


COMMANDS = (checkpoint,)
