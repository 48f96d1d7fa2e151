"""The deployment's secret, and what is made with it: keyed hashes that a copy of the database alone cannot guess at.

The secret stands outside the database: in `EMPOWER_SECRET` (64 hex digits), or beside an SQLite file in `FILE.secret`.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from empower.core.canonical import canonical
from empower.core.errors import StoreError

SECRET_BYTES = 32
VARIABLE = "EMPOWER_SECRET"


class Secret:
    """Keyed hashes (HMAC-SHA-256), each kind under a label of its own."""

    def __init__(self, key: bytes) -> None:
        """`key` is 32 random bytes."""
        self._key = key

    def _mac(self, label: str, data: bytes) -> bytes:
        return hmac.new(self._key, label.encode() + b"\x00" + data, hashlib.sha256).digest()

    def guest(self, reference: str) -> bytes:
        """Under what a guest's reference is found."""
        return self._mac("guest", reference.encode())

    def body(self, data: bytes) -> bytes:
        """By what a request is known again."""
        return self._mac("body", data)

    def pin(self, employee: str, pin: str) -> str:
        """What is hashed of a PIN: without the secret, a copy of the database is nothing to guess at."""
        return self._mac("pin", canonical([employee, pin])).hex()

    def webhook(self, webhook_id: str, generation: int) -> bytes:
        """What is sent to a webhook is signed with it: made anew each time, so that it need be kept nowhere."""
        return self._mac("webhook", canonical([webhook_id, generation]))

    def check(self) -> bytes:
        """By what the secret itself is known again."""
        return self._mac("check", b"")


def load_secret(path: Path | None, *, create: bool, in_memory: bool = False) -> Secret:
    """The secret of the store whose secret file is `path`; raises `StoreError` if there is none.

    With `create`, a missing file is made, readable by its owner alone. A store in memory gets one that ends with it.
    """
    if in_memory:
        return Secret(secrets.token_bytes(SECRET_BYTES))
    text = os.environ.get(VARIABLE)
    if text is not None:
        return Secret(_parse(text, f"`{VARIABLE}`"))
    if path is None:
        raise StoreError(f"set `{VARIABLE}` to 64 hex digits: the secret is kept outside the database")
    if create and not path.exists():
        _write(path, secrets.token_bytes(SECRET_BYTES))
    try:
        return Secret(_parse(path.read_text(errors="replace"), f"`{path}`"))
    except OSError:
        raise StoreError(
            f"the store's secret `{path}` cannot be read: put it back, or set `{VARIABLE}`", code="secret_missing"
        ) from None


def _parse(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != SECRET_BYTES:
        raise StoreError(f"{where} does not hold a secret of 64 hex digits", code="secret_malformed")
    return key


def _write(path: Path, key: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(key.hex() + "\n")
