"""JSON Schema in a few words of HTML: what a value may be."""

from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

NO_CONTROLS = r"^[^\x00-\x1f\x7f]+$"
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


def without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The same value where null cannot be said, as in a query."""
    choices = [choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    return schema if not choices else {"anyOf": choices}


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
    if kind == "array":
        return f"list of {type_of(schema.get('items', {}))}{_range(schema, 'minItems', 'maxItems', '')}"
    if kind == "string":
        return "".join(["text", _range(schema, "minLength", "maxLength", " characters"), *_form(schema)])
    return f"{SIGNS.get(str(kind), 'anything')}{_range(schema, 'minimum', 'maximum', '')}"


def _range(schema: dict[str, Any], least: str, most: str, of: str) -> str:
    low, high = schema.get(least), schema.get(most)
    if high is None:
        return "" if low is None else f", {low}{of} or more"
    return f", at most {high}{of}" if low is None else f", {low} to {high}{of}"


def _form(schema: dict[str, Any]) -> Iterator[str]:
    if "format" in schema:
        yield f", {escape(schema['format'])}"
    pattern = schema.get("pattern")
    if pattern == NO_CONTROLS:
        yield ", no control characters"
    elif pattern:
        yield f", matching <code>{escape(pattern)}</code>"
