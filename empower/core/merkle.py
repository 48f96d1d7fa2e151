"""The Merkle tree of a book: RFC 6962, section 2.1 (unchanged in RFC 9162), kept as its frontier.

The frontier holds the hash of each complete subtree of the tree, largest first: one for each bit that is set in the
size. It is all that an append or a root needs.
"""

from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962, 2.1)."""

Frontier = tuple[bytes, ...]


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 ‖ leaf)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def append(frontier: Frontier, size: int, leaf: bytes) -> Frontier:
    """The frontier of the tree of `size` leaves after one more, given by its leaf hash."""
    peaks = list(frontier)
    while size & 1:
        leaf = node_hash(peaks.pop(), leaf)
        size >>= 1
    peaks.append(leaf)
    return tuple(peaks)


def root(frontier: Frontier) -> bytes:
    """The tree's root: the subtrees joined from the smallest up."""
    if not frontier:
        return EMPTY_ROOT
    joined = frontier[-1]
    for peak in reversed(frontier[:-1]):
        joined = node_hash(peak, joined)
    return joined


def pack(frontier: Frontier) -> bytes:
    """The frontier as bytes, 32 a subtree."""
    return b"".join(frontier)


def unpack(data: bytes) -> Frontier:
    """The frontier from its bytes; raises `ValueError` if they are not a whole number of hashes."""
    if len(data) % HASH_BYTES:
        raise ValueError(f"a frontier is hashes of {HASH_BYTES} bytes, not {len(data)} bytes")
    return tuple(data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES))
