"""Sessions: begun by a PIN, a proof like it, kept by hash, and over when they are over."""

from datetime import timedelta

import pytest

from empower.core.errors import ForbiddenError, InputError, NotFoundError, ProofError
from empower.engine import Engine
from empower.engine.sessions import IDLE, LASTS, SignedIn

from .approvers import PINS, cheap, staffed
from .house import House, ask, holds


@pytest.fixture
def engine(house: House) -> Engine:
    return staffed(house)


def begin(engine: Engine, name: str = "max") -> str:
    return engine.sessions.begin(name, PINS[name]).secret


def test_who_is_signed_in_says_yes_and_no_and_the_book_knows_how(house: House, engine: Engine) -> None:
    first, second = (engine.request(ask(5000)).id for _ in range(2))
    proof = SignedIn(begin(engine))
    assert engine.approve(first, proof, by="session:1").authority == {"employee": "max", "role": "manager"}
    assert engine.decline(second, proof, note="no").status == "declined"
    said = [line.body["proof"] for line in engine.entries("cafe-a").items if line.kind in ("approve", "decline")]
    assert said == ["session", "session"]
    assert holds(engine)


def test_a_session_proves_who_somebody_is_and_nothing_more(engine: Engine) -> None:
    comp = engine.request(ask(5000)).id
    with pytest.raises(ForbiddenError):
        engine.approve(comp, SignedIn(begin(engine, "ana")))


@pytest.mark.parametrize("secret", ["", "x", "a" * 43, "\ud800"])
def test_a_secret_that_is_nobodys_proves_nothing(engine: Engine, secret: str) -> None:
    comp = engine.request(ask(5000)).id
    assert engine.sessions.of(secret) is None
    with pytest.raises(ProofError) as caught:
        engine.approve(comp, SignedIn(secret))
    assert caught.value.code == "session_over"


def test_a_session_that_is_over_proves_nothing(house: House, engine: Engine) -> None:
    comp = engine.request(ask(5000)).id
    idle, ended, revoked = (begin(engine, name) for name in ("max", "mia", "ola"))
    for secret, name in ((ended, "mia"), (revoked, "ola")):
        session = engine.sessions.of(secret)
        assert session is not None
        assert session.employee == name
        if name == "mia":
            engine.sessions.end(session.id)
        else:
            engine.sessions.end_all(name)
    house.clock.go(hours=2)
    for secret in (idle, ended, revoked):
        assert engine.sessions.of(secret) is None
        with pytest.raises(ProofError):
            engine.approve(comp, SignedIn(secret))


def test_use_keeps_a_session_until_its_day_is_over(house: House, engine: Engine) -> None:
    secret = begin(engine)
    for _ in range(6):
        house.clock.go(minutes=119)
        assert engine.sessions.of(secret) is not None
    house.clock.go(minutes=6)
    assert engine.sessions.of(secret) is None
    assert timedelta(minutes=6 * 119 + 6) == LASTS
    assert timedelta(hours=2) == IDLE


def test_a_look_of_the_page_itself_is_no_use(house: House, engine: Engine) -> None:
    secret = begin(engine)
    house.clock.go(minutes=100)
    assert engine.sessions.of(secret, is_use=False) is not None
    house.clock.go(minutes=20)
    assert engine.sessions.of(secret) is None


def test_the_store_knows_no_secret_and_no_answer_prints_one(house: House, engine: Engine) -> None:
    begun = engine.sessions.begin("max", PINS["max"], device="A phone\x00\n" + "x" * 500)
    assert begun.secret not in repr(begun)
    assert begun.secret not in repr(SignedIn(begun.secret))
    assert begun.session.device == "A phone" + "x" * 113
    assert begun.secret not in str([item.model_dump() for item in engine.sessions.listed()])
    for value in (column for row in house.query("SELECT * FROM session") for column in row):
        assert begun.secret not in str(value)


def test_a_new_pin_and_an_admin_sign_somebody_out_everywhere(engine: Engine) -> None:
    secrets = [begin(engine) for _ in range(2)]
    other = begin(engine, "mia")
    engine.set_pin("max", "640193", by="test")
    assert [engine.sessions.of(secret) for secret in secrets] == [None, None]
    assert [item.employee for item in engine.sessions.end_all("mia")] == ["mia"]
    assert engine.sessions.of(other) is None
    assert engine.sessions.end_all("mia") == []
    with pytest.raises(InputError) as caught:
        engine.sessions.end_all("mai")
    assert "did you mean `mia`?" in caught.value.detail
    with pytest.raises(NotFoundError):
        engine.sessions.end("none")


def test_what_is_long_over_is_forgotten(house: House, engine: Engine) -> None:
    begin(engine)
    house.clock.go(days=31)
    assert engine.sessions.listed() == []
    begin(engine, "mia")
    assert house.query("SELECT employee FROM session") == [("mia",)]


def test_where_somebody_answers_is_where_their_roles_or_those_of_another_do(house: House, engine: Engine) -> None:
    engine.hasher = cheap()
    reach = engine.sessions.reach
    assert (reach("max"), reach("mia"), reach("ana"), reach("nobody")) == (
        {"cafe-a", "cafe-b"},
        {"cafe-a"},
        frozenset(),
        frozenset(),
    )
    engine.delegate("mia", "ana", until=house.clock.moment + timedelta(hours=1), by="test")
    assert reach("ana") == {"cafe-a"}
    house.clock.go(hours=1)
    assert reach("ana") == frozenset()
    engine.end_staff("max", at=["cafe-b"], by="test")
    house.clock.go(days=1)
    assert reach("max") == {"cafe-a"}
