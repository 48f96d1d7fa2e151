"""What holds for all tests: the same examples on every machine, and nobody's own settings."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "house", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("house"), derandomize=False, max_examples=1000)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own store and policies are not the tests'."""
    for name in ("EMPOWER_STORE", "EMPOWER_POLICIES"):
        monkeypatch.delenv(name, raising=False)
