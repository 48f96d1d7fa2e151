"""What was signed: checkpoints and signing keys; and the hashes that proofs are made of."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import bindparam, literal_column, select

from empower.store.queries import ENTRY, table
from empower.store.tables import CheckpointRow, VerifierRow
from empower.store.unit import Unit

CHECKPOINT = table(CheckpointRow)
VERIFIER = table(VerifierRow)
CHUNK = 1000


class Kept(NamedTuple):
    """A checkpoint as it is kept."""

    location: str
    size: int
    note: str
    frontier: bytes
    made_at: str


class Verifier(NamedTuple):
    """A signing key's public half as it is kept."""

    number: int
    vkey: str
    statement: str
    told: str
    made_at: str


def checkpoints(unit: Unit) -> Iterator[Kept]:
    """All checkpoints, by location and size."""
    query = select(CHECKPOINT).order_by(CHECKPOINT.c.location, CHECKPOINT.c.size)
    unit.cursor.execute(unit.queries.cached("checkpoints", query), {})
    for row in unit.cursor.fetchall():
        yield Kept(*row)


def last_checkpoint(unit: Unit, location: str) -> Kept | None:
    """The checkpoint of the most entries."""
    query = select(CHECKPOINT).where(CHECKPOINT.c.location == bindparam("location"))
    query = query.order_by(CHECKPOINT.c.size.desc()).limit(literal_column("1")).offset(literal_column("0"))
    row = unit.row(unit.queries.cached("last checkpoint", query), {"location": location})
    return None if row is None else Kept(*row)


def checkpoint_at(unit: Unit, location: str, size: int) -> Kept | None:
    """The checkpoint of just so many entries."""
    query = select(CHECKPOINT).where(CHECKPOINT.c.location == bindparam("location"))
    query = query.where(CHECKPOINT.c.size == bindparam("size"))
    row = unit.row(unit.queries.cached("checkpoint at", query), {"location": location, "size": size})
    return None if row is None else Kept(*row)


def put_checkpoint(unit: Unit, kept: Kept) -> None:
    """Keep a checkpoint; nothing happens if there is one of that size."""
    unit.write(unit.queries.add_if_absent(CHECKPOINT), kept._asdict())


def verifiers(unit: Unit) -> list[Verifier]:
    """The signing keys that are, or were, in force, in their order."""
    query = unit.queries.cached("verifiers", select(VERIFIER).order_by(VERIFIER.c.number))
    return [Verifier(*row) for row in unit.rows(query, {})]


def put_verifier(unit: Unit, verifier: Verifier) -> None:
    """Keep a new signing key's public half."""
    unit.write(unit.queries.add(VERIFIER), verifier._asdict())


def hashes(unit: Unit, location: str, start: int, end: int) -> list[bytes]:
    """The leaf hashes of the entries from `start` up to, but without, `end`."""
    query = select(ENTRY.c.hash).where(
        ENTRY.c.location == bindparam("location"), ENTRY.c.seq >= bindparam("start"), ENTRY.c.seq < bindparam("end")
    )
    sql = unit.queries.cached("hashes", query.order_by(ENTRY.c.seq))
    return [bytes(found) for (found,) in unit.rows(sql, {"location": location, "start": start, "end": end})]


def leaves(unit: Unit, location: str, start: int, end: int) -> Iterator[list[bytes]]:
    """The leaves of the same, some at a time."""
    query = select(ENTRY.c.leaf).where(
        ENTRY.c.location == bindparam("location"), ENTRY.c.seq >= bindparam("start"), ENTRY.c.seq < bindparam("end")
    )
    sql = unit.queries.cached("leaves", query.order_by(ENTRY.c.seq))
    for first in range(start, end, CHUNK):
        last = min(first + CHUNK, end)
        yield [bytes(leaf) for (leaf,) in unit.rows(sql, {"location": location, "start": first, "end": last})]
