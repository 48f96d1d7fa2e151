"""Published books (c2sp.org/tlog-tiles) checked as an auditor does: every entry, every tile, and the signed head."""

from collections.abc import Collection, Iterator
from pathlib import Path

from empower.core.checkpoint import Checkpoint, opened
from empower.core.errors import LedgerError
from empower.core.merkle import leaf_hash
from empower.core.note import MOST_BYTES, Key
from empower.core.receipt import said_by
from empower.core.tiles import CHECKPOINT, LONGEST_ENTRY, WIDTH, Tile, Tiles, path_of, unbundle
from empower.evidence.keys import verify
from empower.evidence.statements import FILE, chain, statements_in

LARGEST = WIDTH * (LONGEST_ENTRY + 2)


def published(folder: Path) -> list[Path]:
    """The folders of the books under `folder`; raises `LedgerError` where there is none."""
    found = sorted(path.parent for path in folder.glob(f"*/{CHECKPOINT}"))
    if not found:
        raise LedgerError(f"`{folder}` has no book that was published", code="nothing_published")
    return found


def keys_in(folder: Path, keys: Collection[Key]) -> list[Key]:
    """The keys that `keys` lead to by the statements that were published beside the books."""
    path = folder / FILE
    return chain(keys, statements_in(path) if path.exists() else ())


def check_tiles(folder: Path, keys: Collection[Key]) -> Checkpoint:
    """Hold a book's folder against the keys; raises `LedgerError` with the file that does not hold."""
    head = opened(_read(folder / CHECKPOINT, MOST_BYTES), keys, verify).checkpoint
    if folder.resolve().name != head.location:
        raise LedgerError(f"`{folder}` has the checkpoint of `{head.origin}`", code="wrong_origin")
    tiles = Tiles()
    for leaves in _bundles(folder, head):
        for leaf in leaves:
            _entry(leaf, head, tiles.size)
            for tile in tiles.add(leaf_hash(leaf)):
                _tile(folder, tile)
    for tile in tiles.partial():
        _tile(folder, tile)
    if tiles.root() != head.root:
        raise LedgerError(
            f"the {head.size} entries of `{folder}` do not lead to the root that was signed", code="wrong_root"
        )
    return head


def _bundles(folder: Path, head: Checkpoint) -> Iterator[list[bytes]]:
    for first in range(0, head.size, WIDTH):
        count = min(WIDTH, head.size - first)
        path = folder / path_of("entries", first // WIDTH, count)
        try:
            found = unbundle(_read(path, LARGEST), count)
        except LedgerError as error:
            raise LedgerError(f"`{path}`: {error.detail}", code=error.code) from None
        yield found


def _entry(leaf: bytes, head: Checkpoint, seq: int) -> None:
    """One entry: canonical, of this book, and in its place."""
    try:
        said = said_by(leaf)
    except LedgerError as error:
        raise LedgerError(f"entry {seq}: {error.detail}", code=error.code) from None
    if (said.get("location"), said.get("seq")) != (head.location, seq):
        claim = f"entry {said.get('seq')} of `{said.get('location')}`"
        raise LedgerError(f"entry {seq} of `{head.location}` says it is {claim}", code="wrong_entry")


def _tile(folder: Path, tile: Tile) -> None:
    path = folder / tile.path
    if _read(path, len(tile.data)) != tile.data:
        raise LedgerError(f"`{path}` is not the tile that the entries make", code="wrong_tile")


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise LedgerError(f"`{path}` cannot be read: {why}", code="tile_missing") from None
    if len(data) > most:
        raise LedgerError(f"`{path}` is larger than it can be", code="wrong_tile")
    return data
