"""Locations as commands name them: unknown ones are refused with the nearest, times are shown by their clocks."""

from typing import TYPE_CHECKING

from empower.core.errors import InputError, unknown_name

if TYPE_CHECKING:
    from empower.engine import Engine
    from empower.engine.views import LocationView


def places(engine: "Engine", *wanted: str | None) -> "dict[str, LocationView]":
    """All locations by id; raises `InputError` with the nearest name where one of `wanted` is not open."""
    found = {item.id: item for item in engine.locations()}
    errors = [unknown_name("/location", "location", name, found) for name in wanted if name and name not in found]
    if errors:
        raise InputError(errors[0].message, code="unknown_location", errors=errors)
    return found


def zones(found: "dict[str, LocationView]") -> dict[str, str]:
    """The time zone of each."""
    return {name: item.timezone for name, item in found.items()}
