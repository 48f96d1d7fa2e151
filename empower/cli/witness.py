"""`empower witness`: finance's own process, with its own key and its own memory of every book's last head."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from empower.cli.errors import BROKEN, DONE, printable
from empower.cli.evidence import FILE, keys_of
from empower.cli.options import format_option
from empower.cli.output import Column, as_csv, as_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from empower.evidence.keys import Signer
    from empower.evidence.witness import Seen, Source

COLUMNS = (
    Column("location", lambda row: row.location),
    Column("status", lambda row: row.status),
    Column("size", lambda row: row.size),
    Column("root", lambda row: row.root),
    Column("message", lambda row: row.message),
    Column("note", lambda row: row.note),
)
SHOWN = {"first": "seen first", "same": "as before", "grown": "goes on", "refused": "REFUSED"}


@click.command()
@click.option("--key", type=FILE, required=True, help="The witness's own key.")
@click.option("--new", "name", metavar="NAME", help="Make the key, under this name, and do nothing else.")
@click.option("--memory", type=FILE, help="What the witness remembers: a file of its own, kept from all others.")
@click.option("--from", "source", metavar="URL|STORE", help="Where the books are: http(s)://… or a store.")
@click.option("--api-key", envvar="EMPOWER_API_KEY", show_envvar=True, help="For a URL: a key with scope finance.")
@click.option("--trust", multiple=True, metavar="VKEY", help="The books' key; needed the first time.")
@format_option
@click.pass_context
def witness(
    ctx: click.Context,
    key: Path,
    name: str | None,
    memory: Path | None,
    source: str | None,
    api_key: str | None,
    trust: tuple[str, ...],
    form: str,
) -> None:
    """Ask each book for its signed head, and cosign it if it goes on from the one that is remembered.

    Where history was rewritten or rolled back it is refused, and said so: exit code 5. The memory stays as it was.
    """
    from empower.core.note import COSIGNATURE
    from empower.evidence.keys import read_signer

    if name is not None:
        _make(key, name)
        return
    if memory is None or source is None:
        raise click.UsageError("say what is remembered, --memory FILE, and where the books are, --from URL|STORE")
    with _opened(source, api_key) as books:
        found = _seen(read_signer(key, COSIGNATURE), memory, books, trust)
    _print(found, form)
    ctx.exit(BROKEN if any(item.status == "refused" for item in found) else DONE)


def _make(path: Path, name: str) -> None:
    from empower.core.note import COSIGNATURE
    from empower.evidence.keys import new_signer, write_signer

    signer = new_signer(name, COSIGNATURE)
    write_signer(path, signer)
    click.echo(str(signer.key))
    click.echo(f"the private key is in {path}: keep it from whoever owns the store", err=True)


def _seen(signer: "Signer", path: Path, books: "Source", trust: "Sequence[str]") -> "list[Seen]":
    from empower import clock
    from empower.evidence.witness import Memory, Witness, alone

    with alone(path):
        return Witness(signer, Memory(path), lambda: int(clock.now().timestamp()), keys_of(trust)).see(books)


@contextmanager
def _opened(source: str, api_key: str | None) -> "Iterator[Source]":
    """The books of a URL, or of a store: only that one is opened."""
    if source.startswith(("http://", "https://")):
        from empower.evidence.remote import remote

        if not api_key:
            raise click.UsageError("a URL needs an API key with scope finance: --api-key, or EMPOWER_API_KEY")
        yield remote(source, api_key)
        return
    from empower.ledger.proofs import source_of
    from empower.store import Store

    store = Store.open(source)
    try:
        yield source_of(store)
    finally:
        store.close()


def _print(found: "Sequence[Seen]", form: str) -> None:
    if form == "csv":
        click.echo(as_csv(found, COLUMNS), nl=False)
        return
    for item in found:
        if form == "json":
            click.echo(as_json(item._asdict()))
            continue
        why = f": {printable(item.message)}" if item.message else ""
        said = click.style(SHOWN[item.status], fg="red" if item.status == "refused" else "green")
        size = "" if item.status == "refused" else f"{item.size} entries  "
        click.echo(f"{item.location}  {size}{said}{why}")
    if not found and form == "table":
        click.echo("no book is signed yet")
