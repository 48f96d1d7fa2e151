"""Tables of webhooks: who is told, how far each is in each book, and what is still to be sent."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from empower.store.tables import CLUSTERED


class WebhookRow(SQLModel, table=True):
    """An address that is told of events. Its secret stands nowhere: it is made of its id and generation."""

    __tablename__ = "webhook"
    id: str = Field(primary_key=True)
    url: str
    locations: str
    events: str
    allow_private: bool
    created_at: str
    generation: int
    """Of its secret."""
    rotated_at: str | None = None
    failures: int
    """Tries in a row that failed."""
    failing_since: str | None = None
    last_error: str | None = None
    next_at: str
    """Nothing is sent before."""
    delivered_at: str | None = None
    gone_at: str | None = None
    """When it said that it is gone (410): nothing is sent any more."""
    lease: str | None = None
    """The process that sends to it, until `leased_until`."""
    leased_until: str
    salt: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    """Of what the books commit to of `url`; none for one from before they did, until its secret is rotated."""


class WebhookCursorRow(SQLModel, table=True):
    """How far in a book a webhook is: what comes before `seq` was sent, or is in `webhook_delivery`."""

    __tablename__ = "webhook_cursor"
    __table_args__ = (CLUSTERED,)
    webhook: str = Field(primary_key=True)
    location: str = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))


class WebhookDeliveryRow(SQLModel, table=True):
    """An event that is still to be sent, or was given up (`dead_at`); gone once it is delivered."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index("webhook_open", "webhook", "dead_at", "due_at"), CLUSTERED)
    webhook: str = Field(primary_key=True)
    location: str = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    rung: int = Field(primary_key=True)
    """Of a climb of the ladder; 0 for what stands in the book."""
    comp: str
    event: str
    body: str = Field(sa_column=Column(Text, nullable=False))
    created_at: str
    due_at: str
    tries: int
    last_error: str | None = None
    dead_at: str | None = None
