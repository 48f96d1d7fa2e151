"""Cases: requests with what must be answered, decided by the policies that they stand beside."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from empower.core.codes import Code, Outcome
from empower.core.counter import UNUSED, CounterKey, Usage
from empower.core.decide import decide
from empower.core.decision import Decision
from empower.core.money import plain
from empower.core.plan import CompiledPolicy
from empower.core.request import Facts
from empower.core.sentences import sentence

if TYPE_CHECKING:
    from empower.policy.reading import Reading

_PASSES = (Code.GRANTED_LESS, Code.CHECK_TOTAL_CHANGED, Code.REQUIREMENT_MET, Code.WITHIN_LIMIT)


class Expected(NamedTuple):
    """What must be answered, amounts in minor units; None is whatever it may be."""

    outcome: Outcome
    role: str | None = None
    granted_minor: int | None = None
    approvers: tuple[str, ...] | None = None
    people: int | None = None
    codes: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    needs: tuple[str, ...] | None = None
    says_offer: bool = False
    offer_minor: int | None = None
    """Of the same remedy; None is that there is none, where `says_offer`."""
    offers: tuple[tuple[str, int], ...] | None = None


class Used(NamedTuple):
    """What the counters of a limit's measure hold."""

    measure: str
    amount_minor: int
    comps: int
    role: str | None = None
    """Whose, where it is counted per role and the limit is a role's."""


class Case(NamedTuple):
    """One request, ready to be decided."""

    file: str
    line: int
    name: str
    """With the values of its matrix: `over_the_cap[dessert, 25.01]`."""
    policy: CompiledPolicy
    facts: Facts
    now: datetime
    used: tuple[Used, ...]
    expected: Expected


class Result(NamedTuple):
    """What was answered, and how it differs from what was expected; no differences is a pass."""

    case: Case
    decision: Decision
    differences: tuple[str, ...]


def standing(case: Case) -> list[Usage | None]:
    """What each counter that the request reads holds; one of which the case does not speak is empty."""
    needed = case.policy.counters(case.facts, case.now, offers=True)
    return [None if item is None else _usage(case, item.key) for item in needed]


def _usage(case: Case, key: CounterKey) -> Usage:
    said = (used for used in reversed(case.used) if used.measure == key.measure)
    found = next((used for used in said if used.role is None or used.role in key.subject.split("|")), None)
    return UNUSED if found is None else Usage(0, found.amount_minor, 0, found.comps)


def run(case: Case) -> Result:
    """Decide a case."""
    decision = decide(case.policy, case.facts, standing(case), case.now)
    return Result(case, decision, tuple(_differences(case, decision)))


def _differences(case: Case, decision: Decision) -> Iterator[str]:
    expected = case.expected
    if decision.outcome is not expected.outcome:
        yield f"expected `{expected.outcome}`, got `{decision.outcome}`{_why(case, decision)}"
    if expected.role is not None and decision.role != expected.role:
        yield f"expected to be decided as `{expected.role}`, not as `{decision.role}`"
    money = case.policy.policy.money
    if expected.granted_minor is not None and decision.granted_minor != expected.granted_minor:
        yield f"expected {money(expected.granted_minor)} to be granted, got {money(decision.granted_minor)}"
    if expected.people is not None and decision.approvals != expected.people:
        yield f"expected {expected.people} people to be needed, got {decision.approvals}"
    yield from _lists(expected, decision)
    if expected.says_offer or expected.offers is not None:
        yield from _offers(case, decision)


def _why(case: Case, decision: Decision) -> str:
    said = [finding for finding in decision.findings if finding.code not in _PASSES]
    return "".join(f"\n  {sentence(finding, case.policy.policy)}  {finding.rule}" for finding in said)


def _lists(expected: Expected, decision: Decision) -> Iterator[str]:
    if expected.approvers is not None and decision.approvers != expected.approvers:
        yield f"expected the approvers {_names(expected.approvers)}, got {_names(decision.approvers)}"
    if expected.needs is not None and set(decision.obligations) != set(expected.needs):
        yield f"expected it to need {_names(expected.needs)}, got {_names(decision.obligations)}"
    codes = tuple(dict.fromkeys(str(finding.code) for finding in decision.findings))
    missing = [code for code in expected.codes or () if code not in codes]
    if missing:
        yield f"expected the findings to say {_names(missing)}, got {_names(codes)}"
    stopped = tuple(dict.fromkeys(item.rule for item in decision.findings if item.code not in _PASSES))
    if expected.rules is not None and set(stopped) != set(expected.rules):
        yield f"expected to be stopped by {_names(expected.rules)}, got {_names(stopped)}"


def _names(values: "tuple[str, ...] | list[str]") -> str:
    return ", ".join(f"`{value}`" for value in values) or "none"


def _offers(case: Case, decision: Decision) -> Iterator[str]:
    expected, offer = case.expected, decision.counter_offer
    decimals = case.policy.policy.calendar.decimals
    amount = None if offer is None else offer.amount_minor

    def said(value: int | None) -> str:
        return "none" if value is None else plain(value, decimals)

    if expected.says_offer and amount != expected.offer_minor:
        yield f"expected the counter-offer {said(expected.offer_minor)}, got {said(amount)}"
    others = {} if offer is None else {item.remedy: item.most_minor for item in offer.remedies}
    for remedy, most in expected.offers or ():
        if remedy not in others or others[remedy] != most:
            got = said(others[remedy]) if remedy in others else "no such offer"
            yield f"expected `{remedy}` to be offered up to {said(most)}, got {got}"


def failures(folder: Path, reading: "Reading | None" = None) -> Iterator[str]:
    """The names of a folder's cases that fail, with file and line; a file that cannot be read fails as a whole.

    What a publication asks first. `reading` is of the policies to try, where they are not yet those of the folder.
    """
    from empower.policy.case_reading import read_cases  # noqa: PLC0415  which reads into this

    found = read_cases(folder, reading=reading)
    yield from (str(problem) for problem in found.problems)
    failed = (item.case for item in map(run, found.cases) if item.differences)
    yield from (f"{case.file}:{case.line}: {case.name}" for case in failed)
