"""Editing a policy: what is in force, and that no money is moved or forgotten by it."""

import pytest

from empower.core.errors import EmpowerError, PolicyError
from empower.core.request import Request
from empower.engine import Engine
from empower.store.writer import Ticket

from .house import HEAD, House, ask, holds, policy, used

pytestmark = pytest.mark.both

GROUP = 'limits.group = { per = "group", every = "day", amount = 50.00 }\n'
BROKEN = "[policy\n"


def day(amount: str, name: str = "day") -> str:
    return f'limits.{name} = {{ per = "employee", every = "day", amount = {amount} }}\n'


def house_of(house: House, text: str) -> Engine:
    house.write(text)
    engine = house.open(create=True)
    house.people(engine, "cafe-a", "cafe-b")
    return engine


def test_a_limit_that_measures_something_new_opens_with_what_the_book_holds(house: House) -> None:
    engine = house_of(house, policy(""))
    captured = engine.request(ask(3000))
    engine.capture(captured.id, 2500)
    engine.reverse(engine.capture(engine.request(ask(1000)).id).id, 400)
    engine.void(engine.request(ask(700)).id)
    engine.request(ask(1500))
    engine.request(ask(9000))
    house.write(policy(day("60.00")))
    assert used(engine) == [1500, 2500 + 600, 6000 - 4600]
    assert engine.evaluate(ask(1401)).outcome == "escalate"
    before = house.kinds().count("policy")
    assert engine.request(ask(1400)).status == "approved"
    assert house.kinds().count("policy") == before + 1
    assert used(engine) == [2900, 3100, 0]
    assert holds(engine)


def test_an_older_day_is_opened_too(house: House) -> None:
    engine = house_of(house, policy(""))
    engine.capture(engine.request(ask(3000)).id)
    house.clock.go(days=2)
    house.write(policy('limits.days = { per = "employee", every = "3 days", amount = 40.00 }\n'))
    assert used(engine, limit="roles.server.limits.days") == [0, 3000, 1000]
    house.clock.go(days=1)
    assert used(engine, limit="roles.server.limits.days") == [0, 0, 4000]
    assert holds(engine)


def test_a_limit_that_goes_and_comes_back_has_forgotten_nothing(house: House) -> None:
    engine = house_of(house, policy(day("60.00")))
    comp = engine.request(ask(3000))
    house.write(policy(""))
    engine.capture(comp.id, 2000)
    engine.request(ask(1000))
    assert used(engine) == []
    assert holds(engine)
    house.write(policy(day("60.00")))
    engine.expire()
    assert used(engine) == [1000, 2000, 3000]
    assert holds(engine)


@pytest.mark.parametrize(("name", "amount"), [("daily", "100.00"), ("day", "70.00"), ("daily", "45.00")])
def test_renaming_a_limit_or_changing_its_cap_moves_no_money(
    house: House, engine: Engine, name: str, amount: str
) -> None:
    engine.capture(engine.request(ask(3000)).id)
    comp = engine.request(ask(2000))
    counters = "SELECT * FROM counter WHERE measure = 'employee/day' ORDER BY location, subject"
    before = house.query(counters)
    house.write(policy(day(amount, name)))
    engine.expire()
    assert house.query(counters) == before
    cap = int(amount.replace(".", ""))
    assert used(engine, limit=f"roles.server.limits.{name}") == [2000, 3000, max(0, cap - 5000)]
    engine.void(comp.id)
    assert used(engine, limit=f"roles.server.limits.{name}") == [0, 3000, cap - 3000]
    assert holds(engine)


def test_a_capture_after_an_edit_moves_the_counters_of_the_hold(house: House, engine: Engine) -> None:
    comp = engine.request(ask(3000))
    house.write(policy(day("100.00")).replace("day_starts = 04:00:00", "day_starts = 20:00:00"))
    house.clock.go(hours=1)
    engine.capture(comp.id)
    rows = house.query("SELECT start, held_minor, spent_minor FROM counter WHERE measure = 'employee/day'")
    assert rows == [("2026-11-20", 0, 3000)]
    assert holds(engine)


