"""Signed notes (c2sp.org/signed-note): a text, and lines with who signed it.

    <text, which ends in a newline>
    <an empty line>
    — <key name> base64(<4 bytes of key id> ‖ <signature>)

Ed25519 is not brought here: who signs and who verifies is an argument. Whatever is malformed is refused with a
`LedgerError`; signatures of keys that are not known are passed over, as the specification asks.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from empower.core.errors import LedgerError

ED25519 = 0x01
"""A signature over the text itself."""
COSIGNATURE = 0x04
"""A witness's signature over the text and a time (c2sp.org/tlog-cosignature)."""
ALGORITHMS = (ED25519, COSIGNATURE)
PUBLIC_BYTES = 32
SEED_BYTES = 32
ID_BYTES = 4
MOST_BYTES = 1_000_000
MOST_SIGNATURES = 64
SIGNED = "— "
SKEY_PREFIX = "PRIVATE+KEY+"

Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether a public key (32 bytes) made, of a message, a signature (64 bytes)."""

_ID = re.compile(r"[0-9a-f]{8}")


class Key(NamedTuple):
    """What a signature is verified with; written as `<name>+<id>+<base64(algorithm ‖ public key)>`, a vkey."""

    name: str
    public: bytes
    algorithm: int = ED25519

    @property
    def id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key)[:4]."""
        return key_id(self.name, self.algorithm, self.public)

    def __str__(self) -> str:
        """The vkey."""
        return _written(self.name, self.id, self.algorithm, self.public)


class Signature(NamedTuple):
    """One line: a key's name, its id, and what it made."""

    name: str
    id: bytes
    value: bytes

    def line(self) -> str:
        """The line, with its newline."""
        return f"{SIGNED}{self.name} {encode(self.id + self.value)}\n"


class Note(NamedTuple):
    """A text with its signatures, in their order."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def __str__(self) -> str:
        """The note."""
        return f"{self.text}\n{''.join(signature.line() for signature in self.signatures)}"


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """The id of a key, by which its signatures are found."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:ID_BYTES]


def encode(data: bytes) -> str:
    """Standard base64 (RFC 4648, section 4)."""
    return base64.b64encode(data).decode()


