"""An approver's PIN: wrong ones lock it, and it is nowhere to be read."""

import pytest

from empower.core.errors import EmpowerError, InputError, ProofError
from empower.engine import Engine
from empower.engine.proofs import Hasher, Pin

from .approvers import PINS, cheap, pin, staffed
from .house import House, ask, holds

WRONG = "102938"


@pytest.fixture
def engine(house: House) -> Engine:
    return staffed(house)


def tried(engine: Engine, comp: str, proof: Pin) -> EmpowerError:
    with pytest.raises(ProofError) as caught:
        engine.approve(comp, proof)
    return caught.value


def test_an_unknown_approver_and_a_wrong_pin_are_one_answer(house: House, engine: Engine) -> None:
    engine.add_staff("sue", name="Sue", role="manager", at=["cafe-a"], by="test")
    comp = engine.request(ask(5000)).id
    errors = [tried(engine, comp, Pin(name, WRONG)) for name in ("max", "nobody", "sue", "")]
    assert {(error.code, error.detail, error.status) for error in errors} == {
        ("proof_wrong", "the approver or the PIN is wrong", 403)
    }
    for name in ("max", "nobody"):
        for _ in range(4):
            tried(engine, comp, Pin(name, WRONG))
    locked = [tried(engine, comp, Pin(name, WRONG)) for name in ("max", "nobody")]
    assert {(error.code, error.detail, error.more["retry_after"]) for error in locked} == {
        ("proof_locked", "too many wrong PINs: wait 60 seconds", 60)
    }


def test_five_wrong_tries_lock_it_for_longer_each_time(house: House, engine: Engine) -> None:
    for minutes in (1, 5, 15, 60, 240, 1440, 1440):
        comp = engine.request(ask(5000)).id
        for _ in range(5):
            assert tried(engine, comp, Pin("max", WRONG)).code == "proof_wrong"
        locked = tried(engine, comp, pin("max"))
        assert (locked.code, locked.more["retry_after"]) == ("proof_locked", minutes * 60)
        house.clock.go(minutes=minutes)
    comp = engine.request(ask(5000)).id
    assert engine.approve(comp, pin("max")).status == "approved"
    comp = engine.request(ask(5000)).id
    for _ in range(4):
        tried(engine, comp, Pin("max", WRONG))
    assert engine.approve(comp, pin("max")).status == "approved"


def test_a_lock_is_the_persons_alone_and_outlives_the_process(house: House, engine: Engine) -> None:
    comp = engine.request(ask(5000)).id
    for _ in range(5):
        tried(engine, comp, Pin("max", WRONG))
    other = house.open()
    other.hasher = cheap()
    assert tried(other, comp, pin("max")).code == "proof_locked"
    assert other.approve(comp, pin("mia")).status == "approved"


def test_a_new_pin_ends_the_lock_and_the_old_pin(house: House, engine: Engine) -> None:
    comp = engine.request(ask(5000)).id
    for _ in range(5):
        tried(engine, comp, Pin("max", WRONG))
    assert engine.set_pin("max", "775533", by="test", why="forgotten") == ["cafe-a", "cafe-b"]
    assert tried(engine, comp, pin("max")).code == "proof_wrong"
    assert engine.approve(comp, Pin("max", "775533")).status == "approved"
    assert house.kinds("cafe-b")[-1] == "staff"
    assert holds(engine)


def test_a_pin_is_nowhere_to_be_read(house: House, engine: Engine) -> None:
    comp = engine.request(ask(5000)).id
    engine.approve(comp, pin("max"))
    content = b"".join(path.read_bytes() for path in house.folder.glob("empower.db*"))
    for digits in PINS.values():
        assert digits.encode() not in content
    assert PINS["max"] not in repr(pin("max"))
    hashes = [text for (text,) in house.query("SELECT hash FROM pin")]
    assert all(text.startswith("$argon2id$") for text in hashes)


def test_the_database_alone_does_not_say_whether_a_guess_is_right(house: House, engine: Engine) -> None:
    [(digest,)] = house.query("SELECT hash FROM pin WHERE employee = 'max'")
    assert not cheap().fits(digest, PINS["max"])


@pytest.mark.parametrize(
    "digits", ["", "123", "1234567890123", "12a4", "1111", "1234", "9876", "٤٨٠٥", "48 05", "4805\n"]
)
def test_a_weak_pin_is_refused(engine: Engine, digits: str) -> None:
    with pytest.raises(InputError) as caught:
        engine.set_pin("max", digits, by="test")
    assert caught.value.errors[0].pointer == "/pin"


def test_a_stranger_gets_no_pin(engine: Engine) -> None:
    with pytest.raises(InputError) as caught:
        engine.set_pin("maxx", "480519", by="test")
    assert (caught.value.code, caught.value.errors[0].near) == ("unknown_employee", "max")


def test_of_strangers_only_so_many_are_remembered(
    house: House, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("empower.store.approvers.MOST_STRANGERS", 3)
    comp = engine.request(ask(5000)).id
    tried(engine, comp, Pin("max", WRONG))
    for number in range(9):
        house.clock.go(seconds=1)
        tried(engine, comp, Pin(f"nobody-{number}", WRONG))
    known = [name for (name,) in house.query("SELECT employee FROM pin_try ORDER BY last_at")]
    assert known == ["max", "nobody-6", "nobody-7", "nobody-8"]


def test_the_hash_is_argon2id_at_the_cost_of_rfc_9106(engine: Engine) -> None:
    assert Hasher().digest("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
