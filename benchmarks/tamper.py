"""The tamper campaign: every way that somebody with full rights over the database could falsify the books.

    python benchmarks/tamper.py [--requests 150] [--rows 3] [--seed 1]

Makes signed books at two locations, and then for each attack takes a copy, drops the triggers, tampers, puts the
triggers back, and asks `verify` (with replay): first with nothing but the database, then with the signing key's public
half and the heads that somebody noted outside. Prints kind, tried, caught by the database alone, caught at all, and by
which check. Exit code 1 if anything got through unexplained, or if a column of a table was not tried.
"""

import argparse
import json
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from books import PLACES, Maker

from empower.core import merkle
from empower.core.canonical import canonical
from empower.core.checkpoint import Checkpoint, log_name, read
from empower.core.errors import EmpowerError
from empower.core.note import Key, parse
from empower.engine import Engine
from empower.evidence.keys import Signer
from empower.evidence.statements import NONE, written
from empower.ledger import Head, rebuild, verify
from empower.ledger.checked import head_of
from empower.store import Store

LABEL = "a label for people, which nothing is decided by"
NOT_EVIDENCE = {
    "edit employee.name": LABEL,
    "edit location.title": LABEL,
    "edit deployment.title": LABEL,
    "edit deployment.created_at": LABEL,
    "edit api_key.name": LABEL,
    "edit api_key.last_used_at": "when a key was last seen: kept at most once a minute, nothing is decided by it",
    "edit guest.mac": "which pseudonym a reference leads to stands in no entry, so that it can be forgotten",
    "swap guest.mac": "the same",
    "swap guest.pseudonym": "the same",
    "delete guest": "of a guest that no book names",
    "delete employee": "of somebody who has no role",
    "edit location.next_expiry": "an earlier moment only looks for expired comps once more than needed",
    "swap guest": "the same",
    "duplicate guest": "a reference that no book names",
    "duplicate employee": "somebody who has no role",
    "swap employee.name": LABEL,
    "swap employee": LABEL,
    "swap location.title": LABEL,
    "swap api_key.name": LABEL,
    "swap api_key.last_used_at": "when a key was last seen",
    "swap publication.revision": "tells a running service to read again; only the newest one counts, and that is held",
    "edit checkpoint.made_at": "no earlier than its last entry: it is not signed; the moment of a cosignature is",
    "swap checkpoint.made_at": "the same",
    "edit publication.revision": "tells a running service to read again; only the newest one counts, and that is held",
}
"""What may get through, and why it is no evidence."""
HEALTH = "how sending goes, for operations: it delays, repeats or ends sending, and the books have what it was about"
QUEUE = "a message on its way, made from an entry and signed when it is sent: who gets it can ask for the comp itself"
OF_WEBHOOKS = {
    "webhook": {
        **dict.fromkeys(("failures", "failing_since", "last_error", "next_at", "delivered_at", "gone_at"), HEALTH),
        **dict.fromkeys(("lease", "leased_until"), "which process sends: it expires by itself"),
    },
    "webhook_cursor": {
        **dict.fromkeys(("webhook", "location"), "whose cursor it is: without one, sending begins at the first entry"),
        "seq": "how far a webhook was told: events are sent again, which their ids show, or never; the book has all",
    },
    "webhook_delivery": {
        **dict.fromkeys(("webhook", "location", "seq", "rung", "comp", "event", "body", "created_at"), QUEUE),
        **dict.fromkeys(("due_at", "tries", "last_error", "dead_at"), HEALTH),
    },
}
"""Columns of the tables of webhooks that no book tells of, and why each may be another without a finding."""
SENDING = OF_WEBHOOKS.keys() - {"webhook"}
"""Those of their tables that are nothing but how sending goes."""
for _table_name, _columns in OF_WEBHOOKS.items():
    for _column, _why in _columns.items():
        NOT_EVIDENCE |= {f"{how} {_table_name}.{_column}": _why for how in ("edit", "swap")}
    _row = "a row of it is no more than its columns are, which are listed one by one"
    for _kind in ("delete", "duplicate", "swap", "delete all of") if _table_name in SENDING else ():
        NOT_EVIDENCE[f"{_kind} {_table_name}"] = _row
