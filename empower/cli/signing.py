"""`empower key signing`: the key that checkpoints are signed with. It is kept outside the database."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from empower.cli.options import engine_options, format_option, opened, who
from empower.cli.output import Column, show

if TYPE_CHECKING:
    from empower.engine import Engine
    from empower.evidence.keys import Signer
    from empower.ledger.signed_views import SigningKeyView

COLUMNS = (
    Column("number", lambda row: row.number),
    Column("vkey", lambda row: row.vkey),
    Column("made_at", lambda row: row.made_at),
    Column("in_force", lambda row: row.in_force),
)


@click.group()
def signing() -> None:
    """The key that checkpoints are signed with.

    It stands in FILE.signing beside an SQLite store, or in EMPOWER_SIGNING_KEY.
    """


@signing.command()
@format_option
@engine_options
def new(form: str) -> None:
    """Make the first signing key, and tell of it in every book."""
    from empower import clock
    from empower.ledger.signing import new as make

    with opened() as engine:
        signer = make(engine.store, by=who(), clock=clock.now)
        _say(engine, signer, form, "give auditors this key, by another way than the store")


@signing.command()
@click.option("--lost", is_flag=True, help="The key in force is lost: nobody vouches for the new one.")
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), help="Put the new key there, not where the old one is."
)
@format_option
@engine_options
def rotate(form: str, *, lost: bool, to: Path | None) -> None:
    """Make the next signing key. What older keys signed stays verifiable: each key vouches for the next."""
    from empower import clock
    from empower.ledger.signing import rotate as turn

    with opened() as engine:
        signer = turn(engine.store, by=who(), clock=clock.now, lost=lost, to=to)
        _say(engine, signer, form, f"the private key is in {to}" if to else "the key before it is gone")


def _say(engine: "Engine", signer: "Signer", form: str, hint: str) -> None:
    if form != "table":
        show(_views(engine)[-1:], form, COLUMNS)
        return
    click.echo(str(signer.key))
    click.echo(hint, err=True)


@signing.command("show")
@format_option
@engine_options
def show_all(form: str) -> None:
    """The public halves of all signing keys, the one in force last."""
    with opened() as engine:
        found = _views(engine)
    if form != "table":
        show(found, form, COLUMNS)
        return
    for item in found:
        click.echo(item.vkey)
        click.echo(f"  key {item.number}, made {item.made_at}, {'in force' if item.in_force else 'rotated away'}")
    if not found:
        click.echo("no signing key: empower key signing new")


def _views(engine: "Engine") -> "list[SigningKeyView]":
    from empower.ledger.signed_views import signing_keys

    return signing_keys(engine.store)
