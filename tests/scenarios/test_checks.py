"""Everything wrong with a scenario file or setting is said at once: where, and what is right."""

import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.page import Problem
from eurasia_sim.scenarios.scenario import check_file, load_scenario

BARE = "format: 2\ntitle: x\n"
HEAD = 'format: 2\ntitle: A test\ndeparts: "2021-05"\n'


@pytest.fixture
def check(tmp_path, world, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def checked(text: str, name: str = "case.yaml") -> list[Problem]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return check_file(name, world)

    return checked


# What the file says after its head -> line and column of the complaint, and words that it holds.
WRONG = {
    "levrs: {}": (4, 1, "unknown key 'levrs'", "did you mean levers"),
    'events:\n  add: [{id: a, date: "2022-01", sets: {}, sett: 1}]': (5, 44, "did you mean sets"),
    "question: [1]": (4, 11, "question is a list", "a text in quotes"),
    "question:": (4, 1, "question is empty", "write it: What one wants to know"),
    "levers:": (4, 1, "levers is empty"),
    "uncertain: much": (4, 12, "uncertain is 'much'", "valid dictionary or 'posterior'"),
    "measures: [1]": (4, 12, "measures.0 is 1", "a text in quotes"),
    "title: Again": (4, 1, "'title' stands twice", "line 2"),
    "expect: !!python/name:os.system x": (4, 9, "tag", "not allowed"),
    "horizon: 2023": (4, 10, "horizon is 2023", "in quotes: Last month, YYYY-MM"),
    "horizon: soon": (4, 10, "'soon' is no month", "YYYY-MM"),
    'horizon: "2019-01"': (4, 10, "outside the period", "2021-05 to 2030-12"),
    "extends: us_exti": (4, 10, "unknown scenario", "did you mean us_exit"),
    "extends: ../../etc/passwd": (4, 10, "unknown scenario"),
    "extends: afghan_stable": (4, 10, "'afghan_stable' extends 'us_exit' itself", "extends none"),
    "extends: case": (4, 10, "'case' extends 'case' itself"),
    "theory: offensive": (4, 9, "unknown theory 'offensive'", "offensive_realism"),
    "forms: {zeros: moving}": (4, 9, "unknown form factor", "did you mean zero"),
    "forms: {zero: movin}": (4, 15, "unknown form of zero 'movin'", "did you mean moving"),
    "measures: [competion]": (4, 12, "unknown measure", "did you mean competition"),
    "levers: {pressure.china.russia: 1}": (4, 10, "unknown lever", "did you mean pressure"),
    "levers: {revisionism: {rusia: 0.1}}": (4, 24, "'rusia'", "did you mean russia", "kazakhstan"),
    "levers: {pressure: {russia: {russia: 1}}}": (4, 30, "stands twice"),
    "levers: {presence: {russia: {tajikistan: {troops: 1}}}}": (4, 43, "presence kind 'troops'"),
    "levers: {presence: {russia: 3}}": (4, 29, "needs a theatre", "<theatre>.<presence kind>"),
    "levers: {presence: {russia: {tajikistan: {forces: -5}}}}": (
        4, 51, "-5, out of range", "allowed: 0, or 11 to 1000000 (troops)"),
    "levers: {presence: {russia: {tajikistan: {forces: 0.02}}}}": (
        4, 51, "what was 0.02 is 2000 now", "(troops)"),
    "levers: {consent: {tajikistan: {tajikistan: 1}}}": (4, 45, "at home in tajikistan", "russia"),
    "levers: {ban: {kazakhstan: 1}}": (4, 28, "nobody contests kazakhstan", "afghanistan"),
    "levers: {recognition: {russia: {kazakhstan: {talks: 1}}}}": (4, 53, "by force", "afghanistan"),
    "levers: {recognition: {russia: {afghanistan: {talks: 0.4}}}}": (4, 54, "not 0.4", "1, free"),
    "levers: {arms: {russia: {india: 1}}}": (4, 33, "india neither rules", "taliban"),
    "levers: {conduct: {afghanistan: {}}}": (4, 33, "says nothing", "a value, or months"),
    "levers: {conduct: {afghanistan: mild}}": (4, 33, "'mild', not a number", "-1 to 1"),
    "levers: {conduct: {afghanistan: true}}": (4, 33, "true, not a number"),
    "levers: {conduct: {afghanistan: }}": (4, 20, "empty, not a number"),
    "levers: {revisionism: {russia: 1.5}}": (4, 32, "1.5, out of range", "allowed: 0 to 1"),
    "levers: {revisionism: {russia: .nan}}": (4, 32, "nan, not a finite number", "0 to 1"),
    "levers: {revisionism: {russia: free}}": (4, 32, "'free', not a number"),
    "levers: {rule: {afghanistan: nobody}}": (4, 30, "unknown actor 'nobody'", "free"),
    "levers: {rule: {afghanistan: [taliban]}}": (4, 30, "unknown actor a list"),
    "levers: {revisionism: {russia: {2021-06-01: 1}}}": (4, 33, "is no month"),
    'levers: {revisionism: {russia: {"2020-01": 1}}}': (4, 33, "outside", "2021-05 to 2030-12"),
    "events: {remove: []}": (4, 10, "'remove'", "add, drop"),
    "events: {drop: [us_withdrawl]}": (4, 17, "unknown event", "did you mean us_withdrawal"),
    "events: {add: [{id: a, sets: {}}]}": (4, 16, "'date' is missing"),
    'events: {add: [{id: aid_freeze, date: "2022-01", sets: {}}]}': (4, 21, "exists already"),
    'events: {add: [{id: a, date: "2020-01", sets: {}}]}': (4, 30, "outside the period"),
    'events: {add: [{id: a, date: "2022-01", sets: {revision.russia: 1}}]}': (
        4, 48, "unknown lever 'revision'", "did you mean revisionism"),
    'events: {add: [{id: a, date: "2022-01", sets: {arms.russia.india: 1}}]}': (
        4, 67, "india neither rules"),
    "uncertain: {rules.perception.distance_decy: [1, 2]}": (4, 13, "unknown", "distance_decay"),
    "uncertain: {rules.perception.distance_decay: [1, 3000]}": (
        4, 47, "1, out of range", "within [1500, 6000]"),
    "uncertain: {rules.perception.distance_decay: [4000, 2000]}": (4, 46, "4000 is above"),
    "uncertain: {rules.perception.distance_decay: 2000}": (4, 46, "needs [lowest, highest]"),
    "uncertain: {theatres.afghanistan.population: [1, 2]}": (4, 13, "it is a fact"),
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:60])
def test_a_mistake_is_said_once_and_where_it_stands(check, text):
    line, column, *words = WRONG[text]
    (problem,) = check(HEAD + text + "\n")
    assert (problem.line, problem.column) == (line, column)
    assert all(word in str(problem) for word in words), str(problem)
    assert problem.source_line in text.splitlines()[line - 4]


