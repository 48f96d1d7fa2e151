"""Values as TOML writes them: of what a person typed, and of what stands in another file."""

import tomllib
from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from empower.core.errors import FieldError, InputError
from empower.policy import tokens
from empower.policy.document import section_at
from empower.policy.positions import Path, positions
from empower.policy.shape import fault_of

_ESCAPED = {'"': '\\"', "\\": "\\\\"}


def written(value: Any) -> str:
    """A value that `tomllib` made, with `Decimal` for numbers, as it is written on one line."""
    if isinstance(value, dict):
        pairs = [f"{key(name)} = {written(item)}" for name, item in value.items()]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if isinstance(value, list):
        return f"[{', '.join(written(item) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def key(name: str) -> str:
    """A key, quoted where it has to be."""
    return name if tokens.bare(name) else quoted(name)


def quoted(text: str) -> str:
    """A string on one line."""
    return f'"{"".join(map(_sign, text))}"'


def _sign(sign: str) -> str:
    return _ESCAPED.get(sign) or (sign if sign.isprintable() else f"\\U{ord(sign):08X}")


def typed(path: Path, text: str) -> tuple[str, Any]:
    """What a person typed for the key at `path`, as TOML and as the value that it is.

    Strings need no quotes, and a list no brackets. Raises `InputError` for what the key does not take.
    """
    said: list[str] = []
    for literal, value in _readings(text):
        faults = list(_faults(path, value))
        if not faults:
            return literal, value
        said.append(faults[0])
    raise InputError(said[0], errors=[FieldError("/value", said[0])])


def _readings(text: str) -> Iterator[tuple[str, Any]]:
    """What the text could mean: TOML as it stands, a list without its brackets, a string, a list of one."""
    plain = text.strip()
    toml = _toml(plain)
    if toml is not None:
        yield plain, toml
    items = [item.strip() for item in plain.split(",")]
    readings: list[Any] = [plain, [plain]]
    if len(items) > 1 and all(items):
        readings.insert(0, items)
    yield from ((written(value), value) for value in readings)


def _toml(text: str) -> Any:
    """The single value that the text is; None if it is none, or more than that."""
    line = f"x = {text}"
    try:
        value = tomllib.loads(line, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    is_whole = "\n" not in text and positions(line).span(("x",)) == (len("x = "), len(line))
    return value["x"] if is_whole and list(value) == ["x"] else None


def _faults(path: Path, value: Any) -> Iterator[str]:
    """What the section in which a key stands says against a value for it."""
    name, section = path[-1], section_at(path[:-1])
    if section is None:
        yield f"`{'.'.join(map(str, path))}` cannot be set"
        return
    try:
        section.model_validate({name: value})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["loc"][0] == name and detail["type"] != "missing":
                fault = fault_of({**detail, "loc": (*path[:-1], *detail["loc"])})
                near = f"; did you mean `{fault.near}`?" if fault.near else ""
                yield f"{fault.message}{near}"
