"""What files come to after `extends` and `inherits`."""

from collections.abc import Callable
from datetime import time
from pathlib import Path

import pytest

from empower.core.policy import Limit, Policy
from empower.policy import read

from .conftest import SHOP, Folder

Shop = Callable[[str], Policy]


def test_amounts_shares_and_durations_are_exact(shop: Shop) -> None:
    policy = shop(
        """
title = "The shop"
[remedies.dessert]
cost = 0.1234
[roles.manager]
limits.check = { per = "check", percent_of_check = 12.5 }
[guards.big]
when = { percent_over = 33.33, amount_over = 100.00, between = [22:00:00, 04:00:00], check_state = "closed" }
then = "require"
require = ["note", "photo"]
[holds]
expires = "2 hours"
"""
    )
    assert policy.title == "The shop"
    assert (policy.remedies["dessert"].most, policy.remedies["dessert"].cost_bp) == (1500, 1234)
    assert limits(policy, "manager")["check"].percent_bp == 1250
    guard = policy.guards[-1]
    assert (guard.address, guard.require) == ("guards.big", ("note", "photo"))
    assert (guard.when.percent_over_bp, guard.when.amount_over, guard.when.check_state) == (3333, 10000, ("closed",))
    assert guard.when.between == (time(22), time(4))
    assert (policy.approval.expires_seconds, policy.holds.expires_seconds) == (900, 7200)
    assert policy.approval.two_people_over == 100_000
    follow_up = policy.reasons["wrong_order"].follow_up
    assert follow_up is not None
    assert (follow_up.within_seconds, follow_up.by) == (300, "manager")


@pytest.mark.parametrize(
    ("currency", "amount", "minor", "symbol"),
    [("USD", "25.00", 2500, "$"), ("JPY", "2500", 2500, "¥"), ("KWD", "2.500", 2500, "KWD"), ("EUR", "0.01", 1, "€")],
)
def test_amounts_are_in_the_smallest_unit_of_the_currency(
    currency: str, amount: str, minor: int, symbol: str, tmp_path: Path
) -> None:
    (tmp_path / "shop.toml").write_text(f"""
[policy]
id = "shop"
locations = ["*"]
[calendar]
timezone = "UTC"
currency = "{currency}"
day_starts = 00:00:00
week_starts = "sunday"
[remedies.cake]
title = "Cake"
most = {amount}
""")
    reading = read(tmp_path)
    assert reading.problems == ()
    policy = reading.policies.by_id["shop"]
    assert (policy.remedies["cake"].most, policy.calendar.symbol) == (minor, symbol)


def limits(policy: Policy, role: str) -> dict[str, Limit]:
    return {limit.address.rpartition(".")[2]: limit for limit in policy.roles[role].limits}


def test_a_role_starts_from_its_parent_and_replaces_by_name(shop: Shop) -> None:
    policy = shop(
        """
[roles.chief]
title = "Chief"
inherits = "manager"
limits.week = { per = "employee", every = "week", amount = 900.00 }
limits.comp = { amount = 999.00 }
"""
    )
    chief = policy.roles["chief"]
    assert chief.remedies == ("*",)
    assert chief.approves == ()
    assert [limit.address for limit in chief.limits] == [
        "roles.chief.limits.comp",
        "roles.manager.limits.day",
        "roles.server.limits.guest",
        "roles.manager.limits.check",
        "roles.chief.limits.week",
    ]
    assert limits(policy, "chief")["day"].count is None


def test_false_drops_what_is_inherited(shop: Shop) -> None:
    policy = shop(
        """
[limits]
month = false
[guards]
no_alcohol = false
[roles.server.limits]
day = false
[roles.manager.limits]
guest = false
"""
    )
    assert (policy.limits, policy.guards) == ((), ())
    assert list(limits(policy, "server")) == ["comp", "guest"]
    assert list(limits(policy, "manager")) == ["comp", "check", "day"]


