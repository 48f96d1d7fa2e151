"""Group commit: many share a transaction, and one fault is nobody else's."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from empower.core.errors import BusyError, ConflictError, StoreError
from empower.store import Store, Unit
from empower.store.writer import MOST_AT_ONCE, PATIENCE_SECONDS, Ticket, Writer

Job = Callable[[Unit], Any]


def add(name: str) -> Job:
    """A job that writes one row, and gives its name."""

    def job(unit: Unit) -> str:
        unit.write("INSERT INTO employee VALUES (:id, :id, NULL)", {"id": name})
        return name

    return job


def written(file: Path) -> list[str]:
    connection = sqlite3.connect(file)
    try:
        return [name for (name,) in connection.execute("SELECT id FROM employee ORDER BY id")]
    finally:
        connection.close()


class Counted:
    """The store's own transactions, counted, with something happening at one of them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.begun = 0
        self.fail: dict[int, BaseException] = {}
        self.writer = Writer(self._transaction)

    @contextmanager
    def _transaction(self) -> Iterator[Unit]:
        self.begun += 1
        if self.begun in self.fail:
            raise self.fail[self.begun]
        with self.store.line.transaction() as unit:
            yield unit

    def together(self, *jobs: Job, alone: tuple[int, ...] = ()) -> list[Ticket]:
        """Jobs that wait at the same time; one caller runs them all."""
        tickets = [Ticket(job, alone=index in alone) for index, job in enumerate(jobs)]
        self.writer.run_all(tickets)
        return tickets


@pytest.fixture
def counted(store: Store) -> Counted:
    return Counted(store)


def outcomes(tickets: list[Ticket]) -> list[Any]:
    return [type(ticket.error) if ticket.error else ticket.result for ticket in tickets]


def test_what_waits_shares_one_transaction(counted: Counted, file: Path) -> None:
    tickets = counted.together(*(add(name) for name in "abc"))
    assert outcomes(tickets) == ["a", "b", "c"]
    assert counted.begun == 1
    assert written(file) == ["a", "b", "c"]


def test_no_more_than_so_many_share_one(counted: Counted, file: Path) -> None:
    names = [f"{number:03}" for number in range(MOST_AT_ONCE + 1)]
    counted.together(*(add(name) for name in names))
    assert counted.begun == 2
    assert written(file) == names


def test_who_asks_to_be_alone_is(counted: Counted, file: Path) -> None:
    tickets = counted.together(*(add(name) for name in "abcd"), alone=(1,))
    assert outcomes(tickets) == ["a", "b", "c", "d"]
    assert counted.begun == 3
    assert written(file) == ["a", "b", "c", "d"]


def test_a_job_that_raises_undoes_itself_alone(counted: Counted, file: Path) -> None:
    def fail(unit: Unit) -> None:
        add("x")(unit)
        raise ConflictError("no")

    tickets = counted.together(add("a"), fail, add("b"))
    assert outcomes(tickets) == ["a", ConflictError, "b"]
    assert counted.begun == 1
    assert written(file) == ["a", "b"]


def test_a_job_whose_row_cannot_be_written_takes_nobody_with_it(counted: Counted, file: Path) -> None:
    tickets = counted.together(add("a"), add("a"), add("b"))
    assert outcomes(tickets) == ["a", sqlite3.IntegrityError, "b"]
    assert written(file) == ["a", "b"]


def test_a_job_that_is_run_again_for_anothers_fault_gives_its_last_answer(counted: Counted, file: Path) -> None:
    runs: list[int] = []

    def count(unit: Unit) -> int:
        runs.append(len(runs))
        return add("c")(unit) and runs[-1]

    tickets = counted.together(count, lambda unit: unit.write("INSERT INTO nowhere VALUES (1)", {}))
    assert outcomes(tickets) == [1, sqlite3.OperationalError]
    assert written(file) == ["c"]


