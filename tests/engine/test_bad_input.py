"""What bad input gets: an error that says where and what to do, and nothing written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from empower.core.canonical import check
from empower.core.errors import EmpowerError, InputError
from empower.core.request import Request
from empower.engine import Engine

from .house import EVENING, House, ask, holds, policy

MANY = 2**53


@dataclass(frozen=True)
class Bad:
    """One thing wrong, and what is said of it."""

    name: str
    change: dict[str, Any]
    pointer: str
    near: str | None = None
    code: str = "invalid_input"
    drop: tuple[str, ...] = field(default=())

    def request(self) -> dict[str, Any]:
        return {name: value for name, value in (ask() | self.change).items() if name not in self.drop}


def money(amount: Any, currency: Any = "USD") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def bill(**more: Any) -> dict[str, Any]:
    return {"check": {"id": "C1"} | more}


DEEP: Any = "bottom"
for _ in range(500):
    DEEP = {"check": DEEP}

BAD = [
    Bad("unknown remedy", {"remedy": "desert"}, "/remedy", "dessert"),
    Bad("unknown remedy, nothing near", {"remedy": "yacht"}, "/remedy"),
    Bad("unknown reason", {"reason": "wrong_ordr"}, "/reason", "wrong_order"),
    Bad("unknown location", {"location": "cafe-aa"}, "/location", "cafe-a", "unknown_location"),
    Bad("unknown employee", {"employee": "anna"}, "/employee", "ana", "unknown_employee"),
    Bad("names are exact", {"employee": "Ana"}, "/employee", "ana", "unknown_employee"),
    Bad("empty name", {"employee": "  "}, "/employee"),
    Bad("name with a control character", {"employee": "a\x00na"}, "/employee"),
    Bad("name too long", {"employee": "a" * 129}, "/employee"),
    Bad("half a surrogate pair", {"employee": "a\udcff"}, "/employee"),
    Bad("half a surrogate pair in a note", {"note": "a\udcff"}, "/note"),
    Bad("half a surrogate pair for a guest", {"guest": "a\udcff"}, "/guest"),
    Bad("note too long", {"note": "a" * 2001}, "/note"),
    Bad("negative amount", {"amount": money(-1)}, "/amount/amount"),
    Bad("zero where it makes no sense", {"amount": money(0)}, "/amount/amount"),
    Bad("too precise", {"amount": money(12.5)}, "/amount/amount"),
    Bad("a float, though a whole one", {"amount": money(12.0)}, "/amount/amount"),
    Bad("not a number", {"amount": money(float("nan"))}, "/amount/amount"),
    Bad("an amount in letters", {"amount": money("12")}, "/amount/amount"),
    Bad("an amount that is true", {"amount": money(True)}, "/amount/amount"),
    Bad("an amount that is missing", {"amount": {"currency": "USD"}}, "/amount/amount"),
    Bad("above 2^53 - 1", {"amount": money(MANY)}, "/amount/amount"),
    Bad("above 2^64", {"amount": money(2**70)}, "/amount/amount"),
    Bad("another currency", {"amount": money(1000, "EUR")}, "/amount/currency", "USD"),
    Bad("no currency", {"amount": money(1000, "usd")}, "/amount/currency"),
    Bad("money that is a number", {"amount": 1000}, "/amount"),
    Bad("no amount", {}, "/amount", drop=("amount",)),
    Bad("no employee", {}, "/employee", drop=("employee",)),
    Bad("no location", {}, "/location", drop=("location",)),
    Bad("no remedy", {}, "/remedy", drop=("remedy",)),
    Bad("no reason", {}, "/reason", drop=("reason",)),
    Bad("employee that is a number", {"employee": 1042}, "/employee"),
    Bad("unknown field", {"remdy": "dessert"}, "/remdy", "remedy"),
    Bad("unknown field with a slash", {"a/b~c": 1}, "/a~1b~0c"),
    Bad("check that is text", {"check": "C1"}, "/check"),
    Bad("check without an id", {"check": {}}, "/check/id"),
    Bad("check of another currency", bill(total=money(100, "EUR")), "/check/total/currency", "USD"),
    Bad("line of another currency", bill(items=[{"amount": money(1, "EUR")}]), "/check/items/0/amount/currency", "USD"),
    Bad("negative total", bill(total=money(-100)), "/check/total/amount"),
    Bad("total too precise", bill(total=money(99.99)), "/check/total/amount"),
    Bad("line with an unknown field", bill(items=[{}, {"price": 1}]), "/check/items/1/price"),
    Bad("too many lines", bill(items=[{}] * 501), "/check/items"),
    Bad("deep nesting", {"check": DEEP}, "/check/id"),
    Bad("naive timestamp", {"occurred_at": "2026-11-20T19:42:11"}, "/occurred_at"),
    Bad("no timestamp", {"occurred_at": "yesterday"}, "/occurred_at"),
    Bad("a timestamp that is a number", {"occurred_at": 1763000000}, "/occurred_at"),
    Bad("a timestamp that is a number in letters", {"occurred_at": "1763000000"}, "/occurred_at"),
    Bad("a day that is none", {"occurred_at": "2026-02-30T19:42:11Z"}, "/occurred_at"),
    Bad("far in the future", {"occurred_at": "2027-11-20T19:42:11Z"}, "/occurred_at"),
    Bad("at the end of time", {"occurred_at": "9999-12-31T23:59:59-12:00"}, "/occurred_at"),
    Bad("six minutes ahead", {"occurred_at": (EVENING + timedelta(minutes=6)).isoformat()}, "/occurred_at"),
    Bad("a yes that is text", {"accept_less": "yes"}, "/accept_less"),
    Bad("a yes that is a number", {"accept_less": 1}, "/accept_less"),
]


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_bad_input_is_refused_with_its_place_and_nothing_is_written(house: House, engine: Engine, bad: Bad) -> None:
    before = house.dump()
    calls: tuple[Callable[[], Any], ...] = (
        lambda: engine.evaluate(bad.request()),
        lambda: engine.request(bad.request(), key="k"),
    )
    for call in calls:
        with pytest.raises(InputError) as raised:
            call()
        said = raised.value
        assert (said.code, said.status) == (bad.code, 422)
        assert bad.pointer in [error.pointer for error in said.errors]
        assert bad.near in [error.near for error in said.errors]
        assert said.detail
        assert all(error.message for error in said.errors)
    [answer] = engine.evaluate_batch([bad.request()])
    assert isinstance(answer, InputError)
    assert house.dump() == before


def test_everything_wrong_is_said_at_once(engine: Engine) -> None:
    with pytest.raises(InputError) as raised:
        engine.request(
            ask(remedy="desert", reason="wrong_ordr", occurred_at="2030-01-01T00:00:00Z") | {"amount": money(1, "EUR")}
        )
    assert [error.pointer for error in raised.value.errors] == [
        "/remedy",
        "/reason",
        "/amount/currency",
        "/occurred_at",
    ]


def test_what_is_wrong_stands_in_its_place_in_a_batch(engine: Engine) -> None:
    answers = engine.evaluate_batch([ask(), ask(remedy="desert"), {"nothing": 1}, ask(9000)])
    assert isinstance(answers[1], EmpowerError)
    assert isinstance(answers[2], EmpowerError)
    assert [getattr(answers[index], "outcome", None) for index in (0, 3)] == ["approve", "escalate"]


def test_what_is_near_the_edge_is_taken(engine: Engine) -> None:
    taken = [
        ask(MANY - 1),
        ask(occurred_at=(EVENING + timedelta(minutes=5)).isoformat()),
        ask(0, remedy="apology"),
        ask(employee=" ana "),
        ask(note="a" * 2000),
        ask(check={"id": "C1", "items": [{}] * 500}),
        ask(check={"id": "C1", "total": money(0)}),
    ]
    for request in taken:
        assert engine.evaluate(request).outcome in ("approve", "deny"), request


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1900-01-01T00:00:00Z"])
@pytest.mark.parametrize("when", ["weekdays = ['monday']", "between = [01:00:00, 02:00:00]"])
def test_a_moment_at_the_beginning_of_time_is_answered(house: House, moment: str, when: str) -> None:
    """Whatever the answer, it is one: a guard asks for the wall clock of that moment."""
    house.write(policy(more=f"[guards.quiet]\nwhen = {{ {when} }}\nthen = 'escalate'\n"))
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    try:
        answer = engine.request(ask(occurred_at=moment)).status
    except InputError as error:
        answer = error.errors[0].pointer
    assert answer in ("approved", "pending", "/occurred_at")
    assert holds(engine)


def test_a_percent_of_a_check_without_a_total_asks_a_person(house: House) -> None:
    house.write(policy('limits.check = { per = "check", percent_of_check = 50 }\n'))
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    for check_, fact in (({"id": "C1"}, "check.total"), (None, "check")):
        answer = engine.request(ask(check=check_)).decision
        assert answer.outcome == "escalate"
        assert [(f.rule, f.fact) for f in answer.findings if f.code == "missing_fact"] == [
            ("roles.server.limits.check", fact)
        ]
    assert engine.request(ask(check={"id": "C1", "total": money(0)})).decision.findings[-1].code == "percent_exceeded"


def test_what_adds_up_beyond_2_53_is_written_exactly_or_not_at_all(house: House) -> None:
    """RFC 8785 has no integer beyond 2^53 - 1: a limit on the count alone lets three of them come."""
    text = policy('limits.day = { per = "employee", every = "day", count = 10 }\n')
    house.write(text.replace("most = 300.00\n", "").replace("limits.comp = { amount = 40.00 }\n", ""))
    engine = house.open(create=True)
    house.people(engine, "cafe-a")
    for _ in range(3):
        try:
            engine.request(ask(MANY - 1))
        except InputError as error:
            assert error.errors[0].pointer == "/amount/amount"  # noqa: PT017  it may also be refused
    for line in engine.entries("cafe-a").items:
        check(line.body)
    assert holds(engine)


@pytest.mark.parametrize("amount", [5.5, 500.0, True, "500", 2**63, 2**70])
@pytest.mark.parametrize("step", ["capture", "reverse"])
def test_an_amount_of_a_step_is_an_integer_too(house: House, engine: Engine, step: str, amount: Any) -> None:
    comp = engine.request(ask(1000))
    if step == "reverse":
        engine.capture(comp.id)
    before = house.dump()
    with pytest.raises(InputError) as raised:
        getattr(engine, step)(comp.id, amount)
    assert raised.value.errors[0].pointer == "/amount"
    assert house.dump() == before
    assert holds(engine)


def test_options_say_the_same_of_what_is_wrong(house: House, engine: Engine) -> None:
    asked = {"location": "cafe-a", "employee": "ana", "reason": "wrong_order"}
    table: list[tuple[dict[str, Any], str, str | None]] = [
        ({"reason": "wrong_ordr"}, "/reason", "wrong_order"),
        ({"employee": "anna"}, "/employee", "ana"),
        ({"location": "cafe-aa"}, "/location", "cafe-a"),
        ({"check": {"id": "C1", "total": money(1.5)}}, "/check/total/amount", None),
        ({"check": {"id": "C1", "total": money(100, "EUR")}}, "/check/total/currency", "USD"),
        ({"remedy": "dessert"}, "/remedy", None),
    ]
    for change, pointer, near in table:
        with pytest.raises(InputError) as raised:
            engine.options(asked | change)
        assert [(error.pointer, error.near) for error in raised.value.errors] == [(pointer, near)]
    assert engine.options(asked).reason == "wrong_order"


@pytest.mark.parametrize(
    ("filters", "pointer", "near"),
    [
        ({"status": "aproved"}, "/status", "approved"),
        ({"cursor": "x"}, "/cursor", None),
        ({"cursor": "a\udcff"}, "/cursor", None),
        ({"limit": 0}, "/limit", None),
        ({"limit": 501}, "/limit", None),
    ],
)
def test_a_list_says_what_is_wrong_with_its_filters(
    engine: Engine, filters: dict[str, Any], pointer: str, near: str | None
) -> None:
    with pytest.raises(InputError) as raised:
        engine.comps(**filters)
    assert [(error.pointer, error.near) for error in raised.value.errors] == [(pointer, near)]


@pytest.mark.parametrize(
    "filters",
    [
        {"guest": "nobody"},
        {"guest": "\udcff"},
        {"employee": "\udcff"},
        {"location": "nowhere"},
        {"within": ()},
        {"within": ("cafe-b",)},
    ],
)
def test_a_filter_that_matches_nothing_gives_nothing(engine: Engine, filters: dict[str, Any]) -> None:
    engine.request(ask(guest="room:12"))
    try:
        assert engine.comps(**filters).items == []
    except InputError as error:
        assert list(filters) == [error.errors[0].pointer.removeprefix("/")]  # noqa: PT017  half a character may be told


@pytest.mark.parametrize("since", [3, 2**31, 2**63 - 1, 2**63, 2**70])
def test_a_book_ends_where_it_ends(engine: Engine, since: int) -> None:
    try:
        page = engine.entries("cafe-a", since=since)
    except InputError as error:
        assert error.errors[0].pointer == "/since"  # noqa: PT017  so large a number may be told
    else:
        assert (page.items, page.next) == ([], None)


def test_an_unknown_location_is_told_with_the_nearest(engine: Engine) -> None:
    for call in (engine.budgets, engine.entries, engine.expire):
        with pytest.raises(InputError) as raised:
            call("cafe-aa")
        assert (raised.value.code, raised.value.errors[0].near) == ("unknown_location", "cafe-a")


def test_a_request_that_was_validated_before_is_taken_as_it_is(engine: Engine) -> None:
    assert engine.evaluate(Request.model_validate(ask())) == engine.evaluate(ask())


def test_a_comp_elsewhere_is_as_little_there_as_none(engine: Engine) -> None:
    comp = engine.request(ask())
    messages = set()
    for comp_id, within in ((comp.id, ["cafe-b"]), ("01936f00-0000-7000-8000-000000000000", None), ("\udcff", None)):
        for call in (engine.comp, engine.capture, engine.void, engine.reverse):
            with pytest.raises(EmpowerError) as raised:
                call(comp_id, within=within)
            assert (raised.value.status, raised.value.code) == (404, "unknown_comp")
            messages.add(raised.value.detail.replace(comp_id, "…"))
    assert len(messages) == 1
    assert engine.comp(comp.id).status == "approved"
