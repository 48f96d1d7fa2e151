"""What a verification finds, and where."""

from dataclasses import dataclass, field
from typing import NamedTuple

MOST_FINDINGS = 1000
"""Of one book; what comes after them is counted, so that a book in ruins can be reported at all."""


class LedgerFinding(NamedTuple):
    """One thing that does not hold."""

    location: str
    seq: int | None
    """The entry it is about, if it is about one."""
    check: str
    message: str


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
