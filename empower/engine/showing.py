"""From core values to the shapes that are answered."""

from typing import Any

from empower.core.comp import Comp
from empower.core.decision import CounterOffer, Decision, Finding
from empower.core.entry import Entry, content, stamp
from empower.core.history import decision_from
from empower.core.policy import Policy
from empower.core.sentences import sentence
from empower.engine.views import CompView, DecisionView, EntryView


def decision_dict(decision: Decision, policy: Policy) -> dict[str, Any]:
    """A decision as JSON says it."""
    return {
        "outcome": decision.outcome.value,
        "role": decision.role,
        "granted": decision.granted_minor,
        "findings": [_finding(finding, policy) for finding in decision.findings],
        "approvers": list(decision.approvers),
        "approvals": decision.approvals,
        "obligations": list(decision.obligations),
        "counter_offer": _offer(decision.counter_offer, policy),
        "policy": policy.digest,
    }


def _finding(finding: Finding, policy: Policy) -> dict[str, Any]:
    value = finding._asdict()
    value["code"] = finding.code.value
    value["message"] = sentence(finding, policy)
    return value


def _offer(offer: CounterOffer | None, policy: Policy) -> dict[str, Any] | None:
    if offer is None:
        return None
    remedies = [
        {"remedy": item.remedy, "title": policy.remedies[item.remedy].title, "most": item.most_minor}
        for item in offer.remedies
    ]
    return {"amount": offer.amount_minor, "remedies": remedies}


def decision_view(decision: Decision, policy: Policy) -> DecisionView:
    """A decision as it is answered."""
    return DecisionView.model_validate(decision_dict(decision, policy))


def comp_view(comp: Comp, lines: list[Entry], policy: Policy, note: str | None) -> CompView:
    """A comp as it is answered: `lines` are its entries, the decision first."""
    body = content(lines[0].leaf)["body"]
    return fresh_view(comp, lines, policy, body["request"], decision_from(body), note)


def fresh_view(
    comp: Comp, lines: list[Entry], policy: Policy, request: dict[str, Any], decision: Decision, note: str | None
) -> CompView:
    """The same, of what is at hand when the comp is made: `request` is as the book keeps it."""
    authority = None
    if comp.authority is not None and comp.authority_role is not None:
        authority = {"employee": comp.authority, "role": comp.authority_role}
    return CompView.model_validate(
        {
            "id": comp.id,
            "location": comp.location,
            "status": comp.status.value,
            "request": request if note is None else request | {"note": note},
            "decision": decision_dict(decision, policy),
            "amount": {
                "asked": comp.asked_minor,
                "granted": comp.granted_minor,
                "held": comp.held_minor,
                "captured": comp.captured_minor,
                "reversed": comp.reversed_minor,
                "currency": comp.currency,
            },
            "authority": authority,
            "forced": comp.forced,
            "created_at": stamp(comp.created_at),
            "updated_at": stamp(comp.updated_at),
            "expires_at": None if comp.expires_at is None else stamp(comp.expires_at),
            "entries": [
                {"location": line.location, "seq": line.seq, "kind": line.kind, "leaf": line.hash.hex()}
                for line in lines
            ],
        }
    )


def entry_view(line: Entry) -> EntryView:
    """An entry as it is answered."""
    said = content(line.leaf)
    return EntryView(
        location=line.location,
        seq=line.seq,
        kind=line.kind,
        at=line.recorded_at,
        comp=line.comp,
        by=said["by"],
        body=said["body"],
        leaf=line.leaf.decode(),
        hash=line.hash.hex(),
    )
