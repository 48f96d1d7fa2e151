"""`empower policy test`: the cases beside the policies, run as a test runner runs tests."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from empower.cli.errors import BROKEN
from empower.cli.options import format_option, policies_option, setting
from empower.cli.output import as_json, console

if TYPE_CHECKING:
    from empower.policy import Problem
    from empower.policy.case_reading import CasesRead
    from empower.policy.cases import Result
    from empower.policy.coverage import Coverage

UNTRIED_SHOWN = 12


@click.command()
@policies_option
@format_option(["table", "json"])
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Also write JUnit XML.")
@click.option("--fail-under", type=click.IntRange(0, 100), help="Fail below this percentage of coverage.")
@click.option("--untried", is_flag=True, help="List every rule and boundary that no case has tried.")
@click.argument("what", nargs=-1, metavar="[DIR] [ID]...")
@click.pass_context
def test(
    ctx: click.Context,
    what: tuple[str, ...],
    form: str,
    junit: Path | None,
    fail_under: int | None,
    *,
    untried: bool,
) -> None:
    """Decide the cases of `*.cases.toml` and hold each answer against what it should be.

    DIR is the folder of policies, in place of --policies; IDs choose policies. Exit 5 where a case fails, a file does
    not hold, or coverage is below --fail-under.
    """
    from empower.policy.case_reading import read_cases
    from empower.policy.case_runs import covered as covered_by
    from empower.policy.coverage import percent

    folder, ids = _chosen(what)
    found = read_cases(folder, ids)
    _check_ids(found, ids)
    if found.problems:
        _tell_problems(found, form)
        _write_junit(junit, (), found.problems)
        ctx.exit(BROKEN)
    if not found.cases:
        click.echo(f"no cases in `{folder}`: write `NAME.cases.toml` beside a policy; see docs/cases.md", err=True)
        ctx.exit(BROKEN if fail_under else 0)
    results = _run(found, form)
    covered = covered_by(found.reading, results)
    if form == "table":
        _close(results, covered, untried=untried)
    else:
        _as_json(results, covered)
    _write_junit(junit, results, ())
    share = percent(covered)
    if fail_under is not None and share < fail_under:
        click.secho(f"coverage is {share} %, below {fail_under} %", fg="red", err=True)
    if any(item.differences for item in results) or (fail_under is not None and share < fail_under):
        ctx.exit(BROKEN)


def _write_junit(path: Path | None, results: "Sequence[Result]", problems: "Sequence[Problem]") -> None:
    from empower.cli.junit import junit_xml
    from empower.core.errors import EmpowerError

    if path is None:
        return
    try:
        path.write_bytes(junit_xml(results, problems))
    except OSError as error:
        raise EmpowerError(f"cannot write `{path}`: {(error.strerror or 'the system refused').lower()}") from None


def _chosen(what: Sequence[str]) -> tuple[Path, tuple[str, ...]]:
    """The folder, which may stand first, and the ids."""
    if what and Path(what[0]).is_dir():
        return Path(what[0]), tuple(what[1:])
    return Path(setting("policies")), tuple(what)


def _check_ids(found: "CasesRead", ids: Sequence[str]) -> None:
    from empower.core.errors import InputError
    from empower.policy.problems import nearest, quote

    known = tuple(found.reading.ids)
    for one in ids:
        if one not in known and known:
            near = nearest(one, known)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{name}`' for name in known)}"
            raise InputError(f"unknown policy {quote(one)}; {hint}")


def _tell_problems(found: "CasesRead", form: str) -> None:
    from empower.cli.policy_check import as_record, print_problem

    for problem in found.problems:
        if form == "json":
            click.echo(as_json(as_record(problem)))
        else:
            print_problem(problem)
    count = "a problem" if len(found.problems) == 1 else f"{len(found.problems)} problems"
    click.secho(f"{count}, so no case was run", fg="red", err=form == "json")


def _run(found: "CasesRead", form: str) -> "list[Result]":
    """Each file's cases as dots, a failure as F."""
    from itertools import groupby

    from empower.policy.cases import run

    results: list[Result] = []
    for file, cases in groupby(found.cases, lambda case: case.file):
        if form == "table":
            click.echo(f"{file} ", nl=False)
        for case in cases:
            result = run(case)
            results.append(result)
            if form == "table":
                click.secho("F" if result.differences else ".", fg="red" if result.differences else "green", nl=False)
        if form == "table":
            click.echo()
    return results


def _close(results: "list[Result]", covered: "Sequence[Coverage]", *, untried: bool) -> None:
    from rich.table import Table

    for result in results:
        if result.differences:
            _tell_failure(result)
    rows = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in ("coverage", "rules", "boundaries", "together"):
        rows.add_column(name, justify="left" if name == "coverage" else "right")
    for one in covered:
        tried, every = one.counts
        rules, boundaries = len(one.rules), len(one.boundaries)
        rows.add_row(
            one.policy,
            f"{rules - len(one.untried_rules)}/{rules}",
            f"{boundaries - len(one.untried_boundaries)}/{boundaries}",
            f"{100 * tried // max(every, 1)} %",
        )
    click.echo()
    console().print(rows)
    for one in covered:
        _tell_untried(one, most=None if untried else 0)
    failed = sum(1 for item in results if item.differences)
    word = f"{failed} failed, {len(results) - failed} passed" if failed else f"{len(results)} passed"
    click.secho(f"\n{word}", fg="red" if failed else "green", bold=True)


def _tell_failure(result: "Result") -> None:
    case = result.case
    click.echo()
    click.secho(f"{case.file}:{case.line}: {case.name}", fg="red", bold=True)
    for said in result.differences:
        for line in said.splitlines():
            click.echo(f"  {line}")


def _tell_untried(one: "Coverage", most: int | None) -> None:
    left = [*one.untried_rules, *one.untried_boundaries]
    if most is None:
        for name in left:
            click.echo(f"  {one.policy}: untried: {name}")


def _as_json(results: "list[Result]", covered: "Sequence[Coverage]") -> None:
    for item in results:
        value = {"file": item.case.file, "line": item.case.line, "case": item.case.name}
        click.echo(as_json(value | {"passed": not item.differences, "differences": list(item.differences)}))
    for one in covered:
        tried, every = one.counts
        untried = [*one.untried_rules, *one.untried_boundaries]
        click.echo(as_json({"policy": one.policy, "tried": tried, "of": every, "untried": untried}))
