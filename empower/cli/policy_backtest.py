"""`empower policy backtest` and `what-if`: what a candidate would have answered, and what caps would have sufficed."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from empower.cli.options import engine_options, format_option, opened
from empower.cli.output import as_json, console, new_table, text
from empower.cli.progress import progress_bar
from empower.core.errors import FieldError, InputError

if TYPE_CHECKING:
    from empower.engine import Engine
    from empower.engine.backtesting import Backtested

since_option = click.option("--since", metavar="WHEN", help="`90d`, or a day or moment: 2026-08-01. All of it without.")
location_option = click.option("--location", "-l", multiple=True, help="May be repeated; all if left out.")
DAYS = re.compile(r"(\d{1,5})d")


def since_of(words: str | None, now: datetime) -> datetime | None:
    """A moment, or so many days before `now`; raises `InputError`."""
    if words is None:
        return None
    found = DAYS.fullmatch(words)
    if found:
        return now - timedelta(days=int(found[1]))
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        message = f"`{words}` is neither a number of days (`90d`) nor a moment (`2026-08-01`)"
        raise InputError(message, errors=[FieldError("/since", message)]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


@click.command()
@click.argument("candidate", type=click.Path(path_type=Path))
@since_option
@location_option
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write the report as a page.")
@format_option
@engine_options
def backtest(candidate: Path, since: str | None, location: tuple[str, ...], html: Path | None, form: str) -> None:
    """Decide every request in the books again under CANDIDATE, a folder of policies.

    Windows and budgets are rebuilt as the candidate would have left them. What only the candidate approves is taken
    as captured in full.
    """
    from empower import clock
    from empower.cli.backtest_page import page
    from empower.cli.policy_publish import candidate_of

    policies = candidate_of(candidate).policies
    begin = since_of(since, clock.now())
    with opened() as engine, progress_bar("deciding again") as tell:
        found = engine.publishing.backtest(policies, since=begin, locations=list(location) or None, progress=tell)
        said = report(found, moneys(engine))
    if html is not None:
        html.write_text(page(said), encoding="utf-8")
    if form == "json":
        click.echo(as_json(said))
    else:
        show(said)
        if html is not None:
            click.echo(f"\nthe report is in {html}")


def moneys(engine: "Engine") -> dict[str, Any]:
    """How each currency is written, from the policies that the books know."""
    from empower.core.policy import Policy
    from empower.store.listing import policies as kept

    with engine.store.read() as unit:
        rules = [Policy.load(words).calendar for _, _, words in kept(unit)]
    return {item.currency: (item.decimals, item.symbol) for item in rules}


def report(found: "Backtested", moneys: dict[str, Any]) -> dict[str, Any]:
    """All of a backtest as plain values; amounts in minor units."""
    from empower.core.flips import ASSUMPTION
    from empower.core.money import readable

    flips = found.flips
    return {
        "decided": flips.decided,
        "flips": flips.flips,
        "errors": found.errors,
        "locations": found.locations,
        "left_out": found.left_out,
        "by": {name: dict(counts.most_common()) for name, counts in flips.by.items()},
        "money": {
            name: {
                "given_more": money.given_more,
                "given_less": money.given_less,
                "words": [readable(one, *moneys.get(name, (2, name))) for one in money],
            }
            for name, money in flips.money.items()
        },
        "days": [
            {"day": day, "currency": currency, "was": was, "now": now}
            for (currency, day), (was, now) in sorted(flips.days.items())
        ],
        "examples": [
            item._asdict()
            | {
                "why": None if item.why is None else {"rule": item.why.rule, "code": item.why.code.value},
                "words": readable(item.amount_minor, *moneys.get(item.currency, (2, item.currency))),
            }
            for item in flips.examples
        ],
        "assumes": ASSUMPTION,
        "moneys": {name: list(how) for name, how in moneys.items()},
    }


def _number(number: int, of: str) -> str:
    return f"{number:,} {of}" if number == 1 else f"{number:,} {of}s"


def show(said: dict[str, Any]) -> None:
    """The report on a terminal."""
    out = console()
    share = 100 * said["flips"] / said["decided"] if said["decided"] else 0
    decided, flips = _number(said["decided"], "decision"), _number(said["flips"], "flip")
    out.print(f"{decided} at {_number(len(said['locations']), 'location')}, {flips} ({share:.1f} %)")
    if said["left_out"]:
        out.print(f"not governed by the candidate: {', '.join(said['left_out'])}")
    if said["errors"]:
        out.print(f"{said['errors']} could not be decided, and count as escalated")
    for currency, money in said["money"].items():
        more, less = money["words"]
        out.print(f"{currency}: {more} given more, {less} given less")
    for name, counts in said["by"].items():
        _counts(name, counts)
    _examples(said["examples"])
    _chart(said)
    out.print(said["assumes"], style="dim")


def _counts(name: str, counts: dict[str, int]) -> None:
    if not counts:
        return
    table = new_table()
    table.add_column(f"flips by {name}")
    table.add_column("", justify="right")
    for key, number in counts.items():
        table.add_row(text(key), f"{number:,}")
    click.echo()
    console().print(table)


def _examples(examples: list[dict[str, Any]]) -> None:
    if not examples:
        return
    table = new_table()
    for column in ("example", "amount", "flips", "who, what, and by which rule"):
        table.add_column(column, overflow="fold", justify="right" if column == "amount" else "left")
    for item in examples:
        rule = f"\n{item['why']['rule']} {item['why']['code']}" if item["why"] else ""
        table.add_row(
            text(f"{item['location']}\n{item['at'][:16].replace('T', ' ')}Z"),
            text(item["words"]),
            text(f"{item['was']}\n→ {item['now']}"),
            text(f"{item['employee']} ({item['role']}): {item['remedy']}, {item['reason']}{rule}"),
        )
    click.echo()
    console().print(table)


WIDTH = 40
MOST_BARS = 26


def weeks(said: dict[str, Any], currency: str) -> list[tuple[str, int, int]]:
    """Sums over as many days together as make few enough bars: the first of them, what was and what would be."""
    days = [item for item in said["days"] if item["currency"] == currency]
    size = -(-len(days) // MOST_BARS) or 1
    groups = [days[at : at + size] for at in range(0, len(days), size)]
    return [(group[0]["day"], sum(i["was"] for i in group), sum(i["now"] for i in group)) for group in groups]


def _chart(said: dict[str, Any]) -> None:
    from empower.core.money import readable

    for currency in sorted({item["currency"] for item in said["days"]}):
        bars = weeks(said, currency)
        most = max(max(was, now) for _, was, now in bars) or 1
        how = said["moneys"].get(currency, (2, currency))
        click.echo(f"\napproved at once, {currency}: █ as it was, ░ under the candidate")
        for day, was, now in bars:
            click.echo(f"{day}  {'█' * round(WIDTH * was / most):<{WIDTH}} {readable(was, *how):>12}")
            click.echo(f"{'':10}  {'░' * round(WIDTH * now / most):<{WIDTH}} {readable(now, *how):>12}")


@click.command("what-if")
@since_option
@location_option
@format_option
@engine_options
def what_if(since: str | None, location: tuple[str, ...], form: str) -> None:
    """How often each limit was hit, by how much, and the least cap that 90, 95 and 99 % would have passed.

    Of the requests that only this limit stopped, by the windows as they were: try a value with `backtest`.
    """
    from empower import clock
    from empower.engine.hits import SHARES

    with opened() as engine, progress_bar("reading") as tell:
        begin = since_of(since, clock.now())
        found = engine.publishing.what_if(since=begin, locations=list(location) or None, progress=tell)
        written = {item.policy: (2, "") for item in found} | _moneys_by_policy(engine)
    if form == "json":
        for item in found:
            click.echo(as_json(item._asdict() | {"least": dict(zip(map(str, SHARES), item.least, strict=True))}))
        return
    if not found:
        click.echo("no limit was hit")
        return
    table = new_table()
    for column in ("limit", "cap", "hit", "over by", "lets pass"):
        name = column == "limit"
        table.add_column(column, justify="left" if name else "right", no_wrap=not name, overflow="fold")
    for item in found:
        how = written[item.policy]
        over = f"{_measured(item.over_median, item.unit, how)}\nmost {_measured(item.over_most, item.unit, how)}"
        least = [
            f"{share} %: {_measured(one, item.unit, how)}"
            for share, one in zip(SHARES, item.least, strict=True)
            if one is not None
        ]
        table.add_row(
            text(f"{item.limit}\n{item.policy}"),
            text(_measured(item.cap, item.unit, how)),
            text(f"{item.hit:,}\nalone {item.alone:,}"),
            text(over),
            text("\n".join(least)),
        )
    console().print(table)


def _moneys_by_policy(engine: "Engine") -> dict[str, tuple[int, str]]:
    from empower.core.policy import Policy
    from empower.store.listing import policies as kept

    with engine.store.read() as unit:
        rules = [Policy.load(words) for _, _, words in kept(unit)]
    return {item.id: (item.calendar.decimals, item.calendar.symbol) for item in rules}


def _measured(value: int | None, unit: str, how: tuple[int, str]) -> str:
    from empower.core.money import plain, readable

    if value is None:
        return ""
    if unit == "amount":
        return readable(value, *how)
    return f"{plain(value, 2)} %" if unit == "percent" else f"{value}"
