"""Cases: what passes, what fails and how it is said, what is covered, and what is wrong with a file of cases."""

from pathlib import Path

import pytest

from empower.policy import ProblemName, run_cases
from empower.policy.case_reading import read_cases
from empower.policy.cases import Result, failures, run
from empower.policy.coverage import coverage, percent
from empower.policy.files import LARGEST_FILE

from .conftest import SHOP, Folder

POLICIES = Path(__file__).parents[2] / "policies"
HEAD = """\
policy = "shop"
now = 2026-11-20T19:30:00-05:00

[employees]
ana = { roles = ["server"] }
max = { roles = ["manager"] }

[defaults]
employee = "ana"
remedy = "dessert"
reason = "wrong_order"
guest = "g1"
check = { total = 50.00 }

"""


def cases(folder: Folder, text: str, head: str = HEAD) -> Path:
    directory = folder()
    (directory / "shop.toml").write_text(SHOP)
    (directory / "shop.cases.toml").write_text(head + text)
    return directory


def ran(directory: Path) -> list[Result]:
    found = read_cases(directory)
    assert found.problems == ()
    return [run(case) for case in found.cases]


def one(folder: Folder, text: str) -> tuple[str, ...]:
    (result,) = ran(cases(folder, f"[cases.it]\n{text}"))
    return result.differences


@pytest.mark.parametrize(
    "text",
    [
        'ask = { amount = 15.00 }\nexpect = { outcome = "approve", role = "server", granted = 15.00, people = 0 }',
        'ask = { amount = 15.01 }\nexpect = { outcome = "deny", codes = ["over_most"], offer = 15.00 }',
        'ask = { amount = 9.00, guest = false }\nexpect = { outcome = "escalate", codes = ["missing_fact"] }',
        (
            'ask = { amount = 5.01 }\nused."roles.server.limits.day" = { amount = 70.00 }\n'
            'expect = { outcome = "escalate", approvers = ["manager"], people = 1, offer = 5.00,'
            ' offers = { apology = 5.00 }, rules = ["roles.server.limits.day"] }'
        ),
        (
            'ask = { amount = 5.00 }\nused."roles.server.limits.day" = { count = 6 }\n'
            'expect = { outcome = "escalate", codes = ["count_exceeded"], offer = false }'
        ),
        (
            'ask = { amount = 9.00, accept_less = true }\nused."roles.server.limits.day" = { amount = 70.00 }\n'
            'expect = { outcome = "approve", granted = 5.00 }'
        ),
        (
            'ask = { amount = 9.00, check = { categories = ["alcohol"] } }\n'
            'expect = { outcome = "deny", rules = ["guards.no_alcohol"] }'
        ),
    ],
)
def test_what_is_expected_is_held_against_the_answer(folder: Folder, text: str) -> None:
    assert one(folder, text) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'ask = { amount = 9.00 }\nexpect = { outcome = "escalate", approvers = ["manager"] }',
            ("expected `escalate`, got `approve`", "expected the approvers `manager`, got none"),
        ),
        (
            'ask = { amount = 9.00 }\nexpect = { outcome = "approve", role = "manager", granted = 8.99, people = 1 }',
            (
                "expected to be decided as `manager`, not as `server`",
                "expected $8.99 to be granted, got $9.00",
                "expected 1 people to be needed, got 0",
            ),
        ),
        (
            (
                'ask = { amount = 15.01 }\nexpect = { outcome = "deny", codes = ["guard_denies"], offer = 14.00,'
                " offers = { apology = 1.00 } }"
            ),
            (
                "expected the findings to say `guard_denies`, got `over_most`, `within_limit`",
                "expected the counter-offer 14.00, got 15.00",
                "expected `apology` to be offered up to 1.00, got 25.00",
            ),
        ),
    ],
)
def test_a_difference_is_told_with_what_was_answered(folder: Folder, text: str, said: tuple[str, ...]) -> None:
    assert tuple(line.split("\n")[0] for line in one(folder, text)) == said


