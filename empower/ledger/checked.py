"""The checkpoints and signing keys that are kept, held against who is trusted; what is left are heads to be met."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from empower.core.checkpoint import Checkpoint, opened
from empower.core.entry import moment_of, stamp
from empower.core.errors import EmpowerError, InputError, LedgerError
from empower.core.merkle import root, unpack
from empower.core.note import Key
from empower.evidence.keys import verify
from empower.evidence.statements import statement_of
from empower.evidence.witness import Memory
from empower.ledger import signing
from empower.ledger.findings import BookReport, Head, LedgerFinding, Report
from empower.ledger.lines import MEMBERS
from empower.ledger.outside import SUFFIX, notes_in
from empower.store import Unit
from empower.store.evidence import Kept, Verifier, checkpoints, verifiers
from empower.store.guards import guards
from empower.store.listing import books

GUARDED = ("checkpoint", "verifier")
GUARDS = {f"{table}_no_{what}" for table in GUARDED for what in ("update", "delete")}


class Checked(NamedTuple):
    """What came of the checkpoints that are kept."""

    heads: list[Head]
    """Each must be met by the walk along its book."""
    findings: list[LedgerFinding]

    def told(self, report: Report) -> Report:
        """The report with these findings among the others."""
        books = {book.location: book for book in report.books}
        for location, seq, check, message in self.findings:
            book = books.setdefault(location, BookReport(location))
            book.add(check, message, seq)
        return Report(list(books.values()))


def check_checkpoints(
    unit: Unit, keys: Iterable[Key] = (), location: str | None = None, outside: Iterable[Head] = ()
) -> Checked:
    """Hold every checkpoint that is kept, or those of one book, against the keys that `keys` lead to.

    One that is known `outside`, and was signed, must be kept, unless the book itself is too short for it.
    Without `keys` the newest key that is kept is taken at its word: what that is worth, a witness knows, and the
    checkpoints outside.
    """
    found = Checked([], [])
    for name in sorted(GUARDS - {name for table in GUARDED for name in guards(unit, table)}):
        found.findings.append(LedgerFinding("store", None, "triggers", f"the trigger `{name}` is gone"))
    trusted = _keys(unit, list(keys), found)
    name, sizes, known = signing.name_in(unit), {book.location: book.size for book in books(unit)}, set()
    for kept in checkpoints(unit):
        known.add((kept.location, kept.size))
        if location in (None, kept.location):
            _check(unit, kept, name, trusted, found)
    for head in outside:
        if head.is_signed and head.size <= sizes.get(head.location, 0) and head[:2] not in known:
            message = f"the checkpoint of {head.size} entries, which is known outside, is gone from the store"
            found.findings.append(LedgerFinding(head.location, None, "checkpoint", message))
    return found


def _keys(unit: Unit, roots: list[Key], found: Checked) -> list[Key]:
    """The keys that may have signed; what is wrong with the history is told."""
    try:
        trusted = signing.trusted(unit, roots)
    except EmpowerError as error:
        found.findings.append(LedgerFinding("store", None, "keys", error.detail))
        return roots
    before = None
    for count, row in enumerate(verifiers(unit), 1):
        for message in _wrong(unit, row, count, before, trusted):
            found.findings.append(LedgerFinding("store", None, "keys", f"signing key {row.number}: {message}"))
        before = row.vkey
    return trusted


def _wrong(unit: Unit, row: Verifier, count: int, before: str | None, trusted: Collection[Key]) -> Iterable[str]:
    try:
        said = statement_of(row.statement)
        told = json.loads(row.told)
        places = [unit.entry(location, seq) for location, seq in told.items()]
    except (EmpowerError, ValueError, AttributeError, TypeError) as error:
        yield f"its row makes no sense: {getattr(error, 'detail', error)}"
        return
    was = None if said.was is None else str(said.was)
    if (said.number, str(said.key), was) != (row.number, row.vkey, before) or row.number != count:
        yield "the statement is not of this key, or does not follow the one before"
    if said.made_at != row.made_at:
        yield f"it was made at `{said.made_at}`, its row says `{row.made_at}`"
    if said.key not in trusted:
        yield "nobody who is trusted vouches for it"
    for place, line in zip(told, places, strict=True):
        if line is None or line.kind != "signing" or row.statement not in _statement(line.leaf):
            yield f"the entry of `{place}` that tells of it does not"


def _statement(leaf: bytes) -> list[str]:
    try:
        said = json.loads(leaf)
    except ValueError:
        return []
    body = said.get("body") if isinstance(said, dict) and said.keys() == MEMBERS else None
    return [body["statement"]] if isinstance(body, dict) and "statement" in body else []


def _check(unit: Unit, kept: Kept, name: str, trusted: Collection[Key], found: Checked) -> None:
    """One checkpoint: signed by whom we trust, of this book, and of the tree that its row says."""
    try:
        head = opened(kept.note, trusted, verify).checkpoint
        if head != (f"{name}/{kept.location}", kept.size, root(unpack(kept.frontier))):
            raise LedgerError("it is not the checkpoint that its row says")
        last = unit.entry(kept.location, kept.size - 1)
        if stamp(moment_of(kept.made_at)) != kept.made_at or (last is not None and kept.made_at < last.recorded_at):
            raise LedgerError(f"it was made at `{kept.made_at}`, before its last entry")
    except (EmpowerError, ValueError, TypeError, AttributeError) as error:
        message = f"the checkpoint of {kept.size} entries: {getattr(error, 'detail', error)}"
        found.findings.append(LedgerFinding(str(kept.location), None, "checkpoint", message))
        return
    found.heads.append(head_of(head))


def head_of(head: Checkpoint) -> Head:
    """A checkpoint as a head to be met."""
    return Head(head.location, head.size, head.root.hex(), is_signed=True)


def heads_outside(folder: Path, trusted: Collection[Key], deployment: str) -> list[Head]:
    """The heads in a folder of checkpoints; raises `LedgerError` for one that nobody trusted has signed.

    Those of other deployments, whose books are not here, are left out.
    """
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    notes = [note for path in paths for note in notes_in(path) if note.startswith(f"{deployment}/")]
    return [head_of(opened(note, trusted, verify).checkpoint) for note in notes]


def heads_witnessed(memory: Memory, deployment: str) -> list[Head]:
    """The heads that a witness remembers of a deployment's books; raises `InputError` where it has seen none."""
    heads = [memory.head(origin) for origin in memory.origins() if origin.rpartition("/")[0] == deployment]
    if not heads:
        raise InputError(
            f"the witness `{memory.path}` has seen no book of `{deployment}`: `empower witness` shows it them",
            code="nothing_witnessed",
        )
    return [head_of(head) for head in heads if head is not None]
