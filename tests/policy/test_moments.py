"""When a policy itself wants to be in force: `effective` and `until`."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from empower.core.policy import Policy
from empower.policy import read

from .conftest import SHOP, Folder

Shop = Callable[[str], Policy]


def test_a_moment_is_read_on_the_policys_own_wall_clock_or_as_its_offset_says(shop: Shop) -> None:
    policy = shop("effective = 2026-12-24T04:00:00\nuntil = 2027-01-02T04:00:00+01:00\n")
    assert (policy.begins, policy.ends) == (
        datetime(2026, 12, 24, 9, tzinfo=UTC),
        datetime(2027, 1, 2, 3, tzinfo=UTC),
    )
    assert Policy.load(policy.text) == policy


def test_it_is_in_its_time_from_the_first_moment_until_just_before_the_last(shop: Shop) -> None:
    policy = shop("effective = 2026-12-24T04:00:00Z\nuntil = 2026-12-24T05:00:00Z\n")
    moments = [datetime(2026, 12, 24, 3, 59, 59, tzinfo=UTC), datetime(2026, 12, 24, 4, tzinfo=UTC)]
    moments += [datetime(2026, 12, 24, 4, 59, 59, tzinfo=UTC), datetime(2026, 12, 24, 5, tzinfo=UTC)]
    assert [policy.is_in_its_time(moment) for moment in moments] == [False, True, True, False]


def test_neither_is_inherited_nor_part_of_a_policy_that_does_not_say_it(folder: Folder) -> None:
    child = SHOP.replace('"shop"', '"kiosk"').replace('"base"', '"shop"')
    found = read(folder(shop=SHOP + "until = 2026-12-24T05:00:00Z\n", kiosk=child))
    assert found.problems == ()
    kiosk = found.policies.by_id["kiosk"]
    assert (kiosk.effective, kiosk.until, b"until" in kiosk.text) == (None, None, False)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("until = 2027-01-02", "must be a date and a time such as 2026-12-24T04:00:00, not a date"),
        ("effective = 04:00:00", "must be a date and a time such as 2026-12-24T04:00:00, not a time"),
        ("effective = 9999-12-31T23:00:00", "must be a moment of this age, not of the year 9999"),
        (
            "effective = 2026-12-24T04:00:00\nuntil = 2026-12-24T04:00:00",
            "from 2026-12-24T04:00:00 until 2026-12-24T04:00:00 is no time at all",
        ),
    ],
)
def test_what_is_no_time_is_told_with_its_place(folder: Folder, line: str, problem: str) -> None:
    (found,) = read(folder(shop=f"{SHOP}{line}\n")).problems
    assert str(found).startswith("shop.toml:")
    assert problem in str(found)
