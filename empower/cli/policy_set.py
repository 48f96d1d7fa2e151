"""`empower policy set`: one value changed in its file, after everything was tried with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from empower.cli.options import format_option, go_on, policies_option, setting
from empower.cli.output import as_json

if TYPE_CHECKING:
    from empower.policy.changing import Change


@click.command("set")
@policies_option
@format_option(["table", "json"])
@click.option("--why", required=True, metavar="TEXT", help="Handed on to `policy publish`, which records it.")
@click.option("--dry-run", is_flag=True, help="Show the change of the file, and leave it as it is.")
@click.option(
    "--despite-cases", is_flag=True, help="Make the edit even if cases then fail; it cannot be published yet."
)
@click.argument("policy")
@click.argument("address")
@click.argument("value")
def set_value(
    policy: str, address: str, value: str, why: str, form: str, *, dry_run: bool, despite_cases: bool
) -> None:
    r"""Set the value at ADDRESS in the file of a policy: one line changes, and comments stay.

    \b
    empower policy set bistro roles.server.limits.day.amount 90.00 --why "holiday week"
    empower policy set bistro roles.server.remedies "apology, remake" --why "no money in the first month"

    An inherited value is written into this policy, over what it inherits. An edit with which the policies would have a
    problem, or a case would fail, is refused: exit 5.
    """
    from empower.core.errors import InputError
    from empower.policy.changing import change, write

    if not why.strip():
        raise InputError("--why is empty: say why this is changed")
    made = change(Path(setting("policies")), policy, address, value, despite_cases=despite_cases)
    if not dry_run:
        write(made)
    publish = go_on("policy", "publish", "--why", _quoted(why))
    if form == "json":
        click.echo(as_json(_record(made, why, written=not dry_run and made.edit.is_change)))
    elif not made.edit.is_change:
        click.echo(f"{address} is {made.edit.after} already: nothing is changed")
    elif dry_run:
        click.echo(made.diff)
        _tell_consequences(made)
    else:
        _tell(made)
        click.echo(f"put it in force, and on record, with\n  {publish}")


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)


def _record(made: "Change", why: str, *, written: bool) -> dict[str, Any]:
    edit = made.edit
    return {
        "policy": edit.policy,
        "address": edit.address,
        "before": edit.before,
        "after": edit.after,
        "file": edit.source.name,
        "line": edit.line,
        "inherited": edit.inherited,
        "written": written,
        "why": why,
        "policies": list(made.policies),
        "warnings": [str(one) for one in made.warnings],
        "failing": list(made.failing),
        "diff": made.diff,
    }


def _tell(made: "Change") -> None:
    edit = made.edit
    before = "nothing" if edit.before is None else edit.before
    click.echo(f"{click.style(edit.address, bold=True)}: {before} → {click.style(edit.after, bold=True)}")
    click.echo(f"written in {edit.source.name}:{edit.line}")
    _tell_consequences(made)


def _tell_consequences(made: "Change") -> None:
    edit = made.edit
    if edit.inherited is not None:
        click.echo(f"it was inherited from {edit.inherited}, which stays as it is for all others")
    elsewhere = [one for one in made.policies if one != edit.policy]
    if elsewhere:
        click.echo(
            f"this changes {', '.join(elsewhere)}, too"
            if len(made.policies) > len(elsewhere)
            else f"this changes {', '.join(elsewhere)}, which start from it"
        )
    for warning in made.warnings:
        click.secho(f"warning: {warning}", fg="yellow")
    for case in made.failing:
        click.secho(f"fails: {case}", fg="red")
