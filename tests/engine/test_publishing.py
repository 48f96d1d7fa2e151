"""Publishing: what is in force, from when, for whom, and what every book says of it."""

from datetime import UTC, datetime

import pytest

from empower.core.errors import ConflictError, EmpowerError, InputError, PolicyError
from empower.engine import Engine
from empower.engine.publication_views import PublicationView
from empower.engine.publishing_checks import Candidate
from empower.ledger import verify
from empower.policy import read

from .house import HEAD, OWN_TABLE, House, ask, holds, policy, used

pytestmark = pytest.mark.both


def day(amount: str) -> str:
    return f'limits.day = {{ per = "employee", every = "day", amount = {amount} }}\n'


def candidate(house: House, text: str, two_people_for: str | None = None) -> Candidate:
    folder = house.folder / "candidate"
    folder.mkdir(exist_ok=True)
    (folder / "cafe.toml").write_text(text)
    reading = read(folder)
    assert reading.problems == ()
    return Candidate(reading.policies, two_people_for)


def put(house: House, engine: Engine, text: str, starts: str | None = None, two: str | None = None) -> PublicationView:
    return engine.publishing.publish(candidate(house, text, two), by="cli:ana", why="as agreed", starts=starts)


def cap(engine: Engine, location: str = "cafe-a") -> int:
    return sum(used(engine, location))


def tamper(house: House, sql: str) -> None:
    house.execute(sql)


def test_from_the_first_publication_on_the_files_are_only_candidates(house: House, engine: Engine) -> None:
    house.write(policy(day("70.00")))
    assert cap(engine) == 7000
    assert not engine.publishing.publishes()
    made = put(house, engine, policy(day("80.00")))
    assert (made.id, made.state, made.by, made.why) == (1, "in force", "cli:ana", "as agreed")
    assert cap(engine) == 8000
    house.write(policy(day("90.00")))
    assert engine.request(ask(100)).decision.findings[-1].cap == 8000
    house.write("[policy\n")
    assert engine.ready() == []
    assert holds(engine)


def test_every_book_it_governs_says_who_published_what_and_why(house: House, engine: Engine) -> None:
    made = put(house, engine, policy(day("80.00")))
    for location in ("cafe-a", "cafe-b"):
        lines = engine.entries(location).items[-2:]
        assert [(line.kind, line.by) for line in lines] == [("publish", "cli:ana"), ("policy", "cli:ana")]
        assert lines[0].body == {
            "publication": 1,
            "policy": made.policies["cafe"],
            "id": "cafe",
            "set": made.digest,
            "policies": made.policies,
            "why": "as agreed",
            "asked_at": "2026-11-20T23:00:00.000000Z",
            "starts": None,
            "two_people_for": None,
            "effective": "2026-11-20T23:00:00.000000Z",
        }
    assert [view.policy_digest for view in engine.locations()] == [made.policies["cafe"]] * 2
    assert holds(engine)


def test_another_process_goes_by_it_with_its_next_answer(house: House, engine: Engine) -> None:
    other = house.open()
    put(house, engine, policy(day("80.00")))
    assert cap(other) == 8000
    put(house, engine, policy(day("60.00")))
    assert other.request(ask(100)).decision.findings[-1].cap == 6000
    assert holds(engine)


def test_it_comes_into_force_at_its_moment_on_each_locations_clock(house: House, engine: Engine) -> None:
    west = HEAD.replace('"cafe"', '"west"').replace('"cafe-*"', '"cafe-b"').replace("New_York", "Los_Angeles")
    put(house, engine, policy(day("100.00")))
    chosen = candidate(house, policy(day("80.00")))
    (house.folder / "candidate" / "west.toml").write_text(policy(day("80.00"), head=west))
    chosen = Candidate(read(house.folder / "candidate").policies)
    made = engine.publishing.publish(chosen, by="cli:ana", why="holidays", starts="2026-12-24T04:00")
    assert made.state == "scheduled"
    assert {turn.location: turn.effective for turn in made.locations} == {
        "cafe-a": "2026-12-24T09:00:00.000000Z",
        "cafe-b": "2026-12-24T12:00:00.000000Z",
    }
    assert (cap(engine), cap(engine, "cafe-b")) == (10000, 10000)
    house.clock.moment = datetime(2026, 12, 24, 8, 59, 59, tzinfo=UTC)
    assert (cap(engine), cap(engine, "cafe-b")) == (10000, 10000)
    house.clock.go(seconds=1)
    assert (cap(engine), cap(engine, "cafe-b")) == (8000, 10000)
    engine.request(ask(100))
    house.clock.go(hours=3)
    assert (cap(engine), cap(engine, "cafe-b")) == (8000, 8000)
    engine.request(ask(100, location="cafe-b"))
    (house.folder / "candidate" / "west.toml").unlink()
    assert holds(engine)


