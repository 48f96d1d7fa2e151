"""Who is asked when: the least powerful roles that could grant it first, the next ones as time passes."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from empower.core.comp import Comp, Status
from empower.core.decision import Decision
from empower.core.entry import Entry, content, stamp
from empower.core.policy import Policy
from empower.engine.views import ApprovalView, AskedView, YesView


def approval_view(
    comp: Comp, lines: Iterable[Entry], policy: Policy, decision: Decision, now: datetime
) -> ApprovalView | None:
    """What a till shows while somebody else is asked; None for a comp that waits for nobody."""
    if comp.status is not Status.PENDING or comp.expires_at is None:
        return None
    rungs = [AskedView(role=role, since=stamp(at)) for role, at in ladder(policy, decision.approvers, comp)]
    yes = [_yes(line) for line in lines if line.kind == "approve"]
    return ApprovalView(
        id=comp.id,
        template="comp",
        display=_display(comp, policy, yes),
        expires_at=stamp(comp.expires_at),
        approvers=rungs,
        # A clock that was set back asks nobody less: a comp's own time never runs backwards.
        asked_now=[rung.role for rung in rungs if rung.since <= stamp(max(now, comp.updated_at))],
        people=max(decision.approvals, 1),
        approved=yes,
        amount=comp.granted_minor if yes else comp.asked_minor,
    )


def ladder(policy: Policy, roles: Iterable[str], comp: Comp) -> list[tuple[str, datetime]]:
    """The roles that may say yes, and from when each is asked: all at once where the policy does not say."""
    step = timedelta(seconds=policy.approval.climb_after_seconds or 0)
    return [(role, comp.created_at + number * step) for number, role in enumerate(roles)]


def _yes(line: Entry) -> YesView:
    said = content(line.leaf)["body"]
    return YesView(employee=said["approver"], authority=said["authority"], at=line.recorded_at, amount=said["amount"])


def _display(comp: Comp, policy: Policy, yes: list[YesView]) -> str:
    remedy = policy.remedies[comp.remedy].title if comp.remedy in policy.remedies else comp.remedy
    amount = policy.money(comp.granted_minor if yes else comp.asked_minor)
    return f"{comp.employee} asks for {remedy}, {amount}"