HEADLESS = {
    "": "empty", "just words": "`key: value`", "title: x": "'format' is missing",
    "format: 3\ntitle: x": "format is 3", "format: 2\ntitle: ''": "at least 1 character",
    f"{BARE}levers: {{conduct: {{afghanistan: 0.1}}}}": "from when on",
    f"{BARE}departs: May": "'May' is no month", f"{BARE}departs: '1999-01'": "outside the period",
    f"{BARE}departs: '2014-05'\nlevers: {{membership: {{eaeu: {{iran: 1}}}}}}": "is no eaeu",
    f"{BARE}departs: '2022-03'\nevents: {{drop: [invasion_of_ukraine]}}": "outside the",
    # Values of another kind make nothing crash.
    '{format: true, events: {add: [{id: [1], date: {}, sets: {"": 1}}], drop: [{}, ~]}}': "true",
    f"{HEAD}levers: {{rule: {{afghanistan: {{2021-05: {{}}}}}}}}\nextends: us_exit": "a mapping",
}  # fmt: skip


@pytest.mark.parametrize("text", HEADLESS)
def test_a_file_without_a_sound_head_is_refused(check, text):
    found = check(text)
    assert HEADLESS[text] in "\n".join(map(str, found))
    assert all(problem.line >= 1 for problem in found)


