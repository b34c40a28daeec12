"""Every lever that a scenario may move: nothing at rest, and its sign when it moves."""

import numpy as np
import pytest

from eurasia_sim.scenarios.lever_steps import build_lever_series
from eurasia_sim.scenarios.scenario import apply_settings, load_scenario
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.world.levers import choices, levers


@pytest.fixture(scope="module")
def base(world):
    return load_scenario("us_exit", world)


@pytest.mark.parametrize("scenario", ["record", "us_exit", "us_stays"])
def test_a_lever_at_rest_changes_no_bit(world, scenario):
    found = load_scenario(scenario, world)
    steps = {path: dict(dated) for path, dated in found.steps.items()}
    for name, lever in levers().items():
        paths = [name]
        for kind in lever.path:
            pairs = [(path, word) for path in paths for word in choices(kind, world)]
            paths = [f"{p}.{word}" for p, word in pairs if kind != "actor" or word not in p]
        steps |= {path: {0: lever.rest, 100: lever.rest} for path in paths if path not in steps}
    rows = build_lever_series(world, steps, found.months).rows
    np.testing.assert_array_equal(rows, found.lever_series(world).rows)


@pytest.fixture(scope="module")
def change(world, base):
    """What a setting changes of a column from 2026 to the horizon, over eight pairs of runs."""
    inputs = prepare(world, base)
    draws, window = reference_draws(inputs, 8, 7), (world.month("2026-01"), inputs.months)
    (before,) = run_paired([inputs], draws, window)

    def changed(setting):
        moved = prepare(world, apply_settings(base, [setting], world))
        (after,) = run_paired([moved], draws, window)
        gaps = (after.means - before.means).mean(axis=0)
        return dict(zip(inputs.columns, gaps.tolist(), strict=True))

    return changed


# Setting -> columns that rise, and columns that fall.
MOVES = {
    "fighting.india.china=1": (
        "threat.china.india threat.india.china", "alignment.china.india alignment.india.china"),
    "means.russia=-0.5": ("", "power.russia threat.china.russia"),
    "sanctions.china.russia=1": ("", "power.russia threat.united_states.russia"),
    "sanctions.china.uzbekistan=1": ("", "influence.china.uzbekistan.economic"),
    "sanctions.uzbekistan.china=1": ("", "influence.china.uzbekistan.economic"),
    "trade.china.tajikistan=-1": ("", "influence.china.tajikistan.economic"),
    "trade.china.tajikistan=1": ("influence.china.tajikistan.economic", ""),
    "arms.india.afghan_republic=10": ("control.afghanistan violence.afghanistan", ""),
    "arms.china.taliban=10": (
        "ruler_strength.afghanistan influence.china.afghanistan.security", ""),
    "consent.united_states.uzbekistan=1": ("influence.united_states.uzbekistan.security", ""),
    "consent.russia.tajikistan=0": ("", "influence.russia.tajikistan.security"),
    "membership.csto.uzbekistan=1": ("alignment.uzbekistan.russia", ""),
    "membership.csto.kazakhstan=0": ("", "alignment.kazakhstan.russia"),
}  # fmt: skip


@pytest.mark.parametrize("setting", MOVES)
def test_a_lever_moves_what_it_is_about(change, setting):
    found, (rising, falling) = change(setting), map(str.split, MOVES[setting])
    assert {name: found[name] for name in rising if not found[name] > 0} == {}
    assert {name: found[name] for name in falling if not found[name] < 0} == {}


def test_a_loss_of_means_is_once_and_for_all(world, base):
    first, recorded = world.month("2023-01"), base.lever_series(world)
    halved = apply_settings(base, ["means.russia=-0.5"], world).lever_series(world)
    at = list(world.actors).index("russia")
    np.testing.assert_array_equal(halved.capability[:first], recorded.capability[:first])
    np.testing.assert_allclose(halved.capability[first:, at], recorded.capability[first:, at] / 2)


def test_fighting_presses_both_and_a_membership_is_given_back(world, base):
    settings = ("fighting.india.china.2024-01=0.5", "membership.sco.iran.2024-01=1",
                "membership.sco.iran.2025-01=free")  # fmt: skip
    moved = apply_settings(base, settings, world).lever_series(world)
    order, since = list(world.actors), world.month("2024-01")
    pair = [order.index("india"), order.index("china")]
    gap = moved.pressure - base.lever_series(world).pressure
    np.testing.assert_allclose(gap[since:, *pair], 0.5)
    np.testing.assert_allclose(gap[since:, *pair[::-1]], 0.5)
    assert np.count_nonzero(gap) == 2 * (len(gap) - since)
    venue, iran = list(world.institutions).index("sco"), order.index("iran")
    seen = moved.membership[[since - 1, since, since + 12], venue, iran]
    assert seen.tolist() == [0.5, 1.0, 0.5]
