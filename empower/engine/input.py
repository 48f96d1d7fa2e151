"""What comes from outside, held against the model of what it should be."""

from typing import Any, TypeVar

from pydantic import BaseModel

from empower.core import validation
from empower.core.canonical import is_text
from empower.core.errors import FieldError, InputError

M = TypeVar("M", bound=BaseModel)

LARGEST_PAGE = 500


def validated(model: type[M], value: M | dict[str, Any]) -> M:
    """`value` as a `model`; raises `InputError` with everything that is wrong with it."""
    if isinstance(value, model):
        return value
    refuse_surrogates(value)
    return validation.validated(model, value)


def refuse_surrogates(value: object, pointer: str = "") -> None:
    """Raise `InputError` for text that cannot be kept: half of a surrogate pair, or the character U+0000."""
    if isinstance(value, str):
        if not is_text(value):
            message = "is not text: it holds half of a surrogate pair, or the character U+0000"
            raise InputError(f"{pointer}: {message}", errors=[FieldError(pointer, message)])
    elif isinstance(value, dict):
        for name, item in value.items():
            refuse_surrogates(item, f"{pointer}/{name}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            refuse_surrogates(item, f"{pointer}/{index}")


def page(limit: int) -> int:
    """A page's size, if it can be one; raises `InputError`."""
    if not 1 <= limit <= LARGEST_PAGE:
        message = f"`{limit}` is no page size: take 1 to {LARGEST_PAGE}"
        raise InputError(message, errors=[FieldError("/limit", message)])
    return limit
