"""`empower ledger`: read the books, and prove that they hold."""

from typing import TYPE_CHECKING, Any

import click

from empower.cli.amounts import Cash
from empower.cli.errors import BROKEN
from empower.cli.options import engine_options, format_option, opened
from empower.cli.output import Column, as_json, console, lines, new_table, show, text, when

if TYPE_CHECKING:
    from rich.table import Table

    from empower.engine import Engine
    from empower.engine.views import EntryView, LocationView
    from empower.ledger import Report

LONGEST = 24
"""Characters of a value in an entry's summary."""
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


@click.group()
def ledger() -> None:
    """Read the books, and prove that they hold."""


@ledger.command("list")
@click.option("--location", "-l", multiple=True, help="May be repeated; all if left out.")
@click.option("--since", type=click.IntRange(0), default=0, metavar="SEQ", help="The first entry to show.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Entries of each book.")
@format_option
@engine_options
def list_all(location: tuple[str, ...], since: int, limit: int, form: str) -> None:
    """The entries of each book, in order."""
    with opened() as engine:
        places = {item.id: item for item in engine.locations()}
        pages = {name: engine.entries(name, since=since, limit=limit) for name in location or places}
    found = [item for page in pages.values() for item in page.items]
    show(found, form, COLUMNS, table=lambda: _table(found, places), empty="no entries")
    for name, page in pages.items():
        if page.next is not None:
            click.echo(f"there are more in {name}: --location {name} --since {page.next}", err=True)


def _table(found: "list[EntryView]", places: "dict[str, LocationView]") -> "Table":
    """Two lines an entry; times are those of the location."""
    rows = new_table()
    rows.add_column("seq", justify="right", no_wrap=True)
    rows.add_column("location\nat", overflow="fold")
    rows.add_column("kind\nby", overflow="fold")
    rows.add_column("comp\nbody", min_width=36, overflow="fold")
    for item in found:
        rows.add_row(
            text(item.seq),
            lines(text(item.location), text(when(item.at, places[item.location].timezone), "dim")),
            lines(text(item.kind), text(item.by, "dim")),
            lines(
                *(
                    line
                    for line in (text(item.comp), text(summary(item, places[item.location].currency), "dim"))
                    if line
                )
            ),
        )
    return rows


def summary(item: "EntryView", currency: str) -> str:
    """What an entry says, in a few words."""
    body: dict[str, Any] = item.body
    if item.kind == "decision":
        request = body["request"]
        asked = Cash(request["amount"]["amount"], currency).readable
        return f"{body['decision']['outcome']} {request['remedy']} {asked}"
    said = ((name, value) for name, value in body.items() if isinstance(value, str | int) and value != "")
    return " ".join(f"{name}={_short(name, value, currency)}" for name, value in said)


def _short(name: str, value: str | int, currency: str) -> str:
    if name in ("amount", "released") and isinstance(value, int):
        return Cash(value, currency).readable
    written = str(value)
    return written if len(written) <= LONGEST else f"{written[: LONGEST - 1]}…"


@ledger.command()
@click.option("--location", "-l", help="Only its book.")
@click.option("--replay", is_flag=True, help="Decide every decision again.")
@format_option
@engine_options
@click.pass_context
def verify(ctx: click.Context, location: str | None, form: str, *, replay: bool) -> None:
    """Hold every book against itself: sequence, leaves, root, columns, counters and comps.

    Exit code 5 if one does not hold.
    """
    with opened() as engine:
        report = verified(engine, location, replay=replay)
    _print(report, form, replay=replay)
    ctx.exit(0 if report.ok else BROKEN)


def verified(engine: "Engine", location: str | None, *, replay: bool) -> "Report":
    """The report, with a progress bar on stderr."""
    from rich.progress import Progress

    from empower.ledger import verify as check

    with Progress(console=console(err=True), transient=True) as progress:
        task = progress.add_task("replaying" if replay else "verifying", total=None)
        return check(
            engine.store,
            location,
            replay=replay,
            progress=lambda done, of: progress.update(task, completed=done, total=of),
        )


_FINDINGS = (
    Column("location", lambda row: row[0]),
    Column("size", lambda row: row[1]),
    Column("root_hex", lambda row: row[2]),
    Column("seq", lambda row: row[3]),
    Column("check", lambda row: row[4]),
    Column("message", lambda row: row[5]),
)


def _print(report: "Report", form: str, *, replay: bool) -> None:
    from empower.cli.output import as_csv

    if form == "csv":
        click.echo(as_csv(list(_flat(report)), _FINDINGS), nl=False)
        return
    for book in report.books:
        findings = [{"seq": item.seq, "check": item.check, "message": item.message} for item in book.findings]
        if form == "json":
            value = {"location": book.location, "size": book.size, "root_hex": book.root_hex, "ok": not findings}
            click.echo(as_json(value | {"findings": findings}))
        else:
            console().print(book_line(book, replay=replay))
            for item in book.findings:
                place = f"entry {item.seq}" if item.seq is not None else "book"
                console().print(text(f"  {place}: {item.check}: {item.message}", "red"))
    if form == "table" and not report.books:
        click.echo("no books")


def book_line(book: Any, *, replay: bool) -> Any:
    """`bistro-soho  113 entries  root 5f1c…  holds`."""
    count = len(book.findings)
    said = text("does not hold" if count else "holds, replayed" if replay else "holds", "red" if count else "green")
    return text(f"{book.location}  {book.size} entries  root {book.root_hex[:16]}…  ").append_text(said)


def _flat(report: "Report") -> Any:
    for book in report.books:
        head = (book.location, book.size, book.root_hex)
        yield from [(*head, item.seq, item.check, item.message) for item in book.findings] or [
            (*head, None, None, None)
        ]
