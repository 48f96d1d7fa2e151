"""What is broken off leaves nothing behind: no server, no process, no folder."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end it as Ctrl-C does, once: what was started within it is ended, then the process."""
    before = {number: signal.signal(number, _end) for number in ENDING}
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit("broken off, and everything that was started is ended") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
