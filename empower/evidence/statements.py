"""Statements about signing keys: signed notes by which each key vouches for the one after it.

    <the keys' name>/signing-keys
    <number, from 1>
    <the vkey that comes into force>
    <the vkey before it, or `none`>
    <the moment, RFC 3339>

The new key signs, and so does the one before, unless that was lost.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from empower.core.checkpoint import number
from empower.core.errors import EmpowerError, LedgerError
from empower.core.note import MOST_BYTES, Key, parse, parse_vkey, verified
from empower.evidence.keys import verify

NONE = "none"
LINES = 5
FILE = "signing-keys"
"""What a file of statements is called where books are published."""
_STATEMENT = re.compile(rf"(?:[^\n]+\n){{{LINES}}}\n(?:— [^\n]+\n)+(?=\n)")


def written(count: int, key: Key, was: str, made_at: str) -> str:
    """The text of a statement."""
    return f"{key.name}/signing-keys\n{count}\n{key}\n{was}\n{made_at}\n"


class Statement(NamedTuple):
    """What a statement that is signed by its own key says."""

    number: int
    key: Key
    was: Key | None
    vouched: bool
    """Whether the key before has signed it too."""
    made_at: str


def statement_of(text: str) -> Statement:
    """What a statement says; raises `LedgerError`."""
    note = parse(text)
    lines = note.text.removesuffix("\n").split("\n")
    count = number(lines[1]) if len(lines) == LINES else None
    if count is None:
        raise LedgerError("this is no statement about a signing key", code="malformed_statement")
    key = parse_vkey(lines[2])
    was = None if lines[3] == NONE else parse_vkey(lines[3])
    if lines[0] != f"{key.name}/signing-keys" or (was is not None and was.name != key.name):
        raise LedgerError("a statement is about another deployment's keys", code="malformed_statement")
    signers = verified(note, [key] if was is None else [key, was], verify)
    if key not in signers:
        raise LedgerError(f"`{key.name}+{key.id.hex()}` did not sign its own statement", code="unknown_signer")
    return Statement(count, key, was, was is not None and was in signers, lines[4])


def filed(statements: Iterable[str]) -> str:
    """Statements as a file has them: each followed by an empty line."""
    return "".join(f"{statement}\n" for statement in statements)


def statements_in(path: Path) -> list[str]:
    """The statements of a file; raises `LedgerError` for one that cannot be read."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MOST_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise LedgerError(
            f"the statements `{path}` cannot be read: {why.lower()}", code="malformed_statement"
        ) from None
    return _STATEMENT.findall(text)


def chain(trusted: Iterable[Key], statements: Iterable[str]) -> list[Key]:
    """All keys that the trusted ones lead to: a key vouches for the one after it, and names the one before it.

    A statement that does not hold leads nowhere.
    """
    found = list(dict.fromkeys(trusted))
    said = []
    for text in statements:
        try:
            said.append(statement_of(text))
        except EmpowerError:
            continue
    grown = True
    while grown:
        grown = False
        for one in said:
            if one.was is None or not one.vouched:
                continue
            for here, there in ((one.key, one.was), (one.was, one.key)):
                if here in found and there not in found:
                    found.append(there)
                    grown = True
    return found
