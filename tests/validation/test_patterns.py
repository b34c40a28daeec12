"""Documented patterns and facts of recognition: what runs pass, what counts, their files."""

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from eurasia_sim.compute.dimensions import ENVOY, FLAGS, LISTED, MISSION, TALKS
from eurasia_sim.evidence.claims import Evidence, load_evidence
from eurasia_sim.files.data_yaml import DataError, read_page
from eurasia_sim.observations.filter import opening_series
from eurasia_sim.observations.loader import FOLDER
from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.validation import patterns, recognition
from eurasia_sim.validation.patterns import Pattern, Validation, circularity, load_patterns
from eurasia_sim.validation.recognition import Case, Fact, load_cases
from eurasia_sim.world.provenance import Ancestry
from eurasia_sim.world.world import World

ONE = Pattern("one", "", "order", (), (), ("a",), (), ((0, 3),), 0.0, 0.0, True)
RISE, FALL, FLAT = [0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]
FAILED, HIGH = [np.nan] * 4, [2.0] * 4
BAND = replace(ONE, kind="band", low=1.0, high=1.5)
SIGN = replace(ONE, kind="sign", windows=((0, 1), (2, 3)))
UP = replace(ONE, kind="window", windows=((2, 3),), low=2.0, high=2.0)
DOWN = replace(UP, windows=((1, 2),), low=1.0, high=1.0, rises=False)


@pytest.fixture(scope="module")
def evidence(world: World) -> Evidence:
    return load_evidence(world.directory)


@pytest.mark.parametrize(
    ("asked", "passing", "failing"),
    [
        (ONE, [[0.1] * 4], [[-0.1] * 4, [0.0] * 4, FAILED]),
        (replace(ONE, windows=((0, 1),)), [[0.1, 0.3, -9, -9]], [[-0.1, 0.0, 9, 9]]),
        (SIGN, [RISE], [FALL, FLAT, FAILED]),
        (replace(SIGN, rises=False), [FALL], [RISE, FLAT]),
        (BAND, [RISE, FLAT], [HIGH, FAILED]),
        (replace(BAND, low=1.6, high=3.0), [HIGH], [RISE]),
        (UP, [RISE], [HIGH, [0, 2, 2, 2], FAILED]),
        (replace(UP, low=0.5, high=0.5), [[0, 0, 1, 1]], [RISE]),  # was there before
        (DOWN, [FALL], [RISE, [3, 3, 3, 1]]),
        (replace(ONE, of=("a", "b"), less=("c",)), [HIGH], [FLAT]),  # (a + 3) / 2 > 2.25
    ],
)
def test_a_run_passes_as_a_look_at_it_says(asked, passing, failing):
    values = np.array([*passing, *failing], float)
    months = {"a": values, "b": np.full(values.shape, 3.0), "c": np.full(values.shape, 2.25)}
    assert asked.passed(months).tolist() == [True] * len(passing) + [False] * len(failing)


def test_a_world_that_stands_still_shows_no_change(world):
    inputs = prepare(world, as_recorded(world))
    moved = replace(SIGN, of=("stability.afghanistan",), windows=((0, 11), (180, 200)))
    asked, draws = [moved, replace(moved, rises=False)], reference_draws(inputs, 3, 7)
    own, still, failed = patterns.pass_shares(asked, inputs, draws)
    assert (own.sum(), still.tolist(), failed) == (pytest.approx(1.0), [0.0, 0.0], 0)


def test_a_pattern_counts_where_it_is_no_circle_and_a_baseline_fails_it(world):
    circular = {"plain": [], "circle": ["it rests on itself"], "easy": [], "hard": []}
    asked = [replace(ONE, id=name) for name in circular]
    rows = {"model": [0.7, 0, 0, 0.4], "null": [0.9, 0, 0.9, 0.2], "unchanged": [0.4, 0, 0.6, 0.2]}
    shares = {side: np.array(own) for side, own in rows.items()}
    table = patterns.pattern_table(asked, circular, shares, world)
    assert table["counted"].tolist() == [True, False, False, True]
    scores = Validation(table, {}, (), table).scores
    assert list(scores) == ["patterns", *patterns.SIDES]
    assert (scores["patterns"], scores["model"], scores["null"]) == pytest.approx((2, 0.55, 0.55))


