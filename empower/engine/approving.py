"""Yes and no to a comp that waits, each in one transaction with its entry and what it moves.

What an approver may not grant is answered, not raised inside, and writes nothing but what was due anyway: only what
changes a comp stands in the book.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from empower.core import approve as rules
from empower.core.approve import Approver, Grant
from empower.core.comp import Comp, StateConflictError, Status
from empower.core.counter import Needed, Usage
from empower.core.entry import Entry, content, recorded_standing, stamp
from empower.core.errors import ConflictError, EmpowerError, FieldError, ForbiddenError, InputError, RefusedError
from empower.core.history import facts_from
from empower.core.request import Facts
from empower.engine.desk import Desk, Place, arrive, open_book, take
from empower.engine.moving import Within, find
from empower.engine.showing import finding_dict
from empower.store import Unit
from empower.store.approvers import add_approval, delegations
from empower.store.unit import group_location


class Asked(NamedTuple):
    """A comp that waits, with what its book says of it."""

    comp: Comp
    body: dict[str, Any]
    """Of the decision."""
    facts: Facts
    before: list[list[str]]
    """Approver and authority of each yes there is."""
    most_minor: int
    """What may still be granted: what was asked, or what the first yes left of it."""


class Judged(NamedTuple):
    """An approver as they were decided on."""

    approver: Approver
    roles: tuple[str, ...]
    needed: list[Needed | None]
    standing: list[Usage | None]
    grant: Grant
    day: date


def asked(unit: Unit, comp: Comp) -> Asked:
    """What waits, by its entries."""
    body = _body(unit, comp, comp.seq)
    before: list[list[str]] = []
    if comp.last_seq != comp.seq:
        said = _body(unit, comp, comp.last_seq)
        before = [*said["with"], [said["approver"], said["authority"]]]
    return Asked(comp, body, facts_from(body), before, comp.granted_minor if before else comp.asked_minor)


def _body(unit: Unit, comp: Comp, seq: int) -> dict[str, Any]:
    line = unit.entry(comp.location, seq)
    if line is None:
        raise ConflictError(f"entry {seq} of `{comp.location}` is lost", code="store_damaged")
    found: dict[str, Any] = content(line.leaf)["body"]
    return found


def approvers(desk: Desk, unit: Unit, place: Place, comp: Comp, employee: str) -> list[Approver]:
    """On whose limits an employee may approve now: their own, then those of whoever delegated to them.

    A delegate must work here themself; what they were delegated is what the delegator holds by the roster, so that
    nothing is handed on.
    """
    own = _roles(unit, place, employee)
    found = [Approver(employee, employee, own, _is_guest(desk, unit, comp, employee))]
    if not own:
        return found
    for given in delegations(unit, delegate=employee, at=stamp(place.now)):
        if given.location == place.location:
            guest = found[0].is_guest or _is_guest(desk, unit, comp, given.delegator)
            found.append(Approver(employee, given.delegator, _roles(unit, place, given.delegator), guest))
    return found


def _roles(unit: Unit, place: Place, employee: str) -> tuple[str, ...]:
    day = place.policy.policy.days.business_day(place.now)
    return tuple(role.role for role in unit.roster(place.location, employee) if role.holds(day))


def _is_guest(desk: Desk, unit: Unit, comp: Comp, employee: str) -> bool:
    if comp.guest is None:
        return False
    return comp.guest in (unit.own_guest(employee), unit.guest(desk.secret.guest(f"employee:{employee}")))


def judge(unit: Unit, place: Place, waiting: Asked, approver: Approver, amount_minor: int) -> Judged:
    """Decide on an approver, by what their counters hold now."""
    compiled = place.policy
    body = waiting.body
    roles = rules.approving_roles(compiled.policy, approver.roles, body["decision"]["role"], waiting.facts.roles)
    day = compiled.policy.days.business_day(place.now)
    if not roles:
        return Judged(approver, roles, [], [], Grant(None, (), 1, None), day)
    facts = rules.facts_for(waiting.facts, approver, roles, amount_minor)
    if facts.remedy not in compiled.policy.remedies or facts.reason not in compiled.policy.reasons:
        needed: list[Needed | None] = []
    else:
        needed = compiled.counters(facts, place.now)
    standing = unit.usages(place.location, group_location(compiled.policy.id), needed)
    found = rules.grant(compiled, facts, standing, place.now, is_guest=approver.is_guest)
    return Judged(approver, roles, needed, standing, found, day)


def best(judged: Iterable[Judged]) -> Judged:
    """The first that grants; or else who could grant most, the approver themself before others."""
    tried = list(judged)
    granting = [found for found in tried if found.grant.role is not None]
    able = [found for found in tried if found.roles]
    return (granting or sorted(able, key=lambda found: -(found.grant.most_minor or 0)) or tried)[0]


def judge_all(desk: Desk, unit: Unit, place: Place, waiting: Asked, employee: str, amount_minor: int) -> Judged:
    """Decide on an employee as an approver, on all the authority they have; none that was used before."""
    used = {name for pair in waiting.before for name in pair} | {waiting.comp.employee}
    found = [
        approver
        for approver in approvers(desk, unit, place, waiting.comp, employee)
        if approver.authority not in used or approver.authority == employee
    ]
    return best(judge(unit, place, waiting, approver, amount_minor) for approver in found)


# Yes


def approve(
    desk: Desk, unit: Unit, comp_id: str, who: "Who", amount_minor: int | None, note: dict[str, Any] | None
) -> Comp | EmpowerError:
    """A yes: the comp after it, or why it is none."""
    comp, place = come(desk, unit, comp_id, who)
    if comp.status is not Status.PENDING:
        return _again(unit, comp, who, "approve", amount_minor) or settled(unit, comp)
    waiting = asked(unit, comp)
    refused = _refuse_person(unit, waiting, who.employee)
    if refused is not None:
        return refused
    amount = waiting.most_minor if amount_minor is None else amount_minor
    if amount > waiting.most_minor or (amount < 1 and waiting.most_minor > 0):
        why = f"`{amount}` is no amount to approve of {waiting.most_minor} (minor units)"
        return InputError(why, errors=[FieldError("/amount", why)])
    judged = judge_all(desk, unit, place, waiting, who.employee, amount)
    if judged.grant.role is None:
        return refusal(place, waiting, judged)
    body = approve_body(place, waiting, judged, amount, who) | ({} if note is None else {"note": note})
    try:
        after = take(unit, place, rules.approve(comp, body, place.now))
    except StateConflictError as conflict:
        return ConflictError(conflict.why, code="approval_conflict")
    add_approval(unit, after, judged.approver.employee, judged.approver.authority)
    return after


class Who(NamedTuple):
    """Whoever answers, as they were proved to be."""

    employee: str
    proof: str
    by: str
    within: Within


def come(desk: Desk, unit: Unit, comp_id: str, who: Who) -> tuple[Comp, Place]:
    """A comp as it stands now that its location's time has come."""
    comp = find(unit, comp_id, who.within)
    place = arrive(desk, unit, open_book(unit, comp.location), who.by)
    return find(unit, comp_id, who.within), place


