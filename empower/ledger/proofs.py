"""Proofs from the store: that an entry is in its book, that a book goes on from what it was.

Each is held against the signed head before it is given out, so that nobody is handed one that does not hold.
"""

from collections.abc import Callable

from empower.core.checkpoint import read
from empower.core.errors import InputError, LedgerError, NotFoundError, unknown_name
from empower.core.merkle import HASH_BYTES, append, leaf_hash, node_hash, root
from empower.core.note import decode, encode, parse
from empower.core.proof import check_inclusion, consistency, inclusion
from empower.core.receipt import written
from empower.evidence.witness import Source
from empower.ledger.signed_views import CheckpointView, ConsistencyView, ProofView
from empower.store import Store, Unit
from empower.store.evidence import Kept, hashes, last_checkpoint, verifiers
from empower.store.listing import books

BLOCK = 256
"""Entries whose root is remembered: they are complete, and never change."""

Hashes = Callable[[int, int], list[bytes]]
"""The leaf hashes from the first number up to, but without, the second."""


class Tree:
    """Roots over parts of one book, those of complete blocks remembered."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._blocks: dict[int, bytes] = {}

    def subtree(self, hashes_of: Hashes, start: int, end: int) -> bytes:
        """The root over the leaves `[start, end)`, as `core.proof` asks for it."""
        if end - start > BLOCK:
            middle = start + (1 << (end - start - 1).bit_length() - 1)
            return node_hash(self.subtree(hashes_of, start, middle), self.subtree(hashes_of, middle, end))
        whole = end - start == BLOCK and start % BLOCK == 0
        if whole and start in self._blocks:
            return self._blocks[start]
        found = _root(hashes_of(start, end), end - start)
        if whole:
            self._blocks[start] = found
        return found


def _root(found: list[bytes], size: int) -> bytes:
    if len(found) != size or any(len(item) != HASH_BYTES for item in found):
        raise _broken("entries are missing")
    frontier: tuple[bytes, ...] = ()
    for place, item in enumerate(found):
        frontier = append(frontier, place, item)
    return root(frontier)


def _broken(why: str) -> LedgerError:
    return LedgerError(f"the book does not hold: {why}; run `empower ledger verify`", code="ledger_broken")


class Proofs:
    """Proofs of the books of a store. Safe for threads."""

    def __init__(self, store: Store) -> None:
        """Over a store."""
        self._store = store
        self._trees: dict[str, Tree] = {}

    def checkpoint(self, location: str) -> CheckpointView:
        """The last checkpoint of a book; raises `NotFoundError` where there is none yet."""
        with self._store.read() as unit:
            kept = _last(unit, location)
            head = read(parse(kept.note).text)
            statements = [row.statement for row in verifiers(unit)]
        return CheckpointView(
            location=location,
            size=head.size,
            root=head.root.hex(),
            note=kept.note,
            made_at=kept.made_at,
            statements=statements,
        )

    def entry(self, location: str, seq: int) -> ProofView:
        """The proof that entry `seq` is in a book, under its last checkpoint.

        Raises `NotFoundError` for an entry that is not there, or that no checkpoint covers yet.
        """
        with self._store.read() as unit:
            kept = _last(unit, location)
            head = read(parse(kept.note).text)
            line = unit.entry(location, seq)
            if line is None:
                raise NotFoundError(f"`{location}` has no entry {seq}", code="unknown_entry")
            if seq >= head.size:
                raise NotFoundError(
                    f"no checkpoint covers entry {seq} of `{location}` yet: run `empower ledger checkpoint`",
                    code="no_checkpoint",
                )
            path = inclusion(seq, head.size, self._subtree(unit, location))
        try:
            check_inclusion(seq, head.size, leaf_hash(line.leaf), path, head.root)
        except LedgerError as error:
            raise _broken(error.detail) from None
        return ProofView(
            location=location,
            seq=seq,
            size=head.size,
            proof=[encode(step) for step in path],
            checkpoint=kept.note,
            receipt=written(line.leaf, seq, path, kept.note),
        )

    def consistency(self, location: str, first: int, second: int | None = None) -> ConsistencyView:
        """The proof that the book of `first` entries begins that of `second`, if not said: of the last checkpoint.

        Raises `InputError` for sizes that the book does not have, or that are the wrong way round.
        """
        with self._store.read() as unit:
            kept, book = _last(unit, location), _book(unit, location)
            end = kept.size if second is None else second
            if not 0 <= first <= end <= book:
                raise InputError(f"`from` and `to` are sizes in order, at most {book}", code="proof_index")
            subtree = self._subtree(unit, location)
            path = consistency(first, end, subtree)
            head = read(parse(kept.note).text)
            if subtree(0, head.size) != head.root:
                raise _broken(f"its first {head.size} entries are not those that were signed")
        return ConsistencyView(location=location, first=first, second=end, proof=[encode(step) for step in path])

    def _subtree(self, unit: Unit, location: str) -> Callable[[int, int], bytes]:
        tree = self._trees.setdefault(location, Tree())
        return lambda start, end: tree.subtree(lambda here, there: hashes(unit, location, here, there), start, end)


def _book(unit: Unit, location: str) -> int:
    book = unit.book(location)
    if book is None:
        error = unknown_name("/location", "location", location, [found.location for found in books(unit)])
        raise InputError(error.message, code="unknown_location", errors=[error])
    return book.size


def _last(unit: Unit, location: str) -> Kept:
    _book(unit, location)
    kept = last_checkpoint(unit, location)
    if kept is None:
        raise NotFoundError(
            f"`{location}` has no checkpoint yet: run `empower ledger checkpoint`", code="no_checkpoint"
        )
    return kept


def source_of(store: Store) -> Source:
    """The books of a store, as a witness asks for them; one that has no checkpoint yet is left out."""
    proofs = Proofs(store)

    def locations() -> list[str]:
        with store.read() as unit:
            return [book.location for book in books(unit) if last_checkpoint(unit, book.location)]

    def checkpoint(location: str) -> tuple[str, list[str]]:
        found = proofs.checkpoint(location)
        return found.note, found.statements

    def consistency_of(location: str, first: int, second: int) -> list[bytes]:
        found = proofs.consistency(location, first, second).proof
        return [step for step in map(decode, found) if step is not None]

    return Source(str(store.url), locations, checkpoint, consistency_of)
