"""Yes, less and no by thumb, by keyboard, without a script, and against somebody who is faster."""

import re
from typing import Any

import pytest

from tests.browser.conftest import PIN, House, SignIn


def card_of(page: Any, comp: Any) -> Any:
    return page.locator(f'article[data-id="{comp.id}"]')


def answered(page: Any, comp: Any) -> Any:
    """What stands where the card was."""
    found = page.locator(f'.answered[data-id="{comp.id}"]')
    found.wait_for()
    return found


def test_signing_in_by_id_and_pin_and_out_again(window: SignIn, house: House) -> None:
    page = window()
    page.goto("/comps")
    page.get_by_label("Employee id").fill("E2000")
    page.get_by_label("PIN").fill("102938")
    page.get_by_role("button", name="Sign in").click()
    assert "do not belong together" in page.get_by_role("alert").text_content()
    assert page.get_by_label("Employee id").input_value() == "E2000"
    page.get_by_label("PIN").fill(PIN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/comps")
    page.locator(".me summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile(r"/$"))
    page.go_back()
    page.goto("/queue")
    assert page.get_by_label("PIN").is_visible()
    assert [item.active for item in house.engine.sessions.listed()] == [False]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_link_in_a_message_leads_to_the_comp_once_one_is_signed_in(
    sign_in: SignIn, house: House, javascript: bool
) -> None:
    comp = house.ask("1")
    page = sign_in(javascript=javascript)
    page.goto("about:blank")
    page.set_content(f'<a href="{house.address}/comps/{comp.id}">Ana asks for $50.00</a>')
    page.get_by_role("link").click()
    card_of(page, comp).get_by_role("button", name="Approve $50.00").click()
    answered(page, comp)


def test_a_yes_is_one_tap(sign_in: SignIn, house: House) -> None:
    comp = house.ask("1")
    page = sign_in()
    card_of(page, comp).get_by_role("button", name="Approve $50.00").click()
    assert "Approved, $50.00." in answered(page, comp).text_content()
    done = house.engine.comp(comp.id)
    assert (done.status, done.amount.held) == ("approved", 5000)
    assert page.url.endswith("/queue")
    assert page.title() == "Queue – Empower"


@pytest.mark.parametrize("tap", ["$25.00", None])
def test_less_is_two_taps_or_an_amount(sign_in: SignIn, house: House, tap: str | None) -> None:
    comp = house.ask("1")
    page = sign_in()
    card = card_of(page, comp)
    card.get_by_text("Less…").click()
    if tap:
        card.get_by_role("button", name=tap).click()
    else:
        card.get_by_label("How much instead of $50.00?").fill("30.50")
        page.keyboard.press("Enter")
    answered(page, comp)
    assert house.engine.comp(comp.id).amount.granted == (2500 if tap else 3050)


def test_a_no_says_why(sign_in: SignIn, house: House) -> None:
    comp, other = house.ask("1"), house.ask("2")
    page = sign_in()
    card = card_of(page, comp)
    card.get_by_text("Decline…").click()
    card.get_by_role("button", name="Decline", exact=True).click()
    assert page.evaluate("document.activeElement.matches(':invalid')")
    card.get_by_label("Why? Ana Ruiz will read it.").fill("third time this week")
    card.get_by_role("button", name="Decline", exact=True).click()
    assert "Declined." in answered(page, comp).text_content()
    card = card_of(page, other)
    card.get_by_text("Decline…").click()
    card.get_by_role("button", name="I am coming to the table.").click()
    answered(page, other)
    notes = [house.engine.life(item.id)[-1].note for item in (comp, other)]
    assert notes == ["third time this week", "I am coming to the table."]


def test_a_wrong_amount_is_told_on_the_card_and_can_be_mended(sign_in: SignIn, house: House) -> None:
    comp = house.ask("1")
    page = sign_in()
    card = card_of(page, comp)
    card.get_by_text("Less…").click()
    amount = card.get_by_label("How much instead of $50.00?")
    amount.fill("60")
    page.keyboard.press("Enter")
    card.get_by_role("alert").filter(has_text="$60.00 is more than the $50.00 that is asked for.").wait_for()
    amount.fill("40")
    page.keyboard.press("Enter")
    answered(page, comp)
    assert house.engine.comp(comp.id).amount.granted == 4000


def test_two_managers_race_and_the_second_is_told_who_was_faster(sign_in: SignIn, house: House) -> None:
    comp = house.ask("1")
    max_, mia = sign_in("E2000"), sign_in("E3000")
    mia.route("**/queue/cards*", lambda route: route.abort())  # her page has not heard of it yet
    card_of(max_, comp).get_by_role("button", name="Approve $50.00").click()
    answered(max_, comp)
    card = card_of(mia, comp)
    card.get_by_role("button", name="Approve $50.00").click()
    card.get_by_role("alert").filter(has_text=re.compile(r"Max Okafor was faster: approved at \d\d:\d\d\.")).wait_for()
    assert card.get_by_role("button").count() == 0
    assert [line.kind for line in house.engine.comp(comp.id).entries] == ["decision", "approve"]


def test_without_a_script_everything_can_be_answered(sign_in: SignIn, house: House) -> None:
    yes, less, no = (house.ask(str(number)) for number in range(3))
    page = sign_in(javascript=False)
    assert page.locator('meta[http-equiv="refresh"]').count() == 1
    card_of(page, yes).get_by_role("button", name="Approve $50.00").click()
    assert "Approved, $50.00." in answered(page, yes).text_content()
    for comp, opened, field, said, button in (
        (less, "Less…", "How much instead of $50.00?", "12.50", "Approve"),
        (no, "Decline…", "Why? Ana Ruiz will read it.", "no", "Decline"),
    ):
        card_of(page, comp).get_by_role("link", name="All about this comp").click()
        card = card_of(page, comp)
        card.get_by_text(opened).click()
        card.get_by_label(field).fill(said)
        card.get_by_role("button", name=button, exact=True).click()
        answered(page, comp)
    assert [house.engine.comp(comp.id).amount.granted for comp in (yes, less)] == [5000, 1250]
    assert house.engine.comp(no.id).status == "declined"


def test_a_yes_by_keyboard_alone(window: SignIn, house: House) -> None:
    first, second = house.ask("1"), house.ask("2")
    page = window(viewport={"width": 1280, "height": 800})
    page.goto("/")
    page.keyboard.type("E2000")
    page.keyboard.press("Tab")
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    for _ in range(2):
        page.keyboard.press("j")
    assert page.evaluate("document.activeElement.dataset.id") == second.id
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    answered(page, second)
    assert page.evaluate("document.activeElement.dataset.id") == second.id
    page.keyboard.press("k")
    seen = set()
    while page.evaluate("document.activeElement.textContent.trim().startsWith('Decline…')") is False:
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.outerHTML"))
        assert len(seen) < 30
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("not now")
    page.keyboard.press("Enter")
    answered(page, first)
    assert [house.engine.comp(comp.id).status for comp in (first, second)] == ["declined", "approved"]
