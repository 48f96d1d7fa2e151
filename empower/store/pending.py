"""What stands beside the books: answers to keys, guests and notes; and what is written at the end, or taken back."""

from typing import Any

from empower.store.bulk import Bulk
from empower.store.queries import Queries
from empower.store.reading import Reader

MISSING: Any = object()


class Pending(Reader):
    """A transaction's changes in memory, each of which can be undone."""

    def __init__(self, cursor: Any, queries: Queries) -> None:
        """Nothing is changed yet."""
        super().__init__(cursor, queries)
        self._answers: dict[tuple[str, str, str], tuple[bytes, str]] = {}
        self._guests: dict[bytes, str] = {}
        self._writes: list[tuple[str | Bulk, dict[str, Any]]] = []
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []

    def _set(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        self._undo.append((mapping, key, mapping.get(key, MISSING)))
        mapping[key] = value

    def write(self, statement: str | Bulk, row: dict[str, Any]) -> None:
        """Run a statement at the end, in the order asked; rows of one `Bulk` together until another comes."""
        self._writes.append((statement, row))

    def answered(self, location: str, owner: str, key: str) -> tuple[bytes, str] | None:
        """The keyed hash of the body that an idempotency key came with, and the comp it made."""
        asked, ahead = (location, owner, key), self.foresight.answers
        found = self._answers.get(asked) or ahead.get(asked)
        if found is not None or asked in ahead:
            return found
        row = self.row(self.queries.answered, {"location": location, "owner": owner, "key": key})
        return None if row is None else (bytes(row[0]), row[1])

    def answer(self, location: str, owner: str, key: str, body: bytes, comp: str) -> None:
        """Remember the first answer to an idempotency key."""
        self._set(self._answers, (location, owner, key), (body, comp))
        row = {"location": location, "owner": owner, "key": key, "body": body, "comp": comp}
        self.write(self.queries.add_answer, row)

    def guest(self, mac: bytes) -> str | None:
        """The pseudonym of a guest reference, by its keyed hash."""
        if mac not in self._guests:
            if mac in self.foresight.guests:
                return self.foresight.guests[mac]
            row = self.row(self.queries.guest, {"mac": mac})
            if row is None:
                return None
            self._guests[mac] = row[0]
        return self._guests[mac]

    def mac(self, pseudonym: str) -> bytes | None:
        """The keyed hash of the reference that leads to a pseudonym, unless it was erased."""
        for mac, name in self._guests.items():
            if name == pseudonym:
                return mac
        row = self.row(self.queries.mac, {"pseudonym": pseudonym})
        return None if row is None else bytes(row[0])

    def add_guest(self, mac: bytes, pseudonym: str) -> None:
        """A guest that was not seen before."""
        self._set(self._guests, mac, pseudonym)
        self.write(self.queries.add_guest, {"mac": mac, "pseudonym": pseudonym})

    def add_note(self, location: str, seq: int, salt: bytes, text: str) -> None:
        """The text of a note, which the leaf only commits to."""
        self.write(self.queries.add_note, {"location": location, "seq": seq, "salt": salt, "text": text})

    def _write_rest(self) -> None:
        rows: dict[Bulk, list[dict[str, Any]]] = {}
        for statement, row in self._writes:
            if isinstance(statement, Bulk):
                rows.setdefault(statement, []).append(row)
                continue
            self._write_rows(rows)
            rows = {}
            self.cursor.execute(statement, row)
        self._write_rows(rows)

    def _write_rows(self, rows: dict[Bulk, list[dict[str, Any]]]) -> None:
        for statement, found in rows.items():
            statement.run(self.cursor, found)
