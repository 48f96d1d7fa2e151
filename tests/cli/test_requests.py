"""Reading JSON requests: one object or one a line, and what is wrong with them."""

import io
import os
import threading

import pytest

from empower.cli.requests import LONGEST, from_json
from empower.core.errors import InputError


def read(text: bytes) -> list[tuple[int | None, object]]:
    """Line and request, or line and what was said of it."""
    items = from_json(io.BytesIO(text))
    return [(item.line, str(item.request) if isinstance(item.request, InputError) else item.request) for item in items]


EXPECTING = "not JSON: expecting property name enclosed in double quotes"
CASES = {
    "one object": (b'{"a": 1}', [(1, {"a": 1})]),
    "over several lines": (b'{\n  "a": {\n    "b": 1}\n}\n', [(None, {"a": {"b": 1}})]),
    "one a line": (b'{"a": 1}\n{"b": 2}\n', [(1, {"a": 1}), (2, {"b": 2})]),
    "blank lines count but say nothing": (b'\n{"a": 1}\n\n{"b": 2}', [(2, {"a": 1}), (4, {"b": 2})]),
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}\n', [(1, {"a": 1})]),
    "a broken line among good ones": (
        b'{"a": 1}\n{bad}\n{"b": 2}\n',
        [(1, {"a": 1}), (2, f"{EXPECTING} at line 1, column 2"), (3, {"b": 2})],
    ),
    "a first line cut off, then good ones": (
        b'{"a":\n{"location": "x"}\n{"b": 2}\n',
        [(1, "not JSON: expecting value at line 2, column 1"), (2, {"location": "x"}), (3, {"b": 2})],
    ),
    "an object with a slip": (b'{\n\n  "a": 1,\n}\n', [(None, f"{EXPECTING} at line 4, column 1")]),
    "nothing": (b" \n", [(None, "there is no request: the input is empty")]),
    "a list": (b"[1]", [(1, "a request is a JSON object; write several of them one a line")]),
    "a string": (b'"x"', [(1, "a request is a JSON object; write several of them one a line")]),
    "not UTF-8": (b'"\xff"', [(1, "the request is not UTF-8")]),
    "deep nesting": (b'{"a":' * 100_000 + b"}", [(1, "the request is nested too deeply")]),
    "a number without end": (b'{"a": 1' + b"0" * 5000 + b"}", [(1, "a number has more digits than can be meant")]),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_json_requests_are_read_each_by_itself(text: bytes, expected: list[tuple[int | None, object]]) -> None:
    assert read(text) == expected


def test_a_line_that_is_too_long_does_not_take_the_next_one_with_it() -> None:
    long = b'{"a": "' + b"x" * (3 * LONGEST) + b'"}\n'
    assert read(long + b'{"b": 2}\n') == [(1, "the request is larger than 1024 KiB"), (2, {"b": 2})]


def test_a_line_is_read_before_the_next_one_is_written() -> None:
    """A till may keep the pipe open and wait for each answer."""
    outgoing, incoming = os.pipe()
    with os.fdopen(outgoing, "rb") as stream, os.fdopen(incoming, "wb", buffering=0) as till:
        items = from_json(stream)
        answers = []

        def answer() -> None:
            answers.append(next(items))

        for text in (b'{"a": 1}\n', b'{"b": 2}\n'):
            till.write(text)
            reader = threading.Thread(target=answer, daemon=True)
            reader.start()
            reader.join(timeout=10)
        assert [item.request for item in answers] == [{"a": 1}, {"b": 2}]
