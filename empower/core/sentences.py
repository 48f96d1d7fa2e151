"""A finding as a sentence. The book keeps code and numbers; the words are made where people read them."""

from collections.abc import Callable

from empower.core.codes import Code
from empower.core.decision import Finding
from empower.core.policy import Policy

Sentence = Callable[[Finding, Policy], str]


def sentence(finding: Finding, policy: Policy) -> str:
    """What a finding says, in the words of the policy where it has any."""
    return _SENTENCES[finding.code](finding, policy)


def comps(number: int) -> str:
    """How many comps, in words."""
    return f"{number} comp" if number == 1 else f"{number} comps"


def fits(left: str, cap: str) -> str:
    """What is said of a limit that has room: what would stay of it."""
    return f"{left} of {cap} stay."


def _amount(finding: Finding, policy: Policy, value: int | None) -> str:
    number = value or 0
    return comps(number) if finding.unit == "count" else policy.money(number)


def _within(finding: Finding, policy: Policy) -> str:
    return fits(_amount(finding, policy, finding.left), _amount(finding, policy, finding.cap))


def _exceeded(finding: Finding, policy: Policy) -> str:
    left, cap = _amount(finding, policy, finding.left), _amount(finding, policy, finding.cap)
    share = " of this check's share" if finding.unit == "percent" else ""
    return f"Only {left} of {cap}{share} left." if finding.left else f"Nothing of {cap}{share} left."


def _guard(finding: Finding, policy: Policy) -> str:
    said = next((guard.say for guard in policy.guards if guard.address == finding.rule), "")
    return said or f"The rule `{finding.rule.removeprefix('guards.')}` speaks against it."


def _met(finding: Finding, _policy: Policy) -> str:
    return f"The rule `{finding.rule.removeprefix('guards.')}` has what it asks for."


def _two_people(finding: Finding, policy: Policy) -> str:
    return f"Over {policy.money(finding.cap or 0)} two people must say yes."


_SENTENCES: dict[Code, Sentence] = {
    Code.EVALUATION_ERROR: lambda _f, _p: "The rules could not be worked out: a person must decide.",
    Code.EMPLOYEE_INACTIVE: lambda f, _p: f"{f.fact} is not active here now.",
    Code.NO_ROLE: lambda f, _p: f"{f.fact} has no role here.",
    Code.UNKNOWN_ROLE: lambda f, _p: f"The policy knows no role `{f.fact}`.",
    Code.UNKNOWN_REMEDY: lambda f, _p: f"The policy knows no remedy `{f.fact}`.",
    Code.UNKNOWN_REASON: lambda f, _p: f"The policy knows no reason `{f.fact}`.",
    Code.WRONG_CURRENCY: lambda f, p: f"Amounts here are in {p.calendar.currency}, not {f.fact}.",
    Code.NO_AMOUNT: lambda _f, _p: "This remedy needs an amount.",
    Code.REMEDY_NOT_ALLOWED: lambda f, p: f"{_role(f, p)} may not give `{f.fact}`.",
    Code.REMEDY_NOT_FOR_REASON: lambda f, p: f"`{f.fact}` is not a remedy for {_reason(f, p)}.",
    Code.GUARD_DENIES: _guard,
    Code.OVER_MOST: lambda f, p: f"Nobody may give more than {p.money(f.cap or 0)}.",
    Code.NO_APPROVER: lambda f, p: f"Nobody who may approve a {_role(f, p)} could grant this.",
    Code.LIMIT_EXCEEDED: _exceeded,
    Code.COUNT_EXCEEDED: _exceeded,
    Code.PERCENT_EXCEEDED: _exceeded,
    Code.MISSING_FACT: lambda f, _p: f"This rule needs to know the {_fact(f)}, and the request does not say.",
    Code.REQUIREMENT_MISSING: _guard,
    Code.GUARD_ESCALATES: _guard,
    Code.TWO_PEOPLE: _two_people,
    Code.GRANTED_LESS: lambda f, p: f"Granted {p.money(f.cap or 0)}, {p.money(f.left or 0)} less than asked.",
    Code.CHECK_TOTAL_CHANGED: lambda f, p: f"The check's total was {p.money(f.cap or 0)} before.",
    Code.REQUIREMENT_MET: _met,
    Code.WITHIN_LIMIT: _within,
}


def _role(finding: Finding, policy: Policy) -> str:
    name = finding.rule.split(".")[1]
    return policy.roles[name].title if name in policy.roles else name


def _reason(finding: Finding, policy: Policy) -> str:
    name = finding.rule.split(".")[1]
    return f"“{policy.reasons[name].title}”" if name in policy.reasons else f"`{name}`"


def _fact(finding: Finding) -> str:
    return (finding.fact or "").replace("check.total", "total of the check")
