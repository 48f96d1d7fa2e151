"""Signing in to the pages and out: what a browser keeps, what the server believes, and what a stranger learns."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower.engine import Engine
from empower.http.pages.pace import MOST_ADDRESSES, Pace
from tests.http.conftest import Clock
from tests.http.visitor import OURS, PIN, Visitor, staffed, token_in, words


@pytest.fixture(autouse=True)
def _staff(engine: Engine) -> None:
    staffed(engine)


@pytest.fixture
def max_(app: FastAPI) -> Visitor:
    visitor = Visitor(app)
    assert visitor.sign_in().status_code == 303
    return visitor


PAGES = ("/queue", "/queue/cards", "/queue/events", "/comps", "/comps/x", "/budgets", "/budgets/bistro-soho", "/books")


def test_the_front_is_the_sign_in_page_and_nothing_else(app: FastAPI) -> None:
    front = Visitor(app).get("/")
    assert front.status_code == 200
    assert "Employee id" in words(front)
    assert "bistro" not in front.text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_but_the_front_asks_a_stranger_to_sign_in(app: FastAPI, path: str) -> None:
    answer = Visitor(app).get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/")
    assert answer.headers["location"].partition("?")[0] == "/"


def test_after_signing_in_one_is_where_one_wanted_to_be(app: FastAPI) -> None:
    visitor = Visitor(app)
    asked = visitor.get("/budgets/bistro-soho").headers["location"]
    assert asked == "/?next=/budgets/bistro-soho"
    assert 'value="/budgets/bistro-soho"' in visitor.get(asked).text
    assert visitor.sign_in(next="/budgets/bistro-soho").headers["location"] == "/budgets/bistro-soho"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/docs", "/queue\r\nX: y", "javascript:0"],
)
def test_no_address_leads_elsewhere(app: FastAPI, elsewhere: str) -> None:
    visitor = Visitor(app)
    assert "evil" not in visitor.get("/", params={"next": elsewhere}).text
    assert visitor.sign_in(next=elsewhere).headers["location"] == "/queue"
    assert visitor.get("/", params={"next": elsewhere}).headers["location"] == "/queue"


def test_the_cookie_is_out_of_reach_and_says_nothing(max_: Visitor, engine: Engine) -> None:
    fresh = Visitor(max_.client.app)  # type: ignore[arg-type]
    cookie = fresh.sign_in().headers["set-cookie"]
    assert re.match(r"empower=[\w-]{43}; HttpOnly; Max-Age=43200; Path=/; SameSite=strict", cookie)
    (kept,) = (item for item in engine.sessions.listed() if item.id == engine.sessions.listed()[-1].id)
    assert kept.employee == "E2000"
    assert re.search(r"empower=([\w-]+)", cookie)[1] not in kept.model_dump_json()  # type: ignore[index]


def test_by_tls_the_cookie_belongs_to_this_host_alone(app: FastAPI) -> None:
    visitor = Visitor(app, base_url="https://testserver")
    cookie = visitor.sign_in().headers["set-cookie"]
    assert re.match(r"__Host-empower=[\w-]{43}; HttpOnly; Max-Age=43200; Path=/; SameSite=strict; Secure", cookie)
    plain = Visitor(app)
    plain.client.cookies.set("__Host-empower", re.search(r"=([\w-]+)", cookie)[1])  # type: ignore[index]
    assert plain.get("/queue").status_code == 303


@pytest.mark.parametrize(
    ("employee", "pin"),
    [
        ("E2000", "102938"),
        ("nobody", PIN),
        ("", PIN),
        ("E2000", ""),
        ("E" * 129, PIN),
        ("E2000", "1" * 65),
        ("E\x00", "1"),
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(app: FastAPI, employee: str, pin: str) -> None:
    answer = Visitor(app).sign_in(employee, pin)
    assert answer.status_code == 403
    assert "That id and PIN do not belong together." in words(answer)
    assert "empower=" not in answer.headers["set-cookie"]


def test_five_wrong_pins_lock_and_the_page_says_how_long(app: FastAPI, clock: Clock) -> None:
    visitor = Visitor(app)
    for _ in range(5):
        assert visitor.sign_in(pin="102938").status_code == 403
    locked = visitor.sign_in()
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "60")
    assert "Too many wrong PINs. Wait 60 seconds" in words(locked)
    clock.later(minutes=1)
    assert visitor.sign_in().status_code == 303


def test_one_address_tries_only_so_often_whoever_it_claims_to_be(app: FastAPI) -> None:
    visitor = Visitor(app)
    statuses = [visitor.sign_in(f"E{number}").status_code for number in range(21)]
    assert statuses == [403] * 20 + [429]
    last = visitor.sign_in()
    assert "Too many tries from here." in words(last)
    assert 0 < int(last.headers["retry-after"]) <= 60


def test_the_pace_is_by_address_and_begins_anew() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    assert [pace.wait("a") for _ in range(22)] == [0] * 20 + [60, 60]
    assert pace.wait("b") == 0
    now = 59.5
    assert pace.wait("a") == 1
    now = 60.0
    assert pace.wait("a") == 0
    for number in range(MOST_ADDRESSES + 10):
        pace.wait(str(number))
    assert len(pace._tries) == MOST_ADDRESSES


def test_a_link_on_another_site_finds_one_signed_in(max_: Visitor, app: FastAPI) -> None:
    page = Visitor(app).get("/?next=/comps", headers={"Sec-Fetch-Site": "cross-site"})
    assert 'http-equiv="refresh" content="0"' in page.text
    assert 'href="/?next=/comps"' in page.text
    assert "Employee id" not in page.text
    assert max_.get("/?next=/comps").headers["location"] == "/comps"


def test_two_open_sign_in_pages_both_work(app: FastAPI) -> None:
    visitor = Visitor(app)
    visitor.token = token_in(visitor.get("/"))
    visitor.get("/")
    assert visitor.post("/sign-in", employee="E2000", pin=PIN).status_code == 303


def test_a_session_ends_when_it_is_not_used_and_in_any_case(max_: Visitor, clock: Clock) -> None:
    for _ in range(11):
        clock.later(minutes=65)
        assert max_.get("/queue").status_code == 200
    clock.later(minutes=5)
    assert max_.get("/queue").status_code == 303
    max_.sign_in()
    clock.later(hours=2)
    assert max_.get("/queue").status_code == 303


def test_what_the_page_asks_by_itself_keeps_no_session_alive(max_: Visitor, clock: Clock) -> None:
    clock.later(minutes=119)
    assert max_.get("/queue/cards", headers={"X-Fragment": "1"}).status_code == 200
    assert max_.get("/queue/events?location=none").status_code == 404
    clock.later(minutes=1)
    answer = max_.get("/queue/cards", headers={"X-Fragment": "1"})
    assert answer.status_code == 401
    assert "sign in again" in words(answer)


def test_signing_out_ends_it_on_the_server_too(max_: Visitor) -> None:
    secret = max_.client.cookies["empower"]
    out = max_.post("/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/")
    assert 'empower=""; ' in out.headers["set-cookie"]
    max_.client.cookies.set("empower", secret)
    assert max_.get("/queue").status_code == 303
    assert max_.post("/sign-out").status_code == 401


@pytest.mark.parametrize(
    "forged", ["", "x", "emp_" + "a" * 43, "a" * 43, "%00", "é".encode().decode("latin-1"), "a" * 9000]
)
def test_a_forged_session_is_none(app: FastAPI, forged: str) -> None:
    answer = TestClient(app, follow_redirects=False).get(
        "/queue", headers={"Cookie": f"empower={forged}".encode("latin-1")}
    )
    assert answer.status_code == 303


def test_an_admin_signs_somebody_out_and_so_does_a_new_pin(max_: Visitor, engine: Engine) -> None:
    (ended,) = engine.sessions.end_all("E2000")
    assert not ended.active
    assert max_.get("/queue").status_code == 303
    max_.sign_in()
    engine.set_pin("E2000", "918264", by="test")
    assert max_.get("/queue").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_from_another_site_is_refused(max_: Visitor, headers: dict[str, str]) -> None:
    for path in ("/sign-in", "/sign-out"):
        answer = max_.client.post(path, data={"token": max_.token, "employee": "E2000", "pin": PIN}, headers=headers)
        assert answer.status_code == 403
        assert "another site" in words(answer)
    assert max_.get("/queue").status_code == 200


def test_a_form_needs_the_token_of_its_own_visit(max_: Visitor, app: FastAPI) -> None:
    other = Visitor(app)
    other.sign_in("E3000")
    for token in ("", "0" * 64, other.token, "ü"):
        assert max_.client.post("/sign-out", data={"token": token}, headers=OURS).status_code == 403
    stranger = Visitor(app)
    stranger.token = token_in(Visitor(app).get("/"))
    stranger.get("/")
    answer = stranger.post("/sign-in", employee="E2000", pin=PIN)
    assert answer.status_code == 403
    assert "cookies are off" in words(answer)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--x--", "multipart/form-data; boundary=x", 415),
        (b"token=%FF", "application/x-www-form-urlencoded", 400),
        (b"\xff", "application/x-www-form-urlencoded", 400),
        (b"a=1&a=2", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f%d=1" % number for number in range(9)), "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_is_refused(max_: Visitor, content: bytes, kind: str, status: int) -> None:
    answer = max_.client.post("/sign-out", content=content, headers=OURS | {"Content-Type": kind})
    assert answer.status_code == status


def test_pages_run_no_script_but_ours_and_stay_out_of_caches_and_frames(max_: Visitor, app: FastAPI) -> None:
    for page in (Visitor(app).get("/"), max_.get("/queue"), max_.get("/comps/none")):
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]* src=\"/pages/)|<style|\sstyle=|\son\w+=", page.text)
        assert not re.search(r"(?:src|href)=\"(?![/#])", page.text)


def test_style_and_script_are_kept_by_browsers_until_they_change(app: FastAPI) -> None:
    visitor = Visitor(app)
    for path in re.findall(r'(?:src|href)="(/pages/[^"]+)"', visitor.get("/").text):
        assert "immutable" in visitor.get(path).headers["cache-control"]
        assert visitor.get(path.partition("?")[0]).headers["cache-control"] == "no-cache"
    assert visitor.get("/pages/app.py").status_code == 404
    assert visitor.get("/pages/..%2frender.py").status_code == 404


def test_neither_pin_nor_session_is_logged(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    visitor = Visitor(app)
    visitor.sign_in(pin="77665544")
    visitor.sign_in()
    secret = visitor.client.cookies["empower"]
    said = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert said
    for hidden in (PIN, "77665544", secret, visitor.token):
        assert hidden not in said
