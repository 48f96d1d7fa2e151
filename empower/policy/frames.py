"""The code frame of a problem: the line, two lines around it, and a caret under the place."""

import re
from collections.abc import Sequence

from empower.policy.problems import printable

AROUND = 2
WIDEST = 100
_token = re.compile(r""""[^"]*"|'[^']*'|[^\s,=\]}#]+""").match


def frame(lines: Sequence[str], line: int, column: int) -> str:
    """Lines with their numbers, those beyond `WIDEST` cut; empty if there is no such line."""
    if not 1 <= line <= len(lines):
        return ""
    first, last = max(1, line - AROUND), min(len(lines), line + AROUND)
    width = len(str(last))
    cut = max(0, column - WIDEST * 3 // 4)
    shown: list[str] = []
    for number in range(first, last + 1):
        source = _visible(lines[number - 1])[cut : cut + WIDEST]
        shown.append(f"{'>' if number == line else ' '} {number:>{width}} | {source}".rstrip())
        if number == line:
            shown.append(f"  {'':>{width}} | {_caret(lines[line - 1], column, cut)}")
    return "\n".join(shown)


def _visible(line: str) -> str:
    return printable(line.replace("\t", " "))


def _caret(line: str, column: int, cut: int) -> str:
    token = _token(line, column - 1)
    length = min(len(token[0]), WIDEST // 4) if token else 1
    return " " * (column - 1 - cut) + "^" * length
