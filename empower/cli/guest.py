"""`empower guest`: what the store knows of guests, and how to forget them."""

import sys

import click

from empower.cli.options import engine_options, format_option, opened, who, why_option
from empower.cli.output import as_json


@click.group()
def guest() -> None:
    """Forget guests."""


@guest.command()
@click.argument("reference", metavar="REF")
@click.option("--yes", is_flag=True, help="Do not ask.")
@why_option
@format_option
@engine_options
def erase(reference: str, why: str, form: str, *, yes: bool) -> None:
    """Erase a guest by the till's reference (`-` reads it from standard input).

    The way from the reference to the books, and every note about the guest, are gone for good; the books stay as they
    are, and say that a guest was erased. Backups still hold what they held.
    """
    said = sys.stdin.read().strip() if reference == "-" else reference
    if not yes and reference != "-":
        click.confirm("this cannot be undone; go on?", abort=True, err=True)
    with opened() as engine:
        erased = engine.erase_guest(said, by=who(), why=why)
    if form == "json":
        click.echo(as_json(erased.model_dump()))
    else:
        books = ", ".join(erased.locations) or "no book"
        click.echo(f"erased: {erased.notes} notes; known as {erased.guest} in {books}")
    if erased.traces:
        click.echo("the database's log could not be emptied while it is read: restart the server, or verify", err=True)
