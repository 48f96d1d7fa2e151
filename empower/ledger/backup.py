"""Backup and restore: a copy taken while the store is in use, and one put in its place that was verified before."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from empower.core.errors import LedgerError, StoreError
from empower.core.note import Key
from empower.ledger.findings import Head, LedgerFinding
from empower.ledger.verify import Progress, verify
from empower.store import Store
from empower.store.copying import copy_in, copy_out, file_of, put_in_place, settle_file, sizes_in

Outside = Callable[[Store], tuple[Iterable[Head], Iterable[Key]]]
"""What is known of the books from outside the store that is about to be put in place: heads to meet, keys to trust."""

OLDER = "checkpoint"


@dataclass(frozen=True)
class Restored:
    """What a restore put in place."""

    path: Path
    sizes: dict[str, int]
    """Entries of each book."""
    before: dict[str, int]
    """Entries of each book of the store that stood there, as far as it could be read."""
    older: list[LedgerFinding]
    """What is known outside and is not in the backup: it was taken all the same."""


def back_up(store: Store, path: Path, *, force: bool = False) -> dict[str, int]:
    """Copy a store into a file while it is in use; the entries of each book in it.

    Neither the secret nor a signing key is in it. Raises `StoreError` where a file is there, unless by `force`.
    """
    if path.exists() and not force:
        raise StoreError(f"`{path}` is there already: take another name, or `--force`", code="backup_exists")
    if not path.parent.is_dir():
        raise StoreError(f"there is no folder `{path.parent}`", code="backup_unwritable")
    copy_out(store, path)
    return sizes_in(path)


def restore(
    source: Path,
    store: str,
    *,
    force: bool = False,
    older: bool = False,
    outside: Outside | None = None,
    progress: Progress | None = None,
) -> Restored:
    """Verify a backup and put it where the store is, in one step.

    Raises `StoreError` where a store is there (unless by `force`) or open, and `LedgerError` where the backup does not
    hold. One that is `older` than what is known outside is only taken where that is said.
    """
    path = file_of(store)
    if path.exists() and not force:
        raise StoreError(f"there is a store at `{path}`: say `--force` to replace it", code="store_exists")
    made = path.with_name(path.name + ".restored")
    copy_in(source, made)
    try:
        behind = _verified(made, source, older=older, outside=outside, progress=progress)
        settle_file(made)
        sizes, before = sizes_in(made), sizes_in(path)
        put_in_place(made, path)
    finally:
        for name in ("", "-wal", "-shm"):
            made.with_name(made.name + name).unlink(missing_ok=True)
    return Restored(path, sizes, before, behind)


def _verified(
    made: Path, source: Path, *, older: bool, outside: Outside | None, progress: Progress | None
) -> list[LedgerFinding]:
    """Verify a copy; what is known outside and not in it, where that is said to be meant."""
    store = _opened(made)
    try:
        heads, keys = ((), ()) if outside is None else outside(store)
        findings = verify(store, heads=heads, keys=keys, progress=progress).findings
    finally:
        store.close()
    behind = [finding for finding in findings if finding.check == OLDER and finding.message.startswith("the book was")]
    wrong = [finding for finding in findings if finding not in behind]
    if wrong:
        where = f"{wrong[0].location}" + ("" if wrong[0].seq is None else f", entry {wrong[0].seq}")
        message = f"`{source}` does not hold ({where}: {wrong[0].check}: {wrong[0].message}"
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise LedgerError(f"{message}{more}): nothing was changed", code="backup_broken")
    if behind and not older:
        raise LedgerError(
            f"`{source}` is older than what is known outside ({behind[0].location}: {behind[0].message}): take a newer "
            "one, or say `--older` if what came after it is lost",
            code="backup_older",
        )
    return behind


def _opened(path: Path) -> Store:
    """A store of this version, or of one before, which is brought up."""
    url = f"sqlite:///{path}"
    try:
        return Store.open(url)
    except StoreError as error:
        if error.code == "schema_older":
            return Store.open(url, create=True)
        if error.code == "store_missing":
            raise StoreError("the file is no backup of a store", code="store_damaged") from None
        raise