def test_a_later_start_wins_over_what_was_published_after_it(house: House, engine: Engine) -> None:
    put(house, engine, policy(day("100.00")))
    put(house, engine, policy(day("150.00")), "2026-12-24T04:00")
    put(house, engine, policy(day("90.00")))
    assert cap(engine) == 9000
    house.clock.moment = datetime(2026, 12, 25, tzinfo=UTC)
    assert cap(engine) == 15000
    assert [item.state for item in engine.publishing.log()] == ["replaced", "in force", "replaced"]


def test_a_rollback_takes_back_what_was_to_come(house: House, engine: Engine) -> None:
    put(house, engine, policy(day("100.00")))
    put(house, engine, policy(day("150.00")), "2026-12-24T04:00")
    back = engine.publishing.rollback(by="cli:ana", why="not this year")
    assert (back.back_to, back.state) == (1, "in force")
    assert [item.state for item in engine.publishing.log()] == ["in force", "taken back", "replaced"]
    house.clock.moment = datetime(2026, 12, 25, tzinfo=UTC)
    assert cap(engine) == 10000
    assert holds(engine)


def test_rollbacks_go_back_one_by_one_and_by_number(house: House, engine: Engine) -> None:
    for amount in ("100.00", "110.00", "120.00"):
        house.clock.go(minutes=1)
        put(house, engine, policy(day(amount)))
    steps = []
    for _ in range(2):
        house.clock.go(minutes=1)
        engine.publishing.rollback(by="cli:ana", why="back")
        steps.append(cap(engine))
    assert steps == [11000, 10000]
    with pytest.raises(ConflictError) as raised:
        engine.publishing.rollback(by="cli:ana", why="back")
    assert raised.value.code == "nothing_before"
    engine.publishing.rollback(3, by="cli:ana", why="it was good")
    assert cap(engine) == 12000
    assert holds(engine)


def test_what_was_is_and_will_be_in_force(house: House, engine: Engine) -> None:
    first = engine.locations()[0].policy_digest
    house.clock.go(hours=1)
    put(house, engine, policy(day("100.00")).replace("Money off the check", "Money off"))
    put(house, engine, policy(day("150.00")), "2026-12-24T04:00")
    told = [
        (row.publication, row.location, row.digest == first)
        for when in ("2026-11-20T18:30", "2026-11-20T19:00", "2026-12-24T04:00")
        for row in engine.publishing.at(when, "cafe-a")
    ]
    assert told == [(None, "cafe-a", True), (1, "cafe-a", False), (2, "cafe-a", False)]
    with pytest.raises(PolicyError) as raised:
        engine.publishing.at("2026-11-01T00:00")
    assert raised.value.code == "not_open_yet"


