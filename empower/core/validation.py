"""What pydantic finds wrong, as JSON pointers and sentences, with the nearest name for one that does not exist."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from empower.core.errors import FieldError, InputError, nearest

M = TypeVar("M", bound=BaseModel)

LONGEST_ECHO = 64
AS_MONEY, AS_MINOR = "(money)", "(minor units)"
"""Two ways to say an amount: pydantic names the one it tried, which is no place in the input."""
SENTENCES = {
    "missing": "is missing",
    "model_type": "should be an object",
    "dict_type": "should be an object",
    "list_type": "should be a list",
    "tuple_type": "should be a list",
    "timezone_aware": "needs its offset from UTC, such as `Z` or `-05:00`",
}
"""Instead of pydantic's, where those speak of Python."""


def validated(model: type[M], value: Any) -> M:
    """`value` as a `model`; raises `InputError` with everything that is wrong with it."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        errors = field_errors(found, _names(model))
        first = errors[0]
        raise InputError(f"{first.pointer or 'the input'}: {first.message}", errors=errors) from None


def field_errors(found: Iterable[Mapping[str, Any]], known: Collection[str], *, skip: int = 0) -> list[FieldError]:
    """The errors that pydantic found, in our shape; `skip` leaves out the first parts of each location."""
    return [_field_error(item["type"], item["loc"][skip:], item["msg"], known) for item in found]


def _field_error(kind: str, place: tuple[str | int, ...], message: str, known: Collection[str]) -> FieldError:
    pointer = "".join(f"/{escaped(part)}" for part in place if part not in (AS_MONEY, AS_MINOR))
    if kind != "extra_forbidden":
        said = SENTENCES.get(kind) or message.removeprefix("Value error, ")
        return FieldError(pointer, said[:1].lower() + said[1:])
    name = str(place[-1])
    near = nearest(name, known)
    hint = f"; did you mean `{near}`?" if near else ""
    return FieldError(pointer, f"there is no `{name[:LONGEST_ECHO]}`{hint}", near)


def escaped(part: str | int) -> str:
    """A name as a part of a JSON pointer (RFC 6901, section 3)."""
    return str(part)[:LONGEST_ECHO].replace("~", "~0").replace("/", "~1")


def _names(model: type[BaseModel]) -> set[str]:
    """The names of all fields in a model, those of what it holds included."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return {name for part in parts for name in part.get("properties", {})}
