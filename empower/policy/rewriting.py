"""Putting another text in a file's place: whole or not at all, with its permissions and its line ends."""

import os
import re
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

from empower.core.errors import ConflictError, EmpowerError
from empower.policy.problems import printable

_lines = re.compile(r"[^\n]*\n|[^\n]+").findall
BOM = b"\xef\xbb\xbf"


class Original(NamedTuple):
    """A file as it was when it was read: UTF-8, and small enough for a policy."""

    path: Path
    """Of the file itself, where it was found by a link."""
    content: bytes

    @property
    def text(self) -> str:
        r"""With `\n` as line end."""
        return self.content.decode("utf-8-sig").replace("\r\n", "\n")

    def with_lines_of(self, text: str) -> bytes:
        """The bytes of `text`, in which each line that was there before keeps its own end, and a mark at the top stays.

        The lines that differ must be one run of lines; they end as the first line of the file does.
        """
        old = _lines(self.content.removeprefix(BOM).decode("utf-8"))
        new = _lines(text)
        mark = BOM if self.content.startswith(BOM) else b""
        ending = "\r\n" if old and old[0].endswith("\r\n") else "\n"
        first = _common(old, new)
        last = _common(old[first:][::-1], new[first:][::-1])
        between = [line.replace("\n", ending) for line in new[first : len(new) - last]]
        return mark + "".join([*old[:first], *between, *old[len(old) - last :]]).encode()


def _common(one: list[str], other: list[str]) -> int:
    """How many lines at the beginning are the same but for their ends."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a.replace("\r\n", "\n") != b), min(len(one), len(other)))


def original(path: Path) -> Original:
    """Read a file that may be rewritten; raises `OSError`."""
    real = path.resolve(strict=True)
    return Original(real, real.read_bytes())


def replace(before: Original, content: bytes) -> None:
    """Put `content` in the file's place in one step; raises `ConflictError` if the file is not as it was read.

    Who reads the file meanwhile finds the old text or the new one, never a part.
    """
    path = before.path
    shown = printable(path.name)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(number)
            Path(name).chmod(mode)
            if path.read_bytes() != before.content:
                raise ConflictError(f"`{shown}` was changed meanwhile: look at it, and try again")
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        why = (error.strerror or "the system refused").lower()
        raise EmpowerError(f"`{shown}` cannot be written: {why}", code="file_not_written") from None