def approve_body(place: Place, waiting: Asked, judged: Judged, amount_minor: int, who: Who) -> dict[str, Any]:
    """What the entry of a yes says: all that it takes to decide it again."""
    policy = place.policy.policy
    approver = judged.approver
    people = max(judged.grant.people, waiting.body["decision"].get("approvals", 1), len(waiting.before) and 2)
    said: dict[str, Any] = {
        "approver": approver.employee,
        "authority": approver.authority,
        "proof": who.proof,
        "with": waiting.before,
        "people": people,
        "amount": amount_minor,
        "request": waiting.body["request"],
        "context": waiting.body["context"],
        "decided_as": waiting.body["decision"]["role"],
        "roles": list(approver.roles),
        "is_guest": approver.is_guest,
        "policy": policy.digest,
        "policy_id": policy.id,
        "day": judged.day.isoformat(),
        "standing": recorded_standing(judged.needed, judged.standing),
        "grant": rules.recorded_grant(judged.grant),
    }
    if len(waiting.before) + 1 >= people:
        said["expires_at"] = stamp(place.now + timedelta(seconds=policy.holds.expires_seconds))
    return said


def _refuse_person(unit: Unit, waiting: Asked, employee: str) -> EmpowerError | None:
    comp = waiting.comp
    if employee == comp.employee:
        message = f"`{employee}` asked for it: somebody else must answer"
        return ForbiddenError(message, code="approver_is_requester")
    if any(employee in pair for pair in waiting.before):
        line = unit.entry(comp.location, comp.last_seq)
        at = "" if line is None else f" at {line.recorded_at}"
        return ConflictError(f"`{employee}` approved it{at}: another person must, too", code="approved_before")
    return None


