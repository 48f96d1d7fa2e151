"""The last good set stays in force while files are edited."""

import os
import threading
from pathlib import Path

import pytest

from empower.policy import PolicyProblemsError, PolicySource, read

from .conftest import SHOP, Folder

HOTEL = SHOP.replace("shop", "hotel")


@pytest.fixture
def directory(folder: Folder) -> Path:
    return folder(shop=SHOP, hotel=HOTEL)


def test_a_folder_with_problems_cannot_begin(directory: Path) -> None:
    (directory / "hotel.toml").write_text("[policy")
    with pytest.raises(PolicyProblemsError) as raised:
        PolicySource(directory)
    assert [problem.file for problem in raised.value.problems] == ["hotel.toml"]
    assert "hotel.toml:1:8: not TOML" in str(raised.value)


def test_nothing_changes_without_a_change(directory: Path) -> None:
    source = PolicySource(directory)
    before = source.current
    assert source.refresh() is False
    assert source.current is before


def test_an_edit_comes_into_force(directory: Path) -> None:
    source = PolicySource(directory)
    before = source.current.by_id["shop"].digest
    (directory / "shop.toml").write_text(SHOP + "[remedies.dessert]\nmost = 9.00\n")
    assert source.refresh() is True
    assert source.current.by_id["shop"].digest != before
    assert source.refresh() is False


def test_an_edit_that_means_the_same_changes_nothing(directory: Path) -> None:
    source = PolicySource(directory)
    before = source.current
    (directory / "shop.toml").write_text(SHOP + "# a comment\n")
    assert source.refresh() is False
    assert source.current is before


def test_a_problem_keeps_the_last_good_set_whole(directory: Path) -> None:
    """Also what is right in the other files waits."""
    source = PolicySource(directory)
    before = source.current
    (directory / "shop.toml").write_text(SHOP + "[remedies.dessert]\nmost = 9.0\n")
    (directory / "hotel.toml").write_text(HOTEL + "[remedies.dessert]\nmost = 9.00\n")
    assert source.refresh() is False
    assert source.current is before
    assert [problem.name for problem in source.problems] == ["wrong-decimals"]
    assert source.refresh() is False
    assert len(source.problems) == 1
    (directory / "shop.toml").write_text(SHOP)
    assert source.refresh() is True
    assert source.problems == ()
    assert source.current.by_id["hotel"].remedies["dessert"].most == 900


def test_a_file_comes_and_goes(directory: Path) -> None:
    source = PolicySource(directory)
    (directory / "hotel.toml").unlink()
    assert source.refresh() is True
    assert list(source.current.by_id) == ["shop"]
    (directory / "hotel.toml").write_text(HOTEL)
    assert source.refresh() is True
    assert list(source.current.by_id) == ["hotel", "shop"]


def test_a_folder_that_vanishes_changes_nothing(directory: Path) -> None:
    source = PolicySource(directory)
    before = source.current
    directory.rename(directory.parent / f"{directory.name}-away")
    assert source.refresh() is False
    assert source.current is before
    assert [problem.name for problem in source.problems] == ["no-policy"]


def test_a_file_replaced_by_another_of_the_same_size_and_time_is_seen(directory: Path) -> None:
    path = directory / "shop.toml"
    path.write_text(SHOP + "[remedies.dessert]\nmost = 9.00\n")
    source = PolicySource(directory)
    marks = path.stat()
    other = directory / "shop.toml.new"
    other.write_text(SHOP + "[remedies.dessert]\nmost = 8.00\n")
    os.utime(other, ns=(marks.st_atime_ns, marks.st_mtime_ns))
    other.replace(path)
    assert source.refresh() is True
    assert source.current.by_id["shop"].remedies["dessert"].most == 800


def test_threads_see_one_set_or_the_other(directory: Path) -> None:
    source = PolicySource(directory)
    texts = {
        name: [text + f"[remedies.dessert]\nmost = {most}.00\n" for most in (8, 9)]
        for name, text in (("shop", SHOP), ("hotel", HOTEL))
    }
    seen: list[set[int | None]] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            source.refresh()
            seen.append({policy.remedies["dessert"].most for policy in source.current})

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(20):
        (directory / "shop.toml").write_text("[broken")
        (directory / "hotel.toml").write_text(texts["hotel"][number % 2])
        (directory / "shop.toml").write_text(texts["shop"][number % 2])
    stop.set()
    for thread in threads:
        thread.join()
    source.refresh()
    assert source.problems == ()
    assert {frozenset(most) for most in seen} <= {frozenset({1500}), frozenset({800}), frozenset({900})}
    assert {policy.remedies["dessert"].most for policy in source.current} == {900}


def test_fixed_policies_stay(directory: Path) -> None:
    policies = list(read(directory).policies)
    source = PolicySource.fixed(policies)
    assert (source.refresh(), source.problems, list(source.current)) == (False, (), policies)
    assert source.current.policy_for("shop") is policies[1]
