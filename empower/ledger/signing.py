"""The signing key of a deployment: made, rotated, and its history, each key vouched for by the one before.

The private key is outside the database: in `EMPOWER_SIGNING_KEY`, or beside an SQLite file in `FILE.signing`. The
public halves are kept in the store, and told in every book.
"""

import json
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from empower.core.checkpoint import log_name
from empower.core.entry import stamp
from empower.core.errors import StoreError
from empower.core.note import Key, Note, parse_vkey
from empower.evidence.keys import SUFFIX, VARIABLE, Signer, new_signer, read_signer, signer_of, write_signer
from empower.evidence.statements import NONE, chain, written
from empower.store import Store, Unit
from empower.store.database import sqlite_path
from empower.store.evidence import Verifier, put_verifier, verifiers
from empower.store.listing import books
from empower.store.people import deployment

HOW = "run `empower key signing new`"


def name_of(store: Store) -> str:
    """The name of the deployment's signing keys."""
    with store.read() as unit:
        return name_in(unit)


def name_in(unit: Unit) -> str:
    """The same, in a transaction."""
    found = deployment(unit)
    if found is None:
        raise StoreError("the store is not set up: run `empower init`", code="store_missing")
    return log_name(found.id)


def path_of(store: Store) -> Path | None:
    """Where the key of a store is kept; None for a store without a file, whose key is in the environment."""
    path = sqlite_path(store.url)
    return None if path is None else path.with_name(path.name + SUFFIX)


def history(store: Store) -> list[Verifier]:
    """All keys that are, or were, in force, in their order."""
    with store.read() as unit:
        return verifiers(unit)


def load(store: Store) -> Signer:
    """The key in force; raises `StoreError` for one that is missing, unreadable, or not this store's last."""
    name, known = name_of(store), history(store)
    signer = _kept(store, known[-1].vkey if known else None)
    if signer.key.name != name:
        raise StoreError(
            f"the signing key is of `{signer.key.name}`, this store is `{name}`", code="signing_key_elsewhere"
        )
    if not known:
        raise StoreError(f"the store does not know its signing key yet: {HOW}", code="signing_key_missing")
    if str(signer.key) != known[-1].vkey:
        raise StoreError(
            f"the signing key is `{signer.key.id.hex()}`, in force is `{parse_vkey(known[-1].vkey).id.hex()}`: "
            "put back the newest",
            code="signing_key_retired",
        )
    return signer


def _kept(store: Store, newest: str | None) -> Signer:
    """The key from the environment, or the file; finishes a rotation that was interrupted."""
    text = os.environ.get(VARIABLE)
    if text is not None:
        return signer_of(text, f"`{VARIABLE}`")
    path = path_of(store)
    if path is None:
        raise StoreError(f"set `{VARIABLE}`: the signing key is kept outside the database", code="signing_key_missing")
    fresh = _next(path)
    if newest is not None and fresh.exists() and str(read_signer(fresh).key) == newest:
        fresh.replace(path)
    if not path.exists():
        raise StoreError(f"there is no signing key at `{path}`: {HOW}", code="signing_key_missing")
    return read_signer(path)


def _next(path: Path) -> Path:
    return path.with_name(path.name + ".next")


def new(store: Store, *, by: str, clock: Callable[[], datetime]) -> Signer:
    """The first key: made and kept in its file, or taken from the environment. Raises `StoreError`."""
    if history(store):
        raise StoreError(
            "there is a signing key: `empower key signing rotate` makes the next", code="signing_key_exists"
        )
    name, text, path = name_of(store), os.environ.get(VARIABLE), path_of(store)
    signer = new_signer(name) if text is None else signer_of(text, f"`{VARIABLE}`")
    if signer.key.name != name:
        raise StoreError(f"the key's name must be `{name}`", code="signing_key_elsewhere")
    if text is None and path is None:
        raise StoreError(f"set `{VARIABLE}`: the signing key is kept outside the database", code="signing_key_missing")
    if text is None and path is not None:
        write_signer(path, signer)
    _record(store, signer, None, by=by, now=clock())
    return signer


def rotate(
    store: Store, *, by: str, clock: Callable[[], datetime], lost: bool = False, to: Path | None = None
) -> Signer:
    """The next key, vouched for by the one before unless that is `lost`; kept where that was, or in the file `to`."""
    known = history(store)
    if not known:
        raise StoreError(f"there is no signing key yet: {HOW}", code="signing_key_missing")
    before = None if lost else load(store)
    signer, path = new_signer(name_of(store)), to or path_of(store)
    if path is None or (to is None and os.environ.get(VARIABLE) is not None):
        raise StoreError(f"`{VARIABLE}` cannot be changed from here: say where to put the new key, `--to FILE`")
    fresh = path if to else _next(path)
    write_signer(fresh, signer, replace=to is None)
    _record(store, signer, before, by=by, now=clock())
    if to is None:
        fresh.replace(path)
    return signer


def _record(store: Store, signer: Signer, before: Signer | None, *, by: str, now: datetime) -> None:
    """Keep the public half, and tell of it in every book."""

    def job(unit: Unit) -> None:
        known = verifiers(unit)
        count, was = len(known) + 1, known[-1].vkey if known else NONE
        text = written(count, signer.key, was, stamp(now))
        signatures = [one.sign(text) for one in (before, signer) if one is not None]
        statement = str(Note(text, tuple(signatures)))
        does = "rotate" if before else "new" if was == NONE else "replace a lost key"
        body = {"does": does, "key": str(signer.key), "was": None if was == NONE else was, "statement": statement}
        told = {}
        for book in books(unit):
            head = unit.book(book.location)
            if head is not None:
                told[book.location] = unit.append(head, "signing", now, None, by, body).seq
        put_verifier(unit, Verifier(count, str(signer.key), statement, json.dumps(told), stamp(now)))

    store.write(job, alone=True)


def trusted(unit: Unit, keys: Iterable[Key] = ()) -> list[Key]:
    """All that `keys` lead to by the statements that are kept; if nobody is given, by the newest key that is kept."""
    kept = verifiers(unit)
    roots = list(keys) or [parse_vkey(row.vkey) for row in kept[-1:]]
    return chain(roots, [row.statement for row in kept])


def at_hand(store: Store) -> list[Key]:
    """The public half of the signing key that is here, if there is one: it is not in the database's power."""
    if os.environ.get(VARIABLE) is None and not ((path := path_of(store)) and path.exists()):
        return []
    return [load(store).key]
