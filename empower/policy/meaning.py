"""From a whole document without problems to the policy that it means."""

from datetime import time
from decimal import Decimal

from empower.core.policy import (
    Approval,
    CalendarRules,
    FollowUp,
    Guard,
    Holds,
    Limit,
    Policy,
    Reason,
    Remedy,
    Role,
    When,
)
from empower.policy.document import GuardSection, ReasonSection, RemedySection, WhenSection
from empower.policy.merge import Whole
from empower.policy.money import Currency, currency, minor
from empower.policy.roles import Authority, Standing


def meaning(whole: Whole) -> Policy:
    """The policy, exactly as its canonical text is read back: what is in force is what a replay loads."""
    document = whole.document
    money = currency(document.calendar.currency or "")
    if money is None:
        raise ValueError(f"policy `{whole.id}` has no currency")
    policy = Policy(
        id=whole.id,
        title=document.policy.title or "",
        locations=tuple(document.policy.locations or ()),
        effective=document.policy.effective,
        until=document.policy.until,
        calendar=_calendar(whole, money),
        remedies={name: _remedy(section, money) for name, section in document.remedies.items()},
        reasons={name: _reason(section) for name, section in document.reasons.items()},
        roles={name: _role(authority, money) for name, authority in whole.roles.items()},
        limits=tuple(
            _limit(Standing(("limits", name), limit), money) for name, limit in document.limits.items() if limit
        ),
        guards=tuple(_guard(name, guard, money) for name, guard in document.guards.items() if guard),
        approval=_approval(whole, money),
        holds=_holds(whole),
    )
    return Policy.load(policy.text)


def _calendar(whole: Whole, money: Currency) -> CalendarRules:
    calendar = whole.document.calendar
    return CalendarRules(
        timezone=calendar.timezone or "",
        currency=money.code,
        decimals=money.decimals,
        symbol=money.symbol,
        day_starts=calendar.day_starts or time(),
        week_starts=calendar.week_starts or "monday",
    )


def _minor(amount: Decimal | None, money: Currency) -> int | None:
    return None if amount is None else minor(amount, money.decimals)


def _remedy(section: RemedySection, money: Currency) -> Remedy:
    return Remedy(
        title=section.title or "",
        most=_minor(section.most, money),
        cost_bp=section.cost,
        account=section.account,
        zero=bool(section.zero),
    )


def _reason(section: ReasonSection) -> Reason:
    follow_up = section.follow_up
    return Reason.model_validate(
        {
            "title": section.title,
            "dimension": section.dimension,
            "stage": section.stage,
            "remedies": tuple(section.remedies or ()),
            "say": section.say or "",
            "follow_up": follow_up and FollowUp(within_seconds=follow_up.within, by=follow_up.by),
        }
    )


def _role(authority: Authority, money: Currency) -> Role:
    section = authority.section
    return Role(
        title=section.title or "",
        remedies=tuple(authority.remedies or ()),
        approves=tuple(section.approves or ()),
        limits=tuple(_limit(standing, money) for standing in authority.limits.values()),
    )


def _limit(standing: Standing, money: Currency) -> Limit:
    limit = standing.limit
    return Limit(
        address=standing.address,
        per=tuple(limit.per or ("comp",)),
        every=limit.every,
        amount=_minor(limit.amount, money),
        count=limit.count,
        percent_bp=limit.percent_of_check,
        remedies=tuple(limit.remedies or ()),
        reasons=tuple(limit.reasons or ()),
        beyond=limit.beyond or "escalate",
    )


def _guard(name: str, section: GuardSection, money: Currency) -> Guard:
    return Guard(
        address=f"guards.{name}",
        when=_when(section.when, money),
        then=section.then,
        require=tuple(section.require or ()),
        say=section.say or "",
    )


def _when(section: WhenSection, money: Currency) -> When:
    return When(
        remedies=tuple(section.remedies or ()),
        reasons=tuple(section.reasons or ()),
        roles=tuple(section.roles or ()),
        item_categories=tuple(section.item_categories or ()),
        check_state=tuple(section.check_state or ()),
        amount_over=_minor(section.amount_over, money),
        percent_over_bp=section.percent_over,
        between=section.between,
        weekdays=tuple(section.weekdays or ()),
        employee_is_guest=section.employee_is_guest,
        note_missing=section.note_missing,
    )


def _approval(whole: Whole, money: Currency) -> Approval:
    section = whole.document.approval
    over = _minor(section.two_people_over, money)
    rest = Approval(climb_after_seconds=section.climb_after, two_people_over=over)
    return rest if section.expires is None else rest.model_copy(update={"expires_seconds": section.expires})


def _holds(whole: Whole) -> Holds:
    expires = whole.document.holds.expires
    return Holds() if expires is None else Holds(expires_seconds=expires)
