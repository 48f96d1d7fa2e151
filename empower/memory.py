"""What a long-lived process does about Python's garbage collector, once it has loaded what stays."""

import gc

YOUNG, MIDDLE, OLD = 20_000, 10, 10
"""How many new objects, and how many collections of the younger ones, before each generation is collected."""


def settle() -> None:
    """Let what is loaded be, and collect the rest seldom: a request makes hardly any garbage that refers to itself.

    With Python's own thresholds a full collection holds every answer up for as long as it takes to walk all modules.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
