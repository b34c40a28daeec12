"""Facts of the documents: each has its place, and each that the coding used is marked."""

from __future__ import annotations

from dataclasses import replace
from shutil import copy

import pytest
from ruamel.yaml import YAML

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.facts import FILE, load_facts
from eurasia_sim.observations.loader import FOLDER
from eurasia_sim.world.world import load_world


@pytest.fixture(scope="module", name="facts")
def loaded_facts(world):
    return load_facts(world)


def test_facts_are_dated_up_to_august_2022_and_include_every_step_of_recognition(facts):
    assert len(facts) > 60
    assert max(fact.date for fact in facts) <= "2022-08"
    steps = {fact.step for fact in facts}
    assert steps == {None, "listed", "talks", "mission", "envoy", "recognised"}
    assert not [fact.id for fact in facts if fact.step == "recognised" and fact.reached]


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
    unmarked = [
        fact.id
        for fact in facts
        for actor in (*fact.actors, *fact.toward)
        if fact.tests and (actor, (fact.document, fact.line, fact.sentence)) in coded
    ]
    assert not unmarked
    assert sum(fact.tests for fact in facts) >= 20


def test_a_world_may_have_no_facts():
    assert load_facts(load_world("europe_1914")) == ()


GOOD = {
    "says": "They met.", "kind": "meeting", "actors": ["russia"], "date": "2021-08",
    "document": "warsaw2021",
    "line": 14, "sentence": 1, "circular": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"date": "2021-13"}, "'2021-13' is no date"),
        ({"actors": ["rusia"]}, "'rusia' is no actor — did you mean russia"),
        ({"toward": ["mars"]}, "'mars' is no actor or theatre"),
        ({"document": "warsaw2020"}, "'warsaw2020' is no document — did you mean warsaw2021"),
        ({"line": 15}, "L15 begins no paragraph"),
        ({"circular": ["actors.russia.affinity.chin"]}, "is no number or event"),
        ({"kind": "party"}, "meeting.kind is 'party'"),
        ({"kind": "recognition"}, "a fact of recognition, and no other, has a step"),
        ({"sentence": 0}, "meeting.sentence is 0"),
        ({"place": "Kabul"}, "meeting: unknown key 'place'"),
        ({"actors": 7}, "meeting.actors is 7"),
        ({"circular": [["x"]]}, "meeting.circular.0 is a list"),
    ],
)
def test_a_bad_fact_is_named(world, tmp_path, change, said):
    copy(world.directory / "documents.yaml", tmp_path)
    (tmp_path / FOLDER).mkdir()
    with (tmp_path / FOLDER / FILE).open("w", encoding="utf-8") as stream:
        YAML().dump({"meeting": GOOD | change}, stream)
    with pytest.raises(DataError) as error:
        load_facts(replace(world, directory=tmp_path))
    assert said in str(error.value)
    assert str(error.value).startswith(f"{FILE}:")
