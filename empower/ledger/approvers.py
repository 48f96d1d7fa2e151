"""Who said yes, who stands in for whom, and whose PIN proves them: held against the entries that tell of it."""

from collections.abc import Iterable
from typing import Any

from empower.core.entry import pin_commitment
from empower.ledger.findings import BookReport
from empower.ledger.lines import Line
from empower.ledger.rebuild import paired
from empower.ledger.scratch import Row, Scratch

GIVEN = ("employee", "to", "since", "until")
"""What an entry says of a delegation, in the order of its row."""


class Approvers:
    """The approvals, delegations and PINs that the entries of one book come to."""

    def __init__(self, report: BookReport, scratch: Scratch) -> None:
        """Before the first entry."""
        self._report = report
        self._scratch = scratch
        self.delegations: dict[str, list[Any]] = {}
        """By id: who, to whom, from when and until when."""
        self.pins: dict[str, list[str]] = {}
        """By employee: when their PIN was last set, and the commitment to what is kept of it."""

    def take(self, line: Line) -> None:
        """One entry more."""
        if line.kind == "approve":
            self._approve(line)
        elif line.kind == "staff" and "does" in line.body:
            self._staff(line)

    def _approve(self, line: Line) -> None:
        said = line.body
        request = said.get("request")
        requester = request.get("employee") if isinstance(request, dict) else None
        row = (line.comp, said.get("approver"), said.get("authority"), requester)
        if all(type(value) is str for value in row):
            self._scratch.note_approval(self._report.location, (*row, line.seq))
        else:
            self._report.add("approvals", "a yes names no comp, approver, authority or requester", line.seq)

    def _staff(self, line: Line) -> None:
        does, said = line.body["does"], line.body
        if does in ("delegate", "undelegate") and type(said.get("delegation")) is str:
            self.delegations[said["delegation"]] = [said.get(name) for name in GIVEN]
        elif does == "pin" and type(said.get("employee")) is str and type(said.get("commitment")) is str:
            self.pins[said["employee"]] = [line.at, said["commitment"]]
        else:
            self._report.add("staff", "an entry about a delegation or a PIN makes no sense", line.seq)

    def compare(self, approvals: Iterable[list[Row]], delegations: Iterable[Row]) -> None:
        """Hold what stands in the store against the entries; rows without the location, in the order of their keys."""
        expected = self._scratch.approvals(self._report.location)
        for has, should in paired(approvals, expected, 0, 2):
            comp, approver = (has or should or ())[:2]
            stands = f"the yes of `{approver}` to comp `{comp}`"
            if should is None:
                self._report.add("approvals", f"{stands} stands in no entry")
            elif has is None:
                self._report.add("approvals", f"{stands} is missing", should[-1])
            else:
                self._report.add("approvals", f"{stands} is {tuple(has[2:])}, by the book {should[2:]}", should[-1])
        left = dict(self.delegations)
        for identity, *has_given in delegations:
            told = left.pop(identity, None)
            if has_given != told:
                self._report.add("delegations", f"`{identity}` is {has_given}, by the book {told or 'none'}")
        for identity in left:
            self._report.add("delegations", f"`{identity}` is missing")


def check_pins(report: BookReport, told: dict[str, list[list[str]]], stored: Iterable[Row]) -> None:
    """Hold the PINs that are kept (employee, hash, set_at) against what all books say of each, a list for each book."""
    left = dict(told)
    for employee, digest, set_at in stored:
        said = left.pop(employee, [])
        newest = max((at for at, _ in said), default=None)
        if newest is None:
            report.add("pins", f"the PIN of `{employee}` was set by no entry")
        elif (
            not (type(digest) is type(set_at) is str)
            or [
                newest,
                pin_commitment(employee, digest, set_at),
            ]
            not in said
        ):
            report.add("pins", f"the PIN of `{employee}` is not the one that was set at {newest}")
    for employee in left:
        report.add("pins", f"the PIN of `{employee}` is missing")
