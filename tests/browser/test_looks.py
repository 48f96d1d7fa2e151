"""How the pages look and read: on a phone and a desk, light and dark, to a screen reader; and README's picture."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from empower.engine.proofs import Pin
from tests.browser.conftest import DESK, PHONE, PIN, House, SignIn
from tests.http.conftest import usd

axe_playwright_python = pytest.importorskip(
    "axe_playwright_python", reason="accessibility is checked by axe: pip install -e '.[e2e]'"
)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "queue.png"
MOST_BYTES = 150_000
RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
}


@pytest.fixture
def evening(house: House) -> list[str]:
    """Something on every page; the paths of all pages, and of one with a problem."""
    check = {
        "id": "C-88123",
        "total": usd(8450),
        "state": "open",
        "items": [{"id": "i1", "name": "Steak frites", "category": "mains", "amount": usd(3400)}],
    }
    for number in range(2):
        house.ask(f"before-{number}", remedy="dessert", amount=usd(900), guest="loyalty:1")
    done = house.ask("done", amount=usd(4000), note="The wrong table's check.")
    house.engine.approve(done.id, Pin("E3000", PIN), 3000, by="till")
    house.engine.capture(done.id, by="till")
    declined = house.ask("no", amount=usd(15_000))
    house.engine.decline(declined.id, Pin("E3000", PIN), note="Third time this week.", by="till")
    waits = house.ask("waits", guest="loyalty:1", check=check, note="Sent it back twice, still cold in the middle.")
    house.ask("long", note="word " * 60 + "a" * 120, check=check | {"id": "C-" + "9" * 60})
    return [
        "/queue",
        "/comps",
        f"/comps/{waits.id}",
        f"/comps/{done.id}",
        f"/comps/{declined.id}",
        "/budgets/bistro-soho?employee=E1042",
        "/books/bistro-soho",
        "/comps/none",
    ]


def complaints(page: Any) -> list[str]:
    """What axe-core finds wrong with a page."""
    page.evaluate(AXE + "; undefined")  # not as a script of the page: its policy would refuse that
    found = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{page.url}: {one['id']}: {node['html'][:120]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


SMALLEST = {"width": 320, "height": 568}
OPEN_ALL = """async () => {
  for (const item of document.querySelectorAll("main details")) item.open = true;
  for (let frames = 0; frames < 3; frames++) await new Promise(requestAnimationFrame);
  scrollTo(0, 0);
}"""
SEEN = [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (SMALLEST, "dark")]


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (SMALLEST, "dark")]
)
def test_every_page_fits_is_accessible_and_has_room_for_a_thumb(
    sign_in: SignIn, window: SignIn, evening: list[str], viewport: dict[str, int], scheme: str
) -> None:
    outside = window(viewport=viewport, color_scheme=scheme)
    outside.goto("/")
    found = complaints(outside)
    page = sign_in(viewport=viewport, color_scheme=scheme)
    for path in evening:
        page.goto(path)
        page.evaluate(OPEN_ALL)
        found += complaints(page)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        small = page.evaluate(SMALL) if viewport is not DESK else []
        found += [f"{path} is {wide} px too wide"] * (wide > 0) + [f"{path}: {said}" for said in small]
    assert found == []


SMALL = """() => [...document.querySelectorAll("button, summary, input:not([type=hidden]), select, nav a")]
  .filter((item) => item.checkVisibility() && item.getBoundingClientRect().height < 44)
  .map((item) => `too small for a thumb: ${item.outerHTML.slice(0, 100)}`)"""


def test_colours_follow_the_system(sign_in: SignIn, evening: list[str]) -> None:
    page = sign_in(color_scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
    assert max(page.evaluate(colour)) < 60
    page.emulate_media(color_scheme="light")
    assert min(page.evaluate(colour)) > 200


def test_the_first_answer_is_in_reach_of_a_thumb(sign_in: SignIn, evening: list[str]) -> None:
    """On a phone the first comp is decided without scrolling, and its button is in the lower half."""
    page = sign_in("E3000")
    box = page.get_by_role("button", name=re.compile("Approve")).first.bounding_box()
    tabs = page.locator(".tabs").bounding_box()
    assert PHONE["height"] / 2 < box["y"] < box["y"] + box["height"] <= tabs["y"]


def test_readmes_picture_is_of_these_pages(sign_in: SignIn, evening: list[str], tmp_path: Path) -> None:
    """Made anew with `EMPOWER_PICTURES=1`; without, the one that is there is only weighed."""
    page = sign_in("E3000", color_scheme="light")
    page.locator("#live", has_text="Live").wait_for()
    made = PICTURE if os.environ.get("EMPOWER_PICTURES") else tmp_path / "queue.png"
    made.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=made)
    for picture in (made, PICTURE):
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert 5000 < picture.stat().st_size < MOST_BYTES
