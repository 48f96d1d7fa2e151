"""A witness against books that grow, are rewritten, rolled back, vanish, change their key, or lie."""

import json

import pytest

from empower.core.checkpoint import Checkpoint, opened
from empower.core.errors import EmpowerError
from empower.core.merkle import append, leaf_hash, root
from empower.core.note import COSIGNATURE, parse, time_of
from empower.core.proof import consistency
from empower.evidence.keys import Signer, verify
from empower.evidence.witness import Memory, Source, Witness, alone

LOG = Signer("empower/d1", bytes(range(32)))
SELF = Signer("finance.example", bytes(range(1, 33)), COSIGNATURE)
NOW = 1_790_000_000


def subtree(leaves):
    def of(start: int, end: int) -> bytes:
        frontier = ()
        for place, leaf in enumerate(leaves[start:end]):
            frontier = append(frontier, place, leaf_hash(leaf))
        return root(frontier)

    return of


class Books:
    """Books that are what the test says."""

    def __init__(self, **leaves: list[bytes]) -> None:
        self.leaves = leaves
        self.signer = LOG
        self.statements: list[str] = []
        self.path: list[bytes] | None = None

    def note(self, location: str) -> str:
        leaves = self.leaves[location]
        text = Checkpoint(f"empower/d1/{location}", len(leaves), subtree(leaves)(0, len(leaves))).text
        return str(self.signer.note(text))

    def consistency(self, location: str, first: int, second: int) -> list[bytes]:
        return consistency(first, second, subtree(self.leaves[location])) if self.path is None else self.path

    @property
    def source(self) -> Source:
        return Source(
            "there", lambda: list(self.leaves), lambda place: (self.note(place), self.statements), self.consistency
        )


@pytest.fixture
def memory(tmp_path):
    return tmp_path / "memory.json"


def see(memory, books: Books, *trusted, signer=SELF) -> list[tuple]:
    """As a process of its own: the memory is read from its file each time."""
    found = Witness(signer, Memory(memory), lambda: NOW, trusted or [LOG.key]).see(books.source)
    return [(item.location, item.status) for item in found]


def test_a_book_is_seen_first_then_goes_on(memory):
    books = Books(soho=[b"a", b"b", b"c"])
    assert see(memory, books) == [("soho", "first")]
    assert see(memory, books) == [("soho", "same")]
    for count in range(20):
        books.leaves["soho"].append(bytes([count]))
        assert see(memory, books) == [("soho", "grown")]


def test_what_is_cosigned_is_signed_by_both_at_its_time(memory):
    found = Witness(SELF, Memory(memory), lambda: NOW, [LOG.key]).see(Books(soho=[b"a"]).source)[0]
    signed = opened(found.note, [LOG.key, SELF.key], verify)
    assert signed.by == [LOG.key, SELF.key]
    assert time_of(parse(found.note).signatures[-1]) == NOW
    assert found.note.count("— ") == 2


def test_an_empty_book_may_be_seen_and_grow(memory):
    books = Books(soho=[])
    assert see(memory, books) == [("soho", "first")]
    books.leaves["soho"] = [b"a"]
    assert see(memory, books) == [("soho", "grown")]


REWRITES = {
    "an entry changed": ([b"a", b"x", b"c", b"d"], "history was rewritten"),
    "the first changed": ([b"x", b"b", b"c", b"d"], "history was rewritten"),
    "two swapped": ([b"b", b"a", b"c", b"d"], "history was rewritten"),
    "one slipped in": ([b"a", b"b", b"x", b"c"], "history was rewritten"),
    "same size, another last": ([b"a", b"b", b"x"], "history was rewritten"),
    "rolled back": ([b"a", b"b"], "rolled back: it had 3 entries, now it has 2"),
    "rolled back to nothing": ([], "rolled back"),
}


@pytest.mark.parametrize(("leaves", "why"), REWRITES.values(), ids=REWRITES)
def test_a_rewritten_history_is_refused_and_the_memory_stays(memory, leaves, why):
    see(memory, Books(soho=[b"a", b"b", b"c"]))
    before = memory.read_bytes()
    books = Books(soho=leaves)
    found = Witness(SELF, Memory(memory), lambda: NOW, [LOG.key]).see(books.source)[0]
    assert found.status == "refused"
    assert why in found.message
    assert found.note == books.note("soho")
    assert memory.read_bytes() == before


@pytest.mark.parametrize("path", [[], [bytes(32)], [bytes(32)] * 5, [b"short"]])
def test_a_proof_that_does_not_hold_is_refused(memory, path):
    books = Books(soho=[b"a", b"b", b"c"])
    see(memory, books)
    books.leaves["soho"].append(b"d")
    books.path = path
    assert see(memory, books) == [("soho", "refused")]


