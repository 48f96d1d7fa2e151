"""One value changed in its file: what becomes of the text, what is refused, and what stays as it was."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from empower.core.errors import ConflictError, InputError
from empower.policy import PolicyProblemsError, read
from empower.policy.changing import Change, RefusedEditError, change, write
from empower.policy.files import is_policy

POLICIES = Path(__file__).parent.parent.parent / "policies"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The policies that ship, without their cases."""
    for path in POLICIES.glob("*.toml"):
        if is_policy(path.name):
            shutil.copy(path, tmp_path)
    return tmp_path


Setting = Callable[..., Change]


@pytest.fixture
def setting(desk: Path) -> Setting:
    def make(policy: str, address: str, value: str, **more: bool) -> Change:
        made = change(desk, policy, address, value, **more)
        write(made)
        return made

    return make


def lines(made: Change) -> tuple[list[str], list[str]]:
    """The lines that went, and those that came."""
    rows = [line for line in made.diff.splitlines() if line[:3] not in {"---", "+++"}]
    return [row[1:] for row in rows if row[0] == "-"], [row[1:] for row in rows if row[0] == "+"]


DAY = 'limits.day = { per = "employee", every = "day", amount = %s, count = 12 }'


def test_one_line_changes_and_the_policy_means_it(desk: Path, setting: Setting) -> None:
    made = setting("bistro", "roles.server.limits.day.amount", "90.00")
    assert lines(made) == ([DAY % "120.00"], [DAY % "90.00"])
    assert (made.edit.before, made.edit.after, made.edit.inherited) == ("120.00", "90.00", None)
    assert made.policies == ("bistro",)
    server = read(desk).policies.by_id["bistro"].roles["server"]
    assert next(limit.amount for limit in server.limits if limit.address.endswith("day")) == 9000


REPLACED = [
    ("bistro", "holds.expires", "4 hours", 'expires = "4 hours"        # a long dinner'),
    ("bistro", "roles.host.title", "Host, at the door", 'title = "Host, at the door"'),
    ("bistro", "roles.host.title", 'The "Host"', 'title = "The \\"Host\\""'),
    ("bistro", "roles.host.title", "Tür\t7", 'title = "Tür\\U000000097"'),
    ("bistro", "roles.host.title", "12.50", 'title = "12.50"'),
    ("bistro", "roles.manager.approves", "host, server, bartender", 'approves = ["host", "server", "bartender"]'),
    ("bistro", "roles.manager.approves", "server", 'approves = ["server"]'),
    ("bistro", "roles.manager.approves", '["host", "server"]', 'approves = ["host", "server"]'),
    ("bistro", "limits.loyalty.beyond", "escalate", 'beyond = "escalate"'),
    ("bistro", "calendar.timezone", "America/Chicago", 'timezone = "America/Chicago"'),
    ("house", "remedies.taxi.cost", "0.9", "cost = 0.9"),
    (
        "house",
        "calendar.day_starts",
        "05:00:00",
        "day_starts = 05:00:00      # what is given at one in the morning still belongs to last night",
    ),
    ("hotel", "remedies.upgrade.zero", "false", "zero = false"),
]


@pytest.mark.parametrize(("policy", "address", "value", "line"), REPLACED)
def test_a_value_is_typed_as_people_type_it(setting: Setting, policy: str, address: str, value: str, line: str) -> None:
    gone, come = lines(setting(policy, address, value))
    assert (len(gone), come) == (1, [line])


ADDED = [
    ("bistro", "approval.climb_after", "3 minutes", ['climb_after = "3 minutes"'], None),
    ("bistro", "approval.expires", "20 minutes", ['expires = "20 minutes"'], "house.toml"),
    ("bistro", "remedies.points.cost", "0.5", ["[remedies.points]", "cost = 0.5"], "house.toml"),
    (
        "bistro",
        "limits.check.percent_of_check",
        "90",
        [
            "[limits.check]",
            'per = "check"',
            "percent_of_check = 90",
            'remedies = ["item", "discount", "waive_fee", "waive_check", "refund"]',
            'beyond = "deny"',
        ],
        "house.toml",
    ),
    (
        "bakery",
        "roles.shift_lead.limits.same.count",
        "7",
        ['limits.same = { per = ["employee", "remedy"], every = "day", count = 7 }'],
        "bakery.toml",
    ),
    (
        "bistro",
        "reasons.long_wait.follow_up.within",
        "9 minutes",
        ['follow_up = { within = "9 minutes", by = "manager" }'],
        "house.toml",
    ),
    ("bistro", "publishing.two_people_for", "looser", ["[publishing]", 'two_people_for = "looser"'], None),
]


