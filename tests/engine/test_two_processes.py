"""Several processes and threads on one store: no cent over, no line lost."""

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from empower.core.errors import EmpowerError
from empower.engine import Engine

from .house import House, ask, holds, policy, used

pytestmark = pytest.mark.both

ROOT = Path(__file__).parents[2]
ROOM = 19
"""Of twenty holds the budget has room for nineteen."""
DAY = f'limits.day = {{ per = "employee", every = "day", amount = {ROOM}.00 }}\n'

HAMMER = """
import json, sys
from tests.engine.house import House, ask
from pathlib import Path
house = House(Path(sys.argv[1]))
engine = house.open()
print("ready", flush=True)
sys.stdin.readline()
answers = [engine.request(ask(100), key=f"{sys.argv[2]}-{number}").status for number in range(int(sys.argv[3]))]
print(json.dumps(answers), flush=True)
engine.close()
"""

ENDLESS = """
import sys
from tests.engine.house import House, ask
from pathlib import Path
house = House(Path(sys.argv[1]))
engine = house.open()
for number in range(100_000):
    comp = engine.request(ask(1), key=f"{sys.argv[2]}-{number}")
    print(number, comp.id, comp.status, flush=True)
"""

SUDDEN_END = """
import os, sys
from tests.engine.house import House, ask
from empower.core.request import Request
from pathlib import Path
house = House(Path(sys.argv[1]))
engine = house.open()
print(engine.request(ask(200), key="before").id, flush=True)

def job(unit):
    engine._hold(unit, Request.model_validate(ask(300)), "lost", "", "python")
    if sys.argv[2] == "written":
        unit.flush()
    os._exit(9)

engine.store.write(job)
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def gapless(house: House, location: str = "cafe-a") -> bool:
    seqs = [seq for (seq,) in house.query("SELECT seq FROM entry WHERE location = ? ORDER BY seq", location)]
    [(size,)] = house.query("SELECT size FROM location WHERE id = ?", location)
    return seqs == list(range(size))


@pytest.fixture
def engine(house: House) -> Engine:
    house.write(policy(DAY))
    made = house.open(create=True)
    house.people(made, "cafe-a")
    return made


def test_two_processes_spend_a_budget_to_the_cent_and_not_beyond(house: House, engine: Engine) -> None:
    processes = [start(HAMMER, house.folder, name, 10) for name in ("one", "two")]
    assert [line(process) for process in processes] == ["ready\n", "ready\n"]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [json.loads(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert Counter(answers[0] + answers[1]) == {"approved": ROOM, "pending": 1}
    assert used(engine) == [ROOM * 100, 0, 0]
    assert gapless(house)
    assert holds(engine)


def test_eight_threads_spend_a_budget_to_the_cent_and_not_beyond(house: House, engine: Engine) -> None:
    others = [engine, house.open()]
    answers: list[str] = []
    gate = threading.Barrier(8)

    def hammer(number: int) -> None:
        gate.wait()
        for turn in range(number % 2 + 2):
            comp = others[number % 2].request(ask(100), key=f"{number}-{turn}")
            answers.append(comp.status)

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == {"approved": ROOM, "pending": 1}
    assert used(engine) == [ROOM * 100, 0, 0]
    assert gapless(house)
    assert holds(engine)


def test_eight_threads_with_one_key_make_one_comp(house: House, engine: Engine) -> None:
    answers = []
    gate = threading.Barrier(8)

    def press() -> None:
        gate.wait()
        answers.append(engine.request(ask(100, note="Cold soup", guest="room:12"), key="k"))

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert all(answer == answers[0] for answer in answers)
    assert used(engine) == [100, 0, ROOM * 100 - 100]
    assert holds(engine)


def test_threads_that_capture_one_comp_spend_it_once(house: House, engine: Engine) -> None:
    comp = engine.request(ask(1000))
    outcomes: list[object] = []
    gate = threading.Barrier(6)

    def take(number: int) -> None:
        gate.wait()
        try:
            view = engine.void(comp.id) if number == 0 else engine.capture(comp.id, 500 + number % 2)
            outcomes.append(view.status)
        except EmpowerError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    status = engine.comp(comp.id).status
    assert status in ("captured", "voided")
    assert set(outcomes) <= {status, f"comp_{status}"}
    assert house.kinds()[-1] in ("capture", "void")
    assert house.kinds().count("capture") + house.kinds().count("void") == 1
    assert holds(engine)


def test_what_was_answered_before_a_process_was_killed_is_there(house: House, engine: Engine) -> None:
    processes = [start(ENDLESS, house.folder, name) for name in ("one", "two")]
    told: list[tuple[str, list[str]]] = []
    for name, process in zip(("one", "two"), processes, strict=True):
        told += [(name, line(process).split()) for _ in range(10)]
        process.send_signal(signal.SIGKILL)
    for name, process in zip(("one", "two"), processes, strict=True):
        assert process.stdout is not None
        told += [(name, words.split()) for words in process.stdout if words.endswith("\n")]
        assert process.wait() == -signal.SIGKILL
        process.communicate()
    known = dict(house.query("SELECT id, status FROM comp"))
    assert {comp: status for _, (_, comp, status) in told} == {comp: known.get(comp) for _, (_, comp, _) in told}
    for name, (number, comp, _) in [*told[:10], *told[-10:]]:
        assert engine.request(ask(1), key=f"{name}-{number}").id == comp
    assert gapless(house)
    assert holds(engine)


@pytest.mark.parametrize("how", ["in memory", "written"])
def test_a_process_that_dies_in_the_middle_leaves_nothing_half_done(house: House, engine: Engine, how: str) -> None:
    process = start(SUDDEN_END, house.folder, how)
    told, _ = process.communicate()
    assert process.returncode == 9
    assert [comp for (comp,) in house.query("SELECT id FROM comp")] == [told.strip()]
    assert used(engine) == [200, 0, ROOM * 100 - 200]
    assert gapless(house)
    assert holds(engine)
    assert engine.request(ask(300), key="lost").status == "approved"
    assert engine.request(ask(200), key="before").id == told.strip()
    assert holds(engine)
