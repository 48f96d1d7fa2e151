"""Merkle proofs: RFC 9162, sections 2.1.3 (inclusion) and 2.1.4 (consistency).

A proof is made from a function that gives the root over the leaves `[start, end)`, and verified without the tree.
Verification raises `LedgerError` with what is wrong; it never answers a truth value that somebody may forget to read.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from empower.core.errors import LedgerError
from empower.core.merkle import EMPTY_ROOT, HASH_BYTES, node_hash

Subtree = Callable[[int, int], bytes]
"""The root over the leaves from the first number up to, but without, the second."""


def _split(size: int) -> int:
    """The largest power of two smaller than `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def inclusion(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """PATH(index, D[size]): the proof that leaf `index` is in the tree of `size` leaves (2.1.3.1).

    Raises `LedgerError`, code `proof_index`, for a leaf that is not in the tree.
    """
    if not 0 <= index < size:
        raise LedgerError(f"entry {index} is not among the first {size}", code="proof_index")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    return path[::-1]


def consistency(first: int, second: int, subtree: Subtree) -> list[bytes]:
    """PROOF(first, D[second]): the proof that the first tree begins the second (2.1.4.1); empty for an empty tree.

    Raises `LedgerError`, code `proof_index`, for sizes that do not follow each other.
    """
    if not 0 <= first <= second:
        raise LedgerError(f"a book of {first} entries does not begin one of {second}", code="proof_index")
    if first in (0, second):
        return []
    path, start, end, whole = [], 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start, whole = middle, False
    return ([] if whole else [subtree(start, end)]) + path[::-1]


def check_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Hold a leaf hash against the root over `size` leaves (2.1.3.2); raises `LedgerError`."""
    if not 0 <= index < size:
        _refuse("proof_index", f"entry {index} is not among the first {size}")
    _sound(leaf, root, *path)
    found = leaf
    for step, on_the_left in _climb(index, size - 1, path, "inclusion"):
        found = node_hash(step, found) if on_the_left else node_hash(found, step)
    if found != root:
        _refuse("wrong_root", f"entry {index} is not in the book: it leads to the root {found.hex()}")


def check_consistency(first: int, second: int, old: bytes, new: bytes, path: Sequence[bytes]) -> None:
    """Hold the root `old` over `first` leaves against the root `new` over `second` (2.1.4.2); raises `LedgerError`.

    An empty tree begins every tree, which takes no proof.
    """
    if not 0 <= first <= second:
        _refuse("proof_index", f"a book of {first} entries does not begin one of {second}")
    _sound(old, new, *path)
    if first in (0, second):
        _without_proof(first, second, old, new, path)
        return
    if not path:
        _refuse("proof_too_short", "the consistency proof is empty")
    steps = [old, *path] if first & (first - 1) == 0 else list(path)
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for step, on_the_left in _climb(place, last, steps[1:], "consistency"):
        before = node_hash(step, before) if on_the_left else before
        after = node_hash(step, after) if on_the_left else node_hash(after, step)
    if before != old or after != new:
        _refuse("wrong_root", f"the first {first} entries of the {second} are not those that stood there before")


def _climb(place: int, last: int, path: Sequence[bytes], what: str) -> Iterator[tuple[bytes, bool]]:
    """The steps from a leaf up to the root, and whether each stands on the left; raises if they do not end there."""
    for step in path:
        if last == 0:
            _refuse("proof_too_long", f"the {what} proof is too long")
        on_the_left = bool(place & 1) or place == last
        if on_the_left:
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
        yield step, on_the_left
    if last != 0:
        _refuse("proof_too_short", f"the {what} proof is too short")


def _without_proof(first: int, second: int, old: bytes, new: bytes, path: Sequence[bytes]) -> None:
    if path:
        _refuse("proof_too_long", "no proof is needed here, and there is one")
    if first == 0 and old != EMPTY_ROOT:
        _refuse("wrong_root", "a book without entries has the root of nothing")
    if first == second and old != new:
        _refuse("wrong_root", f"two books of {first} entries have different roots")


def _sound(*hashes: bytes) -> None:
    if any(len(item) != HASH_BYTES for item in hashes):
        _refuse("malformed_proof", f"a hash has {HASH_BYTES} bytes")


def _refuse(code: str, why: str) -> NoReturn:
    raise LedgerError(why, code=code)
