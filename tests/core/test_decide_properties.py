"""What holds of every decision, whatever the policy: held against a plain model of the design."""

import json
from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from empower.core.canonical import canonical, check
from empower.core.codes import Code, Outcome
from empower.core.decide import approves, decide, may_offer, outcome
from empower.core.decision import from_record, recorded
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy
from empower.core.sentences import sentence

from .build import said
from .model import CEILING
from .worlds import HERE, World, amounts, given_before, given_on, worlds

BETTER = [Outcome.APPROVE, Outcome.ESCALATE, Outcome.DENY]


@given(worlds())
@settings(max_examples=300)
def test_the_model_answers_the_same(world: World):
    decision, answer = world.decide(), world.model.decide(world.facts)
    event(decision.outcome)
    assert decision.outcome == answer.outcome
    assert decision.granted_minor == answer.granted
    assert decision.approvers == answer.approvers
    assert decision.approvals == answer.approvals
    assert decision.role == answer.role


@given(worlds())
def test_the_model_offers_the_same_instead(world: World):
    decision, answer = world.decide(), world.model.decide(world.facts)
    if decision.outcome is Outcome.APPROVE:
        assert decision.counter_offer is None
        return
    offer = decision.counter_offer
    assert offer is not None
    assert tuple((remedy, most) for remedy, most in offer.remedies) == answer.others
    if answer.largest != CEILING:
        assert offer.amount_minor == answer.largest


@given(worlds())
def test_the_bare_outcome_is_that_of_the_decision(world: World):
    facts = world.facts
    bare = approves(world.compiled, facts, world.standing(facts, offers=False), world.now)
    decision = world.decide()
    assert bare == (decision.outcome is Outcome.APPROVE and Code.GRANTED_LESS not in said(decision))
    whole = world.decide(accept_less=False)
    assert outcome(world.compiled, facts, world.standing(facts), world.now) is whole.outcome


@given(worlds())
def test_an_approval_needs_only_the_counters_that_it_reads(world: World):
    facts = world.facts
    short = decide(world.compiled, facts, world.standing(facts, offers=False), world.now)
    whole = world.decide()
    if whole.outcome is Outcome.APPROVE and Code.GRANTED_LESS not in said(whole):
        assert short == whole
    assert short == whole or said(short) == [Code.EVALUATION_ERROR]


@given(worlds(), st.integers(0, 8))
def test_a_standing_that_is_too_short_never_approves_what_the_whole_would_not(world: World, kept: int):
    decision = decide(world.compiled, world.facts, world.standing(world.facts)[:kept], world.now)
    whole = world.decide()
    assert decision == whole or (decision.outcome is Outcome.ESCALATE and said(decision) == [Code.EVALUATION_ERROR])


@given(worlds())
def test_the_counter_offer_would_be_approved_and_no_unit_more(world: World):
    decision = world.decide(accept_less=False)
    offer = decision.counter_offer
    if offer is None or offer.amount_minor is None or not world.facts.amount_minor:
        return
    assert offer.amount_minor < world.facts.amount_minor
    assert world.decide(amount_minor=offer.amount_minor).outcome is Outcome.APPROVE
    more = world.decide(amount_minor=offer.amount_minor + 1, accept_less=False)
    assert more.outcome is not Outcome.APPROVE


@given(worlds())
def test_each_remedy_offered_would_be_approved_and_no_unit_more(world: World):
    offer = world.decide(accept_less=False).counter_offer
    for remedy, most in offer.remedies if offer else ():
        amount = CEILING if most is None else most
        assert world.decide(remedy=remedy, amount_minor=amount, accept_less=False).outcome is Outcome.APPROVE
        if most is not None:
            more = world.decide(remedy=remedy, amount_minor=most + 1, accept_less=False)
            assert more.outcome is not Outcome.APPROVE


@given(worlds())
def test_every_approver_listed_could_say_yes(world: World):
    decision = world.decide(accept_less=False)
    assert bool(decision.approvers) == (decision.outcome is Outcome.ESCALATE)
    for name in decision.approvers:
        assert world.policy.roles[name].approves_role(decision.role or "")
        assert world.model.could_grant(name, world.facts)


