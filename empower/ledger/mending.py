"""Every projection dropped and made anew from the entries, in one transaction."""

import json
from dataclasses import dataclass

from empower.core.errors import LedgerError
from empower.ledger.findings import BookReport, LedgerFinding, Report
from empower.ledger.scratch import Row, Scratch
from empower.ledger.verify import Audit, Progress, head_of
from empower.store import Store, Unit, mending
from empower.store import auditing as stored
from empower.store.approvers import APPROVAL, DELEGATION
from empower.store.listing import books
from empower.store.queries import COMP, COUNTER, MEASURE, STAFF

ENTRIES = ("sequence", "leaf", "columns", "time", "life", "checkpoint")
"""Checks of the entries themselves: where one fails there is nothing to make anything anew from."""
HEAD = ("root",)
"""Checks that hold the entries against their head: one of them is wrong, and the database does not say which."""
PROJECTIONS = ("comps", "counters", "head", "staff", "keys", "location", "approvals", "delegations")
"""Checks of what is made from the entries."""


@dataclass(frozen=True)
class Rebuild:
    """What a rebuild did, or would do."""

    books: list[BookReport]
    """Every book that was walked."""
    mended: list[LedgerFinding]
    """What did not hold before, and does now."""
    left: list[LedgerFinding]
    """What no rebuild can mend: it is not made from the entries."""
    dry_run: bool


def rebuild(
    store: Store,
    location: str | None = None,
    *,
    dry_run: bool = False,
    trust_entries: bool = False,
    progress: Progress | None = None,
) -> Rebuild:
    """Make every projection anew from the entries: of all books, or of one and nothing that spans books.

    Raises `LedgerError` where the entries themselves do not hold. Where the head has another root than the entries,
    one of them was tampered with: it is only made anew with `trust_entries`, for one who has held the entries against
    a checkpoint from outside.
    """

    def job(unit: Unit) -> Rebuild:
        unit.lock_books([location] if location is not None else [head.location for head in books(unit)])
        with mending.undone(unit, always=dry_run):
            return _rebuilt(store, unit, location, trust_entries=trust_entries, progress=progress, dry_run=dry_run)

    done = store.write(job, alone=True)
    store.forget()
    return done


def _rebuilt(
    store: Store, unit: Unit, location: str | None, *, trust_entries: bool, progress: Progress | None, dry_run: bool
) -> Rebuild:
    dialect = store.engine.dialect.name
    scratch, again = Scratch(), Scratch()
    try:
        audit = Audit(unit, scratch, progress=progress)
        before = audit.run(location, replay=False, dialect=dialect)
        _refuse(before, () if trust_entries else HEAD)
        for name in audit.walks:
            _book(unit, audit, name)
        if location is None:
            _across(unit, audit)
        after = Audit(Unit(unit.cursor, unit.queries), again).run(location, replay=False, dialect=dialect)
    finally:
        scratch.close()
        again.close()
    wrong = [finding for finding in after.findings if finding.check in (*PROJECTIONS, *HEAD)]
    if wrong:
        raise LedgerError(f"nothing was written: rebuilt, `{wrong[0].location}` still fails: {wrong[0].message}")
    mended = [finding for finding in before.findings if finding not in after.findings]
    return Rebuild(after.books, mended, after.findings, dry_run)


def _refuse(report: Report, also: tuple[str, ...]) -> None:
    for finding in report.findings:
        if finding.check in ENTRIES:
            where = "" if finding.seq is None else f", entry {finding.seq}"
            raise LedgerError(
                f"the entries of `{finding.location}` do not hold ({finding.check}{where}: {finding.message}): "
                "there is nothing to rebuild from; restore a backup",
                code="entries_broken",
            )
    for finding in report.findings:
        if finding.check in also:
            raise LedgerError(
                f"the head and the entries of `{finding.location}` disagree ({finding.message}): hold the entries "
                "against a checkpoint from outside, then say `--trust-entries`",
                code="head_disagrees",
            )


def _book(unit: Unit, audit: Audit, location: str) -> None:
    """The projections of one book."""
    walk, scratch = audit.walks[location], audit.scratch
    policy = audit.policies.get(walk.policy)
    if policy is None:
        raise LedgerError(f"policy `{walk.policy}` of `{location}` is lost: nothing can be counted", code="policy_lost")
    mending.replace_comps(unit, location, scratch.comps(location))
    mending.replace_measures(unit, location, [measure.name for measure in policy.measures])
    mending.replace_counters(unit, location, scratch.counters(location))
    mending.replace_staff(unit, location, walk.roster.rows())
    mending.replace_approvals(unit, location, scratch.approvals(location))
    given = walk.approvers.delegations.items()
    mending.replace_delegations(unit, location, [(identity, *said) for identity, said in given])
    title = next((row[1] for row in stored.heads(unit) if row[0] == location), location)
    mending.replace_head(unit, head_of(walk, title, scratch.first_expiry(location)))


def _across(unit: Unit, audit: Audit) -> None:
    """What is counted across books, and the API keys."""
    for place in sorted(audit.groups() | audit.wide.measures.keys()):
        needed = audit.needed_wide(place)
        counted = {measure.name for measure in audit.wide_measures(place)} | needed
        measures = [audit.wide.measures[place][name] for name in sorted(counted) if name in audit.wide.measures[place]]
        audit.scratch.count(place, measures, policy_id=place[1:])
        mending.replace_measures(unit, place, [measure.name for measure in measures])
        mending.replace_counters(unit, place, audit.scratch.counters(place))
    for table in (COMP, COUNTER, MEASURE, STAFF, APPROVAL, DELEGATION):
        for place in stored.placed(unit, table):
            if place not in audit.walks and not place.startswith("@"):
                mending.drop(unit, table, place)
    _keys(unit, audit)


def _keys(unit: Unit, audit: Audit) -> None:
    """The API keys as the books tell of them; names and last uses stay."""
    known = {row[0]: row for row in stored.key_rows(unit)}
    told = {name: said for walk in audit.walks.values() for name, said in walk.keys.told.items()}
    for name, said in told.items():
        row: Row = known.get(name) or (name, b"", "", "", "", "", None, None)
        made = bytes.fromhex(said["hash"]), row[2], json.dumps(said["scopes"]), json.dumps(said["at"])
        mending.replace_key(unit, (name, *made, said["created_at"], said["revoked_at"], row[7]))
