"""What comes together is answered together, each as if it were alone."""

import asyncio
import threading
from typing import Any

import pytest

from empower.core.errors import BusyError, ConflictError
from empower.http import gathering
from empower.http.gathering import Gathering

WAIT = 30


class Desk:
    """Answers a number with its double, refuses what is odd, and lets nobody go before the gate is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = threading.Event()
        self.batches: list[list[int]] = []

    def answer_all(self, asked: list[int]) -> list[int | Exception]:
        self.batches.append(asked)
        self.begun.set()
        assert self.gate.wait(WAIT)
        if 13 in asked:
            raise BusyError("the store is away")
        return [ConflictError(f"{number} is odd") if number % 2 else number * 2 for number in asked]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def ask(desk: Desk, first: int, *then: int) -> list[Any]:
    """What becomes of the first number, and of the others that come while it is looked at."""
    gathered = Gathering(desk.answer_all, "test")
    tasks = [asyncio.create_task(gathered.ask(first))]
    await asyncio.to_thread(desk.begun.wait, WAIT)
    tasks += [asyncio.create_task(gathered.ask(number)) for number in then]
    await asyncio.sleep(0)
    desk.gate.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_what_comes_meanwhile_is_answered_at_once(desk: Desk) -> None:
    assert asyncio.run(ask(desk, 2, 4, 6, 8)) == [4, 8, 12, 16]
    assert desk.batches == [[2], [4, 6, 8]]


def test_what_is_wrong_with_one_is_told_to_that_one(desk: Desk) -> None:
    found = asyncio.run(ask(desk, 2, 4, 5, 8))
    assert [str(one) for one in found] == ["4", "8", "5 is odd", "16"]


def test_a_fault_of_all_is_told_to_all_and_no_longer(desk: Desk) -> None:
    found = asyncio.run(ask(desk, 2, 4, 13))
    assert [str(one) for one in found] == ["4", "the store is away", "the store is away"]
    assert asyncio.run(Gathering(desk.answer_all, "again").ask(4)) == 8


def test_no_more_are_answered_at_once_than_so_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_AT_ONCE", 2)
    assert asyncio.run(ask(desk, 2, 4, 6, 8)) == [4, 8, 12, 16]
    assert desk.batches == [[2], [4, 6], [8]]


def test_who_comes_when_too_many_wait_is_told_to_come_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_WAITING", 2)
    found = asyncio.run(ask(desk, 2, 4, 6, 8))
    assert found[:3] == [4, 8, 12]
    assert isinstance(found[3], BusyError)
    assert desk.batches == [[2], [4, 6]]


def test_what_has_waited_too_long_is_not_begun(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "PATIENCE_SECONDS", -1)
    found = asyncio.run(ask_once(desk, 2))
    assert isinstance(found, BusyError)
    assert desk.batches == [[]]


async def ask_once(desk: Desk, number: int) -> Any:
    desk.gate.set()
    (found,) = await asyncio.gather(Gathering(desk.answer_all, "test").ask(number), return_exceptions=True)
    return found


def test_one_who_goes_keeps_nobody_from_an_answer(desk: Desk) -> None:
    async def leave() -> list[Any]:
        gathered = Gathering(desk.answer_all, "test")
        first = asyncio.create_task(gathered.ask(2))
        await asyncio.to_thread(desk.begun.wait, WAIT)
        gone, stays = (asyncio.create_task(gathered.ask(number)) for number in (4, 6))
        await asyncio.sleep(0)
        gone.cancel()
        desk.gate.set()
        return await asyncio.gather(first, stays)

    assert asyncio.run(leave()) == [4, 12]


def test_an_event_loop_that_has_ended_keeps_nobody_in_another_from_an_answer(desk: Desk) -> None:
    gathered = Gathering(desk.answer_all, "test")

    async def leave() -> None:
        task = asyncio.create_task(gathered.ask(2))
        await asyncio.to_thread(desk.begun.wait, WAIT)
        task.cancel()

    asyncio.run(leave())
    desk.gate.set()
    assert asyncio.run(gathered.ask(4)) == 8
