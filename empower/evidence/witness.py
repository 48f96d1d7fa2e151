"""A witness (c2sp.org/tlog-witness): somebody else's process that remembers the last head of each book it has seen.

It cosigns a head that goes on from what it remembers, and refuses one that does not: history was rewritten, or rolled
back. What it remembers is on its disk before anybody sees its signature.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from empower.core.checkpoint import Checkpoint, Signed, opened
from empower.core.errors import BusyError, InputError, LedgerError, NotFoundError, StoreError
from empower.core.merkle import EMPTY_ROOT
from empower.core.note import Key, Note, parse_vkey
from empower.core.proof import check_consistency
from empower.evidence.keys import Signer, verify
from empower.evidence.statements import chain

VERSION = 1


class Source(NamedTuple):
    """Where books are read from."""

    name: str
    locations: Callable[[], list[str]]
    checkpoint: Callable[[str], tuple[str, list[str]]]
    """A book's last note, and the statements on signing keys."""
    consistency: Callable[[str, int, int], list[bytes]]
    """The proof between two sizes of a book."""


class Seen(NamedTuple):
    """What came of one book."""

    location: str
    status: str
    """`first`, `grown`, `same`, or `refused`."""
    size: int
    root: str
    note: str
    """The checkpoint with the witness's signature; of one that is refused, as it was offered."""
    message: str


class Memory:
    """What a witness remembers, in a file of its own."""

    def __init__(self, path: Path) -> None:
        """As the file has it; empty where there is none. Raises `StoreError` for one that is damaged."""
        self.path = path
        self.trusted: list[Key] = []
        self.witness: Key | None = None
        self._notes: dict[str, dict[str, str]] = {}
        try:
            self._read(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError, LedgerError) as error:
            why = getattr(error, "strerror", None) or "it is damaged"
            raise StoreError(f"the witness's memory `{path}` cannot be read: {why}", code="memory_unreadable") from None

    def _read(self, said: dict[str, Any]) -> None:
        if said["v"] != VERSION:
            raise ValueError(f"version {said['v']}")
        self.trusted = [parse_vkey(text) for text in said["trusted"]]
        self.witness = parse_vkey(said["witness"])
        self._notes = {str(origin): dict(row) for origin, row in said["books"].items()}
        for origin in self._notes:
            self.head(origin)

    def head(self, origin: str) -> Checkpoint | None:
        """The last head of a book; raises `LedgerError` for one that was not signed by all who must."""
        row = self._notes.get(origin)
        if row is None or self.witness is None:
            return None
        signed = opened(row["note"], [*self.trusted, self.witness], verify)
        if signed.checkpoint.origin != origin or self.witness not in signed.by:
            raise LedgerError(f"the memory of `{origin}` is not what the witness signed", code="memory_unreadable")
        return signed.checkpoint

    def origins(self, source: str | None = None) -> list[str]:
        """The books that are remembered, all or those from one source."""
        return [origin for origin, row in self._notes.items() if source in (None, row["from"])]

    def remember(self, origin: str, note: str, source: str) -> None:
        """Put a head in the place of the one before, on the disk when this returns; raises `StoreError`."""
        self._notes[origin] = {"note": note, "from": source}
        said = {
            "v": VERSION,
            "witness": str(self.witness),
            "trusted": [str(key) for key in self.trusted],
            "books": dict(sorted(self._notes.items())),
        }
        _replace(self.path, json.dumps(said, indent=1, ensure_ascii=False) + "\n")


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        why = (error.strerror or str(error)).lower()
        raise StoreError(f"the witness's memory `{path}` cannot be written: {why}", code="memory_unwritable") from None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep every other witness from a memory; raises `BusyError` where one is at work on it."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StoreError(f"the witness's memory `{path}` cannot be written: {why}", code="memory_unwritable") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BusyError(f"another witness is at work on `{path}`", code="memory_busy") from None
    finally:
        os.close(handle)


class Witness:
    """Sees books, and signs what goes on from what it has seen."""

    def __init__(self, signer: Signer, memory: Memory, clock: Callable[[], int], trusted: Sequence[Key] = ()) -> None:
        """`clock` gives seconds since 1970; `trusted` are keys of books besides those that are remembered."""
        if memory.witness not in (None, signer.key):
            raise InputError(
                f"the memory `{memory.path}` is of the witness `{memory.witness}`", code="memory_of_another"
            )
        self._signer = signer
        self._memory = memory
        self._clock = clock
        memory.witness = signer.key
        memory.trusted = list(dict.fromkeys([*memory.trusted, *trusted]))
        if not memory.trusted:
            raise InputError("whom to trust? name the key of the books, `--trust VKEY`", code="nobody_trusted")

    def see(self, source: Source) -> list[Seen]:
        """Every book of a source; one that was there once and is no longer is refused."""
        looked = [self._look(source, location) for location in sorted(source.locations())]
        found = [item for item in looked if item is not None]
        offered = {item.location for item in found}
        for origin in self._memory.origins(source.name):
            head = self._memory.head(origin)
            if head is not None and head.location not in offered:
                found.append(_refused(head.location, head.size, "", "the book is gone"))
        return found

    def _look(self, source: Source, location: str) -> Seen | None:
        """One book; None where it has no checkpoint yet."""
        note = ""
        try:
            note, statements = source.checkpoint(location)
            self._memory.trusted = chain(self._memory.trusted, statements)
            return self._cosign(source, location, opened(note, self._memory.trusted, verify))
        except NotFoundError:
            return None
        except LedgerError as error:
            return _refused(location, 0, note, error.detail)

    def _cosign(self, source: Source, location: str, signed: Signed) -> Seen:
        head = signed.checkpoint
        if head.location != location:
            raise LedgerError(f"this is the head of `{head.origin}`", code="wrong_origin")
        before = self._memory.head(head.origin)
        status = "first" if before is None else "same" if before.size == head.size else "grown"
        _goes_on(before or head._replace(size=0, root=EMPTY_ROOT), head, source)
        kept = [line for line in signed.note.signatures if any((key.name, key.id) == line[:2] for key in signed.by)]
        cosignature = self._signer.cosign(signed.note.text, self._clock())
        note = str(Note(signed.note.text, (*kept, cosignature)))
        self._memory.remember(head.origin, note, source.name)
        return Seen(head.location, status, head.size, head.root.hex(), note, "")


def _goes_on(before: Checkpoint, head: Checkpoint, source: Source) -> None:
    """Hold a head against the one before; raises `LedgerError`."""
    if head.size < before.size:
        raise LedgerError(
            f"the book was rolled back: it had {before.size} entries, now it has {head.size}", code="rolled_back"
        )
    proven = head.size > before.size > 0
    try:
        path = source.consistency(head.location, before.size, head.size) if proven else []
        check_consistency(before.size, head.size, before.root, head.root, path)
    except (LedgerError, InputError, NotFoundError) as error:
        raise LedgerError(f"history was rewritten: {error.detail}", code="history_rewritten") from None


def _refused(location: str, size: int, note: str, why: str) -> Seen:
    return Seen(location, "refused", size, "", note, why)