def test_extending_merges_by_key_and_replaces_limits_and_guards_whole(shop: Shop) -> None:
    policy = shop(
        """
[calendar]
timezone = "Europe/Lisbon"
[remedies.dessert]
most = 9.00
[reasons.wrong_order]
remedies = ["dessert"]
[roles.server]
title = "Waiter"
limits.day = { per = "employee", every = "day", amount = 80.00 }
[limits.month]
per = "location"
every = "month"
count = 100
[guards.no_alcohol]
when = { item_categories = ["wine"] }
then = "escalate"
[approval]
two_people_over = 500.00
"""
    )
    assert (policy.calendar.timezone, policy.calendar.currency) == ("Europe/Lisbon", "USD")
    assert (policy.remedies["dessert"].title, policy.remedies["dessert"].most) == ("Free dessert", 900)
    assert policy.reasons["wrong_order"].remedies == ("dessert",)
    assert policy.reasons["wrong_order"].say.startswith("I'm sorry")
    server = policy.roles["server"]
    assert (server.title, server.remedies) == ("Waiter", ("apology", "dessert"))
    assert list(limits(policy, "server")) == ["comp", "day", "guest"]
    assert (limits(policy, "server")["day"].amount, limits(policy, "server")["day"].count) == (8000, None)
    assert (policy.limits[0].amount, policy.limits[0].count, policy.limits[0].beyond) == (None, 100, "escalate")
    assert (policy.guards[0].then, policy.guards[0].say) == ("escalate", "")
    assert (policy.approval.expires_seconds, policy.approval.two_people_over) == (900, 50_000)


def test_extending_goes_through_several_policies(folder: Folder) -> None:
    middle = '[policy]\nid = "middle"\ntitle = "Middle"\nextends = "base"\n[remedies.dessert]\nmost = 10.00\n'
    last = SHOP.replace('"base"', '"middle"') + '[remedies.dessert]\ntitle = "Cake"\n'
    reading = read(folder(middle=middle, shop=last))
    assert reading.problems == ()
    assert reading.ids == ("base", "middle", "shop")
    assert list(reading.policies.by_id) == ["shop"]
    policy = reading.policies.by_id["shop"]
    assert (policy.title, policy.locations) == ("Middle", ("shop",))
    assert (policy.remedies["dessert"].title, policy.remedies["dessert"].most) == ("Cake", 1000)


def test_a_rolling_window_is_named_in_one_way(shop: Shop) -> None:
    policy = shop('[roles.server]\nlimits.day = { per = ["guest", "incident"], every = "1 day", count = 1 }\n')
    assert (limits(policy, "server")["day"].every, limits(policy, "server")["day"].per) == (
        "1 days",
        ("guest", "incident"),
    )


def test_what_is_in_force_is_what_a_replay_loads(shop: Shop) -> None:
    policy = shop("")
    again = Policy.load(policy.text)
    assert again == policy
    assert (again.text, again.digest) == (policy.text, policy.digest)


def test_comments_and_order_of_tables_do_not_change_the_digest(folder: Folder) -> None:
    tables = ['[remedies.tea]\ntitle = "Tea"\n', '[remedies.cake]\ntitle = "Cake"\n']
    role = '[roles.server]\nremedies = ["tea", "cake"]\n'
    texts = [SHOP + "".join(tables) + role, "# edited\n" + SHOP + "".join(reversed(tables)) + role]
    digests = {read(folder(shop=text)).policies.by_id["shop"].digest for text in texts}
    assert len(digests) == 1


def test_windows_line_ends_and_a_byte_order_mark_are_read(folder: Folder) -> None:
    directory = folder()
    (directory / "shop.toml").write_bytes(b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode())
    assert read(directory).problems == ()


def test_files_that_are_no_policies_are_left_alone(folder: Folder) -> None:
    directory = folder(shop=SHOP)
    for name in ("shop.cases.toml", ".hidden.toml", "notes.md"):
        (directory / name).write_text("[[[")
    (directory / "below").mkdir()
    (directory / "below" / "x.toml").write_text("[[[")
    reading = read(directory)
    assert (reading.problems, reading.ids) == ((), ("base", "shop"))


def test_a_link_within_the_folder_is_followed(folder: Folder) -> None:
    directory = folder()
    (directory / "..data").mkdir()
    (directory / "..data" / "shop.toml").write_text(SHOP)
    (directory / "shop.toml").symlink_to(Path("..data") / "shop.toml")
    assert read(directory).ids == ("base", "shop")
