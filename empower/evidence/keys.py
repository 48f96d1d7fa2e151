"""Ed25519 (RFC 8032), and signing keys where they are kept: outside the database.

A key stands in a file that its owner alone may read, or in `EMPOWER_SIGNING_KEY`, as signed notes write it.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from empower.core.errors import LedgerError, StoreError
from empower.core.note import (
    COSIGNATURE,
    ED25519,
    SEED_BYTES,
    TIME_BYTES,
    Key,
    Note,
    Signature,
    cosigned,
    parse_skey,
    skey,
    valid_name,
)

VARIABLE = "EMPOWER_SIGNING_KEY"
SUFFIX = ".signing"


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `public` made `signature` of `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Signer:
    """A private key with its name."""

    def __init__(self, name: str, seed: bytes, algorithm: int = ED25519) -> None:
        """`seed` is 32 random bytes."""
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = Key(name, self._private.public_key().public_bytes_raw(), algorithm)

    def __repr__(self) -> str:
        """The public half."""
        return f"Signer({self.key})"

    @property
    def skey(self) -> str:
        """How the key is kept."""
        return skey(self.key, self._seed)

    def sign(self, text: str) -> Signature:
        """The signature of a note's text."""
        return Signature(self.key.name, self.key.id, self._private.sign(text.encode()))

    def cosign(self, text: str, when: int) -> Signature:
        """A witness's signature of a checkpoint's text at `when`, in seconds since 1970."""
        made = self._private.sign(cosigned(text, when))
        return Signature(self.key.name, self.key.id, when.to_bytes(TIME_BYTES) + made)

    def note(self, text: str) -> Note:
        """A note that this key alone signs."""
        return Note(text, (self.sign(text),))


def new_signer(name: str, algorithm: int = ED25519) -> Signer:
    """A key that was not there before; raises `StoreError` for a name that no key may have."""
    if not valid_name(name):
        raise StoreError(f"`{name}` is no name of a key: it has no spaces and no `+`", code="key_name")
    return Signer(name, secrets.token_bytes(SEED_BYTES), algorithm)


def signer_of(text: str, where: str, algorithm: int = ED25519) -> Signer:
    """The key that a text writes; raises `StoreError` for one that is malformed or of another kind."""
    try:
        seed = parse_skey(text.strip())
    except LedgerError as error:
        raise _unusable(where, error.detail) from None
    if seed.algorithm != algorithm:
        kinds = {ED25519: "a signing key of a store", COSIGNATURE: "a witness's key"}
        raise _unusable(where, f"this is {kinds[seed.algorithm]}, needed is {kinds[algorithm]}")
    signer = Signer(seed.name, seed.seed, algorithm)
    if signer.key.id != seed.id:
        raise _unusable(where, f"it says it is {seed.id.hex()}, and is {signer.key.id.hex()}")
    return signer


def _unusable(where: str, why: str) -> StoreError:
    return StoreError(f"{where} holds no key that can be used: {why}", code="signing_key_unusable")


def read_signer(path: Path, algorithm: int = ED25519) -> Signer:
    """The key of a file; raises `StoreError` for one that is missing, unreadable or of another kind."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise StoreError(f"there is no key at `{path}`", code="signing_key_missing") from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise StoreError(f"the key `{path}` cannot be read: {why.lower()}", code="signing_key_unreadable") from None
    return signer_of(text, f"`{path}`", algorithm)


def write_signer(path: Path, signer: Signer, *, replace: bool = False) -> None:
    """Keep a key in a file for its owner alone, wholly or not at all; refuses one that is there unless `replace`."""
    if path.exists() and not replace:
        raise StoreError(f"there is a key at `{path}` already", code="signing_key_exists")
    fresh = path.with_name(f"{path.name}.new")
    try:
        with suppress(FileNotFoundError):
            fresh.unlink()
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(signer.skey + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        why = (error.strerror or str(error)).lower()
        raise StoreError(f"the key `{path}` cannot be written: {why}", code="signing_key_unwritable") from None
