"""Erasing a guest: the reference and the notes are gone from the file itself, and every book still holds."""

from pathlib import Path
from typing import Any

import pytest

from empower.core.errors import InputError, NotFoundError
from empower.engine import Engine
from empower.ledger import verify
from tests.ledger.books import benchmark

books = benchmark("books")
REFERENCE = "loyalty:778812-Zimmermann"
NOTES = ("she waited forty minutes by the door", "taken back: it was the other table's")


@pytest.fixture
def maker(tmp_path: Path) -> Any:
    made = books.Maker(tmp_path, seed=11)
    yield made
    made.engine.close()


def ask(engine: Engine, place: str, guest: str = REFERENCE, note: str | None = NOTES[0]) -> Any:
    return engine.request(
        {
            "location": place,
            "employee": "E1",
            "remedy": "dessert",
            "reason": "long_wait",
            "amount": {"amount": 700, "currency": "GBP"},
            "guest": guest,
            "note": note,
        },
        key=f"order-{place}-{note is None}-{guest == REFERENCE}",
    )


def known(maker: Any) -> Any:
    """Two books that know the guest, one with a note on a later step."""
    first = [ask(maker.engine, place) for place in books.PLACES]
    maker.engine.capture(first[0].id)
    maker.engine.reverse(first[0].id, note=NOTES[1])
    ask(maker.engine, books.PLACES[0], guest="room:12", note="another guest's note stays")
    return first[0]


def raw(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("empower.db*")) if path.suffix != ".secret")


def test_the_notes_are_in_the_file_before_and_nowhere_after(maker: Any, tmp_path: Path):
    known(maker)
    maker.play(40)
    assert all(note.encode() in raw(tmp_path) for note in NOTES)
    erased = maker.engine.erase_guest(REFERENCE, by="test", why="asked to be forgotten")
    assert (erased.notes, erased.traces) == (3, False)
    found = raw(tmp_path)
    assert not any(note.encode() in found for note in NOTES)
    assert b"another guest's note stays" in found


def test_map_row_and_salts_are_gone_from_the_file_too(maker: Any, tmp_path: Path):
    known(maker)
    engine = maker.engine
    mac = engine._desk.secret.guest(REFERENCE)
    with engine.store.read() as unit:
        salts = [bytes(salt) for (salt,) in unit.rows("SELECT salt FROM note WHERE text <> 'x'", {})]
    engine.store.settle()
    assert mac in raw(tmp_path)
    engine.erase_guest(REFERENCE, by="test")
    found = raw(tmp_path)
    assert mac not in found
    assert sum(salt in found for salt in salts) == 1
    assert REFERENCE.encode() not in found


def test_all_books_still_hold_and_say_so_by_the_pseudonym_alone(maker: Any):
    comp = known(maker)
    before = maker.engine.entries(books.PLACES[0]).items
    erased = maker.engine.erase_guest(REFERENCE, by="test", why="asked to be forgotten")
    assert sorted(erased.locations) == sorted(books.PLACES)
    for place in books.PLACES:
        last = maker.engine.entries(place).items[-1]
        assert (last.kind, last.comp) == ("erase", None)
        assert last.body["guest"] == comp.request["guest"]
        assert set(last.body) == {"guest", "notes", "why"}
        assert REFERENCE not in last.leaf
    after = maker.engine.entries(books.PLACES[0]).items
    assert [line.leaf for line in after[: len(before)]] == [line.leaf for line in before]
    assert verify(maker.engine.store, replay=True).findings == []


def test_the_same_reference_is_somebody_new_afterwards(maker: Any):
    comp = known(maker)
    maker.engine.erase_guest(REFERENCE, by="test")
    again = ask(maker.engine, books.PLACES[0], note=None)
    assert again.request["guest"] != comp.request["guest"]
    assert maker.engine.comp(comp.id).request["guest"] == comp.request["guest"]
    assert maker.engine.comp(comp.id).request.get("note") is None
    assert verify(maker.engine.store, replay=True).findings == []


def test_nobody_is_erased_twice_or_unknown(maker: Any):
    known(maker)
    maker.engine.erase_guest(REFERENCE, by="test")
    for reference in (REFERENCE, "nobody", ""):
        with pytest.raises(NotFoundError) as raised:
            maker.engine.erase_guest(reference, by="test")
        assert raised.value.code == "unknown_guest"


@pytest.mark.parametrize("why", [f"{REFERENCE} asked", f"mail from {REFERENCE.upper()}"])
def test_a_reason_that_names_the_guest_is_refused(maker: Any, why: str):
    known(maker)
    with pytest.raises(InputError) as raised:
        maker.engine.erase_guest(REFERENCE, by="test", why=why)
    assert raised.value.errors[0].pointer == "/why"
    assert maker.engine.entries(books.PLACES[0]).items[-1].kind != "erase"


def test_an_employee_who_is_the_guest_is_no_longer_known_as_one(maker: Any):
    """`loyalty:3` is E3's own: the guard against one's own table had it, the book never says so."""
    maker.engine.erase_guest("loyalty:3", by="test")
    assert verify(maker.engine.store).findings == []
    maker.engine.add_staff("E3", name="Name 3", role="server", at=books.PLACES, guest="loyalty:3", by="test")
    assert verify(maker.engine.store).findings == []


@pytest.mark.parametrize(
    ("tamper", "check"),
    [
        ("DELETE FROM guest", "guests"),
        ("DELETE FROM note", "notes"),
        ("UPDATE employee SET guest=NULL", "guests"),
        ("UPDATE employee SET guest=(SELECT max(pseudonym) FROM guest) WHERE id='E4'", "guests"),
    ],
)
def test_an_erasure_that_no_book_tells_of_is_found(maker: Any, tamper: str, check: str):
    known(maker)
    maker.engine.store.write(lambda unit: unit.write(tamper, {}))
    assert {finding.check for finding in verify(maker.engine.store).findings} == {check}
