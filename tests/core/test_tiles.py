"""Tiles: the specification's own examples, roots of every size, and bundles that lie."""

import pytest

from empower.core.errors import LedgerError
from empower.core.merkle import append, leaf_hash, root
from empower.core.tiles import Tiles, bundle, path_of, unbundle


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (("0", 0, 256), "tile/0/000"),
        (("0", 273, 112), "tile/0/273.p/112"),
        (("1", 1234067, 256), "tile/1/x001/x234/067"),
        (("entries", 1000, 1), "tile/entries/x001/000.p/1"),
        (("entries", 999, 255), "tile/entries/999.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(given, path):
    assert path_of(*given) == path


def made(size: int) -> tuple[Tiles, list, bytes]:
    tiles, full, frontier = Tiles(), [], ()
    for number in range(size):
        leaf = leaf_hash(number.to_bytes(4))
        full += tiles.add(leaf)
        frontier = append(frontier, number, leaf)
    return tiles, full, root(frontier)


def test_the_tree_of_70000_has_the_tiles_that_the_specification_says():
    tiles, full, whole = made(70_000)
    assert [(tile.level, tile.number) for tile in full if tile.level] == [(1, 0)]
    assert len([tile for tile in full if tile.level == 0]) == 273
    assert [(tile.level, tile.number, len(tile.hashes)) for tile in tiles.partial()] == [
        (0, 273, 112),
        (1, 1, 17),
        (2, 0, 1),
    ]
    assert tiles.root() == whole
    assert {len(tile.data) for tile in full} == {8192}


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000])
def test_the_root_of_the_tiles_is_that_of_the_tree(size):
    tiles, _, whole = made(size)
    assert tiles.root() == whole
    assert tiles.size == size


def test_a_tree_of_256_has_a_full_tile_and_one_above_it():
    tiles, full, whole = made(256)
    assert [tile.path for tile in full] == ["tile/0/000"]
    assert [tile.path for tile in tiles.partial()] == ["tile/1/000.p/1"]
    assert tiles.partial()[0].data == whole


def test_a_bundle_is_these_bytes():
    data = bundle([b"", b"ab", b"c" * 256], 0)
    assert data == b"\x00\x00" + b"\x00\x02ab" + b"\x01\x00" + b"c" * 256
    assert unbundle(data, 3) == [b"", b"ab", b"c" * 256]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"", 1),
        (b"\x00", 1),
        (b"\x00\x01", 1),
        (b"\x00\x02a", 1),
        (b"\x00\x01a", 2),
        (b"\x00\x01ab", 1),
        (b"\x00\x01a\x00\x00", 1),
    ],
)
def test_a_bundle_that_is_cut_or_too_long_is_refused(data, count):
    with pytest.raises(LedgerError) as caught:
        unbundle(data, count)
    assert caught.value.code == "malformed_bundle"


def test_an_entry_that_no_bundle_takes_is_told():
    assert len(bundle([b"x" * 65_535], 0)) == 65_537
    with pytest.raises(LedgerError, match="entry 8 has 65536 bytes") as caught:
        bundle([b"", b"x" * 65_536], 7)
    assert caught.value.code == "entry_too_long"
