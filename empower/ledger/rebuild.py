"""Every comp and every counter made anew from the entries alone."""

from collections.abc import Iterable
from typing import Any

from empower.core.comp import Comp, StateConflictError, usage_of
from empower.core.counter import CounterKey, Usage, moved
from empower.core.counter import Move as CounterMove
from empower.core.entry import Entry, moment_of
from empower.core.history import first_comp, step_of
from empower.core.measure import Authority, Charging
from empower.ledger.findings import BookReport

STEPS = ("capture", "void", "expire", "reverse")


class Rebuilt:
    """The comps that the entries of one book come to."""

    def __init__(self, report: BookReport) -> None:
        """Before the first entry."""
        self.report = report
        self.comps: dict[str, Comp] = {}

    def take(self, line: Entry, said: dict[str, Any]) -> None:
        """One entry more."""
        try:
            if line.kind == "decision":
                self._decide(line, said)
            elif line.kind in STEPS:
                self._step(line, said)
        except StateConflictError as conflict:
            self.report.add("life", conflict.why, line.seq)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.report.add("life", f"the entry makes no sense: {error}", line.seq)

    def _decide(self, line: Entry, said: dict[str, Any]) -> None:
        comp_id = said["comp"]
        if comp_id in self.comps:
            self.report.add("life", f"comp `{comp_id}` was decided before", line.seq)
        self.comps[comp_id] = first_comp(line.location, line.seq, said["at"], comp_id, said["body"])

    def _step(self, line: Entry, said: dict[str, Any]) -> None:
        comp = self.comps.get(said["comp"])
        if comp is None:
            self.report.add("life", f"comp `{said['comp']}` was never decided", line.seq)
            return
        step = step_of(comp, line.kind, moment_of(said["at"]), said["body"])
        self.comps[comp.id] = step.comp._replace(last_seq=line.seq)

    def compare(self, stored: Iterable[Comp]) -> None:
        """Hold the comps as they stand against those of the entries."""
        left = dict(self.comps)
        for comp in stored:
            expected = left.pop(comp.id, None)
            if expected is None:
                self.report.add("comps", f"comp `{comp.id}` stands in no entry")
            elif expected != comp:
                wrong = [name for name in Comp._fields if getattr(comp, name) != getattr(expected, name)]
                said = ", ".join(
                    f"{name} is `{getattr(comp, name)}`, by the book `{getattr(expected, name)}`" for name in wrong
                )
                self.report.add("comps", f"comp `{comp.id}`: {said}", expected.last_seq)
        for comp_id, comp in left.items():
            self.report.add("comps", f"comp `{comp_id}` is missing", comp.seq)


def counted(comps: Iterable[Comp], charging: Charging) -> dict[CounterKey, Usage]:
    """The counters that granted comps come to; those that hold nothing are left out."""
    found: dict[CounterKey, Usage] = {}
    for comp in comps:
        usage = usage_of(comp)
        if comp.authority is None or not any(usage):
            continue
        authority = Authority(comp.authority, comp.authority_role or "")
        for key in charging.charges(comp, authority, comp.policy_id, comp.business_day):
            found[key] = moved(found.get(key, Usage()), CounterMove(*usage))
    return found


def compare_counters(report: BookReport, stored: dict[CounterKey, Usage], rebuilt: dict[CounterKey, Usage]) -> None:
    """Hold the counters as they stand against those of the entries."""
    for key in sorted(stored.keys() | rebuilt.keys()):
        has, should = stored.get(key, Usage()), rebuilt.get(key, Usage())
        if has != should:
            name = " ".join(part for part in key if part)
            report.add("counters", f"counter `{name}` holds {tuple(has)}, by the book {tuple(should)}")
