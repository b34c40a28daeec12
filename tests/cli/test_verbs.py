"""The light verbs: what they say, how they end, and what they do not load."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from eurasia_sim.cli import REPLACED, VERBS, main
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.world.world import load_world

HEAVY = ("numba", "mesa", "pandas", "matplotlib", "scipy", "pyarrow")


@pytest.fixture
def say(monkeypatch, capsys):
    """Run a command line; answers the exit code, what was printed, and what was complained of."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["eurasia-sim", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_names_every_verb(say):
    code, printed, _ = say("--help")
    assert code == 0
    assert all(f"  {verb} " in printed for verb in VERBS)
    assert "Example: eurasia-sim" in printed


@pytest.mark.parametrize("verb", ["check", "list", "new", "explain"])
def test_every_light_verb_helps_with_an_example(say, verb):
    code, printed, _ = say(verb, "--help")
    assert code == 0
    assert f"Example: eurasia-sim {verb}" in printed


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["chek"], 2, "Did you mean 'check'"),
        (["check"], 2, "Missing argument"),
        (["check", "none.yaml"], 2, ""),
        (["new", "x"], 2, "--from"),
        (["new", "x", "--from", "us_exti"], 2, "did you mean us_exit"),
        (["new", "../x", "--from", "us_exit"], 2, "cannot name a scenario"),
        (["new", "us_stays", "--from", "us_exit"], 1, "already"),
        (["list", "scenaros"], 2, "did you mean scenarios"),
        (["list", "--world", "nowhere"], 2, "nowhere"),
        (["check", "--schema", "--out", "no/such/folder/x.json"], 1, "x.json"),
    ],
)
def test_wrong_words_end_with_a_reason_and_no_traceback(say, here, words, code, said):
    ended, printed, complaint = say(*words)
    assert ended == code
    assert said in printed + complaint
    assert "Traceback" not in complaint


@pytest.mark.parametrize(
    "words",
    [
        ["schema"],
        ["cite", "us_exit"],
        ["evidence", "list", "--json"],
        ["camps", "--help"],
        ["merge", "a", "b"],
    ],
)
def test_a_verb_that_has_left_says_in_one_line_how_to_ask_now(say, words):
    code, printed, complaint = say(*words)
    assert (code, printed) == (2, "")
    assert complaint.splitlines() == [complaint.rstrip()]
    assert f"eurasia-sim {REPLACED[words[0]]}" in complaint
    assert REPLACED[words[0]].split()[0] in VERBS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "us_exit", "--out", "x.json"], "--out: only with --schema"),
        (["check", "us_exit", "--schema"], "files: not with --schema"),
        (["explain", "actors", "--about", "china"], "--about: only with --evidence list"),
        (
            ["explain", "--evidence", "list", "--draws", "200"],
            "--draws: only with --evidence agreement",
        ),
        (["explain", "--evidence", "list", "--cite"], "--cite: not with --evidence"),
        (["explain", "--evidence", "list", "china"], "takes no NAME"),
        (["explain", "--evidence", "verify"], "takes one NAME"),
        (["explain", "--cite"], "give either names"),
        (["explain", "us_exti", "--cite"], "did you mean us_exit"),
        (["explain", ".", "--cite"], "names no scenario"),
        (["analyze", "record", "--blocs", "--above", "1"], "--above: not with --blocs"),
        (["analyze", "results", "--month", "2010-01", "-n", "3"], "--month, -n: only with --blocs"),
        (["analyze", "results", "others"], "one results folder"),
        (["analyze", "results", "--seed", "0"], "--seed 0 must be from 1"),
    ],
)
def test_options_that_do_not_go_together_end_with_two_and_say_so(say, here, words, said):
    code, _, complaint = say(*words)
    assert code == 2
    assert said in complaint
    assert "Traceback" not in complaint


def test_check_says_that_nothing_is_wrong(say):
    assert say("check", "us_exit", "us_stays") == (
        0,
        "us_exit: nothing wrong\nus_stays: nothing wrong\n",
        "",
    )


def test_check_prints_place_hint_line_and_what_is_allowed(say, here):
    (here / "bad.yaml").write_text(
        'format: 1\ntitle: x\ndeparts: "2021-05"\nlevers: {revisionism: {rusia: 7}}\n'
    )
    code, printed, _ = say("check", "bad.yaml")
    assert code == 2
    assert printed.startswith("bad.yaml:4:24: unknown actor 'rusia'")
    assert "did you mean russia?" in printed
    assert "    levers: {revisionism: {rusia: 7}}\n    allowed: russia, china" in printed
    assert printed.endswith("bad.yaml: 1 problem\n")


def test_check_answers_scripts_in_json(say, here):
    (here / "bad.yaml").write_text("format: 1\n")
    code, printed, _ = say("check", "bad.yaml", ".", "--json")
    assert code == 2
    assert [(problem["file"], problem["line"]) for problem in json.loads(printed)] == [
        ("bad.yaml", 1),
        (".", 1),
    ]


def test_list_shows_every_kind(say):
    code, printed, _ = say("list")
    assert code == 0
    for word in ("scenarios:", "us_exit", "theories:", "inertia", "actors:", "levers:", "pressure.<actor>.<actor>",
                 "measures:", "competition", "institutions:", "events:"):  # fmt: skip
        assert word in printed


def test_list_answers_scripts_in_json(say):
    code, printed, _ = say("list", "numbers", "theatres", "--json")
    found = json.loads(printed)
    assert code == 0
    assert set(found) == {"numbers", "theatres"}
    assert all(
        row["range"] is None or row["range"][0] <= row["value"] <= row["range"][1]
        for row in found["numbers"]
    )


def test_the_measures_listed_are_the_measures_there_are():
    from eurasia_sim.kernel.outcomes import column_names
    from eurasia_sim.scenarios.schema import measures

    columns = column_names(["a", "b"], ["k"], ("d",), [("a", "b")], ["s"])
    assert list(measures()) == list(dict.fromkeys(column.split(".")[0] for column in columns))


@pytest.mark.parametrize("base", ["us_exit", "record", "afghan_stable", "no_ukraine_war"])
def test_new_writes_a_file_that_is_sound_and_says_what_its_base_says(say, here, base):
    assert say("new", "mine", "--from", base)[0] == 0
    assert say("check", "mine.yaml") == (0, "mine.yaml: nothing wrong\n", "")
    world = load_world()
    assert load_scenario("mine.yaml", world).steps == load_scenario(base, world).steps
    assert json.loads((here / "scenario.schema.json").read_text())["title"]
    assert say("new", "mine", "--from", base)[0] == 1


def test_schema_prints_json(say, here):
    code, printed, _ = say("check", "--schema")
    assert code == 0
    assert json.loads(printed)["$schema"].endswith("2020-12/schema")
    assert say("check", "--schema", "--out", "s.json")[0] == 0
    assert json.loads((here / "s.json").read_text()) == json.loads(printed)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["check", "us_exit"],
        ["check", "--help"],
        ["list"],
        ["list", "scenarios"],
        ["check", "--schema"],
        ["explain", "rules.perception.distance_decay"],
        ["explain", "us_exit", "--cite"],
        ["compare", "--help"],
    ],
)
def test_a_light_verb_loads_nothing_heavy(words):
    code = f"""
import sys
sys.argv = ["eurasia-sim", *{words!r}]
from eurasia_sim.cli import main
try:
    main()
finally:
    print("loaded:", sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "loaded: []"
