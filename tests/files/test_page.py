"""A file is read with its places, within limits, and never with a crash."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eurasia_sim.files.page import (
    DEEPEST_NESTING,
    LARGEST_FILE,
    Page,
    nearest,
    parse,
    read_file,
    scalar,
)

_LONG = "\n" * (LARGEST_FILE - 10)
# Aliases that multiply, to be stopped before they unfold.
_BOMB = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9))


def read(text: str) -> Page:
    return parse(text.encode(), "file.yaml")


def messages(document: Page) -> str:
    return "\n".join(map(str, document.problems))


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
    ("text", "value"),
    [("1", 1), ("-2", -2), ("1e-3", 0.001), (".5", 0.5), ("no", "no"), ("true", True), ("~", None),
     ("", None), ("2021-05", "2021-05"), ("1_000", "1_000"), ("0x1F", "0x1F"),
     ("-.inf", -math.inf)],
)  # fmt: skip
def test_an_unquoted_word_is_what_yaml_1_2_says(text, value):
    assert scalar(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: '1'", {"a": "1"}),  # a quoted number stays text
        ("a: >-\n  one\n  two\n", {"a": "one two"}),  # without the marks of its folds
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("\ufeffa: 1", {"a": 1}),  # a byte order mark is no content
    ],
)
def test_a_document_has_the_values_that_a_reader_expects(text, value):
    assert read(text).data == value


def test_every_duplicate_key_is_reported_with_the_line_of_the_first():
    document = read("a: 1\nb: {c: 1, c: 2}\na: 3\na: 4\n")
    places = [(problem.line, problem.column) for problem in document.problems]
    assert places == [(2, 11), (3, 1), (4, 1)]
    assert "first in line 1" in messages(document)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("# only a remark\n", "empty"),
        ("a: !!python/object/apply:os.system [ls]", "tag"),
        ("!mine {a: 1}", "tag"),
        ("a: *nowhere", "repeats nothing"),
        ("a: &a [*a]", "inside what it repeats"),
        ("a: 1\n---\nb: 2", "second document"),
        ("? [a]\n: 1", "key must be one word"),
        ("a: [1", "not valid YAML"),
        ("a: 1\n\tb: 2", "not valid YAML"),
        ("a: \x07", "\\u0007, which cannot be seen"),
        ('a: "\\e"', "\\u001b, which cannot be seen"),
        ("[" * (DEEPEST_NESTING + 1), "too deep"),
        ("- " * 5000, "too deep"),
        (f"a0: &a0 {[1] * 10}\n{_BOMB}", "aliases unfold to too many values"),
    ],
)
def test_what_a_scenario_may_not_hold_is_said(text, said):
    assert said in messages(read(text))


@pytest.mark.parametrize(
    "text",
    ["[", "a: {", "- a\n", "{a: [1,2,3]}, ", "? ", "&a ", "#", "a", "k: v\n", f"a: '{_LONG}"],
    ids=lambda text: text[:9],
)
def test_a_hostile_file_is_read_to_its_end_or_refused(tmp_path, text):
    path = tmp_path / "hostile.yaml"
    for size in (LARGEST_FILE, 40 * LARGEST_FILE):
        path.write_text(text * (size // len(text)))
        document = read_file(path)
        assert all(map(str, document.problems))


def test_the_message_shows_place_hint_line_and_what_is_allowed():
    document = read("colour: blu\n")
    document.report((1, 9), "unknown colour 'blu'", nearest("blu", ["red", "blue"]), "red, blue")
    first = "file.yaml:1:9: unknown colour 'blu' — did you mean blue?"
    assert messages(document) == f"{first}\n    colour: blu\n    allowed: red, blue"


_PUNCTUATION = st.text(alphabet="ab:-?[]{}&*!|>'\"%#@,\n\t 1.~\\", max_size=120).map(str.encode)


@given(st.binary(max_size=400) | _PUNCTUATION)
@example(b"%YAML 9.9\n---\na")
@example(b"%TAG ! tag:x,2000:\n--- !a b")
@example("a: \x85 b\u2028".encode())
@example(b"? \n? \n: ")
@example(b"--- |3\n x")
def test_no_bytes_make_it_crash(data):
    document = parse(data, "any")
    assert document.problems or document.places
    assert all(problem.line >= 1 and problem.column >= 1 for problem in document.problems)
