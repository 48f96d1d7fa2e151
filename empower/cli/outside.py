"""What `ledger verify` holds the store against that is not in it: keys, checkpoints outside, a witness's memory."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from empower.cli.evidence import keys_of

if TYPE_CHECKING:
    from empower.core.note import Key
    from empower.ledger.findings import Head
    from empower.store import Store

FOLDER = "EMPOWER_CHECKPOINTS"
F = TypeVar("F", bound=Callable[..., Any])


class Outside(NamedTuple):
    """What is known of the books from elsewhere."""

    heads: "list[Head]"
    keys: "list[Key]"


def outside_options(command: F) -> F:
    """`--witness`, `--checkpoints` and `--key`."""
    for option in (
        click.option(
            "--witness",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="A witness's memory: its heads must be met.",
        ),
        click.option(
            "--checkpoints",
            type=click.Path(file_okay=False, path_type=Path),
            envvar=FOLDER,
            show_envvar=True,
            metavar="DIR",
            help="Checkpoints outside the store: they must be met.",
        ),
        click.option(
            "--key",
            "trusted",
            multiple=True,
            metavar="VKEY",
            help="The books' key as you know it; if left out, the signing key that is here.",
        ),
    ):
        command = option(command)
    return command


def outside(
    store: "Store", location: str | None, witness: Path | None, checkpoints: Path | None, trusted: tuple[str, ...]
) -> Outside:
    """The heads to be met, of one book or of all, and the keys to trust."""
    from empower.evidence.witness import Memory
    from empower.ledger import signing
    from empower.ledger.checked import heads_outside, heads_witnessed

    keys, heads = keys_of(trusted) or _at_hand(store), []
    name = signing.name_of(store)
    if witness is not None:
        heads += heads_witnessed(Memory(witness), name)
    if checkpoints is not None:
        _there(store, checkpoints)
        with store.read() as unit:
            heads += heads_outside(checkpoints, signing.trusted(unit, keys), name)
    return Outside([head for head in heads if location in (None, head.location)], keys)


def _there(store: "Store", folder: Path) -> None:
    """What was signed and cannot be held against is no store that holds; before the first key there is nothing yet."""
    from empower.core.errors import InputError, LedgerError
    from empower.ledger import signing

    if folder.is_dir():
        return
    if signing.history(store):
        raise LedgerError(
            f"there is no folder `{folder}`: the store cannot be held against the checkpoints that were put there; "
            "mount it, or ask who took it away; if none was ever made, run `empower ledger checkpoint` first",
            code="checkpoints_missing",
        )
    if str(folder) != os.environ.get(FOLDER):
        raise InputError(f"there is no folder `{folder}`", code="checkpoints_missing")


def _at_hand(store: "Store") -> "list[Key]":
    from empower.core.errors import StoreError
    from empower.ledger import signing

    try:
        return signing.at_hand(store)
    except StoreError as error:
        raise StoreError(f"{error.detail}; or say whom to trust, `--key VKEY`", code=error.code) from None
