"""`empower policy shadow`: a candidate beside what is in force, and where they differ."""

from pathlib import Path

import click

from empower.cli.options import engine_options, format_option, go_on, opened, who
from empower.cli.output import as_json


@click.command()
@click.argument("what", metavar="CANDIDATE|report|stop")
@format_option
@engine_options
def shadow(what: str, form: str) -> None:
    """Watch CANDIDATE, a folder of policies, decide beside what is in force, without effect.

    A server takes it up within a second or two and counts at `/metrics` where the answers differ. `report` tells it
    in full, also after `stop`, which ends it. A folder of one of these names is written `./report`.
    """
    if what == "report":
        _report(form)
    elif what == "stop":
        with opened() as engine:
            click.echo(f"shadow {engine.publishing.end_shadow()} is ended")
    else:
        begin(Path(what))


def begin(folder: Path) -> None:
    """Watch the candidate in a folder from now on."""
    from empower.cli.policy_publish import candidate_of

    candidate = candidate_of(folder).policies
    with opened() as engine:
        number = engine.publishing.begin_shadow(candidate, folder, by=who())
    click.echo(f"shadow {number} is watched from now on: see {go_on('policy', 'shadow', 'report')}")


def _report(form: str) -> None:
    from empower.cli.policy_backtest import moneys, report, show
    from empower.engine.backtesting import Backtested

    with opened() as engine:
        found = engine.publishing.shadow_report()
        places = sorted(book.id for book in engine.locations())
        said = report(Backtested(found.flips, 0, found.errors, places, []), moneys(engine))
    said |= {
        "shadow": found.shadow.id,
        "since": found.shadow.at,
        "until": found.shadow.ended_at,
        "source": found.shadow.source,
        "by_whom": found.shadow.by,
    }
    said["assumes"] = "Each request by the counters as they were, not as the candidate would have left them."
    if form == "json":
        click.echo(as_json(said))
        return
    until = "" if found.shadow.ended_at is None else f" until {found.shadow.ended_at[:16]}"
    click.echo(f"shadow {found.shadow.id}, {found.shadow.source}, since {found.shadow.at[:16]}{until}")
    show(said)
