"""The table of sessions: who is signed in to the pages."""

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel


class SessionRow(SQLModel, table=True):
    """Somebody signed in: only the SHA-256 of what their browser holds, which is enough for 256 random bits."""

    __tablename__ = "session"
    id: str = Field(primary_key=True)
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    employee: str = Field(index=True)
    device: str
    began_at: str
    used_at: str
    ends_at: str
    """The latest moment at which it is in force, however much it is used."""
    ended_at: str | None = None
    """When it was ended before that: signed out, revoked, or by a new PIN."""
