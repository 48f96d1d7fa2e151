"""Signed notes: the vectors of Go's `sumdb/note` and of C2SP, and what must be refused."""

import pytest

from empower.core.errors import LedgerError
from empower.core.note import Key, Note, Signature, cosigned, parse, parse_skey, parse_vkey, time_of, verified
from empower.evidence.keys import Signer, verify

VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETERS = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCHS = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
BY_PETER = f"{TEXT}\n{PETERS}"
POEM = """\
Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore \
NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""
COSIGNED = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa \
Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 \
jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""


def code_of(attempt, *given) -> str:
    with pytest.raises(LedgerError) as caught:
        attempt(*given)
    return caught.value.code


def test_signing_gives_the_bytes_that_go_gives():
    seed = parse_skey(SKEY)
    signer = Signer(seed.name, seed.seed)
    assert str(signer.key) == VKEY
    assert signer.skey == SKEY
    assert str(signer.note(TEXT)) == BY_PETER


def test_a_note_of_go_is_verified_and_another_text_is_not():
    peter = parse_vkey(VKEY)
    assert verified(parse(BY_PETER), [peter], verify) == [peter]
    assert code_of(verified, parse(BY_PETER.replace("phy", "phY")), [peter], verify) == "bad_signature"


def test_both_signers_are_named_and_the_unknown_is_passed_over():
    peter, enoch = parse_vkey(VKEY), parse_vkey(ENOCH)
    note = parse(BY_PETER + ENOCHS)
    assert verified(note, [peter, enoch], verify) == [peter, enoch]
    assert verified(note, [enoch], verify) == [enoch]
    assert verified(parse(BY_PETER + ENOCHS + ENOCHS), [peter], verify) == [peter]


@pytest.mark.parametrize("text", [BY_PETER, POEM, COSIGNED])
def test_a_note_is_read_and_written_byte_for_byte(text):
    note = parse(text)
    assert str(note) == text
    assert parse(text.encode()) == note


def test_the_text_ends_at_the_last_empty_line():
    assert parse(POEM).text == POEM.split("\n\n—", maxsplit=1)[0] + "\n"
    assert parse(POEM).signatures[0].name == "quasimodo.example/salvatore"


def test_a_cosignature_has_its_time_and_signs_what_the_specification_says():
    note = parse(COSIGNED)
    assert [time_of(found) for found in note.signatures] == [None, 1679315147]
    assert cosigned(note.text, 1679315147) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )


def test_a_cosignature_is_verified_with_its_own_time_alone():
    witness = Signer("finance.example", bytes(32), algorithm=4)
    made = witness.cosign(TEXT, 1_700_000_000)
    assert verified(Note(TEXT, (made,)), [witness.key], verify) == [witness.key]
    moved = made._replace(value=(1_700_000_001).to_bytes(8) + made.value[8:])
    assert code_of(verified, Note(TEXT, (moved,)), [witness.key], verify) == "bad_signature"
    plain = Signer("finance.example", bytes(32))
    assert code_of(verified, Note(TEXT, (made,)), [plain.key], verify) == "unknown_signer"


MALFORMED = {
    "empty": "",
    "no signatures": TEXT,
    "no signature lines": f"{TEXT}\n",
    "no last newline": BY_PETER[:-1],
    "control character": f"\x01{BY_PETER}",
    "carriage returns": BY_PETER.replace("\n", "\r\n"),
    "tab": BY_PETER.replace(" ", "\t"),
    "not UTF-8": b"\xff" + BY_PETER.encode(),
    "lone surrogate": f"\ud800{BY_PETER}",
    "name with a space": BY_PETER.replace("— PeterNeumann", "— Peter Neumann"),
    "name with a plus": BY_PETER.replace("— PeterNeumann", "— Peter+Neumann"),
    "no name": BY_PETER.replace("— PeterNeumann", "— "),
    "hyphen for the dash": BY_PETER.replace("—", "-"),
    "trailing line": f"{BY_PETER}Unexpected line.\n",
    "trailing empty line": f"{BY_PETER}\n",
    "trailing bytes": f"{BY_PETER}x",
    "base64 with another end": BY_PETER.replace("JnAM=", "JnAN="),
    "base64 unpadded": BY_PETER.replace("JnAM=", "JnAM"),
    "base64 padded twice": BY_PETER.replace("JnAM=", "JnAM=="),
    "signature of nothing": f"{TEXT}\n— PeterNeumann x08gow==\n",
    "only signatures": f"\n\n{PETERS}",
    "too many signatures": BY_PETER + PETERS * 64,
    "too long": "x" * 1_000_000 + "\n" + BY_PETER,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_refused(data):
    assert code_of(parse, data) == "malformed_note"


def test_signatures_are_accepted_up_to_what_the_specification_asks():
    assert len(parse(BY_PETER + ENOCHS * 15).signatures) == 16


PETER = parse_vkey(VKEY)
DISTRUSTED = {
    "nobody is trusted": (BY_PETER, [], "unknown_signer"),
    "another is trusted": (BY_PETER, [parse_vkey(ENOCH)], "unknown_signer"),
    "same name, other key": (BY_PETER, [Key("PeterNeumann", bytes(32))], "unknown_signer"),
    "same key, other name": (BY_PETER, [Key("PaulNeumann", PETER.public)], "unknown_signer"),
    "signed twice": (BY_PETER + PETERS, [PETER], "duplicate_signature"),
    "wrong key id": (BY_PETER.replace("x08go/", "x08gp/"), [PETER], "unknown_signer"),
    "signature too long": (
        str(Note(TEXT, (parse(BY_PETER).signatures[0]._replace(value=bytes(65)),))),
        [PETER],
        "bad_signature",
    ),
    "one of two wrong": (
        BY_PETER + ENOCHS.replace("5n2tiO", "5n2tiP"),
        [PETER, parse_vkey(ENOCH)],
        "bad_signature",
    ),
}


@pytest.mark.parametrize(("data", "keys", "code"), DISTRUSTED.values(), ids=DISTRUSTED)
def test_what_is_not_signed_by_whom_we_trust_is_refused(data, keys, code):
    assert code_of(verified, parse(data), keys, verify) == code


def test_every_changed_or_cut_vkey_is_refused():
    """As Go's `TestNewVerifier`: no part of a vkey is a vkey, and no byte may be another."""
    for start in range(len(VKEY) + 1):
        for end in range(start + 1, len(VKEY) + 1):
            if (start, end) != (0, len(VKEY)):
                assert code_of(parse_vkey, VKEY[start:end])
    for place, sign in enumerate(VKEY):
        assert code_of(parse_vkey, VKEY[:place] + chr(ord(sign) + 1) + VKEY[place + 1 :])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", "malformed_key"),
        ("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "key_of_another_kind"),
        (VKEY.replace("c74f20a3", "C74F20A3"), "malformed_key"),
        (VKEY.replace("c74f20a3", "c74f20a4"), "wrong_key_id"),
        (SKEY, "malformed_key"),
        ("", "malformed_key"),
    ],
)
def test_a_vkey_of_another_kind_is_refused(text, code):
    assert code_of(parse_vkey, text) == code


def test_a_private_key_does_not_show_itself():
    signer = Signer("a", bytes(range(32)))
    assert "AAECAw" not in repr(parse_skey(signer.skey)) + repr(signer)
    assert signer.skey.startswith("PRIVATE+KEY+a+")


def test_a_signature_line_is_written_as_it_is_read():
    signature = Signature("a", b"\x00\x01\x02\x03", b"\xff")
    assert signature.line() == "— a AAECA/8=\n"
    assert parse(f"b\n\n{signature.line()}").signatures == (signature,)
