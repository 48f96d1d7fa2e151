"""What is answered: a decision with findings, obligations, approvers and a counter-offer."""

from typing import Any, Literal, NamedTuple

from empower.core.codes import Code, Outcome

Unit = Literal["amount", "count", "percent"]


class Finding(NamedTuple):
    """One rule's say: its path in the policy, a code, and the numbers.

    `cap`, `used` and `left` are minor units where `unit` is `amount` or `percent` (a share of the check, worked out
    in minor units), and comps where it is `count`. `left` is what stays after this comp where it fits, and what
    there is without it where it does not.
    """

    rule: str
    code: Code
    unit: Unit | None = None
    cap: int | None = None
    used: int | None = None
    left: int | None = None
    fact: str | None = None
    """The fact that a rule needs and the request lacks, or that a guard spoke of."""


class Offer(NamedTuple):
    """A remedy that would be approved now, up to an amount in minor units; None is without a cap."""

    remedy: str
    most_minor: int | None


class CounterOffer(NamedTuple):
    """What may be offered instead of a bare no."""

    amount_minor: int | None
    """The largest amount of the same remedy that would be approved now; None if there is none."""
    remedies: tuple[Offer, ...]
    """The other remedies of the reason, in its order."""


class Decision(NamedTuple):
    """The answer to one request."""

    outcome: Outcome
    role: str | None
    """The role on whose limits it was decided."""
    findings: tuple[Finding, ...]
    obligations: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    """Roles that may say yes, the least powerful first."""
    approvals: int = 0
    """How many people must say yes: none, one or two."""
    granted_minor: int = 0
    """What is approved, in minor units; less than asked only where the request accepts less."""
    counter_offer: CounterOffer | None = None


def recorded(decision: Decision) -> dict[str, Any]:
    """The decision as the book keeps it: without sentences, so that rewording one breaks no replay."""
    value: dict[str, Any] = {
        "outcome": decision.outcome,
        "role": decision.role,
        "findings": [recorded_finding(finding) for finding in decision.findings],
        "granted": decision.granted_minor,
    }
    if decision.outcome is not Outcome.APPROVE:
        value["approvers"] = list(decision.approvers)
        value["approvals"] = decision.approvals
    if decision.obligations:
        value["obligations"] = list(decision.obligations)
    if decision.counter_offer is not None:
        value["counter_offer"] = {
            "amount": decision.counter_offer.amount_minor,
            "remedies": [[offer.remedy, offer.most_minor] for offer in decision.counter_offer.remedies],
        }
    return value


def recorded_finding(finding: Finding) -> dict[str, Any]:
    """A finding as the book keeps it: what does not apply is left out."""
    rule, code, unit, cap, used, left, fact = finding
    value: dict[str, Any] = {"rule": rule, "code": code}
    if unit is not None:
        value["unit"] = unit
        value["cap"] = cap
        value["used"] = used
        value["left"] = left
    if fact is not None:
        value["fact"] = fact
    return value


def from_record(value: dict[str, Any]) -> Decision:
    """The decision that `recorded` wrote."""
    offer = value.get("counter_offer")
    return Decision(
        outcome=Outcome(value["outcome"]),
        role=value["role"],
        findings=tuple(Finding(**{**item, "code": Code(item["code"])}) for item in value["findings"]),
        obligations=tuple(value.get("obligations", ())),
        approvers=tuple(value.get("approvers", ())),
        approvals=value.get("approvals", 0),
        granted_minor=value["granted"],
        counter_offer=offer
        and CounterOffer(offer["amount"], tuple(Offer(remedy, most) for remedy, most in offer["remedies"])),
    )
