"""What a role comes to after `inherits`: its parent's remedies and limits, replaced by name."""

from typing import NamedTuple

from empower.policy.document import Document, LimitSection, RoleSection
from empower.policy.positions import Path


class Standing(NamedTuple):
    """A limit and where it stands: an inherited one keeps the place where it was written."""

    path: Path
    limit: LimitSection

    @property
    def address(self) -> str:
        """The place as findings name it."""
        return ".".join(str(part) for part in self.path)


class Authority(NamedTuple):
    """A role with what it inherits; `remedies` is None if neither it nor a role above it lists any."""

    section: RoleSection
    remedies: list[str] | None
    limits: dict[str, Standing]


def ancestors(document: Document, role: str) -> list[str]:
    """The roles that `role` inherits from, nearest first; ends before the first one twice or unknown."""
    line = [role]
    while True:
        parent = document.roles[line[-1]].inherits
        if parent is None or parent in line or parent not in document.roles:
            return line[1:]
        line.append(parent)


def authorities(document: Document) -> dict[str, Authority]:
    """All roles of a policy, each with what it inherits."""
    return {role: _authority(document, role) for role in document.roles}


def _authority(document: Document, role: str) -> Authority:
    remedies: list[str] | None = None
    limits: dict[str, Standing] = {}
    for name in (*reversed(ancestors(document, role)), role):
        section = document.roles[name]
        remedies = remedies if section.remedies is None else section.remedies
        for limit_name, limit in (section.limits or {}).items():
            if limit is None:
                limits.pop(limit_name, None)
            else:
                limits[limit_name] = Standing(("roles", name, "limits", limit_name), limit)
    return Authority(document.roles[role], remedies, limits)
