"""What is proved of a book, and made again from it, on PostgreSQL."""

import threading
from pathlib import Path

import pytest

from empower.engine import Engine
from empower.evidence.keys import Signer
from empower.ledger import verify
from empower.ledger.checkpoints import Checkpoints
from empower.ledger.mending import rebuild
from tests.engine.house import House, ask, holds, used

pytestmark = pytest.mark.only("postgresql")


def lived(engine: Engine) -> None:
    comps = [engine.request(ask(500, guest=f"room:{n}"), key=f"k{n}") for n in range(4)]
    engine.capture(comps[0].id, 200)
    engine.void(comps[1].id)
    engine.reverse(engine.capture(comps[2].id).id)
    engine.request(ask(30000))


def test_books_are_signed_and_a_rewritten_history_is_found(house: House, engine: Engine, signer: Signer) -> None:
    lived(engine)
    checkpoints = Checkpoints(engine.store, house.clock)
    assert len(checkpoints.make()) == 2
    engine.request(ask(100))
    assert [made.location for made in checkpoints.make() if made.fresh] == ["cafe-a"]
    assert verify(engine.store, keys=[signer.key], replay=True).ok
    house.execute(
        "ALTER TABLE entry DISABLE TRIGGER ALL",
        "UPDATE entry SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), '500', '501'), 'UTF8') WHERE seq = 4",
        "ALTER TABLE entry ENABLE TRIGGER ALL",
        *(f"ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_no_{what}" for what in ("update", "delete", "truncate")),
    )
    found = verify(engine.store, keys=[signer.key])
    assert not found.ok
    assert {finding.location for finding in found.findings} == {"cafe-a"}


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE counter SET held_minor = held_minor + 1",
        "DELETE FROM counter",
        "UPDATE comp SET status = 'voided', held_minor = 0 WHERE status = 'approved'",
        "DELETE FROM comp",
        "UPDATE comp SET forced = true",
        "DELETE FROM measure",
        "UPDATE location SET next_expiry = NULL",
    ],
)
def test_every_projection_is_made_again_from_the_entries(house: House, engine: Engine, tampering: str) -> None:
    lived(engine)
    before = {name: rows for name, rows in house.dump().items() if name not in ("wide", "session")}
    house.execute(tampering)
    assert not holds(engine)
    assert rebuild(engine.store, dry_run=True).mended
    assert not holds(engine)
    assert rebuild(engine.store).mended
    assert holds(engine)
    after = house.dump()
    assert {name: after[name] for name in before} == before


def test_tills_wait_for_a_rebuild_and_lose_nothing(house: House, engine: Engine) -> None:
    lived(engine)
    house.execute("UPDATE counter SET held_minor = held_minor + 1")
    other, answers = house.open(), []
    till = threading.Thread(target=lambda: answers.append(other.request(ask(100)).status))

    def progress(done: int, total: int) -> None:
        if not till.ident:
            till.start()

    assert rebuild(engine.store, progress=progress).mended
    till.join()
    assert answers == ["approved"]
    assert holds(engine)
    assert used(engine) == used(other)


def test_what_was_verified_is_kept_and_gone_on_from(house: House, engine: Engine, tmp_path: Path) -> None:
    lived(engine)
    since = tmp_path / "verified"
    assert verify(engine.store, since=since).ok
    engine.request(ask(100))
    assert verify(engine.store, since=since).ok
    house.execute("UPDATE counter SET held_minor = held_minor + 1 WHERE measure = 'employee/day'")
    assert not verify(engine.store, since=since).ok
