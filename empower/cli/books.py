"""Books and their entries as people read them."""

from typing import TYPE_CHECKING, Any

from empower.cli.amounts import Cash
from empower.cli.output import lines, new_table, text, when

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table
    from rich.text import Text

    from empower.engine.views import EntryView, LocationView
    from empower.ledger import BookReport

LONGEST = 24
"""Characters of a value in an entry's summary."""


def table(found: "Sequence[EntryView]", places: "dict[str, LocationView]") -> "Table":
    """Two lines an entry; times are those of the location."""
    rows = new_table()
    rows.add_column("seq", justify="right", no_wrap=True)
    rows.add_column("location\nat", overflow="fold")
    rows.add_column("kind\nby", overflow="fold")
    rows.add_column("comp\nbody", min_width=36, overflow="fold")
    for item in found:
        place = places[item.location]
        rows.add_row(
            text(item.seq),
            lines(text(item.location), text(when(item.at, place.timezone), "dim")),
            lines(text(item.kind), text(item.by, "dim")),
            lines(*([text(item.comp)] if item.comp else []), text(summary(item, place.currency), "dim")),
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


def verdict(book: "BookReport", *, replay: bool) -> "Iterator[Text]":
    """`bistro-soho  113 entries  root 5f1c…  holds`, and a line for each finding."""
    what = f"  {book.size} entries  root {book.root_hex[:16]}…" if book.root_hex else ""
    said = text("does not hold", "red") if book.findings else text("holds, replayed" if replay else "holds", "green")
    yield text(f"{book.location}{what}  ").append_text(said)
    for item in book.findings:
        place = "" if item.seq is None else f"entry {item.seq}: "
        means = text(f" ({item.means})" if item.means else "", "dim")
        yield text(f"  {place}{item.check}: {item.message}", "red").append_text(means)
