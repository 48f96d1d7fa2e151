"""`empower store`: the database itself."""

from typing import Self

import click

from empower.cli.options import format_option
from empower.cli.output import as_json


@click.group()
def store() -> None:
    """Move the store from one database to another."""


@store.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@format_option(("table", "json"))
def copy(source: str, target: str, form: str) -> None:
    """Copy all of the store FROM into TO, both URLs; TO has no store yet, or one whose copying was broken off.

    Both are verified, before and after. Stop the servers first: what is written to FROM after the copy began is not
    in it. The secret and the signing keys are not copied.
    """
    from contextlib import closing

    from empower.ledger.transfer import transfer
    from empower.store import Store

    with (
        closing(Store.open(source)) as old,
        closing(Store.open(target, create=True)) as new,
        _Bars() as bars,
    ):
        done = transfer(old, new, bars.tell)
    if form == "json":
        click.echo(as_json({"books": done.books, "rows": done.rows}))
        return
    books = len(done.books)
    entries = sum(done.books.values())
    click.echo(f"{entries} entries in {books} book{'' if books == 1 else 's'} and all that belongs to them, verified")
    click.echo("what the secret is, the copy needs too: see `FILE.secret` of an SQLite store, or `EMPOWER_SECRET`")


class _Bars:
    """A progress bar after the other, on stderr."""

    def __init__(self) -> None:
        """None yet."""
        from contextlib import ExitStack

        self._stack = ExitStack()
        self._label = ""

    def __enter__(self) -> Self:
        """Ready."""
        return self

    def __exit__(self, *_error: object) -> None:
        """The last one goes."""
        self._stack.close()

    def tell(self, label: str, done: int, total: int | None) -> None:
        """Move the bar of a label, which begins when it is another."""
        from empower.cli.progress import progress_bar

        if label != self._label:
            self._stack.close()
            self._label = label
            self._move = self._stack.enter_context(progress_bar(label))
        self._move(done, total)
