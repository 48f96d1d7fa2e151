"""Invariants are decided, not sampled: `decide` approves a counterexample, and where there is none, none is found."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from empower.core.codes import Outcome
from empower.core.counter import UNUSED, CounterKey, Move, Usage, moved
from empower.core.decide import decide
from empower.core.measure import Authority, Charging, local_moment
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy, When
from empower.core.request import Facts, Request
from empower.policy import ProblemName, read
from empower.policy.claims import ANY, Claim, below
from empower.policy.invariants import Counterexample, approved_in_turn, counterexample, is_approved
from empower.policy.reach import Reach
from tests.core.worlds import HERE, REASONS, REMEDIES, ROLES, policies, some

from .conftest import SHOP, Folder

MONDAY = datetime(2026, 6, 8, 16, tzinfo=UTC)
"""Noon in New York."""
TIMES = (time(0), time(1, 30), time(4), time(12), time(22))


def look(policy: Policy, claim: Claim) -> Counterexample | None:
    return counterexample(CompiledPolicy(policy), claim, Reach(None, policy))  # type: ignore[arg-type]


@st.composite
def claims(draw: st.DrawFn, *, by_day: bool = False) -> Claim:
    """Facts are left open by most claims about a day, so that days fill."""
    facts = When(
        item_categories=draw(some(("food", "alcohol"))),
        check_state=draw(some(("open", "closed"))),
        between=draw(st.none() | st.sampled_from([(time(1, 30), time(12)), (time(22), time(4))])),
        weekdays=draw(some(("monday", "sunday"))),
        employee_is_guest=draw(st.none() | st.booleans()),
        note_missing=draw(st.none() | st.booleans()),
    )
    return Claim(
        "c",
        draw(some(ROLES)) or ROLES,
        draw(some(REMEDIES)) or REMEDIES,
        draw(some(REASONS)) or REASONS,
        When() if by_day else facts,
        draw(st.integers(0, 25) if by_day else st.sampled_from((ANY, 0, 3, 6, 9))),
        by_day,
    )


@st.composite
def requests(draw: st.DrawFn) -> Facts:
    """Anything that could be asked on that Monday by somebody with one role."""
    number = draw(st.integers(0, 3))
    hour = draw(st.sampled_from(TIMES))
    days = draw(st.integers(-6, 0))
    moment = datetime.combine((MONDAY + timedelta(days=days)).date(), hour, UTC) + timedelta(hours=4)
    return Facts(
        location=HERE,
        employee="E1",
        roles=(draw(st.sampled_from(ROLES)),),
        active=True,
        remedy=draw(st.sampled_from(REMEDIES)),
        reason=draw(st.sampled_from(REASONS)),
        amount_minor=draw(st.integers(0, 15)),
        currency="USD",
        check=f"C{number}",
        check_total_minor=draw(st.sampled_from((None, 5, 20, 1000))),
        check_state=draw(st.sampled_from(("open", "closed", "other", None))),
        check_total_before_minor=None,
        categories=draw(st.sampled_from(((), ("food",), ("alcohol",), ("food", "alcohol")))),
        guest=draw(st.sampled_from((f"G{number}", None))),
        incident=f"I{number}",
        shift=f"S{number}",
        has_note=draw(st.booleans()),
        has_photo=draw(st.booleans()),
        employee_is_guest=draw(st.booleans()),
        accept_less=False,
        occurred_at=draw(st.sampled_from((moment, None))),
    )


def speaks_of(claim: Claim, facts: Facts, role: str, moment: datetime) -> bool:
    """Whether a request is one of those that the claim speaks of; written apart from what is tested."""
    when = claim.facts
    first, last = when.between or (time(0), time(0))
    clock = moment.time()
    return (
        role in claim.roles
        and facts.remedy in claim.remedies
        and facts.reason in claim.reasons
        and (not when.item_categories or bool(set(when.item_categories) & set(facts.categories)))
        and (not when.check_state or facts.check_state in when.check_state)
        and (not when.weekdays or moment.strftime("%A").lower() in when.weekdays)
        and (when.employee_is_guest in (None, facts.employee_is_guest))
        and (when.note_missing in (None, not facts.has_note))
        and (when.between is None or (first <= clock < last if first < last else clock >= first or clock < last))
    )


@given(policies(), claims(), st.data())
@settings(max_examples=300)
def test_a_claim_about_one_request_is_decided(policy: Policy, claim: Claim, data: st.DataObject) -> None:
    found, compiled = look(policy, claim), CompiledPolicy(policy)
    event(f"holds: {found is None}")
    if found is not None:
        (facts,) = found.requests
        assert is_approved(compiled, facts)
        assert speaks_of(claim, facts, facts.roles[0], local_moment(policy, facts, MONDAY))
        assert facts.amount_minor > claim.over_minor
        return
    for _ in range(20):
        facts = data.draw(requests())
        standing = [None if need is None else UNUSED for need in compiled.counters(facts, MONDAY, offers=True)]
        decision = decide(compiled, facts, standing, MONDAY)
        assert not (
            decision.outcome is Outcome.APPROVE
            and facts.amount_minor > claim.over_minor
            and speaks_of(claim, facts, decision.role or "", local_moment(policy, facts, MONDAY))
        )


@given(policies(), claims(by_day=True), st.data())
@settings(max_examples=300)
def test_a_claim_about_a_day_is_decided(policy: Policy, claim: Claim, data: st.DataObject) -> None:
    """One employee with one role asks again and again, and takes whatever is approved."""
    found, compiled = look(policy, claim), CompiledPolicy(policy)
    event(f"holds: {found is None}")
    if found is not None:
        assert approved_in_turn(compiled, found.requests)
        assert found.total_minor == claim.over_minor + 1
        assert len({facts.roles for facts in found.requests}) == 1
        return
    role = data.draw(st.sampled_from(claim.roles))
    kept: dict[CounterKey, Usage] = {}
    charging = Charging((*compiled.measures, *compiled.wide_measures))
    given_minor = 0
    for _ in range(12):
        facts = data.draw(requests())._replace(roles=(role,))
        if facts.remedy not in claim.remedies or facts.reason not in claim.reasons:
            continue
        used = {key[:2]: usage for key, usage in kept.items()}
        needed = compiled.counters(facts, MONDAY, offers=True)
        standing = [None if need is None else used.get(need.key[:2], UNUSED) for need in needed]
        if decide(compiled, facts, standing, MONDAY).outcome is Outcome.APPROVE:
            given_minor += facts.amount_minor
            for key in charging.charges(facts, Authority("E1", role), policy.id, MONDAY.date()):
                kept[key] = moved(kept.get(key, UNUSED), Move(facts.amount_minor, 0, 1, 0))
    assert given_minor <= claim.over_minor


MANAGER = "`manager` grants $20.01 of `item` for `wrong_order` alone"
CAKE = "of `dessert` for `wrong_order`"
HOLD = """
[remedies.item]
title = "Off the check"

