"""A leaf is the canonical JSON of an entry: of a number, nothing but an integer."""

from hashlib import sha256

import pytest

from empower.ledger.findings import BookReport
from empower.ledger.lines import Chain


def walked(value: str) -> list[str]:
    """What is found of a book whose one entry has `value`, as it stands in its JSON."""
    at = "2026-11-23T19:42:11.000000Z"
    leaf = (
        f'{{"at":"{at}","body":{{"amount":{value},"to":["x",{value}]}},"by":"e8e-1","comp":null,"kind":"open",'
        '"location":"bar","seq":0,"v":1}'
    ).encode()
    report = BookReport("bar")
    lines = list(Chain(report).walk([(0, "open", at, None, leaf, sha256(b"\x00" + leaf).digest())]))
    assert len(lines) == (0 if report.findings else 1)
    return [f"{finding.check}: {finding.message}" for finding in report.findings]


@pytest.mark.parametrize(
    "number", ["1e16", "1.5", "1.0", "-0.0", "1.5e16", "1e-7", "-2.25e-300", "1E2", "1e+16", "0.1e1", "1" + "0" * 25]
)
def test_a_float_is_found_however_it_is_written(number: str) -> None:
    assert walked(number) == ["leaf: the leaf is not the canonical JSON of an entry"]


@pytest.mark.parametrize("value", ['"1e16"', '"1e16,"', '"[1.5]"', '":-0.0}"', "116", "-16", "9007199254740991"])
def test_a_text_that_reads_like_a_float_is_none(value: str) -> None:
    assert walked(value) == []