def test_a_job_that_failed_for_the_moment_is_asked_again_when_it_runs_again(counted: Counted, file: Path) -> None:
    """What a job raised in a transaction that was not written is no answer."""
    answers = iter([ConflictError("already there"), None])

    def fickle(unit: Unit) -> str:
        error = next(answers)
        if error is not None:
            raise error
        return add("f")(unit)

    tickets = counted.together(fickle, lambda unit: unit.write("INSERT INTO nowhere VALUES (1)", {}))
    assert outcomes(tickets) == ["f", sqlite3.OperationalError]
    assert written(file) == ["f"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_the_writer_survives_an_interruption_in_a_job(counted: Counted, file: Path, kind: type[BaseException]) -> None:
    def interrupted(unit: Unit) -> None:
        add("x")(unit)
        raise kind

    tickets = [Ticket(job) for job in (add("a"), interrupted)]
    counted.writer._waiting.extend(tickets)
    with pytest.raises(kind):
        counted.writer.run(add("b"))
    assert [ticket.done for ticket in tickets] == [True, True]
    assert outcomes(tickets) == [BusyError, BusyError]
    assert written(file) == []
    assert counted.writer.run(add("c")) == "c"
    assert written(file) == ["c"]


def test_an_interruption_while_all_are_tried_alone_leaves_nobody_without_an_answer(
    counted: Counted, file: Path
) -> None:
    """One's row cannot be written; when each is tried alone, the next is interrupted; a third still waits."""
    runs: list[int] = []

    def interrupted(unit: Unit) -> None:
        runs.append(1)
        if len(runs) > 1:
            raise KeyboardInterrupt
        add("x")(unit)

    jobs = (lambda unit: unit.write("INSERT INTO nowhere VALUES (1)", {}), interrupted, add("a"))
    tickets = [Ticket(job) for job in jobs]
    counted.writer._waiting.extend(tickets)
    with pytest.raises(KeyboardInterrupt):
        counted.writer.run(add("b"))
    assert [ticket.done for ticket in tickets] == [True, True, True]
    assert [ticket.error is not None or ticket.result in written(file) for ticket in tickets] == [True] * 3
    assert counted.writer.run(add("c")) == "c"


def test_a_store_that_is_busy_is_tried_once_for_all_who_wait(counted: Counted) -> None:
    """Where the transaction cannot even begin, it is no job's fault: they do not each wait for the lock in turn."""
    locked = sqlite3.OperationalError("database is locked")
    counted.fail = dict.fromkeys(range(1, 100), locked)
    tickets = [Ticket(add(name)) for name in "abcd"]
    counted.writer._waiting.extend(tickets)
    with pytest.raises(sqlite3.OperationalError):
        counted.writer.run(add("e"))
    assert outcomes(tickets) == [sqlite3.OperationalError] * 4
    assert counted.begun == 1


def test_after_a_failure_the_next_begins_anew(counted: Counted, file: Path) -> None:
    counted.fail = {1: sqlite3.OperationalError("database is locked")}
    with pytest.raises(sqlite3.OperationalError):
        counted.writer.run(add("a"))
    assert counted.writer.run(add("a")) == "a"
    assert written(file) == ["a"]


def test_threads_get_their_own_answers(store: Store, file: Path) -> None:
    names = [f"{number:02}" for number in range(24)]
    answers: dict[str, object] = {}
    gate = threading.Barrier(len(names))

    def write(name: str) -> None:
        gate.wait()
        try:
            answers[name] = store.write(add(name if int(name) % 5 else "00"))
        except StoreError as error:
            answers[name] = error.code

    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    firsts = [name for name in names if int(name) % 5 == 0]
    assert sorted(str(answers[name]) for name in firsts) == ["00", *["store_unusable"] * (len(firsts) - 1)]
    assert {name: answers[name] for name in names if name not in firsts} == {
        name: name for name in names if name not in firsts
    }
    assert written(file) == ["00", *(name for name in names if name not in firsts)]


def test_who_comes_when_too_many_wait_is_told_at_once(store: Store) -> None:
    writer = Writer(store.line.transaction, most_waiting=2)
    waiting = [Ticket(add(name)) for name in "ab"]
    writer._waiting.extend(waiting)
    with pytest.raises(BusyError, match="try again with the same key"):
        writer.run(add("c"))
    assert [ticket.done for ticket in waiting] == [False, False]
    assert len(writer._waiting) == 2


def test_a_job_that_waited_too_long_is_not_begun(store: Store, file: Path) -> None:
    moment = 0.0
    writer = Writer(store.line.transaction, timer=lambda: moment)
    begun: list[str] = []
    late = Ticket(lambda _unit: begun.append("late"))
    late.deadline = PATIENCE_SECONDS
    writer._waiting.append(late)
    moment = PATIENCE_SECONDS + 1
    assert writer.run(add("a")) == "a"
    assert isinstance(late.error, BusyError)
    assert begun == []
    assert written(file) == ["a"]


class Line:
    """Callers who stand in line behind one whose transaction is under way."""

    def __init__(self, store: Store) -> None:
        self.writer = Writer(store.line.transaction)
        self.inside, self.go_on = threading.Event(), threading.Event()
        self.threads = [self.begin(self.slow)]
        assert self.inside.wait(10)

    def slow(self, unit: Unit) -> str:
        self.inside.set()
        assert self.go_on.wait(10)
        return str(add("slow")(unit))

    def begin(self, job: Job, *, alone: bool = False) -> threading.Thread:
        thread = threading.Thread(target=lambda: self.writer.run(job, alone=alone))
        thread.start()
        return thread

    def ask(self, job: Job, *, alone: bool = False) -> threading.Thread:
        """One more, who stands in line by now."""
        before = len(self.writer._waiting)
        thread = self.begin(job, alone=alone)
        while len(self.writer._waiting) == before:
            thread.join(0.001)
        return thread

    def behind(self, ticket: Ticket) -> None:
        """Interrupted while it stands in line."""
        with pytest.raises(KeyboardInterrupt):
            self.writer.run_all((ticket,))

    def end(self) -> None:
        self.go_on.set()
        for thread in self.threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in self.threads)


