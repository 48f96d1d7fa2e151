"""How often one address may try to sign in: each try costs a core for tens of milliseconds, whoever it claims to be.

This bounds the cost; that a PIN locks after a few wrong tries bounds the guessing (`engine.proofs`).
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

TRIES = 20
WINDOW_SECONDS = 60
MOST_ADDRESSES = 10_000


class Pace:
    """Tries by address, in windows. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """`clock` gives seconds."""
        self._clock = clock
        self._tries: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str) -> int:
        """Count a try; how many seconds to wait where there were too many, else 0."""
        now = self._clock()
        with self._lock:
            began, tries = self._tries.pop(address, (now, 0))
            if now - began >= WINDOW_SECONDS:
                began, tries = now, 0
            self._tries[address] = (began, tries + 1)
            if len(self._tries) > MOST_ADDRESSES:
                self._tries.popitem(last=False)
        return 0 if tries < TRIES else max(1, int(began + WINDOW_SECONDS - now))
