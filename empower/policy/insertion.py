"""A TOML text with one value more, or another one: nothing else in it moves, comments least of all."""

from typing import Any, NamedTuple

from empower.policy.files import Text
from empower.policy.literals import key, written
from empower.policy.positions import Path


class Place(NamedTuple):
    """Where text goes in, in place of what is there."""

    begin: int
    end: int
    text: str


def replaced(source: Text, path: Path, literal: str) -> Place | None:
    """The value at `path` written anew; None where no pair of the file ends in it."""
    span = source.positions.span(path)
    return None if span is None else Place(*span, literal)


def inserted(source: Text, path: Path, value: Any) -> Place:
    """A new pair: in the inline table or under the header that is there for it, or else under a header of its own."""
    inline = _inline(source, path)
    if inline is not None:
        return inline_pair(source, inline, path, value)
    under = max((header for header, _ in source.positions.headers if _is_above(header, path)), key=len, default=None)
    if under is None:
        return _block(source, path, value)
    at = _behind(source, under)
    return Place(at, at, f"{_break(source, at)}{_dotted(path[len(under) :])} = {written(value)}\n")


def _is_above(header: Path, path: Path) -> bool:
    return len(header) < len(path) and path[: len(header)] == header


def _dotted(path: Path) -> str:
    return ".".join(key(str(part)) for part in path)


def _inline(source: Text, path: Path) -> Path | None:
    """The inline table that the pair belongs into, if there is one."""
    for length in range(len(path) - 1, 0, -1):
        span = source.positions.span(path[:length])
        if span is not None and source.text[span[0]] == "{":
            return path[:length]
    return None


def inline_pair(source: Text, table: Path, path: Path, value: Any) -> Place:
    """A pair at the end of an inline table."""
    _, end = source.positions.span(table) or (0, 0)
    pair = f"{_dotted(path[len(table) :])} = {written(value)}"
    inner = source.text[: end - 1].rstrip()
    is_empty = inner.endswith("{")
    space = source.text[len(inner) : end - 1] or ("" if not is_empty else " ")
    return Place(len(inner), end - 1, f"{' ' if is_empty else ', '}{pair}{space}")


def _behind(source: Text, header: Path) -> int:
    """The offset behind the last pair that stands under a header, before any blank lines and comments that follow."""
    places = source.positions
    begin = next(offset for path, offset in places.headers if path == header)
    until = min((offset for _, offset in places.headers if offset > begin), default=len(source.text))
    ends = [span[1] for path in places if (span := places.span(path)) and begin < span[1] <= until]
    line_end = source.text.find("\n", max([begin, *ends]))
    return len(source.text) if line_end < 0 else line_end + 1


def _block(source: Text, path: Path, value: Any) -> Place:
    """A header with its pairs: behind the last one of the same kind, or at the end."""
    kin = [header for header, _ in source.positions.headers if header[0] == path[0]]
    at = _behind(source, kin[-1]) if kin else len(source.text)
    head, pairs = (path, value) if isinstance(value, dict) else (path[:-1], {str(path[-1]): value})
    if path[0] == "roles" and len(head) > _ROLE:
        head, pairs = path[:_ROLE], {".".join(key(str(part)) for part in path[_ROLE:]): value}
        lines = [f"{name} = {written(item)}" for name, item in pairs.items()]
    else:
        lines = [f"{key(name)} = {written(item)}" for name, item in pairs.items()]
    return Place(at, at, _break(source, at) + "\n" + "\n".join([f"[{_dotted(head)}]", *lines]) + "\n")


_ROLE = 2
"""How many parts the address of a role has."""


def _break(source: Text, at: int) -> str:
    """A line's end, where the last line of the file has none."""
    return "\n" if at and source.text[at - 1] != "\n" else ""


def applied(source: Text, place: Place) -> str:
    """The text with the place in it."""
    return source.text[: place.begin] + place.text + source.text[place.end :]