LESS = policy(day("60.00"))
REFUSED = {
    "no why": (LESS, {"why": " "}, "invalid_input"),
    "past": (LESS, {"starts": "2026-11-20T17:59"}, "start_in_past"),
    "far": (LESS, {"starts": "2036-11-20T17:59"}, "start_too_far"),
    "no moment": (LESS, {"starts": "soon"}, "bad_moment"),
    "the same again": (policy(day("100.00")), {}, "nothing_new"),
    "a role that the roster uses": (LESS.replace("roles.manager", "roles.boss"), {}, "role_in_use"),
    "another currency": (LESS.replace('"USD"', '"EUR"'), {}, "other_currency"),
    "no location of ours": (LESS.replace('"cafe-*"', '"bar-*"'), {}, "governs_nothing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_not_hold_is_refused_by_name_and_changes_nothing(house: House, engine: Engine, name: str) -> None:
    put(house, engine, policy(day("100.00")))
    text, more, code = REFUSED[name]
    before = house.dump()
    with pytest.raises(EmpowerError) as raised:
        engine.publishing.publish(candidate(house, text), **({"by": "cli:ana", "why": "so"} | more))
    assert raised.value.code == code
    assert house.dump() == before
    assert cap(engine) == 10000


def test_the_first_publication_is_in_force_at_once(house: House, engine: Engine) -> None:
    with pytest.raises(InputError) as raised:
        put(house, engine, policy(day("100.00")), "2026-12-24T04:00")
    assert raised.value.code == "first_at_once"


def test_a_clock_behind_the_books_publishes_nothing(house: House, engine: Engine) -> None:
    house.clock.go(minutes=-6)
    with pytest.raises(ConflictError) as raised:
        put(house, engine, policy(day("60.00")))
    assert raised.value.code == "clock_behind"


def test_a_store_without_a_location_goes_by_its_files(house: House) -> None:
    engine = house.open(create=True)
    with pytest.raises(ConflictError) as raised:
        put(house, engine, policy())
    assert raised.value.code == "no_location"


def test_a_new_location_opens_under_what_is_published(house: House, engine: Engine) -> None:
    made = put(house, engine, policy(day("80.00")))
    assert engine.open_location("cafe-c", by="test").policy_digest == made.policies["cafe"]
    house.write(policy(day("70.00")).replace('"cafe-*"', '"bar-*", "cafe-*"'))
    with pytest.raises(PolicyError) as raised:
        engine.open_location("bar-a", by="test")
    assert raised.value.code == "no_policy"
    assert holds(engine)


def test_a_loosening_waits_for_another_person(house: House, engine: Engine) -> None:
    put(house, engine, policy(day("100.00")), two="looser")
    made = put(house, engine, policy(day("150.00")), two="looser")
    assert (made.state, made.waits_for, made.locations) == ("waiting", ["cafe: roles.server.limits.day"], [])
    assert cap(engine) == 10000
    assert holds(engine)
    with pytest.raises(ConflictError) as raised:
        engine.publishing.confirm(made.id, by="cli:ana")
    assert raised.value.code == "same_person"
    house.clock.go(hours=1)
    said = engine.publishing.confirm(made.id, by="key:max")
    assert (said.state, said.confirmed_by) == ("in force", "key:max")
    assert {turn.effective for turn in said.locations} == {"2026-11-21T00:00:00.000000Z"}
    assert cap(engine) == 15000
    lines = [line for line in engine.entries("cafe-a").items if line.kind == "publish"][1:]
    assert [(line.by, line.body.get("waits_for"), line.body.get("asked_by")) for line in lines] == [
        ("cli:ana", made.waits_for, None),
        ("key:max", None, "cli:ana"),
    ]
    with pytest.raises(ConflictError) as raised:
        engine.publishing.confirm(made.id, by="key:max")
    assert raised.value.code == "not_waiting"
    assert holds(engine)


def test_a_tightening_waits_for_nobody_and_dropping_the_rule_is_a_loosening(house: House, engine: Engine) -> None:
    put(house, engine, policy(day("100.00")), two="looser")
    assert put(house, engine, policy(day("90.00")), two="looser").state == "in force"
    made = put(house, engine, policy(day("90.00")))
    assert (made.state, made.waits_for) == ("waiting", ["publishing.two_people_for"])


LOOSER = {
    "a cap": ("amount = 40.00", "amount = 40.01", "roles.server.limits.comp"),
    "a limit dropped": (day("100.00"), "", "roles.server.limits.day"),
    "another window": ('every = "day"', 'every = "week"', "roles.server.limits.day"),
    "most": ("most = 15.00", "most = 15.01", "remedies.dessert"),
    "approves": ('approves = ["server"]', 'approves = ["*"]', "roles.manager.approves"),
    "a reason's remedies": (
        '["apology", "discount"]',
        '["apology", "dessert", "discount"]',
        "reasons.long_wait.remedies",
    ),
    "longer to answer": ('"15 minutes"', '"16 minutes"', "approval.expires"),
    "a guard dropped": ("[guards.own_table]", "[guards.other_table]", None),
    "a guard softened": ('then = "deny"', 'then = "escalate"', "guards.own_table"),
    "the day's start": ("04:00:00", "05:00:00", "calendar"),
}


@pytest.mark.parametrize("name", LOOSER)
def test_whatever_is_not_plainly_tighter_is_looser(house: House, engine: Engine, name: str) -> None:
    put(house, engine, policy(day("100.00"), more=OWN_TABLE), two="looser")
    old, new, address = LOOSER[name]
    made = put(house, engine, policy(day("100.00"), more=OWN_TABLE).replace(old, new), two="looser")
    if address is None:
        assert made.state == "in force"
    else:
        assert (made.state, made.waits_for) == ("waiting", [f"cafe: {address}"])


@pytest.mark.only("sqlite")
def test_a_text_that_is_no_longer_its_own_leaves_the_last_good_in_force(house: House, engine: Engine) -> None:
    put(house, engine, policy(day("100.00")).replace("Money off the check", "Money off"))
    last = put(house, engine, policy(day("80.00")))
    altered = "CAST(replace(text, '8000', '9000') AS BLOB)"
    tamper(house, f"UPDATE policy SET text = {altered} WHERE digest = '{last.policies['cafe']}'")
    assert cap(engine) == 8000, "a process that knows the text goes on by it"
    fresh = house.open()
    assert cap(fresh) == 10000
    assert len(fresh.ready()) == 1
    assert fresh.ready()[0].startswith(f"publication 2: the text kept under `{last.policies['cafe']}` is another")
    assert not holds(engine)


TAMPERED = {
    "UPDATE publication SET why = 'nothing'": "the entry says why `as agreed`, the store `nothing`",
    "UPDATE publication SET by = 'cli:eve'": "publication 1 was asked for by `cli:ana`, not `cli:eve`",
    "UPDATE publication SET policies = '{}'": "the entry says policies",
    "DELETE FROM publication": "publication 1 is not in the store",
    "UPDATE publication SET id = 7": "publication 7 stands in no book",
}


@pytest.mark.parametrize("sql", TAMPERED)
def test_verify_holds_the_publications_against_the_books(house: House, engine: Engine, sql: str) -> None:
    put(house, engine, policy(day("80.00")))
    tamper(house, sql)
    found = [finding.message for finding in verify(engine.store).findings if finding.check == "publications"]
    assert any(message.startswith(TAMPERED[sql]) for message in found), found
