"""The patterns of locations: `*` stands for any characters, all others for themselves."""

import re
from collections import deque
from collections.abc import Callable

STAR = "*"


def specificity(glob: str) -> int:
    """How many characters the pattern spells out: the more, the more it says."""
    return len(glob) - glob.count(STAR)


def matcher(glob: str) -> Callable[[str], object]:
    """A function that says whether a location matches."""
    return re.compile(".*".join(re.escape(part) for part in glob.split(STAR)), re.DOTALL).fullmatch


def common(one: str, other: str) -> str | None:
    """A shortest location that both patterns match, or None if there is none.

    Walks both patterns at once, breadth first; a step that consumes nothing leaves a `*`, one that consumes a
    character takes it in both.
    """
    if STAR not in one and STAR not in other:
        return one if one == other else None
    waiting = deque([(0, 0, "")])
    seen: set[tuple[int, int]] = set()
    while waiting:
        left, right, text = waiting.popleft()
        if left == len(one) and right == len(other):
            return text
        if (left, right) in seen:
            continue
        seen.add((left, right))
        for step in _steps(one, other, left, right, text):
            waiting.append(step) if len(step[2]) > len(text) else waiting.appendleft(step)
    return None


def _steps(one: str, other: str, left: int, right: int, text: str) -> list[tuple[int, int, str]]:
    first, second = one[left : left + 1], other[right : right + 1]
    steps: list[tuple[int, int, str]] = []
    if first == STAR:
        steps.append((left + 1, right, text))
        if second and second != STAR:
            steps.append((left, right + 1, text + second))
    if second == STAR:
        steps.append((left, right + 1, text))
        if first and first != STAR:
            steps.append((left + 1, right, text + first))
    if first and first == second and first != STAR:
        steps.append((left + 1, right + 1, text + first))
    return steps
