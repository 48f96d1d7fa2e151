"""API keys: shown once, kept as a hash, ended for good."""

import hashlib

import pytest

from empower.core.errors import InputError, NotFoundError
from empower.engine import Caller, Engine

from .house import House, holds

pytestmark = pytest.mark.both


def test_only_the_hash_of_a_key_is_kept(house: House, engine: Engine) -> None:
    made = engine.create_key(scopes=["pos"], at=["cafe-a"], name="till 1", by="test")
    assert made.key.startswith("emp_")
    assert len(made.key) >= len("emp_") + 43
    house.close()
    for file in house.folder.iterdir():
        if file.is_file():
            assert made.key.encode() not in file.read_bytes()
            assert made.key.removeprefix("emp_").encode() not in file.read_bytes()
    assert house.query("SELECT hash FROM api_key") == [(hashlib.sha256(made.key.encode()).digest(),)]


def test_a_key_is_known_again_with_what_it_reaches(engine: Engine) -> None:
    made = engine.create_key(scopes=["pos", "finance", "pos"], at=["cafe-b", "cafe-a"], by="test")
    everywhere = engine.create_key(scopes=["admin"], at=["*"], by="test")
    assert engine.authenticate(made.key) == Caller(
        made.id, frozenset({"pos", "finance"}), frozenset({"cafe-a", "cafe-b"})
    )
    assert engine.authenticate(everywhere.key) == Caller(everywhere.id, frozenset({"admin"}), None)


@pytest.mark.parametrize("secret", ["", "emp_", "emp_x", "Bearer", "\udcff", "emp_" + "A" * 10_000])
def test_what_is_no_key_is_nobody(engine: Engine, secret: str) -> None:
    engine.create_key(scopes=["pos"], at=["*"], by="test")
    assert engine.authenticate(secret) is None


def test_a_key_is_not_its_hash_nor_its_id(house: House, engine: Engine) -> None:
    made = engine.create_key(scopes=["pos"], at=["*"], by="test")
    digest = hashlib.sha256(made.key.encode()).hexdigest()
    changed = made.key[:-1] + ("A" if made.key[-1] != "A" else "B")
    assert [engine.authenticate(text) for text in (made.id, digest, changed, made.key + " ", made.key.lower())] == [
        None
    ] * 5


def test_a_revoked_key_is_nobody_in_every_process_at_once(house: House, engine: Engine) -> None:
    made = engine.create_key(scopes=["pos"], at=["cafe-a"], by="test")
    other = house.open()
    assert other.authenticate(made.key) is not None
    house.clock.go(minutes=1)
    ended = engine.revoke_key(made.id, by="test", why="till stolen")
    assert ended.revoked_at == "2026-11-20T23:01:00.000000Z"
    assert (engine.authenticate(made.key), other.authenticate(made.key)) == (None, None)
    before = house.dump()
    house.clock.go(minutes=1)
    assert engine.revoke_key(made.id, by="test") == ended
    assert house.dump() == before


def test_keys_are_recorded_in_the_books_that_they_reach(house: House, engine: Engine) -> None:
    one = engine.create_key(scopes=["pos"], at=["cafe-b"], by="cli:max")
    every = engine.create_key(scopes=["finance"], at=["*"], by="cli:max")
    engine.revoke_key(one.id, by="cli:max", why="till stolen")
    found = {
        location: [
            (item.by, item.body["key"], item.body["does"], item.body.get("scopes"), item.body.get("why"))
            for item in engine.entries(location).items
            if item.kind == "key"
        ]
        for location in ("cafe-a", "cafe-b")
    }
    made = ("cli:max", every.id, "create", ["finance"], None)
    assert found == {
        "cafe-a": [made],
        "cafe-b": [
            ("cli:max", one.id, "create", ["pos"], None),
            made,
            ("cli:max", one.id, "revoke", None, "till stolen"),
        ],
    }
    assert holds(engine)


def test_the_last_use_is_kept_to_the_minute(house: House, engine: Engine) -> None:
    made = engine.create_key(scopes=["pos"], at=["*"], by="test")
    assert engine.keys()[0].last_used_at is None
    engine.authenticate(made.key)
    first = engine.keys()[0].last_used_at
    assert first == "2026-11-20T23:00:00.000000Z"
    house.clock.go(seconds=59)
    engine.authenticate(made.key)
    assert engine.keys()[0].last_used_at == first
    house.clock.go(seconds=1)
    engine.authenticate(made.key)
    assert engine.keys()[0].last_used_at == "2026-11-20T23:01:00.000000Z"


def test_keys_are_listed_without_their_secrets(engine: Engine) -> None:
    made = [engine.create_key(scopes=["pos"], at=["*"], name=name, by="test") for name in ("a", "b")]
    listed = engine.keys()
    assert {view.name for view in listed} == {"a", "b"}
    assert all(key.key not in str(listed) for key in made)


@pytest.mark.parametrize(
    ("scopes", "at", "pointer", "near"),
    [
        (["poss"], ["*"], "/scopes", "pos"),
        ([], ["*"], "/scopes", None),
        (["pos"], [], "/at", None),
        (["pos"], ["cafe-aa"], "/at", "cafe-a"),
        (["pos"], ["*", "nowhere"], "/at", None),
    ],
)
def test_a_key_for_nothing_is_not_made(
    house: House, engine: Engine, scopes: list[str], at: list[str], pointer: str, near: str | None
) -> None:
    before = house.dump()
    with pytest.raises(InputError) as raised:
        engine.create_key(scopes=scopes, at=at, by="test")
    assert [(error.pointer, error.near) for error in raised.value.errors] == [(pointer, near)]
    assert house.dump() == before


def test_an_unknown_key_cannot_be_ended(engine: Engine) -> None:
    with pytest.raises(NotFoundError) as raised:
        engine.revoke_key("nothing", by="test")
    assert raised.value.code == "unknown_key"