def decode(text: str) -> bytes | None:
    """The bytes of standard base64; None for what is not, or is not their one encoding."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if encode(data) == text else None


def valid_name(name: str) -> bool:
    """Whether a key may have this name: not empty, no spaces, no plus, nothing that does not print."""
    return bool(name) and "+" not in name and not any(sign.isspace() or ord(sign) < ord(" ") for sign in name)


def parse_vkey(text: str) -> Key:
    """The key of a vkey; raises `LedgerError` for one that is malformed, or whose id is not its own."""
    name, algorithm, public, said = _parts(text, "vkey", PUBLIC_BYTES)
    key = Key(name, public, algorithm)
    if key.id != said:
        raise LedgerError(f"the vkey of `{name}` has the id {said.hex()}, its key {key.id.hex()}", code="wrong_key_id")
    return key


class Seed(NamedTuple):
    """A private key as it is kept: `PRIVATE+KEY+<name>+<id>+<base64(algorithm ‖ seed)>`, an skey."""

    name: str
    seed: bytes
    algorithm: int
    id: bytes
    """As it is written; who knows the public key holds it against that."""

    def __repr__(self) -> str:
        """Without the seed: it must not reach a log."""
        return f"Seed({self.name}+{self.id.hex()})"


def parse_skey(text: str) -> Seed:
    """The private key of an skey; raises `LedgerError` for one that is malformed."""
    if not text.startswith(SKEY_PREFIX):
        raise LedgerError("this is no signing key: one begins with `PRIVATE+KEY+`", code="malformed_key")
    name, algorithm, seed, said = _parts(text.removeprefix(SKEY_PREFIX), "signing key", SEED_BYTES)
    return Seed(name, seed, algorithm, said)


def skey(key: Key, seed: bytes) -> str:
    """How a private key is kept."""
    return SKEY_PREFIX + _written(key.name, key.id, key.algorithm, seed)


def _written(name: str, id_: bytes, algorithm: int, material: bytes) -> str:
    return f"{name}+{id_.hex()}+{encode(bytes([algorithm]) + material)}"


def _parts(text: str, what: str, length: int) -> tuple[str, int, bytes, bytes]:
    """Name, algorithm, key and id of a written key; what it says wrongly is not repeated: it may be a secret."""
    name, _, rest = text.partition("+")
    said, _, encoded = rest.partition("+")
    material = decode(encoded)
    if not valid_name(name) or not _ID.fullmatch(said) or not material:
        raise LedgerError(f"the {what} is malformed: it is `name+id+key`", code="malformed_key")
    if material[0] not in ALGORITHMS or len(material) != 1 + length:
        raise LedgerError(f"the {what} is of another kind than Ed25519", code="key_of_another_kind")
    return name, material[0], material[1:], bytes.fromhex(said)


def parse(data: bytes | str) -> Note:
    """The note that `data` is, from its first byte to its last; raises `LedgerError`, code `malformed_note`."""
    text = _decoded(data)
    body, found, signed = text.rpartition("\n\n")
    if not found or not body.strip("\n") or not signed.endswith("\n"):
        raise _malformed("it is a text, an empty line and signature lines, each with its newline")
    lines = signed.removesuffix("\n").split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise _malformed(f"it has more than {MOST_SIGNATURES} signatures")
    return Note(body + "\n", tuple(_signature(line) for line in lines))


def _decoded(data: bytes | str) -> str:
    try:
        raw = data.encode() if isinstance(data, str) else data
        if len(raw) > MOST_BYTES:
            raise _malformed(f"it has more than {MOST_BYTES} bytes")
        text = raw.decode()
    except UnicodeError:
        raise _malformed("it is not UTF-8") from None
    if any(sign < " " and sign != "\n" for sign in text):
        raise _malformed("it has control characters")
    return text


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(SIGNED).partition(" ")
    data = decode(encoded)
    if not line.startswith(SIGNED) or not valid_name(name) or data is None or len(data) <= ID_BYTES:
        raise _malformed(f"`{line[:80]}` is no signature line")
    return Signature(name, data[:ID_BYTES], data[ID_BYTES:])


def _malformed(why: str) -> LedgerError:
    return LedgerError(f"this is no signed note: {why}", code="malformed_note")


def verified(note: Note, keys: Collection[Key], verify: Verify) -> list[Key]:
    """Those of `keys` that signed the note, in the order of the keys.

    Raises `LedgerError` where one of them did so wrongly (`bad_signature`), twice (`duplicate_signature`), or none
    did (`unknown_signer`).
    """
    signers = []
    for key in dict.fromkeys(keys):
        made = [signature for signature in note.signatures if (signature.name, signature.id) == (key.name, key.id)]
        if len(made) > 1:
            raise LedgerError(f"`{key.name}+{key.id.hex()}` signed the note twice", code="duplicate_signature")
        if made and not holds(note.text, made[0], key, verify):
            raise LedgerError(f"the signature of `{key.name}+{key.id.hex()}` does not hold", code="bad_signature")
        signers += [key] if made else []
    if not signers:
        made_by = ", ".join(f"`{signature.name}+{signature.id.hex()}`" for signature in note.signatures)
        wanted = ", ".join(f"`{key.name}+{key.id.hex()}`" for key in dict.fromkeys(keys)) or "nobody"
        raise LedgerError(f"signed by {made_by}, to be trusted is {wanted}", code="unknown_signer")
    return signers


SIGNATURE_BYTES = 64
TIME_BYTES = 8


def holds(text: str, signature: Signature, key: Key, verify: Verify) -> bool:
    """Whether a signature of the key's kind is over this text."""
    if key.algorithm == ED25519:
        return len(signature.value) == SIGNATURE_BYTES and verify(key.public, text.encode(), signature.value)
    when = time_of(signature)
    return when is not None and verify(key.public, cosigned(text, when), signature.value[TIME_BYTES:])


def cosigned(text: str, when: int) -> bytes:
    """What a witness signs of a checkpoint at `when`, in seconds since 1970 (c2sp.org/tlog-cosignature)."""
    return f"cosignature/v1\ntime {when}\n{text}".encode()


def time_of(signature: Signature) -> int | None:
    """When a cosignature was made, in seconds since 1970; None for what is no cosignature."""
    if len(signature.value) != TIME_BYTES + SIGNATURE_BYTES:
        return None
    when = int.from_bytes(signature.value[:TIME_BYTES])
    return when if when < 1 << 63 else None
