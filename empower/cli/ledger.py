"""`empower ledger`: read the books, and prove that they hold."""

from typing import TYPE_CHECKING, Any

import click

from empower.cli.errors import BROKEN
from empower.cli.options import engine_options, format_option, opened
from empower.cli.output import Column, as_json, console, lines, new_table, show, text, when

if TYPE_CHECKING:
    from rich.table import Table

    from empower.engine import Engine
    from empower.engine.views import EntryView
    from empower.ledger import Report

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
        zones = {item.id: item.timezone for item in engine.locations()}
        pages = {name: engine.entries(name, since=since, limit=limit) for name in location or zones}
    found = [item for page in pages.values() for item in page.items]
    show(found, form, COLUMNS, table=lambda: _table(found, zones), empty="no entries")
    for name, page in pages.items():
        if page.next is not None:
            click.echo(f"there are more in {name}: --location {name} --since {page.next}", err=True)


def _table(found: "list[EntryView]", zones: dict[str, str]) -> "Table":
    rows = new_table()
    for name in ("location", "seq", "at", "kind", "by", "comp"):
        rows.add_column(name, justify="right" if name == "seq" else "left", overflow="fold", no_wrap=name == "comp")
    for item in found:
        cells = (item.location, item.seq, when(item.at, zones[item.location]), item.kind, item.by)
        rows.add_row(*(text(cell) for cell in cells), lines(text(item.comp or ""), text(summary(item), "dim")))
    return rows


def summary(item: "EntryView") -> str:
    """What an entry says, in a few words."""
    body: dict[str, Any] = item.body
    decision = body.get("decision")
    if isinstance(decision, dict) and "outcome" in decision:
        request = body.get("request", {})
        return f"{decision['outcome']} {request.get('remedy', '')}".strip()
    plain = {name: value for name, value in body.items() if isinstance(value, str | int) and value != ""}
    return " ".join(f"{name}={value}" for name, value in plain.items())[:36]


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
            engine, location, replay=replay, progress=lambda done, of: progress.update(task, completed=done, total=of)
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
