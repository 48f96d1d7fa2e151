"""A house to try things in, and an engine over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from empower.engine import Engine
from tests.conftest import Database

from .house import House, policy


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
