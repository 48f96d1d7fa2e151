"""What `extends` comes to: one document out of a policy's file and the files above it, and where each value stands.

`[policy] title`, `[calendar]`, `[approval]`, `[holds]` and `[publishing]` are merged key by key, remedies, reasons and
roles key by key inside each name. A limit, a guard or an invariant is replaced whole, and dropped by `false`.
`locations` is not inherited.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from empower.policy.document import Document
from empower.policy.positions import Path
from empower.policy.problems import Problem
from empower.policy.roles import Authority, Standing, authorities
from empower.policy.shape import Fault, File

BY_KEY = ("calendar", "approval", "holds", "publishing")
BY_NAME = ("remedies", "reasons", "roles")
WHOLE = ("limits", "guards", "invariants")


@dataclass(frozen=True)
class Whole:
    """A policy after `extends`: `chain` is its own file, then those that it starts from, nearest first."""

    chain: tuple[File, ...]
    document: Document

    @property
    def id(self) -> str:
        """The policy's name."""
        return self.chain[0].id

    @cached_property
    def roles(self) -> dict[str, Authority]:
        """The roles after `inherits`."""
        return authorities(self.document)

    def names(self, table: str) -> set[str]:
        """The names that `[table.NAME]` gives, those with a mistake inside included."""
        given = {str(path[1]) for file in self.chain for path in file.broken if path[0] == table and len(path) > 1}
        return given.union(getattr(self.document, table))

    def lost(self, table: str) -> bool:
        """Whether all of `[table]` was cut out of a file, so that its names are not known."""
        return any((table,) in file.broken for file in self.chain)

    def is_broken(self, path: Path) -> bool:
        """Whether the value at `path`, wherever it came from, was cut out of its file."""
        return any(file.is_broken(path) for file in self.chain)

    def limits(self) -> list[Standing]:
        """All limits, the house's first, each once."""
        own = [Standing(("limits", name), limit) for name, limit in self.document.limits.items() if limit]
        return own + [
            Standing(("roles", role, "limits", name), limit)
            for role, section in self.document.roles.items()
            for name, limit in (section.limits or {}).items()
            if limit
        ]

    def file_of(self, path: Path) -> File:
        """The file in which the value at `path` stands."""
        unit = path[: unit_of(path)]
        return next((file for file in self.chain if _holds(file.data, unit)), self.chain[0])

    def states(self, path: Path) -> bool:
        """Whether something stands at `path`, here or in what it extends."""
        return any(_holds(file.data, path[: unit_of(path)]) for file in self.chain)

    def problem(self, fault: Fault) -> Problem:
        """The fault with its file, line and column."""
        return self.file_of(fault.path).problem(fault)


def unit_of(path: Path) -> int:
    """How many parts of a path name what is inherited or replaced as one."""
    if path[0] == "roles" and path[2:3] == ("limits",):
        return 4
    return 3 if path[0] in BY_NAME else 2


def _holds(data: Any, path: Path) -> bool:
    for part in path:
        if not isinstance(data, dict) or part not in data:
            return False
        data = data[part]
    return True


def whole(chain: tuple[File, ...]) -> Whole:
    """Merge a policy's file over those that it starts from."""
    if len(chain) == 1:
        return Whole(chain, chain[0].document)
    merged: dict[str, Any] = {}
    for file in reversed(chain):
        merged = _over(merged, file.data)
    return Whole(chain, Document.model_validate(merged))


def _over(base: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {"policy": _header(base.get("policy", {}), data["policy"])}
    for table in (*BY_KEY, *WHOLE):
        merged[table] = {**base.get(table, {}), **data.get(table, {})}
    for table in BY_NAME:
        merged[table] = _named(base.get(table, {}), data.get(table, {}))
    return merged


def _header(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return {**own, "title": base["title"]} if "title" in base and "title" not in own else own


def _named(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, section in own.items():
        under = merged.get(name, {})
        merged[name] = {**under, **section}
        if "limits" in under and "limits" in section:
            merged[name]["limits"] = {**under["limits"], **section["limits"]}
    return merged
