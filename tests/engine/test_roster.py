"""Who holds which role, from when until when; taken from CSV whole or not at all."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from empower.core.errors import InputError
from empower.engine import Engine

from .house import House, ask, holds

HEADER = "id,name,location,role,from,until,guest\n"
BO = "bo,Bo,cafe-a,server,,,\n"


def rows(house: House) -> list[tuple]:
    return house.query("SELECT location, employee, role, position, since, until FROM staff ORDER BY 1, 2, 4")


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        (datetime(2026, 11, 21, 8, 59, 59, tzinfo=UTC), "denied"),
        (datetime(2026, 11, 21, 9, 0, tzinfo=UTC), "approved"),
        (datetime(2026, 11, 23, 8, 59, 59, tzinfo=UTC), "approved"),
        (datetime(2026, 11, 23, 9, 0, tzinfo=UTC), "denied"),
    ],
)
def test_a_role_begins_and_ends_with_the_business_day(
    house: House, engine: Engine, moment: datetime, status: str
) -> None:
    """From the 21st until the 22nd: from four in the morning, New York time, until four two days later."""
    engine.add_staff(
        "bo", name="Bo", role="server", at=["cafe-a"], since=date(2026, 11, 21), until=date(2026, 11, 22), by="test"
    )
    house.clock.moment = moment
    [view] = [view for view in engine.staff("cafe-a") if view.id == "bo"]
    assert view.active is (status == "approved")
    comp = engine.request(ask(employee="bo"))
    assert comp.status == status
    if status == "denied":
        assert [finding.code for finding in comp.decision.findings] == ["employee_inactive"]
    assert holds(engine)


def test_the_role_named_first_wins_a_tie(engine: Engine) -> None:
    engine.import_staff(HEADER + "bo,Bo,cafe-a,manager,,,\nbo,Bo,cafe-a,server,,,\n", by="test")
    engine.import_staff(HEADER + "cy,Cy,cafe-a,server,,,\ncy,Cy,cafe-a,manager,,,\n", by="test")
    roles = [engine.evaluate(ask(100, employee=who)).role for who in ("bo", "cy")]
    assert roles == ["manager", "server"]
    assert engine.evaluate(ask(5000, employee="cy")).role == "manager"


def test_a_role_elsewhere_is_none_here(engine: Engine) -> None:
    engine.add_staff("bo", name="Bo", role="server", at=["cafe-b"], by="test")
    with pytest.raises(InputError) as raised:
        engine.request(ask(employee="bo"))
    assert raised.value.code == "unknown_employee"


def test_an_import_is_recorded_in_the_books_that_it_concerns(house: House, engine: Engine) -> None:
    done = engine.import_staff(
        HEADER + BO + "bo,Bo,cafe-b,manager,2026-11-20,2026-12-31,\n", by="cli:max", why="new colleague"
    )
    assert [(view.id, view.location, view.role) for view in done.added] == [
        ("bo", "cafe-a", "server"),
        ("bo", "cafe-b", "manager"),
    ]
    assert (done.changed, done.unchanged, done.dry_run) == ([], 0, False)
    last = engine.entries("cafe-b").items[-1]
    assert (last.kind, last.by) == ("staff", "cli:max")
    assert last.body == {
        "employee": "bo",
        "role": "manager",
        "since": "2026-11-20",
        "until": "2026-12-31",
        "why": "new colleague",
    }
    assert holds(engine)


def test_the_same_again_changes_nothing(house: House, engine: Engine) -> None:
    text = HEADER + BO + "bo,Bo,cafe-b,manager,2026-11-20,,\n"
    engine.import_staff(text, by="test")
    before = house.dump()
    again = engine.import_staff(text, by="test")
    assert (again.added, again.changed, again.unchanged) == ([], [], 2)
    assert house.dump() == before


def test_other_dates_change_a_role_and_keep_its_place(house: House, engine: Engine) -> None:
    engine.import_staff(HEADER + BO + "bo,Bo,cafe-a,manager,,,\n", by="test")
    done = engine.import_staff(HEADER + "bo,Bo,cafe-a,server,2026-11-01,2026-11-30,\n", by="test")
    assert ([view.role for view in done.changed], done.added) == (["server"], [])
    assert [row for row in rows(house) if row[1] == "bo"] == [
        ("cafe-a", "bo", "server", 0, "2026-11-01", "2026-11-30"),
        ("cafe-a", "bo", "manager", 1, None, None),
    ]


def test_a_dry_run_says_the_same_and_writes_nothing(house: House, engine: Engine) -> None:
    text = HEADER + BO + "ana,Ana,cafe-a,server,,2026-12-31,room:12\nmax,Max,cafe-a,manager,,,\n"
    before = house.dump()
    tried = engine.import_staff(text, dry_run=True, by="test")
    assert tried.dry_run is True
    assert house.dump() == before
    done = engine.import_staff(text, by="test")
    assert done == tried.model_copy(update={"dry_run": False})
    assert ([view.id for view in done.added], [view.id for view in done.changed], done.unchanged) == (
        ["bo"],
        ["ana"],
        1,
    )


def test_an_import_says_who_is_active_as_the_roster_does(engine: Engine) -> None:
    text = HEADER + BO + "cy,Cy,cafe-a,server,,2020-01-01,\ndi,Di,cafe-a,server,2030-01-01,,\n"
    told = {view.id: view.active for view in engine.import_staff(text, by="test").added}
    assert told == {view.id: view.active for view in engine.staff("cafe-a") if view.id in told}
    assert told == {"bo": True, "cy": False, "di": False}


BAD: list[tuple[str, str, list[tuple[str, str | None]]]] = [
    ("nothing at all", "", [("/id", None), ("/name", None), ("/location", None), ("/role", None)]),
    ("a header that lacks one", "id,name,location\nbo,Bo,cafe-a\n", [("/role", None)]),
    ("a header with a typing error", "id,name,location,role,untl\n", [("/untl", "until")]),
    ("a header that says one twice", "id,name,location,role,role\nbo,Bo,cafe-a,server,manager\n", [("/role", None)]),
    ("semicolons", "id;name;location;role\nbo;Bo;cafe-a;server\n", [("/id", None)]),
    ("a row too short", HEADER + BO + "cy,Cy,cafe-a\n", [("/1", None)]),
    ("a row too long", HEADER + BO + "cy,Cy,cafe-a,server,,,,\n", [("/1", None)]),
    ("an unknown location", HEADER + BO + "cy,Cy,cafe-aa,server,,,\n", [("/1/location", "cafe-a")]),
    ("an unknown role", HEADER + BO + "cy,Cy,cafe-a,sever,,,\n", [("/1/role", "server")]),
    ("no id", HEADER + BO + ",Cy,cafe-a,server,,,\n", [("/1/id", None)]),
    ("an id too long", HEADER + BO + f"{'c' * 129},Cy,cafe-a,server,,,\n", [("/1/id", None)]),
    ("an id with a control character", HEADER + BO + "c\x07y,Cy,cafe-a,server,,,\n", [("/1/id", None)]),
    ("a date that is none", HEADER + BO + "cy,Cy,cafe-a,server,2026-02-30,,\n", [("/1/from", None)]),
    ("a date in another order", HEADER + BO + "cy,Cy,cafe-a,server,,31.12.2026,\n", [("/1/until", None)]),
    ("until before from", HEADER + BO + "cy,Cy,cafe-a,server,2026-02-02,2026-02-01,\n", [("/1/until", None)]),
    (
        "everything at once",
        HEADER + ",Cy,cafe-c,server,,,\ncy,Cy,cafe-a,sever,,,\n",
        [("/0/id", None), ("/1/role", "server")],
    ),
]


@pytest.mark.parametrize(("text", "errors"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_roster_with_something_wrong_is_not_taken_at_all(
    house: House, engine: Engine, text: str, errors: list[tuple[str, str | None]]
) -> None:
    before = house.dump()
    for dry_run in (True, False):
        with pytest.raises(InputError) as raised:
            engine.import_staff(text, dry_run=dry_run, by="test")
        assert set(errors) <= {(error.pointer, error.near) for error in raised.value.errors}
    assert house.dump() == before


@pytest.mark.parametrize(
    "text",
    [
        HEADER + 'cy,"Cy,cafe-a,server,,,\n',
        HEADER + 'cy,"Cy" the cook,cafe-a,server,,,\n',
        '"id,name\n',
        HEADER + "c\x00y,,,,,,\n",
    ],
    ids=["no closing quote", "text after a quote", "no closing quote in the header", "a NUL"],
)
def test_what_is_no_csv_is_told(house: House, engine: Engine, text: str) -> None:
    before = house.dump()
    with pytest.raises(InputError) as raised:
        engine.import_staff(text, by="test")
    assert raised.value.detail
    assert house.dump() == before


@pytest.mark.parametrize(
    "text",
    [
        "location,role,id,name\ncafe-a,server,bo,Bo\n",
        "id,name,location,role\r\nbo,Bo,cafe-a,server\r\n",
        "id,name,location,role\nbo,Bo,cafe-a,server",
        "id,name,location,role\n\nbo,Bo,cafe-a,server\n\n",
        'id,name,location,role\n"bo"," Bo ",cafe-a , server\n',
        "\ufeffid,name,location,role\nbo,Bo,cafe-a,server\n",
        "id,name,location,role,guest\nbo,Bo,cafe-a,server,\n",
    ],
    ids=[
        "another order",
        "lines as Windows ends them",
        "no last line end",
        "empty lines",
        "quotes and spaces",
        "a byte-order mark",
        "no dates",
    ],
)
def test_csv_as_it_comes(house: House, engine: Engine, text: str) -> None:
    assert len(engine.import_staff(text, by="test").added) == 1
    assert [row for row in rows(house) if row[1] == "bo"] == [("cafe-a", "bo", "server", 0, None, None)]
    assert house.query("SELECT name FROM employee WHERE id = 'bo'") == [("Bo",)]


def test_a_header_alone_changes_nothing(engine: Engine) -> None:
    done = engine.import_staff(HEADER, by="test")
    assert (done.added, done.changed, done.unchanged) == ([], [], 0)


def test_a_row_that_stands_twice_counts_once(engine: Engine) -> None:
    done = engine.import_staff(HEADER + BO + BO, by="test")
    assert (len(done.added), len(done.changed), done.unchanged) == (1, 0, 1)


@pytest.mark.parametrize("other", ["bo,Bo,cafe-a,server,,2026-12-31,\n", "bo,Bobby,cafe-a,server,,,\n"])
def test_rows_that_contradict_each_other_are_told(house: House, engine: Engine, other: str) -> None:
    """Which of the two is meant is nothing to guess by their order."""
    before = house.dump()
    with pytest.raises(InputError) as raised:
        engine.import_staff(HEADER + BO + other, by="test")
    assert raised.value.errors[0].pointer.startswith("/1")
    assert house.dump() == before


def _added(engine: Engine, employee: str) -> Callable[[], object]:
    return lambda: engine.add_staff(employee, name="Cy", role="server", at=["cafe-a"], by="test")


@pytest.mark.parametrize("employee", ["", " ", " cy", "cy\n", "c\x00y", "c" * 129])
def test_an_id_that_no_request_could_name_is_refused(house: House, engine: Engine, employee: str) -> None:
    before = house.dump()
    with pytest.raises(InputError):
        _added(engine, employee)()
    assert house.dump() == before


def test_one_wrong_location_and_no_role_is_given(house: House, engine: Engine) -> None:
    before = house.dump()
    with pytest.raises(InputError) as raised:
        engine.add_staff("cy", name="Cy", role="server", at=["cafe-a", "cafe-bb"], by="test")
    assert [(error.pointer, error.near) for error in raised.value.errors] == [("/1/location", "cafe-b")]
    assert house.dump() == before