def test_the_record_as_a_file_and_as_the_world_holds_it_are_one_scenario(world):
    assert as_recorded(world).digest == load_scenario("record", world).digest


def test_twenty_five_patterns_are_no_circles_and_one_behind_its_own_measure_is(world, evidence):
    given = Ancestry(world, evidence), opening_series(world)
    assert len([each for each in load_patterns(world) if not circularity(each, *given)]) >= 25
    number = "actors.russia.affinity.taliban"
    claims = (next(iter(world.numbers[number].claims())),)
    own = replace(ONE, claims=claims, of=("alignment.russia.taliban",))
    other = replace(ONE, claims=claims, of=("stability.kazakhstan",))
    level = replace(ONE, source=({"cite": "bailey2017"},), of=("alignment.russia.china",))
    assert any(number in why for why in circularity(own, *given))
    assert not any("affinity" in why for why in circularity(other, *given))
    assert any("opens from" in why for why in circularity(level, *given))
    assert not circularity(replace(level, kind="sign"), *given)


PATTERN = """
risen:
  says: It rose.
  claims: [{claim}]
  sign:
    of: [stability.kazakhstan]
    direction: rises
    earlier: ["2001-10", "2005-12"]
    later: ["2016-01", "2020-12"]
"""
BAND_TOO = 'band: {of: [x], within: [0, 1], during: ["2001-10", "2002-10"]}\n  sign:'


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("says: It rose.", "says: 3", "risen.says is 3"),
        ("sign:", BAND_TOO, "an entry with one test: order, sign, band or window"),
        ("sign:", BAND_TOO.replace("0, 1", "1, 0"), "risen.band.within is a list"),
        ("claims:", "note: x # ", "an entry with claims, or a source"),
        ("claims: [", "claims: [nothing_such, ", "nothing_such, which claims.yaml does not hold"),
        ("2001-10", "1066-10", "risen is of months outside 2001-10 to"),
        ("2001-10", "2007-10", "the lower or earlier end first"),
        ("2001-10", "2001-13", "risen.sign.earlier.0 is '2001-13'"),
        ("2016-01", "2004-01", "must begin after the earlier one has ended"),
        ("stability.kazakhstan", "stabilty.kazakhstan", "did you mean stability.kazakhstan"),
        # Of the world's own facts, in the other file.
        ("step: talks", "step: talk", "step is 'talk'"),
        ("actors: [china]", "actors: [chin]", "actors is chin — did you mean china"),
        ("reached: true", "note: x", "unknown key 'note'"),
        ("  reached: true\n", "", "a fact of recognition with its step, reached and toward"),
    ],
)
def test_what_is_wrong_in_a_file_says_its_line_and_what_would_be_right(
    world, evidence, tmp_path, right, wrong, said
):
    texts = {
        patterns.FILE: PATTERN.format(claim=evidence.claims[0].id),
        recognition.FILE: (world.directory / FOLDER / recognition.FILE).read_text("utf-8"),
    }
    (tmp_path / FOLDER).mkdir()
    for path in world.directory.glob("[!o]*"):
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / patterns.FILE).unlink()
    file = next(name for name, text in texts.items() if right in text)
    place = tmp_path / (FOLDER if file == recognition.FILE else "") / file
    place.write_text(texts[file].replace(right, wrong, 1), encoding="utf-8")
    load: Any = load_patterns if file == patterns.FILE else lambda own: load_cases(own, 12)
    with pytest.raises(DataError, match=rf"(?s){file}:\d+.*{re.escape(said)}"):
        load(replace(world, directory=tmp_path))


def case(actor: str, flag: int, month: int, up: bool = True) -> Case:
    return Case(actor, "land", flag, month, up, 0.0, circular=False)


