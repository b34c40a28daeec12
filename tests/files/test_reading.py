"""Ordinary files alone are read, within limits, with the place of every value; text is shown."""

import csv
import io
import json
import math
import os
import unicodedata
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from eurasia_sim.files import ordinary, page, text
from eurasia_sim.files.ordinary import Missing, Unreadable, table_rows
from eurasia_sim.files.page import DEEPEST_NESTING, LARGEST_FILE, Page
from eurasia_sim.hypotheses.hypothesis import HypothesesFile

_LONG = "\n" * (LARGEST_FILE - 10)
# Aliases that multiply, to be stopped before they unfold.
_BOMB = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9))


def read(content: str) -> Page:
    return page.parse(content.encode(), "file.yaml")


def test_values_remember_where_they_stood():
    document = read("a: 1\nb:\n  c: [x, 2.5]\n")
    assert document.data == {"a": 1, "b": {"c": ["x", 2.5]}}
    assert document.place(("b", "c", 1)) == (3, 10)
    assert document.place(("b", "c"), of_key=True) == (3, 3)
    assert document.place(("b", "nowhere")) == (3, 3)
    assert read("a/b: 1\na: {b: 2}\n").place(("a/b",)) == (1, 6)
    data = read("a: &x {b: 1}\nc: *x").data
    assert data["a"] is not data["c"]  # so that what misfits is taken out of one alone


@pytest.mark.parametrize(
    ("written", "value"),
    [("1", 1), ("-2", -2), ("1e-3", 0.001), (".5", 0.5), ("no", "no"), ("true", True), ("~", None),
     ("", None), ("2021-05", "2021-05"), ("1_000", "1_000"), ("0x1F", "0x1F"), ("'1'", "1"),
     ("-.inf", -math.inf), (">-\n  one\n  two\n", "one two"), ('"\\U0001F600 é"', "\U0001f600 é")],
)  # fmt: skip
def test_a_value_is_what_yaml_1_2_says(written, value):
    assert read(f"\ufeffa: {written}").data["a"] == value  # a byte order mark is no content
    if written[:1] not in ("'", '"', ">"):
        assert page.scalar(written) == value


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"), ("# only a remark\n", "empty"), ("!mine {a: 1}", "tag"),
        ("a: !!python/object/apply:os.system [ls]", "tag"), ("a: *nowhere", "repeats nothing"),
        ("a: &a [*a]", "repeats nothing"), ("a: 1\n---\nb: 2", "second document"),
        ("? [a]\n: 1", "key must be one word"), ("a: [1", "not valid YAML"),
        ("a: 1\n\tb: 2", "not valid YAML"), ("a: \x07", "\\u0007, which cannot be seen"),
        ('a: "\\e"', "\\u001b, which cannot be seen"), ("- " * 5000, "too deep"),
        ('title: "\\ud800"', "cannot be seen"), ('"\\ud800": {title: x}', "cannot be seen"),
        ("[" * (DEEPEST_NESTING + 1), "too deep"),
        (f"a0: &a0 {[1] * 10}\n{_BOMB}", "aliases unfold to too many values"),
        ("a: 1\nb: {c: 1, c: 2}\na: 3\na: 4\n", "'c' stands twice (first in line 2)"),
    ],
)  # fmt: skip
def test_what_a_file_may_not_hold_is_said(content, said):
    document = read(content)
    assert said in str(document.problems[0])
    assert document.validated(HypothesesFile) is None
    if "twice" in said:
        places = [(problem.line, problem.column) for problem in document.problems]
        assert places[:3] == [(2, 11), (3, 1), (4, 1)]


