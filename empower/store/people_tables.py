"""Tables of approvers: who said yes, what proves them, and who stands in for whom."""

from sqlalchemy import BigInteger, CheckConstraint, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from empower.store.tables import CLUSTERED


class ApprovalRow(SQLModel, table=True):
    """A yes. Nobody says it twice, or on one authority twice, and never the one who asked."""

    __tablename__ = "approval"
    __table_args__ = (
        UniqueConstraint("location", "comp", "authority", name="no_authority_twice"),
        CheckConstraint("approver <> requester AND authority <> requester", name="not_the_requester"),
        CLUSTERED,
    )
    location: str = Field(primary_key=True)
    comp: str = Field(primary_key=True)
    approver: str = Field(primary_key=True)
    authority: str
    requester: str
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))


class PinRow(SQLModel, table=True):
    """An employee's PIN: argon2id over a keyed hash, so that the database alone is not enough to guess at it."""

    __tablename__ = "pin"
    employee: str = Field(primary_key=True)
    hash: str
    set_at: str


class PinTryRow(SQLModel, table=True):
    """Wrong tries since the last right one, by the id that was claimed, whether or not there is such a person."""

    __tablename__ = "pin_try"
    employee: str = Field(primary_key=True)
    tries: int
    locked_until: str | None = None
    last_at: str


class DelegationRow(SQLModel, table=True):
    """Somebody may approve in another's place, for a time."""

    __tablename__ = "delegation"
    __table_args__ = (CheckConstraint("delegate <> delegator", name="not_to_oneself"), CLUSTERED)
    location: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    delegator: str
    delegate: str
    since: str
    until: str
