"""Reading the cases of a folder: every problem at once, with its place, and the cases that are left."""

from collections.abc import Collection, Iterator
from decimal import Decimal
from itertools import islice, product
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError

from empower.core.codes import Code, Outcome
from empower.core.measure import all_limits, measure_of
from empower.core.plan import CompiledPolicy
from empower.core.policy import Fact, Policy
from empower.core.request import Facts
from empower.policy.case_document import AskSection, CaseDocument, CaseSection, keys_of
from empower.policy.cases import Case, Expected, Used
from empower.policy.files import Text, load_cases
from empower.policy.money import decimals_of, fits, minor, written
from empower.policy.positions import Path as KeyPath
from empower.policy.problems import Problem, ProblemName, nearest, quote
from empower.policy.reading import Reading, read
from empower.policy.shape import EXPECTED, OWN
from empower.policy.words import kind_of

MOST_CASES = 10_000
"""Of one file: its matrices multiply."""
MATRIX = ("employee", "remedy", "reason", "amount")


class CasesRead(NamedTuple):
    """What a folder's files of cases hold."""

    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]
    """Of the policies, or else of the cases, by file, line and column."""
    files: tuple[str, ...]
    reading: Reading


def read_cases(directory: Path, only: Collection[str] = (), reading: Reading | None = None) -> CasesRead:
    """The cases of a folder, or `only` those of some policies; none where the policies themselves have problems.

    `reading` is of the policies to try, where they are not yet those of the folder.
    """
    reading = reading or read(directory)
    if reading.problems:
        return CasesRead((), reading.problems, (), reading)
    texts, problems = load_cases(directory)
    cases: list[Case] = []
    for text in texts:
        found, wrong = _file(text, reading, only)
        problems += wrong
        cases += found
    problems = sorted(set(problems), key=lambda one: (one.file, one.line, one.column, one.name, one.message))
    return CasesRead(tuple(cases), tuple(problems), tuple(text.name for text in texts), reading)


def _file(text: Text, reading: Reading, only: Collection[str]) -> tuple[list[Case], list[Problem]]:
    try:
        document = CaseDocument.model_validate(text.data)
    except ValidationError as error:
        return [], [_shape(text, detail) for detail in error.errors(include_url=False)]
    policies = _policies(document.policy, reading)
    if not policies:
        known = tuple(reading.ids)
        message = f"unknown policy {quote(document.policy)}"
        if document.policy in known:
            message = f"policy {quote(document.policy)} governs no location, and no policy that does starts from it"
        return [], [text.problem(ProblemName.UNKNOWN_POLICY, ("policy",), message, nearest(document.policy, known))]
    makers = [_Maker(text, document, policy, reading) for policy in policies]
    cases = list(islice((case for maker in makers for case in maker.cases()), MOST_CASES + 1))
    problems = [problem for maker in makers for problem in maker.problems]
    if len(cases) > MOST_CASES:
        message = f"more than {MOST_CASES} cases come out of this file; make its lists shorter"
        problems.append(text.problem(ProblemName.FILE_TOO_LARGE, ("cases",), message))
    chosen = [case for case in cases if not only or {case.policy.policy.id, document.policy} & set(only)]
    return ([] if problems else chosen), problems


def _policies(name: str, reading: Reading) -> list[Policy]:
    """The policy of that name; of one that governs no location, all that start from it and do."""
    if name in reading.policies.by_id:
        return [reading.policies.by_id[name]]
    pairs = zip(reading.wholes, reading.policies, strict=True)
    return [policy for whole, policy in pairs if any(file.id == name for file in whole.chain)]


def _shape(text: Text, detail: Any) -> Problem:
    """What pydantic found, in a problem's words."""
    kind, path = detail["type"], tuple(detail["loc"])
    path = path[:-1] if path and path[-1] == "[key]" else path
    key = str(next((part for part in reversed(path) if isinstance(part, str)), ""))
    if kind == "extra_forbidden":
        near = nearest(path[-1], keys_of(path[:-1]))
        return text.problem(ProblemName.UNKNOWN_KEY, path, f"unknown key {quote(path[-1])}", near, at_key=True)
    if kind == "missing":
        message = f"`{path[-1]}` is missing in `{'.'.join(map(str, path[:-1])) or 'the file'}`"
        return text.problem(ProblemName.MISSING_KEY, path[:-1], message, at_key=True)
    if kind in {"string_pattern_mismatch", "string_too_short"}:
        return text.problem(ProblemName.BAD_NAME, path, f"bad name {quote(detail['input'])}", at_key=True)
    if kind == "too_short":
        return text.problem(ProblemName.EMPTY_LIST, path, f"`{key}` is empty; leave it out, or name something")
    if kind == "literal_error":
        near = nearest(detail["input"], [item.value for item in Outcome])
        return text.problem(ProblemName.UNKNOWN_OUTCOME, path, f"unknown outcome {quote(detail['input'])}", near)
    name = ProblemName(kind) if kind in OWN else ProblemName.WRONG_TYPE
    said = f"must be {EXPECTED[kind]}, not {kind_of(detail['input'])}" if kind in EXPECTED else detail["msg"]
    return text.problem(name, path, f"{quote(key)} {said}")