def test_a_promotion_does_not_empty_a_day(house: House) -> None:
    text = policy(day("100.00")).replace(
        "limits.comp = { amount = 250.00 }", "limits.comp = { amount = 250.00 }\n" + day("120.00")
    )
    engine = house_of(house, text)
    engine.capture(engine.request(ask(4000)).id)
    engine.request(ask(4000))
    engine.add_staff("ana", name="Ana", role="manager", at=["cafe-a"], by="test")
    assert used(engine, limit="roles.manager.limits.day") == [4000, 4000, 4000]
    assert engine.request(ask(4001)).decision.outcome != "approve"
    granted = engine.request(ask(4000))
    assert (granted.status, granted.decision.role) == ("approved", "manager")
    assert used(engine) == [8000, 4000, 0]
    assert holds(engine)


def test_a_guest_cannot_collect_twice_from_two_roles(house: House) -> None:
    limit = 'limits.guest = { per = "guest", every = "30 days", count = 1, beyond = "deny" }\n'
    text = policy(limit).replace("limits.comp = { amount = 250.00 }", "limits.comp = { amount = 250.00 }\n" + limit)
    engine = house_of(house, text)
    assert engine.request(ask(1000, guest="room:12")).status == "approved"
    assert engine.request(ask(1000, guest="room:12", employee="max")).status == "denied"
    assert engine.request(ask(1000, guest="room:13", employee="max")).status == "approved"


def test_another_start_of_the_week_counts_by_the_days_of_the_book(house: House) -> None:
    """Friday and Sunday: one week from Monday, two from Sunday."""
    week = 'limits.week = { per = "employee", every = "week", amount = 60.00 }\n'
    engine = house_of(house, policy(week))
    engine.capture(engine.request(ask(2000)).id)
    house.clock.go(days=2)
    comp = engine.request(ask(3000))
    assert used(engine, limit="roles.server.limits.week") == [3000, 2000, 1000]
    house.write(policy(week).replace('week_starts = "monday"', 'week_starts = "sunday"'))
    assert used(engine, limit="roles.server.limits.week") == [3000, 0, 3000]
    engine.capture(comp.id)
    assert used(engine, limit="roles.server.limits.week") == [0, 3000, 3000]
    house.write(policy(week))
    engine.expire()
    assert used(engine, limit="roles.server.limits.week") == [0, 5000, 1000]
    assert holds(engine)


def test_each_book_takes_up_an_edit_at_its_next_write_and_says_so(house: House, engine: Engine) -> None:
    before = engine.locations()[0].policy_digest
    house.write(policy(day("70.00")))
    after = engine.evaluate(ask(100)).policy
    assert after != before
    assert (house.kinds("cafe-a"), house.kinds("cafe-b")) == (["open", "staff", "staff"],) * 2
    engine.request(ask(100), by="key:till")
    taken = next(item for item in engine.entries("cafe-a").items if item.kind == "policy")
    assert (taken.by, taken.body) == ("key:till", {"policy": after, "id": "cafe", "was": before})
    assert [view.policy_digest for view in engine.locations()] == [after, before]
    engine.request(ask(100))
    assert house.kinds("cafe-a").count("policy") == 1
    assert house.kinds("cafe-b").count("policy") == 0
    assert holds(engine)


def test_a_failed_request_takes_nothing_up(house: House, engine: Engine) -> None:
    house.write(policy(day("70.00")))
    before = house.dump()
    with pytest.raises(EmpowerError):
        engine.request(ask(100, employee="nobody"))
    assert house.dump() == before
    assert engine.request(ask(100)).decision.findings[-1].cap == 7000
    assert holds(engine)


def test_a_broken_edit_leaves_the_last_good_policy_in_force(house: House, engine: Engine) -> None:
    digest = engine.evaluate(ask(100)).policy
    house.write(BROKEN)
    assert engine.request(ask(100)).decision.policy == digest
    assert len(engine.ready()) == 1
    assert engine.ready()[0].startswith("cafe.toml:1:8: not TOML")
    house.write(policy(day("70.00")))
    assert engine.ready() == []
    assert engine.request(ask(100)).decision.policy != digest


def test_a_start_with_broken_files_goes_by_what_the_books_took_up(house: House, engine: Engine) -> None:
    digest = engine.request(ask(3000)).decision.policy
    house.close()
    (house.policies / "cafe.toml").write_text(BROKEN)
    again = house.open()
    assert again.ready() != []
    assert again.request(ask(3000)).decision.policy == digest
    assert used(again) == [6000, 0, 4000]
    with pytest.raises(PolicyError) as raised:
        again.open_location("bar-1", by="test")
    assert raised.value.code == "no_policy"
    assert holds(again)


