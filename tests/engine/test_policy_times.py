"""A policy that says itself from when and until when it is to be in force."""

from datetime import UTC, datetime

import pytest

from empower.core.errors import ConflictError, PolicyError
from empower.engine import Engine
from empower.engine.publication_views import PublicationView
from empower.engine.publishing_checks import Candidate
from empower.policy import read

from .house import HEAD, House, ask, holds, policy, used

BEFORE = datetime(2026, 12, 24, 8, 59, 59, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 24, 9, tzinfo=UTC)
"""04:00 in New York."""
AFTER = datetime(2027, 1, 2, 9, tzinfo=UTC)


def timed(amount: str, *, effective: str | None = None, until: str | None = None) -> str:
    said = [f"{name} = {at}\n" for name, at in (("effective", effective), ("until", until)) if at]
    head = HEAD.replace('locations = ["cafe-*"]\n', 'locations = ["cafe-*"]\n' + "".join(said))
    return policy(f'limits.day = {{ per = "employee", every = "day", amount = {amount} }}\n', head=head)


def put(house: House, engine: Engine, text: str, **more: str | None) -> PublicationView:
    folder = house.folder / "candidate"
    folder.mkdir(exist_ok=True)
    (folder / "cafe.toml").write_text(text)
    reading = read(folder)
    assert reading.problems == ()
    two = more.pop("two", None)
    return engine.publishing.publish(Candidate(reading.policies, two), by="cli:ana", why="as agreed", **more)


def caps(house: House, engine: Engine, *moments: datetime) -> list[int]:
    found = []
    for moment in moments:
        house.clock.moment = moment
        found.append(engine.request(ask(100)).decision.findings[-1].cap)
    return found


def states(engine: Engine) -> list[str]:
    return [item.state for item in engine.publishing.log()]


def test_it_begins_at_its_effective_and_at_its_until_what_was_before_comes_back(house: House, engine: Engine) -> None:
    put(house, engine, timed("100.00"))
    put(house, engine, timed("150.00", effective="2026-12-24T04:00:00", until="2027-01-02T04:00:00"))
    assert states(engine) == ["scheduled", "in force"]
    assert caps(house, engine, BEFORE, CHRISTMAS) == [10000, 15000]
    assert states(engine) == ["in force", "replaced"]
    assert caps(house, engine, AFTER) == [10000]
    assert states(engine) == ["ended", "in force"]
    told = [engine.publishing.at(when, "cafe-a")[0].publication for when in ("2027-01-02T03:59", "2027-01-02T04:00")]
    assert told == [2, 1]
    kinds = [kind for kind in house.kinds() if kind != "expire"]
    assert kinds[-5:] == ["decision", "policy", "decision", "policy", "decision"]
    assert holds(engine)


def test_the_later_of_both_moments_counts(house: House, engine: Engine) -> None:
    put(house, engine, timed("100.00"))
    made = put(house, engine, timed("150.00", effective="2026-12-24T04:00:00Z"), starts="2026-12-24T04:00")
    assert {turn.effective for turn in made.locations} == {"2026-12-24T09:00:00.000000Z"}


def test_what_was_published_in_between_is_what_comes_back(house: House, engine: Engine) -> None:
    put(house, engine, timed("100.00"))
    put(house, engine, timed("150.00", until="2027-01-02T04:00:00"))
    house.clock.go(minutes=1)
    put(house, engine, timed("90.00"))
    assert caps(house, engine, BEFORE, AFTER) == [9000, 9000]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (timed("150.00", until="2026-11-20T17:59:59"), "over_already"),
        (timed("150.00", effective="2026-11-22T04:00:00", until="2026-11-21T04:00:00Z"), "over_already"),
    ],
)
def test_what_is_over_before_it_begins_is_refused(house: House, engine: Engine, text: str, code: str) -> None:
    put(house, engine, timed("100.00"))
    before = house.dump()
    with pytest.raises(PolicyError) as raised:
        put(house, engine, text)
    assert raised.value.code == code
    assert house.dump() == before


@pytest.mark.parametrize("when", [{"effective": "2026-12-24T04:00:00"}, {"until": "2027-01-02T04:00:00"}])
def test_no_location_is_left_without_a_policy(house: House, engine: Engine, when: dict[str, str]) -> None:
    with pytest.raises(PolicyError) as raised:
        put(house, engine, timed("150.00", **when))
    assert raised.value.code == "nothing_governs"
    assert not engine.publishing.publishes()


def test_a_longer_time_for_a_looser_policy_is_a_loosening(house: House, engine: Engine) -> None:
    put(house, engine, timed("100.00"), two="looser")
    more = put(house, engine, timed("150.00", until="2027-01-02T04:00:00"), two="looser")
    engine.publishing.confirm(more.id, by="key:max")
    assert states(engine)[0] == "in force"
    longer = put(house, engine, timed("150.00", until="2027-06-01T04:00:00"), two="looser")
    assert (longer.state, longer.waits_for) == ("waiting", ["cafe: roles.server.limits.day"])
    shorter = put(house, engine, timed("150.00", until="2026-12-30T04:00:00"), two="looser")
    assert shorter.state == "in force"


def test_what_would_change_nothing_at_any_moment_is_no_news(house: House, engine: Engine) -> None:
    put(house, engine, timed("100.00"))
    put(house, engine, timed("150.00"), starts="2026-12-24T04:00")
    with pytest.raises(ConflictError) as raised:
        put(house, engine, timed("150.00"), starts="2026-12-25T04:00")
    assert raised.value.code == "nothing_new"
    assert put(house, engine, timed("150.00")).state == "in force", "the same, but at once"


def test_a_yes_after_a_rollback_is_not_taken_back_by_it(house: House, engine: Engine) -> None:
    for amount in ("100.00", "90.00"):
        house.clock.go(minutes=1)
        put(house, engine, timed(amount), two="looser")
    made = put(house, engine, timed("150.00"), two="looser")
    house.clock.go(minutes=1)
    back = engine.publishing.rollback(by="cli:ana", why="back")
    assert back.state == "waiting", "back to more is a loosening, too"
    for publication in (back.id, made.id):
        house.clock.go(minutes=1)
        assert engine.publishing.confirm(publication, by="key:max").state == "in force"
    assert sum(used(engine)) == 15000
    assert holds(engine)


def test_a_file_is_in_force_in_its_time_only_and_an_end_is_told(house: House, engine: Engine) -> None:
    first = engine.locations()[0].policy_digest
    house.write(timed("150.00", effective="2026-12-24T04:00:00", until="2027-01-02T04:00:00"))
    assert caps(house, engine, BEFORE, CHRISTMAS) == [10000, 15000]
    assert engine.ready() == []
    house.clock.moment = BEFORE
    with pytest.raises(PolicyError) as raised:
        engine.open_location("cafe-c", by="test")
    assert raised.value.detail.startswith("policy `cafe` governs `cafe-c` only from 2026-12-24T04:00:00 until ")
    assert first != engine.locations()[0].policy_digest
    assert caps(house, engine, AFTER) == [15000]
    assert engine.ready() == ["policy `cafe` is over since 2027-01-02T04:00:00, and stays where it was in force"]
    assert holds(engine)
