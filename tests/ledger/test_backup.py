"""A backup is one consistent state taken while the store is in use; a restore is verified before it is in place."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from empower.core.errors import EmpowerError
from empower.ledger import Head, verify
from empower.ledger.backup import back_up, restore
from empower.store import Store
from tests.ledger.books import benchmark

books = benchmark("books")


@pytest.fixture
def maker(tmp_path: Path) -> Any:
    folder = tmp_path / "house"
    folder.mkdir()
    made = books.Maker(folder, seed=9, guests=16)
    made.play(30, at_once=6)
    yield made
    made.engine.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "evening.backup"


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def heads(store: Store) -> list[Head]:
    return [Head(book.location, book.size, book.root_hex) for book in verify(store).books]


def code(call: Any, *args: Any, **named: Any) -> str:
    with pytest.raises(EmpowerError) as raised:
        call(*args, **named)
    return raised.value.code


def test_what_comes_back_is_what_was_there(maker: Any, file: Path, tmp_path: Path):
    sizes = back_up(maker.engine.store, file)
    done = restore(file, url(tmp_path / "new.db"))
    assert done.sizes == sizes == {view.id: view.size for view in maker.engine.locations()}
    store = Store.open(url(tmp_path / "new.db"))
    assert heads(store) == heads(maker.engine.store)
    assert verify(store, replay=True).ok
    store.close()


def test_a_backup_is_one_file_for_its_owner_alone_without_the_secret(maker: Any, file: Path):
    back_up(maker.engine.store, file)
    assert [path.name for path in file.parent.iterdir() if path.is_file()] == [file.name]
    assert file.stat().st_mode & 0o777 == 0o600
    assert sqlite3.connect(file).execute("PRAGMA journal_mode").fetchone() == ("delete",)
    secret = (file.parent / "house" / "empower.db.secret").read_text().strip()
    assert secret.encode() not in file.read_bytes()
    assert bytes.fromhex(secret) not in file.read_bytes()


def test_a_backup_is_taken_while_others_write(maker: Any, file: Path):
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            maker.play(1)

    server = threading.Thread(target=serve)
    server.start()
    try:
        for number in range(5):
            taken = file.with_name(f"{number}.backup")
            back_up(maker.engine.store, taken)
            store = Store.open(url(taken))
            assert verify(store, replay=True).findings == []
            store.close()
    finally:
        done.set()
        server.join()


def test_nothing_is_overwritten_unasked(maker: Any, file: Path):
    file.write_bytes(b"an older one")
    assert code(back_up, maker.engine.store, file) == "backup_exists"
    assert file.read_bytes() == b"an older one"
    back_up(maker.engine.store, file, force=True)
    target = file.with_name("there.db")
    target.write_bytes(b"a store")
    assert code(restore, file, url(target)) == "store_exists"
    assert target.read_bytes() == b"a store"


def test_a_folder_that_is_not_there_is_told(maker: Any, file: Path):
    assert code(back_up, maker.engine.store, file.parent / "nowhere" / "x") == "backup_unwritable"


@pytest.mark.parametrize("content", [None, b"", b"not a store" * 1000], ids=["missing", "empty", "something else"])
def test_a_file_that_is_no_backup_is_told_and_nothing_changes(file: Path, content: bytes | None):
    if content is not None:
        file.write_bytes(content)
    target = file.with_name("new.db")
    assert code(restore, file, url(target)) in ("backup_missing", "store_damaged", "store_missing")
    assert sorted(path.name for path in file.parent.glob("new.db*")) == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE comp SET employee='E9'", "UPDATE counter SET spent_minor=spent_minor+1", "DELETE FROM comp"],
)
def test_a_backup_that_does_not_hold_is_not_put_in_place(maker: Any, file: Path, statement: str):
    back_up(maker.engine.store, file)
    with sqlite3.connect(file) as db:
        db.execute(statement)
    db.close()
    target = file.with_name("there.db")
    target.write_bytes(b"a store")
    assert code(restore, file, url(target), force=True) == "backup_broken"
    assert target.read_bytes() == b"a store"
    assert sorted(path.name for path in file.parent.glob("there.db*")) == ["there.db"]


def test_a_store_that_is_open_is_not_replaced(maker: Any, file: Path):
    back_up(maker.engine.store, file)
    path = file.parent / "house" / "empower.db"
    opener = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM entry').fetchone(); "
    waiting = [sys.executable, "-c", opener + "print('open', flush=True); sys.stdin.read()", str(path)]
    maker.engine.close()
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"open\n"
        assert code(restore, file, url(path), force=True) == "store_in_use"
        server.communicate(b"")
    assert restore(file, url(path), force=True).path == path


def test_an_older_backup_is_caught_by_what_is_known_outside(maker: Any, file: Path, tmp_path: Path):
    back_up(maker.engine.store, file)
    maker.play(20)
    known = heads(maker.engine.store)
    target = url(tmp_path / "new.db")
    assert code(restore, file, target, outside=lambda _store: (known, ())) == "backup_older"
    assert not (tmp_path / "new.db").exists()
    done = restore(file, target, older=True, outside=lambda _store: (known, ()))
    assert {finding.location for finding in done.older} == set(books.PLACES)


def test_a_rewritten_backup_is_not_merely_older(maker: Any, file: Path, tmp_path: Path):
    back_up(maker.engine.store, file)
    known = [head._replace(root_hex="00" * 32) for head in heads(maker.engine.store)]
    outside = lambda _store: (known, ())  # noqa: E731
    assert code(restore, file, url(tmp_path / "new.db"), older=True, outside=outside) == "backup_broken"


def test_what_was_there_is_told(maker: Any, file: Path):
    back_up(maker.engine.store, file)
    maker.play(10)
    after = {view.id: view.size for view in maker.engine.locations()}
    maker.engine.close()
    done = restore(file, maker.url, force=True)
    assert done.before == after
    assert all(done.sizes[place] <= after[place] for place in after)
    engine = maker.open()
    assert verify(engine.store, replay=True).ok
    engine.close()
