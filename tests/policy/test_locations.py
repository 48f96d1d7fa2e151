"""Which policy governs a location."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empower.policy import PolicySet, read
from empower.policy.globs import common, matcher, specificity

from .conftest import SHOP, Folder


def policies(folder: Folder, **locations: str) -> PolicySet:
    texts = {
        name: SHOP.replace('"shop"\nlocations = ["shop"]', f'"{name}"\nlocations = {globs}')
        for name, globs in locations.items()
    }
    reading = read(folder(**texts))
    assert reading.problems == ()
    return reading.policies


@pytest.mark.parametrize(
    ("location", "policy"),
    [
        ("bistro-soho", "soho"),
        ("bistro-north", "bistro"),
        ("bistro-", "bistro"),
        ("hotel.x", "hotel"),
        ("hotelxx", "other"),
        ("bistro", "other"),
        ("a\nb", "other"),
    ],
)
def test_the_most_literal_pattern_wins(location: str, policy: str, folder: Folder) -> None:
    found = policies(folder, bistro='["bistro-*"]', soho='["bistro-soho"]', hotel='["hotel.*"]', other='["*"]')
    assert [found.policy_for(location), found.policy_for(location)] == [found.by_id[policy]] * 2


def test_no_pattern_matches(folder: Folder) -> None:
    assert policies(folder, bistro='["bistro-*"]').policy_for("Bistro-soho") is None


@pytest.mark.parametrize(
    ("one", "other", "example"),
    [
        ("a", "a", "a"),
        ("a", "b", None),
        ("a*", "*b", "ab"),
        ("a*", "b*", None),
        ("*", "*", ""),
        ("", "*", ""),
        ("*ab*", "ba*", "bab"),
        ("a*c", "ab*", "abc"),
        ("**a", "a**", "a"),
        ("x*y*z", "x*z", "xyz"),
        ("shop-*", "*-soho", "shop-soho"),
        ("shop*", "*shop", "shop"),
        ("a*a", "a", None),
    ],
)
def test_what_two_patterns_have_in_common(one: str, other: str, example: str | None) -> None:
    found = common(one, other)
    assert (found, common(other, one) is None) == (example, example is None)


GLOBS = st.text(st.sampled_from("ab*"), max_size=5)


@given(GLOBS, GLOBS)
def test_two_patterns_meet_exactly_if_some_location_matches_both(one: str, other: str) -> None:
    """Against every location of up to as many characters as both patterns spell out."""
    longest = specificity(one) + specificity(other)
    both = [
        text
        for length in range(longest + 1)
        for text in map("".join, product("ab", repeat=length))
        if matcher(one)(text) and matcher(other)(text)
    ]
    found = common(one, other)
    assert (found is not None) == bool(both)
    assert found is None or (found in both and len(found) == len(both[0]))


def test_a_pattern_is_no_regular_expression() -> None:
    assert matcher("a.b(c)")("a.b(c)")
    assert not matcher("a.b")("axb")


def test_patterns_of_one_policy_do_not_tie(folder: Folder) -> None:
    assert policies(folder, both='["a-*", "*-b"]').policy_for("a-b") is not None


def test_a_tie_that_no_location_can_reach_is_none(folder: Folder) -> None:
    found = policies(folder, one='["a-*"]', two='["b-*"]')
    assert found.policy_for("b-1") is found.by_id["two"]
