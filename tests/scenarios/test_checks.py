"""Everything wrong with a scenario file is said at once, with its place and what would be right."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eurasia_sim.files.user_yaml import Problem
from eurasia_sim.scenarios.scenario import check_file
from eurasia_sim.world.world import World, load_world

HEAD = 'format: 1\ntitle: A test\ndeparts: "2021-05"\n'


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


@pytest.fixture
def check(tmp_path, world, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def checked(text: str, name: str = "case.yaml") -> list[Problem]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return check_file(name, world)

    return checked


# What the file says after its head -> line and column of the complaint, and words that it must hold.
WRONG = {
    "unknown key": ("levrs: {}\n", 4, 1, ["unknown key 'levrs'", "did you mean levers"]),
    "unknown key of an event": (
        'events:\n  add: [{id: a, date: "2022-01", sets: {}, sett: 1}]\n', 5, 44, ["'sett'", "did you mean sets"]),
    "unknown key of events": ("events: {remove: []}\n", 4, 10, ["'remove'", "add, drop"]),
    "wrong type": ("question: [1]\n", 4, 11, ["question is a list", "valid string"]),
    "number for text": ("expect: 3\n", 4, 9, ["expect is 3", "valid string"]),
    "empty levers": ("levers:\n", 4, 1, ["levers is empty"]),
    "duplicate key": ("title: Again\n", 4, 1, ["'title' stands twice", "line 2"]),
    "unknown lever": ("levers: {presense: {}}\n", 4, 10, ["unknown lever 'presense'", "did you mean presence"]),
    "unknown actor": (
        "levers: {revisionism: {rusia: 0.1}}\n", 4, 24, ["unknown actor 'rusia'", "did you mean russia", "kazakhstan"]),
    "unknown theatre": (
        "levers: {conduct: {afganistan: 0.1}}\n", 4, 20, ["unknown theatre", "did you mean afghanistan"]),
    "unknown kind of presence": (
        "levers: {presence: {russia: {tajikistan: {troops: 1}}}}\n", 4, 43, ["presence kind 'troops'", "forces"]),
    "too few ids": ("levers: {presence: {russia: 3}}\n", 4, 29, ["needs a theatre", "presence.<actor>.<theatre>"]),
    "too many ids": ("levers: {conduct: {afghanistan: {more: 1}}}\n", 4, 34, ["'more' is no month"]),
    "an actor and itself": ("levers: {pressure: {russia: {russia: 1}}}\n", 4, 30, ["stands twice"]),
    "text for a number": (
        "levers: {conduct: {afghanistan: mild}}\n", 4, 33, ["'mild', not a number", "allowed: -1 to 1"]),
    "truth for a number": ("levers: {conduct: {afghanistan: true}}\n", 4, 33, ["true, not a number"]),
    "nothing for a number": ("levers: {conduct: {afghanistan: }}\n", 4, 20, ["empty, not a number"]),
    "out of range": ("levers: {revisionism: {russia: 1.5}}\n", 4, 32, ["1.5, out of range", "allowed: 0 to 1"]),
    "not a number": ("levers: {revisionism: {russia: .nan}}\n", 4, 32, ["nan, not a finite number", "0 to 1"]),
    "infinite": ("levers: {revisionism: {russia: -.inf}}\n", 4, 32, ["-inf, not a finite number"]),
    "overflow": ("levers: {revisionism: {russia: 1e999}}\n", 4, 32, ["inf, not a finite number"]),
    "nobody for a ruler": ("levers: {rule: {afghanistan: nobody}}\n", 4, 30, ["unknown actor 'nobody'", "free"]),
    "a list for a ruler": ("levers: {rule: {afghanistan: [taliban]}}\n", 4, 30, ["unknown actor a list"]),
    "free where nothing is": ("levers: {revisionism: {russia: free}}\n", 4, 32, ["'free', not a number"]),
    "malformed month": (
        'levers: {revisionism: {russia: {"2021-13": 1}}}\n', 4, 33, ["'2021-13' is no month", "YYYY-MM"]),
    "a day for a month": ("levers: {revisionism: {russia: {2021-06-01: 1}}}\n", 4, 33, ["is no month"]),
    "beyond the horizon": (
        'levers: {revisionism: {russia: {"2040-01": 1}}}\n', 4, 33, ["outside the period", "2001-10 to 2030-12"]),
    "before it departs": (
        'levers: {revisionism: {russia: {"2020-01": 1}}}\n', 4, 33,
        ["before the scenario departs", "2021-05 or later"]),
    "malformed horizon": ("horizon: soon\n", 4, 10, ["'soon' is no month"]),
    "end before start": ('horizon: "2019-01"\n', 4, 10, ["end 2019-01", "departure 2021-05"]),
    "unknown event": ("events: {drop: [us_withdrawl]}\n", 4, 17, ["unknown event", "did you mean us_withdrawal"]),
    "event given twice": (
        'events: {add: [{id: aid_freeze, date: "2022-01", sets: {}}]}\n', 4, 21, ["'aid_freeze' exists already"]),
    "event of unknown lever": (
        'events: {add: [{id: a, date: "2022-01", sets: {revision.russia: 1}}]}\n', 4, 48,
        ["unknown lever 'revision'", "did you mean revisionism"]),
    "event out of range": (
        'events: {add: [{id: a, date: "2022-01", sets: {revisionism.russia: 7}}]}\n', 4, 68, ["out of range"]),
    "event before departure": (
        'events: {add: [{id: a, date: "2020-01", sets: {}}]}\n', 4, 30, ["before the scenario departs"]),
    "event without a date": ("events: {add: [{id: a, sets: {}}]}\n", 4, 16, ["'date' is missing"]),
    "unknown parameter": (
        "uncertain: {rules.perception.distance_decy: [1, 2]}\n", 4, 13, ["unknown parameter", "distance_decay"]),
    "beyond the declared range": (
        "uncertain: {rules.perception.distance_decay: [1, 3000]}\n", 4, 47, ["out of range", "within [1500, 6000]"]),
    "range upside down": (
        "uncertain: {rules.perception.distance_decay: [4000, 2000]}\n", 4, 46, ["lowest value 4000 is above"]),
    "a number for a range": (
        "uncertain: {rules.perception.distance_decay: 2000}\n", 4, 46, ["needs [lowest, highest]"]),
    "a fact made uncertain": (
        "uncertain: {theatres.afghanistan.population: [1, 2]}\n", 4, 13, ["fact that no run varies"]),
    "unknown theory": ("theory: offensive\n", 4, 9, ["unknown theory 'offensive'", "offensive_realism"]),
    "unknown factor": ("forms: {contst: ratio}\n", 4, 9, ["unknown form factor", "did you mean contest"]),
    "unknown form": ("forms: {contest: rato}\n", 4, 18, ["unknown form 'rato'", "did you mean ratio"]),
    "unknown measure": ("measures: [competion]\n", 4, 12, ["unknown measure", "did you mean competition"]),
    "missing parent": ("extends: us_exti\n", 4, 10, ["is not there", "did you mean us_exit"]),
    "a very long parent": ("extends: " + "a" * 5000 + "\n", 4, 10, ["is not there"]),
    "a path for a parent": ("extends: ../../etc/passwd\n", 4, 10, ["is not there"]),
    "two levels up": ("extends: afghan_stable\n", 4, 10, ["extends 'us_exit' itself", "more than one level up"]),
    "itself": ("extends: case\n", 4, 10, ["extends itself"]),
    "a tag": ("expect: !!python/name:os.system x\n", 4, 9, ["tag", "not allowed"]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_said_where_it_stands(check, case):
    text, line, column, words = WRONG[case]
    said = [
        problem
        for problem in check(HEAD + text)
        if (problem.line, problem.column) == (line, column)
    ]
    assert said, [str(problem) for problem in check(HEAD + text)]
    assert all(word in "\n".join(map(str, said)) for word in words), [
        str(problem) for problem in said
    ]
    assert said[0].source_line in text.splitlines()[line - 4]


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_said_once(check, case):
    assert len(check(HEAD + WRONG[case][0])) == 1


def test_all_mistakes_of_a_file_are_said_at_once_and_in_order(check):
    after = [
        WRONG[case][0]
        for case in ("unknown key", "unknown measure", "unknown theory", "end before start")
    ]
    levers = "levers:\n  revisionism:\n    rusia: 1\n    china: 7\n  presense: 1\n"
    found = check(HEAD + "".join(after) + levers + "title: Twice\n")
    assert len(found) == 8
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("just words", "`key: value`"),
        ("[1, 2]", "`key: value`"),
        ("title: x", "'format' is missing"),
        ("format: 2\ntitle: x", "format is 2"),
        ("format: 1", "'title' is missing"),
        ("format: 1\ntitle: ''", "at least 1 character"),
        ("format: 1\ntitle: x\nlevers: {conduct: {afghanistan: 0.1}}", "from when on"),
        ("format: 1\ntitle: x\ndeparts: 2021", "departs is 2021"),
        ("format: 1\ntitle: x\ndeparts: May", "'May' is no month"),
        ("format: 1\ntitle: x\ndeparts: '1999-01'", "outside the period"),
        (
            "format: 1\ntitle: x\ndeparts: '2022-03'\nevents: {drop: [invasion_of_ukraine]}",
            "before the scenario",
        ),
    ],
)
def test_a_file_without_a_sound_head_is_told_so(check, text, said):
    assert said in "\n".join(map(str, check(text)))


def test_a_circle_is_named_as_one(check):
    check("format: 1\ntitle: x\nextends: two\n", "one.yaml")
    found = check("format: 1\ntitle: x\nextends: one\n", "two.yaml")
    assert "circle" in str(found[0])


def test_a_parent_with_mistakes_is_a_mistake(check):
    check("format: 1\ntitle: x\ntheory: none\n", "parent.yaml")
    found = check("format: 1\ntitle: x\nextends: parent\n")
    assert "has 1 problem" in str(found[0])
    assert "unknown theory" in str(found[0])


def test_every_scenario_that_comes_with_the_package_is_sound(repository, world):
    files = sorted((repository / "scenarios").glob("*.yaml"))
    assert len(files) >= 7
    assert {path.name: list(map(str, check_file(path, world))) for path in files} == {
        path.name: [] for path in files
    }


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"k{n}: 1\n" for n in range(6000)),
        "uncertain:\n"
        + "".join(f"  rules.perception.distance_deca{n}: [1, 2]\n" for n in range(2500)),
        "levers:\n  revisionism:\n" + "".join(f"    rusia{n}: 1\n" for n in range(6000)),
        "measures: [" + "competion, " * 6000 + "]\n",
    ],
    ids=["keys", "parameters", "actors", "measures"],
)
def test_a_file_full_of_mistakes_is_still_read_at_once(check, text):
    before = time.process_time()
    assert len(check(HEAD + text)) > 100
    assert time.process_time() - before < 4.0  # a quarter of it on an idle machine


_WORDS = """
    format title question extends departs horizon levers events uncertain theory forms measures expect add drop id date
    sets presence pressure rule revisionism russia china afghanistan forces 2021-05 1999-01 competition us_exit contest
    rules.perception.distance_decay revisionism.russia
