"""Only ordinary files are opened, of a size that is known; text is UTF-8, a table has rows."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pytest

from eurasia_sim.files.ordinary import (
    Missing,
    Unreadable,
    csv_bytes,
    decoded,
    read_bytes,
    table_rows,
    unguarded,
)
from eurasia_sim.files.page import parse, read_file
from eurasia_sim.hypotheses.hypothesis import HypothesesFile


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        (Path.mkdir, Unreadable, "this is a folder"),
        (os.mkfifo, Unreadable, "not an ordinary file"),
        (lambda path: path.symlink_to("/dev/zero"), Unreadable, "not an ordinary file"),
        (lambda path: path.write_bytes(b"12345"), Unreadable, "5 bytes"),
        (lambda path: path.symlink_to("nowhere"), Missing, "this links to no file"),
        (lambda path: None, Missing, "no such file"),
    ],
)
def test_what_is_no_ordinary_file_is_not_opened(
    tmp_path: Path, make: Callable[[Path], Any], kind: type[Exception], said: str
) -> None:
    make(path := tmp_path / "x")
    with pytest.raises(kind, match=said):
        read_bytes(path, 4)
    assert said == "5 bytes" or said in str(read_file(path).problems)
    with pytest.raises(Unreadable, match="cannot be read"):
        read_bytes(tmp_path / "a\0b")


def test_a_file_that_may_not_be_read_is_said_to_be_so(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "x").write_text("a: 1")
    refuse = mock.Mock(side_effect=PermissionError(13, "Permission denied"))
    monkeypatch.setattr(type(tmp_path), "open", refuse)
    assert "Permission denied" in str(read_file(tmp_path / "x").problems[0])


def test_bytes_that_are_no_text_are_placed() -> None:
    problem = parse(b"a: 1\nb: \xff", "f").problems[0]
    assert (problem.line, problem.column) == (2, 4)
    assert decoded(b"\xef\xbb\xbfa") == "a"
    with pytest.raises(Unreadable, match="not UTF-8") as caught:
        decoded("é\nab".encode() + b"\xff")
    assert caught.value.place == (2, 3)


def test_rows_of_a_table_know_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b\n\n1,"2\n3"\n4,5\n')
    assert list(table_rows(path, 99)) == [(1, ["a", "b"]), (4, ["1", "2\n3"]), (5, ["4", "5"])]
    path.write_bytes(b'a\n"b"c\n')
    with pytest.raises(Unreadable, match="no table") as caught:
        list(table_rows(path, 99))
    assert caught.value.place == (2, 1)


CELLS = ["=1+1", "@a", "+1", "-2+3", "\tx", "'=1", "''-", "'a", "a=1", "", "\u4e2d", "[/b]$%"]


def test_no_cell_of_a_written_table_is_a_formula_and_all_come_back() -> None:
    kinds = pd.Categorical(CELLS)
    table = pd.DataFrame({"=a": CELLS, "b": kinds, "c": -1.5, "d": [None, *CELLS[1:]]})
    text = csv_bytes(table).decode()
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row if cell != "-1.5"]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    back = unguarded(pd.read_csv(io.StringIO(text), keep_default_na=False))
    assert list(back["'=a"]) == list(back["b"]) == CELLS
    assert list(back["d"]) == ["", *CELLS[1:]]
    plain = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Series([1, None], dtype=object)})
    assert csv_bytes(plain).decode() == plain.to_csv(index=False)


def test_half_a_character_is_no_text() -> None:
    for text in (b'title: "\\ud800"', b'"\\ud800": {title: x}'):
        document = parse(text, "x")
        assert "cannot be seen" in document.problems[0].message
        assert document.validated(HypothesesFile) is None
    assert not parse('title: "\\U0001F600 é"'.encode(), "x").problems
