"""What a finding can say: one enum of codes, declared in order of precedence.

A code is never renumbered, renamed or reused: books hold them for years. Where several findings stopped a
request, the one declared first here is the headline.
"""

from enum import StrEnum


class Outcome(StrEnum):
    """The three answers to "may I comp this?"; `APPROVE` is the best, `DENY` the worst."""

    APPROVE = "approve"
    ESCALATE = "escalate"
    DENY = "deny"


class Code(StrEnum):
    """What one rule says of one request."""

    # The engine could not decide: a person must.
    EVALUATION_ERROR = "evaluation_error"
    # Facts that end the matter before any rule is read.
    EMPLOYEE_INACTIVE = "employee_inactive"
    NO_ROLE = "no_role"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_REMEDY = "unknown_remedy"
    UNKNOWN_REASON = "unknown_reason"
    WRONG_CURRENCY = "wrong_currency"
    NO_AMOUNT = "no_amount"
    # Rules that deny.
    REMEDY_NOT_ALLOWED = "remedy_not_allowed"
    REMEDY_NOT_FOR_REASON = "remedy_not_for_reason"
    GUARD_DENIES = "guard_denies"
    OVER_MOST = "over_most"
    NO_APPROVER = "no_approver"
    # Limits, which deny or escalate as the policy says.
    LIMIT_EXCEEDED = "limit_exceeded"
    COUNT_EXCEEDED = "count_exceeded"
    PERCENT_EXCEEDED = "percent_exceeded"
    # Rules that ask for another person.
    MISSING_FACT = "missing_fact"
    REQUIREMENT_MISSING = "requirement_missing"
    GUARD_ESCALATES = "guard_escalates"
    TWO_PEOPLE = "two_people"
    # Rules that had something to say and let it pass.
    GRANTED_LESS = "granted_less"
    CHECK_TOTAL_CHANGED = "check_total_changed"
    REQUIREMENT_MET = "requirement_met"
    WITHIN_LIMIT = "within_limit"