@pytest.mark.parametrize(
    "content",
    ["[", "a: {", "- a\n", "{a: [1,2,3]}, ", "? ", "&a ", "#", "a", "k: v\n", f"a: '{_LONG}"],
    ids=lambda content: content[:9],
)
def test_a_hostile_file_is_read_to_its_end_or_refused(tmp_path, content):
    path = tmp_path / "hostile.yaml"
    for size in (LARGEST_FILE, 40 * LARGEST_FILE):
        path.write_text(content * (size // len(content)))
        assert all(map(str, page.read_file(path).problems))


def test_the_message_shows_place_hint_line_and_what_is_allowed():
    document = read("colour: blu\n")
    near = page.nearest("blu", ["red", "blue"])
    document.report((1, 9), "unknown colour 'blu'", near, "red, blue")
    first = "file.yaml:1:9: unknown colour 'blu' — did you mean blue?"
    assert str(*document.problems) == f"{first}\n    colour: blu\n    allowed: red, blue"


_PUNCTUATION = st.text(alphabet="ab:-?[]{}&*!|>'\"%#@,\n\t 1.~\\", max_size=120).map(str.encode)


@given(st.binary(max_size=400) | _PUNCTUATION)
@example(b"%YAML 9.9\n---\na")
@example(b"%TAG ! tag:x,2000:\n--- !a b")
@example("a: \x85 b\u2028".encode())
@example(b"? \n? \n: ")
@example(b"--- |3\n x")
def test_no_bytes_make_it_crash(data):
    document = page.parse(data, "any")
    assert document.problems or document.places
    assert all(problem.line >= 1 and problem.column >= 1 for problem in document.problems)


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
def test_what_is_no_ordinary_file_is_not_opened(tmp_path, make, kind, said):
    make(path := tmp_path / "x")
    with pytest.raises(kind, match=said):
        ordinary.read_bytes(path, 4)
    assert said == "5 bytes" or said in str(page.read_file(path).problems)
    with pytest.raises(Unreadable, match="cannot be read"):
        ordinary.read_bytes(tmp_path / "a\0b")


def test_a_file_that_may_not_be_read_is_said_to_be_so_and_bytes_that_are_no_text_are_placed(
    tmp_path, monkeypatch
):
    (tmp_path / "x").write_text("a: 1")
    refuse = mock.Mock(side_effect=PermissionError(13, "Permission denied"))
    monkeypatch.setattr(type(tmp_path), "open", refuse)
    assert "Permission denied" in str(page.read_file(tmp_path / "x").problems[0])
    problem = page.parse(b"a: 1\nb: \xff", "f").problems[0]
    assert (problem.line, problem.column) == (2, 4)
    with pytest.raises(Unreadable, match="not UTF-8") as caught:
        ordinary.decoded("é\nab".encode() + b"\xff")
    assert caught.value.place == (2, 3)


def test_rows_of_a_table_know_their_lines(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b\n\n1,"2\n3"\n4,5\n')
    assert list(table_rows(path, 99)) == [(1, ["a", "b"]), (4, ["1", "2\n3"]), (5, ["4", "5"])]
    path.write_bytes(b'a\n"b"c\n')
    with pytest.raises(Unreadable, match="no table") as caught:
        list(table_rows(path, 99))
    assert caught.value.place == (2, 1)


CELLS = ["=1+1", "@a", "+1", "-2+3", "\tx", "'=1", "''-", "'a", "a=1", "", "\u4e2d", "[/b]$%"]


def test_no_cell_of_a_written_table_is_a_formula_and_all_come_back():
    kinds = pd.Categorical(CELLS)
    table = pd.DataFrame({"=a": CELLS, "b": kinds, "c": -1.5, "d": [None, *CELLS[1:]]})
    written = ordinary.csv_bytes(table).decode()
    cells = [cell for row in csv.reader(io.StringIO(written)) for cell in row if cell != "-1.5"]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    back = ordinary.unguarded(pd.read_csv(io.StringIO(written), keep_default_na=False))
    assert list(back["'=a"]) == list(back["b"]) == CELLS
    assert list(back["d"]) == ["", *CELLS[1:]]
    plain = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Series([1, None], dtype=object)})
    assert ordinary.csv_bytes(plain).decode() == plain.to_csv(index=False)


AWKWARD = '<>:"/\\|?*\x00\x1b\x7f\n\r\t'
some_text = st.text(st.characters() | st.sampled_from(AWKWARD + "\udce9\u202e. "), max_size=300)


@given(some_text, some_text)
def test_any_text_names_a_file_of_its_own_that_every_system_takes(one, other):
    name = text.file_name_from(one)
    assert 0 < len(name.encode()) <= 159
    assert not {*AWKWARD} & {*name}
    assert name == name.strip(" .") == text.visible(name) == text.file_name_from(name)
    assert (name == one) or name[-8:].isalnum()
    for each in (other, one.swapcase()):
        assert (text.file_name_from(each).casefold() == name.casefold()) == (one == each)


def test_a_text_that_will_do_names_its_file_as_it_is_and_no_other_does():
    for name in ("us_exit", "[b]", "$x^{$", "\u4e2d\u6587", "a b", "a.b-2", "{a}"):
        assert text.file_name_from(name) == name
    awkward = ["con", "NUL.txt", "Us_exit", "lpt1", "", ".", "..", "a.", " a", "a/b"]
    for name in (*awkward, "\u00c5", "e\u0301"):
        assert text.file_name_from(name) != name


@given(some_text)
def test_what_is_made_visible_comes_back_whole_from_json(given_text):
    shown = text.visible(json.dumps(given_text, ensure_ascii=False))
    assert json.loads(shown) == given_text
    assert not {"Cc", "Cs"} & {unicodedata.category(each) for each in shown}


def test_a_line_shows_what_cannot_be_seen_and_keeps_both_its_ends():
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"  # a joiner between its letters
    assert text.visible(persian) == persian
    assert text.visible("a\u200bb\u200c \ufeff") == "a\\u200bb\\u200c \\ufeff"
    assert text.fault("a b \u4e2d [x] $") == ""
    assert text.fault("a\udce9\nb") == "a\\xe9\\nb is not UTF-8"
    assert text.fault("a\tb\x07") == "a\\tb\\u0007 holds control characters"
    assert text.shortened("a" * 99 + "\n" + "b" * 99, 20) == "a" * 14 + "…" + "b" * 5
    assert text.shortened("a  b", 20) == "a b"


@given(st.text(st.sampled_from("ab \u4e2d\u6587"), max_size=60), st.integers(4, 30))
def test_lines_keep_to_their_columns_but_for_half_a_letter_and_lose_no_letter(words, width):
    lines = text.wrapped(words, width)
    assert all(cell_len(line) <= width + 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(words.split())
