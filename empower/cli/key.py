"""`empower key`: API keys for tills and back offices."""

from typing import TYPE_CHECKING

import click

from empower.cli.options import engine_options, format_option, opened, who, why_option
from empower.cli.output import Column, as_csv, as_json, lines, new_table, show, text
from empower.cli.signing import signing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from empower.engine.views import KeyView

SCOPES = ("pos", "finance", "admin")
COLUMNS = (
    Column("id", lambda row: row.id),
    Column("name", lambda row: row.name),
    Column("scopes", lambda row: " ".join(row.scopes)),
    Column("locations", lambda row: " ".join(row.locations)),
    Column("created_at", lambda row: row.created_at),
    Column("last_used_at", lambda row: row.last_used_at),
    Column("revoked_at", lambda row: row.revoked_at),
)


@click.group()
def key() -> None:
    """API keys for tills and back offices, and the key that the books are signed with."""


key.add_command(signing)


@key.command()
@click.option("--scope", "scopes", required=True, multiple=True, type=click.Choice(SCOPES), help="May be repeated.")
@click.option("--at", "at", required=True, multiple=True, metavar="LOCATION", help="May be repeated; `*` for all.")
@click.option("--name", default="", help="What uses it.")
@format_option
@engine_options
def create(scopes: tuple[str, ...], at: tuple[str, ...], name: str, form: str) -> None:
    """Make a key. It is shown once: the store keeps only its hash."""
    with opened() as engine:
        made = engine.create_key(scopes=scopes, at=at, name=name, by=who())
    if form == "json":
        click.echo(as_json({"id": made.id, "key": made.key} | made.model_dump(mode="json")))
    elif form == "csv":
        click.echo(as_csv([made], (Column("key", lambda row: row.key), *COLUMNS)), nl=False)
    else:
        click.echo(made.key)
        click.echo(f"key {made.id}: keep it now, it is not shown again", err=True)


@key.command("list")
@format_option
@engine_options
def list_all(form: str) -> None:
    """The keys, without their secrets."""
    with opened() as engine:
        found = engine.keys()
    show(found, form, COLUMNS, table=lambda: _table(found), empty="no keys")


def _table(found: "Sequence[KeyView]") -> "Table":
    rows = new_table()
    rows.add_column("id\nname", min_width=36, overflow="fold")
    rows.add_column("scopes\nlocations", overflow="fold")
    rows.add_column("created\nlast used", no_wrap=True)
    for item in found:
        used = f"revoked {item.revoked_at[:10]}" if item.revoked_at else (item.last_used_at or "never")[:10]
        rows.add_row(
            lines(text(item.id), text(item.name, "dim")),
            lines(text(" ".join(item.scopes)), text(" ".join(item.locations), "dim")),
            lines(text(item.created_at[:10]), text(used, "dim")),
        )
    return rows


@key.command()
@click.argument("key_id", metavar="ID")
@why_option
@format_option
@engine_options
def revoke(key_id: str, why: str, form: str) -> None:
    """Make a key useless from now on."""
    with opened() as engine:
        gone = engine.revoke_key(key_id, by=who(), why=why)
    if form == "table":
        click.echo(f"key {gone.id} is revoked")
    else:
        show([gone], form, COLUMNS)
