"""Webhooks against the books: where something is sent, what and how, is as the entries tell it."""

import hmac
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from empower.core.errors import StoreError
from empower.engine import Engine
from empower.ledger import rebuild, verify
from empower.store.webhooks import Webhook
from tests.engine.house import House, ask, holds

REST = ", ".join(Webhook._fields[1:])
URL = "https://pos.example/hooks/s3cret?till=4"


def add(engine: Engine, at: str = "*", url: str = URL) -> str:
    return engine.webhooks.add(url, at=[at], events=["approved"], by="test").id


def told(engine: Engine, location: str = "cafe-a") -> list[dict[str, Any]]:
    """What the entries on webhooks in a book say."""
    found = engine.entries(location, limit=500).items
    return [entry.body for entry in found if entry.kind == "webhook"]


def found(engine: Engine) -> list[tuple[str, str, str]]:
    return [(item.location, item.check, item.message) for item in verify(engine.store).findings]


@pytest.mark.both
def test_an_entry_commits_to_the_address_and_says_the_rest(house: House, engine: Engine) -> None:
    made = add(engine)
    engine.webhooks.rotate(made, by="test")
    [(salt, created_at, rotated_at)] = house.query("SELECT salt, created_at, rotated_at FROM webhook")
    commitment = hmac.digest(bytes(salt), URL.encode(), "sha256").hex()
    whole = {
        "webhook": made,
        "url": commitment,
        "to": "https://pos.example",
        "at": ["*"],
        "events": ["comp.approved"],
        "allow_private": False,
        "created_at": created_at,
    }
    first, then = told(engine)
    assert first == whole | {"does": "add", "generation": 1, "rotated_at": None}
    assert then == whole | {"does": "rotate", "generation": 2, "rotated_at": rotated_at}
    assert told(engine, "cafe-b") == [first, then]
    assert len(salt) == 16
    assert holds(engine)


@pytest.mark.both
def test_a_life_of_webhooks_holds(house: House, engine: Engine, tmp_path: Path) -> None:
    one, other = add(engine), add(engine, "cafe-b")
    assert verify(engine.store, since=tmp_path / "kept").ok
    engine.webhooks.rotate(one, by="test")
    engine.open_location("cafe-c", by="test")
    assert told(engine, "cafe-c")[0]["generation"] == 2
    engine.webhooks.rotate(one, by="test")
    engine.webhooks.remove(other, by="test")
    assert found(engine) == []
    assert verify(engine.store, since=tmp_path / "kept").ok
    engine.webhooks.remove(one, by="test")
    assert verify(engine.store, since=tmp_path / "kept").ok
    assert rebuild(engine.store).left == []


@pytest.mark.both
@pytest.mark.parametrize(
    ("tampering", "message"),
    [
        ("url = 'https://pos.example/hooks/another'", "the address, or its salt, is not the one"),
        ("salt = NULL", "the address, or its salt, is not the one"),
        ("locations = '[\"cafe-a\"]'", "locations is `['cafe-a']`, by the book `['*']`"),
        ("events = '[]'", "events is `[]`, by the book `['comp.approved']`"),
        ("allow_private = NOT allow_private", "allow_private is"),
        ("generation = generation + 1", "generation is `2`, by the book `1`"),
        ("rotated_at = created_at", "rotated_at is"),
        ("created_at = '2026-01-01T00:00:00.000000Z'", "created_at is `2026-01-01T00:00:00.000000Z`, by the book"),
    ],
)
def test_a_column_that_was_changed_is_found_in_every_book(
    house: House, engine: Engine, tampering: str, message: str
) -> None:
    made = add(engine)
    house.execute(f"UPDATE webhook SET {tampering}")
    where = [(location, check) for location, check, said in found(engine) if f"webhook `{made}`: {message}" in said]
    assert where == [("cafe-a", "webhooks"), ("cafe-b", "webhooks")]


def test_one_that_is_gone_or_that_nobody_added_is_found(house: House, engine: Engine, tmp_path: Path) -> None:
    gone, moved, copied = add(engine), add(engine, "cafe-a"), add(engine, "cafe-b")
    engine.webhooks.remove(copied, by="test")
    assert verify(engine.store, since=tmp_path / "kept").ok
    house.execute(
        f"UPDATE webhook SET id = '{copied}', locations = '[\"cafe-b\"]' WHERE id = '{gone}'",
        f"UPDATE webhook SET locations = '[\"cafe-b\"]' WHERE id = '{moved}'",
    )
    strange = "is told of this book, which says nothing of it, or that it was removed"
    expected = {
        ("cafe-a", "webhooks", f"webhook `{gone}` is missing"),
        ("cafe-b", "webhooks", f"webhook `{gone}` is missing"),
        ("cafe-a", "webhooks", f"webhook `{moved}`: locations is `['cafe-b']`, by the book `['cafe-a']`"),
        ("cafe-b", "webhooks", f"webhook `{moved}` {strange}"),
        ("cafe-b", "webhooks", f"webhook `{copied}` {strange}"),
    }
    assert set(found(engine)) == expected
    kept = verify(engine.store, since=tmp_path / "kept").findings
    assert {(item.location, item.check, item.message) for item in kept} == expected
    assert {item.check for item in rebuild(engine.store, dry_run=True).left} == {"webhooks"}


def test_one_that_nobody_added_can_be_removed_and_must_not_be_rotated(house: House, engine: Engine) -> None:
    strange, other = add(engine), add(engine)
    engine.webhooks.remove(other, by="test")
    house.execute(f"INSERT INTO webhook SELECT '{other}', {REST} FROM webhook WHERE id = '{strange}'")
    assert len(found(engine)) == 2
    engine.webhooks.remove(other, by="test")
    assert found(engine) == []
    house.execute(f"INSERT INTO webhook SELECT '{other}', {REST} FROM webhook WHERE id = '{strange}'")
    engine.webhooks.rotate(other, by="test")
    said = f"webhook `{other}` was rotated, and never added, or removed before"
    assert ("cafe-a", "webhooks", said) in found(engine)


def test_how_sending_goes_is_no_evidence(house: House, engine: Engine) -> None:
    add(engine)
    engine.request(ask(1000))
    house.execute("UPDATE webhook SET failures = 3, last_error = 'refused', gone_at = created_at, lease = 'x'")
    assert found(engine) == []


def test_one_from_before_the_books_told_all_holds_and_is_told_whole_once_rotated(house: House, engine: Engine) -> None:
    made = add(engine)
    house.execute("UPDATE webhook SET salt = NULL")
    engine.open_location("cafe-c", by="test")
    assert "url" not in told(engine, "cafe-c")[0]
    assert {location for location, _, _ in found(engine)} == {"cafe-a", "cafe-b"}
    engine.webhooks.rotate(made, by="test")
    assert told(engine, "cafe-c")[1]["url"] == told(engine)[1]["url"] != told(engine)[0]["url"]
    assert found(engine) == []


def test_a_verification_that_was_kept_in_an_older_form_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    assert verify(engine.store, since=path).ok
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 1")
    db.close()
    with pytest.raises(StoreError, match="no verification that can be gone on from"):
        verify(engine.store, since=path)
