"""Merkle proofs against the reference vectors of RFC 6962 implementations, a naive recursion, and attacks."""

import hashlib
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empower.core.errors import LedgerError
from empower.core.merkle import EMPTY_ROOT, append, leaf_hash, root
from empower.core.proof import check_consistency, check_inclusion, consistency, inclusion

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
"""The leaves that the reference implementations of RFC 6962 share."""
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENT = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def naive(leaves: tuple[bytes, ...]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + naive(leaves[:half]) + naive(leaves[half:])).digest()


def naive_path(index: int, leaves: tuple[bytes, ...]) -> list[bytes]:
    """PATH of 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return [*naive_path(index, leaves[:half]), naive(leaves[half:])]
    return [*naive_path(index - half, leaves[half:]), naive(leaves[:half])]


def naive_proof(first: int, leaves: tuple[bytes, ...], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of 2.1.4.1, word for word."""
    if first == len(leaves):
        return [] if whole else [naive(leaves)]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if first <= half:
        return [*naive_proof(first, leaves[:half], whole=whole), naive(leaves[half:])]
    return [*naive_proof(first - half, leaves[half:], whole=False), naive(leaves[:half])]


@cache
def leaves_of(size: int) -> tuple[bytes, ...]:
    return tuple(number.to_bytes(2) for number in range(size))


def subtree_of(leaves):
    return lambda start, end: naive(tuple(leaves[start:end]))


def hexed(path):
    return [step.hex() for step in path]


def refused(check, *given) -> str:
    with pytest.raises(LedgerError) as caught:
        check(*given)
    return caught.value.code


def test_roots_are_those_of_the_reference():
    frontier = ()
    for size, leaf in enumerate(LEAVES):
        frontier = append(frontier, size, leaf_hash(leaf))
        assert root(frontier).hex() == ROOTS[size]
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_inclusion_proofs_are_those_of_the_reference(index, size):
    path = inclusion(index, size, subtree_of(LEAVES))
    assert hexed(path) == PATHS[index, size]
    check_inclusion(index, size, leaf_hash(LEAVES[index]), path, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("first", "second"), CONSISTENT)
def test_consistency_proofs_are_those_of_the_reference(first, second):
    path = consistency(first, second, subtree_of(LEAVES))
    assert hexed(path) == CONSISTENT[first, second]
    old, new = (bytes.fromhex(ROOTS[size - 1]) for size in (first, second))
    check_consistency(first, second, old, new, path)


def test_every_proof_of_small_trees_is_the_naive_one_and_holds():
    for size in range(1, 34):
        leaves = leaves_of(size)
        whole = naive(leaves)
        for index in range(size):
            path = inclusion(index, size, subtree_of(leaves))
            assert path == naive_path(index, leaves)
            check_inclusion(index, size, leaf_hash(leaves[index]), path, whole)
        for first in range(1, size + 1):
            path = consistency(first, size, subtree_of(leaves))
            assert path == naive_proof(first, leaves)
            check_consistency(first, size, naive(leaves[:first]), whole, path)


@given(st.data())
def test_a_changed_inclusion_proof_never_holds(data):
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    path, whole = inclusion(index, size, subtree_of(leaves)), naive(leaves)
    other = data.draw(st.integers(0, size - 1).filter(lambda found: found != index)) if size > 1 else 1
    assert refused(check_inclusion, other, size, leaf_hash(leaves[index]), path, whole)
    assert refused(check_inclusion, index, size, leaf_hash(b"other"), path, whole) == "wrong_root"
    assert refused(check_inclusion, index, size, leaf_hash(leaves[index]), [*path, bytes(32)], whole) in (
        "proof_too_long",
        "wrong_root",
    )
    if path:
        assert refused(check_inclusion, index, size, leaf_hash(leaves[index]), path[:-1], whole) == "proof_too_short"
        place = data.draw(st.integers(0, len(path) - 1))
        swapped = [*path[:place], bytes(32), *path[place + 1 :]]
        assert refused(check_inclusion, index, size, leaf_hash(leaves[index]), swapped, whole) == "wrong_root"


