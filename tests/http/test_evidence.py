"""Signed heads and proofs over HTTP."""

import logging

import pytest

from empower import clock
from empower.core.receipt import hold, parse
from empower.evidence.keys import verify
from empower.evidence.statements import statement_of
from empower.http.caretaker import Caretaker
from empower.ledger import signing
from empower.ledger.checkpoints import Checkpoints, Pace
from empower.ledger.outside import Outside

from .conftest import hold as hold_comp

BOOK = "/v1/books/bistro-soho"


@pytest.fixture
def signer(engine):
    """The books are signed, and then grow by one."""
    made = signing.new(engine.store, by="test", clock=clock.now)
    Checkpoints(engine.store, clock.now, outside=Outside(), pace=Pace()).make()
    return made


@pytest.fixture
def auditor(connect):
    return connect("finance", at="bistro-soho")


def test_a_receipt_over_http_holds_with_nothing_but_the_key(auditor, signer):
    said = auditor.get(f"{BOOK}/proof/1").json()
    held = hold(parse(said["receipt"].encode()), [signer.key], verify)
    assert (held.said["seq"], said["seq"]) == (1, 1)
    assert held.signed.checkpoint.size == said["size"]


def test_the_checkpoint_and_what_leads_to_it(auditor, signer):
    head = auditor.get(f"{BOOK}/checkpoint").json()
    assert head["note"].startswith(f"{signer.key.name}/bistro-soho\n{head['size']}\n")
    assert statement_of(head["statements"][0]).key == signer.key
    said = auditor.get(f"{BOOK}/consistency", params={"from": 1}).json()
    assert (said["from"], said["to"]) == (1, head["size"])


def test_before_the_first_checkpoint_there_is_nothing(auditor):
    for path in ("checkpoint", "proof/0", "consistency?from=0"):
        response = auditor.get(f"{BOOK}/{path}")
        assert (response.status_code, response.json()["code"]) == (404, "no_checkpoint")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("proof/100000", 404, "unknown_entry"),
        ("proof/-1", 422, "invalid_input"),
        ("proof/1.5", 422, "invalid_input"),
        ("proof/9007199254740992", 422, "invalid_input"),
        ("consistency", 422, "invalid_input"),
        ("consistency?from=2&to=1", 422, "proof_index"),
        ("consistency?from=0&to=100000", 422, "proof_index"),
        ("consistency?from=0&until=1", 422, "invalid_input"),
    ],
)
def test_what_cannot_be_answered_is_told(auditor, signer, path, status, code):
    response = auditor.get(f"{BOOK}/{path}")
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize("path", ["checkpoint", "proof/0", "consistency?from=0"])
def test_only_finance_and_admin_of_the_location_may_ask(connect, stranger, signer, path):
    assert connect("pos", at="bistro-soho").get(f"{BOOK}/{path}").status_code == 403
    assert connect("finance", at="bistro-bronx").get(f"{BOOK}/{path}").status_code == 403
    assert stranger.get(f"{BOOK}/{path}").status_code == 401
    assert connect("admin").get(f"{BOOK}/{path}").status_code == 200


def test_an_entry_after_the_checkpoint_waits_for_the_next(auditor, till, signer):
    seq = hold_comp(till)["entries"][0]["seq"]
    response = auditor.get(f"{BOOK}/proof/{seq}")
    assert (response.status_code, response.json()["code"]) == (404, "no_checkpoint")


def test_while_serving_books_are_signed_when_they_are_due(engine, signer, till, auditor, monkeypatch):
    monkeypatch.setenv("EMPOWER_CHECKPOINT_ENTRIES", "1")
    before = auditor.get(f"{BOOK}/checkpoint").json()["size"]
    hold_comp(till)
    Caretaker(engine).checkpoint()
    after = auditor.get(f"{BOOK}/checkpoint").json()["size"]
    assert after > before
    Caretaker(engine).checkpoint()
    assert auditor.get(f"{BOOK}/checkpoint").json()["size"] == after


def test_while_serving_a_lost_key_is_told_once(engine, signer, till, monkeypatch, caplog, tmp_path):
    monkeypatch.setenv("EMPOWER_CHECKPOINT_ENTRIES", "1")
    hold_comp(till)
    (tmp_path / "empower.db.signing").unlink()
    caretaker = Caretaker(engine)
    with caplog.at_level(logging.ERROR, "empower.http"):
        caretaker.checkpoint()
        caretaker.checkpoint()
    assert [record.fields["code"] for record in caplog.records] == ["signing_key_missing"]
