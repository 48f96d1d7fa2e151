"""What is wrong with JSON from a till: every problem at once, each with the path to it.

A path is written as in JavaScript (`order.line_items[2].total_money.amount`), which is what whoever connects a till
reads; `errors` carries the same places as JSON pointers (RFC 6901).
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from empower.core.errors import FieldError, InputError

LONGEST_QUOTE = 60

Path = tuple[str | int, ...]

EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "string_too_short": "a string that is not empty",
    "string_pattern_mismatch": "a currency code such as `USD`",
}
"""What a field needs, by pydantic's name for what is wrong with it; a field with a message of its own has it there."""


class Problem(NamedTuple):
    """One thing missing or mistyped."""

    path: Path
    message: str

    def __str__(self) -> str:
        """The path as JavaScript writes it, and the sentence."""
        return f"{dotted(self.path)}: {self.message}"


class TillError(InputError):
    """An order, or the proposal beside it, cannot be read; `problems` has all that is wrong with both."""

    code = "invalid_order"
    title = "the order cannot be read"

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Tell all of `problems`, in their order."""
        self.problems = tuple(problems)
        errors = [FieldError(pointer(problem.path), problem.message) for problem in self.problems]
        super().__init__("; ".join(str(problem) for problem in self.problems), errors=errors)


def dotted(path: Path) -> str:
    """`("order", "line_items", 2)` as `order.line_items[2]`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".")


def pointer(path: Path) -> str:
    """A path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def quoted(value: object) -> str:
    """What was sent, as JSON, in backticks, short and on one line; what is in a list or an object is left out."""
    if isinstance(value, list | dict) and value:
        return "`[…]`" if isinstance(value, list) else "`{…}`"
    return f"`{_short(json.dumps(value, default=str, ensure_ascii=False))}`"


def named(name: str | None) -> str:
    """An id in backticks, short and on one line."""
    return f"`{_short(json.dumps(name or '', ensure_ascii=False)[1:-1])}`"


def _short(text: str) -> str:
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def problems_of(error: ValidationError, root: str) -> list[Problem]:
    """What pydantic found, in the words of this package, below `root`."""
    return [Problem((root, *found["loc"]), _said(found)) for found in error.errors(include_url=False)]


def _said(found: ErrorDetails) -> str:
    if found["type"] == "missing":
        return "missing"
    if found["type"] == "extra_forbidden":
        return "unknown field; leave it out"
    return f"expected {_expected(found)}, got {quoted(found['input'])}"


def _expected(found: ErrorDetails) -> str:
    kind = found["type"]
    if kind == "int_type" and found["loc"][-1:] == ("amount",):
        return "an integer of minor units"
    if kind == "literal_error":
        return str(found["ctx"]["expected"]).replace("'", "`")
    return EXPECTED[kind].format(**found.get("ctx", {})) if kind in EXPECTED else found["msg"]
