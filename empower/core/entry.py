"""An entry of a book: the one line that says what was decided or done, as the canonical JSON that is hashed.

The leaf is RFC 8785 JSON of location, seq, kind, time, comp, author and body, each a member of its own, so nothing
is joined ambiguously and every column can be held against it.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from empower.core.canonical import canonical
from empower.core.counter import CounterKey, Needed, Usage
from empower.core.merkle import leaf_hash

Kind = Literal[
    "open",
    "policy",
    "publish",
    "staff",
    "key",
    "signing",
    "decision",
    "approve",
    "decline",
    "capture",
    "void",
    "expire",
    "reverse",
    "erase",
    "webhook",
]
LEAF_VERSION = 1


class Entry(NamedTuple):
    """One line of a book."""

    location: str
    seq: int
    kind: str
    recorded_at: str
    comp: str | None
    leaf: bytes
    hash: bytes
    """RFC 6962 leaf hash of `leaf`."""


def entry(
    location: str, seq: int, kind: str, recorded_at: datetime, comp: str | None, by: str, body: dict[str, Any]
) -> Entry:
    """The entry that says `body`, done by `by` (a key's id, or who sat at the terminal)."""
    at = stamp(recorded_at)
    leaf = canonical(
        {
            "v": LEAF_VERSION,
            "location": location,
            "seq": seq,
            "kind": kind,
            "at": at,
            "comp": comp,
            "by": by,
            "body": body,
        }
    )
    return Entry(location, seq, kind, at, comp, leaf, leaf_hash(leaf))


def content(leaf: bytes) -> dict[str, Any]:
    """What a leaf says; raises `ValueError` if it is not a JSON object."""
    value = json.loads(leaf)
    if not isinstance(value, dict):
        raise ValueError("a leaf is a JSON object")  # noqa: TRY004  the bytes are wrong, not a type of ours
    return value


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with six digits of a second: sorts as text in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def moment_of(text: str) -> datetime:
    """The moment that `stamp` wrote."""
    return datetime.fromisoformat(text)


def commitment(salt: bytes, text: str) -> str:
    """What a leaf says of a note: HMAC-SHA-256 of the text under a salt that is kept beside and can be erased."""
    return hmac.digest(salt, text.encode(), "sha256").hex()


def key_commitment(body: bytes, owner: str, key: str) -> str:
    """What a leaf says of the idempotency key that it answers, by the keyed hash `body` that is kept beside."""
    return hmac.digest(body, canonical([owner, key]), "sha256").hex()


def own_guest(mac: bytes, employee: str, pseudonym: str) -> str:
    """What a leaf says of an employee's own guest reference: nothing, once its keyed hash `mac` is erased."""
    return hmac.digest(mac, canonical([employee, pseudonym]), "sha256").hex()


def pin_commitment(employee: str, digest: str, set_at: str) -> str:
    """What a leaf says of a PIN: SHA-256 over whose it is, its salted hash `digest`, and when it was set."""
    return hashlib.sha256(canonical([employee, digest, set_at])).hexdigest()


def recorded_standing(needed: list[Needed | None], standing: list[Usage | None]) -> list[list[Any] | None]:
    """The standing as the leaf keeps it: `[measure, subject, start, held, spent, held count, spent count]`."""
    return [
        None if need is None or usage is None else [*need.key, *usage]
        for need, usage in zip(needed, standing, strict=True)
    ]


def standing_of(rows: list[list[Any] | None]) -> tuple[list[CounterKey | None], list[Usage | None]]:
    """The keys and usages that `recorded_standing` wrote."""
    keys = [None if row is None else CounterKey(*row[:3]) for row in rows]
    return keys, [None if row is None else Usage(*row[3:]) for row in rows]
