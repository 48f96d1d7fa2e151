"""The checks on one entry: sequence, leaf, columns, time; and the tree that the entries make."""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from empower.core import canonical, merkle
from empower.core.entry import LEAF_VERSION
from empower.ledger.findings import BookReport, Head

MEMBERS = {"v", "location", "seq", "kind", "at", "comp", "by", "body"}
STAMP_LENGTH = len("2026-11-23T19:42:11.000000Z")
SORTED = orjson.OPT_SORT_KEYS
_FRACTION = re.compile(rb"\.[0-9]++[e,}\]]").search
_EXPONENT = re.compile(rb"e[-+0-9]++[,}\]]").search
"""How a float ends, written as the leaf would be written again; apart, each is found by its first byte."""


class Line(NamedTuple):
    """What an entry says, once its leaf and its columns agree."""

    seq: int
    kind: str
    at: str
    comp: str | None
    by: str
    body: dict[str, Any]


class Chain:
    """Walks the entries of one book in order."""

    def __init__(self, report: BookReport, heads: Iterable[Head] = ()) -> None:
        """Before the first entry; `heads` are known from elsewhere, and must be met on the way."""
        self.report = report
        self.peaks: list[bytes] = []
        self.size = 0
        """The seq that comes next."""
        self.last_at = ""
        self._heads: dict[int, set[str]] = {}
        for head in heads:
            self._heads.setdefault(head.size, set()).add(head.root_hex)
        self._meet()

    def resume(self, size: int, frontier: bytes, last_at: str) -> None:
        """Go on behind `size` entries that were walked before."""
        self.report.size = self.size = size
        self.peaks = list(merkle.unpack(frontier))
        self.last_at = last_at
        self._heads = {at: roots for at, roots in self._heads.items() if at >= size}
        self._meet()

    @property
    def frontier(self) -> merkle.Frontier:
        """The tree so far."""
        return tuple(self.peaks)

    def walk(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[Line]:
        """Check entries (seq, kind, recorded_at, comp, leaf, hash); give what those say that can be read."""
        report, location, loads, dumps = self.report, self.report.location, orjson.loads, orjson.dumps
        for seq, kind, at, comp, leaf, kept in rows:
            if type(leaf) is not bytes or type(seq) is not int:
                report.add("leaf", f"entry `{seq}` is no entry: its columns have other types")
                continue
            if seq != self.size:
                self._gap(seq)
            self._grow(seq, leaf, kept)
            said: dict[str, Any] = {}
            try:
                said = loads(leaf)
                exact = dumps(said, option=SORTED) == leaf and said.keys() == MEMBERS
            except (ValueError, TypeError, AttributeError):
                exact = False
            if not exact or not _sound(said, leaf):
                report.add("leaf", "the leaf is not the canonical JSON of an entry", seq)
                continue
            agrees = said["seq"] == seq and said["kind"] == kind and said["at"] == at and said["comp"] == comp
            if not agrees or said["location"] != location:
                self._columns(said, {"location": location, "seq": seq, "kind": kind, "at": at, "comp": comp})
            moment = said["at"]
            if moment < self.last_at:
                report.add("time", f"{moment} is before the entry that precedes it", seq)
            else:
                self.last_at = moment
            yield Line(seq, said["kind"], moment, said["comp"], said["by"], said["body"])

    def _gap(self, seq: int) -> None:
        missing = f"entry {self.size} is missing" if seq > self.size else f"entry {seq} stands twice"
        self.report.add("sequence", f"{missing}: {seq} follows", seq)

    def _grow(self, seq: int, leaf: bytes, kept: bytes) -> None:
        """One more leaf on the tree."""
        report, peaks = self.report, self.peaks
        grown = sha256(b"\x00" + leaf).digest()
        if grown != kept:
            report.add("leaf", "the hash is not that of the leaf", seq)
        size = report.size
        while size & 1:
            grown = sha256(b"\x01" + peaks.pop() + grown).digest()
            size >>= 1
        peaks.append(grown)
        report.size += 1
        self.size = seq + 1
        if report.size in self._heads:
            self._meet()

    def _meet(self) -> None:
        """Hold the tree as it is now against the heads of its size that are known from elsewhere."""
        for known in sorted(self._heads.pop(self.report.size, ())):
            found = merkle.root(self.frontier).hex()
            if found != known:
                message = f"the first {self.report.size} entries have the root {found}, the checkpoint says {known}"
                self.report.add("checkpoint", f"history was rewritten: {message}")

    def end(self) -> None:
        """After the last entry: no head that is known may be of a longer book."""
        for size in sorted(self._heads):
            self.report.add(
                "checkpoint",
                f"the book was rolled back: a checkpoint is of {size} entries, there are {self.report.size}",
            )

    def _columns(self, said: dict[str, Any], columns: dict[str, Any]) -> None:
        for name, value in columns.items():
            if said[name] != value:
                message = f"the column says {name} `{value}`, the leaf `{said[name]}`"
                self.report.add("columns", message, columns["seq"])


def _sound(said: dict[str, Any], leaf: bytes) -> bool:
    """Whether the members of a leaf are of the types that an entry has."""
    sound = (
        type(said["v"]) is int
        and said["v"] == LEAF_VERSION
        and type(said["seq"]) is int
        and type(said["at"]) is str
        and len(said["at"]) == STAMP_LENGTH
        and said["at"][-1] == "Z"
        and type(said["kind"]) is str
        and type(said["by"]) is str
        and (said["comp"] is None or type(said["comp"]) is str)
        and type(said["body"]) is dict
    )
    if sound and (_FRACTION(leaf) or _EXPONENT(leaf)):
        # Only a float ends so outside a text, and no entry has one.
        try:
            canonical.check(said)
        except canonical.NotCanonicalError:
            return False
    return sound
