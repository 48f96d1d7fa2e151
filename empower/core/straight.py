"""A trial as straight-line code: what a careful person would write by hand for one role, remedy and reason.

A plan's hot questions are asked millions of times of rules that do not change, so their loops are unrolled once into
a Python function of comparisons. Only integers and names made here stand in its text; everything else that a policy
holds is handed in by reference. `Trial.judge` says the same at length, and tests hold the two against each other.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from empower.core.canonical import LARGEST_INTEGER
from empower.core.codes import Code, Outcome
from empower.core.counter import UNUSED
from empower.core.decision import Decision, Finding
from empower.core.guard import PER_WHOLE_BP, ReadyGuard
from empower.core.request import Facts
from empower.core.trial import NO_SLOT, Cap, Standing, Trial

APPROVE, ESCALATE, DENY = 0, 1, 2

Bare = Callable[[Facts, Standing, datetime], int]
Approval = Callable[[Facts, Standing, datetime], Decision | None]
Grants = Callable[[Facts, Standing, datetime], bool]


class Straight:
    """A trial's questions, each made into code when it is first asked."""

    def __init__(self, trial: Trial) -> None:
        """Of one role, remedy and reason."""
        self.trial = trial

    @cached_property
    def bare(self) -> Bare:
        """The bare outcome: `APPROVE`, `ESCALATE` or `DENY`."""
        found: Bare = _function(self.trial, _bare)
        return found

    @cached_property
    def approval(self) -> Approval:
        """The decision where `judge` approves; None where it does not, or where something is out of the ordinary."""
        found: Approval = _function(self.trial, _approval)
        return found

    @cached_property
    def grants(self) -> Grants:
        """Whether the role could grant this very request as another's approver.

        A guard that escalates, a requirement or a fact that is missing asked for another person: the approver is
        that person. A counter of an approver who is not known yet counts as unused.
        """
        found: Grants = _function(self.trial, _grants)
        return found


