"""One book walked from its first entry, or from where an earlier verification stood, to its last."""

from collections.abc import Callable, Iterable
from typing import Any

from empower.core import merkle
from empower.core.plan import CompiledPolicy
from empower.ledger.approvers import Approvers
from empower.ledger.beside import Keys, Notes, Roster
from empower.ledger.beside_webhooks import Webhooks
from empower.ledger.continuity import Continuity, WideNames
from empower.ledger.findings import BookReport, Head
from empower.ledger.lines import Chain, Line
from empower.ledger.published import Publications
from empower.ledger.rebuild import OF_A_COMP, Rebuilt
from empower.ledger.replay import Replay
from empower.ledger.scratch import Row, Scratch
from empower.store import Unit
from empower.store.auditing import entry_rows, note_rows

PolicyOf = Callable[[str], CompiledPolicy | None]


class Walk:
    """What is learnt along one book."""

    def __init__(
        self, unit: Unit, location: str, scratch: Scratch, policy: PolicyOf, heads: Iterable[Head] = ()
    ) -> None:
        """Before the first entry, or behind those of which `scratch` remembers."""
        self._unit = unit
        self._scratch = scratch
        self._policy = policy
        self.report = BookReport(location)
        self.chain = Chain(self.report, heads)
        self.rebuilt = Rebuilt(self.report, scratch)
        self.roster = Roster(self.report)
        self.keys = Keys(self.report)
        self.webhooks = Webhooks(self.report)
        self.approvers = Approvers(self.report, scratch)
        self.policy = ""
        """The digest in force after the last entry."""
        self.opened_at = ""
        self.taken_up: dict[str, list[str]] = {}
        """When which policy was published or came into force."""
        self.published: Publications | None = None
        self._last = ""
        """The hash of the last entry."""
        self._erased: list[str] = []
        self._gone: list[list[Any]] = []
        self._resume()
        self.notes = Notes(self.report, note_rows(unit, location, self.chain.size))
        self.notes.erased.update(self._erased)
        self.notes.gone.extend(self._gone)

    def _resume(self) -> None:
        state = self._scratch.state(self.report.location)
        if state is None:
            return
        self.chain.resume(state["size"], bytes.fromhex(state["frontier"]), state["last_at"])
        self.policy, self.opened_at, self.taken_up = state["policy"], state["opened_at"], state["taken_up"]
        self.roster.roles, self.roster.guests, self.keys.told = state["roles"], state["own_guests"], state["keys"]
        self.webhooks.told = state["webhooks"]
        self._erased, self._gone = state["erased"], state["gone"]
        self.approvers.delegations, self.approvers.pins = state["delegations"], state["pins"]
        self._last = state["last"]
        rows = next(entry_rows(self._unit, self.report.location, self.chain.size - 1), [])
        if not rows or rows[0][0] != self.chain.size - 1 or bytes(rows[0][5]).hex() != self._last:
            message = f"entry {self.chain.size - 1} is gone, or is another than was verified before"
            self.report.add("sequence", message, self.chain.size - 1)

    def remember(self) -> None:
        """Keep aside where the walk stands, to go on from there."""
        self._scratch.remember(
            self.report.location,
            {
                "size": self.chain.size,
                "frontier": merkle.pack(self.chain.frontier).hex(),
                "last_at": self.chain.last_at,
                "policy": self.policy,
                "opened_at": self.opened_at,
                "taken_up": self.taken_up,
                "roles": self.roster.roles,
                "own_guests": self.roster.guests,
                "keys": self.keys.told,
                "webhooks": self.webhooks.told,
                "delegations": self.approvers.delegations,
                "pins": self.approvers.pins,
                "erased": sorted(self.notes.erased),
                "gone": self.notes.gone,
                "last": self._last,
            },
        )

    def run(self, *, replay: bool, wide: WideNames, step: Callable[[int], None]) -> None:
        """Every entry to the last; `step` is told how many more were walked."""
        continuity = Continuity(self.report, self._scratch, self._policy, wide) if replay else None
        again = Replay(self.report, self._policy) if replay else None
        if continuity is not None and self.policy:
            continuity.resume(self.policy)
        for rows in entry_rows(self._unit, self.report.location, self.chain.size):
            for line in self.chain.walk(rows):
                before, after = self.rebuilt.take(line)
                self._note(line, after)
                if again is not None and continuity is not None:
                    again.take(line)
                    _counted(self.report, continuity, line, before, after)
            self._flush()
            self._last = bytes(rows[-1][5]).hex() if type(rows[-1][5]) is bytes else ""
            step(len(rows))
        self.chain.end()
        self.notes.end()
        self.report.root_hex = merkle.root(self.chain.frontier).hex()

    def _note(self, line: Line, row: Row | None) -> None:
        """Take from an entry what stands beside the comps."""
        self.notes.take(line, row)
        self.approvers.take(line)
        if line.kind == "decision":
            if line.body.get("policy") != self.policy:
                said = line.body.get("policy")
                self.report.add("policies", f"decided by policy `{said}`, in force was `{self.policy}`", line.seq)
            answers = line.body.get("answers")
            if answers is not None and line.comp is not None:
                self._scratch.note_answer(self.report.location, line.comp, str(answers))
        elif line.kind not in OF_A_COMP:
            self.roster.take(line)
            self.keys.take(line)
            self.webhooks.take(line)
            for name in self.published.take(self.report, line) if self.published else ():
                self.taken_up.setdefault(name, []).append(line.at)
            if line.kind in ("open", "policy"):
                self._take_up(line)

    def _take_up(self, line: Line) -> None:
        if (line.kind == "open") != (line.seq == 0):
            self.report.add("sequence", "a book begins with its opening, and only begins with it", line.seq)
        if line.kind == "open":
            self.opened_at = line.at
        elif line.body.get("was") != self.policy:
            message = f"follows policy `{line.body.get('was')}`, in force was `{self.policy}`"
            self.report.add("policies", message, line.seq)
        self.policy = str(line.body.get("policy"))
        self.taken_up.setdefault(self.policy, []).append(line.at)
        if self._policy(self.policy) is None:
            self.report.add("policies", f"policy `{self.policy}` is lost", line.seq)

    def _flush(self) -> None:
        try:
            self._scratch.flush_if_full()
        except ValueError as error:
            self.report.add("life", str(error))


def _counted(report: BookReport, continuity: Continuity, line: Line, before: Row | None, after: Row | None) -> None:
    try:
        continuity.take(line, before, after)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        report.add("standing", f"cannot be counted: {error}", line.seq)
