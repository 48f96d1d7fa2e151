"""May I comp this? Decides, holds the money against every budget it touches, and writes it down."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from empower.engine import Engine

__all__ = ["Engine"]


def __getattr__(name: str) -> object:
    """`Engine` is imported when it is first asked for: a terminal waits for every import."""
    if name == "Engine":
        from empower.engine import Engine

        return Engine
    raise AttributeError(f"module `empower` has no attribute `{name}`")
