"""Approvals decided again: the approver's roles and limits, by what their entry recorded."""

from collections.abc import Callable
from datetime import timedelta

from empower.core.approve import Approver, approving_roles, facts_for, grant, recorded_grant
from empower.core.entry import moment_of, stamp, standing_of
from empower.core.history import facts_from
from empower.core.plan import CompiledPolicy
from empower.ledger.findings import BookReport
from empower.ledger.lines import Line


def approve_again(report: BookReport, policy_of: Callable[[str], CompiledPolicy | None], line: Line) -> None:
    """Hold one yes against the policy it names; raises `ValueError`, `KeyError` or `TypeError` for nonsense."""
    body = line.body
    policy = policy_of(body["policy"])
    if policy is None:
        report.add("replay", f"policy `{body['policy']}` is lost", line.seq)
        return
    now, asked = moment_of(line.at), facts_from(body)
    approver = Approver(body["approver"], body["authority"], tuple(body["roles"]), body["is_guest"])
    roles = approving_roles(policy.policy, approver.roles, body["decided_as"], asked.roles)
    facts = facts_for(asked, approver, roles, body["amount"])
    keys, standing = standing_of(body["standing"])
    needed = policy.counters(facts, now) if roles else []
    if keys != [None if need is None else need.key for need in needed]:
        report.add("replay", "the standing is not of the counters that the policy reads", line.seq)
    again = grant(policy, facts, standing, now, is_guest=approver.is_guest)
    if recorded_grant(again) != body["grant"] or again.role is None:
        report.add("replay", "the approval, decided again, differs", line.seq)
    _frame(report, policy, line, again.people)


def _frame(report: BookReport, policy: CompiledPolicy, line: Line, people: int) -> None:
    """What stands around the decision: the day, how many people, and until when it holds."""
    body, rules, now = line.body, policy.policy, moment_of(line.at)
    if (rules.id, rules.days.business_day(now).isoformat()) != (body["policy_id"], body["day"]):
        report.add("replay", "the approval is of another policy or business day", line.seq)
    if body["people"] < people:
        report.add("replay", f"{people} people had to say yes, the entry says {body['people']}", line.seq)
    complete = len(body["with"]) + 1 >= body["people"]
    until = stamp(now + timedelta(seconds=rules.holds.expires_seconds)) if complete else None
    if body.get("expires_at") != until:
        report.add("replay", f"the hold is until `{body.get('expires_at')}`, by the policy `{until}`", line.seq)
