"""Checkpoints: their golden bytes, and the heads that nobody may sign or claim."""

import pytest

from empower.core.checkpoint import Checkpoint, opened, origin_of, read
from empower.core.errors import LedgerError
from empower.core.merkle import EMPTY_ROOT
from empower.core.note import Note, encode
from empower.evidence.keys import Signer, verify

DEPLOYMENT = "0193589a-0000-7000-8000-000000000000"
SIGNER = Signer(f"empower/{DEPLOYMENT}", bytes(range(32)))
ORIGIN = origin_of(DEPLOYMENT, "bistro-soho")
ROOT = bytes(range(32, 64))
HEAD = Checkpoint(ORIGIN, 42, ROOT)
GOLDEN = """\
empower/0193589a-0000-7000-8000-000000000000/bistro-soho
42
ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=

— empower/0193589a-0000-7000-8000-000000000000 \
Tg0YrZmneKFB5PtWWnq4CRZJapZvq45K1BK9cN3AKqoJhK0yJxKqenMXZhtO+JaMmR84fhQyEKjl0f8eUt5lUelhqwU=
"""


def refused(attempt, *given) -> str:
    with pytest.raises(LedgerError) as caught:
        attempt(*given)
    return caught.value.code


def test_a_checkpoint_is_these_bytes_and_no_others():
    assert str(SIGNER.note(HEAD.text)) == GOLDEN


def test_a_checkpoint_that_is_signed_is_opened():
    signed = opened(GOLDEN, [SIGNER.key], verify)
    assert signed.checkpoint == HEAD
    assert signed.checkpoint.location == "bistro-soho"
    assert signed.by == [SIGNER.key]


def test_an_empty_book_has_the_root_of_nothing():
    head = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert head.text == f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert read(head.text) == head


ENCODED = encode(ROOT)
URL_SAFE = encode(bytes([255] * 32)).replace("/", "_")
MALFORMED = {
    "empty": "",
    "one line": f"{ORIGIN}\n",
    "two lines": f"{ORIGIN}\n42\n",
    "an extension line": f"{HEAD.text}more\n",
    "an empty line at the end": f"{HEAD.text}\n",
    "no last newline": HEAD.text[:-1],
    "no origin": f"\n42\n{ENCODED}\n",
    "leading zero": f"{ORIGIN}\n042\n{ENCODED}\n",
    "two zeros": f"{ORIGIN}\n00\n{encode(EMPTY_ROOT)}\n",
    "a sign": f"{ORIGIN}\n+42\n{ENCODED}\n",
    "below zero": f"{ORIGIN}\n-1\n{ENCODED}\n",
    "a space": f"{ORIGIN}\n 42\n{ENCODED}\n",
    "an underscore": f"{ORIGIN}\n4_2\n{ENCODED}\n",
    "other digits": f"{ORIGIN}\n٤٢\n{ENCODED}\n",
    "hexadecimal": f"{ORIGIN}\n0x2a\n{ENCODED}\n",
    "an exponent": f"{ORIGIN}\n4e1\n{ENCODED}\n",
    "2^63": f"{ORIGIN}\n9223372036854775808\n{ENCODED}\n",
    "twenty digits": f"{ORIGIN}\n10000000000000000000\n{ENCODED}\n",
    "no size": f"{ORIGIN}\n\n{ENCODED}\n",
    "empty root": f"{ORIGIN}\n42\n\n",
    "short root": f"{ORIGIN}\n42\n{encode(ROOT[:-1])}\n",
    "long root": f"{ORIGIN}\n42\n{encode(ROOT + b'x')}\n",
    "root unpadded": f"{ORIGIN}\n42\n{ENCODED[:-1]}\n",
    "root in base64url": f"{ORIGIN}\n42\n{URL_SAFE}\n",
    "root with another end": f"{ORIGIN}\n42\n{ENCODED[:-2]}9=\n",
    "nothing with a root": f"{ORIGIN}\n0\n{ENCODED}\n",
    "something with the root of nothing": f"{ORIGIN}\n42\n{encode(EMPTY_ROOT)}\n",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_a_text_that_is_no_head_is_refused_though_it_is_signed(text):
    assert refused(read, text) == "malformed_checkpoint"
    if text.strip("\n") and text.endswith("\n"):
        assert refused(opened, str(SIGNER.note(text)), [SIGNER.key], verify) == "malformed_checkpoint"


ELSEWHERE = {
    "another deployment": origin_of("0193589a-0000-7000-8000-000000000001", "bistro-soho"),
    "its name is longer": f"empower/{DEPLOYMENT}x/bistro-soho",
    "a path below": f"empower/{DEPLOYMENT}/bistro/soho",
    "no location": f"empower/{DEPLOYMENT}/",
    "the deployment itself": f"empower/{DEPLOYMENT}",
    "elsewhere altogether": "example.com/log",
}


@pytest.mark.parametrize("origin", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_key_speaks_for_the_books_of_its_deployment_alone(origin):
    note = SIGNER.note(Checkpoint(origin, 42, ROOT).text)
    assert refused(opened, str(note), [SIGNER.key], verify) == "wrong_origin"


def test_a_witness_alone_does_not_make_a_checkpoint():
    witness = Signer("finance.example", bytes(32), algorithm=4)
    note = Note(HEAD.text, (witness.cosign(HEAD.text, 1_700_000_000),))
    assert refused(opened, str(note), [witness.key], verify) == "wrong_origin"
