"""What the engine answers with: the shapes of JSON that HTTP, the command line and Python callers share."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Minor = int
"""Minor units of the location's currency."""


class View(BaseModel):
    """An answer: a plain value, not changed once it is given."""

    model_config = ConfigDict(frozen=True)


class FindingView(View):
    """One rule's say."""

    rule: str = Field(description="its path in the policy")
    code: str
    message: str
    unit: Literal["amount", "count", "percent"] | None = None
    cap: int | None = None
    used: int | None = None
    left: int | None = None
    fact: str | None = None


class OfferView(View):
    """A remedy that would be approved now, up to an amount."""

    remedy: str
    title: str
    most: int | None = Field(description="minor units; null is without a cap")


class CounterOfferView(View):
    """What may be offered instead of a bare no."""

    amount: int | None = Field(description="largest amount of the same remedy, minor units; null is none")
    remedies: list[OfferView]


class DecisionView(View):
    """The answer to a request."""

    outcome: Literal["approve", "escalate", "deny"]
    role: str | None
    granted: int = Field(description="minor units approved")
    findings: list[FindingView]
    approvers: list[str] = Field(description="roles that may say yes, the least powerful first")
    approvals: int = Field(description="how many people must say yes")
    obligations: list[str]
    counter_offer: CounterOfferView | None
    policy: str = Field(description="digest of the policy that decided")


class AmountView(View):
    """The money of a comp, in minor units."""

    asked: int
    granted: int
    held: int
    captured: int
    reversed: int
    currency: str


class EntryRef(View):
    """A line of a book."""

    location: str
    seq: int
    kind: str
    leaf: str = Field(description="hex of its RFC 6962 leaf hash")


class CompView(View):
    """A request with its life."""

    id: str
    location: str
    status: str
    request: dict[str, Any]
    decision: DecisionView
    amount: AmountView
    authority: dict[str, str] | None = Field(description="employee and role on whose limits it is charged")
    forced: bool
    created_at: str
    updated_at: str
    expires_at: str | None
    entries: list[EntryRef]


class CompPage(View):
    """A page of comps; `next` is the cursor of the page that follows, or null."""

    items: list[CompView]
    next: str | None


class EntryView(View):
    """An entry as it stands in the book; `body` is what the leaf says."""

    location: str
    seq: int
    kind: str
    at: str
    comp: str | None
    by: str
    body: dict[str, Any]
    leaf: str = Field(description="the leaf itself, canonical JSON (RFC 8785)")
    hash: str = Field(description="hex of its RFC 6962 leaf hash")


class EntryPage(View):
    """A page of a book; `next` is the seq to go on from, or null."""

    items: list[EntryView]
    next: str | None


class BudgetView(View):
    """A limit that applies, and how much of it is used."""

    location: str
    limit: str = Field(description="the limit's address")
    role: str | None
    per: list[str]
    subject: str
    every: str | None
    remedies: list[str] = Field(description="narrowed to these; empty is all")
    reasons: list[str]
    unit: Literal["amount", "count"]
    cap: int
    held: int
    spent: int
    left: int
    currency: str | None
    resets_at: str | None


class OptionView(View):
    """A remedy that may be offered to the guest."""

    remedy: str
    title: str
    most: int | None


class FollowUpView(View):
    """Who looks after the guest again, and how soon."""

    within_seconds: int
    by: str


class OptionsView(View):
    """What may be offered for a reason, in the order to offer it, and the words to say."""

    reason: str
    title: str
    say: str
    currency: str
    options: list[OptionView]
    ask: list[OptionView] = Field(description="what would need another person, with what that could be")
    follow_up: FollowUpView | None
    policy: str


class LocationView(View):
    """A property and its book."""

    id: str
    title: str
    policy: str
    policy_digest: str
    currency: str
    timezone: str
    size: int = Field(description="entries in its book")
    opened_at: str


class StaffView(View):
    """An employee's role at a location."""

    id: str
    name: str
    location: str
    role: str
    since: str | None
    until: str | None
    active: bool


class KeyView(View):
    """An API key, without its secret."""

    id: str
    name: str
    scopes: list[str]
    locations: list[str] = Field(description="`*` for all")
    created_at: str
    revoked_at: str | None
    last_used_at: str | None


class NewKeyView(KeyView):
    """An API key as it is shown once."""

    key: str


class StaffImportView(View):
    """What an import of the roster did, or would do."""

    added: list[StaffView]
    changed: list[StaffView]
    unchanged: int
    dry_run: bool
