"""A comp that waits, as a card: what somebody needs who has five seconds."""

from collections.abc import Mapping
from typing import NamedTuple

from empower.core.entry import moment_of
from empower.engine.views import ApprovalView, CompView, ForApproverView, LocationView, PendingView, TitlesView
from empower.http.pages import words
from empower.http.pages.bars import Bar, tightest
from empower.http.pages.render import clock, day, money, plain

MOST_ITEMS = 4
"""Lines of the check that are shown."""


class Choice(NamedTuple):
    """An amount that may be granted: as it is read, and as the form says it."""

    shown: str
    typed: str


class Card(NamedTuple):
    """One comp that waits, for one who looks at it."""

    id: str
    version: str
    """Another one where anything on the card changed."""
    who: str
    initials: str
    remedy: str
    reason: str
    amount: str
    location: str
    asked_at: str
    note: str | None
    check: str | None
    lines: list[str]
    """Of the check."""
    guest: str | None
    stopped: list[tuple[str, str]]
    bars: list[Bar]
    on: str | None
    """On whose limits, where not their own."""
    seconds_left: int
    seconds: int
    """How long it waits in all."""
    yes: Choice | None
    """What one tap grants: all of it, or as much as they may."""
    is_less: bool
    """Whether that is less than was asked."""
    presets: list[Choice]
    """Lesser amounts, one tap each."""
    may_decline: bool
    reasons: list[str]
    """Why not, one tap each."""
    why_not: str | None
    others: str | None
    """Who said yes already."""
    turn: str | None
    """Who is asked before them, and from when they are."""


def card(item: PendingView, place: LocationView, titles: TitlesView, names: Mapping[str, str], employee: str) -> Card:
    """A comp that waits, for `employee`; `names` are people's, by id."""
    comp, mine, approval = item.comp, item.for_approver, item.comp.approval
    if mine is None or approval is None:
        raise ValueError(f"`{comp.id}` does not wait, or was read for nobody")
    code, zone = comp.amount.currency, place.timezone
    most = approval.amount if mine.may else (mine.most.amount if mine.most else 0)
    yes = Choice(money(most, code), plain(most, code)) if mine.may or most > 0 else None
    whose = "you" if mine.authority == employee else names.get(mine.authority, mine.authority)
    return Card(
        id=comp.id,
        version=f"{comp.entries[-1].seq}-{int(mine.may)}-{most}",
        who=item.requester.name,
        initials=_initials(item.requester.name),
        remedy=item.remedy,
        reason=item.reason,
        amount=money(approval.amount, code),
        location=place.title,
        asked_at=clock(comp.created_at, zone),
        note=comp.request.get("note"),
        check=_check(comp.request, code),
        lines=_lines(comp.request),
        guest=_guest(item, zone),
        stopped=words.stopped(item.stopped_by, titles),
        bars=tightest(mine.budgets, approval.amount, whose),
        on=None if mine.authority == employee else whose,
        seconds_left=item.seconds_left,
        seconds=_seconds(comp.created_at, approval.expires_at),
        yes=yes,
        is_less=most < approval.amount,
        presets=_presets(comp, most),
        may_decline=mine.may_decline,
        reasons=_reasons(comp),
        why_not=None if yes else _why_not(item, mine, titles, employee),
        others=_others(approval, names, zone),
        turn=_turn(approval, mine.role, titles, zone),
    )


def _presets(comp: CompView, most: int) -> list[Choice]:
    """Half and a quarter of it, and what the one who asked may give alone."""
    offer = comp.decision.counter_offer
    code = comp.amount.currency
    found = {most // 2, most // 4, (offer.amount or 0) if offer else 0}
    return [
        Choice(money(amount, code), plain(amount, code)) for amount in sorted(found, reverse=True) if 0 < amount < most
    ]


def _reasons(comp: CompView) -> list[str]:
    offer = comp.decision.counter_offer
    alone = [f"Offer {money(offer.amount, comp.amount.currency)} at most."] if offer and offer.amount else []
    return [*alone, "I am coming to the table.", "Not for this one."]


def _initials(name: str) -> str:
    parts = name.split()
    return "".join(part[0] for part in (parts[0], parts[-1]))[: min(len(parts), 2)].upper() if parts else "?"


def _check(request: dict[str, object], code: str) -> str | None:
    check = request.get("check")
    if not isinstance(check, dict):
        return None
    total, state = check.get("total"), check.get("state")
    parts = [str(check["id"]), money(total["amount"], code) if total else "", str(state or "")]
    return ", ".join(part for part in parts if part)


def _lines(request: dict[str, object]) -> list[str]:
    check = request.get("check")
    items = check.get("items") or () if isinstance(check, dict) else ()
    named = [str(line.get("name") or line.get("id") or line.get("category") or "a line") for line in items]
    more = len(named) - MOST_ITEMS
    return [*named[:MOST_ITEMS], f"{more} more"] if more > 0 else named


def _guest(item: PendingView, zone: str) -> str | None:
    seen = item.guest
    if seen is None:
        return None
    if not seen.comps:
        return "First comp here for this guest"
    last = f", last on {day(seen.last_at, zone)}" if seen.last_at else ""
    times = "1 comp" if seen.comps == 1 else f"{seen.comps} comps"
    return f"{times} here before, {money(seen.amount, seen.currency)} in all{last}"


def _seconds(began: str, ends: str) -> int:
    return max(1, int((moment_of(ends) - moment_of(began)).total_seconds()))


def _why_not(item: PendingView, mine: ForApproverView, titles: TitlesView, employee: str) -> str:
    approval = item.comp.approval
    if item.requester.id == employee:
        return "You asked for this: somebody else must answer."
    if approval and any(employee in (yes.employee, yes.authority) for yes in approval.approved):
        return "You said yes: another person must, too."
    if not mine.may_decline:
        asked = words.listed(titles.roles.get(role, role) for role in item.comp.decision.approvers)
        return f"Not yours to answer. It takes: {asked}."
    full = [finding.message for finding in mine.findings if finding.left is not None and finding.code != "within_limit"]
    return " ".join(["Beyond what you may grant now.", *full[:1]])


def _turn(approval: ApprovalView, role: str | None, titles: TitlesView, zone: str) -> str | None:
    since = next((asked.since for asked in approval.approvers if asked.role == role), None)
    if since is None or role in approval.asked_now:
        return None
    first = words.listed(titles.roles.get(name, name) for name in approval.asked_now)
    return f"Asked first: {first}. You are from {clock(since, zone)} on, and may answer now."


def _others(approval: ApprovalView, names: Mapping[str, str], zone: str) -> str | None:
    if not approval.approved:
        return None
    said = words.listed(
        (f"{names.get(yes.employee, yes.employee)} at {clock(yes.at, zone)}" for yes in approval.approved), "and"
    )
    return f"{said} said yes. {approval.people} people must."
