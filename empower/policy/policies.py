"""The policies in force, and which of them governs a location."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from empower.core.policy import Policy
from empower.policy.globs import matcher, specificity

REMEMBERED = 4096
"""Locations whose policy is remembered: they come from outside, so there must be an end."""


class PolicySet:
    """Policies that stand together: by id, and by location."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self.by_id: dict[str, Policy] = {policy.id: policy for policy in policies}
        globs = ((glob, policy) for policy in self.by_id.values() for glob in policy.locations)
        ordered = sorted(globs, key=lambda pair: specificity(pair[0]), reverse=True)
        self._matchers = [(matcher(glob), policy) for glob, policy in ordered]
        self._found = lru_cache(maxsize=REMEMBERED)(self._find)

    def policy_for(self, location: str) -> Policy | None:
        """The policy whose most literal pattern matches the location; None if none matches."""
        return self._found(location)

    def _find(self, location: str) -> Policy | None:
        return next((policy for matches, policy in self._matchers if matches(location)), None)

    def __iter__(self) -> Iterator[Policy]:
        """The policies, by file."""
        return iter(self.by_id.values())

    def __len__(self) -> int:
        """How many policies."""
        return len(self.by_id)

    @property
    def digests(self) -> dict[str, str]:
        """What is in force: the digest of each policy."""
        return {policy.id: policy.digest for policy in self}
