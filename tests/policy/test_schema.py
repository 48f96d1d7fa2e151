"""The JSON Schema of a policy file agrees with the reader."""

import json
import tomllib
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from empower.policy import case_document
from empower.policy.document import SECTIONS, Document, Section
from empower.policy.pages import BASE, EXAMPLES
from empower.policy.schema import schema

HERE = Path(__file__).parent


def plain(data: Any) -> Any:
    """What TOML holds, as JSON has it."""
    return json.loads(json.dumps(data, default=lambda value: value.isoformat() if isinstance(value, time) else value))


def errors(path: Path) -> list[str]:
    data = plain(tomllib.loads(path.read_text(encoding="utf-8")))
    return [error.message for error in Draft202012Validator(schema()).iter_errors(data)]


def test_it_is_a_schema() -> None:
    made = schema()
    Draft202012Validator.check_schema(made)
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "null" not in json.dumps(made)


def test_a_good_file_is_valid() -> None:
    assert errors(BASE) == []


@pytest.mark.parametrize(
    "example",
    [
        "unknown-key",
        "wrong-type",
        "bad-name",
        "bad-location",
        "blank-text",
        "empty-list",
        "negative-amount",
        "bad-share",
        "bad-count",
        "bad-duration",
        "unknown-scope",
        "unknown-window",
        "unknown-weekday",
        "unknown-dimension",
        "unknown-beyond",
        "unknown-then",
        "unknown-requirement",
    ],
)
def test_an_editor_sees_what_is_wrong_in_one_file(example: str) -> None:
    assert errors(EXAMPLES / f"{example}.toml")


def test_false_and_single_words_are_valid(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(
        '[policy]\nid = "shop"\n[limits]\nmonth = false\nday = { per = "check", percent_of_check = 12.5 }\n'
    )
    assert errors(path) == []


def test_every_key_is_described() -> None:
    bare = [
        f"{section.__name__}.{key}"
        for section in set(SECTIONS.values())
        for key, field in section.model_fields.items()
        if section is not SECTIONS[()] and not field.description
    ]
    assert bare == []


def test_every_section_has_its_place() -> None:
    assert set(SECTIONS.values()) == {one for one in Section.__subclasses__() if one.__module__ == Document.__module__}
    assert set(case_document.SECTIONS.values()) | set(SECTIONS.values()) == set(Section.__subclasses__())
