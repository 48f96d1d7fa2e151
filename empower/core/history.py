"""What the entries of a book come to: the comps they made and moved.

The engine makes a comp from the very entry that it writes, by the function that a rebuild uses.
"""

from datetime import date, datetime
from typing import Any

from empower.core import approve as approvals
from empower.core import comp as life
from empower.core.codes import Outcome
from empower.core.comp import Comp, StateConflictError, Status, Step
from empower.core.decision import Decision, from_record
from empower.core.entry import moment_of
from empower.core.measure import Authority
from empower.core.request import Context, Facts, Request, facts_of

_STATUS = {
    Outcome.APPROVE: Status.APPROVED,
    Outcome.ESCALATE: Status.PENDING,
    Outcome.DENY: Status.DENIED,
}


def facts_from(body: dict[str, Any]) -> Facts:
    """The facts that a decision entry recorded."""
    request = Request.model_validate(body["request"])
    context = Context(**{**body["context"], "roles": tuple(body["context"]["roles"])})
    return facts_of(request, context._replace(guest=request.guest))


def decision_from(body: dict[str, Any]) -> Decision:
    """The decision that a decision entry recorded."""
    return from_record(body["decision"])


def authority_from(body: dict[str, Any]) -> Authority | None:
    """On whose limits an approved comp is charged: the requester's own."""
    decision = body["decision"]
    if decision["outcome"] != Outcome.APPROVE:
        return None
    return Authority(body["request"]["employee"], decision["role"])


def first_comp(location: str, seq: int, at: str, comp_id: str, body: dict[str, Any]) -> Comp:
    """The comp as its decision entry made it."""
    request, decision = body["request"], body["decision"]
    check = request.get("check") or {}
    authority = authority_from(body)
    granted = decision["granted"]
    moment = moment_of(at)
    expires = body.get("expires_at")
    return Comp(
        id=comp_id,
        location=location,
        status=_STATUS[Outcome(decision["outcome"])],
        employee=request["employee"],
        authority=authority.employee if authority else None,
        authority_role=authority.role if authority else None,
        remedy=request["remedy"],
        reason=request["reason"],
        guest=request.get("guest"),
        incident=request.get("incident"),
        shift=request.get("shift"),
        check=check.get("id"),
        check_total_minor=(check.get("total") or {}).get("amount"),
        currency=request["amount"]["currency"],
        asked_minor=request["amount"]["amount"],
        granted_minor=granted,
        held_minor=granted,
        captured_minor=0,
        reversed_minor=0,
        forced=False,
        policy_id=body["policy_id"],
        business_day=date.fromisoformat(body["day"]),
        created_at=moment,
        updated_at=moment,
        expires_at=None if expires is None else moment_of(expires),
        seq=seq,
        last_seq=seq,
    )


def step_of(comp: Comp, kind: str, at: datetime, body: dict[str, Any]) -> Step:
    """The step that an entry recorded, taken again; raises `StateConflictError` where it was not allowed."""
    if kind == "capture" and body.get("late"):
        step: Step | None = life.capture_late(comp, body["amount"], at, room=not body["forced"])
    elif kind == "capture":
        step = life.capture(comp, body["amount"] or None, at)
    elif kind == "void":
        step = life.void(comp, at, body.get("note"))
    elif kind == "expire":
        step = life.expire(comp, at)
    elif kind == "reverse":
        step = life.reverse(comp, body["amount"] or None, at, body.get("note"))
    elif kind == "approve":
        step = approvals.approve(comp, body, at)
    elif kind == "decline":
        step = approvals.decline(comp, body, at)
    else:
        raise StateConflictError(comp, f"`{kind}` moves no comp")
    if step is None:
        raise StateConflictError(comp, f"`{kind}` has nothing to do for a comp that is {comp.status}")
    return step