def test_all_mistakes_of_a_file_and_its_parent_are_said_at_once_and_in_order(check):
    more = ["levrs: {}", "measures: [competion]", "theory: offensive", 'horizon: "2019-01"']
    levers = "levers:\n  revisionism:\n    rusia: 1\n    china: 7\n  presense: 1\n"
    found = check(HEAD + "\n".join(more) + "\n" + levers + "title: Twice\n")
    assert [problem.line for problem in found] == [4, 5, 6, 7, 10, 11, 12, 13]
    check(f"{BARE}theory: none\n", "parent.yaml")
    (found,) = check(f"{BARE}extends: parent\n")
    assert (found.file.rpartition("/")[2], found.line) == ("parent.yaml", 3)


def test_a_file_of_the_first_format_is_told_what_took_the_place_of_what_left(check):
    """All at once; and with these put right it is a file of today."""
    left = "forms: {contest: difference, shared_danger: minimum}\nmeasures: [level]\n"
    left += "uncertain:\n  rules.alignment.alignment_shared: [0.5, 1]\n"
    found = list(map(str, check(HEAD.replace("2", "1", 1) + left)))
    successors = (
        "allowed: 2, once nothing else", "'contest': influence is a stock of ties",
        "'shared_danger': overlap of fears", "did you mean effort",
        "did you mean rules.alignment.pull_common",
    )  # fmt: skip
    assert all(word in text for word, text in zip(successors, found, strict=True)), found
    ladder = check(HEAD + "levers: {recognition: {russia: {afghanistan: 4}}}\n")
    assert "flags talks, mission, envoy, recognised" in str(*ladder)
    now = left.replace("level", "effort").replace("alignment_shared", "pull_common")
    assert not check(HEAD + now[now.index("measures") :])


def test_a_file_full_of_mistakes_names_them(check):
    for text in (
        "".join(f"k{n}: 1\n" for n in range(6000)),
        "uncertain:\n" + "".join(f"  rules.perception.dist{n}: [1, 2]\n" for n in range(2500)),
        "levers:\n  revisionism:\n" + "".join(f"    rusia{n}: 1\n" for n in range(6000)),
        "measures: [" + "competion, " * 6000 + "]\n",
    ):
        assert len(check(HEAD + text)) > 100


FORCES, CHINA = "presence.united_states.afghanistan.forces", "revisionism.china"
DECAY, PRESSURE = "rules.perception.distance_decay", "pressure.united_states.china"
# Settings of a scenario -> what is said of the last.
REFUSED = {
    ("us_stays", "nothing"): "path=value",
    ("us_stays", f"{DECAY}="): "path=value",
    ("us_stays", "rules.perception.distance_decy=2000"): f"did you mean {DECAY}",
    ("us_stays", f"{DECAY}=20"): f"--set:1:{len(DECAY) + 2}: {DECAY} is 20, out of range",
    ("us_stays", f"{DECAY}=.nan"): "not a finite number",
    ("us_stays", "presence.unted_states.afghanistan.forces=1"): "did you mean united_states",
    ("us_stays", "presence.united_states=1"): "presence.<actor>.<theatre>.<presence kind>",
    ("us_stays", f"{FORCES}.2019-01=2500"): "allowed: 2021-05 to 2030-12",
    ("us_stays", f"{FORCES}=0.025"): "what was 0.025 is 2500 now",
    ("us_stays", "rule.afghanistan=nobody"): "unknown actor 'nobody'",
    ("us_stays", "theatres.afghanistan.population=3"): "it is a fact",
    ("us_stays", "title=x"): "unknown parameter or lever",
    ("us_stays", "\n"): "path=value",
    ("record", f"{CHINA}=1"): "a lever needs its month",
    ("us_exit", f"{DECAY}=2000", f"{DECAY}=1500"): "is set twice",
    ("us_exit", f"{PRESSURE}=0.1", f"{PRESSURE}=0.2"): "is set twice",
    ("us_exit", "a=1", f"{DECAY}=2000", "b=2"): "unknown parameter or lever 'b'",
}


@pytest.mark.parametrize("given", REFUSED)
def test_every_wrong_setting_is_told_what_would_be_right(world, given):
    with pytest.raises(DataError) as caught:
        load_scenario(given[0], world, given[1:])
    *others, found = map(str, caught.value.problems)
    assert found.startswith(f"--set:{len(given) - 1}:")
    assert REFUSED[given] in found
    assert [each.split(":")[1] for each in others] == ["1"] * (given[1] == "a=1")
