"""Drawings of a month: whole XML, every name in them, in any world."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from eurasia_sim.dashboard.drawing import INK, drawing, legible, pale, text
from eurasia_sim.dashboard.pictures import mosaic, network, threats, tile_map
from eurasia_sim.model import EurasiaModel
from eurasia_sim.scenario import load_scenario
from eurasia_sim.world import load_world


@pytest.fixture(scope="module", params=["eurasia", "europe_1914"])
def model(request) -> EurasiaModel:
    world = load_world(request.param)
    model = EurasiaModel(load_scenario("record", world), world, seed=7)
    for _ in range(12):
        model.step()
    return model


def words(drawn: str) -> str:
    return "\n".join(ET.fromstring(drawn).itertext())  # noqa: S314 - we drew it


@pytest.mark.parametrize("draw", [network, mosaic, threats])
def test_every_actor_is_named_in_it(draw, model):
    said = words(draw(model))
    assert [actor.name for actor in model.world.actors.values() if actor.name not in said] == []
    assert model.date in said


@pytest.mark.parametrize("draw", [tile_map, mosaic])
def test_every_theatre_is_named_in_it(draw, model):
    said = words(draw(model))
    assert [theatre.name for theatre in model.world.theatres.values() if theatre.name not in said] == []


def test_the_same_month_gives_the_same_drawing_and_the_next_another(model):
    before = [draw(model) for draw in (network, tile_map, mosaic, threats)]
    assert before == [draw(model) for draw in (network, tile_map, mosaic, threats)]
    model.step()
    after = [draw(model) for draw in (network, tile_map, mosaic, threats)]
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_the_threat_that_is_written_is_the_threat_that_is_seen(model):
    first, second = list(model.world.actors.values())[:2]
    seen = f"{first.name} sees in {second.name}: {model.actor(first.id).threat_from(second.id):.2f}"
    assert seen in words(threats(model))


def test_words_stay_words():
    drawn = drawing(10, 10, 'a "<b>"', [text(0, 0, "<script>alert(1)</script>")])
    assert "<script>" not in drawn
    assert "<script>alert(1)</script>" in words(drawn)


def test_letters_can_be_read_on_any_ground():
    assert legible("#000000") == "#ffffff"
    assert legible("#ffffff") == INK
    assert pale("#102030", 0) == "#ffffff"
    assert pale("#102030", 1) == "#102030"
