"""Publications: which set of policies was put in force, from when, by whom and why; and shadows beside them.

A publication is never changed but once: when another person confirms one that waits for it.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Text, bindparam, func, literal_column, or_, select, update
from sqlmodel import Field, SQLModel

from empower.core.canonical import canonical
from empower.core.entry import Entry
from empower.store.notices import TELL
from empower.store.queries import ENTRY, table
from empower.store.rows import entry_of
from empower.store.unit import Unit


class PublicationRow(SQLModel, table=True):
    """A set of policies that was published."""

    __tablename__ = "publication"
    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    """Grows with every row and every confirmation: whoever knows it knows them all."""
    at: str
    by: str
    why: str
    starts: str | None = None
    policies: str = Field(sa_column=Column(Text, nullable=False))
    two_people_for: str | None = None
    waits_for: str
    back_to: int | None = Field(default=None, sa_column=Column(BigInteger))
    confirmed_at: str | None = None
    confirmed_by: str | None = None


class ShadowRow(SQLModel, table=True):
    """A candidate that is watched beside what is in force; its texts stand here, since no book took them up."""

    __tablename__ = "shadow"
    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: str
    by: str
    source: str
    policies: str = Field(sa_column=Column(Text, nullable=False))
    starts: str
    ended_at: str | None = None


CHUNK = 2000

PUBLICATION = table(PublicationRow)
SHADOW = table(ShadowRow)
REVISION = select(func.max(PUBLICATION.c.revision))


class Publication(NamedTuple):
    """A row of `publication`."""

    id: int
    revision: int
    at: str
    by: str
    why: str
    starts: str | None
    """When it comes into force: a moment (`…Z`), a time on each location's wall clock, or None for at once."""
    policies: dict[str, str]
    """The set: digests by policy id."""
    two_people_for: str | None
    waits_for: list[str]
    """What in it another person must confirm."""
    back_to: int | None
    """The publication whose set it brings back."""
    confirmed_at: str | None
    confirmed_by: str | None

    @property
    def waits(self) -> bool:
        """Whether another person must confirm it before it comes into force."""
        return bool(self.waits_for) and self.confirmed_by is None

    @property
    def not_before(self) -> str:
        """The moment at which it was whole."""
        return self.confirmed_at or self.at


class Shadow(NamedTuple):
    """A row of `shadow`."""

    id: int
    at: str
    by: str
    source: str
    policies: dict[str, str]
    """Canonical texts by policy id."""
    starts: dict[str, int]
    """The first entry of each book that it decided beside."""
    ended_at: str | None


def revision(unit: Unit) -> int:
    """The revision of what is published; 0 where nothing ever was. Under a book's lock it is the newest there.

    Publishing takes the lock of every book, so no publication can slip in between.
    """
    return unit.number("revision", unit.queries.cached("revision", REVISION))


def publications(unit: Unit) -> list[Publication]:
    """Every publication, the first one first."""
    rows = unit.rows(unit.queries.cached("publications", select(PUBLICATION).order_by(PUBLICATION.c.id)), {})
    return [_publication(row) for row in rows]


def _publication(row: tuple[Any, ...]) -> Publication:
    found = Publication(*row)
    return found._replace(policies=json.loads(row[6]), waits_for=json.loads(row[8]))


def add_publication(unit: Unit, row: Publication) -> None:
    """Write a new publication."""
    unit.write(unit.queries.add(PUBLICATION), row._asdict() | _written(row))
    _tell(unit)


def _tell(unit: Unit) -> None:
    """Let the other processes know, once it is committed."""
    if unit.queries.is_shared:
        unit.write(TELL, {})


def _written(row: Publication) -> dict[str, str]:
    return {"policies": canonical(row.policies).decode(), "waits_for": canonical(row.waits_for).decode()}


def confirm_publication(unit: Unit, row: Publication) -> None:
    """Write who confirmed a publication, and when."""
    names = ("revision", "confirmed_at", "confirmed_by")
    query = update(PUBLICATION).where(PUBLICATION.c.id == bindparam("row"))
    sql = unit.queries.cached("confirm", query.values({name: bindparam(name) for name in names}))
    unit.write(sql, {"row": row.id} | {name: getattr(row, name) for name in names})
    _tell(unit)


def shadows(unit: Unit) -> list[Shadow]:
    """Every shadow, the first one first."""
    rows = unit.rows(unit.queries.cached("shadows", select(SHADOW).order_by(SHADOW.c.id)), {})
    return [_shadow(row) for row in rows]


def _shadow(row: tuple[Any, ...]) -> Shadow:
    found = Shadow(*row)
    return found._replace(policies=json.loads(row[4]), starts=json.loads(row[5]))


def add_shadow(unit: Unit, row: Shadow) -> None:
    """Begin to watch a candidate."""
    values = {"policies": canonical(row.policies).decode(), "starts": canonical(row.starts).decode()}
    unit.write(unit.queries.add(SHADOW), row._asdict() | values)


def end_shadow(unit: Unit, shadow: int, at: str) -> None:
    """Watch a candidate no longer."""
    query = update(SHADOW).where(SHADOW.c.id == bindparam("row")).values(ended_at=bindparam("ended"))
    unit.write(unit.queries.cached("end shadow", query), {"row": shadow, "ended": at})


def policy_lines(unit: Unit, location: str, until: str) -> list[Entry]:
    """The entries by which a book came under its policies, up to a moment."""
    query = select(ENTRY).where(
        ENTRY.c.location == bindparam("location"),
        or_(ENTRY.c.kind == bindparam("open"), ENTRY.c.kind == bindparam("policy")),
        ENTRY.c.recorded_at <= bindparam("until"),
    )
    sql = unit.queries.cached("policy lines", query.order_by(ENTRY.c.seq))
    return [
        entry_of(row)
        for row in unit.rows(sql, {"location": location, "until": until, "open": "open", "policy": "policy"})
    ]


class History(NamedTuple):
    """An entry as a backtest reads it."""

    location: str
    seq: int
    kind: str
    at: str
    comp: str | None
    leaf: bytes


def history(unit: Unit, location: str, since: int = 0, chunk: int = CHUNK) -> Iterator[History]:
    """The entries of a book from `since` on in their order, `chunk` in memory at a time."""
    names = ("location", "seq", "kind", "recorded_at", "comp", "leaf")
    query = select(*(ENTRY.c[name] for name in names)).where(
        ENTRY.c.location == bindparam("location"), ENTRY.c.seq >= bindparam("since")
    )
    query = query.order_by(ENTRY.c.seq).limit(bindparam("most")).offset(literal_column("0"))
    sql = unit.queries.cached("history", query)
    while rows := unit.rows(sql, {"location": location, "since": since, "most": chunk}):
        yield from map(History._make, rows)
        since = rows[-1][1] + 1
