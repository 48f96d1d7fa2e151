"""`empower policy diff`: what one set of policies says otherwise than another, and whom it answers otherwise."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from empower.cli.amounts import Cash
from empower.cli.options import engine_options, format_option, opened, setting
from empower.cli.output import as_json, console, text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from empower.core.policy import Policy
    from empower.policy.differences import Difference
    from empower.policy.other_answers import Otherwise

IN_FORCE = "in-force"
EXAMPLES = 10
COLOURS = {"looser": "yellow", "tighter": "green", "either": "magenta", "same": "dim"}


@click.command()
@click.argument("old", metavar="[OLD]", default=IN_FORCE)
@click.argument("new", metavar="[NEW]", required=False)
@click.option("--all", "every", is_flag=True, help="Show every example, not the first ten of a policy.")
@format_option(["table", "json"])
@engine_options
def diff(old: str, new: str | None, form: str, *, every: bool) -> None:
    r"""Tell what NEW says otherwise than OLD, in meaning, and requests that it answers otherwise.

    Each is a folder, a file, the id of a policy in --policies, the number of a publication, or `in-force`: what
    governs the open locations now. Without NEW it is the folder of --policies.

    \b
    empower policy diff                      what the files would change
    empower policy diff 3 4                  between two publications
    empower policy diff policies candidate   between two folders
    """
    from empower.clock import now

    before, after = _set(old), _set(new or setting("policies"))
    if IN_FORCE in (old, new):  # which speaks of the locations that are open, not of a whole folder
        both = before.keys() & after.keys()
        before = {name: policy for name, policy in before.items() if name in both}
        after = {name: policy for name, policy in after.items() if name in both}
    pairs = list(_pairs(before, after))
    moment, changed = now(), False
    for one, other in pairs:
        if one is None or other is None:
            _tell_alone(one, other, form)
            changed = True
            continue
        from empower.policy.differences import differences
        from empower.policy.other_answers import answered_otherwise

        found = differences(one, other)
        if not found:
            continue
        changed = True
        examples = _telling_first(answered_otherwise(one, other, moment))
        if form == "json":
            click.echo(as_json(_record(one, other, found, examples)))
        else:
            _tell(one, other, found, examples, most=len(examples) if every else EXAMPLES)
    if not changed and form == "table":
        click.echo("they mean the same")


def _pairs(
    before: "Mapping[str, Policy]", after: "Mapping[str, Policy]"
) -> "Iterator[tuple[Policy | None, Policy | None]]":
    """Policies by id; two that were named one by one are held against each other whatever their ids."""
    if len(before) == len(after) == 1:
        yield next(iter(before.values())), next(iter(after.values()))
        return
    for name in dict.fromkeys([*before, *after]) if len(after) > 1 else after:
        yield before.get(name), after.get(name)


def _set(what: str) -> "Mapping[str, Policy]":
    """The policies that are meant; raises `InputError` for what is none of these things."""
    path = Path(what)
    if path.is_dir():
        return _read(path)
    if path.is_file():
        from empower.core.errors import InputError

        found = [one for one in _read(path.parent).values() if _holds(path, one.id)]
        if not found:
            raise InputError(f"`{what}` holds no policy that governs a location")
        return {one.id: one for one in found}
    if what.isdecimal() or what == IN_FORCE:
        with opened() as engine:
            found_set = engine.publishing.policies(None if what == IN_FORCE else int(what))
            return found_set.by_id
    return _one(what)


def _holds(path: Path, name: str) -> bool:
    import tomllib

    header = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("policy", {})
    return bool(header.get("id") == name)


def _read(folder: Path) -> "Mapping[str, Policy]":
    from empower.cli.policy_publish import candidate_of

    return candidate_of(folder).policies.by_id


def _one(what: str) -> "Mapping[str, Policy]":
    from empower.core.errors import InputError
    from empower.policy.problems import nearest, quote

    known = _read(Path(setting("policies")))
    if what not in known:
        near = nearest(what, [*known, IN_FORCE])
        hint = f"did you mean `{near}`?" if near else "name a folder, a file, a policy's id or a publication's number"
        raise InputError(f"there is no {quote(what)}: {hint}")
    return {what: known[what]}


def _tell_alone(one: "Policy | None", other: "Policy | None", form: str) -> None:
    policy, word = (other, "new") if one is None else (one, "gone")
    if policy is None:
        return
    if form == "json":
        click.echo(as_json({"policy": policy.id, "is": word}))
    else:
        click.echo(f"{policy.id} is {word}")


def _tell(
    old: "Policy",
    new: "Policy",
    found: "tuple[Difference, ...]",
    examples: "tuple[Otherwise, ...]",
    *,
    most: int,
) -> None:
    screen = console()
    screen.print(text(old.id if old.id == new.id else f"{old.id} → {new.id}", "bold"))
    for one in found:
        screen.print(_line(one))
    if examples:
        screen.print(text("\nanswered otherwise", "bold"))
    for example in examples[:most]:
        screen.print(_example(example, new))
    if len(examples) > most:
        screen.print(text(f"  and {len(examples) - most} more: --all", "dim"))
    screen.print()


def _line(one: "Difference") -> "RenderableType":
    from rich.console import Group
    from rich.padding import Padding

    head = text("  ").append_text(text(f"{one.direction:<8}", COLOURS[one.direction])).append_text(text(one.address))
    for_whom = f"for {', '.join(one.roles)}" if one.roles else "for everybody"
    said = f"{one.was or '—'} → {one.now or '—'}"
    return Group(head, Padding(text(said), (0, 0, 0, 10)), Padding(text(for_whom, "dim"), (0, 0, 0, 10)))


def _example(one: "Otherwise", policy: "Policy") -> "RenderableType":
    from rich.console import Group
    from rich.padding import Padding

    from empower.policy.other_answers import tells

    code = policy.calendar.currency
    facts = one.facts
    asked = f"{facts.roles[0]}: {facts.remedy} {Cash(facts.amount_minor, code).readable} for {facts.reason}"
    lines = [text(f"  {asked}")]
    if one.full is not None:
        spent = Cash(one.used.spent_minor, code).readable if one.used.spent_minor else f"{one.used.spent_count} comps"
        lines.append(text(f"    with {spent} of {one.full} used", "dim"))
    return Group(*lines, Padding(text(f"{tells(one.was)} → {tells(one.now)}", "cyan"), (0, 0, 0, 4)))


def _telling_first(examples: "tuple[Otherwise, ...]") -> "tuple[Otherwise, ...]":
    """One of each kind of change first, then the same change for other roles and remedies."""
    from empower.policy.other_answers import tells

    kinds: dict[tuple[str, ...], Otherwise] = {}
    for one in examples:
        kinds.setdefault((one.full or one.facts.remedy, tells(one.was), tells(one.now)), one)
    first = tuple(kinds.values())
    return first + tuple(one for one in examples if one not in first)


def _record(
    old: "Policy", new: "Policy", found: "tuple[Difference, ...]", examples: "tuple[Otherwise, ...]"
) -> dict[str, Any]:
    return {
        "policy": new.id,
        "was": old.digest,
        "now": new.digest,
        "differences": [{**one._asdict(), "roles": list(one.roles)} for one in found],
        "answers": [
            {
                "role": one.facts.roles[0],
                "remedy": one.facts.remedy,
                "reason": one.facts.reason,
                "amount": {"amount": one.facts.amount_minor, "currency": one.facts.currency},
                "limit": one.full,
                "used": {"amount": one.used.spent_minor, "count": one.used.spent_count},
                "was": {"outcome": one.was.outcome, "approvers": list(one.was.approvers)},
                "now": {"outcome": one.now.outcome, "approvers": list(one.now.approvers)},
            }
            for one in examples
        ],
    }
