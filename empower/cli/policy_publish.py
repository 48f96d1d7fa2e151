"""`empower policy publish`, `confirm`, `rollback`, `log` and `show --at`: what is in force, from when and by whom."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from empower.cli.errors import ESCALATED
from empower.cli.options import engine_options, format_option, go_on, opened, setting, store_option, who
from empower.cli.output import Column, as_json, plain_table
from empower.cli.output import show as show_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from empower.engine import Engine
    from empower.engine.publication_views import AtView, PublicationView, TurnView
    from empower.engine.publishing_checks import Candidate

directory_argument = click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
why_needed = click.option("--why", required=True, metavar="TEXT", help="For the books: why this is done.")
key_option = click.option(
    "--key", envvar="EMPOWER_KEY", show_envvar=True, help="Your admin key: who you are, in place of your login."
)


def candidate_of(directory: Path) -> "Candidate":
    """The set of a folder; raises `PolicyProblemsError` with all its problems."""
    from empower.engine.publishing_checks import Candidate
    from empower.policy import PolicyProblemsError, read

    reading = read(directory)
    if reading.problems:
        raise PolicyProblemsError(reading.problems)
    return Candidate(reading.policies, reading.two_people_for)


def author(engine: "Engine", key: str | None) -> str:
    """Who acts: the owner of an admin key, or who sits at the terminal; raises `ForbiddenError`."""
    from empower.core.errors import ForbiddenError

    if key is None:
        return who()
    caller = engine.authenticate(key)
    if caller is None or "admin" not in caller.scopes:
        raise ForbiddenError("the key is no admin's: make one with `empower key create --scope admin`")
    return f"key:{caller.id}"


@click.command()
@directory_argument
@why_needed
@click.option("--from", "starts", metavar="MOMENT", help="2026-12-24T04:00 on each location's clock; at once without.")
@key_option
@format_option
@engine_options
@click.pass_context
def publish(
    ctx: click.Context, directory: Path | None, why: str, starts: str | None, key: str | None, form: str
) -> None:
    """Put a set of policies in force, and say so in every book that it governs.

    DIR is the folder of policies, in place of --policies. It is checked, and its cases are run, first. From the first
    publication on what is published is in force, and the files are candidates. Exit 4 where another person must
    confirm it.
    """
    from empower.cli.policy_cases import run_cases

    folder = directory or Path(setting("policies"))
    candidate = candidate_of(folder)
    run_cases(folder)
    with opened() as engine:
        made = engine.publishing.publish(candidate, by=author(engine, key), why=why, starts=starts)
    _tell(ctx, made, form)


@click.command()
@click.argument("publication", metavar="ID", type=click.IntRange(1))
@key_option
@format_option
@engine_options
@click.pass_context
def confirm(ctx: click.Context, publication: int, key: str | None, form: str) -> None:
    """Say yes to a publication that waits for another person."""
    with opened() as engine:
        made = engine.publishing.confirm(publication, by=author(engine, key))
    _tell(ctx, made, form)


@click.command()
@click.argument("publication", metavar="[ID]", required=False, type=click.IntRange(1))
@why_needed
@key_option
@format_option
@engine_options
@click.pass_context
def rollback(ctx: click.Context, publication: int | None, why: str, key: str | None, form: str) -> None:
    """Publish an earlier set again, at once; what was still to come is taken back.

    Without ID: the set before the newest, or the one in force where the newest is yet to come.
    """
    with opened() as engine:
        made = engine.publishing.rollback(publication, by=author(engine, key), why=why)
    _tell(ctx, made, form)


def _tell(ctx: click.Context, made: "PublicationView", form: str) -> None:
    if form == "json":
        click.echo(as_json(made))
    elif made.state == "waiting":
        click.echo(f"publication {made.id} is looser, and waits for another person:")
        for item in made.waits_for:
            click.echo(f"  {item}")
        click.echo(f"they confirm it with {go_on('policy', 'confirm', str(made.id))}")
    else:
        back = "" if made.back_to is None else f", the set of publication {made.back_to} again"
        click.echo(f"publication {made.id}{back}: {made.state}")
        show_rows(
            made.locations, form, TURNS, table=lambda: _turns(made.locations), empty="it governs no open location"
        )
    if made.state == "waiting":
        ctx.exit(ESCALATED)


TURNS = (
    Column("location", lambda row: row.location),
    Column("policy", lambda row: row.policy),
    Column("effective", lambda row: row.effective),
    Column("digest", lambda row: row.digest),
)
LOG = (
    Column("id", lambda row: row.id),
    Column("state", lambda row: row.state),
    Column("at", lambda row: row.at),
    Column("starts", lambda row: row.starts),
    Column("by", lambda row: row.by),
    Column("why", lambda row: row.why),
    Column("confirmed_by", lambda row: row.confirmed_by),
    Column("back_to", lambda row: row.back_to),
    Column("policies", lambda row: " ".join(row.policies)),
    Column("digest", lambda row: row.digest),
)


def _turns(found: "Sequence[TurnView]") -> "RenderableType":
    columns = (
        Column("location", lambda row: row.location),
        Column("policy", lambda row: row.policy),
        Column("in force from", lambda row: minute(row.effective)),
        Column("digest", lambda row: brief(row.digest)),
    )
    return plain_table(found, columns)


def minute(moment: str | None) -> str:
    """A moment in UTC, or a time on a wall clock, to the minute: `2026-12-24 04:00`; UTC has a `Z`."""
    if moment is None:
        return ""
    return moment[: len("2026-12-24T04:00")].replace("T", " ") + ("Z" if moment.endswith("Z") else "")


def brief(digest: str) -> str:
    """Enough of a digest to tell it by."""
    return digest.removeprefix("sha256:")[:8]


@click.command()
@format_option
@engine_options
def log(form: str) -> None:
    """Every publication: who, when, why and from when; the newest first."""
    with opened() as engine:
        found = engine.publishing.log()
    show_rows(found, form, LOG, table=lambda: _log(found), empty="nothing is published: the files are in force")


def _log(found: "Sequence[PublicationView]") -> "RenderableType":
    """Two lines a publication, so that it fits a terminal: from when beside at, who confirmed beside who asked."""
    from empower.cli.output import new_table, text

    table = new_table()
    for name in ("id", "state", "at, and from", "by"):
        table.add_column(name, no_wrap=name != "by", overflow="fold")
    table.add_column("why", overflow="fold", ratio=1)
    table.add_column("set", no_wrap=True)
    for row in found:
        said = [row.why, *(row.waits_for if row.state == "waiting" else ())]
        if row.back_to is not None:
            said.append(f"the set of {row.back_to} again")
        table.add_row(
            text(row.id),
            text(row.state),
            text("\n".join([minute(row.at), *([minute(row.starts)] if row.starts else ())])),
            text("\n".join([row.by, *([row.confirmed_by] if row.confirmed_by else ())])),
            text("\n".join(said)),
            text(brief(row.digest)),
        )
    return table


AT = (
    Column("location", lambda row: row.location),
    Column("policy", lambda row: row.policy),
    Column("since", lambda row: row.effective),
    Column("publication", lambda row: row.publication),
    Column("by", lambda row: row.by),
    Column("why", lambda row: row.why),
    Column("digest", lambda row: row.digest),
)


def show_at(when: str, what: tuple[str, ...], form: str) -> None:
    """Tell which policy was, is or will be in force at a moment, everywhere or at the locations that are named."""
    with opened() as engine:
        found = [row for place in what or (None,) for row in engine.publishing.at(when, place)]
    show_rows(found, form, AT, table=lambda: _at(found))


def _at(found: "Sequence[AtView]") -> "RenderableType":
    from empower.cli.output import new_table, text

    table = new_table()
    for name in ("location", "policy", "since", "by"):
        table.add_column(name, no_wrap=True)
    table.add_column("why", overflow="fold", ratio=1)
    table.add_column("digest", no_wrap=True)
    for row in found:
        since = (
            "from the files" if row.publication is None else f"{minute(row.effective)}\npublication {row.publication}"
        )
        cells = (f"{row.location}", row.policy, since, row.by, row.why, brief(row.digest))
        table.add_row(*(text(cell) for cell in cells))
    return table


def with_at(command: click.Command) -> None:
    """Give `policy show` its `--at`: then the names that follow are locations, and a store is looked into."""
    inner = command.callback

    def either(**values: Any) -> Any:
        at = values.pop("at")
        if at is not None:
            return show_at(at, values["what"], values["form"])
        return inner(**values) if inner else None

    command.callback = either
    option = click.Option(["--at"], metavar="MOMENT", help="Which policy was, is or will be in force, from the store.")
    command.params.append(option)
    store_option(command)


def add_to(group: click.Group) -> None:
    """Take the commands that need a store into `empower policy`."""
    from empower.cli.lazy import Lazy

    for command in (publish, confirm, rollback, log):
        group.add_command(command)
    for name, (target, text) in LATER.items():
        group.add_command(Lazy(name, target, text))
    with_at(group.commands["show"])


LATER = {
    "backtest": ("empower.cli.policy_backtest:backtest", "What a candidate would have answered to history."),
    "what-if": ("empower.cli.policy_backtest:what_if", "How often each limit was hit, and what would have sufficed."),
    "shadow": ("empower.cli.policy_shadow:shadow", "Watch a candidate beside what is in force."),
}
