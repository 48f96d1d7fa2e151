"""Checkpoints (c2sp.org/tlog-checkpoint): the head of a book as a note says it.

    empower/<deployment>/<location>
    <entries in the book, in decimal>
    <base64 of the root>

Nothing follows: a book's checkpoint has no extension lines, so that a head has one text and no other.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

from empower.core.errors import LedgerError
from empower.core.merkle import EMPTY_ROOT, HASH_BYTES
from empower.core.note import Key, Note, Verify, decode, encode, parse, verified

DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
"""A number as C2SP writes it: no sign, no leading zeros."""
LARGEST = 2**63 - 1
LINES = 3


class Checkpoint(NamedTuple):
    """A book's head: how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"

    @property
    def location(self) -> str:
        """The location whose book it is: the origin's last part."""
        return self.origin.rpartition("/")[2]


def log_name(deployment: str) -> str:
    """The name of a deployment's signing keys, with which the origins of all its books begin."""
    return f"empower/{deployment}"


def origin_of(deployment: str, location: str) -> str:
    """The origin of a book."""
    return f"{log_name(deployment)}/{location}"


def number(text: str) -> int | None:
    """The number that a line says; None for what is none, has leading zeros or is beyond 2^63 - 1."""
    if not DECIMAL.fullmatch(text):
        return None
    value = int(text)
    return value if value <= LARGEST else None


def read(text: str) -> Checkpoint:
    """The head that a note's text says; raises `LedgerError`, code `malformed_checkpoint`."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != LINES or not text.endswith("\n"):
        raise _malformed(f"it has {LINES} lines: origin, size and root")
    origin, written, encoded = lines
    size, root = number(written), decode(encoded)
    if not origin:
        raise _malformed("the origin is empty")
    if size is None:
        raise _malformed(f"`{written[:40]}` is no size: write it in decimal, without leading zeros")
    if root is None or len(root) != HASH_BYTES:
        raise _malformed(f"`{encoded[:80]}` is no root: it is {HASH_BYTES} bytes in base64")
    if (size == 0) != (root == EMPTY_ROOT):
        raise _malformed("a book without entries, and no other, has the root of nothing")
    return Checkpoint(origin, size, root)


def _malformed(why: str) -> LedgerError:
    return LedgerError(f"this is no checkpoint: {why}", code="malformed_checkpoint")


class Signed(NamedTuple):
    """A checkpoint that is known to be signed."""

    checkpoint: Checkpoint
    note: Note
    by: list[Key]


def opened(data: bytes | str, keys: Collection[Key], verify: Verify) -> Signed:
    """The checkpoint of a note, once somebody of `keys` has signed it; raises `LedgerError`.

    The origin must be one of a book that the signer speaks for: its name, a slash, and a location.
    """
    note = parse(data)
    checkpoint = read(note.text)
    signers = verified(note, keys, verify)
    book, _, location = checkpoint.origin.rpartition("/")
    if not location or not any(key.name == book for key in signers):
        names = ", ".join(f"`{key.name}`" for key in signers)
        raise LedgerError(
            f"the checkpoint is of `{checkpoint.origin}`, for which {names} may not speak", code="wrong_origin"
        )
    return Signed(checkpoint, note, signers)
