"""JSON Schema in a few words of HTML: what a value may be."""

from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

WORDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} long",
    "maxLength": "at most {} long",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "pattern": "matching {}",
    "format": "{}",
}
SIGNS = {"integer": "integer", "boolean": "true or false", "object": "object", "null": "null", "number": "number"}


class Field(NamedTuple):
    """A member of an object."""

    name: str
    is_required: bool
    kind: str
    """HTML."""
    description: str


def fields(schema: dict[str, Any]) -> Iterator[Field]:
    """The members of an object's schema."""
    required = schema.get("required", [])
    for name, value in schema.get("properties", {}).items():
        yield Field(name, name in required, type_of(value), value.get("description", ""))


def type_of(schema: dict[str, Any]) -> str:
    """What a value may be, in HTML: shapes are links."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"<a href=#shape-{name}>{name}</a>"
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(type_of(choice) for choice in choices)
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in values)
    return _plain(schema)


def _plain(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    bounds = "".join(f", {escape(words.format(schema[name]))}" for name, words in WORDS.items() if name in schema)
    if kind == "array":
        return f"list of {type_of(schema.get('items', {}))}{bounds}"
    if kind == "string":
        return f"text{bounds}"
    return f"{SIGNS.get(str(kind), 'anything')}{bounds}"
