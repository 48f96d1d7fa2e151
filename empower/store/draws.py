"""What a job drew of chance and time, so that one that is done again draws the same."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """The draws of one job, each known by its name and its number."""

    def __init__(self) -> None:
        """Nothing was drawn yet."""
        self._drawn: dict[tuple[str, int], object] = {}
        self._count: dict[str, int] = {}

    def begin(self) -> "Draws":
        """From the first draw on again."""
        self._count = {}
        return self

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What was drawn here the first time."""
        number = self._count[name] = self._count.get(name, 0) + 1
        if (name, number) not in self._drawn:
            self._drawn[name, number] = make()
        return self._drawn[name, number]  # type: ignore[return-value]  # of this name, all are of one kind
