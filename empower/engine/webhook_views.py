"""What is answered of webhooks."""

from typing import Literal

from pydantic import Field

from empower.engine.views import View


class WebhookView(View):
    """An address that is told of events, without its secret."""

    id: str
    url: str
    locations: list[str] = Field(description="`*` for all")
    events: list[str]
    allow_private: bool
    created_at: str
    state: Literal["working", "failing", "gone"]
    failing_since: str | None
    last_error: str | None
    next_at: str | None = Field(description="while it fails: when it is tried again")
    delivered_at: str | None = Field(description="when it last took something")
    waiting: int = Field(description="events that are still to be sent")
    behind: int = Field(description="entries of its books that were not looked at yet")
    dead: int = Field(description="events that were given up")


class NewWebhookView(WebhookView):
    """A webhook as it is shown once."""

    secret: str


class DeadView(View):
    """An event that was given up."""

    webhook: str
    event: str = Field(description="its id")
    type: str
    location: str
    comp: str
    created_at: str
    tries: int
    last_error: str
    dead_at: str
