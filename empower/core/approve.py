"""The approval is a decision too: the approver's own roles and limits are tried, at the moment of the yes.

It is charged to the approver, or to the one who delegated to them; what location, guest, incident and check have left
counts as ever. A rule that asked for another person has that person now, so it stops nobody here; what denies, and a
limit that is full, does. The policy is the one in force at the moment of the yes.
"""

from datetime import date, datetime
from typing import Any, NamedTuple

from empower.core.codes import Code
from empower.core.comp import NOTHING_MOVES, Comp, StateConflictError, Status, Step, hold_move
from empower.core.counter import UNUSED
from empower.core.decide import most_granted, unknown
from empower.core.decision import Finding, recorded_finding
from empower.core.entry import moment_of
from empower.core.measure import local_moment
from empower.core.plan import CompiledPolicy, known_roles
from empower.core.policy import Policy
from empower.core.request import Facts
from empower.core.straight import Straight
from empower.core.trial import Standing

PEOPLE_AT_MOST = 2


class Approver(NamedTuple):
    """Somebody who says yes, and on whose limits."""

    employee: str
    authority: str
    """The approver, or the one who delegated to them: who is charged."""
    roles: tuple[str, ...]
    """The roles that the authority holds here now, in the order of the roster."""
    is_guest: bool = False
    """Whether the comp's guest is the approver or the authority."""


class Grant(NamedTuple):
    """What an approver's roles came to."""

    role: str | None
    """The role that grants it; None where none does."""
    findings: tuple[Finding, ...]
    people: int
    """How many must say yes to this amount."""
    most_minor: int | None
    """The largest amount, of what is asked, that this approver could grant; None where there is none."""


def approving_roles(policy: Policy, roles: tuple[str, ...], role: str | None, held: tuple[str, ...]) -> tuple[str, ...]:
    """Those of an approver's `roles` that may approve a request decided under `role`, or under any `held` if none."""
    asking = held if role is None else (role,)
    return tuple(
        name for name in roles if name in policy.roles and any(policy.roles[name].approves_role(own) for own in asking)
    )


def facts_for(facts: Facts, approver: Approver, roles: tuple[str, ...], amount_minor: int) -> Facts:
    """The facts of a request as its approver is decided on: `roles` are those that may approve it."""
    return facts._replace(
        employee=approver.authority,
        roles=roles,
        active=bool(roles),
        amount_minor=amount_minor,
        employee_is_guest=facts.employee_is_guest or approver.is_guest,
        accept_less=False,
    )


def grant(policy: CompiledPolicy, facts: Facts, standing: Standing, now: datetime, *, is_guest: bool) -> Grant:
    """Whether an approver may grant `facts`, by the counters that `policy.counters(facts, now)` named.

    The first role that can does; where none can, the one that could grant most speaks. An approver who `is_guest` is
    not the other person that a guard against one's own table asks for.
    """
    rules = policy.policy
    stopped = unknown(rules, facts)
    if stopped is not None:
        return Grant(None, (stopped,), 1, None)
    moment = local_moment(rules, facts, now)
    best: Grant | None = None
    for straight in policy.plan(known_roles(rules, facts), facts.remedy, facts.reason).straight:
        tried = _tried(rules, straight, facts, standing, moment, is_guest=is_guest)
        if tried.role is not None:
            return tried
        if best is None or (tried.most_minor or 0) > (best.most_minor or 0):
            best = tried
    return best or Grant(None, (), 1, None)


def _tried(
    policy: Policy, straight: Straight, facts: Facts, standing: Standing, moment: datetime, *, is_guest: bool
) -> Grant:
    trial = straight.trial
    verdict = trial.judge(facts, standing, moment)
    people = PEOPLE_AT_MOST if facts.amount_minor > trial.alone else 1
    if is_guest and any(_own_table(policy, finding) for finding in verdict.findings):
        return Grant(None, verdict.findings, people, None)
    if straight.grants(facts, standing, moment):
        return Grant(trial.role, verdict.findings, people, facts.amount_minor)
    if not any(finding.code in BLOCKS for finding in verdict.findings):
        known = [usage or UNUSED for usage in standing]
        verdict = trial.judge(facts, known, moment)
    most = most_granted(straight, facts, standing, moment)
    return Grant(None, verdict.findings, people, None if most is None else min(most, facts.amount_minor))


