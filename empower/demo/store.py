"""The demo's store: known again by who opened its books, so that only such a one is made anew."""

from contextlib import suppress
from pathlib import Path

from empower.core.errors import ConflictError, EmpowerError
from empower.demo.run import BY
from empower.engine import Engine
from empower.policy import PolicySource

BESIDE = ("", "-wal", "-shm", ".secret")
"""The files of an SQLite store."""


def make_room(store: str, policies: PolicySource, *, keep: bool) -> None:
    """Remove what an earlier demo left at `store`.

    Raises `ConflictError` for a store that is not a demo's, or with `keep` for any.
    """
    path = _file(store)
    if path is None:
        _refuse_opened(store, policies)
        return
    if not path.exists():
        return
    if keep or not _is_demo(store, policies):
        whose = "an earlier demo's" if keep else "not a demo's"
        raise ConflictError(
            f"`{path}` exists and is {whose}: name another store with --store sqlite:///demo.db", code="store_exists"
        )
    for end in BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").unlink()


def _refuse_opened(store: str, policies: PolicySource) -> None:
    """On a server nothing is made anew: who empties a database there is its owner."""
    try:
        with Engine.open(store, policies=policies) as engine:
            is_opened = bool(engine.locations())
    except EmpowerError:
        return
    if is_opened:
        raise ConflictError("the store there has books already: name an empty database", code="store_exists")


def _file(store: str) -> Path | None:
    """The file of an SQLite URL; None for one in memory, or another database."""
    kind, _, rest = store.partition(":///")
    name = rest.partition("?")[0]
    return Path(name) if kind.split("+")[0] == "sqlite" and name not in ("", ":memory:") else None


def _is_demo(store: str, policies: PolicySource) -> bool:
    """Whether the store can be read, and the demo opened all of its books."""
    try:
        with Engine.open(store, policies=policies) as engine:
            if engine.deployment.title != BY:
                return False
            firsts = [engine.entries(place.id, limit=1).items for place in engine.locations()]
    except EmpowerError:
        return False
    return all(items and items[0].by == BY for items in firsts)
