"""One policy on a terminal: what it is, its roles, limits, guards, remedies and reasons."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from empower.cli.output import Cell, new_table, text
from empower.core.money import Money
from empower.core.policy import Guard, Limit, Policy, Reason, Remedy, Role
from empower.policy.spelled import duration, percent, when


def view(policy: Policy) -> Group:
    """All of a policy, for people."""
    return Group(
        *_head(policy),
        *_part("Roles", ("role", "remedies", "approves", "limits"), [_role(*one) for one in policy.roles.items()]),
        *_part("Limits", ("address", "cap", "per", "every"), [_limit(policy, one) for one in limits(policy)]),
        *_part("Guards", ("address", "when", "then"), [_guard(policy, one) for one in policy.guards]),
        *_part(
            "Remedies", ("remedy", "title", "most", "cost"), [_remedy(policy, *one) for one in policy.remedies.items()]
        ),
        *_part(
            "Reasons", ("reason", "dimension", "stage", "remedies"), [_reason(*one) for one in policy.reasons.items()]
        ),
    )


def limits(policy: Policy) -> list[Limit]:
    """All limits by address, each once: the house's, then those of the roles."""
    every = [*policy.limits, *(limit for role in policy.roles.values() for limit in role.limits)]
    return list({limit.address: limit for limit in every}.values())


def _head(policy: Policy) -> list[RenderableType]:
    rules, approval = policy.calendar, policy.approval
    over = approval.two_people_over
    two = "" if over is None else f"; two people above {policy.money(over)}"
    days = f"days from {rules.day_starts:%H:%M}, weeks from {rules.week_starts}"
    return [
        Text.assemble((policy.id, "bold"), f"  {policy.title}" if policy.title else ""),
        Text(policy.digest, "dim"),
        text(f"governs {', '.join(policy.locations)}"),
        text(f"{rules.currency}, {rules.timezone}, {days}"),
        text(f"approval within {duration(approval.expires_seconds)}{two}"),
        text(f"holds for {duration(policy.holds.expires_seconds)}"),
    ]


def _part(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[RenderableType]:
    if not rows:
        return []
    table = new_table()
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(text(cell) for cell in row))
    return [Text(f"\n{title}", "bold underline"), table]


def _role(name: str, role: Role) -> list[Cell]:
    named = (limit.address.split(".") for limit in role.limits)
    had = [parts[-1] if parts[1] == name else f"{parts[-1]} ({parts[1]})" for parts in named]
    return [f"{name}\n{role.title}", ", ".join(role.remedies), ", ".join(role.approves), ", ".join(had)]


def _limit(policy: Policy, limit: Limit) -> list[Cell]:
    caps = [
        "" if limit.amount is None else policy.money(limit.amount),
        "" if limit.count is None else f"{limit.count} times" if limit.count != 1 else "once",
        "" if limit.percent_bp is None else f"{percent(limit.percent_bp)}% of check",
        f"for {', '.join((*limit.remedies, *limit.reasons))}" if limit.remedies or limit.reasons else "",
        "beyond: deny" if limit.beyond == "deny" else "",
    ]
    return [limit.address, "\n".join(cap for cap in caps if cap), ", ".join(limit.per), limit.every]


def _guard(policy: Policy, guard: Guard) -> list[Cell]:
    facts = [f"{key} {_fact(policy, value)}" for key, value in when(guard.when, policy.calendar.currency).items()]
    return [guard.address, "\n".join(facts), " ".join([guard.then, *guard.require])]


def _fact(policy: Policy, value: object) -> str:
    if isinstance(value, Money):
        return policy.money(value.amount)
    return ", ".join(value) if isinstance(value, list) else str(value).lower()


def _remedy(policy: Policy, name: str, remedy: Remedy) -> list[Cell]:
    most = None if remedy.most is None else policy.money(remedy.most)
    cost = None if remedy.cost_bp is None else f"{percent(remedy.cost_bp)}%"
    return [name, remedy.title, most, cost]


def _reason(name: str, reason: Reason) -> list[Cell]:
    return [name, reason.dimension, reason.stage, ", ".join(reason.remedies)]
