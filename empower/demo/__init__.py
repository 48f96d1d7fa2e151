"""The demo: an evening at a bakery, a bistro and a hotel, with policies to start from."""

from pathlib import Path

HERE = Path(__file__).parent


def policies() -> Path:
    """The example policies: those that came with the package, or in a checkout the repository's own."""
    shipped = HERE / "policies"
    return shipped if shipped.is_dir() else HERE.parent.parent / "policies"


def feed() -> str:
    """The evening, JSON Lines: an order of Square's, the proposed remedy beside it, and what became of it."""
    return (HERE / "evening.jsonl").read_text(encoding="utf-8")


def account() -> str:
    """What the ids in those orders mean here, JSON: locations and categories."""
    return (HERE / "square.json").read_text(encoding="utf-8")


def roster() -> str:
    """Who works there, CSV."""
    return (HERE / "roster.csv").read_text(encoding="utf-8")
