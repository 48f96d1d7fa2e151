"""What the pages call things: limits, rules, states and entries, as people say them."""

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape

from empower.engine.views import BudgetView, FindingView, StepView, TitlesView

WHOSE = {
    "guest": "this guest",
    "check": "this check",
    "incident": "this incident",
    "location": "the house",
    "group": "all our places",
    "role": "the role",
    "shift": "the shift",
    "remedy": "each remedy",
    "reason": "each reason",
}
WHEN = {
    "day": "today",
    "week": "this week",
    "month": "this month",
    "quarter": "this quarter",
    "year": "this year",
    None: "in all",
}
STATES = {
    "pending": "wait",
    "approved": "yes",
    "captured": "yes",
    "denied": "no",
    "declined": "no",
    "expired": "over",
    "voided": "over",
    "reversed": "over",
}
"""The tone of a state, which its word stands beside."""
OUTCOMES = {"approve": "approved", "escalate": "escalated", "deny": "denied"}
KINDS = {
    "open": "book opened",
    "policy": "policy taken up",
    "publish": "policies published",
    "staff": "roster changed",
    "key": "key changed",
    "signing": "signing key",
    "decision": "asked",
    "approve": "yes",
    "decline": "declined",
    "capture": "captured",
    "void": "voided",
    "expire": "expired",
    "reverse": "reversed",
    "erase": "guest erased",
}


def sentence(text: str) -> str:
    """Text as it stands alone: with a capital, and a full stop."""
    capital = text[:1].upper() + text[1:]
    return capital if capital.endswith((".", "!", "?", "…")) else f"{capital}."


def spaced(name: str) -> str:
    """`shift_lead` as `shift lead`."""
    return name.replace("_", " ")


def listed(names: Iterable[str], word: str = "or") -> str:
    """`a, b or c`."""
    *first, last = [*names] or [""]
    return f"{', '.join(first)} {word} {last}" if first else last


def rule(address: str, titles: TitlesView) -> str:
    """`roles.server.limits.comp` as `Server, comp limit`."""
    names = address.split(".")
    parts = [spaced(part) for part in names]
    if parts[0] == "roles" and len(parts) > 3:  # noqa: PLR2004  roles, its name, limits, its name
        return f"{titles.roles.get(names[1], parts[1].capitalize())}, {parts[3]} limit"
    if parts[0] == "limits" and len(parts) > 1:
        return f"House, {parts[1]} limit"
    if parts[0] == "guards" and len(parts) > 1:
        return f"Rule: {parts[1]}"
    if parts[0] == "approval":
        return "Approval"
    return " ".join(parts[1:] or parts).capitalize()


def stopped(findings: Iterable[FindingView], titles: TitlesView) -> list[tuple[str, str]]:
    """What stopped a request: the rule, and what it says."""
    return [(rule(item.rule, titles), item.message) for item in findings]


def quoted(text: str) -> Markup:
    """A sentence of ours, with what stands in backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )


def budget(item: BudgetView, employee: str = "you") -> str:
    """Whose budget it is, and of which time: `You, today`."""
    whose = [employee if part == "employee" else WHOSE.get(part, part) for part in item.per]
    narrow = listed(map(spaced, (*item.remedies, *item.reasons)), "and")
    said = f"{', '.join(whose)}{f' ({narrow})' if narrow else ''}, {WHEN.get(item.every, f'in {item.every}')}"
    return said[:1].upper() + said[1:]


def step(item: StepView) -> str:
    """What somebody did, as a verb that follows their name."""
    if item.kind == "decision":
        return {"approve": "asked, and was told yes", "escalate": "asked"}.get(
            str(item.body["decision"]["outcome"]), "asked, and was told no"
        )
    return {
        "approve": "said yes" if item.body.get("expires_at") else "said yes; another person must, too",
        "decline": "said no",
        "capture": "The guest was served",
        "void": "Not given after all",
        "expire": "The time was up",
        "reverse": "Taken back",
    }.get(item.kind, KINDS.get(item.kind, item.kind))


def tone(item: StepView) -> str:
    """The colour that goes with it."""
    if item.kind == "decision":
        return {"approve": "yes", "deny": "no"}.get(item.body["decision"]["outcome"], "wait")
    return {"approve": "yes", "capture": "yes", "decline": "no"}.get(item.kind, "over")


def entry(kind: str, body: dict[str, Any]) -> str:
    """A line of a book in a few words; ids stand as they are, for names are not in the book."""
    if kind == "decision":
        asked = body["request"]
        outcome = OUTCOMES.get(body["decision"]["outcome"], "denied")
        return f"{asked['employee']} asked for {spaced(asked['remedy'])}: {outcome}"
    if kind in ("approve", "decline"):
        return f"{body.get('approver') or body.get('decliner')} said {'yes' if kind == 'approve' else 'no'}"
    if kind == "staff":
        return f"{body.get('employee', '')}: {_staff(body)}"
    return KINDS.get(kind, kind).capitalize()


def _staff(body: dict[str, Any]) -> str:
    does = body.get("does")
    if does == "pin":
        return "new PIN"
    if does in ("delegate", "undelegate"):
        return f"{'stands in no more' if does == 'undelegate' else 'is stood in for'}: {body.get('to', '')}"
    return spaced(str(body.get("role", "changed")))
