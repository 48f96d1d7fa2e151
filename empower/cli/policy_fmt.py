"""`empower policy fmt`: files of policies and cases in one layout."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from empower.cli.errors import BROKEN, FAILURE
from empower.cli.options import format_option, policies_option, setting
from empower.cli.output import as_json

if TYPE_CHECKING:
    from empower.policy import Problem

State = Literal["as it was", "laid out", "to be laid out", "refused"]
WORDS = {"as it was": "as it should be", "laid out": "laid out", "to be laid out": "to be laid out"}


class _Done(NamedTuple):
    """What became of one file."""

    file: str
    state: State
    problem: "Problem | None" = None


@click.command()
@policies_option
@format_option(["table", "json"])
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if a file is not laid out.")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.pass_context
def fmt(ctx: click.Context, files: tuple[Path, ...], form: str, *, check: bool) -> None:
    """Lay out files of policies and cases: spaces, blank lines, columns of comments, and nothing that has a meaning.

    Without FILE: all of the folder. A FILE of `-` is read from stdin, and written to stdout. What is no TOML stays as
    it is: exit 5.
    """
    if files == (Path("-"),):
        _stream(ctx, check=check)
        return
    done = [_one(directory, name, check=check) for directory, name in _places(files)]
    for one in done:
        _tell(one, form)
    states = [one.state for one in done]
    counts = [f"{states.count(state)} {word}" for state, word in WORDS.items() if states.count(state)]  # type: ignore[arg-type]
    refused = states.count("refused")
    said = ", ".join([*counts, *([f"{refused} refused"] if refused else [])]) or "no files"
    click.secho(said, fg="red" if refused else None, err=form == "json")
    ctx.exit(BROKEN if refused else FAILURE if "to be laid out" in states else 0)


def _places(given: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """The folder and the name of each file; all of a folder that is given."""
    from empower.core.errors import InputError
    from empower.policy.files import case_names, names

    for path in given or [Path(setting("policies"))]:
        if given and not path.is_dir():
            yield path.parent, path.name
            continue
        try:
            yield from ((path, name) for name in sorted([*names(path), *case_names(path)]))
        except OSError as error:
            raise InputError(f"cannot list `{path}`: {(error.strerror or 'it is no folder').lower()}") from None


def _one(directory: Path, name: str, *, check: bool) -> _Done:
    from dataclasses import replace as changed

    from empower.policy import Problem
    from empower.policy.files import load_file
    from empower.policy.layout import laid_out
    from empower.policy.rewriting import original, replace

    shown = str(directory / name)
    text = load_file(directory, name)
    if isinstance(text, Problem):
        return _Done(shown, "refused", changed(text, file=shown))
    before = original(directory / name)
    after = laid_out(text.text).encode()
    if after == before.content:
        return _Done(shown, "as it was")
    if not check:
        replace(before, after)
    return _Done(shown, "to be laid out" if check else "laid out")


def _tell(one: _Done, form: str) -> None:
    from empower.cli.policy_check import as_record, print_problem

    if form == "json":
        problem = {"problem": as_record(one.problem)} if one.problem else {}
        click.echo(as_json({"file": one.file, "state": one.state.replace(" ", "_"), **problem}))
    elif one.problem:
        print_problem(one.problem)
    elif one.state != "as it was":
        click.echo(f"{one.file}: {one.state}")


def _stream(ctx: click.Context, *, check: bool) -> None:
    """Lay out what is piped in, as editors do; what is refused is said on stderr, and nothing is printed."""
    from empower.policy import Problem
    from empower.policy.files import from_bytes
    from empower.policy.layout import laid_out

    content = sys.stdin.buffer.read()
    text = from_bytes("-", content)
    if isinstance(text, Problem):
        click.echo(str(text), err=True)
        ctx.exit(BROKEN)
    after = laid_out(text.text).encode()
    if not check:
        sys.stdout.buffer.write(after)
    ctx.exit(FAILURE if check and after != content else 0)