[reasons.wrong_order]
remedies = ["apology", "dessert", "item"]

[remedies.apology]
most = 0.00

[invariants.claim]
never = {{ {} }}
"""


@pytest.mark.parametrize(
    ("never", "said"),
    [
        ('roles_below = "manager", grants_over = 15.00', None),
        ('roles_below = "manager", grants_over = 14.99', "`server` grants $15.00 of `dessert` for `wrong_order` alone"),
        ('remedies = ["item"], roles = ["server"], alone = true', None),
        ('remedies = ["apology"], alone = true', "`manager` grants $0.00 of `apology` for `wrong_order` alone"),
        ("grants_over = 250.00", None),
        ("grants_over = 20.00, note_missing = true", f"{MANAGER}, without a note"),
        ('item_categories = ["alcohol"], alone = true', None),
        ('item_categories = ["wine"], grants_over = 20.00', f"{MANAGER}, of wine"),
        ('roles = ["server"], employee_per = "day", over = 75.00', None),
        (
            'roles = ["server"], employee_per = "day", over = 74.00',
            f"`server` grants $74.01 in a day: 4 times $15.00 {CAKE}, $14.01 {CAKE}",
        ),
        ('employee_per = "day", over = 750.00', None),
        ('remedies = ["dessert"], employee_per = "day", over = 90.00', None),
        (
            'remedies = ["dessert"], roles = ["server"], employee_per = "day", over = 60.00',
            f"`server` grants $60.01 in a day: 4 times $15.00 {CAKE}, $0.01 {CAKE}",
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_a_claim(never: str, said: str | None, folder: Folder) -> None:
    text = SHOP + HOLD.format(never)
    text += '[roles.manager]\nlimits.sweet = { per = "employee", every = "day", count = 6, remedies = ["dessert"] }\n'
    text += "limits.comp = { amount = 250.00 }\n"
    reading = read(folder(shop=text))
    lead = "invariant `claim` does not hold: "
    assert [one.message for one in reading.problems] == ([] if said is None else [lead + said])
    assert ("shop" in reading.policies.by_id) == (said is None)


def test_a_counterexample_is_a_request_that_can_be_asked(folder: Folder) -> None:
    never = 'grants_over = 20.00, item_categories = ["wine"]'
    (problem,) = read(folder(shop=SHOP + HOLD.format(never))).problems
    assert problem.name is ProblemName.BROKEN_INVARIANT
    request = Request.model_validate(json.loads(problem.example or ""))
    assert (request.remedy, request.amount.amount, request.check.items[0].category) == ("item", 2001, "wine")


def test_an_invariant_of_the_house_holds_in_every_place(folder: Folder) -> None:
    """It is told once where it stands, with the policies in which it does not hold."""
    house = '\n[invariants.small]\nnever = { roles = ["server"], grants_over = 10.00 }\n'
    tight = "[roles.server]\nlimits.comp = { amount = 10.00 }\n"
    directory = folder(shop=SHOP, tight=SHOP.replace("shop", "tight") + tight, lax=SHOP.replace("shop", "lax"))
    (directory / "base.toml").write_text((directory / "base.toml").read_text() + house)
    problems = read(directory).problems
    assert [(one.file, one.line) for one in problems] == [("base.toml", 59), ("base.toml", 59)]
    assert {one.message.rsplit(", for ", 1)[1] for one in problems} == {"`lax`", "`shop`"}
    (directory / "lax.toml").write_text(SHOP.replace("shop", "lax") + "[invariants]\nsmall = false\n")
    assert {one.message.rsplit(", for ", 1)[1] for one in read(directory).problems} == {"`shop`"}


def test_invariants_are_no_part_of_what_is_in_force(folder: Folder) -> None:
    """They change no decision, so they change no digest."""
    before = read(folder(shop=SHOP)).policies.digests
    assert read(folder(shop=SHOP + "[invariants.c]\nnever = { grants_over = 999.00 }\n")).policies.digests == before


def test_who_is_below(folder: Folder) -> None:
    chief = '[roles.chief]\ntitle = "Chief"\nremedies = ["*"]\napproves = ["*"]\n'
    policy = read(folder(shop=SHOP + chief)).policies.by_id["shop"]
    assert (below(policy, "chief"), below(policy, "manager")) == (("manager", "server"), ("server",))
