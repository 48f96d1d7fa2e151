"""How much fits under caps that overlap: an integer program, solved exactly.

Branch and bound over the simplex method in fractions, with Bland's rule (R. G. Bland, 1977), so that it always ends.
The programs here have a handful of variables.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import NamedTuple

Row = tuple[list[Fraction], Fraction]
"""Coefficients, and what their sum may not exceed."""


class Kind(NamedTuple):
    """Comps of one kind: each is at most `most`, and they count under the caps at `caps`."""

    most: int
    caps: frozenset[int]


class Cap(NamedTuple):
    """What all comps of the kinds under it may come to; None for no cap."""

    amount: int | None
    comps: int | None


def fill(target: int, kinds: Sequence[Kind], caps: Sequence[Cap]) -> list[int] | None:
    """An amount for each kind, which together are `target` and fit under all caps; None if there are none.

    A kind's amount is split into as few comps as its `most` allows.
    """
    counted = [number for number, kind in enumerate(kinds) if any(caps[cap].comps is not None for cap in kind.caps)]
    width = len(kinds) + len(counted)
    rows = [_row(width, dict.fromkeys(range(len(kinds)), 1), target)]
    for number, cap in enumerate(caps):
        members = [index for index, kind in enumerate(kinds) if number in kind.caps]
        if cap.amount is not None:
            rows.append(_row(width, dict.fromkeys(members, 1), cap.amount))
        if cap.comps is not None:
            places = [len(kinds) + counted.index(index) for index in members]
            rows.append(_row(width, dict.fromkeys(places, 1), cap.comps))
    for place, index in enumerate(counted, len(kinds)):
        rows.append(_row(width, {index: 1, place: -kinds[index].most}, 0))
    goal = [Fraction(number < len(kinds)) for number in range(width)]
    found = _branch(goal, rows, target)
    return None if found is None else found[: len(kinds)]


def _row(width: int, entries: dict[int, int], most: int) -> Row:
    return [Fraction(entries.get(number, 0)) for number in range(width)], Fraction(most)


def _branch(goal: list[Fraction], rows: list[Row], target: int) -> list[int] | None:
    """Whole numbers that reach the target; each branch cuts off what is not whole in the relaxation's answer."""
    waiting = [rows]
    while waiting:
        rows = waiting.pop()
        point = maximum(goal, rows)
        if point is None or sum(map(_times, goal, point)) < target:
            continue
        broken = next((number for number, value in enumerate(point) if value.denominator != 1), None)
        if broken is None:
            return [int(value) for value in point]
        below = floor(point[broken])
        width = len(goal)
        waiting.append([*rows, _row(width, {broken: 1}, below)])
        waiting.append([*rows, _row(width, {broken: -1}, -below - 1)])
    return None


def _times(one: Fraction, other: Fraction) -> Fraction:
    return one * other


def maximum(goal: list[Fraction], rows: list[Row]) -> list[Fraction] | None:
    """The point, nowhere below zero, at which `goal` is largest within `rows`; None if there is none at all.

    `goal` must be bounded by the rows.
    """
    table = _Table(len(goal), rows)
    if not table.make_feasible():
        return None
    table.climb(goal)
    return table.point()


class _Table:
    """A simplex tableau: a row a basic variable, its last entry the value; the variables of the goal come first."""

    def __init__(self, width: int, rows: list[Row]) -> None:
        self.width = width
        self.slacks = len(rows)
        self.rows = [
            [*numbers, *(Fraction(index == number) for index in range(len(rows))), most]
            for number, (numbers, most) in enumerate(rows)
        ]
        self.basis = list(range(width, width + len(rows)))

    def make_feasible(self) -> bool:
        """Leave no basic variable below zero, by the dual simplex method with a goal of nothing."""
        while True:
            below = [number for number, row in enumerate(self.rows) if row[-1] < 0]
            if not below:
                return True
            number = min(below, key=self.basis.__getitem__)
            entering = next((index for index, value in enumerate(self.rows[number][:-1]) if value < 0), None)
            if entering is None:
                return False
            self._pivot(number, entering)

    def climb(self, goal: list[Fraction]) -> None:
        """Go to where the goal is largest."""
        prices = [*goal, *([Fraction(0)] * (self.slacks + 1))]
        for number, basic in enumerate(self.basis):
            prices = _less(prices, prices[basic], self.rows[number])
        while (entering := next((index for index, price in enumerate(prices[:-1]) if price > 0), None)) is not None:
            leaving = self._leaving(entering)
            self._pivot(leaving, entering)
            prices = _less(prices, prices[entering], self.rows[leaving])

    def _leaving(self, entering: int) -> int:
        bounds = [
            (row[-1] / row[entering], self.basis[number], number)
            for number, row in enumerate(self.rows)
            if row[entering] > 0
        ]
        return min(bounds)[2]

    def _pivot(self, number: int, entering: int) -> None:
        by = self.rows[number][entering]
        row = self.rows[number] = [value / by for value in self.rows[number]]
        for other, values in enumerate(self.rows):
            if other != number and values[entering]:
                self.rows[other] = _less(values, values[entering], row)
        self.basis[number] = entering

    def point(self) -> list[Fraction]:
        values = dict(zip(self.basis, (row[-1] for row in self.rows), strict=True))
        return [values.get(index, Fraction(0)) for index in range(self.width)]


def _less(row: list[Fraction], times: Fraction, other: list[Fraction]) -> list[Fraction]:
    return [value - times * taken for value, taken in zip(row, other, strict=True)] if times else row
