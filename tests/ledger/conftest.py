"""A house whose books are signed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from empower.engine import Engine
from empower.evidence.keys import Signer, new_signer
from empower.ledger import signing
from tests.conftest import Database
from tests.engine.house import House, policy


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Iterator[House]:
    """A folder with the house's policy, and no store yet."""
    made = House(tmp_path)
    if database.kind != "sqlite":
        made.move_to(database.url)
    made.write(policy())
    yield made
    made.close()


@pytest.fixture
def engine(house: House) -> Engine:
    """Two cafes with a server and a manager each."""
    made = house.open(create=True)
    house.people(made, "cafe-a", "cafe-b")
    return made


@pytest.fixture
def signer(house: House, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Signer:
    """The deployment's signing key: in a file beside the store, or where there is none, in the environment."""
    if not house.is_sqlite:
        monkeypatch.setenv(signing.VARIABLE, new_signer(signing.name_of(engine.store)).skey)
    return signing.new(engine.store, by="test", clock=house.clock)
