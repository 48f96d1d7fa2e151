"""A bar on stderr while something is walked through."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from empower.cli.output import console

Tell = Callable[[int, int | None], None]
"""Told how much is done, of how much."""


@contextmanager
def progress_bar(label: str) -> Iterator[Tell]:
    """A bar where stderr is a terminal; nothing at all where it is not."""
    from rich.progress import Progress

    where = console(err=True)
    with Progress(console=where, transient=True, disable=not where.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
