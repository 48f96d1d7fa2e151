"""The tree of a book, against RFC 6962: its reference's vectors, and section 2.1 written down as it stands there."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empower.core.merkle import EMPTY_ROOT, Frontier, append, leaf_hash, node_hash, pack, root, unpack

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The leaves of Certificate Transparency's reference tests, and the root after each."""
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def frontier_of(leaves: list[bytes]) -> Frontier:
    frontier: Frontier = ()
    for size, leaf in enumerate(leaves):
        frontier = append(frontier, size, leaf_hash(leaf))
    return frontier


def mth(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1: k is the largest power of two smaller than n."""
    n = len(leaves)
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < n:
        k *= 2
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_the_reference_s_roots(size: int):
    assert root(frontier_of(LEAVES[:size])).hex() == ROOTS[size]
    assert mth(LEAVES[:size]).hex() == ROOTS[size]


def test_the_empty_tree():
    assert root(()) == EMPTY_ROOT == sha256(b"").digest()


def test_leaves_and_nodes_cannot_be_taken_for_each_other():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
    assert node_hash(left, right) != node_hash(right, left)


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_appending_to_the_frontier_is_the_tree_of_all_leaves(leaves: list[bytes]):
    assert root(frontier_of(leaves)) == mth(leaves)


@pytest.mark.parametrize("size", [*range(70), 127, 128, 129, 255, 256, 257])
def test_every_size(size: int):
    leaves = [bytes([number % 256, number // 256]) for number in range(size)]
    frontier = frontier_of(leaves)
    assert root(frontier) == mth(leaves)
    assert len(frontier) == size.bit_count()


def test_the_frontier_is_of_the_complete_subtrees_largest_first():
    assert frontier_of(LEAVES[:7]) == (mth(LEAVES[:4]), mth(LEAVES[4:6]), mth(LEAVES[6:7]))


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=12))
def test_a_frontier_is_packed_and_unpacked(hashes: list[bytes]):
    frontier = tuple(hashes)
    assert pack(frontier) == b"".join(frontier)
    assert unpack(pack(frontier)) == frontier


@pytest.mark.parametrize("size", [1, 31, 33, 63])
def test_bytes_that_are_no_hashes_are_refused(size: int):
    with pytest.raises(ValueError, match=f"not {size} bytes"):
        unpack(bytes(size))