def test_what_documents_say_of_each_actor_by_hand():
    facts = [
        case("a", TALKS, 90), case("a", TALKS, 60), case("a", ENVOY, 95), case("a", LISTED, 1),
        case("b", MISSION, 90, up=False), case("c", TALKS, 40, up=False),
        case("d", ENVOY, 80), case("d", ENVOY, 99, up=False), case("d", MISSION, 90),
    ]  # fmt: skip
    told = recognition.documented(facts)
    assert told["first_talks"] == {"a": -60, "c": -math.inf}
    assert told["level"] == {"a": 2, "c": 0, "d": 2}  # a mission came by talks
    assert told["missions"] == {"b": 0, "d": 1}


def test_runs_say_when_talks_begin_and_which_missions_stay():
    talks = np.array([[0, 0, 1, 1], [0, 0, 0, 0.0]])
    paths = {"talks.a.land": talks, "recognition.a.land": 2 * talks, "mission.a.land": talks}
    said = recognition.expected([case("a", MISSION, 2)], paths)
    assert said == {"first_talks": {"a": -3}, "level": {"a": 1}, "missions": {"a": 0.5}}


ORDER = {"a": 3.0, "b": 2.0, "c": 1.0}


@pytest.mark.parametrize(
    ("told", "said", "score", "wanted"),
    [
        (ORDER, ORDER, "level", 1),
        (ORDER, {"a": 1.0, "b": 2.0, "c": 3.0}, "level", -1),
        (ORDER, {}, "level", 0),
        ({"a": 1.0, "b": 2.0}, ORDER, "level", math.nan),  # too few actors
        ({"a": 1.0, "b": 0.0, "c": 0.0}, {"a": 0.5, "b": 0.5, "c": 0.1}, "missions", 0.75),
        ({}, {}, "missions", math.nan),
    ],
)
def test_how_far_orders_agree(told, said, score, wanted):
    assert recognition.agreement(told, said, score) == pytest.approx(wanted, nan_ok=True)


def test_the_facts_of_a_world_are_cases_before_a_month(world, tmp_path):
    cases = load_cases(world, world.month("2022-09"))
    assert len(cases) > 40
    assert {each.circular for each in cases} == {True, False}
    assert max(each.month for each in load_cases(world, 200)) < 200
    assert not load_cases(replace(world, directory=tmp_path), 12)


def test_a_fact_names_what_there_is_and_is_marked_where_the_coding_used_it(world, evidence):
    """A number of one of its actors that rests on its own sentence makes a fact circular."""
    page, claims = read_page(world.directory / FOLDER / recognition.FILE), evidence.claims
    facts = TypeAdapter(dict[str, Fact]).validate_python(page.data)
    assert len(facts) > 60
    assert max(fact.date for fact in facts.values()) <= "2022-08"
    assert {fact.step for fact in facts.values()} == {None, *FLAGS}
    assert not [fact for fact in facts.values() if fact.step == "recognised" and fact.reached]
    sentence_of = {each.id: (each.document, each.lines[0], each.sentence) for each in claims}
    coded = {
        (number.path.split(".")[1], sentence_of[claim])
        for number in world.numbers.values()
        for claim in number.claims()
        if number.path.startswith("actors.") and claim in sentence_of
    }
    for name, fact in facts.items():
        paragraphs = evidence.documents[fact.document].paragraphs
        assert {*fact.actors} <= {*world.actors}, name
        assert {*fact.toward} <= {*world.actors, *world.theatres}, name
        assert fact.line in {each.lines[0] for each in paragraphs}, name
        is_recognition = fact.kind == "recognition"
        assert {fact.step is not None, fact.reached is not None} == {is_recognition}, name
        for path in fact.circular:
            of_path = re.compile(re.escape(path) + r"(\.|$)").match
            assert any(map(of_path, (*world.numbers, *world.events))), (name, path)
        sentence = (fact.document, fact.line, fact.sentence)
        own = {(actor, sentence) for actor in (*fact.actors, *fact.toward)}
        assert fact.circular or not coded & own, name
    assert sum(not fact.circular for fact in facts.values()) >= 20
