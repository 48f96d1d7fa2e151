"""Decisions decided again: from the facts, the standing and the policy that their entries recorded."""

from collections.abc import Callable
from typing import Any

from empower.core.canonical import NotCanonicalError, check
from empower.core.decide import decide
from empower.core.decision import recorded
from empower.core.entry import moment_of, standing_of
from empower.core.history import facts_from
from empower.core.plan import CompiledPolicy
from empower.ledger.findings import BookReport
from empower.ledger.lines import Line
from empower.ledger.replay_approvals import approve_again


class Replay:
    """Decides every decision entry of one book again."""

    def __init__(self, report: BookReport, policy: Callable[[str], CompiledPolicy | None]) -> None:
        """`policy` finds a policy by its digest; None if its text is lost."""
        self.report = report
        self._policy = policy

    def take(self, line: Line) -> None:
        """One entry more; only decisions and approvals are looked at."""
        if line.kind not in ("decision", "approve"):
            return
        try:
            check(line.body)
            if line.kind == "approve":
                approve_again(self.report, self._policy, line)
            else:
                self._again(line.seq, line.at, line.body)
        except NotCanonicalError as error:
            self.report.add("leaf", f"the leaf is not canonical: {error}", line.seq)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.report.add("replay", f"cannot be decided again: {error}", line.seq)

    def _again(self, seq: int, at: str, body: dict[str, Any]) -> None:
        policy = self._policy(body["policy"])
        if policy is None:
            self.report.add("replay", f"policy `{body['policy']}` is lost", seq)
            return
        facts, now = facts_from(body), moment_of(at)
        keys, standing = standing_of(body["standing"])
        day = policy.policy.days.business_day(now).isoformat()
        if day != body["day"]:
            self.report.add("replay", f"the business day was {day}, not {body['day']}", seq)
        needed = policy.counters(facts, now, offers=True)[: len(keys)]
        if keys != [None if need is None else need.key for need in needed]:
            self.report.add("replay", "the standing is not of the counters that the policy reads", seq)
        again = recorded(decide(policy, facts, standing, now))
        if again != body["decision"]:
            wrong = [
                name for name in again.keys() | body["decision"].keys() if again.get(name) != body["decision"].get(name)
            ]
            self.report.add("replay", f"decided again, it differs in {', '.join(sorted(wrong))}", seq)
