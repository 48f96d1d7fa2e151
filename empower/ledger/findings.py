"""What a verification finds, and where."""

from dataclasses import dataclass, field
from typing import NamedTuple


class LedgerFinding(NamedTuple):
    """One thing that does not hold."""

    location: str
    seq: int | None
    """The entry it is about, if it is about one."""
    check: str
    message: str


@dataclass
class BookReport:
    """What came of one book."""

    location: str
    size: int = 0
    """Entries walked."""
    root_hex: str = ""
    """The root over the entries as they stand."""
    findings: list[LedgerFinding] = field(default_factory=list)

    def add(self, check: str, message: str, seq: int | None = None) -> None:
        """One more thing that does not hold."""
        self.findings.append(LedgerFinding(self.location, seq, check, message))


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
