"""A decision as somebody at a till reads it in two seconds: the answer, why, and what may be offered instead."""

from typing import TYPE_CHECKING

from empower.cli.amounts import Cash
from empower.cli.output import COLOURS, OUTCOMES, text
from empower.core.codes import Code

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text

    from empower.engine.views import CounterOfferView, DecisionView, FindingView, OfferView

_PRECEDENCE = {code.value: index for index, code in enumerate(Code)}
_FIRST_THAT_PASSES = _PRECEDENCE[Code.GRANTED_LESS]
_QUIET = (Code.WITHIN_LIMIT, Code.REQUIREMENT_MET)
TELLING = 3
"""How many sentences an approval shows."""


def answer(decision: "DecisionView", asked: Cash, remedy: str, *, line: int | None = None) -> "Group":
    """The whole answer to a request for `asked` of `remedy`; `line` is that of the input."""
    from rich.console import Group
    from rich.padding import Padding

    place = text(f"line {line}: " if line is not None else "", "dim")
    what = f"{remedy} {asked.readable}" if asked.minor else remedy
    if decision.outcome == "approve" and decision.granted < asked.minor:
        what = f"{remedy} {Cash(decision.granted, asked.currency).readable} of {asked.readable} asked"
    below = (Padding(said, (0, 0, 0, 2), expand=False) for said in body(decision, asked.currency))
    return Group(place.append_text(headline(decision, what)), *below)


def headline(decision: "DecisionView", what: str) -> "Text":
    """`APPROVED  dessert $12.00, as server`, `ESCALATED to manager  …`, `DENIED  …`."""
    said = text(OUTCOMES[decision.outcome], COLOURS[decision.outcome])
    if decision.outcome == "escalate":
        people = " (two people)" if decision.approvals > 1 else ""
        said.append(f" to {' or '.join(decision.approvers) or 'somebody else'}{people}", "yellow")
    role = f", as {decision.role}" if decision.role else ""
    return said.append_text(text(f"  {what}{role}"))


def body(decision: "DecisionView", currency: str) -> "list[Text]":
    """The lines below the headline."""
    told = telling(decision)
    left = len(decision.findings) - len(told)
    lines = [text(f"{item.message}  ").append_text(text(item.rule, "dim")) for item in told]
    if decision.outcome == "approve" and left:
        lines.append(text(f"and {left} more within their limits", "dim"))
    if decision.obligations:
        lines.append(text(f"needs: {', '.join(decision.obligations)}", "yellow"))
    if decision.outcome != "approve":
        lines.append(text(offered(decision.counter_offer, currency), "cyan"))
    return lines


def telling(decision: "DecisionView") -> "list[FindingView]":
    """The findings that mattered, the weightiest first: what stopped it, or the limits with the least left."""
    stopped = [item for item in decision.findings if _PRECEDENCE.get(item.code, 0) < _FIRST_THAT_PASSES]
    if stopped:
        return sorted(stopped, key=lambda item: _PRECEDENCE.get(item.code, 0))
    notes = [item for item in decision.findings if item.code not in _QUIET]
    limits = sorted((item for item in decision.findings if item.code == Code.WITHIN_LIMIT), key=_room)
    met = [item for item in decision.findings if item.code == Code.REQUIREMENT_MET]
    return (notes + limits + met)[:TELLING]


def _room(finding: "FindingView") -> tuple[int, int]:
    """How much is left, in whole percents of the cap, the tightest first."""
    if finding.left is None or not finding.cap:
        return 100, 0
    return 100 * finding.left // finding.cap, finding.left


def offered(offer: "CounterOfferView | None", currency: str, most: int = 4) -> str:
    """What may be given now instead: `could give now: $8.00 of it, or apology, or dessert up to $15.00`."""
    parts = choices(offer, currency)
    if not parts:
        return "nothing else can be given now without asking"
    more = len(parts) - most
    tail = f" (and {more} more)" if more > 0 else ""
    return f"could give now: {', or '.join(parts[:most])}{tail}"


def choices(offer: "CounterOfferView | None", currency: str, *, worth_something: bool = False) -> list[str]:
    """Each thing that may be given now, the same remedy first; then, if asked for, those that are worth something."""
    if offer is None:
        return []
    same = [f"{Cash(offer.amount, currency).readable} of it"] if offer.amount else []
    others = list(offer.remedies)
    if worth_something:
        others.sort(key=lambda item: item.most == 0)
    return same + [_choice(item, currency) for item in others]


def _choice(offer: "OfferView", currency: str) -> str:
    if offer.most is None or offer.most == 0:
        return offer.remedy
    return f"{offer.remedy} up to {Cash(offer.most, currency).readable}"
