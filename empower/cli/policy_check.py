"""`empower policy check | explain | schema`: whether the files hold, what a problem means, what may be written."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from empower.cli.errors import BROKEN
from empower.cli.options import FORMATS, format_option, policies_option, setting
from empower.cli.output import Column, as_csv, as_json

if TYPE_CHECKING:
    from empower.policy import Problem
    from empower.policy.pages import Page

SARIF = "sarif"
SHOWN = 3
"""Requests of a counterexample that people are shown."""


@click.command()
@policies_option
@format_option([*FORMATS, SARIF])
@click.option("--strict", is_flag=True, help="Take warnings for problems.")
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.pass_context
def check(ctx: click.Context, directory: Path | None, form: str, strict: bool) -> None:
    """Tell everything wrong with the policy files; exit 5 if anything keeps them out of force.

    What is merely odd is a warning. DIR is the folder of policies, in place of --policies.
    """
    from empower.policy import read

    folder = directory or Path(setting("policies"))
    reading = read(folder)
    found = sorted([*reading.problems, *reading.warnings], key=lambda one: (one.file, one.line, one.column))
    _print(found, form, folder)
    counts = [_many(len(reading.ids), "policy", "policies"), _many(len(reading.problems), "problem", "problems")]
    if reading.warnings:
        counts.append(_many(len(reading.warnings), "warning", "warnings"))
    is_bad = bool(reading.problems) or (strict and bool(reading.warnings))
    colour = "red" if is_bad else "yellow" if reading.warnings else "green"
    click.secho(", ".join(counts), fg=colour, err=form != "table")
    if is_bad:
        ctx.exit(BROKEN)


def _many(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


_COLUMNS = [
    Column(name, lambda row, name=name: getattr(row, name))  # type: ignore[misc]
    for name in ("file", "line", "column", "severity", "name", "message", "near")
]


def _print(problems: "Sequence[Problem]", form: str, folder: Path) -> None:
    if form == SARIF:
        from importlib.metadata import version

        from empower.policy.sarif import sarif

        click.echo(json.dumps(sarif(problems, folder, version("empower")), indent=2, ensure_ascii=False))
    elif form == "csv":
        click.echo(as_csv(problems, _COLUMNS), nl=False)
    for problem in problems:
        if form == "json":
            click.echo(as_json(as_record(problem)))
        elif form == "table":
            print_problem(problem)


def as_record(problem: "Problem") -> dict[str, Any]:
    """A problem for scripts."""
    fields = {key: getattr(problem, key) for key in problem.__dataclass_fields__}
    return {**fields, "severity": problem.severity}


def print_problem(problem: "Problem") -> None:
    """A problem for people, with its frame."""
    place, said = str(problem).split(": ", 1)
    word = click.style("warning: ", fg="yellow") if problem.severity == "warning" else ""
    click.echo(f"{click.style(place, bold=True)}: {word}{said} {click.style(f'[{problem.name}]', dim=True)}")
    for line in problem.frame.splitlines():
        click.secho(f"  {line}", fg="red" if line.lstrip(" |").startswith("^") else None)
    requests = (problem.example or "").splitlines()
    for request in requests[:SHOWN]:
        click.echo(f"  approved: {request}")
    if len(requests) > SHOWN:
        click.echo(f"  … and {len(requests) - SHOWN} more; see them with --format json")
    click.echo()


def _complete(_ctx: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    from empower.policy import ProblemName

    return [CompletionItem(name.value) for name in ProblemName if name.startswith(begun)]


@click.command()
@format_option(["table", "json"])
@click.argument("name", required=False, shell_complete=_complete)
def explain(name: str | None, form: str) -> None:
    """What a problem means, with an example, and how to mend it; without NAME, all of them in a line each."""
    from empower.policy import ProblemName
    from empower.policy.pages import page

    pages = [page(one) for one in ([_known(name)] if name else ProblemName)]
    if form == "json":
        for one in pages:
            click.echo(as_json(_page_record(one)))
    elif name:
        click.echo("\n".join(_page(pages[0])))
    else:
        for one in pages:
            click.echo(f"{click.style(f'{one.name:<26}', bold=True)}{one.means.split('. ')[0].rstrip('.')}.")


def _known(name: str) -> "Any":
    from empower.core.errors import InputError
    from empower.policy import ProblemName
    from empower.policy.problems import nearest, quote

    names = [one.value for one in ProblemName]
    if name not in names:
        near = nearest(name, names)
        hint = f"did you mean `{near}`?" if near else "see `empower policy explain` for all of them"
        raise InputError(f"unknown problem {quote(name)}; {hint}")
    return ProblemName(name)


def _page_record(one: "Page") -> dict[str, Any]:
    words = {"words": one.example.words} if one.example.words else {}
    example = {"files": one.example.files, "said": list(one.example.said), **words}
    return {"name": one.name, "severity": one.severity, "means": one.means, "example": example, "mend": one.mend}


def _page(one: "Page") -> Iterator[str]:
    from textwrap import wrap

    note = "a warning: it keeps no policy out of force" if one.severity == "warning" else "keeps policies out of force"
    yield f"{click.style(one.name, bold=True)}  ({note})"
    yield ""
    yield from wrap(one.means, 80)
    for file, text in one.example.files.items():
        yield f"\n{click.style(file, underline=True)}"
        yield from (f"    {line}".rstrip() for line in text.splitlines())
    yield ""
    yield from wrap(one.example.words, 80)
    for said in one.example.said:
        yield from wrap(f"→ {said}", 80, subsequent_indent="  ")
    yield ""
    yield from wrap(f"To mend it: {one.mend}", 80)


@click.command()
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    from empower.policy.schema import schema

    click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
