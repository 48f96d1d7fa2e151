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


class AskedView(View):
    """A role that may say yes, and from when it is asked."""

    role: str
    since: str


class YesView(View):
    """A yes that was given while another is still needed."""

    employee: str
    authority: str = Field(description="on whose limits: the employee, or who delegated to them")
    at: str
    amount: Minor


class ApprovalView(View):
    """What a till needs while it waits: maps to OpenID AuthZEN's access request and approval profile."""

    id: str = Field(description="of the comp: what `/v1/comps/{id}/approve` and `/decline` take")
    template: str
    display: str = Field(description="what is asked, in a sentence")
    expires_at: str
    approvers: list[AskedView] = Field(description="roles that may say yes, the least powerful first")
    asked_now: list[str] = Field(description="those of them whose turn has come; the others may answer too")
    people: int = Field(description="how many must say yes")
    approved: list[YesView]
    amount: Minor = Field(description="what a yes grants unless it says less")


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
    approval: ApprovalView | None = Field(default=None, description="while the comp is pending")
    entries: list[EntryRef]


class PersonView(View):
    """Somebody on the roster."""

    id: str
    name: str


class GuestHistoryView(View):
    """What a guest was given at this location, this comp left out."""

    comps: int
    amount: Minor
    currency: str
    last_at: str | None


class CounterAmountView(View):
    """An amount in minor units."""

    amount: Minor
    currency: str


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


class DelegationView(View):
    """Somebody who may approve in another's place at a location, for a time."""

    location: str
    id: str
    delegator: str
    delegate: str
    since: str
    until: str


class SessionView(View):
    """Somebody who is or was signed in to the pages, without their secret."""

    id: str
    employee: str
    name: str
    device: str = Field(description="what their browser says it is")
    began_at: str
    used_at: str
    ends_at: str = Field(description="when it ended, or would end if it were not used again")
    active: bool


class TitlesView(View):
    """What the policy in force at a location calls things, by their names in it."""

    remedies: dict[str, str]
    reasons: dict[str, str]
    roles: dict[str, str]


class StepView(View):
    """One entry in the life of a comp, with what stands beside the book."""

    seq: int
    kind: str
    at: str
    by: str
    person: PersonView | None = Field(description="who asked or answered; null where nobody did")
    note: str | None = Field(description="null where there is none, or it was erased")
    body: dict[str, Any]


class ForApproverView(View):
    """What a comp that waits is for one who may look at it."""

    may: bool = Field(description="whether they may grant all that is asked")
    may_decline: bool
    role: str | None = Field(description="the role that would grant it")
    authority: str = Field(description="on whose limits: their own, or those of who delegated to them")
    most: CounterAmountView | None = Field(description="the largest amount that they may grant")
    findings: list[FindingView]
    budgets: list[BudgetView] = Field(description="what it would be charged to, as it stands")


class PendingView(View):
    """A comp that waits, with what it takes to answer it."""

    comp: CompView
    requester: PersonView
    remedy: str = Field(description="its title")
    reason: str = Field(description="its title")
    stopped_by: list[FindingView] = Field(description="why the requester could not give it alone")
    guest: GuestHistoryView | None
    seconds_left: int
    for_approver: ForApproverView | None = Field(description="where the question names an approver")


class PendingPage(View):
    """A page of what waits, the oldest first; `next` is the cursor of the page that follows, or null."""

    items: list[PendingView]
    next: str | None
