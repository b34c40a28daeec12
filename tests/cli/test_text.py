"""A person's text is text: whatever is written in it, no verb reads it as anything else."""

import io
import json
import sys
from html import unescape
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.command import call, done
from tests.sweeping import GRID

from eurasia_sim.cli import main, terminal
from eurasia_sim.files.text import REFUSED, visible
from eurasia_sim.reports.blocks import table
from eurasia_sim.scenarios.scenario import check_file
from eurasia_sim.simulation.results import events_file, read_manifest

# What some library, shell, page or terminal would read otherwise, and scripts of the world.
PIECES = (
    "$x^{$", "\\frac{1", "\\n", "[red]", "[/a]", "<b>&amp;</td>", "<script>alert(1)</script>",
    "%s %", "{a}", "{{ b }}", "{% if c %}", "'", '"', "`", "|", "#", ":smile:", "*_~", "=1+1",
    "- [x](y)", "\u4e2d\u6587\u6807\u9898", "\u0639\u0631\u0628\u064a", "\u05e2\u05d1\u05e8",
    "\u0939\u093f\u0928\u094d\u0926\u0940", "\u0e44\u0e17\u0e22", "\U0001f600", "e\u0301",
    "\u0645\u06cc\u200c\u062e", "\u200b", "\u3000", "\u00a0", "x" * 120, "\u4e2d" * 90,
)  # fmt: skip
FORBIDDEN = "\x1b\x00\x7f\x9b\u202e\u2066\u2028\ufeff"
SCENARIO = """format: 2
title: {title}
question: {question}
departs: "2001-12"
horizon: "2002-03"
levers: {{pressure: {{united_states: {{russia: 0.{at}}}}}}}
events: {{add: [{{id: met, date: "2002-01", title: {title},
  sets: {{pressure.russia.united_states: 0.1}}}}]}}
measures: [competition]
expect: {question}
"""
SWEEP = GRID.replace("A try", "{title}\nquestion: {question}").replace("{steps}", "2")

letters = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zl", "Zp"])
texts = st.tuples(st.permutations(PIECES), st.text(letters, max_size=9)).map(
    lambda parts: " ".join(parts[0]).replace("#", "\n", 1) + parts[1]
)
texts = texts.filter(lambda text: not REFUSED.search(text))
names = st.permutations(PIECES).map("".join).map(lambda text: text.replace("/", "\\")[:60])


def written(folder: Path, form: str, name: str, at: int = 1, **words: str) -> Path:
    """A file of a form, its texts in the notation of JSON, which YAML reads."""
    file = folder / f"{name}{at}.yaml"
    quoted = {key: json.dumps(text, ensure_ascii=False) for key, text in words.items()}
    file.write_text(form.format(at=at, **quoted), encoding="utf-8")
    return file


