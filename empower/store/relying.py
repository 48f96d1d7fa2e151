"""What was granted relying on counters across locations, which others may charge until the transaction ends."""

from collections.abc import Callable, Mapping, Sequence
from operator import add
from typing import NamedTuple

from empower.core.counter import Move, Needed, Usage

Growth = Mapping[tuple[str, str, str, str, str], Move]
"""By place, measure, subject, first and last bucket: what others added to a sum since it was read."""


class Relied(NamedTuple):
    """One grant: what was read for it, and whether it stands by other values of the same counters."""

    place: str
    """Of the counters across locations."""
    needed: Sequence[Needed | None]
    standing: Sequence[Usage | None]
    """As long as `needed`; None where nothing was asked for."""
    stands: Callable[[Sequence[Usage | None]], bool]

    def holds(self, growth: Growth) -> bool:
        """Whether it would be granted by what the counters hold now, too."""
        now = [self._grown(need, usage, growth) for need, usage in zip(self.needed, self.standing, strict=True)]
        return now == list(self.standing) or self.stands(now)

    def _grown(self, need: Needed | None, usage: Usage | None, growth: Growth) -> Usage | None:
        if need is None or usage is None or not need.wide:
            return usage
        more = growth.get((self.place, need.key.measure, need.key.subject, need.key.start, need.last))
        return usage if more is None else Usage(*map(add, usage, more))
