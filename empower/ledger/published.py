"""Publications against the books: what the table says was published is what the entries say, and nothing else was."""

from collections.abc import Collection
from typing import Any

from empower.core.canonical import canonical, digest
from empower.ledger.findings import BookReport
from empower.ledger.lines import Line
from empower.store import Unit
from empower.store.publishing import Publication, publications

COLUMNS = {
    "why": "why",
    "policies": "policies",
    "back_to": "back_to",
    "asked_at": "at",
    "starts": "starts",
    "two_people_for": "two_people_for",
}
"""What an entry says, and the column that says it too."""


class Publications:
    """The rows of `publication`, held against the entries that were made with them."""

    def __init__(self, unit: Unit, shared: BookReport) -> None:
        """Before the first entry; what belongs to no one book goes to `shared`."""
        self._shared = shared
        self._rows: dict[int, Publication] = {}
        try:
            self._rows = {row.id: row for row in publications(unit)}
        except (ValueError, TypeError) as error:
            shared.add("publications", f"the publications cannot be read: {error}")
        self._digests = {name for row in self._rows.values() for name in row.policies.values()}
        self._first = min((row.at for row in self._rows.values() if not row.waits), default=None)

    def take(self, report: BookReport, line: Line) -> list[str]:
        """One entry more; the names that it puts on record: of policies, and of the publication and the yes to it."""
        if line.kind == "policy":
            self._taken_up(report, line)
        if line.kind != "publish":
            return []
        body = line.body
        row = self._rows.get(body.get("publication", 0))
        if row is None:
            report.add("publications", f"publication {body.get('publication')} is not in the store", line.seq)
            return []
        for name, column in COLUMNS.items():
            if body.get(name) != getattr(row, column):
                message = f"the entry says {name} `{body.get(name)}`, the store `{getattr(row, column)}`"
                report.add("publications", message, line.seq)
        self._people(report, line, row)
        names = [said(row), confirmed(row)] if "asked_by" in body else [said(row)]
        return [*self._policies(report, line.seq, body), *names]

    def _people(self, report: BookReport, line: Line, row: Publication) -> None:
        asked = line.body.get("asked_by", line.by)
        if asked != row.by:
            report.add("publications", f"publication {row.id} was asked for by `{asked}`, not `{row.by}`", line.seq)
        if "asked_by" in line.body:
            by, at = line.by, line.body.get("confirmed_at")
            if (by, at) != (row.confirmed_by, row.confirmed_at) or by == row.by:
                kept = f"`{row.confirmed_by}` at {row.confirmed_at}"
                message = f"publication {row.id} was confirmed by `{by}` at {at}, the store says {kept}"
                report.add("publications", message, line.seq)
        elif line.body.get("waits_for", []) != row.waits_for:
            report.add("publications", f"publication {row.id} waited for {line.body.get('waits_for')}", line.seq)

    def _policies(self, report: BookReport, seq: int, body: dict[str, Any]) -> list[str]:
        policies = body.get("policies")
        if not isinstance(policies, dict) or body.get("policy") not in policies.values():
            report.add("publications", "the entry names no policy of its set", seq)
            return []
        if digest(canonical(policies)) != body.get("set"):
            report.add("publications", "the digest of the set is not that of its policies", seq)
        return [str(name) for name in policies.values()]

    def _taken_up(self, report: BookReport, line: Line) -> None:
        """Once something is published, nothing else comes into force."""
        if self._first is not None and line.at > self._first and line.body.get("policy") not in self._digests:
            report.add("publications", f"`{line.body.get('policy')}` came into force unpublished", line.seq)

    def end(self, names: Collection[str], texts: Collection[str]) -> None:
        """After all books, of what all of them put on record: every publication stands in one of them.

        `texts` are the policies whose texts are kept.
        """
        for name in sorted(self._digests.difference(texts)):
            self._shared.add("policies", f"the text of `{name}`, which was published, is lost")
        events = len(self._rows) + sum(row.confirmed_by is not None for row in self._rows.values())
        if max((row.revision for row in self._rows.values()), default=0) != events:
            self._shared.add(
                "publications", f"the newest revision is not {events}, as many as were published or confirmed"
            )
        for row in self._rows.values():
            if said(row) not in names:
                self._shared.add("publications", f"publication {row.id} stands in no book")
            elif (row.confirmed_by is None) != (row.confirmed_at is None):
                self._shared.add("publications", f"publication {row.id} was confirmed at no moment, or by nobody")
            elif row.confirmed_by is not None and confirmed(row) not in names:
                self._shared.add("publications", f"the yes of `{row.confirmed_by}` to {row.id} stands in no book")


def said(row: Publication) -> str:
    """What stands on record once a book has said that it was published."""
    return f"publication {row.id}"


def confirmed(row: Publication) -> str:
    """What stands on record once a book has said that another person confirmed it."""
    return f"publication {row.id} confirmed"