def answered(*words: object) -> str:
    """What a verb prints that ends well and says beside it, once at most, what no font has."""
    answer = call(*words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    lines = answer.stderr.splitlines()
    said = [line for line in lines if not line.startswith(("compiling once", "runs: "))]
    assert len(said) <= 1
    assert all(line.startswith("no font on this machine has") for line in said)
    assert not REFUSED.search(answer.stdout + answer.stderr)
    return answer.stdout


@settings(
    max_examples=max(1, settings.default.max_examples // 50),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(title=texts, question=texts, name=names)
def test_hostile_text_comes_whole_out_of_every_verb(
    tmp_path_factory: pytest.TempPathFactory, title: str, question: str, name: str
) -> None:
    place = tmp_path_factory.mktemp("text")
    out = place / name
    files = [written(place, SCENARIO, name, at, title=title, question=question) for at in (1, 2)]
    ids = [file.stem for file in files]
    assert all(f"{file}: nothing wrong" in answered("check", *files) for file in files)
    folder = Path(json.loads(answered("run", *files, "-n", "2", "--out", out, "--json"))["folder"])
    entries = read_manifest(folder)["scenarios"]
    assert list(entries) == ids
    for entry in entries.values():
        assert (entry["title"], entry["question"], entry["expect"]) == (title, question, question)
    assert set(pd.read_parquet(folder / "runs.parquet")["scenario"]) == set(ids)
    assert all((folder / events_file(each)).is_file() for each in ids)
    assert len(list((folder / "figures").glob("*.png"))) == 3
    answered("plot", folder, "--kind", "timeline")
    given_words = {"title": title, "question": question, "scenario": str(files[0])}
    sweep = written(place, SWEEP, f"s{name}", **given_words)
    swept = Path(json.loads(answered("sweep", sweep, "--out", out, "--json"))["folder"])
    assert read_manifest(swept)["title"] == title
    for each in (folder, swept):
        with mock.patch("eurasia_sim.reports.report.usual_kinds", return_value=["distribution"]):
            answered("report", each)
        page = (each / "report.html").read_text(encoding="utf-8")
        assert visible(title) in unescape(page)
        assert visible(question) in unescape(page)
        assert "<script" not in page
        assert "<b>&amp;" not in page


@pytest.mark.parametrize("unseen", FORBIDDEN)
def test_what_cannot_be_seen_is_refused_by_its_place_before_any_work(tmp_path, unseen):
    file, code = tmp_path / "a.yaml", f"\\u{ord(unseen):04x}"
    for text in (unseen, code):
        file.write_text(f'format: 2\ntitle: "a{text}"\n', encoding="utf-8")
        answer = call("run", file, "--out", tmp_path / "out")
        assert (answer.returncode, answer.stdout) == (2, "")
        assert f"{file}:2:" in answer.stderr
        assert f"{code}, which cannot be seen" in answer.stderr
    assert not (tmp_path / "out").exists()


def test_a_table_shows_markup_as_it_was_written_and_colours_unless_told_not_to(capsys, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")  # takes the output for a terminal
    texts = ("[red]x[/]", "[/a]", ":smile:", "a\x1b[1mb\nc", "y" * 900)
    terminal.say(table("[b]t[/b]", [[text] for text in texts], ["[i]head"]))
    shown = capsys.readouterr().out
    for text in ("[b]t[/b]", "[i]head", "[red]x[/]", "[/a]", ":smile:", "a\\u001b[1mb c", "…"):
        assert text in shown
    assert "\x1b" not in shown
    monkeypatch.delenv("NO_COLOR")
    terminal.say(table("t", [["b"]], ["head"]))
    assert "\x1b" in capsys.readouterr().out


@pytest.mark.parametrize("texts", [("x" * 47, "a"), ("a.b.c", "a b " * 30), ("a " * 40, "x" * 47)])
def test_a_table_parts_texts_between_words_where_there_is_room_for_the_longest(capsys, texts):
    terminal.say(table("", [[*texts, 0.123456, -12345.6]], "abcd"[: len(texts) + 2]))
    shown = capsys.readouterr().out
    assert {*" ".join(texts).split(), "0.123", "−12", "346"} <= {*shown.split()}
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("check \u4e2d.yaml", 2, "\\u4e2d.yaml:4:1: unknown key '\\u4e2d'"),
        ("list scenarios", 0, "\\u4e2d\\u6587 - \\u0639"),
        ("list scenarios --json", 0, '"says": "\\u4e2d\\u6587 \\u2013 \\u0639"'),
    ],
)
def test_a_terminal_of_another_alphabet_gets_an_answer_and_json_whole(
    tmp_path, monkeypatch, encoding, words, code, said
):
    monkeypatch.chdir(tmp_path)
    wrong = "format: 2\nkind: hypotheses\ntitle: a\n\u4e2d: 1\n"
    (tmp_path / "\u4e2d.yaml").write_text(wrong, "utf-8")
    (tmp_path / "scenarios").mkdir()
    own = "format: 2\ntitle: \u4e2d\u6587 \u2013 \u0639\n"
    (tmp_path / "scenarios" / "own.yaml").write_text(own, "utf-8")
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "argv", ["eurasia-sim", *words.split()])
    with mock.patch.object(sys, "stdout", out), pytest.raises(SystemExit) as ended:
        main()
    out.flush()
    shown = out.buffer.getvalue().decode(encoding)
    assert (ended.value.code or 0, said in shown, " ? " in shown) == (code, True, False)


@pytest.mark.parametrize("name", ["true", "1", "null", "1e5", "no-2"])
def test_a_new_file_is_read_as_what_was_asked_whatever_its_name(tmp_path, monkeypatch, name, world):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "[b].yaml").write_text("format: 2\ntitle: '{x}'\n", encoding="utf-8")
    for base in ("us_exit", "[b].yaml"):
        done("new", name, "--from", base)
        said = [each.message for each in check_file(tmp_path / f"{name}.yaml", world)]
        assert said == ["question is empty", "expect is empty"]
        (tmp_path / f"{name}.yaml").unlink()
