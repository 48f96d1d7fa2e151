"""Checkpoints outside the database, where whoever rewrites the store does not reach: a folder, or a command.

The folder has one file a location, to which notes are appended, each followed by an empty line. The command gets the
note on its standard input. What is torn, by a full disk or a loss of power, is passed over when it is read.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from empower.core.errors import StoreError
from empower.core.note import MOST_BYTES

FOLDER = "EMPOWER_CHECKPOINTS"
COMMAND = "EMPOWER_CHECKPOINT_COMMAND"
SUFFIX = ".checkpoints"
COMMAND_SECONDS = 30
_NOTE = re.compile(r"[^\n]+\n[0-9]+\n[^\n]+\n\n(?:— [^\n]+\n)+(?=\n)")


class Outside(NamedTuple):
    """Where checkpoints go besides the store."""

    folder: Path | None = None
    command: Sequence[str] = ()

    def deliver(self, location: str, note: str) -> None:
        """Write a checkpoint to where it belongs, unless it is there; raises `StoreError` where it cannot be."""
        if self.folder is not None and note not in self.notes(location):
            _append(self.folder / f"{location}{SUFFIX}", note)
        if self.command:
            _run(self.command, note)

    def notes(self, location: str) -> list[str]:
        """The checkpoints of a location that are in the folder, in the order they were appended."""
        return [] if self.folder is None else list(notes_in(self.folder / f"{location}{SUFFIX}"))


def configured(environment: Mapping[str, str], to: Path | None = None) -> Outside:
    """Where `EMPOWER_CHECKPOINTS` and `EMPOWER_CHECKPOINT_COMMAND` say, or `to`; raises `StoreError`.

    The command is a JSON array of its words: no shell reads it.
    """
    folder = to or (Path(environment[FOLDER]) if environment.get(FOLDER) else None)
    return Outside(folder, _words(environment.get(COMMAND, "")))


def _words(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        raise StoreError(
            f'`{COMMAND}` is a JSON array of words, such as `["logger", "-t", "empower"]`', code="checkpoint_command"
        )
    return tuple(words)


def _append(path: Path, note: str) -> None:
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            _write(handle, note)
        finally:
            os.close(handle)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StoreError(
            f"the checkpoint could not be written to `{path}`: {why}; "
            "it is kept in the store, and `empower ledger checkpoint` writes it there",
            code="checkpoint_not_outside",
        ) from None


def _write(handle: int, note: str) -> None:
    """Append a note wholly, or leave what was there."""
    size = os.fstat(handle).st_size
    torn = size > 0 and os.pread(handle, 2, max(0, size - 2)) != b"\n\n"
    data = ("\n\n" if torn else "").encode() + f"{note}\n".encode()
    try:
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    except OSError:
        with suppress(OSError):
            os.ftruncate(handle, size)
        raise


def _run(command: Sequence[str], note: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603  the words are the operator's own, and no shell reads them
            command, input=note.encode(), capture_output=True, timeout=COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _failed(command, f"it took more than {COMMAND_SECONDS} seconds") from None
    except OSError as error:
        raise _failed(command, (error.strerror or str(error)).lower()) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[:200]
        raise _failed(command, f"exit code {done.returncode}" + (f", {said}" if said else ""))


def _failed(command: Sequence[str], why: str) -> StoreError:
    return StoreError(
        f"the command `{command[0]}` did not take the checkpoint: {why}; it is kept in the store",
        code="checkpoint_not_outside",
    )


def notes_in(path: Path) -> Iterator[str]:
    """The whole notes of a file; none where there is no file. Raises `StoreError` for one that cannot be read."""
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StoreError(f"`{path}` cannot be read: {why}", code="checkpoints_unreadable") from None
    for found in _NOTE.finditer(text):
        if len(found[0]) < MOST_BYTES:
            yield found[0]
