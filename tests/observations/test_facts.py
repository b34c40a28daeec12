"""Facts of the documents: each has its place, and each that the coding used is marked."""

import re

import pytest
from pydantic import TypeAdapter

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import read_page
from eurasia_sim.observations.loader import FOLDER
from eurasia_sim.validation.recognition import Fact


@pytest.fixture(scope="module")
def facts(world) -> dict[str, Fact]:
    page = read_page(world.directory / FOLDER / "facts.yaml")
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
    assert not [
        name
        for name, fact in free.items()
        for actor in (*fact.actors, *fact.toward)
        if (actor, (fact.document, fact.line, fact.sentence)) in coded
    ]
    assert len(free) >= 20
