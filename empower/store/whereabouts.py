"""At which location a comp is, as far as one process has seen; a comp never moves.

Where locations lie on several servers, a comp that is asked for by its id alone has to be looked for on all of them.
"""

from threading import Lock

MOST = 65536
"""Comps that are remembered, the latest; about 10 MB."""


class Whereabouts:
    """Locations by comp. Safe for many threads."""

    def __init__(self, most: int = MOST) -> None:
        """Nothing is known yet."""
        self._most = most
        self._places: dict[str, str] = {}
        self._noting = Lock()

    def note(self, comp: str, location: str) -> None:
        """A comp was seen at a location, in what is committed."""
        # Called after a COMMIT, where a fault would tell somebody that what is written was not: hence the lock, since
        # a dictionary that grows under another thread's iterator is one.
        with self._noting:
            self._places[comp] = location
            while len(self._places) > self._most:
                del self._places[next(iter(self._places))]

    def of(self, comp: str) -> str | None:
        """The location of a comp, if it was seen."""
        return self._places.get(comp)