def test_lists_make_a_case_of_each_of_their_values(folder: Folder) -> None:
    text = '[cases.it]\nask = { employee = ["ana", "max"], amount = [1.00, 2.00] }\nexpect = { outcome = "approve" }'
    assert [item.case.name for item in ran(cases(folder, text))] == [
        "it[ana, 1.00]",
        "it[ana, 2.00]",
        "it[max, 1.00]",
        "it[max, 2.00]",
    ]


@pytest.mark.parametrize(
    ("text", "name", "place", "said"),
    [
        ('ask = { amunt = 9.00 }\nexpect = { outcome = "approve" }', "unknown-key", (16, 9), "unknown key `amunt`"),
        ('ask = { remedy = "desert" }\nexpect = { outcome = "deny" }', "unknown-remedy", (16, 18), "unknown remedy"),
        ('ask = { reason = "rain" }\nexpect = { outcome = "deny" }', "unknown-reason", (16, 18), "unknown reason"),
        ('ask = { amount = 9.5 }\nexpect = { outcome = "deny" }', "wrong-decimals", (16, 18), "must have 2 decimals"),
        ('ask = { amount = "9" }\nexpect = { outcome = "deny" }', "wrong-type", (16, 18), "must be an amount"),
        ("ask = { amount = 9.00 }", "missing-key", (15, 8), "`expect` is missing in `cases.it`"),
        (
            'now = 2026-11-20T19:30:00\nask = { amount = 9.00 }\nexpect = { outcome = "deny" }',
            "wrong-type",
            (16, 7),
            "needs its offset from UTC",
        ),
        (
            'ask = { amount = 9.00 }\nexpect = { outcome = "deny", approvers = ["boss"] }',
            "unknown-role",
            (17, 43),
            "unknown role `boss`",
        ),
        ('ask = {}\nexpect = { outcome = "deny", role = "sever" }', "unknown-role", (17, 37), "unknown role `sever`"),
        ('ask = {}\nexpect = { outcome = "deny", needs = ["nota"] }', "unknown-requirement", (17, 39), "`nota`"),
        ('ask = {}\nexpect = { outcome = "deny", codes = ["over"] }', "unknown-code", (17, 39), "`over`"),
        (
            'ask = {}\nexpect = { outcome = "deny", rules = ["guards.no_alcohl"] }',
            "unknown-limit",
            (17, 39),
            "unknown rule `guards.no_alcohl`",
        ),
        ('ask = { employee = ["max", "eve"] }\nexpect = { outcome = "deny" }', "unknown-employee", (16, 28), "`eve`"),
        ('ask = { amount = nan }\nexpect = { outcome = "deny" }', "wrong-type", (16, 18), "infinite or undefined"),
        ('ask = { amount = [] }\nexpect = { outcome = "deny" }', "empty-list", (16, 18), "`amount` is empty"),
        ('ask = 5\nexpect = { outcome = "deny" }', "wrong-type", (16, 7), "must be a table"),
        ("ask = {}\nexpect = { outcome = 5 }", "unknown-outcome", (17, 22), "unknown outcome `5`"),
        ('now = 2026-11-20\nask = {}\nexpect = { outcome = "deny" }', "wrong-type", (16, 7), "must be a moment"),
    ],
)
def test_what_is_wrong_with_a_file_of_cases_has_a_name_and_a_place(
    folder: Folder, text: str, name: str, place: tuple[int, int], said: str
) -> None:
    found = read_cases(cases(folder, f"[cases.it]\n{text}"))
    (problem,) = found.problems
    assert (problem.file, problem.name, (problem.line, problem.column)) == ("shop.cases.toml", name, place)
    assert said in problem.message
    assert problem.frame
    assert found.cases == ()


def test_all_problems_are_told_at_once(folder: Folder) -> None:
    text = '[cases.a]\nask = { remedy = "x" }\nexpect = { outcome = "deny" }\n'
    more = '[cases.b]\nask = { reason = "y" }\nexpect = { outcome = "deny" }\n'
    found = read_cases(cases(folder, text + more))
    assert [problem.name for problem in found.problems] == ["unknown-remedy", "unknown-reason"]


