"""A book as static files (c2sp.org/tlog-tiles): where each tile stands, and the tiles that the leaves make.

A tile holds up to 256 hashes: of leaves at level 0, of full tiles of the level below above it. A bundle holds the
entries under a tile of level 0, each behind its length in two bytes.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from empower.core.errors import LedgerError
from empower.core.merkle import Frontier, append, root

WIDTH = 256
LONGEST_ENTRY = 2**16 - 1
CHECKPOINT = "checkpoint"


class Tile(NamedTuple):
    """A tile, full or partial."""

    level: int
    number: int
    """Its place among those of its level."""
    hashes: tuple[bytes, ...]

    @property
    def path(self) -> str:
        """Where it stands under the book's folder."""
        return path_of(str(self.level), self.number, len(self.hashes))

    @property
    def data(self) -> bytes:
        """What stands there."""
        return b"".join(self.hashes)


def path_of(level: str, number: int, width: int) -> str:
    """The path of a tile: `tile/1/x001/x234/067`, and `.p/<width>` for one that is not full; `entries` is a level."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03d}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


class Tiles:
    """The tiles that leaves make, in their order; holds no more than one tile a level."""

    def __init__(self) -> None:
        """Before the first leaf."""
        self.size = 0
        self._levels: list[list[bytes]] = []
        self._numbers: list[int] = []

    def add(self, leaf: bytes) -> Iterator[Tile]:
        """One leaf hash more; gives the tiles that it fills."""
        self.size += 1
        level = 0
        while True:
            if level == len(self._levels):
                self._levels.append([])
                self._numbers.append(0)
            self._levels[level].append(leaf)
            if len(self._levels[level]) < WIDTH:
                return
            tile = Tile(level, self._numbers[level], tuple(self._levels[level]))
            yield tile
            self._levels[level] = []
            self._numbers[level] += 1
            leaf = root(_peaks(tile.hashes))
            level += 1

    def partial(self) -> list[Tile]:
        """The tiles that are not full."""
        levels = enumerate(zip(self._levels, self._numbers, strict=True))
        return [Tile(level, number, tuple(hashes)) for level, (hashes, number) in levels if hashes]

    def root(self) -> bytes:
        """The root over all leaves."""
        return root(tuple(peak for hashes in reversed(self._levels) for peak in _peaks(hashes)))


def _peaks(hashes: Sequence[bytes]) -> Frontier:
    frontier: Frontier = ()
    for place, item in enumerate(hashes):
        frontier = append(frontier, place, item)
    return frontier


def bundle(leaves: Sequence[bytes], first: int) -> bytes:
    """Entries from number `first` on as a bundle; raises `LedgerError` for one that is too long for it."""
    for place, leaf in enumerate(leaves, first):
        if len(leaf) > LONGEST_ENTRY:
            raise LedgerError(
                f"entry {place} has {len(leaf)} bytes, a bundle takes {LONGEST_ENTRY}", code="entry_too_long"
            )
    return b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves)


def unbundle(data: bytes, count: int) -> list[bytes]:
    """The `count` entries of a bundle, to its last byte; raises `LedgerError`, code `malformed_bundle`."""
    found: list[bytes] = []
    place = 0
    for _ in range(count):
        length = int.from_bytes(data[place : place + 2])
        leaf = data[place + 2 : place + 2 + length]
        if place + 2 > len(data) or len(leaf) < length:
            raise LedgerError(f"the bundle ends in its entry {len(found)}", code="malformed_bundle")
        found.append(leaf)
        place += 2 + length
    if place != len(data):
        raise LedgerError(f"{len(data) - place} bytes follow the last entry of the bundle", code="malformed_bundle")
    return found
