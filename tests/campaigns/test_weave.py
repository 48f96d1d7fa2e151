"""One order for several books: found where there is one, with steps back where the first guess was wrong."""

import pytest

from benchmarks.campaigns.weave import Knot, NoOrderError, misplaced, woven

SUM = "group"


def knot(
    seq: int, *, at: str = "a", when: tuple[int, int] = (0, 100), reads: int | None = None, moves: int = 0
) -> Knot:
    read = {} if reads is None else {SUM: (reads, 0, 0, 0)}
    return Knot(at, seq, *when, read, {SUM: (moves, 0, 0, 0)} if moves else {})


def order(*books: list[Knot]) -> str:
    return " ".join(f"{one.location}{one.seq}" for one in woven(books))


@pytest.mark.parametrize(
    ("books", "expected"),
    [
        ([[], []], ""),
        ([[knot(0), knot(1)]], "a0 a1"),
        ([[knot(0, reads=100)], [knot(0, at="b", reads=0, moves=100)]], "b0 a0"),
        ([[knot(0, reads=0, moves=100), knot(1, reads=300)], [knot(0, at="b", reads=100, moves=200)]], "a0 b0 a1"),
        # What reads the same sum twice over may stand at either; only one of them leads on.
        (
            [
                [knot(0, reads=0, moves=100, when=(0, 50))],
                [knot(0, at="b", moves=-100), knot(1, at="b", reads=-100, moves=100)],
            ],
            "b0 b1 a0",
        ),
        # The sum would fit before, but it was asked for after the other was answered.
        ([[knot(0, reads=0, when=(20, 30))], [knot(0, at="b", moves=0, when=(0, 10))]], "b0 a0"),
    ],
)
def test_an_order_is_found_where_there_is_one(books: list[list[Knot]], expected: str) -> None:
    assert order(*books) == expected


@pytest.mark.parametrize(
    "books",
    [
        pytest.param(
            [[knot(0, reads=0, moves=100)], [knot(0, at="b", reads=0, moves=100)]], id="both found the budget unused"
        ),
        pytest.param(
            [[knot(0, reads=0, when=(20, 30))], [knot(0, at="b", reads=0, moves=100, when=(0, 10))]],
            id="did not see what was answered before",
        ),
        pytest.param([[knot(0, reads=100), knot(1, moves=100)]], id="saw what came after"),
    ],
)
def test_what_contradicts_itself_has_no_order(books: list[list[Knot]]) -> None:
    with pytest.raises(NoOrderError, match=r"[ab]/0"):
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
