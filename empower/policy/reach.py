"""What can meet in a policy: which role may give which remedy for which reason, and up to what at the very most."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from empower.core.canonical import LARGEST_INTEGER
from empower.core.policy import EVERYTHING, Guard, Limit, Policy, When
from empower.policy.merge import Whole

Meeting = tuple[str, str, str]
"""A role, a remedy and a reason."""


class Reach:
    """A policy, its document, and what is asked of both again and again."""

    def __init__(self, whole: Whole, policy: Policy) -> None:
        """`policy` is what `whole` means."""
        self.whole = whole
        self.policy = policy
        self._granted: dict[Meeting, int | None] = {}
        self._limited_to: dict[tuple[str, str, tuple[str | bool, ...]], int | None] = {}
        self._tellers: dict[str, Callable[[str], tuple[str | bool, ...]]] = {}

    @cached_property
    def offered(self) -> dict[str, tuple[str, ...]]:
        """The remedies of each reason."""
        return {reason: self.policy.remedies_for(reason) for reason in self.policy.reasons}

    @cached_property
    def reasons_of(self) -> dict[str, list[str]]:
        """The reasons that offer each remedy."""
        found: dict[str, list[str]] = {remedy: [] for remedy in self.policy.remedies}
        for reason, remedies in self.offered.items():
            for remedy in remedies:
                found[remedy].append(reason)
        return found

    @cached_property
    def given(self) -> dict[str, frozenset[str]]:
        """The remedies of each role."""
        return {name: self._given(role.remedies) for name, role in self.policy.roles.items()}

    def _given(self, remedies: tuple[str, ...]) -> frozenset[str]:
        return frozenset(self.policy.remedies if remedies == EVERYTHING else remedies)

    @cached_property
    def holders(self) -> dict[str, list[str]]:
        """The roles that have the limit at each address; the house's are every role's."""
        found: dict[str, list[str]] = {limit.address: list(self.policy.roles) for limit in self.policy.limits}
        for name, role in self.policy.roles.items():
            for limit in role.limits:
                found.setdefault(limit.address, []).append(name)
        return found

    @cached_property
    def limits(self) -> dict[str, Limit]:
        """All limits by address."""
        every = [*self.policy.limits, *(limit for role in self.policy.roles.values() for limit in role.limits)]
        return {limit.address: limit for limit in every}

    def meetings(
        self, roles: Iterable[str] = (), remedies: Iterable[str] = (), reasons: Iterable[str] = ()
    ) -> Iterator[Meeting]:
        """Who may give what for what, of these names; none is all."""
        wanted, causes = frozenset(remedies), frozenset(reasons)
        for role in roles or self.policy.roles:
            for remedy in self.given[role] & wanted if wanted else self.given[role]:
                for reason in self.reasons_of[remedy]:
                    if not causes or reason in causes:
                        yield role, remedy, reason

    def unlike(self, roles: Iterable[str], remedy: str, reasons: Iterable[str] | None = None) -> Iterator[str]:
        """The reasons that offer a remedy, one for all that no rule of the roles tells apart."""
        seen: set[tuple[tuple[str | bool, ...], ...]] = set()
        offering = self._offering[remedy]
        tellers = [self._told_apart(role) for role in roles]
        for reason in self.reasons_of[remedy] if reasons is None else reasons:
            if reason in offering:
                kind = tuple([told(reason) for told in tellers])
                if kind not in seen:
                    seen.add(kind)
                    yield reason

    @cached_property
    def _offering(self) -> dict[str, frozenset[str]]:
        return {remedy: frozenset(reasons) for remedy, reasons in self.reasons_of.items()}

    def _told_apart(self, role: str) -> Callable[[str], tuple[str | bool, ...]]:
        """What the rules of a role and the house know of a reason."""
        found = self._tellers.get(role)
        if found is None:
            limits = (*self.policy.roles[role].limits, *self.policy.limits)
            lists = [*(limit.reasons for limit in limits), *(guard.when.reasons for guard in self.policy.guards)]
            named = [frozenset(names) for names in dict.fromkeys(lists) if names]
            by_name = any("reason" in limit.per for limit in limits)
            found = self._tellers[role] = lambda reason: (
                (reason,) if by_name else tuple([reason in names for names in named])
            )
        return found

    def meets(self, roles: Iterable[str] = (), remedies: Iterable[str] = (), reasons: Iterable[str] = ()) -> bool:
        """Whether any of them can meet at all."""
        return next(self.meetings(roles, remedies, reasons), None) is not None

    def alone(self, role: str, remedy: str, reason: str) -> int | None:
        """The most, in minor units, that the role could ever give at once without another; None for nothing."""
        if self._is_stopped(role, remedy, reason, ("deny", "escalate")):
            return None
        return self.bound(role, remedy, reason)

    def bound(self, role: str, remedy: str, reason: str) -> int | None:
        """The most, in minor units, that limits let the role give at once without another; None for nothing."""
        most = self._at_most(role, remedy, reason)
        over = self.policy.approval.two_people_over
        return most if most is None or over is None else min(most, over)

    def least(self, remedy: str) -> int:
        """The least, in minor units, that can be given of a remedy."""
        rules = self.policy.remedies[remedy]
        return 0 if rules.zero or rules.most == 0 else 1

    def granted(self, role: str, remedy: str, reason: str) -> int | None:
        """The most, in minor units, that the role could ever grant as an approver; None for nothing."""
        key = (role, remedy, reason)
        if key not in self._granted:
            self._granted[key] = self._grant(role, remedy, reason)
        return self._granted[key]

    def _grant(self, role: str, remedy: str, reason: str) -> int | None:
        return None if self._is_stopped(role, remedy, reason, ("deny",)) else self._at_most(role, remedy, reason)

    def _at_most(self, role: str, remedy: str, reason: str) -> int | None:
        """What limits let pass at once, looked at once for all reasons that no rule tells apart."""
        key = (role, remedy, self._told_apart(role)(reason))
        if key not in self._limited_to:
            self._limited_to[key] = self._limited(role, remedy, reason)
        return self._limited_to[key]

    def _limited(self, role: str, remedy: str, reason: str) -> int | None:
        rules = self.policy.remedies[remedy]
        most = LARGEST_INTEGER if rules.most is None else rules.most
        for limit in (*self.policy.roles[role].limits, *self.policy.limits):
            if limit.applies(remedy, reason):
                if limit.count == 0:
                    return None
                most = min(most, _most(limit))
        return most if most >= self.least(remedy) else None

    def _is_stopped(self, role: str, remedy: str, reason: str, stops: tuple[str, ...]) -> bool:
        return any(guard.then in stops and concerns(guard.when, role, remedy, reason) for guard in self._factless)

    @cached_property
    def _factless(self) -> list[Guard]:
        """The guards that speak whatever the request says, of the roles, remedies and reasons that they name."""
        named = {"roles": (), "remedies": (), "reasons": ()}
        return [guard for guard in self.policy.guards if guard.when.model_copy(update=named) == When()]


def _most(limit: Limit) -> int:
    if limit.percent_bp == 0:
        return 0
    return LARGEST_INTEGER if limit.amount is None else limit.amount


def concerns(when: When, role: str, remedy: str, reason: str) -> bool:
    """Whether a guard can speak on them."""
    named = ((when.roles, role), (when.remedies, remedy), (when.reasons, reason))
    return all(not names or name in names for names, name in named)