class _Maker:
    """Makes the cases of one file, and remembers what is wrong with them."""

    def __init__(self, text: Text, document: CaseDocument, policy: Policy, reading: Reading) -> None:
        self.text = text
        self.document = document
        self.policy = policy
        self.compiled = CompiledPolicy(policy)
        self.problems: list[Problem] = []
        self._reading = reading
        self._limits = {limit.address: limit for limit in all_limits(policy)}
        self._rules = set(rules_of(policy))

    def cases(self) -> Iterator[Case]:
        self._check_people()
        location = self._location()
        for name, section in self.document.cases.items():
            path: KeyPath = ("cases", name)
            line, _ = self.text.positions.key(path)
            expected = self._expected(section, (*path, "expect"))
            used = self._used(section, (*path, "used"))
            now = section.now or self.document.now
            for values, facts in self._facts(section, path, location):
                made = f"{name}[{values}]" if values else name
                made += "" if self.document.policy == self.policy.id else f" in {self.policy.id}"
                yield Case(self.text.name, line, made, self.compiled, facts, now, used, expected)

    def _check_people(self) -> None:
        for who, section in self.document.employees.items():
            for number, role in enumerate(section.roles):
                self._known(
                    ProblemName.UNKNOWN_ROLE, "role", role, self.policy.roles, ("employees", who, "roles", number)
                )

    def _location(self) -> str:
        asked = self.document.location
        is_own = self.document.policy == self.policy.id
        if asked is None or not is_own:
            return self.policy.locations[0].replace("*", "1")
        if self._reading.policies.policy_for(asked) is not self.policy:
            message = f"policy `{self.policy.id}` does not govern {quote(asked)}"
            self._add(ProblemName.BAD_LOCATION, ("location",), message)
        return asked

    def _facts(self, section: CaseSection, path: KeyPath, location: str) -> Iterator[tuple[str, Facts]]:
        """Each value of the matrix, and the facts of its request."""
        ask, where = _over(self.document.defaults, section.ask), (*path, "ask")
        said = {key: getattr(ask, key) for key in MATRIX}
        for key in MATRIX[:3]:
            if said[key] is None:
                self._add(ProblemName.MISSING_KEY, where, f"`{key}` stands neither here nor in `defaults`")
                return
        kinds = (
            ("employee", ProblemName.UNKNOWN_EMPLOYEE, self.document.employees),
            ("remedy", ProblemName.UNKNOWN_REMEDY, self.policy.remedies),
            ("reason", ProblemName.UNKNOWN_REASON, self.policy.reasons),
        )
        before = len(self.problems)
        for key, problem, known in kinds:
            for number, value in enumerate(said[key]):
                place = where if key in section.ask.model_fields_set else ("defaults",)
                self._known(problem, key, value, known, (*place, key, number))
        amounts = [self._minor(amount, (*where, "amount")) for amount in said["amount"] or ()] or [0]
        total, seen = (self._of_check(ask, key, (*where, "check", key)) for key in ("total", "before"))
        if len(self.problems) > before:
            return
        written_amounts = said["amount"] or [None]
        for employee, remedy, reason, (amount, shown) in product(
            said["employee"], said["remedy"], said["reason"], zip(amounts, written_amounts, strict=True)
        ):
            one = {"employee": employee, "remedy": remedy, "reason": reason, "amount": shown}
            values = ", ".join(str(one[key]) for key in MATRIX if len(said[key] or ()) > 1)
            yield values, self._request(ask, location, employee, remedy, reason, amount, total, seen)

    def _of_check(self, ask: AskSection, key: str, path: KeyPath) -> int | None:
        amount = None if ask.check is None else getattr(ask.check, key)
        return None if amount is None else self._minor(amount, path)

    def _request(
        self,
        ask: AskSection,
        location: str,
        employee: str,
        remedy: str,
        reason: str,
        amount: int,
        total: int | None,
        before: int | None,
    ) -> Facts:
        person, check = self.document.employees[employee], ask.check
        return Facts(
            location=location,
            employee=employee,
            roles=tuple(person.roles),
            active=person.active,
            remedy=remedy,
            reason=reason,
            amount_minor=amount,
            currency=self.policy.calendar.currency,
            check=check.id if check else None,
            check_total_minor=total,
            check_state=check.state if check else None,
            check_total_before_minor=before,
            categories=tuple(check.categories) if check else (),
            guest=ask.guest,
            incident=ask.incident,
            shift=ask.shift,
            has_note=ask.note,
            has_photo=ask.photo,
            employee_is_guest=ask.employee_is_guest,
            accept_less=ask.accept_less,
            occurred_at=ask.occurred_at,
        )

    def _used(self, section: CaseSection, path: KeyPath) -> tuple[Used, ...]:
        found = []
        for address, used in section.used.items():
            limit = self._limits.get(address)
            measure = None if limit is None else measure_of(limit, self.policy.calendar.week_starts)
            if measure is None:
                known = [name for name, one in self._limits.items() if "comp" not in one.per]
                self._known(ProblemName.UNKNOWN_LIMIT, "limit that counts", address, known, (*path, address), key=True)
                continue
            amount = 0 if used.amount is None else self._minor(used.amount, (*path, address, "amount"))
            role = address.split(".")[1] if "role" in measure.scope and address.startswith("roles.") else None
            found.append(Used(measure.name, amount, used.count or 0, role))
        return tuple(found)

    def _expected(self, section: CaseSection, path: KeyPath) -> Expected:
        said = section.expect
        for number, role in enumerate(said.approvers or ()):
            self._known(ProblemName.UNKNOWN_ROLE, "role", role, self.policy.roles, (*path, "approvers", number))
        for number, code in enumerate(said.codes or ()):
            self._known(ProblemName.UNKNOWN_CODE, "code", code, [one.value for one in Code], (*path, "codes", number))
        if said.role is not None:
            self._known(ProblemName.UNKNOWN_ROLE, "role", said.role, self.policy.roles, (*path, "role"))
        for number, fact in enumerate(said.needs or ()):
            needs = (*path, "needs", number)
            self._known(ProblemName.UNKNOWN_REQUIREMENT, "requirement", fact, get_args(Fact), needs)
        for number, rule in enumerate(said.rules or ()):
            self._known(ProblemName.UNKNOWN_LIMIT, "rule", rule, self._rules, (*path, "rules", number))
        for remedy in said.offers or ():
            place = (*path, "offers", remedy)
            self._known(ProblemName.UNKNOWN_REMEDY, "remedy", remedy, self.policy.remedies, place, key=True)
        return Expected(
            Outcome(said.outcome),
            said.role,
            None if said.granted is None else self._minor(said.granted, (*path, "granted")),
            None if said.approvers is None else tuple(said.approvers),
            said.people,
            None if said.codes is None else tuple(said.codes),
            None if said.rules is None else tuple(said.rules),
            None if said.needs is None else tuple(said.needs),
            "offer" in said.model_fields_set,
            None if said.offer is None else self._minor(said.offer, (*path, "offer")),
            None
            if said.offers is None
            else tuple((name, self._minor(most, (*path, "offers", name))) for name, most in said.offers.items()),
        )

    def _minor(self, amount: Decimal, path: KeyPath) -> int:
        calendar = self.policy.calendar
        if decimals_of(amount) != calendar.decimals:
            hint = written(amount, calendar.decimals)
            message = f"{quote(amount)} must have {calendar.decimals} decimals, as {calendar.currency} has"
            self._add(ProblemName.WRONG_DECIMALS, path, message, hint)
            return 0
        if not fits(amount, calendar.decimals):
            self._add(ProblemName.AMOUNT_TOO_LARGE, path, f"{quote(amount)} is beyond 2^53 - 1 of the smallest unit")
            return 0
        return minor(amount, calendar.decimals)

    def _known(
        self, problem: ProblemName, noun: str, name: str, known: Collection[str], path: KeyPath, *, key: bool = False
    ) -> None:
        if name not in known:
            self._add(problem, path, f"unknown {noun} {quote(name)}", nearest(name, tuple(known)), at_key=key)

    def _add(
        self, name: ProblemName, path: KeyPath, message: str, near: str | None = None, *, at_key: bool = False
    ) -> None:
        self.problems.append(self.text.problem(name, path, message, near, at_key=at_key))


def rules_of(policy: Policy) -> Iterator[str]:
    """What a finding can name that stopped a request."""
    yield from ("", "staff", "roles", "approval.two_people_over")
    yield from (limit.address for limit in all_limits(policy))
    yield from (guard.address for guard in policy.guards)
    yield from (f"remedies.{name}.{key}" for name in policy.remedies for key in ("most", "zero"))
    yield from (f"reasons.{name}.remedies" for name in policy.reasons)
    yield from (rule for name in policy.roles for rule in (f"roles.{name}", f"roles.{name}.remedies"))


def _over(base: AskSection, own: AskSection) -> AskSection:
    """What is asked, with the defaults where it says nothing; a check is merged key by key."""
    values = {key: getattr(base, key) for key in base.model_fields_set}
    values |= {key: getattr(own, key) for key in own.model_fields_set}
    if base.check is not None and own.check is not None:
        both = {key: getattr(base.check, key) for key in base.check.model_fields_set}
        both |= {key: getattr(own.check, key) for key in own.check.model_fields_set}
        values["check"] = base.check.model_construct(**both)
    return AskSection.model_construct(**values)