def refusal(place: Place, waiting: Asked, judged: Judged) -> EmpowerError:
    """Why an approver may not grant it, and how much they may."""
    employee, comp = judged.approver.employee, waiting.comp
    policy = place.policy.policy
    if not judged.roles:
        message = f"`{employee}` has no role here now that may approve it"
        return ForbiddenError(
            message, code="not_an_approver", more={"approvers": waiting.body["decision"]["approvers"]}
        )
    findings = [finding_dict(finding, policy) for finding in judged.grant.findings]
    stopped = [said for said in findings if said["code"] in rules.BLOCKS] or findings
    why = stopped[0]["message"] if stopped else "the policy in force does not know it any more"
    most = judged.grant.most_minor
    hint = "" if most is None else f" They may grant {policy.money(most)}."
    more = {"findings": findings, "counter_offer": {"amount": most, "currency": comp.currency}}
    return RefusedError(f"`{employee}` may not grant it: {why}{hint}", more=more)


# No


def decline(desk: Desk, unit: Unit, comp_id: str, who: Who, note: dict[str, Any]) -> Comp | EmpowerError:
    """A no: the comp after it, or why it is none."""
    comp, place = come(desk, unit, comp_id, who)
    if comp.status is not Status.PENDING:
        return _again(unit, comp, who, "decline", None) or settled(unit, comp)
    if who.employee == comp.employee:
        message = f"`{who.employee}` asked for it: somebody else must answer"
        return ForbiddenError(message, code="approver_is_requester")
    waiting = asked(unit, comp)
    decision = waiting.body["decision"]
    for approver in approvers(desk, unit, place, comp, who.employee):
        roles = rules.approving_roles(place.policy.policy, approver.roles, decision["role"], waiting.facts.roles)
        if roles and approver.authority != comp.employee:
            body = {"decliner": who.employee, "authority": approver.authority, "role": roles[0], "proof": who.proof}
            return take(unit, place, rules.decline(comp, body | {"note": note}, place.now))
    message = f"`{who.employee}` has no role here now that may decline it"
    return ForbiddenError(message, code="not_an_approver", more={"approvers": decision["approvers"]})


# What was answered before


def _again(unit: Unit, comp: Comp, who: Who, kind: str, amount_minor: int | None) -> Comp | None:
    """The comp, where this very answer was given before by the same person and still stands."""
    wanted = Status.APPROVED if kind == "approve" else Status.DECLINED
    line = unit.entry(comp.location, comp.last_seq)
    if comp.status is not wanted or line is None or line.kind != kind:
        return None
    body = content(line.leaf)["body"]
    said = body["approver"] if kind == "approve" else body["decliner"]
    same = said == who.employee and amount_minor in (None, comp.granted_minor)
    return comp if same else None


def check_unanswered(unit: Unit, comp: Comp) -> None:
    """Raise `ConflictError` for a comp on which nobody's yes or no can be given, or said again."""
    if comp.status is not Status.PENDING:
        line = unit.entry(comp.location, comp.last_seq)
        if line is None or line.kind not in ("approve", "decline"):
            raise settled(unit, comp)


def settled(unit: Unit, comp: Comp) -> ConflictError:
    """Who was faster, and when."""
    line = unit.entry(comp.location, comp.last_seq)
    who, at = who_ended(line), "" if line is None else line.recorded_at
    by = f"`{who}`" if who else "its time was up, so it"
    message = f"{by} {_DONE.get(comp.status, comp.status.value)} at {at}" if at else f"it is {comp.status}"
    more = {"settled": {"status": comp.status.value, "by": who, "at": at}}
    return ConflictError(message, code=f"comp_{comp.status}", more=more)


_DONE = {Status.APPROVED: "approved it", Status.DECLINED: "declined it", Status.EXPIRED: "expired"}


def who_ended(line: Entry | None) -> str | None:
    """The person that an entry names; None where nobody did it."""
    if line is None or line.kind == "expire":
        return None
    said = content(line.leaf)
    body = said["body"]
    asked_by = body["request"]["employee"] if line.kind == "decision" else None
    person: str = body.get("approver") or body.get("decliner") or asked_by or said["by"]
    return person
