"""A publication and a shadow, as a running service sees them."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empower.engine import Engine
from empower.engine.publishing_checks import Candidate
from empower.http import logs
from empower.http.caretaker import Caretaker
from empower.http.shadow import Watch
from empower.policy import read

from .conftest import POLICY, Clock, body


def tighter(tmp_path: Path, cap: str = "5.00") -> Candidate:
    folder = tmp_path / "candidate"
    folder.mkdir(exist_ok=True)
    (folder / "bistro.toml").write_text(
        POLICY.replace("limits.comp = { amount = 12.00 }", f"limits.comp = {{ amount = {cap} }}")
    )
    return Candidate(read(folder).policies)


def test_the_answer_after_a_publication_goes_by_it(
    till: TestClient, engine: Engine, folder: Path, clock: Clock, tmp_path: Path
) -> None:
    """Published by another process: the very next answer names it, and the files are candidates from then on."""
    before = till.post("/v1/evaluate", json=body()).json()
    url = str(engine.store.url)
    with Engine.open(url, policies=folder, clock=clock) as other:
        made = other.publishing.publish(tighter(tmp_path), by="cli:ana", why="too much")
    after = till.post("/v1/evaluate", json=body()).json()
    assert (before["outcome"], after["outcome"]) == ("approve", "escalate")
    assert after["policy"] == made.policies["bistro"]
    assert (
        till.post("/v1/comps", json=body(), headers={"Idempotency-Key": "k1"}).json()["decision"]["policy"]
        == after["policy"]
    )
    (folder / "bistro.toml").write_text("[policy\n")
    engine.policies.refresh()
    assert till.get("/readyz").json() == {"status": "ready", "reasons": []}


def test_what_is_in_force_and_what_is_lost_is_told_once(
    engine: Engine, folder: Path, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A text of the last publication no longer its own: the one before it stays, loudly."""
    url = str(engine.store.url)
    made = [engine.publishing.publish(tighter(tmp_path, cap), by="cli:ana", why="so") for cap in ("6.00", "5.00")]
    name = made[1].policies["bistro"]
    altered = "UPDATE policy SET text = CAST('{}' AS BLOB) WHERE digest = :name"
    engine.store.write(lambda unit: unit.write(altered, {"name": name}))
    with Engine.open(url, policies=folder, clock=clock) as fresh:
        caretaker = Caretaker(fresh)
        for _ in range(2):
            caretaker.refresh()
        assert fresh.publishing.known_problems() == fresh.ready()
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "policies are in force as published",
        "policies have problems: the last good ones stay in force",
    ]
    about = [getattr(record, logs.FIELDS) for record in caplog.records]
    assert {item["publication"] for item in about[0]["published"]} == {1}
    (problem,) = about[1]["problems"]
    assert problem.startswith(f"publication 2: the text kept under `{name}` is another")


def test_metrics_tell_where_the_watched_candidate_differs(
    till: TestClient, engine: Engine, app: FastAPI, tmp_path: Path
) -> None:
    watch = Watch(engine)
    app.state.metrics.registry.register(watch)
    assert watch.advance() is False
    engine.publishing.begin_shadow(tighter(tmp_path).policies, Path("candidate"), by="cli:ana")
    for number, amount in enumerate((1000, 400)):
        usd = {"amount": amount, "currency": "USD"}
        made = till.post("/v1/comps", json=body(amount=usd), headers={"Idempotency-Key": f"k{number}"})
        assert made.json()["status"] == "approved"
    while watch.advance():
        pass
    text = till.get("/metrics").text
    assert "empower_shadow_decisions_total 2.0" in text
    assert 'empower_shadow_differences_total{change="approve_to_escalate"} 1.0' in text
    assert "empower_shadow_errors_total 0.0" in text


def test_a_shadow_that_cannot_be_followed_disturbs_nobody(till: TestClient, engine: Engine, app: FastAPI) -> None:
    watch = Watch(engine)
    app.state.metrics.registry.register(watch)

    class Broken:
        def read(self) -> Any:
            raise OSError("gone")

    watch._store = Broken()  # type: ignore[assignment]
    assert watch.advance() is False
    assert "empower_shadow_errors_total 1.0" in till.get("/metrics").text
    assert till.post("/v1/evaluate", json=body()).json()["outcome"] == "approve"