def test_a_new_store_does_not_begin_with_broken_files(house: House) -> None:
    (house.policies / "cafe.toml").write_text(BROKEN)
    with pytest.raises(PolicyError) as raised:
        house.open(create=True)
    assert raised.value.code == "policy_problems"


@pytest.mark.parametrize(("first", "second"), [("90.00", "80.00"), ("80.00", "90.00")])
def test_a_start_with_broken_files_brings_no_older_policy_back(house: House, first: str, second: str) -> None:
    """One book has taken up the edit, and another, where nothing happened since, has not."""
    engine = house_of(house, policy(day(first)))
    house.write(policy(day(second)))
    taken = engine.request(ask(100)).decision.policy
    house.close()
    (house.policies / "cafe.toml").write_text(BROKEN)
    again = house.open()
    assert again.evaluate(ask(100)).policy == taken
    assert again.request(ask(100)).decision.policy == taken
    assert house.kinds("cafe-a").count("policy") == 1
    assert holds(again)


def test_a_location_without_a_policy_keeps_its_last(house: House, engine: Engine) -> None:
    digest = engine.evaluate(ask(100)).policy
    house.write(policy(day("70.00")).replace('"cafe-*"', '"cafe-b"'))
    assert engine.request(ask(100)).decision.policy == digest
    assert engine.request(ask(100, location="cafe-b")).decision.policy != digest
    assert holds(engine)


def test_what_the_group_counts_is_counted_also_where_the_last_policy_stayed(house: House) -> None:
    engine = house_of(house, policy(""))
    house.write(policy(GROUP).replace('"cafe-*"', '"cafe-a"'))
    assert engine.request(ask(1000)).status == "approved"
    assert engine.request(ask(1000, location="cafe-b")).status == "approved"
    assert holds(engine)


def test_the_groups_limit_holds_also_where_the_last_policy_stayed(house: House) -> None:
    engine = house_of(house, policy(GROUP))
    assert engine.request(ask(4000, location="cafe-b")).status == "approved"
    house.write(policy("").replace('"cafe-*"', '"cafe-a"'))
    assert engine.request(ask(1000)).status == "approved"
    assert engine.request(ask(4000, location="cafe-b")).status == "pending"
    assert holds(engine)


def test_processes_that_have_read_different_policies_lose_no_count(house: House) -> None:
    """One has seen the edit that begins to count across locations, and the other has not yet."""
    engine = house_of(house, policy(""))
    behind = house.open()
    house.engines.remove(behind)
    house.write(policy(GROUP))
    assert engine.request(ask(1000)).status == "approved"
    assert behind.request(ask(2000, location="cafe-b")).status == "approved"
    assert holds(engine)
    behind.policies.refresh()
    assert used(behind, "cafe-b", "roles.server.limits.group") == [3000, 0, 2000]
    assert behind.request(ask(2001, location="cafe-b")).status == "pending"
    assert holds(engine)
    behind.close()


def test_two_edits_within_one_transaction_lose_no_count(house: House, engine: Engine) -> None:
    """Requests that share a transaction, with a limit that goes and comes back between them."""

    def job(text: str):
        def run(unit):
            house.write(text)
            return engine._hold(unit, Request.model_validate(ask(1000)), None, "", "python")

        return run

    tickets = [Ticket(job(text)) for text in (policy(), policy(""))]
    engine.store.writer._waiting.extend(tickets)
    assert engine.store.write(job(policy())).status == "approved"
    assert [ticket.result.status for ticket in tickets] == ["approved", "approved"]
    assert used(engine) == [3000, 0, 7000]
    assert holds(engine)


def test_a_book_stays_in_its_currency(house: House, engine: Engine) -> None:
    """A location has one currency: its counters cannot add up two."""
    engine.request(ask(3000))
    house.write(policy(head=HEAD.replace("USD", "EUR")))
    with pytest.raises(EmpowerError):
        engine.request(ask() | {"amount": {"amount": 1000, "currency": "EUR"}})
    assert house.query("SELECT DISTINCT currency FROM comp") == [("USD",)]
