"""A comp is found by its id, wherever this process or another has seen it, and by nobody who may not."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from empower.core.errors import NotFoundError
from empower.engine import Engine
from empower.store.whereabouts import Whereabouts
from tests.engine.house import House, ask, holds

pytestmark = pytest.mark.both


@pytest.mark.parametrize("within", [None, {"cafe-a"}, {"cafe-a", "cafe-b"}])
def test_a_comp_is_found_by_who_made_it_and_by_who_never_saw_it(
    house: House, engine: Engine, within: set[str] | None
) -> None:
    comp = engine.request(ask(300))
    for other in (house.open(), engine):
        assert other.comp(comp.id, within=within).status == "approved"
    assert house.open().capture(comp.id, 200, within=within).status == "captured"
    assert engine.reverse(comp.id, 50, within=within).amount.reversed == 50
    assert holds(engine)


@pytest.mark.parametrize("within", [set(), {"cafe-b"}, {"cafe-b", "cafe-c"}])
def test_a_comp_elsewhere_is_not_there_for_who_made_it_or_never_saw_it(
    house: House, engine: Engine, within: set[str]
) -> None:
    comp = engine.request(ask(300))
    for other in (house.open(), engine):
        for move in (other.comp, other.capture, other.void, other.reverse):
            with pytest.raises(NotFoundError) as raised:
                move(comp.id, within=within)
            assert raised.value.code == "unknown_comp"
    assert engine.comp(comp.id).status == "approved"


def test_the_latest_are_remembered() -> None:
    where = Whereabouts(2)
    for number in range(3):
        where.note(f"c{number}", f"cafe-{number}")
    assert [where.of(f"c{number}") for number in range(3)] == [None, "cafe-1", "cafe-2"]


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_several_writers_note_at_once() -> None:
    where = Whereabouts(8)

    def writes(writer: int) -> None:
        for number in range(5000):
            where.note(f"{writer}-{number}", f"cafe-{writer}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(writes, range(4)))
    kept = [place for writer in range(4) for number in range(5000) if (place := where.of(f"{writer}-{number}"))]
    assert len(kept) == 8
