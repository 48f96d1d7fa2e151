"""`empower backup` and `empower restore`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from empower.cli.options import engine_options, format_option, setting
from empower.cli.output import as_json
from empower.cli.outside import outside as known
from empower.cli.outside import outside_options

if TYPE_CHECKING:
    from empower.core.note import Key
    from empower.ledger import Head
    from empower.store import Store


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@format_option
@engine_options
def backup(file: Path, form: str, *, force: bool) -> None:
    """Copy the store into FILE, while it is in use.

    The copy holds the books, names and notes: keep it as you keep the store. The secret and the signing keys are not
    in it: keep them apart from it.
    """
    from empower.ledger.backup import back_up
    from empower.store import Store
    from empower.store.copying import file_of

    path = file_of(setting("store"))
    store = Store.open(setting("store"))
    try:
        sizes = back_up(store, file, force=force)
    finally:
        store.close()
    apart = kept_apart(path)
    if form == "json":
        click.echo(as_json({"file": str(file), "books": sizes, "apart": [str(item) for item in apart]}))
        return
    click.echo(f"{file}: {_counted(sizes)}")
    for item in apart:
        click.echo(f"keep apart from it: {item}")


def _counted(sizes: dict[str, int]) -> str:
    return f"{sum(sizes.values())} entries in {len(sizes)} book{'' if len(sizes) == 1 else 's'}"


def kept_apart(path: Path) -> list[Path]:
    """The secret and key files beside a store, which no backup holds."""
    return sorted(item for item in path.parent.glob(f"{path.name}.*") if item.suffix in (".secret", ".signing", ".key"))


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the store that is there.")
@click.option("--older", is_flag=True, help="Take it though more is known outside: what came after it is lost.")
@outside_options
@format_option
@engine_options
def restore(
    file: Path,
    form: str,
    *,
    force: bool,
    older: bool,
    witness: Path | None,
    checkpoints: Path | None,
    trusted: tuple[str, ...],
) -> None:
    """Put the backup FILE where the store is, once it is verified.

    Nothing is changed unless every book in it holds, and meets what is known outside. Stop the server first.
    """
    from empower.cli.progress import progress_bar
    from empower.ledger import backup as copies

    def outside(store: "Store") -> "tuple[Iterable[Head], Iterable[Key]]":
        found = known(store, None, witness, checkpoints, trusted)
        return found.heads, found.keys

    with progress_bar("verifying") as tell:
        done = copies.restore(file, setting("store"), force=force, older=older, outside=outside, progress=tell)
    if form == "json":
        lost = [{"location": item.location, "message": item.message} for item in done.older]
        click.echo(as_json({"store": str(done.path), "books": done.sizes, "before": done.before, "older": lost}))
        return
    click.echo(f"{done.path}: {_counted(done.sizes)}, verified")
    for item in done.older:
        click.echo(f"older than what is known outside: {item.location}: {item.message}", err=True)
    secret = done.path.with_name(done.path.name + ".secret")
    if not secret.exists():
        click.echo(f"put its secret back as `{secret}`, or set `EMPOWER_SECRET`", err=True)
