"""Signing keys: where they stand, how one follows the other, and what a key that cannot be used is called."""

import json
import sqlite3
import stat

import pytest

from empower.core.errors import EmpowerError
from empower.core.note import COSIGNATURE, parse_vkey
from empower.evidence.keys import Signer, new_signer
from empower.evidence.statements import chain, statement_of
from empower.ledger import signing
from empower.ledger.checked import check_checkpoints
from tests.engine.house import House


def refused(attempt, *given, **named) -> str:
    with pytest.raises(EmpowerError) as caught:
        attempt(*given, **named)
    return caught.value.code


def key_file(house: House):
    return house.folder / "empower.db.signing"


def findings(engine, *keys):
    with engine.store.read() as unit:
        return [finding.message for finding in check_checkpoints(unit, keys).findings]


def test_a_new_key_is_beside_the_store_for_its_owner_alone_and_told_in_every_book(house, engine, signer):
    assert stat.S_IMODE(key_file(house).stat().st_mode) == 0o600
    assert key_file(house).read_text() == signer.skey + "\n"
    assert signer.key.name == f"empower/{engine.deployment.id}"
    for location in ("cafe-a", "cafe-b"):
        assert house.kinds(location)[-1] == "signing"
        body = engine.entries(location).items[-1].body
        assert (body["does"], body["key"], body["was"]) == ("new", str(signer.key), None)
    assert str(signing.load(engine.store).key) == str(signer.key)


def test_the_private_key_is_nowhere_in_the_database(house, engine, signer):
    secret = signer.skey.split("+", 4)[4]
    assert secret not in repr(house.dump())


def test_there_is_one_first_key(house, engine, signer):
    assert refused(signing.new, engine.store, by="test", clock=house.clock) == "signing_key_exists"
    assert len(signing.history(engine.store)) == 1


def test_a_key_vouches_for_the_next_and_names_the_one_before(house, engine, signer):
    second = signing.rotate(engine.store, by="test", clock=house.clock)
    third = signing.rotate(engine.store, by="test", clock=house.clock)
    statements = [row.statement for row in signing.history(engine.store)]
    assert [statement_of(text).vouched for text in statements] == [False, True, True]
    for trusted in (signer, second, third):
        assert set(chain([trusted.key], statements)) == {signer.key, second.key, third.key}
    assert key_file(house).read_text() == third.skey + "\n"
    assert findings(engine, third.key) == []


def test_a_lost_key_is_replaced_and_nobody_vouches_for_the_new_one(house, engine, signer):
    key_file(house).unlink()
    assert refused(signing.load, engine.store) == "signing_key_missing"
    assert refused(signing.rotate, engine.store, by="test", clock=house.clock) == "signing_key_missing"
    found = signing.rotate(engine.store, by="test", clock=house.clock, lost=True)
    statements = [row.statement for row in signing.history(engine.store)]
    assert chain([signer.key], statements) == [signer.key]
    assert engine.entries("cafe-a").items[-1].body["does"] == "replace a lost key"
    assert findings(engine, found.key) == ["signing key 1: nobody who is trusted vouches for it"]
    assert findings(engine, signer.key, found.key) == []


def test_a_rotation_that_was_interrupted_is_finished(house, engine, signer):
    second = signing.rotate(engine.store, by="test", clock=house.clock)
    key_file(house).rename(house.folder / "empower.db.signing.next")
    key_file(house).write_text(signer.skey + "\n")
    assert signing.load(engine.store).key == second.key
    assert key_file(house).read_text() == second.skey + "\n"


def test_a_key_that_was_rotated_away_signs_no_more(house, engine, signer):
    signing.rotate(engine.store, by="test", clock=house.clock)
    key_file(house).write_text(signer.skey + "\n")
    assert refused(signing.load, engine.store) == "signing_key_retired"


WRONG = {
    "empty": ("", "signing_key_unusable"),
    "no key": ("hello", "signing_key_unusable"),
    "a vkey": (str(Signer("empower/x", bytes(32)).key), "signing_key_unusable"),
    "a PEM": ("-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n", "signing_key_unusable"),
    "a witness's": (new_signer("finance.example", COSIGNATURE).skey, "signing_key_unusable"),
    "of another algorithm": (
        "PRIVATE+KEY+empower/x+00000000+AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "signing_key_unusable",
    ),
    "another id": (
        "PRIVATE+KEY+PeterNeumann+c74f20a4+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
        "signing_key_unusable",
    ),
    "another deployment's": (Signer("empower/x", bytes(32)).skey, "signing_key_elsewhere"),
}