NO_EVIDENCE_IN = {
    "pin_try": "wrong PINs since the last right one: they slow down guessing",
    "session": "who is signed in: asked when somebody answers, and the entry of the answer says that it was",
    "shadow": "candidates that are watched without effect",
    "wide": "tells writers of several processes apart while they write; written on PostgreSQL alone",
}
"""Tables that are no evidence at all, and why."""


CRASH = "crash:"


class Attack(NamedTuple):
    """One way to tamper."""

    kind: str
    what: str
    do: Callable[[sqlite3.Connection], None]


class Result(NamedTuple):
    """What came of one attack."""

    attack: Attack
    alone: tuple[str, ...]
    """Checks that caught it with nothing but the database at hand."""
    outside: tuple[str, ...]
    """The same, or the checks that caught it with the key and the heads that were kept outside."""


class Campaign:
    """Books, and attacks on copies of them."""

    def __init__(self, folder: Path, *, requests: int, rows: int, seed: int, quick: bool = False) -> None:
        """`rows` of each table are tampered with; `quick`: each column once, and only what may be evidence."""
        self.folder = folder
        self.quick = quick
        self.random = random.Random(seed)
        self.rows = rows
        self.heads: list[Head] = []
        self.keys: list[Key] = []
        self.source = folder / "source"
        self.source.mkdir()
        self._make(requests, seed)

    def _make(self, requests: int, seed: int) -> None:
        maker = Maker(self.source, seed)
        maker.deny()
        maker.play(requests // 3)
        self._remember(maker.engine)
        maker.sign()
        maker.answer()
        with closing(sqlite3.connect(self.source / "empower.db")) as db:
            db.execute("VACUUM INTO ?", (str(self.folder / "older.db"),))
        maker.change_policy()
        maker.play(requests // 3)
        maker.publish()
        maker.tell()
        maker.play(requests - 2 * (requests // 3))
        self.keys = maker.sign()
        self._keep_outside()
        self._remember(maker.engine)
        maker.play(4)
        maker.engine.close()
        with sqlite3.connect(self.source / "empower.db") as db:
            db.execute("PRAGMA journal_mode=DELETE")
        db.close()

    def _put_back(self, db: sqlite3.Connection) -> None:
        with closing(sqlite3.connect(self.folder / "older.db")) as older:
            older.backup(db)

    def _remember(self, engine: Engine) -> None:
        """What an auditor notes outside the database: size and root of each book."""
        report = verify(engine.store, replay=True)
        if not report.ok:
            raise SystemExit(f"the books do not hold before anybody touched them: {report.findings}")
        self.heads += [Head(book.location, book.size, book.root_hex) for book in report.books]

    def _keep_outside(self) -> None:
        """Every checkpoint, as it was delivered to a place outside the database."""
        with closing(sqlite3.connect(self.source / "empower.db")) as db:
            self.heads += [head_of(read(parse(note).text)) for (note,) in db.execute("SELECT note FROM checkpoint")]

    def attacks(self) -> Iterator[Attack]:
        """All of them; each is made for the rows as they stand in the source."""
        db = sqlite3.connect(self.source / "empower.db")
        for table in self.columns():
            if self.quick and table in {*NO_EVIDENCE_IN, *SENDING}:
                continue
            yield from self._edits(db, table)
            yield from self._rows(db, table)
        db.close()
        yield from self._stories()

    def columns(self) -> dict[str, list[str]]:
        """Every column of every table that there is."""
        with closing(sqlite3.connect(self.source / "empower.db")) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
            return {name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for name in names}

    def untried(self, tallies: list["Tally"]) -> list[str]:
        """Kinds that every table must have been attacked by, and was not; but for tables that are no evidence."""
        tried = {tally.kind for tally in tallies}
        wanted = [
            kind
            for table, columns in self.columns().items()
            if table not in NO_EVIDENCE_IN and not (self.quick and table in SENDING)
            for kind in (f"delete {table}", f"duplicate {table}", *(f"edit {table}.{column}" for column in columns))
        ]
        return [kind for kind in wanted if kind not in tried]

    def _picked(self, db: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
        """Some rows of a table; a counter that holds nothing is as good as none, so one that holds something."""
        db.row_factory = sqlite3.Row
        used = " WHERE held_minor OR spent_minor OR held_count OR spent_count" if table == "counter" else ""
        rows = [dict(row) for row in db.execute(f"SELECT * FROM {table}{used}")]
        db.row_factory = None
        return self.random.sample(rows, min(self.rows, len(rows)))

    def _edits(self, db: sqlite3.Connection, table: str) -> Iterator[Attack]:
        for row in self._picked(db, table):
            for column, old in row.items():
                others = [
                    value
                    for (value,) in db.execute(f"SELECT DISTINCT {column} FROM {table} LIMIT 50")
                    if value != old and value is not None
                ]
                for new in _values(old, others, self.random)[-1 if self.quick else 0 :]:
                    yield Attack(f"edit {table}.{column}", f"{old!r} → {new!r}", _update(table, row, {column: new}))

    def _rows(self, db: sqlite3.Connection, table: str) -> Iterator[Attack]:
        rows = self._picked(db, table)
        key = [name for _, name, _, _, _, part in db.execute(f"PRAGMA table_info({table})") if part]
        for row in rows:
            yield Attack(f"delete {table}", _named(row), _delete(table, row))
            yield Attack(f"duplicate {table}", _named(row), _duplicate(table, row, key))
        for one, other in pairwise(rows):
            values = [name for name in one if name not in key and one[name] != other[name]]
            for column in values:
                yield Attack(f"swap {table}.{column}", _named(one), _swap(table, one, other, [column]))
            if values:
                yield Attack(f"swap {table}", _named(one), _swap(table, one, other, values))
        if rows:
            yield Attack(f"delete all of {table}", table, lambda db: db.execute(f"DELETE FROM {table}"))

    def _stories(self) -> Iterator[Attack]:
        place = PLACES[1]
        yield Attack("reorder entries", "two neighbours change their places", lambda db: _reorder(db, place))
        yield Attack("truncate the tail", "the last three entries", lambda db: _truncate(db, place, head=False))
        yield Attack("truncate the tail and the head", "and the head says so", lambda db: _truncate(db, place))
        yield Attack("leaf and hash", "an amount in a leaf, and its hash", lambda db: _leaf(db, place, head=False))
        yield Attack("leaf, hash and head", "and the head's frontier", lambda db: _leaf(db, place))
        yield Attack("standing", "what a decision read, with hash and head", lambda db: _standing(db, place))
        yield Attack(
            "wide standing", "what it read across books, with hash and head", lambda db: _standing(db, place, "group")
        )
        yield Attack("policy in force", "a decision under another kept policy", lambda db: _policy(db, place))
        yield Attack("policy swapped", "a text under another's digest", _swap_policies)
        yield Attack("comp and counters", "a capture becomes a void, its counters too", lambda db: _state(db, place))
        yield Attack("counters moved", "one guest's use to another", _move_counter)
        yield Attack("leaf not canonical", "spaces in a leaf, with hash and head", lambda db: _spaces(db, place))
        yield Attack(
            "rollback", "the last entries, head, comps and counters", lambda db: _truncate(db, place, whole=True)
        )
        yield Attack("rollback of all", "an older copy of the whole database", self._put_back)
        yield Attack("history rewritten", "a denied comp was never asked for", lambda db: _forget_denied(db, place))
        yield Attack("history rewritten, signed anew", "by another key, with its own history", _sign_anew)
        yield Attack("checkpoint replaced", "the newest by the one before it", _replace_checkpoint)
        yield Attack("checkpoint forged", "signed by a stranger under the key's name", _forge_checkpoint)
        yield Attack("signing key replaced", "and the statement on it", _replace_key)
        yield Attack("approver changed", "in the entry, its columns and the table, with hash and head", _approver)

    def run(self, attack: Attack) -> Result | None:
        """Tamper with a copy and verify it; None where the database itself refused."""
        folder = self.folder / "copy"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.source, folder)
        path = folder / "empower.db"
        db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("ignore_check_constraints=ON", "synchronous=OFF", "journal_mode=MEMORY"):
            db.execute(f"PRAGMA {pragma}")
        triggers = [row[0] for row in db.execute("SELECT sql FROM sqlite_master WHERE type='trigger'")]
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        try:
            attack.do(db)
        except sqlite3.IntegrityError:
            return None
        finally:
            for sql in triggers:
                with suppress(sqlite3.OperationalError):  # a copy put back brings its own
                    db.execute(sql)
            db.close()
        if attack.kind.startswith(("rollback", "history rewritten")):
            store = Store.open(f"sqlite:///{path}")
            with suppress(EmpowerError):
                rebuild(store)
            store.close()
        return self._verified(attack, path)

    def _verified(self, attack: Attack, path: Path) -> Result:
        outside: set[str] = set()
        try:
            checks, outside = self._checks(path)
        except EmpowerError as error:
            checks = {f"opening: {error.code}"}
        except Exception as error:  # noqa: BLE001  a verifier that falls over has not said what is wrong
            checks = {f"{CRASH} {type(error).__name__}: {error}"[:120]}
        return Result(attack, tuple(sorted(checks)), tuple(sorted(checks or outside)))

    def _checks(self, path: Path) -> tuple[set[str], set[str]]:
        """What the store alone, or opening it to work with, says; and where that is nothing, what is known outside."""
        store = Store.open(f"sqlite:///{path}")
        try:
            found = {finding.check for finding in verify(store, replay=not self.quick).findings}
            if self.quick and not found:
                found = {finding.check for finding in verify(store, replay=True).findings}
            if found:
                return found, set()
            outside = verify(store, heads=self.heads, keys=self.keys)
        finally:
            store.close()
        try:
            Engine.open(f"sqlite:///{path}", policies=path.parent / "policies").close()
        except EmpowerError as error:
            return {f"opening: {error.code}"}, set()
        return found, {finding.check for finding in outside.findings}


def _values(old: Any, others: list[Any], pick: random.Random) -> list[Any]:
    """A value that could stand there, and one that could not."""
    likely = [pick.choice(others)] if others else []
    if isinstance(old, int):
        return [*likely, old + 1, old + 1_000_000]
    if isinstance(old, bytes):
        return [*likely, bytes([old[0] ^ 1]) + old[1:]] if old else [*likely, b"\x00"]
    if isinstance(old, str):
        return [*likely, None, old + "x"]
    return likely or ["x"]


def _named(row: dict[str, Any]) -> str:
    return " ".join(str(value) for value in list(row.values())[:3])


def _where(row: dict[str, Any]) -> str:
    return " AND ".join(f"{name} IS :old_{name}" for name in row)


def _old(row: dict[str, Any]) -> dict[str, Any]:
    return {f"old_{name}": value for name, value in row.items()}


def _update(table: str, row: dict[str, Any], values: dict[str, Any]) -> Callable[[sqlite3.Connection], None]:
    said = ", ".join(f"{name} = :new_{name}" for name in values)
    new = {f"new_{name}": value for name, value in values.items()}

    def do(db: sqlite3.Connection) -> None:
        done = db.execute(f"UPDATE {table} SET {said} WHERE {_where(row)}", _old(row) | new)
        assert done.rowcount == 1

    return do


def _delete(table: str, row: dict[str, Any]) -> Callable[[sqlite3.Connection], None]:
    return lambda db: db.execute(f"DELETE FROM {table} WHERE {_where(row)}", _old(row))  # type: ignore[return-value]


UNIQUE: dict[str, dict[str, Any]] = {
    "api_key": {"hash": b"h" * 32},
    "guest": {"pseudonym": "g_" + "0" * 32},
    "session": {"hash": b"s" * 32},
    "approval": {"authority": "E7"},
    "publication": {"revision": 99},
}
"""What must be another in a copy of a row."""


def _duplicate(table: str, row: dict[str, Any], key: list[str]) -> Callable[[sqlite3.Connection], None]:
    """The same row under another key; what must be unique becomes new."""

    def do(db: sqlite3.Connection) -> None:
        copy = row | UNIQUE.get(table, {})
        last = key[-1]
        top = db.execute(f"SELECT MAX({last}) FROM {table}").fetchone()[0]
        copy[last] = top + 1 if isinstance(top, int) else b"m" * 32 if isinstance(top, bytes) else f"{row[last]}x"
        db.execute(f"INSERT INTO {table} VALUES ({', '.join(f':{name}' for name in copy)})", copy)

    return do


def _swap(
    table: str, one: dict[str, Any], other: dict[str, Any], columns: list[str]
) -> Callable[[sqlite3.Connection], None]:
    def do(db: sqlite3.Connection) -> None:
        _delete(table, one)(db)
        _update(table, other, {name: one[name] for name in columns})(db)
        back = one | {name: other[name] for name in columns}
        db.execute(f"INSERT INTO {table} VALUES ({', '.join(f':{name}' for name in back)})", back)

    return do


# Stories: what somebody would do who knows how the books are made


def _lines(db: sqlite3.Connection, place: str) -> list[dict[str, Any]]:
    return [
        json.loads(leaf) for (leaf,) in db.execute("SELECT leaf FROM entry WHERE location=? ORDER BY seq", (place,))
    ]


def write_book(db: sqlite3.Connection, place: str, lines: list[dict[str, Any]], *, head: bool = True) -> None:
    """Write a book anew: every leaf, hash and column, and the head; as only its owner could."""
    db.execute("BEGIN")
    db.execute("DELETE FROM entry WHERE location=?", (place,))
    frontier: merkle.Frontier = ()
    for seq, said in enumerate(lines):
        leaf = canonical(said | {"seq": seq})
        hashed = merkle.leaf_hash(leaf)
        frontier = merkle.append(frontier, seq, hashed)
        row = (place, seq, said["kind"], said["at"], said["comp"], leaf, hashed)
        db.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    if head:
        db.execute(
            "UPDATE location SET size=?, frontier=?, recorded_at=? WHERE id=?",
            (len(lines), merkle.pack(frontier), lines[-1]["at"], place),
        )
    db.execute("COMMIT")


def _reorder(db: sqlite3.Connection, place: str) -> None:
    for old, new in ((4, -1), (5, 4), (-1, 5)):
        db.execute("UPDATE entry SET seq=? WHERE location=? AND seq=?", (new, place, old))


def _truncate(db: sqlite3.Connection, place: str, *, head: bool = True, whole: bool = False) -> None:
    lines = _lines(db, place)
    if whole:
        _keep(db, place, lines[: -(len(lines) // 3)])
    else:
        write_book(db, place, lines[:-3], head=head)


def _keep(db: sqlite3.Connection, place: str, kept: list[dict[str, Any]]) -> None:
    """Roll a book back to these lines, and take away what stands beside later ones."""
    write_book(db, place, kept)
    comps = json.dumps([said["comp"] for said in kept if said["comp"]])
    db.execute(
        "DELETE FROM idempotency WHERE location=? AND comp NOT IN (SELECT value FROM json_each(?))", (place, comps)
    )
    db.execute("DELETE FROM note WHERE location=? AND seq>=?", (place, len(kept)))


def _first(lines: list[dict[str, Any]], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    return next(said for said in lines if wanted(said))


def _approved(said: dict[str, Any]) -> bool:
    return bool(said["kind"] == "decision" and said["body"]["decision"]["granted"])


def _leaf(db: sqlite3.Connection, place: str, *, head: bool = True) -> None:
    lines = _lines(db, place)
    body = _first(lines, _approved)["body"]
    body["request"]["amount"]["amount"] += 1
    body["decision"]["granted"] += 1
    write_book(db, place, lines, head=head)


def _standing(db: sqlite3.Connection, place: str, scope: str = "employee") -> None:
    lines = _lines(db, place)

    def used(said: dict[str, Any]) -> list[list[Any]]:
        rows = said["body"]["standing"] if said["kind"] == "decision" else []
        return [row for row in rows if row and row[0].startswith(f"{scope}/") and any(row[3:])]

    for row in used(_first(lines[len(lines) // 3 :], lambda said: bool(used(said)))):
        row[3:] = [0, 0, 0, 0]
    write_book(db, place, lines)


def _policy(db: sqlite3.Connection, place: str) -> None:
    lines = _lines(db, place)
    last = _first(lines, lambda said: said["kind"] == "policy")["body"]["policy"]
    _first(lines, lambda said: said["kind"] == "decision")["body"]["policy"] = last
    write_book(db, place, lines)


def _swap_policies(db: sqlite3.Connection) -> None:
    (one, text), (other, another) = db.execute("SELECT digest, text FROM policy ORDER BY digest LIMIT 2").fetchall()
    db.executemany("UPDATE policy SET text=? WHERE digest=?", [(another, one), (text, other)])


def _state(db: sqlite3.Connection, place: str) -> None:
    wanted = "location=? AND status='captured' AND captured_minor > 0"
    comp, amount = db.execute(f"SELECT id, captured_minor FROM comp WHERE {wanted}", (place,)).fetchone()
    db.execute("UPDATE comp SET status='voided', captured_minor=0 WHERE id=?", (comp,))
    db.execute(
        "UPDATE counter SET spent_minor=spent_minor-?, spent_count=spent_count-1 "
        "WHERE location=? AND measure='location/month'",
        (amount, place),
    )


def _move_counter(db: sqlite3.Connection) -> None:
    rows = db.execute("SELECT location, subject, start FROM counter WHERE measure='guest/day' LIMIT 2").fetchall()
    for (place, subject, start), by in zip(rows, (-1, 1), strict=True):
        db.execute(
            "UPDATE counter SET spent_count=spent_count+? WHERE location=? AND measure='guest/day' AND subject=? "
            "AND start=?",
            (by, place, subject, start),
        )


def _spaces(db: sqlite3.Connection, place: str) -> None:
    lines = _lines(db, place)
    write_book(db, place, lines)
    leaf = json.dumps(lines[-1], sort_keys=True).encode()
    db.execute(
        "UPDATE entry SET leaf=?, hash=? WHERE location=? AND seq=?",
        (leaf, merkle.leaf_hash(leaf), place, len(lines) - 1),
    )
    frontier: merkle.Frontier = ()
    for seq, hashed in db.execute("SELECT seq, hash FROM entry WHERE location=? ORDER BY seq", (place,)):
        frontier = merkle.append(frontier, seq, hashed)
    db.execute("UPDATE location SET frontier=? WHERE id=?", (merkle.pack(frontier), place))


def _forget(db: sqlite3.Connection, place: str, gone: Callable[[dict[str, Any]], bool]) -> None:
    """Leave entries out of a book, and move up what stands beside the later ones; what was signed of them goes too."""
    lines = _lines(db, place)
    kept = [said for said in lines if not gone(said)]
    moved = {said["seq"]: seq for seq, said in enumerate(kept)}
    write_book(db, place, kept)
    for said in lines:
        old, new = said["seq"], moved.get(said["seq"])
        if new is None:
            db.execute("DELETE FROM idempotency WHERE location=? AND comp=?", (place, said["comp"]))
            db.execute("DELETE FROM note WHERE location=? AND seq=?", (place, old))
        elif new != old:
            db.execute("UPDATE note SET seq=? WHERE location=? AND seq=?", (new, place, old))
    for number, text in db.execute("SELECT number, told FROM verifier").fetchall():
        told = json.loads(text)
        told[place] = moved.get(told[place], -1)
        db.execute("UPDATE verifier SET told=? WHERE number=?", (json.dumps(told), number))
    first = min(said["seq"] for said in lines if said["seq"] not in moved)
    db.execute("DELETE FROM checkpoint WHERE location=? AND size>?", (place, first))


def _forget_denied(db: sqlite3.Connection, place: str) -> None:
    """Leave out a comp that was denied: it moved no counter, so that every sum still holds."""
    wanted = _first(
        _lines(db, place),
        lambda said: bool(
            said["kind"] == "decision"
            and said["body"]["decision"]["outcome"] == "deny"
            and "check" not in said["body"]["context"]
        ),
    )
    _forget(db, place, lambda said: said["seq"] == wanted["seq"])


def _replace_checkpoint(db: sqlite3.Connection) -> None:
    rows = db.execute("SELECT location, size, note, frontier FROM checkpoint ORDER BY location, size").fetchall()
    (place, _, note, frontier), (_, size, _, _) = rows[:2]
    db.execute("UPDATE checkpoint SET note=?, frontier=? WHERE location=? AND size=?", (note, frontier, place, size))


def _forge_checkpoint(db: sqlite3.Connection) -> None:
    place, size, note = db.execute("SELECT location, size, note FROM checkpoint ORDER BY size DESC").fetchone()
    text = parse(note).text
    forged = Signer(text.split("\n")[0].rpartition("/")[0], bytes(32)).note(text)
    db.execute("UPDATE checkpoint SET note=? WHERE location=? AND size=?", (str(forged), place, size))


def _stranger(db: sqlite3.Connection) -> tuple[Signer, str, str]:
    """A key under the deployment's name, its first statement, and when that was made."""
    (deployment,) = db.execute("SELECT id FROM deployment").fetchone()
    (made_at,) = db.execute("SELECT made_at FROM verifier ORDER BY number").fetchone()
    signer = Signer(log_name(deployment), bytes(32))
    return signer, str(signer.note(written(1, signer.key, NONE, made_at))), made_at


def _replace_key(db: sqlite3.Connection) -> None:
    signer, statement, _ = _stranger(db)
    db.execute("UPDATE verifier SET vkey=?, statement=? WHERE number=1", (str(signer.key), statement))


def _sign_anew(db: sqlite3.Connection) -> None:
    """The whole history written anew, with a key, a statement and checkpoints of one's own."""
    signer, statement, made_at = _stranger(db)
    told = {}
    for place in PLACES:
        _forget(db, place, lambda said: said["kind"] == "signing" and said["body"]["does"] != "new")
        lines = _lines(db, place)
        said = _first(lines, lambda said: said["kind"] == "signing")
        said["body"] |= {"key": str(signer.key), "statement": statement}
        told[place] = said["seq"]
        write_book(db, place, lines)
        frontier = merkle.unpack(db.execute("SELECT frontier FROM location WHERE id=?", (place,)).fetchone()[0])
        head = Checkpoint(f"{signer.key.name}/{place}", len(lines), merkle.root(frontier))
        row = (place, len(lines), str(signer.note(head.text)), merkle.pack(frontier), lines[-1]["at"])
        db.execute("DELETE FROM checkpoint WHERE location=?", (place,))
        db.execute("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", row)
    db.execute("DELETE FROM verifier")
    row = (1, str(signer.key), statement, json.dumps(told), made_at)
    db.execute("INSERT INTO verifier VALUES (?, ?, ?, ?, ?)", row)


def _approver(db: sqlite3.Connection) -> None:
    place = PLACES[1]
    lines = _lines(db, place)
    said = _first(lines, lambda said: said["kind"] == "approve")
    said["body"] |= {"approver": "E1", "authority": "E1"}
    write_book(db, place, lines)
    db.execute("UPDATE approval SET approver='E1', authority='E1' WHERE comp=?", (said["comp"],))
    db.execute("UPDATE comp SET authority='E1' WHERE id=?", (said["comp"],))


class Tally(NamedTuple):
    """What came of one kind of attack."""

    kind: str
    tried: int
    alone: int
    outside: int
    missed: list[Result]
    checks: str


def tallied(results: list[Result]) -> list[Tally]:
    """By kind; edits of one table are told together, but for those that got through."""
    kinds: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        kinds[result.attack.kind].append(result)
    found = []
    for kind, group in kinds.items():
        checks = Counter(check for result in group for check in (result.alone or result.outside))
        missed = [result for result in group if _crash(result) or not (result.alone or result.outside)]
        found.append(
            Tally(
                kind,
                len(group),
                sum(bool(result.alone) for result in group),
                sum(bool(result.outside) for result in group),
                missed,
                ", ".join(name for name, _ in checks.most_common()),
            )
        )
    return found


def unexplained(tallies: list[Tally]) -> list[Result]:
    """What got through and is not listed as no evidence."""
    return [result for tally in tallies for result in tally.missed if not excuse(tally.kind) or _crash(result)]


def excuse(kind: str) -> str:
    """Why what got through is no evidence; empty where it should have been caught."""
    return NOT_EVIDENCE.get(kind) or NO_EVIDENCE_IN.get(_table(kind), "")


def _crash(result: Result) -> bool:
    return any(check.startswith(CRASH) for check in (*result.alone, *result.outside))


def _print(tallies: list[Tally]) -> None:
    print(f"{'kind':34} {'tried':>5} {'alone':>6} {'with what is outside':>20}  by")
    for tally in tallies:
        print(f"{tally.kind:34} {tally.tried:5} {tally.alone:6} {tally.outside:20}  {tally.checks}")
    tried = sum(tally.tried for tally in tallies)
    print(f"{'all':34} {tried:5} {sum(t.alone for t in tallies):6} {sum(t.outside for t in tallies):20}")
    print("\ngot through, and why it is no evidence:")
    for tally in tallies:
        if tally.missed and excuse(tally.kind):
            print(f"  {tally.kind} ({len(tally.missed)} of {tally.tried}): {excuse(tally.kind)}")
    missed = unexplained(tallies)
    print(f"\ngot through unexplained: {len(missed)}")
    for result in missed:
        print(f"  {result.attack.kind}: {result.attack.what} {' '.join(result.alone)}")


def brief(tallies: list[Tally]) -> Iterator[str]:
    """The table of docs/evidence.md: a row for all attacks on one table, and one for each story."""
    groups: dict[str, list[Tally]] = defaultdict(list)
    for tally in tallies:
        how = tally.kind.split()[0]
        by_row = how in ("edit", "delete", "duplicate", "swap")
        groups[f"`{_table(tally.kind)}`: rows and columns" if by_row else tally.kind].append(tally)
    yield "| attack | tried | caught by the database alone | and by what is outside | by |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for name, group in groups.items():
        counts = [sum(column) for column in zip(*((t.tried, t.alone, t.outside) for t in group), strict=True)]
        checks = Counter(check for tally in group for check in tally.checks.split(", ") if check)
        by = ", ".join(f"`{check}`" for check, _ in checks.most_common(3)) or "–"
        yield f"| {name} | {counts[0]} | {counts[1]} | {counts[2]} | {by} |"


def _table(kind: str) -> str:
    return kind.rsplit(maxsplit=1)[-1].split(".", maxsplit=1)[0]


class Outcome(NamedTuple):
    """What came of a campaign."""

    tallies: list[Tally]
    untried: list[str]


def campaign(folder: Path, *, requests: int, rows: int, seed: int, quick: bool = False) -> Outcome:
    """The whole campaign on books of its own."""
    found = Campaign(folder, requests=requests, rows=rows, seed=seed, quick=quick)
    results = [result for attack in found.attacks() if (result := found.run(attack)) is not None]
    tallies = tallied(results)
    return Outcome(tallies, found.untried(tallies))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=150)
    parser.add_argument("--rows", type=int, default=3, help="of each table, to try on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--brief", action="store_true", help="print the table of docs/evidence.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = campaign(Path(folder), requests=asked.requests, rows=asked.rows, seed=asked.seed)
    if asked.brief:
        print("\n".join(brief(done.tallies)), end="\n\n")
    else:
        _print(done.tallies)
    print(f"not tried: {', '.join(done.untried) or 'nothing'}")
    raise SystemExit(1 if unexplained(done.tallies) or done.untried else 0)


if __name__ == "__main__":
    main()
