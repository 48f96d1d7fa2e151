"""What a candidate would have changed: answers that flip, the money in them, and the ones that tell most."""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from empower.core.backtest import OUTCOMES, Answered
from empower.core.codes import Code, Outcome
from empower.core.decision import Decision, Finding
from empower.core.straight import APPROVE

EXAMPLES = 10
ASSUMPTION = (
    "What only the candidate approves is taken as captured in full, and what it would have escalated as not given. "
    "What would have been asked instead is not known."
)
ORDER = {code: number for number, code in enumerate(Code)}
GROUPS = ("outcome", "role", "remedy", "reason", "location")


class Example(NamedTuple):
    """An answer that flips."""

    comp: str
    at: str
    location: str
    employee: str
    role: str | None
    remedy: str
    reason: str
    amount_minor: int
    currency: str
    was: Outcome
    now: Outcome
    why: Finding | None
    """What stops it under the candidate; None where the candidate approves it."""


class Money(NamedTuple):
    """Minor units of one currency."""

    given_more: int = 0
    """What only the candidate gives, taken as captured in full."""
    given_less: int = 0
    """What the candidate would not have given, by what became of it in reality."""


class Flips:
    """Counts answers as they come."""

    def __init__(self) -> None:
        """None yet."""
        self.decided = 0
        self.flips = 0
        self.by: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
        self.days: dict[tuple[str, str], list[int]] = {}
        self.more: Counter[str] = Counter()
        self._lost: dict[str, tuple[str, int]] = {}
        self._telling: dict[tuple[Any, ...], list[Example]] = {}

    def take(self, answered: Answered, full: Callable[[], Decision]) -> None:
        """One answer."""
        facts, comp, _, day, was, now, was_granted, now_granted, _, _ = answered
        self.decided += 1
        if was_granted or now_granted:
            key = (facts.currency, day)
            sums = self.days.get(key)
            if sums is None:
                sums = self.days[key] = [0, 0]
            sums[0] += was_granted
            sums[1] += now_granted
        if was == now and was_granted == now_granted:
            return
        if now_granted > was_granted:
            self.more[facts.currency] += now_granted - was_granted
        elif now_granted < was_granted:
            self._lost[comp] = (facts.currency, was_granted - now_granted)
        if was != now:
            self._flip(answered, full)

    def _flip(self, answered: Answered, full: Callable[[], Decision]) -> None:
        facts, was, now = answered.facts, answered.was, answered.now
        self.flips += 1
        kind = f"{OUTCOMES[was].value} → {OUTCOMES[now].value}"
        role = answered.was_role or answered.now_role or "none"
        names = (kind, role, facts.remedy, facts.reason, facts.location)
        for group, name in zip(GROUPS, names, strict=True):
            self.by[group][name] += 1
        key = (kind, role, facts.remedy, facts.reason)
        known = self._telling.setdefault(key, [])
        if len(known) < EXAMPLES or facts.amount_minor > known[-1].amount_minor:
            del known[EXAMPLES - 1 :]
            known.append(self._example(answered, role, full))
            known.sort(key=lambda item: -item.amount_minor)

    @staticmethod
    def _example(answered: Answered, role: str, full: Callable[[], Decision]) -> Example:
        facts = answered.facts
        why = None
        if answered.now != APPROVE:
            findings = full().findings
            why = min(findings, key=lambda finding: ORDER[finding.code], default=None)
        return Example(
            answered.comp,
            answered.at,
            facts.location,
            facts.employee,
            role,
            facts.remedy,
            facts.reason,
            facts.amount_minor,
            facts.currency,
            OUTCOMES[answered.was],
            OUTCOMES[answered.now],
            why,
        )

    def step(self, kind: str, comp: str, body: dict[str, Any]) -> None:
        """What became, in reality, of a comp that the candidate would not have granted."""
        lost = self._lost.get(comp)
        if lost is None:
            return
        currency, minor = lost
        if kind == "capture":
            minor = min(minor, body["amount"]) if minor else body["amount"]
        elif kind in ("void", "expire"):
            minor = 0
        elif kind == "reverse":
            minor = max(0, minor - body["amount"])
        self._lost[comp] = (currency, minor)

    @property
    def money(self) -> dict[str, Money]:
        """By currency."""
        less: Counter[str] = Counter()
        for currency, minor in self._lost.values():
            less[currency] += minor
        return {name: Money(self.more[name], less[name]) for name in sorted({*self.more, *less})}

    @property
    def examples(self) -> list[Example]:
        """The ten that tell most: the largest of each kind, role, remedy and reason first, then the next largest."""
        ranked = [(rank, item) for known in self._telling.values() for rank, item in enumerate(known)]
        ranked.sort(key=lambda pair: (pair[0], -pair[1].amount_minor, pair[1].at, pair[1].comp))
        return [item for _, item in ranked[:EXAMPLES]]