@given(st.data())
def test_a_changed_consistency_proof_never_holds(data):
    second = data.draw(st.integers(2, 300))
    first = data.draw(st.integers(1, second - 1))
    leaves = leaves_of(second)
    old, new = naive(leaves[:first]), naive(leaves)
    path = consistency(first, second, subtree_of(leaves))
    check_consistency(first, second, old, new, path)
    assert refused(check_consistency, first, second, bytes(32), new, path) == "wrong_root"
    assert refused(check_consistency, first, second, old, bytes(32), path) == "wrong_root"
    assert refused(check_consistency, first, second, old, new, [*path, bytes(32)]) in ("proof_too_long", "wrong_root")
    assert refused(check_consistency, first, second, old, new, path[:-1]) in ("proof_too_short", "wrong_root")
    place = data.draw(st.integers(0, len(path) - 1))
    swapped = [*path[:place], bytes(32), *path[place + 1 :]]
    assert refused(check_consistency, first, second, old, new, swapped) == "wrong_root"


ROOT = bytes.fromhex(ROOTS[7])
HASH = bytes(32)
BAD_INCLUSION = {
    "an empty tree": ((0, 0, HASH, [], EMPTY_ROOT), "proof_index"),
    "index is the size": ((8, 8, HASH, [HASH] * 3, ROOT), "proof_index"),
    "index below zero": ((-1, 8, HASH, [HASH] * 3, ROOT), "proof_index"),
    "no proof": ((3, 8, leaf_hash(LEAVES[3]), [], ROOT), "proof_too_short"),
    "one hash for one leaf": ((0, 1, leaf_hash(b""), [HASH], leaf_hash(b"")), "proof_too_long"),
    "a short hash": ((3, 8, leaf_hash(LEAVES[3]), [HASH, HASH, HASH[:-1]], ROOT), "malformed_proof"),
    "an empty hash": ((3, 8, b"", [HASH] * 3, ROOT), "malformed_proof"),
    "an empty root": ((3, 8, leaf_hash(LEAVES[3]), [HASH] * 3, b""), "malformed_proof"),
    "the root itself as a leaf": ((0, 1, ROOT, [], HASH), "wrong_root"),
}
BAD_CONSISTENCY = {
    "backwards": ((8, 7, ROOT, HASH, []), "proof_index"),
    "below zero": ((-1, 8, HASH, ROOT, []), "proof_index"),
    "no proof": ((3, 8, bytes.fromhex(ROOTS[2]), ROOT, []), "proof_too_short"),
    "one size, two roots": ((8, 8, HASH, ROOT, []), "wrong_root"),
    "one size, and a proof": ((8, 8, ROOT, ROOT, [HASH]), "proof_too_long"),
    "from nothing, and a proof": ((0, 8, EMPTY_ROOT, ROOT, [HASH]), "proof_too_long"),
    "from a nothing that is something": ((0, 8, HASH, ROOT, []), "wrong_root"),
    "a short hash": ((3, 8, bytes.fromhex(ROOTS[2]), ROOT, [b"x"]), "malformed_proof"),
    "an empty root": ((3, 8, b"", ROOT, [HASH] * 3), "malformed_proof"),
}


@pytest.mark.parametrize(("given", "code"), BAD_INCLUSION.values(), ids=BAD_INCLUSION)
def test_an_impossible_inclusion_is_refused(given, code):
    assert refused(check_inclusion, *given) == code


@pytest.mark.parametrize(("given", "code"), BAD_CONSISTENCY.values(), ids=BAD_CONSISTENCY)
def test_an_impossible_consistency_is_refused(given, code):
    assert refused(check_consistency, *given) == code


def test_an_empty_tree_begins_every_tree():
    check_consistency(0, 8, EMPTY_ROOT, ROOT, [])
    check_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert consistency(0, 8, subtree_of(LEAVES)) == []


def test_nothing_is_proven_of_what_is_not_there():
    assert refused(inclusion, 8, 8, subtree_of(LEAVES)) == "proof_index"
    assert refused(inclusion, -1, 8, subtree_of(LEAVES)) == "proof_index"
    assert refused(consistency, 9, 8, subtree_of(LEAVES)) == "proof_index"
