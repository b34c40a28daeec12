"""Facts of recognition: what they say by hand, how orders agree, and what is wrong with a file."""

import math
from dataclasses import replace

import numpy as np
import pytest

from eurasia_sim.compute.dimensions import ENVOY, LISTED, MISSION, TALKS
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.loader import FOLDER
from eurasia_sim.validation.recognition import (
    FILE,
    Case,
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


def test_orders_agree_and_too_few_actors_have_none():
    told = {"a": 3.0, "b": 2.0, "c": 1.0}
    assert agreement(told, told, "level") == pytest.approx(1)
    assert agreement(told, {"a": 1, "b": 2, "c": 3}, "level") == pytest.approx(-1)
    assert agreement(told, {}, "level") == 0
    assert math.isnan(agreement({"a": 1.0, "b": 2.0}, told, "level"))
    stayed = {"a": 1.0, "b": 0.0, "c": 0.0}
    assert agreement(stayed, {"a": 0.5, "b": 0.5, "c": 0.1}, "missions") == 0.75


def test_the_facts_of_a_world_are_cases_and_a_wrong_one_has_its_place(world, tmp_path):
    cases = load_cases(world, world.month("2022-09"))
    assert len(cases) > 40
    assert {each.circular for each in cases} == {True, False}
    assert not load_cases(replace(world, directory=tmp_path), 12)
    (tmp_path / FOLDER).mkdir()
    text = (world.directory / FOLDER / FILE).read_text("utf-8")
    for right, wrong, said in (
        ("step: talks", "step: talk", "step is 'talk'"),
        ("actors: [china]", "actors: [chin]", "actors: chin; one of"),
    ):
        (tmp_path / FOLDER / FILE).write_text(text.replace(right, wrong, 1), "utf-8")
        with pytest.raises(DataError, match=rf"{FILE}:\d+.*{said}"):
            load_cases(replace(world, directory=tmp_path), 12)
