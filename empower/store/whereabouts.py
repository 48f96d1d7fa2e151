"""At which location a comp is, as far as one process has seen; a comp never moves.

Where locations lie on several servers, a comp that is asked for by its id alone has to be looked for on all of them.
"""

MOST = 65536
"""Comps that are remembered, the latest; about 10 MB."""


class Whereabouts:
    """Locations by comp. Safe for many threads: what one thread forgets too early, another looks for again."""

    def __init__(self, most: int = MOST) -> None:
        """Nothing is known yet."""
        self._most = most
        self._places: dict[str, str] = {}

    def note(self, comp: str, location: str) -> None:
        """A comp was seen at a location, in what is committed."""
        self._places[comp] = location
        while len(self._places) > self._most:
            self._places.pop(next(iter(self._places)), None)

    def of(self, comp: str) -> str | None:
        """The location of a comp, if it was seen."""
        return self._places.get(comp)
