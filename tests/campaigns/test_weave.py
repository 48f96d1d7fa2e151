"""One order for several books: found where there is one, and said to be none where what was read cannot have been."""

import pytest

from benchmarks.campaigns.weave import Knot, NoOrderError, misplaced, woven

SUM = "group"


def knot(
    seq: int, *, at: str = "a", when: tuple[int, int] = (0, 100), reads: int | None = None, moves: int = 0
) -> Knot:
    read = {} if reads is None else {SUM: (reads, 0, 0, 0)}
    return Knot(at, seq, *when, read, {SUM: (moves, 0, 0, 0)} if moves else {})


def order(*books: list[Knot]) -> str:
    return " ".join(f"{one.location}{one.seq}" for one, _ in woven(books))


@pytest.mark.parametrize(
    ("books", "expected"),
    [
        ([[], []], ""),
        ([[knot(0), knot(1)]], "a0 a1"),
        ([[knot(0, reads=100)], [knot(0, at="b", reads=0, moves=100)]], "b0 a0"),
        ([[knot(0, reads=0, moves=100), knot(1, reads=300)], [knot(0, at="b", reads=100, moves=200)]], "a0 b0 a1"),
        # It would fit behind the others, too; what was under way at the same time need not be seen.
        (
            [
                [knot(0, reads=0, moves=100, when=(0, 50))],
                [knot(0, at="b", moves=-100), knot(1, at="b", reads=-100, moves=100)],
            ],
            "a0 b0 b1",
        ),
        # The sum would fit before, but it was asked for after the other was answered.
        ([[knot(0, reads=0, when=(20, 30))], [knot(0, at="b", moves=0, when=(0, 10))]], "b0 a0"),
    ],
)
def test_an_order_is_found_where_there_is_one(books: list[list[Knot]], expected: str) -> None:
    assert order(*books) == expected


def test_what_comes_about_at_the_same_time_need_not_see_each_other() -> None:
    books = [
        [knot(0, moves=100, when=(0, 10)), knot(1, reads=100, moves=1)],
        [knot(0, at="b", reads=100, moves=20)],
        [knot(0, at="c", reads=120, moves=3, when=(11, 100))],
    ]
    found = {one.location + str(one.seq): missed for one, missed in woven(books)}
    missed = {name: [sums[SUM][0] for sums in [said] if sums] for name, said in found.items()}
    assert missed == {"a0": [], "b0": [], "c0": [], "a1": [23]}


@pytest.mark.parametrize(
    "books",
    [
        pytest.param(
            [[knot(0, reads=0, moves=100, when=(0, 10))], [knot(0, at="b", reads=0, moves=100, when=(20, 30))]],
            id="found the budget unused after the other was answered",
        ),
        pytest.param(
            [[knot(0, reads=0, moves=100)], [knot(0, at="b", reads=50, moves=100)]], id="saw a part of what was moved"
        ),
        pytest.param([[knot(0, reads=0, moves=100), knot(1, reads=0, moves=100)]], id="did not see its own book"),
        pytest.param(
            [
                [knot(0, moves=100), knot(1, moves=1, when=(0, 10)), knot(2, moves=7)],
                [knot(0, at="b", reads=1, when=(20, 100))],
            ],
            id="missed what stands before something that it must have seen",
        ),
        pytest.param(
            [[knot(0, reads=0, when=(20, 30))], [knot(0, at="b", reads=0, moves=100, when=(0, 10))]],
            id="did not see what was answered before",
        ),
        pytest.param([[knot(0, reads=100), knot(1, moves=100)]], id="saw what came after"),
    ],
)
def test_what_contradicts_itself_has_no_order(books: list[list[Knot]]) -> None:
    with pytest.raises(NoOrderError, match=r"[ab]/[01]"):
        woven(books)


def test_a_book_that_goes_against_real_time_is_told_of() -> None:
    book = [knot(0, when=(0, 9)), knot(1, when=(20, 30)), knot(2, when=(5, 40)), knot(3, when=(5, 15))]
    assert [(early.seq, late.seq) for early, late in misplaced(book)] == [(1, 3)]


def test_many_books_are_woven_without_trying_every_order() -> None:
    """Each line reads what all before it came to; were guesses not kept, this would take for ever."""
    books = [
        [knot(n, at=name, reads=100 * (4 * n + which), moves=100) for n in range(200)]
        for which, name in enumerate("abcd")
    ]
    assert len(woven(books)) == 800
