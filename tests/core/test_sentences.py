"""Findings in words: each code has some, and these are they."""

import pytest

from empower.core.codes import Code
from empower.core.decision import Finding, Unit
from empower.core.sentences import sentence

from .build import calendar_rules, guard, policy

HOUSE = policy(guards=(guard("no_wine", "deny", say="Wine may not be given away."), guard("plain", "escalate")))
DAY = "roles.server.limits.day"


def amount(code: Code, cap: int, left: int, unit: Unit = "amount") -> Finding:
    return Finding(DAY, code, unit, cap, cap - left, left)


SENTENCES = [
    (Finding("", Code.EVALUATION_ERROR), "The rules could not be worked out: a person must decide."),
    (Finding("staff", Code.EMPLOYEE_INACTIVE, fact="E1"), "E1 is not active here now."),
    (Finding("staff", Code.NO_ROLE, fact="E1"), "E1 has no role here."),
    (Finding("roles", Code.UNKNOWN_ROLE, fact="chef"), "The policy knows no role `chef`."),
    (Finding("remedies", Code.UNKNOWN_REMEDY, fact="unicorn"), "The policy knows no remedy `unicorn`."),
    (Finding("reasons", Code.UNKNOWN_REASON, fact="moon"), "The policy knows no reason `moon`."),
    (Finding("calendar.currency", Code.WRONG_CURRENCY, fact="EUR"), "Amounts here are in USD, not EUR."),
    (Finding("remedies.item.zero", Code.NO_AMOUNT), "This remedy needs an amount."),
    (Finding("roles.host.remedies", Code.REMEDY_NOT_ALLOWED, fact="item"), "Host may not give `item`."),
    (
        Finding("reasons.cold_dish.remedies", Code.REMEDY_NOT_FOR_REASON, fact="item"),
        "`item` is not a remedy for “A reason”.",
    ),
    (Finding("guards.no_wine", Code.GUARD_DENIES), "Wine may not be given away."),
    (Finding("guards.plain", Code.GUARD_DENIES), "The rule `plain` speaks against it."),
    (Finding("guards.plain", Code.GUARD_ESCALATES), "The rule `plain` speaks against it."),
    (Finding("guards.no_wine", Code.REQUIREMENT_MISSING, fact="note"), "Wine may not be given away."),
    (Finding("guards.plain", Code.REQUIREMENT_MET), "The rule `plain` has what it asks for."),
    (amount(Code.OVER_MOST, 1500, 1500), "Nobody may give more than $15.00."),
    (Finding("roles.server", Code.NO_APPROVER), "Nobody who may approve a Server could grant this."),
    (amount(Code.LIMIT_EXCEEDED, 7500, 500), "Only $5.00 of $75.00 left."),
    (amount(Code.LIMIT_EXCEEDED, 7500, 0), "Nothing of $75.00 left."),
    (amount(Code.COUNT_EXCEEDED, 6, 0, "count"), "Nothing of 6 comps left."),
    (amount(Code.COUNT_EXCEEDED, 1, 0, "count"), "Nothing of 1 comp left."),
    (amount(Code.PERCENT_EXCEEDED, 8000, 120_0, "percent"), "Only $12.00 of $80.00 of this check's share left."),
    (amount(Code.PERCENT_EXCEEDED, 8000, 0, "percent"), "Nothing of $80.00 of this check's share left."),
    (
        Finding(DAY, Code.MISSING_FACT, fact="guest"),
        "This rule needs to know the guest, and the request does not say.",
    ),
    (
        Finding(DAY, Code.MISSING_FACT, fact="check.total"),
        "This rule needs to know the total of the check, and the request does not say.",
    ),
    (amount(Code.TWO_PEOPLE, 100_000, 100_000), "Over $1,000.00 two people must say yes."),
    (Finding("", Code.GRANTED_LESS, "amount", 2500, 0, 500), "Granted $25.00, $5.00 less than asked."),
    (Finding(DAY, Code.CHECK_TOTAL_CHANGED, "percent", 9000, 0, 0), "The check's total was $90.00 before."),
    (amount(Code.WITHIN_LIMIT, 7500, 3900), "$39.00 of $75.00 stay."),
    (amount(Code.WITHIN_LIMIT, 6, 3, "count"), "3 comps of 6 comps stay."),
    (amount(Code.WITHIN_LIMIT, 6, 1, "count"), "1 comp of 6 comps stay."),
    (amount(Code.WITHIN_LIMIT, 8000, 100, "percent"), "$1.00 of $80.00 stay."),
]


@pytest.mark.parametrize(("finding", "words"), SENTENCES, ids=[f"{row[0].code} {row[1]}" for row in SENTENCES])
def test_golden_sentences(finding: Finding, words: str):
    assert sentence(finding, HOUSE) == words


def test_every_code_has_a_golden_sentence():
    assert {finding.code for finding, _ in SENTENCES} == set(Code)


@pytest.mark.parametrize("code", Code)
def test_every_code_can_be_said_with_nothing_but_a_rule(code: Code):
    assert sentence(Finding("roles.gone.limits.x", code), HOUSE)


def test_money_is_said_as_it_is_read_at_the_location():
    yen = policy(calendar=calendar_rules(currency="JPY", decimals=0, symbol="¥"))
    assert sentence(amount(Code.LIMIT_EXCEEDED, 7500, 500), yen) == "Only ¥500 of ¥7,500 left."


def test_a_role_or_reason_that_is_gone_is_said_by_its_name():
    assert sentence(Finding("roles.chef.remedies", Code.REMEDY_NOT_ALLOWED, fact="item"), HOUSE) == (
        "chef may not give `item`."
    )
    assert sentence(Finding("reasons.fog.remedies", Code.REMEDY_NOT_FOR_REASON, fact="item"), HOUSE) == (
        "`item` is not a remedy for `fog`."
    )


ORDER = """
evaluation_error employee_inactive no_role unknown_role unknown_remedy unknown_reason wrong_currency no_amount
remedy_not_allowed remedy_not_for_reason guard_denies over_most no_approver limit_exceeded count_exceeded
percent_exceeded missing_fact requirement_missing guard_escalates two_people granted_less check_total_changed
requirement_met within_limit
"""


def test_codes_keep_their_order_and_their_names():
    """Never renamed or reused: books hold them for years. A new one may stand between them."""
    known = ORDER.split()
    assert [code for code in Code if code in known] == known
