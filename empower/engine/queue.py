"""What waits for a yes, with what somebody needs to answer in five seconds."""

from datetime import timedelta

from empower.core.comp import Comp
from empower.core.entry import moment_of, stamp
from empower.core.history import decision_from
from empower.engine import approving
from empower.engine.budgets import Subjects, budgets
from empower.engine.desk import Desk, Place, arrive, open_book
from empower.engine.moving import Within
from empower.engine.showing import comp_view, finding_dict
from empower.engine.views import (
    BudgetView,
    CounterAmountView,
    FindingView,
    ForApproverView,
    GuestHistoryView,
    PendingView,
    PersonView,
)
from empower.store import Unit
from empower.store.approvers import Pending, given, name_of, pending
from empower.store.listing import books, lines_of, note_of


def waiting(desk: Desk, unit: Unit, location: str | None, after: str, limit: int, within: Within) -> list[Comp]:
    """The comps that wait, the oldest first; raises `InputError` for an unknown location."""
    if location is not None:
        open_book(unit, location, lambda: [book.location for book in books(unit)])
    return pending(unit, Pending(location, stamp(desk.clock()), after, within), limit)


def pending_view(desk: Desk, unit: Unit, comp: Comp, approver: str | None) -> PendingView:
    """One that waits."""
    place = arrive(desk, unit, open_book(unit, comp.location), "")
    policy = place.policy.policy
    asked = approving.asked(unit, comp)
    decision = decision_from(asked.body)
    lines = lines_of(unit, comp)
    view = comp_view(
        comp,
        lines,
        desk.rules.kept(unit, asked.body["policy"]).policy,
        note_of(unit, comp.location, comp.seq),
        place.now,
    )
    stopped = [finding_dict(item, policy) for item in decision.findings if item.code.value not in PASSING]
    left = timedelta(0) if comp.expires_at is None else comp.expires_at - place.now
    remedy, reason = policy.remedies.get(comp.remedy), policy.reasons.get(comp.reason)
    return PendingView(
        comp=view,
        requester=PersonView(id=comp.employee, name=name_of(unit, comp.employee)),
        remedy=remedy.title if remedy else comp.remedy,
        reason=reason.title if reason else comp.reason,
        stopped_by=[FindingView.model_validate(item) for item in stopped],
        guest=_history(unit, comp),
        seconds_left=max(0, left // timedelta(seconds=1)),
        for_approver=None if approver is None else _for(desk, unit, place, asked, approver),
    )


PASSING = ("within_limit", "requirement_met", "granted_less")


def _history(unit: Unit, comp: Comp) -> GuestHistoryView | None:
    """What the guest was given here before; None where the request names none."""
    if comp.guest is None:
        return None
    comps, amount, last = given(unit, comp.location, comp.guest)
    return GuestHistoryView(comps=comps, amount=amount, currency=comp.currency, last_at=last and stamp(moment_of(last)))


def _for(desk: Desk, unit: Unit, place: Place, asked: approving.Asked, approver: str) -> ForApproverView:
    """What a comp that waits is for somebody who may look at it: may they, how much, and what they have left."""
    comp, policy = asked.comp, place.policy.policy
    is_stranger = approver == comp.employee or any(approver in pair for pair in asked.before)
    judged = approving.judge_all(desk, unit, place, asked, approver, asked.most_minor)
    may = judged.grant.role is not None and not is_stranger
    most = None if is_stranger else judged.grant.most_minor
    return ForApproverView(
        may=may,
        may_decline=bool(judged.roles) and approver != comp.employee,
        role=judged.grant.role if may else None,
        authority=judged.approver.authority,
        most=None if most is None else CounterAmountView(amount=most, currency=comp.currency),
        findings=[FindingView.model_validate(finding_dict(item, policy)) for item in judged.grant.findings],
        budgets=_budgets(unit, place, comp, judged),
    )


def _budgets(unit: Unit, place: Place, comp: Comp, judged: approving.Judged) -> list[BudgetView]:
    """The budgets that this yes would be charged to."""
    subjects = Subjects(comp.location, judged.approver.authority, comp.guest, comp.check, comp.incident, comp.shift)
    found = budgets(unit, place, subjects, judged.roles)
    return [
        item
        for item in found
        if (not item.remedies or comp.remedy in item.remedies) and (not item.reasons or comp.reason in item.reasons)
    ]