BLOCKS = frozenset(
    {
        Code.NO_AMOUNT,
        Code.REMEDY_NOT_ALLOWED,
        Code.REMEDY_NOT_FOR_REASON,
        Code.GUARD_DENIES,
        Code.OVER_MOST,
        Code.LIMIT_EXCEEDED,
        Code.COUNT_EXCEEDED,
        Code.PERCENT_EXCEEDED,
    }
)
"""What stops an approver; everything else asked for another person, and here they are."""


def _own_table(policy: Policy, finding: Finding) -> bool:
    """Whether a guard speaks because the guest is one of us."""
    if finding.code not in (Code.GUARD_ESCALATES, Code.GUARD_DENIES):
        return False
    return any(guard.address == finding.rule and guard.when.employee_is_guest for guard in policy.guards)


def recorded_grant(found: Grant) -> dict[str, Any]:
    """A grant as the book keeps it, to be decided again."""
    return {
        "role": found.role,
        "people": found.people,
        "findings": [recorded_finding(finding) for finding in found.findings],
    }


# The steps


def approve(comp: Comp, body: dict[str, Any], now: datetime) -> Step:
    """A yes, as its entry says it: the comp stays pending until as many people as are needed have said it.

    Raises `StateConflictError` for one that may not be.
    """
    _open(comp, "approved")
    before = body["with"]
    people = (body["approver"], body["authority"])
    if comp.employee in people:
        raise StateConflictError(comp, f"`{comp.employee}` asked for it, and so may not be the one who approves it")
    if set(people) & {name for pair in before for name in pair}:
        raise StateConflictError(comp, f"`{body['approver']}` has approved it already: another person must")
    if bool(before) != (comp.last_seq != comp.seq) or len(before) >= PEOPLE_AT_MOST:
        raise StateConflictError(comp, "the approvals before this one are not those that the comp has")
    if not _same(comp, body["request"]):
        raise StateConflictError(comp, "what was approved is not what was asked")
    amount = _amount(comp, body["amount"], comp.granted_minor if before else comp.asked_minor)
    if len(before) + 1 < body["people"]:
        return Step(comp._replace(granted_minor=amount, updated_at=now), NOTHING_MOVES, "approve", body)
    after = comp._replace(
        status=Status.APPROVED,
        authority=body["authority"],
        authority_role=body["grant"]["role"],
        granted_minor=amount,
        held_minor=amount,
        policy_id=body["policy_id"],
        business_day=date.fromisoformat(body["day"]),
        updated_at=now,
        expires_at=moment_of(body["expires_at"]),
    )
    return Step(after, hold_move(amount), "approve", body)


def decline(comp: Comp, body: dict[str, Any], now: datetime) -> Step:
    """A no, which must say why; raises `StateConflictError` where it may not be."""
    _open(comp, "declined")
    if comp.employee in (body["decliner"], body["authority"]):
        raise StateConflictError(comp, f"`{comp.employee}` asked for it, and so may not be the one who declines it")
    if not body.get("note"):
        raise StateConflictError(comp, "a decline needs a note")
    after = comp._replace(status=Status.DECLINED, granted_minor=0, updated_at=now, expires_at=None)
    return Step(after, NOTHING_MOVES, "decline", body)


def _open(comp: Comp, done: str) -> None:
    if comp.status is not Status.PENDING:
        raise StateConflictError(comp, f"a comp that is {comp.status} cannot be {done}: only one that is pending can")


def _same(comp: Comp, request: dict[str, Any]) -> bool:
    """Whether a request is the one that a comp was made of."""
    asked = request["amount"]["amount"]
    said = (request["employee"], request["remedy"], request["reason"], asked, request.get("guest"))
    return said == (comp.employee, comp.remedy, comp.reason, comp.asked_minor, comp.guest)


def _amount(comp: Comp, amount_minor: int, most_minor: int) -> int:
    if not (0 < amount_minor <= most_minor or amount_minor == most_minor == 0):
        raise StateConflictError(comp, f"`{amount_minor}` approved of `{most_minor}` (minor units)")
    return amount_minor
