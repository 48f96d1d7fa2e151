"""Requests from flags, or from JSON on standard input or in a file: one object, or one a line."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from empower.core.errors import FieldError, InputError

if TYPE_CHECKING:
    from empower.engine import Engine

F = TypeVar("F", bound=Callable[..., Any])

LONGEST = 2**20
"""Bytes of a line, or of one object over several lines."""

_FLAGS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--location", "-l"), {"help": "Where."}),
    (("--employee", "-e"), {"help": "Who gives it."}),
    (("--remedy", "-r"), {"help": "What is offered, such as `dessert`."}),
    (("--reason", "-w"), {"help": "What went wrong, such as `wrong_order`."}),
    (("--amount", "-a"), {"help": "What it is worth, such as 12.50, in the location's currency."}),
    (("--check-id",), {"help": "The till's bill."}),
    (("--check-total",), {"help": "What the bill comes to."}),
    (("--check-state",), {"help": "Such as `open` or `closed`."}),
    (("--item-category",), {"multiple": True, "help": "Of a line that the remedy touches; may be repeated."}),
    (("--guest", "-g"), {"help": "The till's reference of the guest, such as `loyalty:778812`."}),
    (("--incident",), {"help": "The incident that it belongs to."}),
    (("--shift",), {"help": "The till's shift."}),
    (("--note",), {"help": "What happened."}),
    (("--photo",), {"help": "The till's reference of a photo."}),
    (("--accept-less",), {"is_flag": True, "help": "Take the largest amount that is allowed instead of a no."}),
    (("--occurred-at",), {"help": "When it happened, such as 2026-11-23T19:42:11-05:00."}),
)
_NEEDED = ("location", "employee", "remedy", "reason")
_SAME = ("location", "employee", "remedy", "reason", "guest", "incident", "shift", "note", "photo", "occurred_at")


Numbered = tuple[int, bytes]


class Read(NamedTuple):
    """A request as it was read, or what was wrong with it; `line` where it stands on one."""

    line: int | None
    request: dict[str, Any] | InputError


def request_options(command: F) -> F:
    """The flags of a request, and FILE for JSON; the command gets `file` and `flags`."""
    for names, settings in reversed(_FLAGS):
        command = click.option(*names, **settings)(command)
    return click.argument("file", type=click.File("rb"), required=False)(command)


def read(engine: "Engine", file: IO[bytes] | None, flags: dict[str, Any]) -> Iterator[Read]:
    """The requests that a command was given. Raises `click.UsageError` for flags that are not enough."""
    given = {name: value for name, value in flags.items() if value not in (None, (), False)}
    if given and file is not None:
        raise click.UsageError("give either flags or a file of JSON requests, not both")
    if not given:
        return from_json(file or _standard_input())
    missing = [f"--{name}" for name in _NEEDED if name not in given]
    if missing:
        raise click.UsageError(f"a request also needs {', '.join(missing)}")
    return iter([Read(None, from_flags(engine, given))])


def _standard_input() -> IO[bytes]:
    stream = sys.stdin.buffer
    if stream.isatty():
        raise click.UsageError(
            "say what it is about: --location, --employee, --remedy, --reason, --amount;"
            " or give a JSON request on standard input or in a file"
        )
    return stream


def from_flags(engine: "Engine", given: dict[str, Any]) -> dict[str, Any]:
    """The request that flags describe; amounts are in the location's currency."""
    from empower.cli.places import places

    currency = places(engine, given["location"])[given["location"]].currency
    request = {name: given[name] for name in _SAME if name in given}
    request["amount"] = _money(given.get("amount", "0"), currency, "/amount")
    if given.get("accept_less"):
        request["accept_less"] = True
    check = _check(given, currency)
    return request | ({"check": check} if check else {})


def _check(given: dict[str, Any], currency: str) -> dict[str, Any]:
    about = [name for name in ("check_total", "check_state", "item_category") if name in given]
    if "check_id" not in given:
        if about:
            raise click.UsageError(f"--{about[0].replace('_', '-')} needs --check-id")
        return {}
    check: dict[str, Any] = {"id": given["check_id"]}
    if "check_total" in given:
        check["total"] = _money(given["check_total"], currency, "/check/total")
    if "check_state" in given:
        check["state"] = given["check_state"]
    if "item_category" in given:
        check["items"] = [{"category": category} for category in given["item_category"]]
    return check


def _money(text: str, currency: str, pointer: str) -> dict[str, Any]:
    from empower.cli.amounts import minor_of

    return {"amount": minor_of(text, currency, pointer), "currency": currency}


def from_json(stream: IO[bytes]) -> Iterator[Read]:
    """One object over all of the stream, or one a line: a line is answered before the next one is awaited.

    It is one object over several lines if the first line opens one and does not close it.
    """
    numbered = enumerate(_lines(stream), 1)
    number, line = next(_filled(numbered), (0, b""))
    if not number:
        yield Read(None, _bad("there is no request: the input is empty"))
        return
    start = line.strip().removeprefix(b"\xef\xbb\xbf")
    if start.startswith(b"{") and not start.endswith(b"}") and len(line) <= LONGEST:
        yield from _over_lines(number, line, numbered)
        return
    yield Read(number, parse(start))
    yield from (Read(below, parse(text)) for below, text in _filled(numbered))


def _filled(numbered: Iterator[Numbered]) -> Iterator[Numbered]:
    return (item for item in numbered if item[1].strip())


def _over_lines(number: int, line: bytes, rest: Iterator[Numbered]) -> Iterator[Read]:
    """One object; or lines whose first is broken, if a later one is a request by itself."""
    held = [(number, line)]
    size = len(line)
    for below, text in rest:
        request = parse(text)
        if isinstance(request, dict) and "location" in request:
            yield from (Read(above, parse(broken)) for above, broken in _filled(iter(held)))
            yield Read(below, request)
            yield from (Read(further, parse(more)) for further, more in _filled(rest))
            return
        held.append((below, text))
        size += len(text)
        if size > LONGEST:
            break
    yield Read(None, parse(b"\n" * (held[0][0] - 1) + b"".join(text for _, text in held)))


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines of at most `LONGEST` bytes; of a longer one as much as shows that it is."""
    while line := stream.readline(LONGEST + 1):
        end = line
        while len(end) > LONGEST and not end.endswith(b"\n"):
            end = stream.readline(LONGEST + 1)
        yield line


def parse(text: bytes) -> dict[str, Any] | InputError:
    """The JSON object that stands in `text`, or what is wrong with it."""
    if len(text) > LONGEST:
        return _bad(f"the request is larger than {LONGEST // 1024} KiB")
    try:
        value = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return _bad(_why(error))
    if not isinstance(value, dict):
        return _bad("a request is a JSON object; write several of them one a line")
    return value


def _why(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        why = (error.msg[:1].lower() + error.msg[1:]).removesuffix(" at")
        return f"not JSON: {why} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return "the request is not UTF-8"
    if isinstance(error, RecursionError):
        return "the request is nested too deeply"
    return "a number has more digits than can be meant"


def _bad(message: str) -> InputError:
    return InputError(message, code="malformed_json", errors=[FieldError("", message)])
