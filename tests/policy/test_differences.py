"""Differences in meaning: what went from what to what, for whom, and which way; and requests answered otherwise."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empower.core.codes import Outcome
from empower.core.policy import Policy
from empower.policy import read
from empower.policy.differences import Difference, differences
from empower.policy.looser import loosenings
from empower.policy.other_answers import answered_otherwise, tells
from tests.core.worlds import policies

from .conftest import SHOP, Folder

APPROVES = Difference("roles.manager.approves", "server", "none", "tighter", ("manager",))
BEYOND = Difference("limits.month.beyond", "deny", "escalate", "looser", ())
NOW = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


@pytest.fixture
def pair(folder: Folder) -> Callable[..., tuple[Policy, Policy]]:
    """The base policy as `shop`, before and after something in it is written otherwise."""

    def make(*changes: tuple[str, str], text: str = "") -> tuple[Policy, Policy]:
        directory = folder(shop=SHOP)
        before = read(directory).policies.by_id["shop"]
        base = (directory / "base.toml").read_text()
        for was, now in changes:
            assert was in base
            base = base.replace(was, now)
        (directory / "base.toml").write_text(base)
        (directory / "shop.toml").write_text(SHOP + text)
        reading = read(directory)
        assert reading.problems == ()
        return before, reading.policies.by_id["shop"]

    return make


def test_the_same_is_no_difference(pair: Callable[..., tuple[Policy, Policy]]) -> None:
    old, new = pair(("# nobody may exceed it, whatever the role", "# another comment"))
    assert differences(old, new) == ()
    assert answered_otherwise(old, new, NOW) == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("amount = 75.00, count = 6", "amount = 90.00, count = 5"),
            [
                Difference("roles.server.limits.day.amount", "75.00", "90.00", "looser", ("server",)),
                Difference("roles.server.limits.day.count", "6", "5", "tighter", ("server",)),
            ],
        ),
        (
            ('every = "30 days", count = 2', 'every = "30 days", count = 3'),
            [Difference("roles.server.limits.guest.count", "2", "3", "looser", ("manager", "server"))],
        ),
        (("most  = 15.00", "most  = 12.00"), [Difference("remedies.dessert.most", "15.00", "12.00", "tighter", ())]),
        (
            ('title = "Free dessert"', 'title = "Dessert"'),
            [Difference("remedies.dessert.title", "Free dessert", "Dessert", "same", ())],
        ),
        (
            ('remedies = ["apology", "dessert"]\nlimits', 'remedies = ["apology"]\nlimits'),
            [Difference("roles.server.remedies", "apology, dessert", "apology", "tighter", ("server",))],
        ),
        (
            ('approves = ["server"]\n', ""),
            [APPROVES],
        ),
        (
            ("two_people_over = 1000.00", "two_people_over = 500.00"),
            [Difference("approval.two_people_over", "1000.00", "500.00", "tighter", ())],
        ),
        (
            ('beyond = "deny"', 'beyond = "escalate"'),
            [BEYOND],
        ),
    ],
)
def test_each_change_is_told_with_its_address_its_values_its_way_and_its_roles(
    pair: Callable[..., tuple[Policy, Policy]], change: tuple[str, str], expected: list[Difference]
) -> None:
    assert list(differences(*pair(change))) == expected


def test_a_thing_that_is_new_or_gone_is_one_difference(pair: Callable[..., tuple[Policy, Policy]]) -> None:
    old, new = pair(text='[guards.no_alcohol]\nwhen = { weekdays = ["monday"] }\nthen = "escalate"\n')
    found = {(one.address, one.direction) for one in differences(old, new)}
    assert ("guards.no_alcohol.then", "either") in found
    old, new = pair(text="[limits]\nmonth = false\n")
    (gone,) = differences(old, new)
    assert (gone.address, gone.now, gone.direction) == ("limits.month", None, "looser")
    assert gone.was == "per location, every month, amount 6000.00, beyond deny"
    (back,) = differences(new, old)
    assert (back.address, back.was, back.direction) == ("limits.month", None, "tighter")


def test_requests_at_the_caps_show_what_is_answered_otherwise(pair: Callable[..., tuple[Policy, Policy]]) -> None:
    old, new = pair(("most  = 15.00", "most  = 12.00"))
    found = {(one.facts.roles[0], one.facts.remedy): one for one in answered_otherwise(old, new, NOW)}
    server = found["server", "dessert"]
    assert (server.facts.amount_minor, tells(server.was), tells(server.now)) == (1201, "approve", "deny")


def test_a_budget_that_changed_is_shown_nearly_full(pair: Callable[..., tuple[Policy, Policy]]) -> None:
    old, new = pair(("amount = 75.00, count = 6", "amount = 90.00, count = 6"))
    (one, *_) = [item for item in answered_otherwise(old, new, NOW) if item.full]
    assert (one.full, one.was.outcome, one.now.outcome) == (
        "roles.server.limits.day",
        Outcome.ESCALATE,
        Outcome.APPROVE,
    )
    assert 7500 < one.used.spent_minor + one.facts.amount_minor <= 9000


@given(policies(), policies(), st.booleans())
@settings(max_examples=60)
def test_what_is_looser_is_told_as_looser(one: Policy, other: Policy, turn: bool) -> None:
    old, new = (other, one) if turn else (one, other)
    found = differences(old, new)
    ways = {item.direction for item in found}
    assert bool(found) == (old.model_dump(exclude={"id"}) != new.model_dump(exclude={"id"}) or old.id != new.id)
    if not loosenings(old, new):
        assert not ways & {"looser", "either"}
    if not loosenings(new, old):
        assert not ways & {"tighter", "either"}
