"""Comps, budgets and books as pages: what is there, what is true, and what one may take along."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower import clock as clocks
from empower.core.receipt import hold as check_receipt
from empower.core.receipt import parse
from empower.engine import Engine
from empower.evidence.keys import verify
from empower.http.pages.bars import WIDE, bar
from empower.ledger import signing
from empower.ledger.checkpoints import Checkpoints, Pace
from empower.ledger.outside import Outside
from tests.http.conftest import Clock, hold, usd
from tests.http.visitor import Visitor, staffed, words


@pytest.fixture
def max_(app: FastAPI, engine: Engine) -> Visitor:
    staffed(engine)
    visitor = Visitor(app)
    assert visitor.sign_in().status_code == 303
    return visitor


def test_a_comp_is_told_from_the_question_to_the_end(
    till: TestClient, max_: Visitor, engine: Engine, clock: Clock
) -> None:
    comp = hold(till, remedy="waive_check", amount=usd(5000), guest="loyalty:1", note="Cold twice.")["id"]
    clock.later(minutes=3)
    max_.post(f"/queue/{comp}/approve", amount="40.00", note="of course")
    clock.later(minutes=4)
    engine.capture(comp, 3500, by="till")
    clock.later(minutes=1)
    engine.reverse(comp, 500, note="rung up twice", by="till")
    page = words(max_.get(f"/comps/{comp}"))
    told = (
        "Ana asked Fri 20 Nov 19:00",
        "Cold twice.",
        "Max said yes to $40.00 Fri 20 Nov 19:03",
        "of course",
        "The guest was served Fri 20 Nov 19:07",
        "Taken back Fri 20 Nov 19:08",
        "rung up twice",
    )
    places = [page.index(part) for part in told]
    assert places == sorted(places)
    for part in (
        "$40.00 Reversed",
        "The whole check",
        "Charged to Max, Manager",
        "Captured $35.00",
        "Taken back $5.00",
    ):
        assert part in page
    assert "Only $12.00 of $12.00 left. Server, comp limit Stopped it" in page
    for line in engine.comp(comp).entries:
        assert line.leaf in page


def test_a_receipt_is_taken_along_and_holds_with_nothing_but_the_key(
    till: TestClient, max_: Visitor, engine: Engine
) -> None:
    comp = hold(till)
    page = max_.get(f"/comps/{comp['id']}")
    assert "The book is not signed yet" in words(page)
    seq = comp["entries"][0]["seq"]
    assert max_.get(f"/comps/{comp['id']}/receipt/{seq}").status_code == 404
    signer = signing.new(engine.store, by="test", clock=clocks.now)
    Checkpoints(engine.store, clocks.now, outside=Outside(), pace=Pace()).make()
    (path,) = re.findall(r'class="proof" href="([^"]+)"', max_.get(f"/comps/{comp['id']}").text)
    taken = max_.get(path)
    assert taken.headers["content-disposition"] == f'attachment; filename="bistro-soho-{seq}.receipt"'
    held = check_receipt(parse(taken.content), [signer.key], verify)
    assert (held.said["seq"], held.said["comp"]) == (seq, comp["id"])
    for other in (0, seq + 1, -1, "x", 2**70):
        assert max_.get(f"/comps/{comp['id']}/receipt/{other}").status_code in (404, 422)


def test_the_list_of_comps_is_paged_newest_first_and_filtered(till: TestClient, max_: Visitor) -> None:
    made = [hold(till, f"k{number}", remedy="apology", amount=usd(0))["id"] for number in range(31)]
    first = max_.get("/comps")
    seen = re.findall(r'class="item" href="/comps/([^"]+)"', first.text)
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first.text)
    seen += re.findall(r'class="item" href="/comps/([^"]+)"', max_.get(following.replace("&amp;", "&")).text)
    assert seen == sorted(made, reverse=True)
    assert "No comps yet" in words(max_.get("/comps?status=pending"))
    assert "did you mean `pending`" in max_.get("/comps?status=pendin").text.replace("<code>", "`").replace(
        "</code>", "`"
    )


def test_budgets_are_those_of_who_is_asked_for(till: TestClient, max_: Visitor) -> None:
    assert max_.get("/budgets").headers["location"] == "/budgets/bistro-bronx"
    hold(till)
    page = max_.get("/budgets/bistro-soho?employee=E1042")
    assert "Ana, today $20.00 left of $30.00" in words(page)
    assert "Starts anew Sat 21 Nov 04:00" in words(page)
    assert re.search(r'class="bar-held" x="0" y="0" width="333"', page.text)
    assert "No budget is counted for this person alone." in words(max_.get("/budgets/bistro-soho"))
    assert max_.get("/budgets/bistro-soho?employee=nobody").status_code == 404


def test_the_book_is_read_from_its_end_page_by_page(till: TestClient, max_: Visitor, engine: Engine) -> None:
    for number in range(50):
        hold(till, f"k{number}", remedy="apology", amount=usd(0))
    size = engine.locations({"bistro-soho"})[0].size
    path, seen = "/books/bistro-soho", []
    while path and len(seen) <= size:
        page = max_.get(path)
        seen += [int(seq) for seq in re.findall(r'class="seq mono">(\d+)<', page.text)]
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = older[1] if older else ""
    assert seen == list(reversed(range(size)))
    assert f"{size} entries" in words(page)
    last = engine.entries("bistro-soho", since=size - 1).items[0]
    said = max_.get("/books/bistro-soho")
    assert last.hash in said.text
    assert "E1042 asked for apology: approved" in words(said)
    newer = max_.get("/books/bistro-soho?before=3")
    assert re.findall(r'class="seq mono">(\d+)<', newer.text) == ["2", "1", "0"]
    assert 'rel="prev"' in newer.text


@pytest.mark.parametrize("before", ["0", "-1", "x", str(2**53)])
def test_a_place_in_a_book_that_is_none(max_: Visitor, before: str) -> None:
    assert max_.get(f"/books/bistro-soho?before={before}").status_code == 422


def test_a_bar_never_draws_more_than_there_is(max_: Visitor, engine: Engine, till: TestClient) -> None:
    hold(till)
    (day,) = (item for item in engine.budgets("bistro-soho", employee="E1042") if item.limit.endswith("day"))
    for cap, held, spent, asked in ((0, 0, 0, 1), (1, 5, 5, 5), (10**9, 1, 1, 1), (100, 50, 50, 1), (100, 0, 0, 0)):
        left = max(0, cap - held - spent)
        made = bar(day.model_copy(update={"cap": cap, "held": held, "spent": spent, "left": left}), asked)
        assert made.spent + made.held + made.asked <= WIDE
        assert min(made.spent, made.held, made.asked) >= 0
        assert made.is_over == (asked > left)