"""
_KEYS = st.sampled_from(_WORDS.split())
_SCALARS = (
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.just("1e999"),
    st.text(max_size=4),
)
_LEAVES = st.one_of(_KEYS, *_SCALARS)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=30,
)


def as_yaml(tree: object) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f'"{key}": {as_yaml(value)}' for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(as_yaml(value) for value in tree) + "]"
    if isinstance(tree, float):
        return {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}.get(str(tree), str(tree))
    return (
        {None: "~", True: "true", False: "false"}.get(tree, str(tree))
        if not isinstance(tree, str)
        else repr(tree)
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.dictionaries(_KEYS, _TREES, max_size=8))
@example(
    {
        "format": True,
        "events": {"add": [{"id": [1], "date": {}, "sets": {"": 1}}], "drop": [{}, None]},
    }
)
@example(
    {
        "levers": {"rule": {"afghanistan": {"2021-05": {}}}},
        "departs": "2021-05",
        "extends": "us_exit",
    }
)
def test_no_tree_of_known_words_makes_it_crash(tmp_path, world, tree):
    path = Path(tmp_path) / "any.yaml"
    path.write_text(as_yaml(tree), encoding="utf-8")
    for problem in check_file(path, world):
        assert str(problem)
        assert problem.line >= 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_no_bytes_make_it_crash(tmp_path, world, data):
    path = Path(tmp_path) / "any.yaml"
    path.write_bytes(data)
    for problem in check_file(path, world):
        assert str(problem)
