"""Folders of policies to read."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from empower.core.policy import Policy
from empower.policy import read
from empower.policy.pages import BASE

SHOP = """\
[policy]
id = "shop"
locations = ["shop"]
extends = "base"
"""

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Makes a folder of `base.toml`, and of files given by name without `.toml`."""

    def make(**texts: str) -> Path:
        shutil.copy(BASE, tmp_path)
        for name, text in texts.items():
            (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.fixture
def shop(folder: Folder) -> Callable[[str], Policy]:
    """Makes the policy that `shop.toml` means, which extends `base` and goes on with the given text."""

    def make(text: str = "") -> Policy:
        reading = read(folder(shop=SHOP + text))
        assert [str(problem) for problem in reading.problems] == []
        return reading.policies.by_id["shop"]

    return make
