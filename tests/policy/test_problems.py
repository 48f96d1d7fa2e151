"""Every problem has a page with a failing example, of which just that must be told which it says."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from empower.policy import ProblemName, read
from empower.policy.case_reading import read_cases
from empower.policy.files import LARGEST_FILE
from empower.policy.pages import EXAMPLES, example, page
from empower.policy.problems import OF_CASES, WARNINGS

from .conftest import SHOP, Folder

FROM_FILES = sorted(path.name.removesuffix(".toml") for path in EXAMPLES.iterdir())


@pytest.mark.parametrize("name", FROM_FILES)
def test_an_example_tells_exactly_its_problems(name: str, folder: Folder) -> None:
    """A warning's example has no problem; what is odd in the example of a problem is beside the point."""
    found = example(name)
    directory = folder()
    for file, text in found.files.items():
        (directory / file).write_text(text, encoding="utf-8")
    reading = read_cases(directory) if ProblemName(name) in OF_CASES else read(directory)
    told = reading.warnings if ProblemName(name) in WARNINGS else reading.problems
    assert sorted(str(problem) for problem in told) == sorted(found.said)
    assert {problem.name for problem in (*told, *reading.problems)} == {ProblemName(name)}
    assert all(problem.frame for problem in told)


def not_utf8(directory: Path) -> None:
    (directory / "shop.toml").write_bytes(b'# ok\ntitle = "caf\xe9"\n')


def too_large(directory: Path) -> None:
    (directory / "shop.toml").write_bytes(b"#" * (LARGEST_FILE + 1))


def link_out(directory: Path) -> None:
    outside = directory.parent / f"{directory.name}-outside.toml"
    outside.write_text(SHOP)
    (directory / "shop.toml").symlink_to(outside)


def a_folder(directory: Path) -> None:
    (directory / "shop.toml").mkdir()


def a_pipe(directory: Path) -> None:
    os.mkfifo(directory / "shop.toml")


def a_loop(directory: Path) -> None:
    (directory / "shop.toml").symlink_to(directory / "shop.toml")


def a_broken_link(directory: Path) -> None:
    (directory / "shop.toml").symlink_to(directory / "gone.toml")


def nothing(directory: Path) -> None:
    (directory / "base.toml").unlink()
    (directory / "shop.cases.toml").write_text("")
    (directory / ".hidden.toml").write_text("")


def no_folder(directory: Path) -> None:
    shutil.rmtree(directory)


BUILT: list[tuple[ProblemName, Callable[[Path], None], str]] = [
    (ProblemName.NOT_UTF8, not_utf8, "shop.toml:2:13: the file is not UTF-8"),
    (ProblemName.FILE_TOO_LARGE, too_large, "shop.toml:1:1: the file is larger than 1024 KiB"),
    (ProblemName.OUTSIDE_FOLDER, link_out, "shop.toml:1:1: the link leads out of the folder"),
    (ProblemName.UNREADABLE_FILE, a_folder, "shop.toml:1:1: this is not a file"),
    (ProblemName.UNREADABLE_FILE, a_pipe, "shop.toml:1:1: this is not a file"),
    (ProblemName.UNREADABLE_FILE, a_broken_link, "shop.toml:1:1: the file cannot be read: no such file or directory"),
    (ProblemName.UNREADABLE_FILE, a_loop, "shop.toml:1:1: the file cannot be read: it is a link to itself"),
    (ProblemName.NO_POLICY, nothing, ".:1:1: no policy in `{}`; it needs at least one file `*.toml`"),
    (ProblemName.NO_POLICY, no_folder, ".:1:1: cannot list `{}`: no such file or directory"),
]


@pytest.mark.parametrize(("name", "build", "said"), BUILT, ids=[build.__name__ for _, build, _ in BUILT])
def test_a_file_that_cannot_be_read_is_a_problem(
    name: ProblemName, build: Callable[[Path], None], said: str, folder: Folder
) -> None:
    directory = folder()
    build(directory)
    problems = read(directory).problems
    assert [str(problem) for problem in problems] == [said.format(directory)]
    assert [problem.name for problem in problems] == [name]


def test_every_problem_has_a_page_and_an_example() -> None:
    assert {*FROM_FILES, *(name for name, _, _ in BUILT)} == set(ProblemName)
    for name in ProblemName:
        found = page(name)
        assert found.means.endswith(".")
        assert found.mend.endswith((".", "…", "`"))
        assert bool(found.example.words) == (name not in FROM_FILES)


def test_what_extends_nothing_odd_is_not_odd(folder: Folder) -> None:
    assert read(folder(shop=SHOP)).warnings == ()