class Text:
    """The lines of a function, and what it refers to."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.names: dict[str, Any] = {"new": tuple.__new__, "Decision": Decision, "Finding": Finding}

    def name(self, value: object) -> str:
        """A name under which the function finds a value."""
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name


def _function(trial: Trial, body: Callable[[Text, Trial], Iterator[str]]) -> Any:
    text = Text()
    lines = ["def straight(f, s, m):", " a = f.amount_minor", " t = f.check_total_minor"]
    lines.extend(f" {line}" for line in body(text, trial))
    exec("\n".join(lines), text.names)  # noqa: S102  integers and our own names alone
    return text.names["straight"]


def _bare(text: Text, trial: Trial) -> Iterator[str]:
    if trial.refused is not None:
        yield f"return {DENY}"
        return
    escalates = f"e = {ESCALATE}"
    does = {"deny": f"return {DENY}", "escalate": escalates}
    yield f"e = {APPROVE}"
    yield from _amount(trial, does["deny"])
    if trial.alone != LARGEST_INTEGER:
        yield f"if a > {trial.alone}: {escalates}"
    for guard in trial.guards:
        yield from _guard(text, guard, does)
    for cap in trial.caps:
        over = does[cap.beyond]
        if cap.slot == NO_SLOT:
            yield f"if {_over(cap)}: {over}"
        else:
            yield f"u = s[{cap.slot}]"
            yield f"if u is None: {escalates}"
            yield f"elif {_over(cap)}: {over}"
        if cap.percent_bp is not None:
            known = "" if cap.slot == NO_SLOT else "u is not None and "
            yield f"if t is None: {escalates}"
            yield f"elif {known}{_used(cap)} + a > {_share(cap.percent_bp)}: {over}"
    yield "return e"


def _approval(text: Text, trial: Trial) -> Iterator[str]:
    stop = "return None"
    if trial.bound < 0:
        yield stop
        return
    yield f"if a > {trial.bound}: {stop}"
    yield from _amount(trial, stop)
    yield "g = ()"
    for guard in trial.guards:
        met = text.name((Finding(guard.rule, Code.REQUIREMENT_MET),))
        yield from _guard(text, guard, {"deny": stop, "escalate": stop}, met=f"g += {met}")
    within, made = text.name(Code.WITHIN_LIMIT), []
    for number, cap in enumerate(trial.caps):
        rule, used, count, share = text.name(cap.rule), f"p{number}", f"c{number}", f"h{number}"
        if cap.slot != NO_SLOT:
            yield f"u = s[{cap.slot}]"
            yield f"if u is None: {stop}"
        if cap.amount != LARGEST_INTEGER or cap.percent_bp is not None:
            yield f"{used} = {_used(cap)}"
        if cap.amount != LARGEST_INTEGER:
            yield f"if {used} + a > {cap.amount}: {stop}"
            made.append(_finding(f"{rule}, {within}, 'amount', {cap.amount}, {used}, {cap.amount} - {used} - a"))
        if cap.comps != LARGEST_INTEGER:
            yield f"{count} = {_count(cap)}"
            yield f"if {count} >= {cap.comps}: {stop}"
            made.append(_finding(f"{rule}, {within}, 'count', {cap.comps}, {count}, {cap.comps - 1} - {count}"))
        if cap.percent_bp is not None:
            yield f"if t is None or f.check_total_before_minor not in (None, t): {stop}"
            yield f"{share} = {_share(cap.percent_bp)}"
            yield f"if {used} + a > {share}: {stop}"
            made.append(_finding(f"{rule}, {within}, 'percent', {share}, {used}, {share} - {used} - a"))
    found = "".join(f"{finding}, " for finding in made)
    approve, role = text.name(Outcome.APPROVE), text.name(trial.role)
    yield f"found = (*g, {found}) if g else ({found})"
    yield f"return new(Decision, ({approve}, {role}, found, (), (), 0, a, None))"


def _grants(text: Text, trial: Trial) -> Iterator[str]:
    stop = "return False"
    if trial.refused is not None:
        yield stop
        return
    yield from _amount(trial, stop)
    for guard in trial.guards:
        if guard.then == "deny":
            yield from _guard(text, guard, {"deny": stop, "escalate": "pass"})
    for cap in trial.caps:
        if cap.slot != NO_SLOT:
            yield f"u = s[{cap.slot}] or {text.name(UNUSED)}"
        yield f"if {_over(cap)}: {stop}"
        if cap.percent_bp is not None:
            yield f"if t is not None and {_used(cap)} + a > {_share(cap.percent_bp)}: {stop}"
    yield "return True"


def _amount(trial: Trial, stop: str) -> Iterator[str]:
    """What nobody may give, whatever the role."""
    if not trial.zero:
        yield f"if a == 0: {stop}"
    if trial.most != LARGEST_INTEGER:
        yield f"if a > {trial.most}: {stop}"


def _guard(text: Text, guard: ReadyGuard, does: dict[str, str], met: str = "pass") -> Iterator[str]:
    """Test a guard; `does` says what follows on a deny and on an escalation, `met` on a requirement that is met."""
    conditions = [template.format(*map(text.name, values)) for template, values in guard.conditions]
    if guard.amount_over is not None:
        conditions.append(f"a > {guard.amount_over}")
    if guard.percent_over_bp is not None:
        yield f"if {' and '.join([*conditions, 't is None'])}: {does['escalate']}"
        conditions.append(f"t is not None and a * {PER_WHOLE_BP} > {guard.percent_over_bp} * t")
    speaks = " and ".join(conditions) or "True"
    if guard.then != "require":
        yield f"if {speaks}: {does[guard.then]}"
        return
    yield f"if {speaks}:"
    yield f" if {' or '.join(_LACKS[name] for name in guard.require)}: {does['escalate']}"
    yield f" else: {met}"


_LACKS = {"note": "not f.has_note", "photo": "not f.has_photo", "guest": "f.guest is None"}


def _used(cap: Cap) -> str:
    return "0" if cap.slot == NO_SLOT else "u.held_minor + u.spent_minor"


def _count(cap: Cap) -> str:
    return "0" if cap.slot == NO_SLOT else "u.held_count + u.spent_count"


def _over(cap: Cap) -> str:
    """Whether the amount or the number is passed."""
    tests = []
    if cap.amount != LARGEST_INTEGER:
        tests.append(f"{_used(cap)} + a > {cap.amount}")
    if cap.comps != LARGEST_INTEGER:
        tests.append(f"{_count(cap)} >= {cap.comps}")
    return " or ".join(tests) or "False"


def _share(percent_bp: int) -> str:
    """A share of the check in minor units, rounded down."""
    return "t" if percent_bp == PER_WHOLE_BP else f"t * {percent_bp} // {PER_WHOLE_BP}"


def _finding(fields: str) -> str:
    return f"new(Finding, ({fields}, None))"
