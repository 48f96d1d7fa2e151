"""One place that turns an error into a message on stderr and an exit code."""

import json
from typing import TYPE_CHECKING, Any

import click

from empower.core.errors import EmpowerError, InputError, KeyReusedError, LedgerError, PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from empower.policy import Problem

DONE, FAILURE, USAGE, DENIED, ESCALATED, BROKEN = range(6)
"""Exit codes; they are an interface."""

_CODES: tuple[tuple[type[EmpowerError], int], ...] = (
    (InputError, USAGE),
    (KeyReusedError, USAGE),
    (PolicyError, BROKEN),
    (LedgerError, BROKEN),
)
_OUTCOMES = {"approve": DONE, "escalate": ESCALATED, "deny": DENIED}
_SEVERITY = (DONE, ESCALATED, DENIED, USAGE, FAILURE, BROKEN)


def explain(error: Exception, *, as_json: bool) -> int | None:
    """Say what went wrong on stderr; the exit code, or None for an error that is not ours to explain."""
    if isinstance(error, EmpowerError):
        say(error, as_json=as_json)
        return exit_code(error)
    if isinstance(error, click.UsageError) and as_json:
        click.echo(json.dumps(_usage(error), ensure_ascii=False), err=True)
        return USAGE
    return None


def say(error: EmpowerError, *, as_json: bool, line: int | None = None) -> None:
    """Print an error on stderr; `line` is that of the input that it is about."""
    if as_json:
        click.echo(json.dumps(problem(error, line), ensure_ascii=False), err=True)
        return
    place = f"line {line}: " if line is not None else ""
    click.echo(f"{click.style('error', fg='red', bold=True)}: {place}{printable(error.detail)}", err=True)
    for item in error.errors:
        click.echo(f"  {printable(item.pointer) or '/'}: {printable(item.message)}", err=True)
    for found in _policy_problems(error):
        click.echo(f"  {found}", err=True)
        if found.frame:
            click.echo("\n".join(f"    {row}" for row in found.frame.splitlines()), err=True)


def warn_of_policies(problems: "Sequence[Problem]") -> None:
    """Say on stderr that the policy files are not what is in force."""
    if not problems:
        return
    stale = f"the policy files have problems ({len(problems)}), so the last good policies stay in force"
    if click.get_current_context().meta.get("empower.format") == "json":
        click.echo(json.dumps({"warning": stale, "problems": [str(item) for item in problems]}), err=True)
        return
    click.echo(f"{click.style('warning', fg='yellow', bold=True)}: {stale}; see `empower policy check`", err=True)
    click.echo(f"  {problems[0]}", err=True)


def exit_code(error: EmpowerError) -> int:
    """The exit code of an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILURE)


def outcome_code(outcome: str) -> int:
    """The exit code of a decision's outcome."""
    return _OUTCOMES[outcome]


def worst(one: int, other: int) -> int:
    """The exit code that must not be overlooked."""
    return max(one, other, key=_SEVERITY.index)


def problem(error: EmpowerError, line: int | None = None) -> dict[str, Any]:
    """The error as RFC 9457 has it, as HTTP answers it; `line` is added where the input had lines."""
    value: dict[str, Any] = {
        **error.more,
        "type": f"urn:empower:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if error.errors:
        value["errors"] = [
            {"pointer": item.pointer, "message": item.message} | ({"near": item.near} if item.near else {})
            for item in error.errors
        ]
    problems = [str(found) for found in _policy_problems(error)]
    if problems:
        value["problems"] = problems
    if line is not None:
        value["line"] = line
    return value


def _policy_problems(error: EmpowerError) -> "Iterable[Problem]":
    return getattr(error, "problems", ()) if isinstance(error, PolicyError) else ()


def _usage(error: click.UsageError) -> dict[str, Any]:
    return {
        "type": "urn:empower:problem:usage",
        "title": "the command cannot be understood",
        "status": 400,
        "detail": error.format_message(),
        "code": "usage",
    }


def printable(text: str) -> str:
    """`text` with a replacement character for whatever a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text)
