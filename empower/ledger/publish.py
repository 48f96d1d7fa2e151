"""A book published as static files (c2sp.org/tlog-tiles), which an auditor copies and checks.

What was published stays: a file that is there already must be the same, and the checkpoint is put in its place last.
Beside the books stand the statements on signing keys, by which whoever knows one of the keys knows the others.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from empower.core.checkpoint import Checkpoint, opened
from empower.core.errors import LedgerError, StoreError
from empower.core.merkle import leaf_hash, root
from empower.core.tiles import CHECKPOINT, WIDTH, Tiles, bundle, path_of
from empower.evidence import statements
from empower.evidence.keys import verify
from empower.ledger import signing
from empower.ledger.checkpoints import grow
from empower.store import Store, Unit
from empower.store.evidence import last_checkpoint, leaves, verifiers
from empower.store.listing import books


class Published(NamedTuple):
    """A book that was published, and how many of its files are new."""

    location: str
    size: int
    root_hex: str
    files: int


def publish(store: Store, folder: Path, location: str | None = None) -> list[Published]:
    """Publish every book, or one, as far as its last checkpoint; a book without one is left out.

    Raises `LedgerError` where what was published before is not how the book begins, `StoreError` where a file cannot
    be written: what was published before is then still whole.
    """
    keys = signing.at_hand(store)
    with store.read() as unit:
        trusted = signing.trusted(unit, keys)
        found = []
        for book in books(unit):
            kept = last_checkpoint(unit, book.location) if location in (None, book.location) else None
            if kept is not None:
                head = opened(kept.note, trusted, verify).checkpoint
                found.append(_publish(unit, folder / book.location, head, kept.note))
        if found:
            _replace(folder / statements.FILE, statements.filed(row.statement for row in verifiers(unit)).encode())
    return found


def _publish(unit: Unit, folder: Path, head: Checkpoint, note: str) -> Published:
    tiles, files, before = Tiles(), 0, _size_before(folder)
    if before > head.size:
        raise LedgerError(
            f"`{folder}` was published with {before} entries, the book has {head.size}: it was rolled back",
            code="rolled_back",
        )
    if root(grow(unit, head.location, (), 0, head.size)) != head.root:
        raise LedgerError(
            f"the entries of `{head.location}` do not lead to the root that was signed: nothing was published; "
            "run `empower ledger verify`",
            code="history_rewritten",
        )
    for found in _bundles(unit, head):
        data = bundle(found, tiles.size)
        files += _put(folder / path_of("entries", tiles.size // WIDTH, len(found)), data)
        for leaf in found:
            for tile in tiles.add(leaf_hash(leaf)):
                files += _put(folder / tile.path, tile.data)
    for tile in tiles.partial():
        files += _put(folder / tile.path, tile.data)
    _replace(folder / CHECKPOINT, note.encode())
    return Published(head.location, head.size, head.root.hex(), files)


def _bundles(unit: Unit, head: Checkpoint) -> Iterator[list[bytes]]:
    for first in range(0, head.size, WIDTH):
        yield from leaves(unit, head.location, first, min(first + WIDTH, head.size))


def _size_before(folder: Path) -> int:
    """How many entries were published; 0 where there are none that can be read."""
    try:
        return int((folder / CHECKPOINT).read_text(encoding="utf-8").split("\n")[1])
    except (OSError, ValueError, IndexError):
        return 0


def _put(path: Path, data: bytes) -> bool:
    """Write a file once; whether it is new. Raises `LedgerError` for another that is there."""
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        _replace(path, data)
        return True
    except OSError as error:
        raise _unwritable(path, error) from None
    raise LedgerError(f"`{path}` was published with other entries: history was rewritten", code="history_rewritten")


def _replace(path: Path, data: bytes) -> None:
    """Write a file wholly or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> StoreError:
    why = (error.strerror or str(error)).lower()
    return StoreError(f"`{path}` cannot be written: {why}", code="not_published")
