"""Receipts (c2sp.org/tlog-proof): one entry, the proof that it is in a book, and the book's signed head.

    c2sp.org/tlog-proof@v1
    extra <base64 of the entry's leaf>
    index <the entry's number>
    <base64 of a hash, one a line: the inclusion proof>
    <an empty line>
    <the checkpoint>

The specification does not authenticate `extra`; here it is the leaf itself, which the proof holds against the root.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from empower.core.canonical import NotCanonicalError, canonical, check
from empower.core.checkpoint import Signed, number, opened
from empower.core.entry import content
from empower.core.errors import LedgerError
from empower.core.merkle import leaf_hash
from empower.core.note import MOST_BYTES, Key, Verify, decode, encode
from empower.core.proof import check_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MOST_STEPS = 63


class Receipt(NamedTuple):
    """A receipt as it is read; nothing of it is known to hold."""

    leaf: bytes
    seq: int
    path: tuple[bytes, ...]
    note: str


class Held(NamedTuple):
    """What a receipt that holds says."""

    said: dict[str, Any]
    """The entry."""
    signed: Signed


def written(leaf: bytes, index: int, path: Sequence[bytes], note: str) -> str:
    """The text of a receipt."""
    steps = "".join(f"{encode(step)}\n" for step in path)
    return f"{HEADER}\nextra {encode(leaf)}\nindex {index}\n{steps}\n{note}"


def parse(data: bytes) -> Receipt:
    """The receipt that `data` is; raises `LedgerError`, code `malformed_receipt`."""
    if len(data) > MOST_BYTES:
        raise _malformed(f"it has more than {MOST_BYTES} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != HEADER:
        raise _malformed(f"it does not begin with `{HEADER}`")
    if len(lines) < 3 or len(lines) > 3 + MOST_STEPS:  # noqa: PLR2004  the header, the leaf and the index
        raise _malformed("after the first line come the entry, its index and at most 63 hashes")
    leaf = _decoded(lines[1], "extra")
    index = number(lines[2].removeprefix("index ")) if lines[2].startswith("index ") else None
    if index is None:
        raise _malformed(f"`{lines[2][:40]}` is no index: write it in decimal, without leading zeros")
    path = tuple(_decoded(line, "") for line in lines[3:])
    return Receipt(leaf, index, path, note)


def _decoded(line: str, word: str) -> bytes:
    prefix = f"{word} " if word else ""
    data = decode(line.removeprefix(prefix)) if line.startswith(prefix) else None
    if not data:
        raise _malformed(f"`{line[:40]}` is not {'the entry' if word else 'a hash'} in base64")
    return data


def _malformed(why: str) -> LedgerError:
    return LedgerError(f"this is no receipt: {why}", code="malformed_receipt")


def hold(receipt: Receipt, keys: Collection[Key], verify: Verify) -> Held:
    """Hold a receipt against whom to trust; raises `LedgerError` with what does not hold."""
    signed = opened(receipt.note, keys, verify)
    head = signed.checkpoint
    said = said_by(receipt.leaf)
    if said.get("location") != head.location or said.get("seq") != receipt.seq:
        claim = f"entry {said.get('seq')} of `{said.get('location')}`"
        raise LedgerError(
            f"the entry says it is {claim}, the receipt is for entry {receipt.seq} of `{head.location}`",
            code="wrong_entry",
        )
    check_inclusion(receipt.seq, head.size, leaf_hash(receipt.leaf), receipt.path, head.root)
    return Held(said, signed)


def said_by(leaf: bytes) -> dict[str, Any]:
    """What a leaf says; raises `LedgerError`, code `not_canonical`, unless it is the one text for it."""
    try:
        said = content(leaf)
        check(said)
        exact = canonical(said) == leaf
    except (NotCanonicalError, ValueError, RecursionError):
        exact, said = False, {}
    if not exact:
        raise LedgerError("the entry is not canonical JSON (RFC 8785)", code="not_canonical")
    return said
