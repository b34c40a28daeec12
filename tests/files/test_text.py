import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from eurasia_sim.files.text import fault, file_name_from, shortened, visible, wrapped

AWKWARD = '<>:"/\\|?*\x00\x1b\x7f\n\r\t'
some_text = st.text(st.characters() | st.sampled_from(AWKWARD + "\udce9\u202e. "), max_size=300)


@given(some_text)
def test_any_text_names_a_file_that_every_system_takes(text):
    name = file_name_from(text)
    assert 0 < len(name.encode()) <= 159
    assert not {*AWKWARD} & {*name}
    assert name == name.strip(" .")
    assert visible(name) == name
    assert file_name_from(name) == name
    assert (name == text) or name[-8:].isalnum()
    assert file_name_from(text.swapcase()).casefold() != name.casefold() or text.swapcase() == text


@given(some_text, some_text)
def test_two_texts_name_two_files(one, other):
    assert (file_name_from(one) == file_name_from(other)) == (one == other)


def test_a_text_that_will_do_names_its_file_as_it_is_and_no_other_does():
    for text in ("us_exit", "[b]", "$x^{$", "\u4e2d\u6587", "a b", "a.b-2", "{a}"):
        assert file_name_from(text) == text
    awkward = ["con", "NUL.txt", "Us_exit", "lpt1", "", ".", "..", "a.", " a", "a/b"]
    for text in (*awkward, "\u00c5", "e\u0301"):
        assert file_name_from(text) != text


@given(some_text)
def test_what_is_made_visible_comes_back_whole_from_json(text):
    shown = visible(json.dumps(text, ensure_ascii=False))
    assert json.loads(shown) == text
    assert not {"Cc", "Cs"} & {unicodedata.category(each) for each in shown}


def test_a_joiner_stays_between_letters_of_a_script_that_has_it_and_is_shown_elsewhere():
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert visible(persian) == persian
    assert visible("a\u200bb\u200c \ufeff") == "a\\u200bb\\u200c \\ufeff"


def test_a_line_is_refused_for_what_cannot_be_seen_in_it_and_said_in_one_line():
    assert fault("a b \u4e2d [x] $") == ""
    assert fault("a\udce9\nb") == "a\\xe9\\nb is not UTF-8"
    assert fault("a\tb\x07") == "a\\tb\\u0007 holds control characters"


@given(st.text(st.sampled_from("ab \u4e2d\u6587"), max_size=60), st.integers(4, 30))
def test_lines_keep_to_their_columns_but_for_half_a_letter_and_lose_no_letter(text, width):
    lines = wrapped(text, width)
    assert all(cell_len(line) <= width + 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_long_text_keeps_both_its_ends():
    assert shortened("a" * 99 + "\n" + "b" * 99, 20) == "a" * 14 + "…" + "b" * 5
    assert shortened("a  b", 20) == "a b"
