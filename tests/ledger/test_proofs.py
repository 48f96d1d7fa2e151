"""Proofs from a store, against a naive tree and a verifier that has nothing but the key."""

import sqlite3
from itertools import pairwise

import pytest

from empower.core import merkle
from empower.core.checkpoint import opened
from empower.core.errors import EmpowerError
from empower.core.merkle import append, leaf_hash, root
from empower.core.note import decode
from empower.core.proof import check_consistency, consistency, inclusion
from empower.core.receipt import hold, parse
from empower.evidence.keys import verify
from empower.ledger import proofs as module
from empower.ledger.checkpoints import Checkpoints, Pace
from empower.ledger.outside import Outside
from empower.ledger.proofs import Proofs, Tree
from tests.engine.house import ask


def code_of(attempt, *given) -> str:
    with pytest.raises(EmpowerError) as caught:
        attempt(*given)
    return caught.value.code


@pytest.fixture
def signed(house, engine, signer):
    """Signs all books; what was signed is given."""
    making = Checkpoints(engine.store, house.clock, outside=Outside(), pace=Pace())
    return lambda: making.make("cafe-a")[0]


@pytest.mark.parametrize("block", [2, 4, 256])
def test_a_tree_of_blocks_proves_what_a_naive_tree_proves(monkeypatch, block):
    monkeypatch.setattr(module, "BLOCK", block)
    found = [leaf_hash(bytes([number])) for number in range(70)]

    def naive(start: int, end: int) -> bytes:
        frontier = ()
        for place, item in enumerate(found[start:end]):
            frontier = append(frontier, place, item)
        return root(frontier)

    tree, asked = Tree(), []

    def hashes(start: int, end: int) -> list[bytes]:
        asked.append((start, end))
        return found[start:end]

    def subtree(start: int, end: int) -> bytes:
        return tree.subtree(hashes, start, end)

    for size in (1, 2, 33, 64, 70):
        for place in range(size):
            assert inclusion(place, size, subtree) == inclusion(place, size, naive)
            assert consistency(place + 1, size, subtree) == consistency(place + 1, size, naive)
    whole = [span for span in asked if span[1] - span[0] == block]
    assert len(whole) == len(set(whole))


def test_a_receipt_of_every_entry_holds_with_nothing_but_the_key(engine, signer, signed):
    for amount in (100, 200, 300):
        engine.request(ask(amount))
    size = signed().size
    for seq in range(size):
        held = hold(parse(Proofs(engine.store).entry("cafe-a", seq).receipt.encode()), [signer.key], verify)
        assert held.said["seq"] == seq
        assert held.signed.checkpoint.size == size


def test_checkpoints_follow_each_other(engine, signer, signed):
    made = [signed()]
    for amount in (100, 200, 300):
        engine.request(ask(amount))
        made.append(signed())
    found = Proofs(engine.store)
    for one, other in pairwise(made):
        old, new = (opened(item.note, [signer.key], verify).checkpoint for item in (one, other))
        path = [decode(step) for step in found.consistency("cafe-a", old.size, new.size).proof]
        check_consistency(old.size, new.size, old.root, new.root, path)
    assert found.consistency("cafe-a", 0).proof == []
    assert found.consistency("cafe-a", made[0].size).second == made[-1].size


def test_what_cannot_be_proven_is_told(engine, signer, signed):
    found = Proofs(engine.store)
    assert code_of(found.checkpoint, "cafe-a") == "no_checkpoint"
    assert code_of(found.entry, "cafe-a", 0) == "no_checkpoint"
    assert code_of(found.checkpoint, "cafe-x") == "unknown_location"
    size = signed().size
    assert code_of(found.entry, "cafe-a", size) == "unknown_entry"
    engine.request(ask())
    assert code_of(found.entry, "cafe-a", size) == "no_checkpoint"
    assert code_of(found.consistency, "cafe-a", size, size - 1) == "proof_index"
    assert code_of(found.consistency, "cafe-a", 0, size + 2) == "proof_index"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entry SET leaf = x'7b7d' WHERE seq = 1",
        "UPDATE entry SET hash = zeroblob(32) WHERE seq = 0",
        "UPDATE entry SET hash = zeroblob(31) WHERE seq = 0",
        "DELETE FROM entry WHERE seq = 0",
    ],
)
def test_nobody_is_handed_a_proof_of_a_book_that_does_not_hold(house, engine, signer, signed, sql):
    signed()
    connection = sqlite3.connect(house.file)
    connection.executescript(f"DROP TRIGGER entry_no_update; DROP TRIGGER entry_no_delete; {sql}")
    connection.close()
    assert code_of(Proofs(engine.store).entry, "cafe-a", 1) == "ledger_broken"
    if "hash" in sql:
        assert code_of(Proofs(engine.store).consistency, "cafe-a", 1) == "ledger_broken"


def test_the_checkpoint_that_is_answered_is_the_last(engine, signer, signed):
    signed()
    engine.request(ask())
    made = signed()
    found = Proofs(engine.store).checkpoint("cafe-a")
    assert (found.size, found.root, found.note) == (made.size, made.root_hex, made.note)
    assert merkle.EMPTY_ROOT.hex() != found.root
    assert len(found.statements) == 1
