"""The opening: what was coded and observed stands at month 0, and flows are at rest."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eurasia_sim.compute.dimensions import QUARREL, STANCES
from eurasia_sim.kernel import month
from eurasia_sim.kernel.workspace import Workspace
from eurasia_sim.observations.filter import opening
from eurasia_sim.observations.loader import Series, load_observations
from eurasia_sim.scenarios.scenario import apply_settings, load_scenario
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.world.world import World

STOCKS = (
    "influence", "recognition", "stability", "militants", "control", "fighters", "ruler_strength",
    "narcotics", "restraint", "standing", "ruler", "challenger",
)  # fmt: skip


def recorded(world: World, *settings: str) -> Inputs:
    """The record's inputs, some numbers set."""
    return prepare(world, apply_settings(load_scenario("record", world), settings, world))


@pytest.fixture(scope="module")
def inputs(world: World) -> Inputs:
    return recorded(world)


def settled(inputs: Inputs, passes: int | None = None) -> Workspace:
    """A run when it has settled under the first month's levers."""
    workspace = Workspace(inputs.facts, inputs.rules[None])
    workspace.load(inputs.rules[None], inputs.row[None], np.array([7], np.uint64))
    for t in range(-(inputs.burn_in if passes is None else passes), 0):
        workspace.live(inputs.levers, t)
    return workspace


def test_stocks_stand_at_month_0_as_they_were_coded(world, inputs):
    state = settled(inputs).state[0]
    coded = world.coded(inputs.row)
    np.testing.assert_array_equal(state.influence, coded.initial_influence)
    np.testing.assert_array_equal(state.flags, coded.initial_recognition)
    np.testing.assert_array_equal(state.militants, coded.initial_militants)
    untouched = settled(inputs, passes=0).state[0]
    for name in STOCKS:
        np.testing.assert_array_equal(getattr(state, name), getattr(untouched, name))


def test_flows_are_at_rest_when_the_record_begins(inputs):
    state = settled(inputs).state[0]
    later = settled(inputs, passes=inputs.burn_in + 20).state[0]
    for name in ("effort", "leaning", "rivalry", "partnership"):
        np.testing.assert_allclose(getattr(later, name), getattr(state, name), atol=1e-8)


def test_without_chance_leanings_stand_still_in_a_month_in_which_no_lever_moves(inputs):
    quiet = inputs.rules.copy()
    quiet["alignment_noise"] = 0.0
    workspace = settled(replace(inputs, rules=quiet))
    before = workspace.state[0].leaning.copy()
    workspace.live(inputs.levers, 0, month.CHOICE)
    np.testing.assert_allclose(workspace.state[0].leaning, before, atol=1e-8)


def test_the_opening_leans_between_the_documents_and_what_was_observed(world):
    leanings = {}
    for data in (0, 0.5, 1):
        workspace = settled(recorded(world, f"rules.alignment.opening_data={data}"))
        leanings[data] = workspace.state[0].leaning.copy()
        stances = np.array(workspace.state[0].stance)
        sums = stances.sum(axis=0) - 2 * stances[QUARREL]  # a quarrel parts
        np.testing.assert_allclose(leanings[data], sums, atol=1e-8)
        if data == 0:
            np.testing.assert_allclose(workspace.state[0].offset, 0.0, atol=1e-8)
    seen = np.array(workspace.constants[0].observed)
    np.testing.assert_allclose(stances, np.where(np.isfinite(seen), seen, stances), atol=1e-12)
    spread, deviations = world.numbers["rules.alignment.opening_spread"].value, opening(world)
    np.testing.assert_allclose(seen, spread * deviations / 3, atol=1e-12)  # three, of equal weight
    known = np.isfinite(seen).all(axis=0)
    low, high = np.minimum(leanings[0], leanings[1]), np.maximum(leanings[0], leanings[1])
    between = (low <= leanings[0.5]) & (leanings[0.5] <= high)
    assert between[known].mean() > 0.9  # rivalry and joint work follow the leanings a little


def told_otherwise(world: World, monkeypatch: pytest.MonkeyPatch, of: Callable[[Series], Any]):
    """The opening of a world whose observed values have something added, by series."""
    told = {
        name: replace(each, values=each.values + of(each))
        for name, each in load_observations(world).items()
    }
    monkeypatch.setattr("eurasia_sim.observations.filter.load_observations", lambda _: told)
    monkeypatch.setattr("eurasia_sim.observations.filter._known", {})
    return opening(world)


def test_what_is_observed_later_moves_no_opening(world, monkeypatch):
    found = opening(world)
    later = told_otherwise(
        world, monkeypatch, lambda each: np.where(each.years >= world.start // 12, 100.0, 0.0)
    )
    np.testing.assert_array_equal(later, found)


def test_an_item_moves_its_own_part_alone(world, monkeypatch):
    found, known = opening(world), len(STANCES)
    moved = told_otherwise(
        world,
        monkeypatch,
        lambda each: np.arange(len(each.units))[:, None] * (each.item.part == "quarrel") / 10,
    )
    same = [np.array_equal(found[at], moved[at], equal_nan=True) for at in range(known)]
    assert dict(zip(STANCES, same, strict=True)) == {
        "common_position": True, "quarrel": False, "ties": True,
    }  # fmt: skip


def test_the_observed_opening_has_mean_0(world):
    found = opening(world)
    assert found.shape == (len(STANCES), len(world.actors), len(world.actors))
    for part in found:
        assert part[np.isfinite(part)].mean() == pytest.approx(0.0, abs=1e-9)
        np.testing.assert_array_equal(part, part.T)
    assert np.isnan(found[:, list(world.actors).index("taliban")]).all()
