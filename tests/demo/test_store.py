"""The demo makes its own store anew, and no other."""

from pathlib import Path

import pytest

from empower.core.errors import ConflictError
from empower.demo import policies
from empower.demo.run import BY
from empower.demo.store import make_room
from empower.engine import Engine
from empower.policy import PolicySource

SOURCE = PolicySource(policies())


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file for a store."""
    monkeypatch.delenv("EMPOWER_SECRET", raising=False)
    return tmp_path / "empower.db"


def made(path: Path, *, title: str, by: str | None) -> str:
    """A store that `by` opened a book in."""
    url = f"sqlite:///{path}"
    with Engine.open(url, policies=policies(), create=True, title=title) as engine:
        if by:
            engine.open_location("bistro-soho", by=by)
    return url


def test_there_is_room_where_nothing_is(path: Path) -> None:
    make_room(f"sqlite:///{path}", SOURCE, keep=False)
    make_room("sqlite://", SOURCE, keep=True)
    assert not path.exists()


@pytest.mark.parametrize("by", [BY, None])
def test_a_demos_store_is_removed_with_what_lies_beside_it(path: Path, by: str | None) -> None:
    url = made(path, title=BY, by=by)
    make_room(url, SOURCE, keep=False)
    assert [file.name for file in path.parent.iterdir()] == []


@pytest.mark.parametrize(("title", "by"), [("", "cli:ana"), ("", BY), (BY, "cli:ana"), ("", None)])
def test_a_store_of_anybody_else_is_left_alone(path: Path, title: str, by: str | None) -> None:
    url = made(path, title=title, by=by)
    with pytest.raises(ConflictError, match="--store"):
        make_room(url, SOURCE, keep=False)
    assert path.exists()


def test_a_file_that_is_no_store_is_left_alone(path: Path) -> None:
    path.write_bytes(b"a letter")
    with pytest.raises(ConflictError, match="--store"):
        make_room(f"sqlite:///{path}", SOURCE, keep=False)
    assert path.read_bytes() == b"a letter"


def test_a_demos_store_is_left_alone_if_it_is_to_be_kept(path: Path) -> None:
    url = made(path, title=BY, by=BY)
    with pytest.raises(ConflictError, match="earlier demo"):
        make_room(url, SOURCE, keep=True)
