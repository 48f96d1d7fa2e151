"""The tables. Every key of a book's data begins with its location, so that one operation touches one shard.

Moments are RFC 3339 text in UTC with six digits, which sorts in the order of time and is byte for byte what the leaf
says. Amounts are 64-bit integers of minor units. `table=True` models do not validate: what comes from outside has
been through a pydantic model before.
"""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

CLUSTERED = {"sqlite_with_rowid": False}
"""Rows are kept in the order of the primary key, without a second tree for it."""


def _where(condition: str) -> dict[str, Any]:
    """Of an index over some rows alone."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _big() -> Column[int]:
    return Column(BigInteger, nullable=False)


class DeploymentRow(SQLModel, table=True):
    """What this store is; one row."""

    __tablename__ = "deployment"
    id: str = Field(primary_key=True)
    title: str
    created_at: str
    secret_check: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """HMAC of a fixed text under the deployment's secret: tells a wrong secret, and nothing of the right one."""


class LocationRow(SQLModel, table=True):
    """A property, and the head of its book: size, frontier and last moment."""

    __tablename__ = "location"
    id: str = Field(primary_key=True)
    title: str
    policy: str
    """Digest of the policy in force."""
    size: int = Field(sa_column=_big())
    frontier: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    recorded_at: str
    next_expiry: str | None = None
    """No open comp expires before this; None if none is open."""
    opened_at: str


class EntryRow(SQLModel, table=True):
    """A line of a book; never updated, never deleted."""

    __tablename__ = "entry"
    __table_args__ = (CLUSTERED,)
    location: str = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str
    recorded_at: str
    comp: str | None = None
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class CompRow(SQLModel, table=True):
    """A projection of the book: where each comp stands."""

    __tablename__ = "comp"
    __table_args__ = (
        Index("comp_by_id", "id"),
        Index("comp_due", "location", "expires_at", **_where("expires_at IS NOT NULL")),
        Index("comp_of_check", "location", "check_id", "seq", **_where("check_id IS NOT NULL")),
        Index("comp_of_guest", "location", "guest", "id", **_where("guest IS NOT NULL")),
        Index("comp_pending", "location", "id", **_where("status = 'pending'")),
        CheckConstraint("held_minor >= 0 AND captured_minor >= 0 AND reversed_minor >= 0", name="no_debt"),
        CheckConstraint("held_minor + captured_minor <= granted_minor", name="no_more_than_granted"),
        CheckConstraint("reversed_minor <= captured_minor", name="no_more_back_than_given"),
        CLUSTERED,
    )
    location: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    status: str
    employee: str
    authority: str | None = None
    authority_role: str | None = None
    remedy: str
    reason: str
    guest: str | None = None
    incident: str | None = None
    shift: str | None = None
    check_id: str | None = None
    check_total_minor: int | None = Field(default=None, sa_column=Column(BigInteger))
    currency: str
    asked_minor: int = Field(sa_column=_big())
    granted_minor: int = Field(sa_column=_big())
    held_minor: int = Field(sa_column=_big())
    captured_minor: int = Field(sa_column=_big())
    reversed_minor: int = Field(sa_column=_big())
    forced: bool
    policy_id: str
    business_day: str
    created_at: str
    updated_at: str
    expires_at: str | None = None
    seq: int = Field(sa_column=_big())
    last_seq: int = Field(sa_column=_big())


class CounterRow(SQLModel, table=True):
    """A projection of the book: what is held and spent of what a policy measures.

    `location` is a book's, or `@` and a policy's id for what is measured across its locations.
    """

    __tablename__ = "counter"
    __table_args__ = (
        CheckConstraint(
            "held_minor >= 0 AND spent_minor >= 0 AND held_count >= 0 AND spent_count >= 0", name="no_debt"
        ),
        CLUSTERED,
    )
    location: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    start: str = Field(primary_key=True)
    held_minor: int = Field(sa_column=_big())
    spent_minor: int = Field(sa_column=_big())
    held_count: int = Field(sa_column=_big())
    spent_count: int = Field(sa_column=_big())


class WideRow(SQLModel, table=True):
    """How often a counter across locations was charged: by that, two who charge it at once are told apart.

    Written where several processes write at the same time alone: on PostgreSQL.
    """

    __tablename__ = "wide"
    __table_args__ = (CLUSTERED,)
    location: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    version: int = Field(sa_column=_big())


class MeasureRow(SQLModel, table=True):
    """What is being counted at a location, or across a policy's locations (`@id`)."""

    __tablename__ = "measure"
    __table_args__ = (CLUSTERED,)
    location: str = Field(primary_key=True)
    name: str = Field(primary_key=True)


class PolicyRow(SQLModel, table=True):
    """A policy's canonical text under its digest: what a replay needs."""

    __tablename__ = "policy"
    digest: str = Field(primary_key=True)
    id: str
    text: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    stored_at: str


class IdempotencyRow(SQLModel, table=True):
    """The first answer to a key: the entry that decided, and a keyed hash of the body."""

    __tablename__ = "idempotency"
    __table_args__ = (CLUSTERED,)
    location: str = Field(primary_key=True)
    owner: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    comp: str


class GuestRow(SQLModel, table=True):
    """From a keyed hash of the till's reference to a random pseudonym. Erasing the row cuts the only link."""

    __tablename__ = "guest"
    mac: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    pseudonym: str = Field(unique=True)


class NoteRow(SQLModel, table=True):
    """The text of a note, beside the book, with the salt of its commitment there."""

    __tablename__ = "note"
    location: str = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    salt: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))


class EmployeeRow(SQLModel, table=True):
    """A person: the name stands beside the book, which knows the id alone."""

    __tablename__ = "employee"
    id: str = Field(primary_key=True)
    name: str
    guest: str | None = None
    """The pseudonym of the employee's own guest reference."""


class StaffRow(SQLModel, table=True):
    """A role of an employee at a location, from a date to a date."""

    __tablename__ = "staff"
    __table_args__ = (CLUSTERED,)
    location: str = Field(primary_key=True)
    employee: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    position: int
    """Order among the employee's roles: a tie goes to the first."""
    since: str | None = None
    until: str | None = None


class KeyRow(SQLModel, table=True):
    """An API key: only its SHA-256, which is enough for 256 random bits."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    name: str
    scopes: str
    locations: str
    created_at: str
    revoked_at: str | None = None
    last_used_at: str | None = None


class CheckpointRow(SQLModel, table=True):
    """A signed head of a book; never updated, never deleted."""

    __tablename__ = "checkpoint"
    __table_args__ = (CLUSTERED,)
    location: str = Field(primary_key=True)
    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    frontier: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Of the tree at that size: what the next checkpoint goes on from."""
    made_at: str


class VerifierRow(SQLModel, table=True):
    """A signing key's public half, and the statement that put it in force; never updated, never deleted."""

    __tablename__ = "verifier"
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    vkey: str
    statement: str = Field(sa_column=Column(Text, nullable=False))
    """A note by this key and, where it was there, the one before."""
    told: str = Field(sa_column=Column(Text, nullable=False))
    """The entries that tell of it, as JSON: seq by location."""
    made_at: str
