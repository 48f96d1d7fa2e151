"""The use cases: deciding, the life of a comp, the people and places, and what is read of them."""

from empower.engine.engine import Engine
from empower.engine.keys import Caller
from empower.engine.options import OptionsRequest

__all__ = ["Caller", "Engine", "OptionsRequest"]