def test_nobody_with_an_answer_waits_for_the_next_transaction(store: Store, file: Path) -> None:
    line, inside, go_on = Line(store), threading.Event(), threading.Event()

    def next_one(unit: Unit) -> str:
        inside.set()
        assert go_on.wait(10)
        return str(add("next")(unit))

    line.threads += [line.ask(add(name)) for name in "abcdef"]
    last = line.ask(next_one, alone=True)
    line.end()
    assert inside.wait(10)
    assert last.is_alive()
    go_on.set()
    last.join(10)
    assert written(file) == ["a", "b", "c", "d", "e", "f", "next", "slow"]


class Interrupted(Ticket):
    """Its caller is interrupted at once, or when it was to go on."""

    def __init__(self, job: Job, *, at_once: bool) -> None:
        super().__init__(job)
        self.at_once = at_once

    def wait(self) -> None:
        if not self.at_once:
            super().wait()
        raise KeyboardInterrupt


@pytest.mark.parametrize("at_once", [True, False])
def test_whoever_is_interrupted_in_line_leaves_it_to_the_others(store: Store, file: Path, *, at_once: bool) -> None:
    line = Line(store)
    leaving = threading.Thread(target=line.behind, args=(Interrupted(add("gone"), at_once=at_once),))
    leaving.start()
    while leaving.is_alive() if at_once else not line.writer._waiting:
        leaving.join(0.001)
    line.threads += [leaving, line.ask(add("after"))]
    line.end()
    assert written(file) == ["after", "slow"]
    assert line.writer.run(add("later")) == "later"


def test_several_of_one_caller_are_answered_each(store: Store, file: Path) -> None:
    def refused(_unit: Unit) -> None:
        raise ConflictError("no", code="no")

    writer = Writer(store.line.transaction, most_waiting=3)
    tickets = [Ticket(job) for job in (add("a"), refused, add("b"), add("c"))]
    writer.run_all(tickets)
    assert outcomes(tickets) == ["a", ConflictError, "b", BusyError]
    assert written(file) == ["a", "b"]
    writer.run_all([again := Ticket(add("c"))])
    assert again.answer() == "c"


def test_closing_ends_what_is_written_and_refuses_what_waits(store: Store, file: Path) -> None:
    writer, inside, go_on = Writer(store.line.transaction), threading.Event(), threading.Event()

    def slow(unit: Unit) -> str:
        inside.set()
        assert go_on.wait(10)
        return str(add("a")(unit))

    said: dict[str, Any] = {}

    def ask(name: str, job: Job) -> threading.Thread:
        def run() -> None:
            try:
                said[name] = writer.run(job)
            except BusyError as error:
                said[name] = error.detail

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    first = ask("a", slow)
    assert inside.wait(10)
    waiting = Ticket(add("b"))
    writer._waiting.append(waiting)
    closing = threading.Thread(target=writer.close)
    closing.start()
    go_on.set()
    first.join(10)
    closing.join(10)
    assert said["a"] == "a"
    assert isinstance(waiting.error, BusyError)
    assert waiting.done
    with pytest.raises(BusyError, match="is being closed"):
        writer.run(add("c"))
    assert written(file) == ["a"]
