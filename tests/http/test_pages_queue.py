"""What waits, for one who may answer: what they see, what they may say, and what becomes of it."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower.engine import Engine
from tests.http.conftest import Clock, Connect, hold, usd
from tests.http.visitor import OURS, Visitor, staffed, words

CHECK = {
    "id": "C-88123",
    "total": usd(8450),
    "state": "open",
    "items": [{"id": "i1", "name": "Tiramisu", "category": "dessert", "amount": usd(1200)}],
}


@pytest.fixture(autouse=True)
def _staff(engine: Engine) -> None:
    staffed(engine)


@pytest.fixture
def max_(app: FastAPI) -> Visitor:
    """Manages both locations."""
    return _signed_in(app, "E2000")


@pytest.fixture
def mia(app: FastAPI) -> Visitor:
    """Manages Soho alone."""
    return _signed_in(app, "E3000")


def _signed_in(app: FastAPI, employee: str) -> Visitor:
    visitor = Visitor(app)
    assert visitor.sign_in(employee).status_code == 303
    return visitor


def pending(till: TestClient, key: str = "k1", **changes: Any) -> str:
    comp = hold(till, key, **({"remedy": "waive_check", "amount": usd(5000)} | changes))
    assert comp["status"] == "pending"
    made: str = comp["id"]
    return made


def ids(page: Any) -> list[str]:
    return re.findall(r'<article class="card"[^>]* data-id="([^"]+)"', page.text)


# What is seen


def test_a_card_says_what_it_takes_to_decide(till: TestClient, max_: Visitor) -> None:
    for number in range(2):
        hold(till, f"before-{number}", guest="loyalty:1", amount=usd(900))
    pending(till, guest="loyalty:1", check=CHECK, note="Cold twice.")
    said = words(max_.get("/queue"))
    for part in (
        "Ana",
        "$50.00",
        "The whole check",
        "Wrong item served",
        "Cold twice.",
        "Only $12.00 of $12.00 left.",
        "Server, comp limit",
        "2 comps here before, $18.00 in all, last on Fri 20 Nov",
        "C-88123, $84.50, open Tiramisu",
        "Time left: 15:00",
        "asked at 19:00",
        "Approve $50.00",
    ):
        assert part in said


def test_a_guests_first_comp_is_said_to_be_one_and_no_guest_is_no_history(till: TestClient, max_: Visitor) -> None:
    pending(till)
    assert "here before" not in words(max_.get("/queue"))
    pending(till, "k2", guest="loyalty:9")
    assert "First comp here for this guest" in words(max_.get("/queue"))


def test_the_budgets_that_a_yes_is_charged_to_are_bars(
    till: TestClient, max_: Visitor, folder: Path, engine: Engine
) -> None:
    more = '\n[limits.month]\nper = "location"\nevery = "month"\namount = 100.00\n'
    (folder / "bistro.toml").write_text((folder / "bistro.toml").read_text() + more)
    engine.policies.refresh()
    hold(till, "given")
    pending(till)
    page = max_.get("/queue")
    assert "The house, this month $90.00 left of $100.00" in words(page)
    widths = dict(re.findall(r'class="bar-(\w+)" x="\d+" y="0" width="(\d+)"', page.text))
    assert widths == {"spent": "0", "held": "100", "asked": "500"}


def test_the_words_of_a_guard_stand_on_the_card(till: TestClient, max_: Visitor, folder: Path, engine: Engine) -> None:
    guard = 'when = { remedies = ["dessert"] }\nthen = "escalate"\nsay = "Sweets take two, `tonight`."\n'
    (folder / "bistro.toml").write_text((folder / "bistro.toml").read_text() + "\n[guards.late]\n" + guard)
    engine.policies.refresh()
    pending(till, remedy="dessert", amount=usd(500))
    assert "Sweets take two, tonight ." in words(max_.get("/queue"))
    assert "<code>tonight</code>" in max_.get("/queue").text


def test_markup_in_names_and_notes_is_text(till: TestClient, max_: Visitor, engine: Engine) -> None:
    mark = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    engine.add_staff("E1042", name=mark, role="server", at=["bistro-soho"], by="test")
    check = CHECK | {"id": mark[:60], "items": [{"id": "1", "name": mark}]}
    comp = pending(till, note=mark, check=check, shift=mark[:60], incident=mark[:60])
    for path in ("/queue", "/queue/cards", f"/comps/{comp}", "/comps", "/budgets/bistro-soho", "/books/bistro-soho"):
        page = max_.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "49}" not in page.text
    assert mark in words(max_.get("/queue"))
    answered = max_.post(f"/queue/{comp}/decline", note=mark)
    assert "<img src=x" not in max_.get(answered.headers["location"]).text
    assert mark in words(max_.get(f"/comps/{comp}"))


def test_ten_pages_of_what_waits_are_each_bounded_and_each_comp_is_on_one(till: TestClient, max_: Visitor) -> None:
    made = [pending(till, f"k{number}") for number in range(45)]
    path, seen, pages = "/queue", [], []
    while path and len(pages) < 5:
        page = max_.get(path)
        pages.append(len(ids(page)))
        seen += ids(page)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = following[1].replace("&amp;", "&") if following else ""
    assert pages == [20, 20, 5]
    assert seen == sorted(made)
    assert "<title>(20+) Queue" in max_.get("/queue").text


@pytest.mark.parametrize("query", ["cursor=x", "cursor=" + "9" * 65, "location=" + "a" * 64, "answered=" + "a" * 65])
def test_an_address_that_cannot_be_meant_is_a_page_that_says_so(max_: Visitor, query: str) -> None:
    answer = max_.get(f"/queue?{query}")
    assert answer.status_code in (404, 422)
    assert "Back to the queue" in words(answer)


# Who sees what


def test_nothing_of_another_location_is_seen_or_answered(connect: Connect, mia: Visitor, max_: Visitor) -> None:
    bronx = connect("pos", at="bistro-bronx")
    comp = pending(bronx, location="bistro-bronx", note="far away")
    assert comp in max_.get("/queue").text
    for path in ("/queue", "/queue/cards", "/comps"):
        assert comp not in mia.get(path).text
        assert "bronx" not in mia.get(path).text
    hidden = (f"/comps/{comp}", f"/comps/{comp}/receipt/1", "/budgets/bistro-bronx", "/books/bistro-bronx")
    for path in (
        *hidden,
        "/queue?location=bistro-bronx",
        "/comps?location=bistro-bronx",
        "/queue/events?location=bistro-bronx",
    ):
        answer = mia.get(path)
        assert answer.status_code == 404, path
        assert "far away" not in answer.text
    for verb in ("approve", "decline"):
        assert mia.post(f"/queue/{comp}/{verb}", amount="50.00", note="no").status_code == 404
    never = mia.get("/comps/00000000-0000-0000-0000-000000000000")
    elsewhere = mia.get(f"/comps/{comp}")
    assert (
        words(never).replace("00000000-0000-0000-0000-000000000000", comp).partition("Request")[0]
        == (words(elsewhere).partition("Request")[0])
    )


def test_whoever_answers_for_nobody_sees_nothing(till: TestClient, app: FastAPI) -> None:
    comp = pending(till)
    ana = _signed_in(app, "E1042")
    assert "Nothing here for you" in words(ana.get("/queue"))
    assert ids(ana.get("/queue/cards")) == []
    for path in (f"/comps/{comp}", "/budgets", "/books", "/budgets/bistro-soho", "/books/bistro-soho"):
        assert ana.get(path).status_code == 404
    assert comp not in ana.get("/comps").text
    assert ana.post(f"/queue/{comp}/approve", amount="50.00").status_code == 404


def test_what_is_not_ones_own_to_answer_is_seen_and_cannot_be_answered(
    till: TestClient, max_: Visitor, mia: Visitor, engine: Engine, folder: Path
) -> None:
    owner = '\n[roles.owner]\ntitle = "Owner"\nremedies = ["*"]\napproves = ["*"]\nlimits.comp = { amount = 900.00 }\n'
    (folder / "bistro.toml").write_text((folder / "bistro.toml").read_text() + owner)
    engine.policies.refresh()
    comp = pending(till, employee="E3000", amount=usd(25_000))
    for visitor, why in ((mia, "You asked for this: somebody else must answer."), (max_, "It takes: Owner.")):
        page = visitor.get("/queue")
        assert why in words(page)
        assert "<form" not in page.text.partition("<article")[2]
        for verb in ("approve", "decline"):
            assert visitor.post(f"/queue/{comp}/{verb}", amount="250.00", note="no").status_code == 403
    assert engine.comp(comp).status == "pending"


def test_a_role_that_ends_ends_the_sight(till: TestClient, max_: Visitor, engine: Engine, clock: Clock) -> None:
    comp = pending(till)
    assert comp in max_.get("/queue").text
    engine.end_staff("E2000", by="test")
    clock.later(hours=14)
    late = pending(till, "late")
    assert max_.sign_in().status_code == 303
    assert late not in max_.get("/queue").text
    assert max_.post(f"/queue/{late}/approve", amount="50.00").status_code == 404


def test_who_is_asked_later_is_told_so_and_may_answer_now(
    till: TestClient, max_: Visitor, engine: Engine, folder: Path, clock: Clock
) -> None:
    text = (folder / "bistro.toml").read_text() + "\n[approval]\nclimb_after = '3 minutes'\n"
    lead = text[text.index("[roles.manager]") : text.index("[guards")].replace("manager", "lead")
    lead = lead.replace("Manager", "Shift lead").replace("200.00", "60.00")
    (folder / "bistro.toml").write_text(text + lead)
    engine.policies.refresh()
    comp = pending(till)
    said = words(max_.get("/queue"))
    assert "Asked first: Shift lead. You are from 19:03 on, and may answer now." in said
    clock.later(minutes=3)
    assert "Asked first" not in words(max_.get("/queue"))
    assert max_.post(f"/queue/{comp}/approve", amount="50.00").status_code == 303


def test_whoever_stands_in_for_another_sees_their_queue_and_says_yes_on_their_limits(
    till: TestClient, app: FastAPI, engine: Engine, clock: Clock
) -> None:
    engine.add_staff("E1043", name="Bea", role="server", at=["bistro-soho"], by="test")
    comp, own = pending(till, employee="E1043"), pending(till, "own")
    engine.delegate("E3000", "E1042", until=clock() + timedelta(hours=1), by="test")
    ana = _signed_in(app, "E1042")
    page = words(ana.get("/queue"))
    assert "In the place of Mia, on their limits." in page
    assert "You asked for this: somebody else must answer." in page
    assert ana.post(f"/queue/{comp}/approve", amount="50.00").status_code == 303
    assert engine.comp(comp).authority == {"employee": "E3000", "role": "manager"}
    assert ana.post(f"/queue/{own}/approve", amount="50.00").status_code == 403
    clock.later(hours=1)
    assert "Nothing here for you" in words(ana.get("/queue"))


# Answers


def test_a_yes(till: TestClient, max_: Visitor, engine: Engine) -> None:
    comp = pending(till)
    answer = max_.post(f"/queue/{comp}/approve", amount="50.00")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/queue?answered={comp}")
    page = words(max_.get(answer.headers["location"]))
    assert "Approved, $50.00. Ana sees it on the till now." in page
    assert "Nothing waits" in page
    done = engine.comp(comp)
    assert (done.status, done.amount.held, done.authority) == (
        "approved",
        5000,
        {"employee": "E2000", "role": "manager"},
    )
    (said,) = engine.entries("bistro-soho", since=done.entries[-1].seq).items
    assert (said.body["approver"], said.body["proof"]) == ("E2000", "session")
    assert said.by == f"session:{engine.sessions.listed()[-1].id}"


def test_a_yes_to_less_with_a_note(till: TestClient, max_: Visitor, engine: Engine) -> None:
    comp = pending(till)
    assert ">$25.00<" in max_.get("/queue").text
    assert max_.post(f"/queue/{comp}/approve", amount="30.50", note="half").status_code == 303
    assert engine.comp(comp).amount.granted == 3050
    assert [step.note for step in engine.life(comp)] == [None, "half"]


@pytest.mark.parametrize("amount", ["", "abc", "0", "-1", "50.01", "12.345", "1e1", "٣", "9" * 21, "$5", "5,00"])
def test_an_amount_that_is_none_changes_nothing(till: TestClient, max_: Visitor, engine: Engine, amount: str) -> None:
    comp = pending(till)
    answer = max_.post(f"/queue/{comp}/approve", amount=amount)
    assert answer.status_code == 422
    told = ("no amount", "precise", "$50.01 is more than the $50.00 that is asked for.")
    assert any(part in words(answer) for part in told)
    assert engine.comp(comp).status == "pending"


def test_a_no_needs_a_note(till: TestClient, max_: Visitor, engine: Engine) -> None:
    comp = pending(till)
    for note in ("", "  ", "x" * 2001):
        answer = max_.post(f"/queue/{comp}/decline", note=note)
        assert answer.status_code == 422
        assert "note" in words(answer)
    assert engine.comp(comp).status == "pending"
    assert max_.post(f"/queue/{comp}/decline", note="I am coming to the table.").status_code == 303
    assert engine.comp(comp).status == "declined"
    assert "I am coming to the table." in words(max_.get(f"/comps/{comp}"))


def test_the_same_form_again_changes_nothing_and_says_how_it_stands(
    till: TestClient, max_: Visitor, engine: Engine
) -> None:
    comp = pending(till)
    for _ in range(3):
        assert max_.post(f"/queue/{comp}/approve", amount="50.00").status_code == 303
    assert [line.kind for line in engine.comp(comp).entries] == ["decision", "approve"]
    other = pending(till, "k2")
    for _ in range(2):
        assert max_.post(f"/queue/{other}/decline", note="no").status_code == 303
    assert [line.kind for line in engine.comp(other).entries] == ["decision", "decline"]
    max_.post("/sign-out")
    assert max_.post(f"/queue/{comp}/approve", amount="50.00").status_code == 401


def test_who_comes_second_is_told_who_was_faster_and_when(
    till: TestClient, max_: Visitor, mia: Visitor, clock: Clock
) -> None:
    comp = pending(till)
    clock.later(minutes=2)
    assert max_.post(f"/queue/{comp}/approve", amount="50.00").status_code == 303
    for verb in ("approve", "decline"):
        late = mia.post(f"/queue/{comp}/{verb}", amount="50.00", note="no")
        assert late.status_code == 409
        assert "Max was faster: approved at 19:02." in words(late)


def test_a_yes_that_comes_too_late(till: TestClient, max_: Visitor, clock: Clock) -> None:
    comp = pending(till)
    clock.later(minutes=15)
    late = max_.post(f"/queue/{comp}/approve", amount="50.00")
    assert late.status_code == 409
    assert "expired at 19:15." in words(late)


def test_a_form_without_our_token_or_from_elsewhere_approves_nothing(
    till: TestClient, max_: Visitor, engine: Engine
) -> None:
    comp = pending(till)
    for data, headers in (
        ({"amount": "50.00"}, OURS),
        ({"amount": "50.00", "token": "0" * 64}, OURS),
        ({"amount": "50.00", "token": max_.token}, {"Sec-Fetch-Site": "cross-site"}),
        ({"amount": "50.00", "token": max_.token}, {"Origin": "https://evil.example"}),
    ):
        assert max_.client.post(f"/queue/{comp}/approve", data=data, headers=headers).status_code == 403
    assert max_.get(f"/queue/{comp}/approve").status_code == 405
    assert engine.comp(comp).status == "pending"


def test_a_yes_beyond_ones_limit_is_offered_as_less(
    till: TestClient, max_: Visitor, engine: Engine, folder: Path
) -> None:
    comp = pending(till, amount=usd(20_000))
    text = (folder / "bistro.toml").read_text().replace("amount = 200.00", "amount = 150.00")
    (folder / "bistro.toml").write_text(text)
    engine.policies.refresh()
    page = max_.get("/queue")
    assert "Approve $150.00, your limit" in words(page)
    assert 'name="amount" value="150.00"' in page.text
    refused = max_.post(f"/queue/{comp}/approve", amount="200.00")
    assert refused.status_code == 409
    assert "They may grant $150.00." in words(refused)
    assert max_.post(f"/queue/{comp}/approve", amount="150.00").status_code == 303


def test_where_two_people_are_needed_the_first_waits_for_the_second(
    till: TestClient, max_: Visitor, mia: Visitor, engine: Engine, folder: Path
) -> None:
    (folder / "bistro.toml").write_text(
        (folder / "bistro.toml").read_text() + "\n[approval]\ntwo_people_over = 40.00\n"
    )
    engine.policies.refresh()
    comp = pending(till)
    first = max_.post(f"/queue/{comp}/approve", amount="50.00")
    page = words(max_.get(first.headers["location"]))
    assert "Your yes is noted. Another person must say yes, too." in page
    assert "You said yes: another person must, too." in page
    assert "Approve $50.00" not in page
    assert "Max at 19:00 said yes. 2 people must." in words(mia.get("/queue"))
    assert mia.post(f"/queue/{comp}/approve", amount="50.00").status_code == 303
    assert engine.comp(comp).status == "approved"


# For the script


def test_the_script_gets_pieces_and_never_a_whole_page(till: TestClient, max_: Visitor, mia: Visitor) -> None:
    comp = pending(till)
    piece = {"X-Fragment": "1"}
    cards = max_.get("/queue/cards", headers=piece)
    assert ids(cards) == [comp]
    said = max_.client.post(
        f"/queue/{comp}/approve", data={"token": max_.token, "amount": "50.00"}, headers=OURS | piece
    )
    assert (said.status_code, "Approved, $50.00." in words(said)) == (200, True)
    late = mia.client.post(f"/queue/{comp}/approve", data={"token": mia.token, "amount": "50.00"}, headers=OURS | piece)
    assert (late.status_code, 'data-settled="approved"' in late.text) == (409, True)
    for answer in (cards, said, late):
        assert "<html" not in answer.text
        assert "content-security-policy" in answer.headers


def test_what_breaks_is_a_page_that_tells_nothing_of_it(
    max_: Visitor, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_asked: object) -> None:
        raise RuntimeError("a guest's secret")

    monkeypatch.setattr(engine, "approvals", broken)
    page = max_.get("/queue", headers={"X-Request-ID": "abc"})
    assert page.status_code == 500
    assert "Request abc" in words(page)
    assert "secret" not in page.text + caplog.text
    assert "RuntimeError" in caplog.text
    piece = max_.get("/queue/cards", headers={"X-Fragment": "1"})
    assert (piece.status_code, "<html" in piece.text) == (500, False)