@pytest.mark.parametrize(("policy", "address", "value", "come", "inherited"), ADDED)
def test_what_does_not_stand_here_is_added_and_nothing_goes(
    setting: Setting, policy: str, address: str, value: str, come: list[str], inherited: str | None
) -> None:
    made = setting(policy, address, value)
    gone, added = lines(made)
    assert (gone, [line for line in added if line]) == ([], come)
    assert (made.edit.inherited or "").partition(":")[0] == (inherited or "")


def test_a_key_is_added_to_an_inline_table(setting: Setting) -> None:
    made = setting("bistro", "roles.manager.limits.day.count", "40")
    assert lines(made)[1] == ['limits.day = { per = "employee", every = "day", amount = 750.00, count = 40 }']


def test_what_is_inherited_stays_for_the_others(desk: Path, setting: Setting) -> None:
    house = (desk / "house.toml").read_bytes()
    made = setting("bistro", "guards.photo_of_stain.say", "A picture, please.")
    assert made.policies == ("bistro",)
    assert (desk / "house.toml").read_bytes() == house


def test_what_others_start_from_changes_them_all(setting: Setting) -> None:
    assert setting("house", "remedies.taxi.cost", "0.9").policies == ("bakery", "bistro", "hotel")


WRONG = [
    ("bisto", "holds.expires", "1 hour", "did you mean `bistro`?"),
    ("bistro", "roles.servr.title", "x", "did you mean `roles.server`?"),
    ("bistro", "roles.server.limits.dya.amount", "1.00", "did you mean `roles.server.limits.day`?"),
    ("bistro", "roles.server.limits.day.amuont", "1.00", "did you mean `roles.server.limits.day.amount`?"),
    ("bistro", "rolls.server", "x", "did you mean `roles`?"),
    ("bistro", "roles.server.limits.day", "1.00", "is a table: set one of its keys"),
    ("bistro", "roles", "1.00", "is a table: set one of its keys"),
    ("bistro", "roles.server.title.x", "1.00", "nothing stands below `roles.server.title`"),
    ("bistro", "", "1.00", "nothing stands at ``"),
    ("bistro", "roles.server.limits.day.amount", "lots", "must be an amount such as 25.00, not a string"),
    ("bistro", "roles.server.limits.day.amount", "-5.00", "below zero"),
    ("bistro", "roles.server.limits.day.amount", "nan", "must be an amount"),
    ("bistro", "roles.server.limits.day.amount", "90.00 # cheap", "must be an amount"),
    ("bistro", "roles.server.limits.day.amount", "90.00\ncount = 3", "must be an amount"),
    ("bistro", "roles.server.limits.day.amount", "1e999999999999999999", "is beyond 2^53 - 1"),
    ("bistro", "roles.server.limits.day.count", "2.5", "must be a whole number"),
    ("bistro", "roles.server.limits.day.every", "dya", "did you mean `day`?"),
    ("bistro", "roles.server.title", " ", "is blank"),
    ("bistro", "limits.month.beyond", "refuse", "unknown consequence"),
    ("bistro", "holds.expires", "soon", "is no duration"),
]


@pytest.mark.parametrize(("policy", "address", "value", "said"), WRONG)
def test_what_is_not_there_is_told_with_what_is(desk: Path, policy: str, address: str, value: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        change(desk, policy, address, value)
    assert said in caught.value.detail


REFUSED = [
    ("roles.server.limits.day.amount", "90.0", "did you mean `90.00`?"),
    ("roles.server.limits.day.amount", "90", "must have 2 decimals, as USD has"),
    ("roles.server.remedies", "apology, tiramisu", "unknown remedy `tiramisu`"),
    ("roles.server.limits.comp.amount", "90.00", "invariant `small_hands` does not hold"),
    ("calendar.currency", "JPY", "must have no decimals"),
    ("policy.extends", "huose", "did you mean `house`?"),
]


@pytest.mark.parametrize(("address", "value", "said"), REFUSED)
def test_what_would_not_hold_leaves_the_file_as_it_was(
    desk: Path, setting: Setting, address: str, value: str, said: str
) -> None:
    before = {path.name: path.read_bytes() for path in desk.iterdir()}
    with pytest.raises(RefusedEditError) as caught:
        setting("bistro", address, value)
    assert said in "\n".join(str(problem) for problem in caught.value.problems)
    assert {path.name: path.read_bytes() for path in desk.iterdir()} == before


def test_an_edit_may_mend_what_was_wrong(desk: Path, setting: Setting) -> None:
    path = desk / "bistro.toml"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("amount = 120.00", "amount = 120.0"), encoding="utf-8")
    setting("bistro", "roles.server.limits.day.amount", "120.00")
    assert path.read_text(encoding="utf-8") == good


