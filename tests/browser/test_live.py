"""The queue while it is open: what comes, what goes, and a connection that is lost."""

import re
from typing import Any

from empower.engine.proofs import Pin
from tests.browser.conftest import PIN, House, SignIn, serving

MIA = Pin("E3000", PIN)


def cards(page: Any) -> Any:
    return page.locator("article.card")


def card_of(page: Any, comp: Any) -> Any:
    return page.locator(f'article[data-id="{comp.id}"]')


def test_what_is_asked_comes_up_and_what_is_answered_goes(sign_in: SignIn, house: House) -> None:
    page = sign_in()
    page.get_by_text("Nothing waits").wait_for()
    page.locator("#live", has_text="Live").wait_for()
    first = house.ask("1")
    card_of(page, first).wait_for()
    assert page.title() == "(1) Queue – Empower"
    second = house.ask("2", employee="E1042", amount={"amount": 7000, "currency": "USD"})
    card_of(page, second).wait_for()
    assert "New: Ana Ruiz asks for $70.00." in page.locator("#told").text_content()
    assert [card.get_attribute("data-id") for card in cards(page).all()] == [first.id, second.id]
    house.engine.decline(first.id, MIA, note="no", by="till")
    card_of(page, first).wait_for(state="detached")
    assert cards(page).count() == 1


def test_nothing_comes_up_from_where_one_does_not_answer(sign_in: SignIn, house: House) -> None:
    mia = sign_in("E3000")
    mia.locator("#live", has_text="Live").wait_for()
    house.ask("1", location="bistro-bronx")
    soho = house.ask("2")
    card_of(mia, soho).wait_for()
    assert cards(mia).count() == 1
    assert "Bronx" not in mia.content()


def test_what_one_is_typing_stays_until_it_is_sent(sign_in: SignIn, house: House) -> None:
    comp = house.ask("1")
    page = sign_in()
    card = card_of(page, comp)
    card.get_by_text("Decline…").click()
    note = card.get_by_label("Why? Ana Ruiz will read it.")
    note.fill("half a sen")
    other = house.ask("2")
    card_of(page, other).wait_for()
    assert note.input_value() == "half a sen"
    assert page.evaluate("document.activeElement.name") == "note"
    house.engine.approve(comp.id, MIA, by="till")
    card.get_by_role("alert").filter(has_text="Somebody else answered").wait_for()
    assert card.get_by_role("button").count() == 0


def test_a_lost_connection_is_told_and_mended(sign_in: SignIn, house: House) -> None:
    comp = house.ask("1")
    page = sign_in()
    live = page.locator("#live")
    live.filter(has_text="Live").wait_for()
    page.context.set_offline(True)
    live.filter(has_text="No connection").wait_for()
    card_of(page, comp).get_by_role("button", name="Approve $50.00").click()
    card_of(page, comp).get_by_role("alert").filter(has_text="Nothing was decided; try again.").wait_for()
    assert house.engine.comp(comp.id).status == "pending"
    missed = house.ask("2")
    page.context.set_offline(False)
    card_of(page, missed).wait_for()
    live.filter(has_text="Live").wait_for()
    card_of(page, comp).get_by_role("button", name="Approve $50.00").click()
    page.locator(f'.answered[data-id="{comp.id}"]').wait_for()
    assert house.engine.comp(comp.id).status == "approved"


def test_a_server_that_comes_back_is_found_again(sign_in: SignIn, house: House) -> None:
    page = sign_in()
    live = page.locator("#live")
    live.filter(has_text="Live").wait_for()
    house.server.should_exit = True
    live.filter(has_text="No connection").wait_for()
    comp = house.ask("1")
    with serving(house.engine, port=int(house.address.rsplit(":", 1)[1])):
        card_of(page, comp).wait_for()
        live.filter(has_text="Live").wait_for()


def test_whoever_is_signed_out_meanwhile_is_asked_to_sign_in(sign_in: SignIn, house: House) -> None:
    page = sign_in()
    page.locator("#live", has_text="Live").wait_for()
    house.engine.sessions.end_all("E2000")
    house.ask("1")
    page.wait_for_url(re.compile(r"/\?next=%2Fqueue$"))
    assert page.get_by_label("PIN").is_visible()


def test_time_runs_down_and_is_called_the_last_minute(sign_in: SignIn, house: House) -> None:
    house.ask("1")
    page = sign_in()
    left = page.locator(".left")
    assert re.fullmatch(r"Time left: 1[45]:\d\d", left.text_content().strip())
    page.clock.install()
    page.route("**/queue/cards*", lambda route: route.abort())  # the server's clock does not jump
    page.reload()
    page.clock.fast_forward("10:30")
    page.locator(".left.soon").wait_for()
    page.clock.fast_forward("03:45")
    page.locator(".left.last").wait_for()