def test_a_case_of_another_policy_or_place_is_a_problem(folder: Folder) -> None:
    text = '[cases.a]\nask = { amount = 1.00 }\nexpect = { outcome = "approve" }'
    found = read_cases(cases(folder, text, HEAD.replace('"shop"', '"shpo"')))
    assert [str(problem) for problem in found.problems] == [
        "shop.cases.toml:1:10: unknown policy `shpo`; did you mean `shop`?"
    ]
    found = read_cases(cases(folder, text, 'location = "elsewhere"\n' + HEAD))
    assert [problem.name for problem in found.problems] == [ProblemName.BAD_LOCATION]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"policy = ", "bad-toml"),
        (b"#" * (LARGEST_FILE + 1), "file-too-large"),
        (b"a = " + b"[" * 40 + b"]" * 40, "too-deep"),
        (b"a = '\xe9'", "not-utf8"),
    ],
)
def test_a_file_that_is_none(folder: Folder, content: bytes, name: str) -> None:
    directory = cases(folder, "")
    (directory / "shop.cases.toml").write_bytes(content)
    assert [problem.name for problem in read_cases(directory).problems] == [name]


def test_a_link_out_of_the_folder_is_not_followed(folder: Folder, tmp_path: Path) -> None:
    directory = cases(folder, "")
    (directory / "shop.cases.toml").unlink()
    outside = tmp_path.parent / f"{tmp_path.name}.toml"
    outside.write_text(HEAD)
    (directory / "shop.cases.toml").symlink_to(outside)
    assert [problem.name for problem in read_cases(directory).problems] == ["outside-folder"]


def test_a_matrix_without_end_is_refused(folder: Folder) -> None:
    many = ", ".join(f"{number}.00" for number in range(1, 101))
    text = "".join(
        f'[cases.c{number}]\nask = {{ employee = ["ana", "max"], amount = [{many}] }}\n'
        'expect = { outcome = "approve" }\n'
        for number in range(51)
    )
    (problem,) = read_cases(cases(folder, text)).problems
    assert "more than 10000 cases" in problem.message


def test_a_list_that_multiplies_beyond_measure_is_refused_at_once(folder: Folder) -> None:
    many = ", ".join(['"ana"'] * 900)
    amounts = ", ".join(["1.00"] * 900)
    reasons = ", ".join(['"wrong_order"'] * 900)
    ask = f"employee = [{many}], reason = [{reasons}], amount = [{amounts}]"
    text = f'[cases.a]\nask = {{ {ask} }}\nexpect = {{ outcome = "approve" }}\n'
    (problem,) = read_cases(cases(folder, text)).problems
    assert "more than 10000 cases" in problem.message


def test_cases_of_what_others_start_from_are_asked_of_each_of_them(folder: Folder) -> None:
    directory = cases(folder, '[cases.a]\nask = { amount = 1.00 }\nexpect = { outcome = "approve" }')
    (directory / "other.toml").write_text(SHOP.replace("shop", "other") + "[remedies.dessert]\nmost = 0.50\n")
    file = directory / "shop.cases.toml"
    file.write_text(file.read_text().replace('"shop"', '"base"'))
    report = run_cases(directory)
    assert {item.case.name: bool(item.differences) for item in report.results} == {
        "a in shop": False,
        "a in other": True,
    }
    assert [item.case.name for item in run_cases(directory, ["shop"]).results] == ["a in shop"]
    assert len(run_cases(directory, ["base"]).results) == 2
    (directory / "shop.toml").unlink()
    (directory / "other.toml").unlink()
    assert [problem.name for problem in run_cases(directory).problems] == ["unknown-policy"]


def test_what_is_used_of_a_roles_counter_is_that_roles(folder: Folder) -> None:
    text = """[cases.it]
ask = { amount = 5.00 }
used."roles.server.limits.purse" = { amount = 10.00 }
expect = { outcome = "escalate", approvers = ["manager"] }
"""
    directory = cases(folder, text)
    purse = 'limits.purse = { per = "role", every = "day", amount = 10.00 }\n'
    (directory / "shop.toml").write_text(SHOP + "[roles.server]\n" + purse + "[roles.manager]\n" + purse)
    assert ran(directory)[0].differences == ()


