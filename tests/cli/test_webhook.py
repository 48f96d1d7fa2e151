"""`empower webhook`: who is told, what could not be told, and its secret, shown once."""

import csv
import json
from collections.abc import Iterator

import pytest
from freezegun import freeze_time
from standardwebhooks import Webhook

from tests.engine.receiver import Receiver, receiving

from .conftest import ASK, EVENING, Run


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def add(run: Run, url: str, *words: str) -> dict[str, str]:
    done = run("webhook", "add", url, "--at", "bistro-soho", "--allow-private", "--format", "json", *words)
    assert done.exit_code == 0, done.output
    made: dict[str, str] = json.loads(done.stdout)
    return made


def ask(run: Run) -> str:
    done = run("comp", "request", *ASK, "--amount", "10.00", "--format", "json")
    assert done.exit_code == 0, done.output
    return str(json.loads(done.stdout)["id"])


def test_from_adding_to_what_is_received(bistro: Run, receiver: Receiver) -> None:
    made = add(bistro, receiver.url, "--event", "approved", "--why", "the till")
    comp = ask(bistro)
    done = bistro("webhook", "deliver")
    assert (done.exit_code, done.stdout) == (0, "1 delivered, 0 failed\n")
    with freeze_time(EVENING):
        told = Webhook(made["secret"]).verify(receiver.got[0].body, receiver.got[0].headers)
    assert (told["type"], told["data"]["comp"]) == ("comp.approved", comp)
    listed = bistro("webhook", "list")
    assert made["id"] in listed.stdout
    assert "working" in listed.stdout
    assert "secret" not in json.loads(bistro("webhook", "list", "--format", "json").stdout)
    assert bistro("ledger", "verify", "--replay").exit_code == 0


def test_a_secret_is_shown_once_by_itself(bistro: Run) -> None:
    done = bistro("webhook", "add", "https://hooks.example.com/x", "--at", "*")
    assert done.stdout.startswith("whsec_")
    assert len(done.stdout.splitlines()) == 1
    assert "not shown again" in done.stderr
    made = json.loads(bistro("webhook", "list", "--format", "json").stdout)
    again = bistro("webhook", "rotate", made["id"], "--format", "csv")
    assert next(csv.DictReader(again.stdout.splitlines()))["secret"] not in done.stdout


def test_what_fails_is_listed_given_up_and_sent_again(
    bistro: Run, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("empower.engine.webhook_claims.MOST_TRIES", 1)
    receiver.answer = lambda _got: 500
    made = add(bistro, receiver.url)
    comp = ask(bistro)
    assert bistro("webhook", "dead").stdout == "nothing was given up\n"
    assert bistro("webhook", "deliver").exit_code == 1
    assert "failing" in bistro("webhook", "list").stdout
    table = bistro("webhook", "dead").stdout
    assert "answered 500" in table
    assert max(map(len, table.splitlines())) <= 80
    dead = json.loads(bistro("webhook", "dead", made["id"], "--format", "json").stdout)
    assert (dead["comp"], dead["tries"]) == (comp, 1)
    receiver.answer = lambda _got: 204
    assert bistro("webhook", "resend", made["id"], dead["event"]).stdout == "1 event is due again\n"
    assert bistro("webhook", "deliver").stdout == "1 delivered, 0 failed\n"
    assert bistro("webhook", "resend", made["id"], dead["event"]).exit_code == 1


def test_a_webhook_goes(bistro: Run) -> None:
    made = json.loads(bistro("webhook", "add", "https://hooks.example.com/x", "--at", "*", "--format", "json").stdout)
    assert bistro("webhook", "remove", made["id"]).stdout == f"webhook {made['id']} is removed\n"
    assert bistro("webhook", "list").stdout == "no webhooks\n"
    gone = bistro("webhook", "remove", made["id"])
    assert (gone.exit_code, "there is no webhook" in gone.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("http://hooks.example.com", "--at", "*"), "`--allow-private`"),
        (("https://10.0.0.8/", "--at", "*"), "`--allow-private`"),
        (("https://hooks.example.com", "--at", "bistro-sohoo"), "did you mean `bistro-soho`?"),
        (("https://hooks.example.com", "--at", "*", "--event", "aproved"), "did you mean `comp.approved`?"),
        (("https://hooks.example.com",), "Missing option '--at'"),
    ],
)
def test_what_cannot_be_meant_is_told(bistro: Run, words: tuple[str, ...], why: str) -> None:
    done = bistro("webhook", "add", *words)
    assert done.exit_code == 2
    assert why in done.stderr
