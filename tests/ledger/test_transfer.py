"""A store moved from SQLite to PostgreSQL and back: all of it, verified, and gone on with where it was broken off."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from empower.core.errors import EmpowerError, LedgerError, StoreError
from empower.engine import Engine
from empower.evidence.keys import Signer
from empower.ledger import verify
from empower.ledger.checkpoints import Checkpoints
from empower.ledger.transfer import Moved, transfer
from empower.store import Store
from empower.store import transfer as rows
from tests.conftest import SECRET, Database
from tests.engine.house import House, ask, holds, used

pytestmark = pytest.mark.both


@pytest.fixture
def there(
    request: pytest.FixtureRequest, house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """An empty place on the other database."""
    monkeypatch.setenv("EMPOWER_SECRET", SECRET)
    if database.kind != "sqlite":
        yield f"sqlite:///{house.folder / 'copy.db'}"
        return
    databases = request.getfixturevalue("databases")
    databases.make("empower_copy")
    yield databases.url("empower_copy")
    databases.drop("empower_copy")


@pytest.fixture
def lived(there: str, house: House, request: pytest.FixtureRequest) -> Engine:
    """With comps in every state, notes, guests, a key and a webhook."""
    made: Engine = request.getfixturevalue("engine")
    held = [made.request(ask(100 + n, guest=f"room:{n}", note="Cold soup"), key=f"k{n}") for n in range(6)]
    made.capture(held[0].id, 50)
    made.void(held[1].id, note="left")
    made.reverse(made.capture(held[2].id).id)
    made.request(ask(30000))
    made.create_key(scopes=["pos"], at=["*"], by="test")
    hook = made.webhooks.add("https://pos.example/hooks/s3cret", at=["cafe-a"], by="test")
    made.webhooks.rotate(hook.id, by="test")
    return made


def move(house: House, there: str, *, stop_after: int | None = None) -> Moved:
    told: list[int] = []

    def tell(label: str, done: int, _total: int | None) -> None:
        if label == "copying":
            told.append(done)
            if stop_after is not None and len(told) > stop_after:
                raise KeyboardInterrupt

    with closing(Store.open(house.url)) as source, closing(Store.open(there, create=True)) as target:
        return transfer(source, target, tell)


def all_rows(url: str) -> dict[str, Any]:
    with closing(Store.open(url)) as store, store.read() as unit:
        return {one.name: rows.fingerprint(unit, one) for one in rows.moved()}


def test_everything_is_there_and_the_copy_goes_on(house: House, lived: Engine, there: str) -> None:
    before = all_rows(house.url)
    done = move(house, there)
    assert done.books == {"cafe-a": lived.entries("cafe-a").items[-1].seq + 1, "cafe-b": 4}
    assert all_rows(there) == before == all_rows(house.url)
    first = lived.request(ask(103, guest="room:3", note="Cold soup"), key="k3")
    house.close()
    house.move_to(there)
    copy = house.open()
    assert copy.request(ask(103, guest="room:3", note="Cold soup"), key="k3") == first
    assert len(copy.comps(guest="room:3").items) == 1
    copy.capture(first.id)
    assert used(copy)[1] == 50 + 103
    assert holds(copy)


@pytest.mark.only("sqlite")
def test_what_was_signed_holds_in_the_copy(house: House, lived: Engine, there: str, signer: Signer) -> None:
    Checkpoints(lived.store, house.clock).make()
    move(house, there)
    with closing(Store.open(there)) as copy:
        assert verify(copy, keys=[signer.key]).ok


@pytest.mark.parametrize("grown", [False, True])
@pytest.mark.parametrize("stop_after", [0, 3, 9])
def test_a_copy_that_was_broken_off_is_no_store_and_is_gone_on_with(
    house: House, lived: Engine, there: str, stop_after: int, grown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "LOT", 5)
    with pytest.raises(KeyboardInterrupt):
        move(house, there, stop_after=stop_after)
    with pytest.raises(EmpowerError):
        Engine.open(there, policies=house.policies)
    if grown:
        lived.void(lived.request(ask(700)).id)
        lived.erase_guest("room:4", by="test")
    move(house, there)
    assert all_rows(there) == all_rows(house.url)
    with closing(Store.open(there)) as copy:
        assert verify(copy, replay=True).ok


def test_a_place_where_there_is_a_store_is_left_alone(house: House, lived: Engine, there: str) -> None:
    move(house, there)
    before = all_rows(there)
    lived.request(ask(100))
    with pytest.raises(StoreError) as raised:
        move(house, there)
    assert raised.value.code == "store_exists"
    assert all_rows(there) == before


def test_the_beginning_of_another_store_is_not_gone_on_with(
    house: House, lived: Engine, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "LOT", 5)
    with pytest.raises(KeyboardInterrupt):
        move(house, there, stop_after=3)
    with closing(Store.open(there)) as half, half.read() as unit:
        [(hashes,)] = unit.rows("SELECT count(*) FROM entry", {})
    assert hashes > 0
    other = House(house.folder / "other")
    other.folder.mkdir()
    other.write((house.policies / "cafe.toml").read_text())
    made = other.open(create=True)
    other.people(made, "cafe-a", "cafe-b")
    for _ in range(20):
        made.request(ask(100))
    with pytest.raises(StoreError) as raised:
        move(other, there)
    assert raised.value.code == "store_exists"
    assert "cafe-a" in raised.value.detail
    other.close()


def test_a_store_that_does_not_hold_is_not_copied(house: House, lived: Engine, there: str) -> None:
    house.execute("UPDATE counter SET held_minor = held_minor + 1 WHERE measure = 'employee/day'")
    with pytest.raises(LedgerError, match="verifying the source"):
        move(house, there)
    with closing(Store.open(there)) as copy, copy.read() as unit:
        assert unit.row("SELECT count(*) FROM location", {}) == (0,)
