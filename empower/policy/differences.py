"""What a policy says otherwise than another: in meaning, address by address, for whom, and whether it is looser."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from empower.core.money import Money, plain
from empower.core.policy import Policy
from empower.policy.looser import loosenings
from empower.policy.spelled import leaves, spelled

Direction = Literal["looser", "tighter", "either", "same"]
"""`either` where something is let pass that was stopped, and may be something is stopped that passed; `same` where no
answer follows from it, as with a title."""
CAPS = ("amount", "count", "percent_of_check", "most", "two_people_over")
THINGS = {"remedies": 2, "reasons": 2, "guards": 2, "limits": 2, "roles": 2}
"""What stands under a name: how many parts of an address name it."""
LIMIT_OF_ROLE = 4


class Difference(NamedTuple):
    """One thing that is said otherwise."""

    address: str
    """As the file has it; of an inherited limit, where it was written."""
    was: str | None
    """As it is written; None where nothing stood."""
    now: str | None
    direction: Direction
    roles: tuple[str, ...]
    """Whom it is about; empty is everybody."""


def differences(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """All that `new` says otherwise than `old`, by the addresses of the file."""
    before, after = _things(old), _things(new)
    loose, tight = loosenings(old, new), loosenings(new, old)
    found: dict[tuple[str, str | None, str | None, Direction], list[str]] = {}
    for place in dict.fromkeys([*before, *after]):
        for spoken, was, now in _changed(place, before.get(place, {}), after.get(place, {})):
            direction = _direction(spoken, was, now, loose, tight)
            own = _written(spoken, new if now is not None else old)
            key = (own, _text(was, old), _text(now, new), direction)
            found.setdefault(key, []).extend(_role(spoken))
    return tuple(Difference(*key, tuple(roles)) for key, roles in found.items())


Leaves = dict[str, Any]


def _things(policy: Policy) -> dict[str, Leaves]:
    """All that is said, gathered under what it is said of: a limit, a guard, a remedy, a key by itself."""
    found: dict[str, Leaves] = {}
    for address, value in leaves(spelled(policy)):
        found.setdefault(_thing(address), {})[address] = value
    return found


def _thing(address: str) -> str:
    parts = address.split(".")
    if parts[0] == "roles" and len(parts) > LIMIT_OF_ROLE - 1 and parts[2] == "limits":
        return ".".join(parts[:LIMIT_OF_ROLE])
    return ".".join(parts[: THINGS[parts[0]]]) if parts[0] in THINGS else address


def _changed(place: str, was: Leaves, now: Leaves) -> Iterator[tuple[str, Any, Any]]:
    """Where a thing is wholly new or gone it is one difference."""
    if not was or not now:
        yield place, was or None, now or None
        return
    for address in dict.fromkeys([*was, *now]):
        if was.get(address) != now.get(address):
            yield address, was.get(address), now.get(address)


def _direction(address: str, was: Any, now: Any, loose: list[str], tight: list[str]) -> Direction:
    key = address.rsplit(".", 1)[-1]
    if key in CAPS and not isinstance(was, dict) and not isinstance(now, dict):
        return "looser" if _number(now) > _number(was) else "tighter"
    looser, tighter = _under(address, loose), _under(address, tight)
    if looser and tighter:
        return "either"
    return "looser" if looser else "tighter" if tighter else "same"


def _under(address: str, places: list[str]) -> bool:
    return any(address == place or address.startswith((f"{place}.", f"{place}[")) for place in places)


def _number(value: Any) -> Decimal:
    """A cap for comparing alone; nothing is no cap."""
    if value is None:
        return Decimal("Infinity")
    return Decimal(value.amount) if isinstance(value, Money) else Decimal(str(value))


def _written(address: str, policy: Policy) -> str:
    """Where it stands in the file: an inherited limit at the role that wrote it."""
    parts = address.split(".")
    if parts[0] != "roles" or len(parts) < LIMIT_OF_ROLE or parts[2] != "limits":
        return address
    role = policy.roles.get(parts[1])
    name = parts[3]
    own = next((one.address for one in role.limits if one.address.rsplit(".", 1)[-1] == name), None) if role else None
    return address if own is None else ".".join([own, *parts[LIMIT_OF_ROLE:]])


def _role(address: str) -> list[str]:
    parts = address.split(".")
    return [parts[1]] if parts[0] == "roles" else []


def _text(value: Any, policy: Policy) -> str | None:
    """As a file would say it."""
    if value is None:
        return None
    if isinstance(value, dict):
        said = [f"{address.rsplit('.', 1)[-1]} {_text(item, policy)}" for address, item in value.items()]
        return ", ".join(said)
    if isinstance(value, Money):
        return plain(value.amount, policy.calendar.decimals)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
