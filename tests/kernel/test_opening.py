"""The opening: what was coded and observed stands at month 0, and flows are at rest."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eurasia_sim.compute.dimensions import QUARREL, STANCES
from eurasia_sim.kernel import month
from eurasia_sim.kernel.workspace import Workspace
from eurasia_sim.observations import filter as observed
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


def test_when_the_record_begins_stocks_stand_as_they_were_coded_and_flows_are_at_rest(
    world, inputs
):
    untouched, state, later = (
        settled(inputs, passes).state[0] for passes in (0, None, inputs.burn_in + 20)
    )
    coded = world.coded(inputs.row)
    np.testing.assert_array_equal(state.influence, coded.initial_influence)
    np.testing.assert_array_equal(state.flags, coded.initial_recognition)
    np.testing.assert_array_equal(state.militants, coded.initial_militants)
    for name in STOCKS:
        np.testing.assert_array_equal(getattr(state, name), getattr(untouched, name))
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
        state, stances = workspace.state[0], np.array(workspace.state[0].stance)
        leanings[data] = state.leaning.copy()
        sums = stances.sum(axis=0) - 2 * stances[QUARREL]  # a quarrel parts
        np.testing.assert_allclose(leanings[data], sums, atol=1e-8)
        assert data or np.abs(state.offset).max() < 1e-8
    seen = np.array(workspace.constants[0].observed)
    np.testing.assert_allclose(stances, np.where(np.isfinite(seen), seen, stances), atol=1e-12)
    spread = world.numbers["rules.alignment.opening_spread"].value
    by_hand = spread * observed.opening(world) / 3  # three, of equal weight
    np.testing.assert_allclose(seen, by_hand, atol=1e-12)
    known = np.isfinite(seen).all(axis=0)
    low, high = np.minimum(leanings[0], leanings[1]), np.maximum(leanings[0], leanings[1])
    between = (low <= leanings[0.5]) & (leanings[0.5] <= high)
    assert between[known].mean() > 0.9  # rivalry and joint work follow the leanings a little


@pytest.mark.parametrize(
    ("added", "moved"),
    [
        (lambda each, world: np.where(each.years >= world.start // 12, 100.0, 0.0), set()),
        (lambda each, _: np.arange(len(each.units))[:, None] * (each.item.part == "quarrel") / 10,
         {"quarrel"}),
    ],
    ids=["observed later", "of one part"],
)  # fmt: skip
def test_an_item_moves_its_own_part_alone_and_what_is_observed_later_none(
    world: World, monkeypatch: pytest.MonkeyPatch, added: Callable[..., Any], moved: set[str]
):
    before = observed.opening(world)
    told = {
        name: replace(each, values=each.values + added(each, world))
        for name, each in observed.load_observations(world).items()
    }
    monkeypatch.setattr(observed, "load_observations", lambda _: told)
    monkeypatch.setattr(observed, "_known", {})
    pairs = zip(STANCES, before, observed.opening(world), strict=True)
    differ = {name for name, one, other in pairs if not np.array_equal(one, other, equal_nan=True)}
    assert differ == moved


def test_the_observed_opening_has_mean_0(world):
    found = observed.opening(world)
    assert found.shape == (len(STANCES), len(world.actors), len(world.actors))
    for part in found:
        assert part[np.isfinite(part)].mean() == pytest.approx(0.0, abs=1e-9)
        np.testing.assert_array_equal(part, part.T)
    assert np.isnan(found[:, list(world.actors).index("taliban")]).all()
