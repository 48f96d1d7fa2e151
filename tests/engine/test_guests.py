"""A guest is a pseudonym in the book: nothing in the file leads to the till's reference, nor to a note but the note."""

import sqlite3
from pathlib import Path

import pytest

from empower.core.errors import EmpowerError
from empower.engine import Engine

from .house import DAY, OWN_TABLE, House, ask, holds, policy

pytestmark = pytest.mark.both

GUEST = "phone:+1 212 555 0142"
NOTE = "Table 7, Mrs. Abernathy-Quill, allergic to hazelnuts"
OWN = "loyalty:ana-778812"
NAME = "Anastasia Featherstone"


def raw(house: House) -> bytes:
    """Every byte of the store, what is not yet moved out of the log included."""
    files = [path for path in house.folder.iterdir() if path.name.startswith(house.file.name)]
    assert house.file in files
    return b"".join(Path(path).read_bytes() for path in files)


def found(data: bytes, text: str) -> int:
    """How often a text stands in bytes, in the encodings that SQLite has."""
    return sum(data.count(text.encode(encoding)) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


@pytest.mark.only("sqlite")
def test_no_reference_and_no_note_stands_in_the_file(house: House, engine: Engine) -> None:
    engine.add_staff("bo", name=NAME, role="server", at=["cafe-a"], guest=OWN, by="test")
    comp = engine.request(ask(1000, guest=GUEST, note=NOTE), key="k")
    engine.request(ask(1000, guest=GUEST, note=NOTE), key="k")
    engine.request(ask(30000, guest=GUEST))
    engine.request(ask(9000, guest=GUEST))
    engine.evaluate(ask(100, guest="phone:+1 212 555 0199"))
    engine.budgets("cafe-a", guest=GUEST)
    engine.comps(guest=GUEST)
    engine.capture(comp.id)
    with pytest.raises(EmpowerError):
        engine.request(ask(1000, guest=GUEST, note=NOTE, remedy="desert"), key="l")
    data = raw(house)
    for text in (GUEST, GUEST.removeprefix("phone:"), "555 0142", "555 0199", OWN, "778812"):
        assert found(data, text) == 0, text
    assert found(data, NOTE) > 0
    assert holds(engine)
    engine.close()
    _empty_notes(house)
    assert found(raw(house), NOTE) == found(raw(house), "Abernathy") == 0


def _empty_notes(house: House) -> None:
    """Take the one table away where a note may stand, pages and all."""
    connection = sqlite3.connect(house.file, isolation_level=None)
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("DELETE FROM note")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def test_a_name_stands_beside_the_book_and_not_in_it(house: House, engine: Engine) -> None:
    engine.add_staff("bo", name=NAME, role="server", at=["cafe-a"], by="test", why="new colleague")
    engine.request(ask(1000, employee="bo"))
    leaves = b"".join(leaf for (leaf,) in house.query("SELECT leaf FROM entry"))
    assert found(leaves, NAME) == 0
    assert b'"bo"' in leaves


def test_a_note_is_read_back_and_its_commitment_stands_in_the_leaf(engine: Engine) -> None:
    comp = engine.request(ask(1000, note=NOTE))
    assert comp.request["note"] == NOTE
    assert engine.comp(comp.id).request["note"] == NOTE
    [line] = [item for item in engine.entries("cafe-a").items if item.comp == comp.id]
    assert set(line.body["note"]) == {"commitment"}
    assert "note" not in line.body["request"]
    assert line.body["context"]["has_note"] is True


def test_the_same_note_has_another_commitment_each_time(engine: Engine) -> None:
    comps = {engine.request(ask(1000, note="Cold soup")).id for _ in range(2)}
    lines = [item for item in engine.entries("cafe-a").items if item.comp in comps]
    assert len({line.body["note"]["commitment"] for line in lines}) == 2


def test_a_changed_note_is_found(house: House, engine: Engine) -> None:
    comp = engine.request(ask(1000, note=NOTE))
    house.execute("UPDATE note SET text = 'All was well'")
    assert engine.comp(comp.id).request["note"] == "All was well"
    assert not holds(engine)


def test_a_note_of_a_void_stands_beside_its_own_entry(house: House, engine: Engine) -> None:
    comp = engine.request(ask(1000, note="Cold soup"))
    engine.void(comp.id, note=NOTE)
    engine.void(comp.id, note="again")
    assert house.query("SELECT seq, text FROM note ORDER BY seq") == [(3, "Cold soup"), (4, NOTE)]
    assert engine.comp(comp.id).request["note"] == "Cold soup"
    assert holds(engine)


def test_a_guest_has_one_pseudonym_everywhere(house: House, engine: Engine) -> None:
    names = {
        engine.request(ask(100, guest=GUEST)).request["guest"],
        engine.request(ask(100, guest=f" {GUEST} ")).request["guest"],
        house.open().request(ask(100, guest=GUEST, location="cafe-b", employee="max")).request["guest"],
    }
    assert len(names) == 1
    assert names.pop().startswith("g_")
    assert engine.request(ask(100, guest="room:12")).request["guest"] not in names
    assert len(engine.comps(guest=GUEST).items) == 3


def test_a_pseudonym_says_nothing_of_the_reference(house: House, engine: Engine, tmp_path: Path) -> None:
    """Not derived from it: another store has another for the same guest."""
    other = House(tmp_path / "other")
    other.folder.mkdir()
    other.write(policy())
    made = other.open(create=True)
    other.people(made, "cafe-a")
    one, two = (place.request(ask(100, guest=GUEST)).request["guest"] for place in (engine, made))
    assert one != two
    other.close()


def test_without_the_link_nothing_leads_to_a_guest(engine: Engine) -> None:
    """Its budgets still count under the pseudonym; the reference begins anew."""
    before = engine.request(ask(100, guest=GUEST))
    engine.store.write(lambda unit: unit.write("DELETE FROM guest", {}))
    assert engine.comps(guest=GUEST).items == []
    assert len(engine.comps(guest=before.request["guest"]).items) == 1
    after = engine.request(ask(100, guest=GUEST))
    assert after.request["guest"] != before.request["guest"]


@pytest.mark.parametrize(
    ("guest", "status"),
    [
        ("employee:ana", "denied"),
        (OWN, "denied"),
        ("employee:max", "approved"),
        ("room:12", "approved"),
        (None, "approved"),
    ],
)
def test_nobody_takes_care_of_themselves(house: House, guest: str | None, status: str) -> None:
    house.write(policy(DAY, more=OWN_TABLE))
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    engine.add_staff("ana", name="Ana", role="server", at=["cafe-a"], guest=OWN, by="test")
    request = ask(1000) if guest is None else ask(1000, guest=guest)
    assert engine.evaluate(request).outcome == {"denied": "deny", "approved": "approve"}[status]
    assert engine.request(request).status == status
    assert holds(engine)


def test_who_was_a_guest_before_they_were_hired_is_one_still(house: House) -> None:
    house.write(policy(DAY, more=OWN_TABLE))
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    assert engine.request(ask(1000, guest=OWN)).status == "approved"
    engine.import_staff(f"id,name,location,role,guest\nana,Ana,cafe-a,server,{OWN}\n", by="test")
    assert engine.request(ask(1000, guest=OWN)).status == "denied"
    assert engine.request(ask(1000, guest=OWN, employee="max")).status == "approved"
    assert holds(engine)
