"""The types of single values in a policy file: what may be written, and what it means.

A validator takes what `tomllib` made of the text, says in a problem's words what is wrong with it, and returns the
meaning: amounts as exact decimals (their currency is not known here), percentages and shares in hundredths of a
percent, durations in seconds.
"""

import re
from datetime import datetime, time
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from pydantic import (
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from empower.core.calendar import UNITS
from empower.core.canonical import LARGEST_INTEGER
from empower.policy.problems import ProblemName, quote

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
LONGEST_WINDOW = 366
LONGEST_DURATION = LONGEST_WINDOW * SECONDS["day"]
MOST_PERCENT = 1000
FIRST_YEAR, LAST_YEAR = 1970, 2999

NAME = r"^[a-z][a-z0-9_]{0,62}$"
POLICY_ID = r"^[a-z][a-z0-9_-]{0,62}$"
LOCATION = r"^[^\x00-\x20\x7f?\[\]{}!\\]{1,64}$"

_duration = re.compile(r"([1-9][0-9]{0,8}) (second|minute|hour|day)s?").fullmatch
_days = re.compile(r"(0|[1-9][0-9]{0,8}) days?").fullmatch
_count_of_something = re.compile(r"[+-]?[0-9]").match


def refuse(name: ProblemName, message: str) -> NoReturn:
    """Raise what pydantic collects; `message` may hold braces from the file."""
    raise PydanticCustomError(name.value, "{message}", {"message": message})


def kind_of(value: Any) -> str:
    """What TOML calls a value."""
    if isinstance(value, Decimal) and not value.is_finite():
        return "something infinite or undefined"
    kinds = {
        bool: "true or false",
        str: "a string",
        int: "a whole number",
        Decimal: "a decimal",
        dict: "a table",
    }
    kinds |= {list: "a list", time: "a time"}
    return kinds.get(type(value), "a date")


def _number(value: Any, name: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        refuse(ProblemName.WRONG_TYPE, f"must be {name}, not {kind_of(value)}")
    return Decimal(value)


def _hundredths(value: Decimal, decimals: int) -> int | None:
    """`value` times a power of ten, exactly; None if it has more than `decimals`."""
    exponent = value.as_tuple().exponent
    return int(value.scaleb(decimals)) if isinstance(exponent, int) and exponent >= -decimals else None


def amount(value: Any) -> Decimal:
    """An amount of the policy's currency, with the decimals that were written."""
    number = _number(value, "an amount such as 25.00")
    if number < 0:
        refuse(ProblemName.NEGATIVE_AMOUNT, f"{quote(value)} is below zero")
    if number.adjusted() > len(str(LARGEST_INTEGER)):
        refuse(ProblemName.AMOUNT_TOO_LARGE, f"{quote(value)} is beyond 2^53 - 1 of the smallest unit")
    return number


def percent(value: Any) -> int:
    """`12.5` as 1250."""
    number = _number(value, "a percentage such as 12.5")
    bp = _hundredths(number, 2) if 0 <= number <= MOST_PERCENT else None
    if bp is None:
        refuse(
            ProblemName.BAD_PERCENT,
            f"{quote(value)} must be from 0 to {MOST_PERCENT}, with at most 2 decimals",
        )
    return bp


def share(value: Any) -> int:
    """`0.32` as 3200."""
    number = _number(value, "a share such as 0.32")
    bp = _hundredths(number, 4) if 0 <= number <= 1 else None
    if bp is None:
        refuse(ProblemName.BAD_SHARE, f"{quote(value)} must be from 0 to 1, with at most 4 decimals")
    return bp


def count(value: Any) -> int:
    """A number of comps."""
    if isinstance(value, bool) or not isinstance(value, int):
        refuse(ProblemName.WRONG_TYPE, f"must be a whole number, not {kind_of(value)}")
    if not 0 <= value <= LARGEST_INTEGER:
        refuse(ProblemName.BAD_COUNT, f"{quote(value)} must be from 0 to 2^53 - 1")
    return value


def duration(value: Any) -> int:
    """`"15 minutes"` as 900."""
    if not isinstance(value, str):
        refuse(ProblemName.WRONG_TYPE, f'must be a duration such as "15 minutes", not {kind_of(value)}')
    found = _duration(value)
    seconds = int(found[1]) * SECONDS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST_DURATION:
        refuse(
            ProblemName.BAD_DURATION,
            f'{quote(value)} is no duration; write "15 minutes", "2 hours" or "1 day", at most {LONGEST_WINDOW} days',
        )
    return seconds


def window(value: Any) -> str:
    """`day`, `week`, `month`, `quarter`, `year`, or `N days`."""
    if not isinstance(value, str):
        refuse(ProblemName.WRONG_TYPE, f'must be a window such as "day" or "30 days", not {kind_of(value)}')
    if value in UNITS:
        return value
    found = _days(value)
    if found and 1 <= int(found[1]) <= LONGEST_WINDOW:
        return f"{found[1]} days"
    if found or _count_of_something(value):
        refuse(ProblemName.BAD_WINDOW, f'{quote(value)} is no window; write "1 days" to "{LONGEST_WINDOW} days"')
    refuse(ProblemName.UNKNOWN_WINDOW, f"unknown window {quote(value)}")


def moment(value: Any) -> str:
    """A date and a time, with an offset or on the policy's own wall clock, to the second."""
    if not isinstance(value, datetime):
        refuse(
            ProblemName.WRONG_TYPE,
            f"must be a date and a time such as 2026-12-24T04:00:00, not {kind_of(value)}",
        )
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        refuse(ProblemName.WRONG_TYPE, f"must be a moment of this age, not of the year {value.year}")
    return value.replace(microsecond=0).isoformat()


def between(value: Any) -> tuple[time, time]:
    """Two local times, from and until."""
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(item, time) for item in value):  # noqa: PLR2004
        refuse(ProblemName.WRONG_TYPE, "must be two times such as [22:00:00, 04:00:00]")
    if value[0] == value[1]:
        refuse(ProblemName.EMPTY_TIME, f"from {value[0]} until {value[1]} is no time at all")
    return value[0], value[1]


class _OneOrMany:
    """A list that may be written as its only element."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: [value] if isinstance(value, str) else value, handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        listed = handler(schema["schema"])
        return {"anyOf": [listed["items"], listed]}


class _OrDropped:
    """A value, or `false` for nothing where something would be inherited; None stands for that."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            lambda value, validate: None if value is False else validate(value), handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        dropped = {"const": False, "description": "drops what would be inherited"}
        return {"anyOf": [handler(schema["schema"]), dropped]}


OneOrMany = _OneOrMany()
OrDropped = _OrDropped()


def _schema(kind: str, description: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": kind, "description": description, **more})


Name = Annotated[str, StringConstraints(pattern=NAME)]
PolicyId = Annotated[str, StringConstraints(pattern=POLICY_ID)]
Location = Annotated[str, StringConstraints(pattern=LOCATION)]
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Amount = Annotated[
    Decimal,
    PlainValidator(amount),
    _schema("number", "an amount, with exactly the decimals of the currency: 25.00", minimum=0),
]
Percent = Annotated[int, PlainValidator(percent), _schema("number", "percent: 12.5", minimum=0, maximum=MOST_PERCENT)]
Share = Annotated[int, PlainValidator(share), _schema("number", "a share of one: 0.32", minimum=0, maximum=1)]
Count = Annotated[int, PlainValidator(count), _schema("integer", "a number of comps", minimum=0)]
Duration = Annotated[
    int,
    PlainValidator(duration),
    _schema("string", "a duration", pattern="^[1-9][0-9]* (second|minute|hour|day)s?$", examples=["15 minutes"]),
]
Window = Annotated[
    str,
    PlainValidator(window),
    _schema("string", "a window of business days", pattern=rf"^({'|'.join(UNITS)}|[1-9][0-9]* days?)$"),
]
Moment = Annotated[
    str,
    PlainValidator(moment),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "a date and a time, with an offset or on the policy's wall clock",
            "examples": ["2026-12-24T04:00:00"],
        }
    ),
]
Between = Annotated[
    tuple[time, time],
    PlainValidator(between),
    _schema(
        "array",
        "from one local time until just before another",
        items={"type": "string", "format": "time"},
        minItems=2,
        maxItems=2,
    ),
]
