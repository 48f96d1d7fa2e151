"""`empower ledger`: read the books, and prove that they hold."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from empower.cli import evidence
from empower.cli.errors import BROKEN
from empower.cli.options import engine_options, format_option, opened
from empower.cli.output import Column, as_csv, as_json, console, show
from empower.cli.outside import outside, outside_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from empower.core.note import Key
    from empower.engine import Engine
    from empower.ledger import BookReport, LedgerFinding, Report
    from empower.ledger.findings import Head

COLUMNS = (
    Column("location", lambda row: row.location),
    Column("seq", lambda row: row.seq),
    Column("at", lambda row: row.at),
    Column("kind", lambda row: row.kind),
    Column("comp", lambda row: row.comp),
    Column("by", lambda row: row.by),
    Column("hash", lambda row: row.hash),
    Column("leaf", lambda row: row.leaf),
)
FINDINGS = (
    Column("location", lambda row: row[0].location),
    Column("size", lambda row: row[0].size),
    Column("root", lambda row: row[0].root_hex),
    Column("ok", lambda row: row[1] is None),
    Column("seq", lambda row: row[1] and row[1].seq),
    Column("check", lambda row: row[1] and row[1].check),
    Column("message", lambda row: row[1] and row[1].message),
    Column("means", lambda row: row[1] and row[1].means),
)


@click.group()
def ledger() -> None:
    """Read the books, and prove that they hold."""


for command in evidence.COMMANDS:
    ledger.add_command(command)


@ledger.command("list")
@click.option("--location", "-l", multiple=True, help="May be repeated; all if left out.")
@click.option("--since", type=click.IntRange(0), default=0, metavar="SEQ", help="The first entry to show.")
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="Entries of each book.")
@format_option
@engine_options
def list_all(location: tuple[str, ...], since: int, limit: int, form: str) -> None:
    """The entries of each book, in order."""
    from empower.cli.books import table
    from empower.cli.places import places

    with opened() as engine:
        known = places(engine, *location)
        pages = {name: engine.entries(name, since=since, limit=limit) for name in location or known}
    found = [item for page in pages.values() for item in page.items]
    show(found, form, COLUMNS, table=lambda: table(found, known), empty="no entries")
    for name, page in pages.items():
        if page.next is not None:
            click.echo(f"there are more in {name}: --location {name} --since {page.next}", err=True)


@ledger.command()
@click.option("--location", "-l", help="Only its book.")
@click.option("--replay", is_flag=True, help="Decide every decision again.")
@click.option(
    "--since",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Go on from the verification kept in FILE; made, or brought up to date, where everything holds.",
)
@outside_options
@format_option
@engine_options
@click.pass_context
def verify(
    ctx: click.Context,
    location: str | None,
    form: str,
    *,
    replay: bool,
    since: Path | None,
    witness: Path | None,
    checkpoints: Path | None,
    trusted: tuple[str, ...],
) -> None:
    """Hold every book against itself: sequence, leaves, root, columns, counters and comps; and against what was signed.

    Exit code 5 if one does not hold.
    """
    from empower.cli.places import places

    with opened() as engine:
        places(engine, location)
        known = outside(engine.store, location, witness, checkpoints, trusted)
        report = verified(engine, location, replay=replay, heads=known.heads, keys=known.keys, since=since)
    _print(report, form, replay=replay)
    ctx.exit(0 if report.ok else BROKEN)


def verified(
    engine: "Engine",
    location: str | None,
    *,
    replay: bool,
    heads: "Sequence[Head]" = (),
    keys: "Sequence[Key]" = (),
    since: Path | None = None,
) -> "Report":
    """The report, with a progress bar on stderr."""
    from empower.cli.progress import progress_bar
    from empower.ledger import verify as check

    with progress_bar("replaying" if replay else "verifying") as tell:
        return check(engine.store, location, replay=replay, heads=heads, keys=keys, since=since, progress=tell)


def _print(report: "Report", form: str, *, replay: bool) -> None:
    if form == "csv":
        click.echo(as_csv(_flat(report), FINDINGS), nl=False)
    elif form == "json":
        for book in report.books:
            click.echo(as_json(_object(book)))
    else:
        from empower.cli.books import verdict

        for book in report.books:
            for line in verdict(book, replay=replay):
                console().print(line)
        if not report.books:
            click.echo("no books")


def _object(book: "BookReport") -> dict[str, object]:
    findings = [
        {"seq": item.seq, "check": item.check, "message": item.message, "means": item.means} for item in book.findings
    ]
    head = {"location": book.location, "size": book.size, "root": book.root_hex, "ok": not findings}
    return head | {"findings": findings}


def _flat(report: "Report") -> "Iterator[tuple[BookReport, LedgerFinding | None]]":
    for book in report.books:
        if not book.findings:
            yield book, None
        for finding in book.findings:
            yield book, finding


@ledger.command()
@click.option("--location", "-l", help="Only what is made from its book.")
@click.option("--dry-run", is_flag=True, help="Say what would be put right, and write nothing.")
@click.option("--trust-entries", is_flag=True, help="Also where a book's head disagrees: you have seen a checkpoint.")
@format_option
@engine_options
@click.pass_context
def rebuild(ctx: click.Context, location: str | None, form: str, *, dry_run: bool, trust_entries: bool) -> None:
    """Drop all that is made from the entries (comps, counters, roster, keys, heads) and make it anew.

    In one transaction, and not at all where the entries themselves do not hold. Restart a server afterwards: it may
    remember a counter. Exit code 5 if something is left that no rebuild can put right.
    """
    from empower.cli.places import places
    from empower.ledger import rebuild as build

    with opened() as engine:
        places(engine, location)
        done = build(engine.store, location, dry_run=dry_run, trust_entries=trust_entries)
    rows = [(item, "mended") for item in done.mended] + [(item, "left") for item in done.left]
    if form == "table":
        for item, state in rows:
            where = "book" if item.seq is None else f"entry {item.seq}"
            said = "would be put right" if dry_run and state == "mended" else {"mended": "put right"}.get(state, state)
            click.echo(f"{item.location}  {where}: {item.check}: {item.message}: {said}")
        entries = sum(book.size for book in done.books)
        click.echo(f"{'nothing was written: ' if dry_run else ''}{len(done.mended)} put right, from {entries} entries")
    else:
        _show_rebuilt(rows, form)
    ctx.exit(BROKEN if done.left else 0)


def _show_rebuilt(rows: "list[tuple[LedgerFinding, str]]", form: str) -> None:
    if form == "csv":
        click.echo(as_csv(rows, _REBUILT), nl=False)
        return
    for item, state in rows:
        click.echo(as_json(item._asdict() | {"state": state}))


_REBUILT = (
    Column("location", lambda row: row[0].location),
    Column("seq", lambda row: row[0].seq),
    Column("check", lambda row: row[0].check),
    Column("message", lambda row: row[0].message),
    Column("state", lambda row: row[1]),
)
