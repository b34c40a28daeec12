"""Facts of recognition: what they say by hand, how orders agree, their places and circles."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter

from eurasia_sim.compute.dimensions import ENVOY, LISTED, MISSION, TALKS
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DataError, read_page
from eurasia_sim.observations.loader import FOLDER
from eurasia_sim.validation.recognition import (
    FILE,
    Case,
    Fact,
    agreement,
    documented,
    expected,
    load_cases,
)


def case(actor: str, flag: int, month: int, up: bool = True) -> Case:
    return Case(actor, "land", flag, month, up, 0.0, circular=False)


def test_what_documents_say_of_each_actor_by_hand():
    told = documented(
        [
            case("a", TALKS, 90), case("a", TALKS, 60), case("a", ENVOY, 95), case("a", LISTED, 1),
            case("b", MISSION, 90, up=False), case("c", TALKS, 40, up=False),
            case("d", ENVOY, 80), case("d", ENVOY, 99, up=False), case("d", MISSION, 90),
        ]
    )  # fmt: skip
    assert told["first_talks"] == {"a": -60, "c": -math.inf}
    assert told["level"] == {"a": 2, "c": 0, "d": 2}  # a mission came by talks
    assert told["missions"] == {"b": 0, "d": 1}


def test_runs_say_when_talks_begin_and_which_missions_stay():
    talks = np.array([[0, 0, 1, 1], [0, 0, 0, 0.0]])
    paths = {"talks.a.land": talks, "recognition.a.land": 2 * talks, "mission.a.land": talks}
    said = expected([case("a", MISSION, 2)], paths)
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
    assert agreement(told, said, score) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("step: talks", "step: talk", "step is 'talk'"),
        ("actors: [china]", "actors: [chin]", "actors is chin — did you mean china"),
        ("reached: true", "note: x", "unknown key 'note'"),
        ("  reached: true\n", "", "a fact of recognition with its step, reached and toward"),
    ],
)
def test_a_wrong_fact_has_its_place(world, tmp_path, right, wrong, said):
    (tmp_path / FOLDER).mkdir()
    text = (world.directory / FOLDER / FILE).read_text("utf-8")
    assert right in text
    (tmp_path / FOLDER / FILE).write_text(text.replace(right, wrong, 1), "utf-8")
    with pytest.raises(DataError, match=rf"(?s){FILE}:\d+.*{said}"):
        load_cases(replace(world, directory=tmp_path), 12)


def test_the_facts_of_a_world_are_cases_before_a_month(world, tmp_path):
    cases = load_cases(world, world.month("2022-09"))
    assert len(cases) > 40
    assert {each.circular for each in cases} == {True, False}
    assert max(each.month for each in load_cases(world, 200)) < 200
    assert not load_cases(replace(world, directory=tmp_path), 12)


@pytest.fixture(scope="module")
def facts(world) -> dict[str, Fact]:
    page = read_page(world.directory / FOLDER / FILE)
    return TypeAdapter(dict[str, Fact]).validate_python(page.data)


def test_facts_are_dated_up_to_august_2022_and_include_every_step_of_recognition(facts):
    assert len(facts) > 60
    assert max(fact.date for fact in facts.values()) <= "2022-08"
    steps = {fact.step for fact in facts.values()}
    assert steps == {None, "listed", "talks", "mission", "envoy", "recognised"}
    assert not [fact for fact in facts.values() if fact.step == "recognised" and fact.reached]


def test_a_fact_names_what_there_is_and_stands_in_a_paragraph(world, facts):
    documents = load_evidence(world.directory).documents
    for name, fact in facts.items():
        assert {*fact.actors} <= {*world.actors}, name
        assert {*fact.toward} <= {*world.actors, *world.theatres}, name
        assert fact.line in {each.lines[0] for each in documents[fact.document].paragraphs}, name
        is_recognition = fact.kind == "recognition"
        assert {fact.step is not None, fact.reached is not None} == {is_recognition}, name
        for path in fact.circular:
            of_path = re.compile(re.escape(path) + r"(\.|$)").match
            assert any(map(of_path, (*world.numbers, *world.events))), (name, path)


def test_a_fact_that_the_coding_used_is_marked(world, facts):
    """A number of one of its actors that rests on its own sentence makes a fact circular."""
    claims = load_evidence(world.directory).claims
    sentence_of = {each.id: (each.document, each.lines[0], each.sentence) for each in claims}
    coded = {
        (number.path.split(".")[1], sentence_of[claim])
        for number in world.numbers.values()
        for claim in number.claims()
        if number.path.startswith("actors.") and claim in sentence_of
    }
    free = {name: fact for name, fact in facts.items() if not fact.circular}
    for name, fact in free.items():
        sentence = (fact.document, fact.line, fact.sentence)
        assert not coded & {(actor, sentence) for actor in (*fact.actors, *fact.toward)}, name
    assert len(free) >= 20
