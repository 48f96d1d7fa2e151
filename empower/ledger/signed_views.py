"""What was signed, as it is answered."""

from pydantic import BaseModel, ConfigDict, Field

from empower.ledger import signing
from empower.store import Store


class View(BaseModel):
    """What all answers share."""

    model_config = ConfigDict(frozen=True)


class SigningKeyView(View):
    """A signing key's public half."""

    number: int = Field(description="from 1, in the order that they were made")
    vkey: str = Field(description="the key as signed notes write it (c2sp.org/signed-note)")
    made_at: str
    in_force: bool
    statement: str = Field(description="a note by this key and the one before: each vouches for the next")


class CheckpointView(View):
    """A signed head of a book."""

    location: str
    size: int = Field(description="entries in the book")
    root: str = Field(description="the root over them (RFC 9162), in hexadecimal")
    note: str = Field(description="the checkpoint (c2sp.org/tlog-checkpoint)")
    made_at: str
    statements: list[str] = Field(default=[], description="of the signing keys, the first of them first")


class ProofView(View):
    """The proof that an entry is in a book."""

    location: str
    seq: int
    size: int = Field(description="entries under the checkpoint")
    proof: list[str] = Field(description="the inclusion proof: base64, from the leaf's sibling up")
    checkpoint: str
    receipt: str = Field(description="all of it with the entry, in one text (c2sp.org/tlog-proof)")


class ConsistencyView(View):
    """The proof that a book's beginning was never changed."""

    location: str
    first: int = Field(serialization_alias="from")
    second: int = Field(serialization_alias="to")
    proof: list[str] = Field(description="the consistency proof: base64 (RFC 9162)")


def signing_keys(store: Store) -> list[SigningKeyView]:
    """All signing keys of a store, the one in force last."""
    found = signing.history(store)
    return [
        SigningKeyView(
            number=row.number,
            vkey=row.vkey,
            made_at=row.made_at,
            in_force=row.number == len(found),
            statement=row.statement,
        )
        for row in found
    ]
