"""What a verification finds, and where."""

from dataclasses import dataclass, field
from typing import NamedTuple

MOST_FINDINGS = 1000
"""Of one book; what comes after them is counted, so that a book in ruins can be reported at all."""


MEANS = {
    "sequence": "entries are missing, stand twice, or stand in another order",
    "leaf": "an entry is not as it was written",
    "columns": "what a query sees of an entry is not what the entry says",
    "time": "the time of an entry was changed, or its place",
    "life": "no comp can go that way: the entry was made up, or one before it is gone",
    "root": "the book's head or its entries were changed",
    "head": "the head says of the book what its entries do not come to; a rebuild mends it",
    "checkpoint": "the book is not the one that was signed",
    "keys": "a key for tills or for signing is not the one that the books tell of",
    "comps": "a comp was changed beside its entries; a rebuild mends it",
    "counters": "a budget holds what no entry accounts for; a rebuild mends it",
    "standing": "a decision went by a budget that was not so",
    "replay": "a decision does not follow from its facts and its policy",
    "webhooks": "events would go elsewhere, others would, or none; a backup has the row as it was",
    "policies": "a policy was changed, is lost, or came into force unsaid",
    "publications": "what was published, when and by whom, is not what the books tell",
    "approvals": "who said yes is not who the entries name; a rebuild mends it",
    "delegations": "who stands in for whom is not what the entries say; a rebuild mends it",
    "pins": "whoever put this PIN there could approve as that employee",
    "staff": "a role was given or taken without an entry; a rebuild mends it",
    "guests": "the way to a guest was cut or bent, and no erasure says so",
    "notes": "a note was changed, added, or removed without an erasure",
    "idempotency": "a till's key leads to another answer, or to none: a comp could be made twice",
    "location": "there are rows, or an earlier verification, of a book that is not here",
    "deployment": "which store this is cannot be told",
    "triggers": "the database no longer refuses to change what was written",
}
"""What each check that fails means."""


class LedgerFinding(NamedTuple):
    """One thing that does not hold."""

    location: str
    seq: int | None
    """The entry it is about, if it is about one."""
    check: str
    message: str

    @property
    def means(self) -> str:
        """What it means that the check failed."""
        return MEANS.get(self.check, "")


class Head(NamedTuple):
    """A head of a book that is known from elsewhere: what a checkpoint says."""

    location: str
    size: int
    root_hex: str
    is_signed: bool = False
    """Whether a checkpoint of it was signed: then the store must have that too."""


@dataclass
class BookReport:
    """What came of one book."""

    location: str
    size: int = 0
    """Entries walked, and those before them that were verified earlier."""
    root_hex: str = ""
    """The root over the entries as they stand."""
    findings: list[LedgerFinding] = field(default_factory=list)
    more: int = 0
    """Findings beyond those that are listed."""

    def add(self, check: str, message: str, seq: int | None = None) -> None:
        """One more thing that does not hold."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(LedgerFinding(self.location, seq, check, message))
            return
        self.more += 1
        text = f"{self.more} more findings are not listed"
        last = LedgerFinding(self.location, None, "more", text)
        if self.more == 1:
            self.findings.append(last)
        else:
            self.findings[-1] = last


@dataclass(frozen=True)
class Report:
    """What came of all books; what spans locations is the report of its group (`@` and a policy's id)."""

    books: list[BookReport]

    @property
    def findings(self) -> list[LedgerFinding]:
        """Everything that does not hold."""
        return [finding for book in self.books for finding in book.findings]

    @property
    def ok(self) -> bool:
        """Whether all of it holds."""
        return not self.findings