def test_the_same_value_again_is_no_change(desk: Path, setting: Setting) -> None:
    before = (desk / "bistro.toml").stat().st_mtime_ns
    made = setting("bistro", "roles.server.limits.day.amount", "120.00")
    assert (made.edit.is_change, made.diff, made.policies) == (False, "", ())
    assert (desk / "bistro.toml").stat().st_mtime_ns == before


def test_a_file_that_is_half_saved_is_not_touched(desk: Path, setting: Setting) -> None:
    path = desk / "bistro.toml"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(PolicyProblemsError) as caught:
        setting("bistro", "holds.expires", "1 hour")
    assert [problem.name for problem in caught.value.problems] == ["bad-toml"]


def test_line_ends_marks_and_permissions_stay(desk: Path, setting: Setting) -> None:
    path = desk / "bistro.toml"
    windows = b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(windows)
    path.chmod(0o640)
    setting("bistro", "roles.server.limits.day.amount", "90.00")
    assert path.read_bytes() == windows.replace(b"amount = 120.00", b"amount = 90.00")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [*desk.glob(".*")] == []


def test_a_link_within_the_folder_stays_a_link(desk: Path, setting: Setting) -> None:
    (desk / "bistro.toml").rename(desk / "bistro.2026")
    (desk / "bistro.toml").symlink_to("bistro.2026")
    setting("bistro", "roles.server.limits.day.amount", "90.00")
    assert (desk / "bistro.toml").is_symlink()
    assert b"amount = 90.00" in (desk / "bistro.2026").read_bytes()


def test_a_link_out_of_the_folder_is_not_followed(desk: Path, setting: Setting) -> None:
    outside = desk.parent / f"{desk.name}-outside.toml"
    (desk / "bistro.toml").rename(outside)
    (desk / "bistro.toml").symlink_to(outside)
    before = outside.read_bytes()
    with pytest.raises(PolicyProblemsError):
        setting("bistro", "roles.server.limits.day.amount", "90.00")
    assert outside.read_bytes() == before


def test_who_edits_at_the_same_time_loses_nothing(desk: Path) -> None:
    made = change(desk, "bistro", "roles.server.limits.day.amount", "90.00")
    path = desk / "bistro.toml"
    path.write_bytes(path.read_bytes() + b"# mine\n")
    with pytest.raises(ConflictError):
        write(made)
    assert path.read_bytes().endswith(b"# mine\n")
    assert [*desk.glob(".*")] == []


CASES = """\
policy = "bistro"
now = 2026-11-20T19:30:00-05:00

[employees]
ana = { roles = ["server"] }

[cases.the_whole_day]
ask = { employee = "ana", reason = "cold_dish", remedy = "remake", amount = 30.00 }
used."roles.server.limits.day" = { amount = %s }
expect = { outcome = "approve" }
"""


def test_an_edit_that_a_case_speaks_against_is_refused(desk: Path, setting: Setting) -> None:
    (desk / "bistro.cases.toml").write_text(CASES % "90.00")
    before = (desk / "bistro.toml").read_bytes()
    with pytest.raises(RefusedEditError) as caught:
        setting("bistro", "roles.server.limits.day.amount", "90.00")
    assert "bistro.cases.toml:7: the_whole_day" in caught.value.detail
    assert (desk / "bistro.toml").read_bytes() == before


def test_unless_it_was_said_to_make_it_all_the_same(setting: Setting, desk: Path) -> None:
    (desk / "bistro.cases.toml").write_text(CASES % "90.00")
    made = setting("bistro", "roles.server.limits.day.amount", "90.00", despite_cases=True)
    assert made.failing == ("bistro.cases.toml:7: the_whole_day",)
    assert b"amount = 90.00" in (desk / "bistro.toml").read_bytes()


def test_a_case_that_fails_already_does_not_speak_against_it(desk: Path, setting: Setting) -> None:
    """So what a case expects may be changed first, and two edits may be made one after the other."""
    (desk / "bistro.cases.toml").write_text(CASES % "100.00")
    made = setting("bistro", "roles.server.limits.day.amount", "125.00")
    assert made.failing == ("bistro.cases.toml:7: the_whole_day",)
    assert setting("bistro", "roles.server.limits.day.amount", "130.00").failing == ()


def test_an_odd_rule_is_told_and_made(setting: Setting) -> None:
    warnings = setting("bistro", "roles.server.limits.week.amount", "1000.00").warnings
    assert [warning.name for warning in warnings] == ["beaten-limit"]