def test_all_problems_are_told_at_once(folder: Folder) -> None:
    """Those of several files too, in order of file, line and column; one mistake is one problem."""
    directory = folder(
        broken="[policy\n",
        shop=SHOP
        + """
[remedies.dessert]
mots = 1.00
most = 1.0

[reasons.cold_food]
title = "Cold food"
dimension = "reliable"
stage = "serving"
remedies = ["remake", "apologie"]

[roles.server]
limits.day = { per = "employe", every = "dayly" }
""",
    )
    assert [str(problem) for problem in read(directory).problems] == [
        "broken.toml:1:8: not TOML: expected ']' at the end of a table declaration",
        "shop.toml:7:1: unknown key `mots`; did you mean `most`?",
        "shop.toml:8:8: `1.0` must have 2 decimals, as USD has; did you mean `1.00`?",
        "shop.toml:12:13: unknown dimension `reliable`; did you mean `reliability`?",
        "shop.toml:14:13: unknown remedy `remake`",
        "shop.toml:14:23: unknown remedy `apologie`; did you mean `apology`?",
        "shop.toml:17:22: unknown scope `employe`; did you mean `employee`?",
        "shop.toml:17:41: unknown window `dayly`; did you mean `day`?",
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('[remedies.cake]\ntitle = "Cake"\n[roles.server]\nremedies = ["apology", "cak"]\n', ["unknown-remedy"]),
        ('[roles.chef]\ntitle = "Chef"\ninherits = "sever"\n', ["unknown-role"]),
        ('[roles.chef]\ntitle = "Chef"\ninherits = 1\n', ["wrong-type"]),
        ('[remedies.dessert]\nmost = "x"\n[reasons.wrong_order]\ntitle = ""\n', ["wrong-type", "blank-text"]),
        ("reasons = 1\n[roles.server]\ntitle = 'Waiter'\n", ["unknown-key"]),
        (
            '[guards.g]\nwhen = { wekdays = ["monday"] }\nthen = "require"\nrequire = ["foto"]\n',
            ["unknown-key", "unknown-requirement"],
        ),
        ('[limits.day]\nper = "gust"\nevery = "day"\ncount = 1\n', ["unknown-scope"]),
        ('[limits.day]\nper = "guest"\nevery = "day"\namont = 1.00\n', ["unknown-key"]),
        ("[calendar]\ncurrency = 5\n", ["wrong-type"]),
        ('[[remedies]]\ntitle = "Cake"\n', ["wrong-type"]),
        ('[remedies.Cake]\ntitle = "Cake"\n[reasons.wrong_order]\nremedies = ["Cake"]\n', ["bad-name"]),
    ],
)
def test_one_mistake_is_one_problem(text: str, names: list[str], folder: Folder) -> None:
    """Nothing complains of what another problem took away."""
    assert [problem.name for problem in read(folder(shop=SHOP + text)).problems] == names


def test_a_file_that_cannot_be_read_makes_nothing_else_unknown(folder: Folder) -> None:
    directory = folder(house="[policy", shop=SHOP.replace('"base"', '"house"'))
    assert [problem.file for problem in read(directory).problems] == ["house.toml"]


def test_a_problem_in_what_is_extended_stands_where_it_was_written(folder: Folder) -> None:
    """It is told once, with the policies that have it."""
    yen = '\n[calendar]\ncurrency = "JPY"\n[remedies.dessert]\nmost = 1500\n'
    rome = SHOP.replace("shop", "rome") + '\n[calendar]\ncurrency = "EUR"\n'
    tokyo, kyoto = (SHOP.replace("shop", name) + yen for name in ("tokyo", "kyoto"))
    problems = read(folder(rome=rome, tokyo=tokyo, kyoto=kyoto)).problems
    assert str(problems[0]) == (
        "base.toml:30:10: `6000.00` must have no decimals, as JPY has, for `kyoto` and `tokyo`; did you mean `6000`?"
    )
    assert {problem.file for problem in problems} == {"base.toml"}
    assert len(problems) == 6


def test_the_frame_shows_the_place(folder: Folder) -> None:
    problem = read(folder(shop=SHOP + '[roles.server]\nremedies = [\n\t"apology",\n\t"desert",\n]\n')).problems[0]
    assert problem.frame.splitlines() == [
        "   6 | remedies = [",
        '   7 |  "apology",',
        '>  8 |  "desert",',
        "     |  ^^^^^^^^",
        "   9 | ]",
        "  10 |",
    ]
    assert problem.near == "dessert"


def test_what_a_terminal_would_obey_is_not_repeated(folder: Folder) -> None:
    problems = read(folder(shop=SHOP + '[remedies."\\u001b[31m"]\ntitle = "\\u001b"\n')).problems
    assert all("\x1b" not in f"{problem}{problem.frame}" for problem in problems)
    assert str(problems[0]).startswith("shop.toml:5:11: bad name `\N{REPLACEMENT CHARACTER}[31m`")


def test_a_long_line_is_cut_in_the_frame(folder: Folder) -> None:
    text = f'[policy]\nid = "shop"\ntitle = "{"x" * 5000}"\nlocations = ["{"y" * 3000}"]\n'
    problem = read(folder(shop=text)).problems[0]
    assert max(len(line) for line in problem.frame.splitlines()) < 120
