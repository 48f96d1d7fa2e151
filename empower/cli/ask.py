"""`empower ask`: may I comp this? Decides, and writes nothing."""

from typing import IO, TYPE_CHECKING, Any

import click

from empower.cli.errors import exit_code, outcome_code, say, worst
from empower.cli.options import engine_options, format_option, opened
from empower.cli.output import Column, as_csv, as_json, console
from empower.cli.requests import Read, read, request_options
from empower.core.errors import EmpowerError

if TYPE_CHECKING:
    from empower.engine import Engine
    from empower.engine.views import DecisionView

_COLUMNS = (
    Column("line", lambda row: row[0]),
    Column("outcome", lambda row: row[1].outcome),
    Column("role", lambda row: row[1].role),
    Column("granted", lambda row: row[2]),
    Column("currency", lambda row: row[2].currency),
    Column("approvers", lambda row: " ".join(row[1].approvers)),
    Column("obligations", lambda row: " ".join(row[1].obligations)),
    Column("counter_offer", lambda row: row[3]),
    Column("policy", lambda row: row[1].policy),
)


@click.command()
@request_options
@format_option
@engine_options
@click.pass_context
def ask(ctx: click.Context, /, file: IO[bytes] | None, form: str, **flags: Any) -> None:
    """May I comp this? Answers in the policy's words; nothing is held or written.

    Give flags, or JSON requests in FILE (`-` is standard input): one object, or one a line. With JSON on several
    lines each is answered by itself, and the exit code is the worst of them.

    Exit codes: 0 approved, 4 escalated, 3 denied, 2 bad input.
    """
    code = 0
    with opened() as engine:
        for index, item in enumerate(read(engine, file, flags)):
            code = worst(code, _answer(engine, item, form, header=index == 0))
    ctx.exit(code)


def _answer(engine: "Engine", item: Read, form: str, *, header: bool) -> int:
    try:
        if isinstance(item.request, EmpowerError):
            raise item.request
        decision = engine.evaluate(item.request)
    except EmpowerError as error:
        say(error, as_json=form == "json", line=item.line)
        return exit_code(error)
    _print(decision, item, form, header=header)
    return outcome_code(decision.outcome)


def _print(decision: "DecisionView", item: Read, form: str, *, header: bool) -> None:
    from empower.cli.amounts import Cash
    from empower.cli.decisions import answer, offered

    request: Any = item.request
    currency = request["amount"]["currency"]
    if form == "json":
        line = {} if item.line is None else {"line": item.line}
        click.echo(as_json(line | decision.model_dump(mode="json")))
    elif form == "csv":
        offer = offered(decision.counter_offer, currency) if decision.outcome != "approve" else None
        row = (item.line, decision, Cash(decision.granted, currency), offer)
        click.echo(as_csv([row], _COLUMNS, header=header), nl=False)
    else:
        asked = Cash(request["amount"]["amount"], currency)
        console().print(answer(decision, asked, request["remedy"], line=item.line))
