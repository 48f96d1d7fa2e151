"""Cells that a spreadsheet would run, a terminal would obey, or a reader could not read."""

import csv
import io

import pytest

from empower.cli.amounts import Cash
from empower.cli.output import Column, as_csv, text

COLUMNS = (Column("name", lambda row: row[0]), Column("amount", lambda row: row[1]))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_cell_of_csv_is_never_a_formula(name: str) -> None:
    out = as_csv([(name, Cash(1250, "USD"))], COLUMNS)
    assert list(csv.reader(io.StringIO(out, newline="")))[1] == [f"'{name}", "12.50"]


def test_a_cell_of_csv_has_no_control_characters() -> None:
    assert as_csv([("\t=1\r", 1)], COLUMNS) == "name,amount\n\N{REPLACEMENT CHARACTER}=1\N{REPLACEMENT CHARACTER},1\n"


def test_numbers_of_our_own_stay_numbers_in_csv() -> None:
    assert as_csv([("a", Cash(-50, "USD")), ("b", -3), ("c", None)], COLUMNS) == "name,amount\na,-0.50\nb,-3\nc,\n"


def test_a_cell_never_carries_what_a_terminal_obeys() -> None:
    shown = text("\x1b[31mred\x07 [bold]x[/bold]").plain
    assert shown == "\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER} [bold]x[/bold]"