@given(worlds())
def test_what_may_be_offered_is_what_asking_for_it_gives(world: World):
    """The most that is approved, and the most that another person could be asked for."""
    facts = world.facts._replace(accept_less=False)
    alone, asked = may_offer(world.compiled, facts, world.standing(facts), world.now)
    highest = max((one for one in (alone, asked) if one is not None and one < CEILING), default=None)
    if alone is not None:
        amount = min(alone, CEILING)
        assert world.decide(amount_minor=amount, accept_less=False).outcome is Outcome.APPROVE
    if asked is not None:
        amount = min(asked, CEILING)
        assert world.decide(amount_minor=amount, accept_less=False).outcome is not Outcome.DENY
    if highest is not None and max(alone or 0, asked or 0) < CEILING:
        assert world.decide(amount_minor=highest + 1, accept_less=False).outcome is Outcome.DENY


@given(worlds())
def test_the_same_facts_are_decided_the_same_by_the_policy_as_it_is_stored(world: World):
    again = CompiledPolicy(Policy.load(world.policy.text))
    assert again.policy == world.policy
    assert again.policy.digest == world.policy.digest
    standing = world.standing(world.facts)
    assert again.counters(world.facts, world.now, offers=True) == world.compiled.counters(
        world.facts, world.now, offers=True
    )
    assert decide(again, world.facts, standing, world.now) == world.decide() == world.decide()
    assert decide(again, world.facts, [], world.now) == decide(world.compiled, world.facts, [], world.now)


@given(worlds(), amounts, amounts)
def test_the_outcome_is_no_better_for_a_larger_amount(world: World, one: int, other: int):
    small, large = sorted((one, other))
    assume(small > 0 or world.policy.remedies[world.facts.remedy].zero)
    less = world.decide(amount_minor=small, accept_less=False).outcome
    more = world.decide(amount_minor=large, accept_less=False).outcome
    assert BETTER.index(less) <= BETTER.index(more)


@given(worlds(), given_before)
def test_the_outcome_is_no_better_when_more_was_given_before(world: World, more: dict[str, Any]):
    after = world.after(given_on(world.model.today, {**more, "location": HERE}))
    less = world.decide(accept_less=False)
    assert BETTER.index(less.outcome) <= BETTER.index(after.decide(accept_less=False).outcome)
    if world.facts.accept_less:
        assert world.decide().granted_minor >= after.decide().granted_minor


@given(worlds())
def test_who_accepts_less_is_granted_the_counter_offer(world: World):
    asked = world.facts.amount_minor
    firm, yielding = world.decide(accept_less=False), world.decide(accept_less=True)
    offered = firm.counter_offer.amount_minor if firm.counter_offer else None
    assert yielding.granted_minor <= asked
    if firm.outcome is Outcome.APPROVE or not offered or not asked:
        assert yielding == firm
        return
    assert (yielding.outcome, yielding.granted_minor, yielding.approvers) == (Outcome.APPROVE, offered, ())
    first = yielding.findings[0]
    assert (first.code, first.cap, first.left) == (Code.GRANTED_LESS, offered, asked - offered)
    plainly = world.decide(amount_minor=offered, accept_less=False)
    assert yielding.findings[1:] == plainly.findings or yielding.role != plainly.role


@given(worlds())
def test_a_decision_is_read_back_from_the_book_as_it_was(world: World):
    decision = world.decide()
    record = recorded(decision)
    check(record)
    assert from_record(json.loads(canonical(record))) == decision
    assert from_record(record) == decision


@given(worlds())
def test_every_finding_can_be_said_and_has_an_address(world: World):
    for finding in world.decide().findings:
        assert sentence(finding, world.policy).endswith((".", "?", "!"))
        assert finding.rule or finding.code is Code.GRANTED_LESS
        assert (finding.unit is None) == (finding.cap is None)


@given(worlds())
def test_an_approval_has_nothing_against_it_and_a_no_has_a_reason(world: World):
    decision = world.decide(accept_less=False)
    against = set(said(decision)) - {Code.CHECK_TOTAL_CHANGED, Code.REQUIREMENT_MET}
    assert (decision.outcome is Outcome.APPROVE) == (against == set())
    assert decision.granted_minor == (world.facts.amount_minor if decision.outcome is Outcome.APPROVE else 0)
