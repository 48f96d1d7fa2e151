"""`empower ledger checkpoint | prove | check | publish | check-tiles`: what auditors are given, and hold in hand."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from empower.cli.options import engine_options, format_option, opened
from empower.cli.output import Column, as_csv, as_json, lines, new_table, show, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from empower.core.note import Key
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


@click.command()
@click.argument("comp_id", metavar="COMP")
@click.option("--seq", type=click.IntRange(0), help="This entry of the comp; if left out, its decision.")
@click.option("--out", type=FILE, help="Write the receipt there; if left out, to standard output.")
@engine_options
def prove(comp_id: str, seq: int | None, out: Path | None) -> None:
    """Write a receipt: an entry of a comp, the proof that it is in the book, and the book's signed head.

    Whoever has the key checks it with `empower ledger check`, on any machine, without the store.
    """
    from empower.core.errors import InputError
    from empower.ledger.proofs import Proofs

    with opened() as engine:
        comp = engine.comp(comp_id)
        known = [item.seq for item in comp.entries]
        if seq is not None and seq not in known:
            raise InputError(f"entry {seq} is not of this comp, whose entries are {', '.join(map(str, known))}")
        wanted = known[0] if seq is None else seq
        receipt = Proofs(engine.store).entry(comp.request["location"], wanted).receipt
    if out is None:
        click.echo(receipt, nl=False)
        return
    _write(out, receipt)
    others = [str(item) for item in known if item != wanted]
    more = f"; the comp has also {', '.join(others)}: --seq" if others else ""
    click.echo(f"{out}: the receipt of entry {wanted}{more}", err=True)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(path), (error.strerror or str(error)).lower()) from None


def keys_of(texts: "Sequence[str]") -> "list[Key]":
    """The keys of vkeys, or of files that hold one a line; raises `InputError`."""
    from empower.core.errors import InputError, LedgerError
    from empower.core.note import parse_vkey

    found = []
    for given in texts:
        path = Path(given)
        try:
            written = path.read_text(encoding="utf-8").split() if path.is_file() else [given]
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"`{given}` cannot be read: {error}") from None
        try:
            found += [parse_vkey(line) for line in written]
        except LedgerError as error:
            raise InputError(f"`{given[:120]}` is no key to trust: {error.detail}", code=error.code) from None
    return found


key_option = click.option(
    "--key", "trusted", required=True, multiple=True, metavar="VKEY", help="Whom to trust: a vkey, or a file of some."
)


@click.command()
@click.argument("receipt", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=str))
@key_option
@click.option("--statements", type=FILE, help="How one key followed the other: `signing-keys` of what was published.")
@format_option
def check(receipt: str, trusted: tuple[str, ...], statements: Path | None, form: str) -> None:
    """Check a receipt, without a store and without a network: RECEIPT is a file, `-` is standard input.

    Exit code 5 if it does not hold.
    """
    from empower.core.note import MOST_BYTES
    from empower.core.receipt import hold, parse
    from empower.evidence.keys import verify
    from empower.evidence.statements import chain, statements_in

    keys = chain(keys_of(trusted), [] if statements is None else statements_in(statements))
    with click.open_file(receipt, "rb") as file:
        data = file.read(MOST_BYTES + 1)
    held = hold(parse(data), keys, verify)
    head = held.signed.checkpoint
    row = {
        "holds": True,
        "origin": head.origin,
        "size": head.size,
        "signed_by": [str(key) for key in held.signed.by],
        "entry": held.said,
    }
    if form == "json":
        click.echo(as_json(row))
        return
    if form == "csv":
        click.echo(as_csv([held], RECEIPT), nl=False)
        return
    said = held.said
    click.echo(f"holds: entry {said['seq']} of {head.origin}, in a book of {head.size} entries")
    click.echo(f"{said['at']}  {said['kind']}  comp {said['comp']}  by {said['by']}")
    for name, value in said["body"].items():
        click.echo(f"  {name}  {json.dumps(value, ensure_ascii=False)}")


RECEIPT = (
    Column("location", lambda row: row.said["location"]),
    Column("seq", lambda row: row.said["seq"]),
    Column("at", lambda row: row.said["at"]),
    Column("kind", lambda row: row.said["kind"]),
    Column("comp", lambda row: row.said["comp"]),
    Column("by", lambda row: row.said["by"]),
    Column("body", lambda row: json.dumps(row.said["body"], ensure_ascii=False)),
)


@click.command()
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option("--location", "-l", help="Only its book; all if left out.")
@format_option
@engine_options
def publish(folder: Path, location: str | None, form: str) -> None:
    """Write each book, as far as it is signed, as static files that an auditor copies and checks.

    DIR/LOCATION holds the checkpoint, the tiles and the entries (c2sp.org/tlog-tiles), DIR/signing-keys how one key
    followed the other. What was published before stays.
    """
    from empower.cli.places import places
    from empower.ledger.publish import publish as write

    with opened() as engine:
        places(engine, location)
        found = write(engine.store, folder, location)
    if form == "csv":
        click.echo(as_csv(found, PUBLISHED), nl=False)
    for item in found:
        if form == "json":
            click.echo(as_json({"location": item.location, "size": item.size, "root": item.root_hex}))
        elif form == "table":
            click.echo(f"{folder / item.location}  {item.size} entries  {item.files} new files")
    if not found and form == "table":
        click.echo("nothing is signed yet: empower ledger checkpoint")


PUBLISHED = (
    Column("location", lambda row: row.location),
    Column("size", lambda row: row.size),
    Column("root", lambda row: row.root_hex),
)


@click.command("check-tiles")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@key_option
@format_option
def check_tiles(folder: Path, trusted: tuple[str, ...], form: str) -> None:
    """Check what was published: every entry, every tile and the signed heads. No store, no network.

    Exit code 5 if it does not hold.
    """
    from empower.evidence.tiles import check_tiles as hold
    from empower.evidence.tiles import keys_in, published

    keys = keys_in(folder, keys_of(trusted))
    heads = [hold(path, keys) for path in published(folder)]
    if form == "csv":
        click.echo(as_csv(heads, HEADS), nl=False)
    for head in heads:
        if form == "json":
            click.echo(as_json({"origin": head.origin, "size": head.size, "root": head.root.hex()}))
        elif form == "table":
            click.echo(f"{head.location}  {head.size} entries  root {head.root.hex()[:16]}…  holds")


HEADS = (
    Column("origin", lambda row: row.origin),
    Column("size", lambda row: row.size),
    Column("root", lambda row: row.root.hex()),
)
COMMANDS = (checkpoint, prove, check, publish, check_tiles)
