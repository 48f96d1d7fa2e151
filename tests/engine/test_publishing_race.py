"""Publications and requests at the same time: each goes by exactly one version, and none is asked for twice."""

from empower.core.request import Request
from empower.engine import Engine
from empower.engine.publishing_checks import Candidate
from empower.policy import read
from empower.store import Unit

from .house import House, ask, holds, policy


def day(amount: int) -> str:
    return f'limits.day = {{ per = "employee", every = "day", amount = {amount}.00 }}\n'


def candidate(house: House, amount: int) -> Candidate:
    folder = house.folder / f"candidate-{amount}"
    folder.mkdir(exist_ok=True)
    (folder / "cafe.toml").write_text(policy(day(amount)))
    return Candidate(read(folder).policies)


def test_requests_that_share_a_transaction_ask_once_what_is_published(house: House, engine: Engine) -> None:
    """Once a book that is locked: who held its lock before may have published."""
    engine.publishing.publish(candidate(house, 500), by="cli:ana", why="as agreed")
    asked: list[str] = []

    def job(unit: Unit) -> list[str]:
        unit.cursor.connection.set_trace_callback(asked.append)
        places = ("cafe-a",) * 5 + ("cafe-b",) * 5
        found = [
            engine._hold(unit, Request.model_validate(ask(100, location=place)), None, "", "test").decision.policy
            for place in places
        ]
        unit.cursor.connection.set_trace_callback(None)
        return found

    assert len(set(engine.store.write(job))) == 1
    assert sum("max(publication.revision)" in sql for sql in asked) == 2
    assert holds(engine)


def test_what_another_process_publishes_between_two_requests_is_in_force_for_the_second(
    house: House, engine: Engine
) -> None:
    other = house.open()
    caps = []
    for amount in (500, 400, 300):
        other.publishing.publish(candidate(house, amount), by="cli:ana", why="as agreed")
        caps.append(engine.request(ask(100)).decision.findings[-1].cap)
    assert caps == [50000, 40000, 30000]
    assert holds(engine)
