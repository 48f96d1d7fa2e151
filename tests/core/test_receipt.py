"""Receipts: their golden bytes, and an attack on every part of one."""

from datetime import UTC, datetime

import pytest

from empower.core.checkpoint import Checkpoint, origin_of
from empower.core.entry import entry
from empower.core.errors import LedgerError
from empower.core.merkle import append, leaf_hash, root
from empower.core.note import encode
from empower.core.proof import inclusion
from empower.core.receipt import hold, parse, written
from empower.evidence.keys import Signer, verify

NOW = datetime(2026, 11, 23, 19, 42, 11, tzinfo=UTC)
SIGNER = Signer("empower/d1", bytes(range(32)))
LINES = [entry("bistro-soho", seq, "capture", NOW, f"c{seq}", "cli:ana", {"amount": 100 + seq}) for seq in range(5)]


def subtree(start: int, end: int) -> bytes:
    frontier = ()
    for place, line in enumerate(LINES[start:end]):
        frontier = append(frontier, place, line.hash)
    return root(frontier)


def note(*, location: str = "bistro-soho", deployment: str = "d1", signer: Signer = SIGNER, size: int = 5) -> str:
    return str(signer.note(Checkpoint(origin_of(deployment, location), size, subtree(0, size)).text))


def receipt(leaf: bytes = LINES[2].leaf, index: int = 2, said: str | None = None) -> str:
    return written(leaf, index, inclusion(2, 5, subtree), said or note())


def refused(text: str | bytes, *keys) -> str:
    with pytest.raises(LedgerError) as caught:
        hold(parse(text.encode() if isinstance(text, str) else text), keys or [SIGNER.key], verify)
    return caught.value.code


def test_a_receipt_is_these_bytes_and_no_others():
    assert receipt() == GOLDEN


def test_a_receipt_that_holds_says_what_was_done():
    held = hold(parse(receipt().encode()), [SIGNER.key], verify)
    assert held.said["body"] == {"amount": 102}
    assert held.said["comp"] == "c2"
    assert held.signed.checkpoint.size == 5


def replaced(old: str, new: str) -> str:
    assert old in receipt()
    return receipt().replace(old, new, 1)


EXTRA = encode(LINES[2].leaf)
SPACED = LINES[2].leaf.replace(b'"amount":102', b'"amount": 102')
LAST_STEP = encode(inclusion(2, 5, subtree)[-1])
MALFORMED = {
    "empty": "",
    "not UTF-8": b"\xff" + receipt().encode(),
    "another header": replaced("tlog-proof@v1", "tlog-proof@v2"),
    "no header": receipt().split("\n", 1)[1],
    "no entry": replaced(f"extra {EXTRA}\n", ""),
    "an empty entry": replaced(EXTRA, ""),
    "an entry that is not base64": replaced(EXTRA, EXTRA[:-1] + "*"),
    "no index": replaced("index 2\n", ""),
    "index with a leading zero": replaced("index 2", "index 02"),
    "index below zero": replaced("index 2", "index -2"),
    "index of 20 digits": replaced("index 2", "index 10000000000000000000"),
    "index with a space": replaced("index 2", "index  2"),
    "entry and index swapped": replaced(f"extra {EXTRA}\nindex 2", f"index 2\nextra {EXTRA}"),
    "a step that is not base64": replaced(LAST_STEP, "?" + LAST_STEP[1:]),
    "64 steps": replaced(LAST_STEP, "\n".join([LAST_STEP] * 62)),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_refused(text):
    assert refused(text) == "malformed_receipt"


OTHER = Signer("empower/d1", bytes(32))
ATTACKS = {
    "no checkpoint": (receipt().partition("\n\n")[0] + "\n\n", "malformed_note"),
    "trailing bytes": (receipt() + "x", "malformed_note"),
    "a trailing empty line": (receipt() + "\n", "malformed_note"),
    "another deployment's": (
        receipt(said=note(deployment="d2", signer=Signer("empower/d2", bytes(32)))),
        "unknown_signer",
    ),
    "our key, another deployment's book": (receipt(said=note(deployment="d2")), "wrong_origin"),
    "our name, another key": (receipt(said=note(signer=OTHER)), "unknown_signer"),
    "another location's book": (receipt(said=note(location="bistro-bronx")), "wrong_entry"),
    "another index": (receipt(index=3), "wrong_entry"),
    "another entry's leaf": (receipt(leaf=LINES[3].leaf), "wrong_entry"),
    "an amount raised": (receipt(leaf=LINES[2].leaf.replace(b"102", b"902")), "wrong_root"),
    "the author changed": (receipt(leaf=LINES[2].leaf.replace(b"ana", b"max")), "wrong_root"),
    "a space in the leaf": (receipt(leaf=SPACED), "not_canonical"),
    "a float in the leaf": (receipt(leaf=LINES[2].leaf.replace(b"102", b"102.0")), "not_canonical"),
    "a leaf that is an array": (receipt(leaf=b"[]"), "not_canonical"),
    "a leaf that is not JSON": (receipt(leaf=b"{"), "not_canonical"),
    "a leaf nested too deep": (receipt(leaf=b"[" * 100_000), "not_canonical"),
    "a step left out": (replaced(LAST_STEP + "\n", ""), "proof_too_short"),
    "a step too many": (replaced(LAST_STEP, f"{LAST_STEP}\n{LAST_STEP}"), "proof_too_long"),
    "a step changed": (replaced(LAST_STEP, encode(bytes(32))), "wrong_root"),
    "a short step": (replaced(LAST_STEP, encode(bytes(31))), "malformed_proof"),
    "the head raised": (replaced("\n5\n", "\n6\n"), "bad_signature"),
    "the head with a zero before": (replaced("\n5\n", "\n05\n"), "malformed_checkpoint"),
    "a head before the entry": (written(LINES[2].leaf, 2, [], note(size=2)), "proof_index"),
}


@pytest.mark.parametrize(("text", "code"), ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_told_by_name(text, code):
    assert refused(text) == code


def test_every_bit_counts():
    """No single changed byte leaves a receipt that holds and says the same."""
    whole = receipt().encode()
    for place in range(len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        assert refused(changed)


def test_the_leaf_hash_is_over_the_bytes_in_the_receipt():
    assert leaf_hash(parse(receipt().encode()).leaf) == LINES[2].hash


GOLDEN = """\
c2sp.org/tlog-proof@v1
extra eyJhdCI6IjIwMjYtMTEtMjNUMTk6NDI6MTEuMDAwMDAwWiIsImJvZHkiOnsiYW1vdW50IjoxMDJ9LCJieSI6ImNsaTphbm\
EiLCJjb21wIjoiYzIiLCJraW5kIjoiY2FwdHVyZSIsImxvY2F0aW9uIjoiYmlzdHJvLXNvaG8iLCJzZXEiOjIsInYiOjF9
index 2
GFHOcKTzhCBzIyBRJNZjDFRKSXQljeEBN7U6/C6fII4=
shxGdSDsChsdrZlbh0+UIZclocvQIfjMTJ7lifNzGbw=
ti3Z2g4Jn4BxjbLfUWaTDOqjEwamUcHICi8Z3jGYnDg=

empower/d1/bistro-soho
5
1+k2WJa5WcqXG/N9CGWN+6I8xtkYgD/mlk+S8Z4wscc=

— empower/d1 OZ7HmMB95a5YlRqeHJZ1rHwnRXPCTN61u9kmq0XSHp9aowKto2TEPYvh6zjmItPV1O5GUxH5eRRcG6jKF30NYZw\
KzgA=
"""
