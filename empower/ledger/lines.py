"""The checks on one entry: sequence, leaf, columns, time; and the tree that the entries make."""

from typing import Any

from empower.core import merkle
from empower.core.canonical import canonical
from empower.core.entry import LEAF_VERSION, Entry, content
from empower.ledger.findings import BookReport

MEMBERS = {"v", "location", "seq", "kind", "at", "comp", "by", "body"}


class Chain:
    """Walks the entries of one book in order."""

    def __init__(self, report: BookReport) -> None:
        """Before the first entry."""
        self.report = report
        self.frontier: merkle.Frontier = ()
        self.size = 0
        self.last_at = ""

    def take(self, line: Entry) -> dict[str, Any] | None:
        """Check the next entry; give what its leaf says, or None where that cannot be read."""
        report = self.report
        if line.seq != self.size:
            report.add("sequence", f"entry {self.size} is missing: {line.seq} follows", line.seq)
        leaf_hash = merkle.leaf_hash(line.leaf)
        if leaf_hash != line.hash:
            report.add("leaf", "the hash is not that of the leaf", line.seq)
        self.frontier = merkle.append(self.frontier, report.size, leaf_hash)
        report.size += 1
        self.size = line.seq + 1
        said = _read(line)
        if said is None:
            report.add("leaf", "the leaf is not the canonical JSON of an entry", line.seq)
            return None
        self._columns(line, said)
        if line.recorded_at < self.last_at:
            report.add("time", f"{line.recorded_at} is before the entry that precedes it", line.seq)
        self.last_at = max(self.last_at, line.recorded_at)
        return said

    def _columns(self, line: Entry, said: dict[str, Any]) -> None:
        columns = {
            "location": line.location,
            "seq": line.seq,
            "kind": line.kind,
            "at": line.recorded_at,
            "comp": line.comp,
        }
        for name, value in columns.items():
            if said[name] != value:
                message = f"the column says {name} `{value}`, the leaf `{said[name]}`"
                self.report.add("columns", message, line.seq)


def _read(line: Entry) -> dict[str, Any] | None:
    try:
        said = content(line.leaf)
        exact = canonical(said) == line.leaf
    except (ValueError, RecursionError):
        return None
    return said if exact and said.keys() == MEMBERS and said["v"] == LEAF_VERSION else None