@pytest.mark.parametrize(("text", "code"), WRONG.values(), ids=WRONG)
def test_a_key_that_cannot_be_used_is_told_and_not_shown(house, engine, signer, monkeypatch, text, code):
    key_file(house).write_text(text)
    assert refused(signing.load, engine.store) == code
    monkeypatch.setenv("EMPOWER_SIGNING_KEY", text)
    with pytest.raises(EmpowerError) as caught:
        signing.load(engine.store)
    assert caught.value.code == code
    assert not text or text.rpartition("+")[2] not in caught.value.detail


def test_a_key_that_is_no_file_or_no_text_is_told(house, engine, signer):
    key_file(house).write_bytes(b"\xff\xfe")
    assert refused(signing.load, engine.store) == "signing_key_unreadable"
    key_file(house).unlink()
    key_file(house).mkdir()
    assert refused(signing.load, engine.store) == "signing_key_unreadable"


def test_a_key_in_the_environment_goes_before_the_file(house, engine, monkeypatch):
    mine = new_signer(signing.name_of(engine.store))
    monkeypatch.setenv("EMPOWER_SIGNING_KEY", mine.skey)
    assert signing.new(engine.store, by="test", clock=house.clock).key == mine.key
    assert not key_file(house).exists()
    assert refused(signing.rotate, engine.store, by="test", clock=house.clock) == "store_unusable"
    there = house.folder / "next.key"
    after = signing.rotate(engine.store, by="test", clock=house.clock, to=there)
    assert refused(signing.load, engine.store) == "signing_key_retired"
    monkeypatch.setenv("EMPOWER_SIGNING_KEY", there.read_text())
    assert signing.load(engine.store).key == after.key


def tampered(house, engine, sql):
    connection = sqlite3.connect(house.file)
    connection.executescript(f"DROP TRIGGER verifier_no_update; DROP TRIGGER verifier_no_delete; {sql};")
    connection.close()
    return findings(engine)


def test_the_keys_that_are_kept_only_grow(house, engine, signer):
    connection = sqlite3.connect(house.file)
    for sql in ("UPDATE verifier SET number = 2", "DELETE FROM verifier"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(sql)
    connection.close()


TAMPERED = {
    "number": "UPDATE verifier SET number = number + 10",
    "vkey": "UPDATE verifier SET vkey = (SELECT vkey FROM verifier WHERE number = 1)",
    "statement": "UPDATE verifier SET statement = replace(statement, '2', '3')",
    "statement of another": "UPDATE verifier SET statement = (SELECT statement FROM verifier WHERE number = 1)",
    "told nowhere": "UPDATE verifier SET told = '{\"cafe-a\": 0}'",
    "told is no JSON": "UPDATE verifier SET told = 'x'",
    "made at another time": "UPDATE verifier SET made_at = '2020-01-01T00:00:00.000000Z'",
    "first gone": "DELETE FROM verifier WHERE number = 1",
}


@pytest.mark.parametrize("sql", TAMPERED.values(), ids=TAMPERED)
def test_a_changed_history_of_keys_is_found(house, engine, signer, sql):
    signing.rotate(engine.store, by="test", clock=house.clock)
    found = tampered(house, engine, sql)
    assert len([message for message in found if "trigger" not in message]) > 0


def test_a_key_that_was_slipped_in_is_found_by_who_trusts_another(house, engine, signer):
    intruder = new_signer(signer.key.name)
    text = f"{intruder.key.name}/signing-keys\n2\n{intruder.key}\n{signer.key}\n2026-11-23T00:00:00.000000Z\n"
    row = (2, str(intruder.key), str(intruder.note(text)), json.dumps({}), "2026-11-23T00:00:00.000000Z")
    connection = sqlite3.connect(house.file)
    connection.execute("INSERT INTO verifier VALUES (?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    assert findings(engine, signer.key) == ["signing key 2: nobody who is trusted vouches for it"]
    assert parse_vkey(signing.history(engine.store)[1].vkey) == intruder.key
    assert refused(signing.load, engine.store) == "signing_key_retired"