def test_a_book_that_is_gone_is_refused(memory):
    see(memory, Books(soho=[b"a"], bronx=[b"b"]))
    assert see(memory, Books(soho=[b"a"])) == [("soho", "same"), ("bronx", "refused")]


def test_books_of_elsewhere_are_not_missed(memory):
    see(memory, Books(soho=[b"a"]))
    books = Books(bronx=[b"b"])
    found = Witness(SELF, Memory(memory), lambda: NOW).see(books.source._replace(name="elsewhere"))
    assert [item.status for item in found] == ["first"]


LIARS = {
    "a stranger's signature": Signer("empower/d1", bytes(32)),
    "another deployment's key": Signer("empower/d2", bytes(range(32))),
}


@pytest.mark.parametrize("liar", LIARS.values(), ids=LIARS)
def test_a_head_that_nobody_trusted_signed_is_refused(memory, liar):
    books = Books(soho=[b"a"])
    books.signer = liar
    assert see(memory, books) == [("soho", "refused")]
    assert not memory.exists()


def test_a_head_of_another_book_is_refused(memory):
    books = Books(soho=[b"a"])
    source = books.source._replace(locations=lambda: ["bronx"], checkpoint=lambda _place: (books.note("soho"), []))
    assert Witness(SELF, Memory(memory), lambda: NOW, [LOG.key]).see(source)[0].status == "refused"


def test_a_witness_follows_a_key_that_the_one_before_vouches_for(memory):
    books = Books(soho=[b"a"])
    see(memory, books)
    after = Signer("empower/d1", bytes(range(2, 34)))
    text = f"empower/d1/signing-keys\n2\n{after.key}\n{LOG.key}\n2026-11-23T00:00:00.000000Z\n"
    note = LOG.note(text)
    books.signer, books.leaves["soho"] = after, [b"a", b"b"]
    books.statements = [str(after.note(text))]
    assert see(memory, books) == [("soho", "refused")]
    books.statements = [str(note._replace(signatures=(*note.signatures, after.sign(text))))]
    assert see(memory, books) == [("soho", "grown")]
    books.statements = []
    books.leaves["soho"].append(b"c")
    assert see(memory, books) == [("soho", "grown")]


def code_of(attempt, *given) -> str:
    with pytest.raises(EmpowerError) as caught:
        attempt(*given)
    return caught.value.code


def test_nobody_is_trusted_without_being_named(memory):
    assert code_of(Witness, SELF, Memory(memory), lambda: NOW) == "nobody_trusted"


def test_a_memory_is_of_one_witness(memory):
    see(memory, Books(soho=[b"a"]))
    other = Signer("finance.example", bytes(32), COSIGNATURE)
    assert code_of(Witness, other, Memory(memory), lambda: NOW) == "memory_of_another"


def damaged(memory, change) -> None:
    said = json.loads(memory.read_text())
    change(said)
    memory.write_text(json.dumps(said))


DAMAGE = {
    "another version": lambda said: said.update(v=2),
    "a head moved": lambda said: said["books"]["empower/d1/soho"].update(
        note=said["books"]["empower/d1/soho"]["note"].replace("\n1\n", "\n2\n")
    ),
    "a book renamed": lambda said: said["books"].update({"empower/d1/bronx": said["books"]["empower/d1/soho"]}),
    "without the witness's signature": lambda said: said["books"]["empower/d1/soho"].update(
        note=said["books"]["empower/d1/soho"]["note"].rpartition("— ")[0]
    ),
    "nobody trusted": lambda said: said.update(trusted=[]),
    "no books": lambda said: said.pop("books"),
    "another witness": lambda said: said.update(witness=str(Signer("x", bytes(32), COSIGNATURE).key)),
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_memory_is_told(memory, change):
    see(memory, Books(soho=[b"a"]))
    damaged(memory, change)
    assert code_of(Memory, memory) == "memory_unreadable"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7"])
def test_a_memory_that_is_none_is_told(memory, text):
    memory.write_text(text)
    assert code_of(Memory, memory) == "memory_unreadable"


def test_a_memory_that_cannot_be_written_gives_no_signature(tmp_path):
    there = tmp_path / "none" / "memory.json"
    witness = Witness(SELF, Memory(there), lambda: NOW, [LOG.key])
    assert code_of(witness.see, Books(soho=[b"a"]).source) == "memory_unwritable"


def test_two_witnesses_do_not_work_on_one_memory(memory):
    with alone(memory):
        assert code_of(alone(memory).__enter__) == "memory_busy"
    with alone(memory):
        pass