def test_a_total_that_changed_and_somebody_without_a_role(folder: Folder) -> None:
    head = HEAD.replace("[defaults]", "new = { roles = [] }\n\n[defaults]")
    text = """[cases.a]
ask = { employee = "new", amount = 1.00 }
expect = { outcome = "deny", codes = ["no_role"] }
"""
    assert [item.differences for item in ran(cases(folder, text, head))] == [()]


def test_the_report_says_whether_all_is_well(folder: Folder) -> None:
    text = '[cases.cake]\nask = { amount = %s }\nexpect = { outcome = "approve" }'
    directory = cases(folder, text % "15.00")
    report = run_cases(directory)
    assert (report.passed, report.failed, [one.policy for one in report.coverage]) == (True, (), ["shop"])
    (directory / "shop.cases.toml").write_text(HEAD + text % "15.01")
    report = run_cases(directory)
    assert (report.passed, [item.case.name for item in report.failed]) == (False, ["cake"])
    (directory / "shop.cases.toml").write_text(HEAD + text % "15.0")
    report = run_cases(directory)
    assert (report.passed, report.failed, [one.name for one in report.problems]) == (False, (), ["wrong-decimals"])
    (directory / "shop.cases.toml").unlink()
    assert run_cases(directory) == ((), (), ())
    assert run_cases(directory).passed


def test_a_guards_amount_has_two_sides_too(folder: Folder) -> None:
    text = """[cases.it]
ask = { amount = [5.00, 5.01] }
expect = { outcome = "approve" }
"""
    directory = cases(folder, text)
    guard = '[guards.note]\nwhen = { amount_over = 5.00 }\nthen = "require"\nrequire = ["guest"]\n'
    (directory / "shop.toml").write_text(SHOP + guard)
    (found,) = run_cases(directory).coverage
    sides = {name for name in found.boundaries if name.startswith("guards.note")}
    assert sides == {"guards.note.amount_over at", "guards.note.amount_over over"}
    assert not sides & set(found.untried_boundaries)


def test_policies_with_problems_run_no_case(folder: Folder) -> None:
    directory = cases(folder, '[cases.a]\nask = { amount = 1.00 }\nexpect = { outcome = "approve" }')
    (directory / "shop.toml").write_text(SHOP + "[nonsense]\n")
    found = read_cases(directory)
    assert found.cases == ()
    assert [problem.file for problem in found.problems] == ["shop.toml"]


def test_coverage_counts_rules_and_both_sides_of_each_cap(folder: Folder) -> None:
    text = """
[cases.at]
ask = { amount = 5.00 }
used."roles.server.limits.day" = { amount = 70.00, count = 5 }
expect = { outcome = "approve" }

[cases.over]
ask = { amount = 5.01 }
used."roles.server.limits.day" = { amount = 70.00, count = 6 }
expect = { outcome = "escalate" }
"""
    directory = cases(folder, text)
    results = ran(directory)
    policy = results[0].case.policy.policy
    found = coverage(policy, results)
    day = [f"roles.server.limits.day.{unit} {side}" for unit in ("amount", "count") for side in ("at", "over")]
    assert set(day) <= set(found.boundaries)
    assert not set(day) & set(found.untried_boundaries)
    assert "roles.server gives dessert" not in found.untried_rules
    assert "roles.server gives apology" in found.untried_rules
    assert "guards.no_alcohol" in found.untried_rules
    assert 0 < percent([found]) < 100
    without = coverage(policy, results[:1])
    assert set(day) & set(without.untried_boundaries) == {name for name in day if name.endswith("over")}


def test_the_cases_of_the_policies_that_come_along_pass() -> None:
    assert list(failures(POLICIES)) == []
    assert {case.policy.policy.id for case in read_cases(POLICIES).cases} == {"bakery", "bistro", "hotel"}


def test_a_publication_is_told_which_cases_fail(folder: Folder) -> None:
    text = '[cases.cake]\nask = { amount = 16.00 }\nexpect = { outcome = "approve" }'
    assert list(failures(cases(folder, text))) == ["shop.cases.toml:15: cake"]
