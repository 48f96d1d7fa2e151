"""`empower policy show`: what the files come to, and what stands at an address."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from empower.cli.options import format_option, policies_option, setting
from empower.cli.output import Column, as_csv, as_json, console, plain_table

if TYPE_CHECKING:
    from empower.core.errors import InputError
    from empower.core.policy import Policy
    from empower.policy import Reading


@click.command()
@policies_option
@format_option
@click.argument("what", nargs=-1, metavar="[ID|ADDRESS]...")
def show(what: tuple[str, ...], form: str) -> None:
    r"""Show the policies, one of them, or what stands at addresses.

    \b
    empower policy show
    empower policy show bistro
    empower policy show bistro roles.server.limits.day.amount
    """
    chosen, addresses = _chosen(_read(Path(setting("policies"))), what)
    if addresses:
        _show_values([value for address in addresses for value in _found(chosen, address)], form)
    elif form == "json":
        for one in chosen:
            click.echo(one.text)
    elif not what:
        _show_list(chosen, form)
    elif form == "csv":
        _show_values([value for one in chosen for value in _values(one, "")], form)
    else:
        from empower.cli.policy_view import view

        for one in chosen:
            console().print(view(one))


def _read(directory: Path) -> "Reading":
    from empower.policy import PolicyProblemsError, read

    reading = read(directory)
    if reading.problems:
        raise PolicyProblemsError(reading.problems)
    return reading


def _chosen(reading: "Reading", what: tuple[str, ...]) -> "tuple[list[Policy], list[str]]":
    """The policies and the addresses that were named; all policies if none was."""
    from empower.policy.document import Document

    known = reading.policies.by_id
    addresses = [one for one in what if one not in known]
    for address in addresses:
        if address.split(".")[0] not in Document.model_fields:
            raise _unknown(address, reading)
    return [known[one] for one in what if one in known] or list(known.values()), addresses


def _unknown(what: str, reading: "Reading") -> "InputError":
    from empower.core.errors import InputError
    from empower.policy.document import Document
    from empower.policy.problems import nearest, quote

    if what in reading.ids:
        return InputError(f"policy {quote(what)} governs no location; look at those that extend it")
    near = nearest(what, [*reading.policies.by_id, *Document.model_fields])
    hint = f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{one}`' for one in reading.policies.by_id)}"
    return InputError(f"unknown policy {quote(what)}; {hint}")


class _Value(NamedTuple):
    policy: "Policy"
    address: str
    value: Any

    @property
    def text(self) -> str:
        """As it is written in a file; a list without its brackets."""
        from empower.core.money import Money, plain

        if isinstance(self.value, Money):
            return plain(self.value.amount, self.policy.calendar.decimals)
        if isinstance(self.value, bool):
            return str(self.value).lower()
        return ", ".join(self.value) if isinstance(self.value, list) else str(self.value)

    @property
    def json(self) -> dict[str, Any]:
        """With the amount's currency."""
        from empower.core.money import Money

        value = self.value.model_dump() if isinstance(self.value, Money) else self.value
        return {"policy": self.policy.id, "address": self.address, "value": value}


def _found(policies: "list[Policy]", address: str) -> list[_Value]:
    """What stands at an address in those of the policies that have it; at least one must."""
    from empower.core.errors import InputError

    found: list[_Value] = []
    missing: list[InputError] = []
    for one in policies:
        try:
            found += _values(one, address)
        except InputError as error:
            missing.append(error)
    if not found:
        raise missing[0]
    return found


def _values(one: "Policy", address: str) -> Iterator[_Value]:
    """What stands at an address, or at all below it."""
    from empower.core.errors import InputError
    from empower.policy.problems import nearest, quote
    from empower.policy.spelled import leaves, spelled

    value: Any = spelled(one)
    seen: list[str] = []
    for part in address.split(".") if address else ():
        if not isinstance(value, dict) or part not in value:
            known = list(value) if isinstance(value, dict) else []
            near = nearest(part, known)
            hint = f"; did you mean `{'.'.join([*seen, near])}`?" if near else ""
            raise InputError(f"policy `{one.id}` has nothing at {quote(address)}{hint}")
        value = value[part]
        seen.append(part)
    for below, leaf in leaves(value, address):
        yield _Value(one, below, leaf)


_VALUE_COLUMNS = [
    Column("policy", lambda row: row.policy.id),
    Column("address", lambda row: row.address),
    Column("value", lambda row: row.text),
]


def _show_values(values: list[_Value], form: str) -> None:
    if form == "json":
        for value in values:
            click.echo(as_json(value.json))
    elif form == "csv":
        click.echo(as_csv(values, _VALUE_COLUMNS), nl=False)
    elif len(values) == 1:
        click.echo(values[0].text)
    else:
        console().print(plain_table(values, _VALUE_COLUMNS))


_LIST_COLUMNS = [
    Column("policy", lambda row: row.id),
    Column("title", lambda row: row.title),
    Column("locations", lambda row: " ".join(row.locations)),
    Column("currency", lambda row: row.calendar.currency),
    Column("timezone", lambda row: row.calendar.timezone),
    Column("remedies", lambda row: len(row.remedies)),
    Column("reasons", lambda row: len(row.reasons)),
    Column("roles", lambda row: len(row.roles)),
    Column("digest", lambda row: row.digest),
]


def _show_list(policies: "list[Policy]", form: str) -> None:
    if form == "csv":
        click.echo(as_csv(policies, _LIST_COLUMNS), nl=False)
        return
    shown = [column for column in _LIST_COLUMNS if column.name in {"policy", "locations", "currency", "timezone"}]
    console().print(plain_table(policies, [*shown, Column("digest", lambda row: row.digest[: len("sha256:") + 12])]))
