"""What fits under caps that overlap, against trying everything."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from empower.policy.packing import Cap, Kind, fill

SMALL = st.integers(0, 5)


@st.composite
def programs(draw: st.DrawFn) -> tuple[int, list[Kind], list[Cap]]:
    caps = draw(st.lists(st.builds(Cap, st.none() | SMALL, st.none() | st.integers(0, 3)), max_size=3))
    under = st.frozensets(st.sampled_from(range(len(caps)))) if caps else st.just(frozenset())
    kinds = draw(st.lists(st.builds(Kind, st.integers(1, 4), under), min_size=1, max_size=3))
    return draw(st.integers(1, 8)), kinds, caps


def fits(amounts: tuple[int, ...] | list[int], kinds: list[Kind], caps: list[Cap]) -> bool:
    comps = [-(-amount // kind.most) for amount, kind in zip(amounts, kinds, strict=True)]
    for number, cap in enumerate(caps):
        under = [index for index, kind in enumerate(kinds) if number in kind.caps]
        if cap.amount is not None and sum(amounts[index] for index in under) > cap.amount:
            return False
        if cap.comps is not None and sum(comps[index] for index in under) > cap.comps:
            return False
    return True


@given(programs())
@settings(max_examples=400)
def test_it_fills_exactly_where_something_fits(program: tuple[int, list[Kind], list[Cap]]) -> None:
    target, kinds, caps = program
    tried = (amounts for amounts in product(range(target + 1), repeat=len(kinds)) if sum(amounts) == target)
    possible = any(fits(amounts, kinds, caps) for amounts in tried)
    found = fill(target, kinds, caps)
    assert (found is not None) == possible
    if found is not None:
        assert sum(found) == target
        assert fits(found, kinds, caps)


def test_pairs_that_share_caps_leave_no_half() -> None:
    """In fractions each of the three could be 2.5, 7.5 together; in whole units 7 is the most."""
    kinds = [Kind(9, frozenset(pair)) for pair in ((0, 1), (1, 2), (0, 2))]
    caps = [Cap(5, None)] * 3
    assert sum(fill(7, kinds, caps) or []) == 7
    assert fill(8, kinds, caps) is None


def test_amounts_as_large_as_money_gets() -> None:
    most = 2**53 - 1
    assert fill(most, [Kind(most // 2, frozenset({0}))], [Cap(None, 3)]) == [most]
    assert fill(most, [Kind(most // 2, frozenset({0}))], [Cap(None, 2)]) is None
