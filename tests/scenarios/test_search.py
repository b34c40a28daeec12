"""The scenarios that come with the package are sound, and those meant to differ in one thing differ in it alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from eurasia_sim.compute.dimensions import PRESENCE_KINDS
from eurasia_sim.kernel.arrays import LEVERS
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.scenarios.scenario import check_file, load_scenario
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.world.world import World, load_world

# Every cell of the design by what it holds of either factor.
CELLS = {
    "presence_threat": (1, 1),
    "presence_calm": (1, 0),
    "absence_threat": (0, 1),
    "absence_calm": (0, 0),
}
PRESENCE, THREAT = {"presence"}, {"conduct", "surge"}


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


@pytest.fixture(scope="module")
def posture(world) -> Callable[[str], LeverSeries]:
    built = {}

    def of(name: str) -> LeverSeries:
        if name not in built:
            built[name] = load_scenario(name, world).lever_series(world)
        return built[name]

    return of


def differing_months(one: LeverSeries, other: LeverSeries) -> dict[str, set[int]]:
    """Months in which two postures differ, by lever or series; what never differs is left out."""
    found = {}
    for field in LEVERS.fields:
        name, mine, theirs = field.name, getattr(one, field.name), getattr(other, field.name)
        same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
        months = np.flatnonzero(~same.reshape(len(same), -1).all(axis=1))
        if months.size:
            found[name] = set(months.tolist())
    return found


def differing_cells(one: LeverSeries, other: LeverSeries, lever: str) -> set[tuple[int, ...]]:
    """Where two postures differ in one lever in any month, without the month."""
    mine, theirs = getattr(one, lever), getattr(other, lever)
    apart = ~((mine == theirs) | (np.isnan(mine) & np.isnan(theirs)))
    return {tuple(map(int, place)) for place in np.argwhere(apart.any(axis=0))}


def test_every_scenario_of_the_library_is_sound_and_says_what_it_asks_and_expects(
    repository, world
):
    paths = sorted((repository / "scenarios").glob("*.yaml"))
    assert len(paths) > 30
    for path in paths:
        assert [str(problem) for problem in check_file(path, world)] == [], path.name
        scenario = load_scenario(path, world)
        assert scenario.question.endswith("?"), path.name
        assert len(scenario.expect.split()) > 10, path.name
        assert path.read_text(encoding="utf-8").splitlines()[1].startswith("# "), (
            f"{path.name} assumes nothing"
        )


def test_no_two_scenarios_share_a_title(repository, world):
    titles = [
        load_scenario(path, world).title for path in (repository / "scenarios").glob("*.yaml")
    ]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(("one", "other"), list(combinations(CELLS, 2)))
def test_cells_of_the_design_differ_in_the_factors_that_set_them_apart_and_in_nothing_else(
    world, posture, one, other
):
    factors = [
        factor
        for factor, a, b in zip((PRESENCE, THREAT), CELLS[one], CELLS[other], strict=True)
        if a != b
    ]
    after = set(range(world.month("2021-05"), world.months))
    # Every month from the departure on, and none before it.
    assert differing_months(posture(one), posture(other)) == {
        lever: after for factor in factors for lever in factor
    }


def test_the_factors_of_the_design_cross(posture):
    assert not differing_cells(posture("presence_threat"), posture("presence_calm"), "presence")
    for lever in THREAT:
        for present, absent in (
            ("presence_threat", "absence_threat"),
            ("presence_calm", "absence_calm"),
        ):
            assert not differing_cells(posture(present), posture(absent), lever)


def test_presence_in_the_design_is_that_of_2020_or_none(world, posture):
    actor, theatre = (
        list(world.actors).index("united_states"),
        list(world.theatres).index("afghanistan"),
    )
    at, after = world.month("2020-12"), slice(world.month("2021-05"), None)
    for name, (present, _) in CELLS.items():
        kept = posture(name).presence[after, actor, theatre]
        assert (kept == present * posture("record").presence[at, actor, theatre]).all(), name
        assert kept.shape[1] == len(PRESENCE_KINDS)


def test_who_rules_and_what_order_there_is_are_imposed_alike_in_every_cell(world, posture):
    theatre, after = list(world.theatres).index("afghanistan"), slice(world.month("2021-05"), None)
    for name in CELLS:
        rulers, order = posture(name).rule[after, theatre], posture(name).stability[after, theatre]
        assert set(rulers) == {list(world.actors).index("afghan_republic")}
        assert not np.isnan(order).any()
        assert len(set(order)) == 1


def test_the_threat_is_there_or_fades_to_nothing(world):
    family = [prepare(world, load_scenario(name, world)) for name in CELLS]
    draws = reference_draws(family[0], 2, 7)
    last_year = (world.months - 12, world.months)
    militants = family[0].columns.index("militants.afghanistan")
    for inputs, outcome in zip(family, run_paired(family, draws, last_year), strict=True):
        left = outcome.means[:, militants]
        assert (left > 0.08).all() if CELLS[inputs.scenario.name][1] else (left < 0.005).all(), (
            inputs.scenario.name
        )
    for name in CELLS:
        # With firm order no danger lives on disorder, so that nothing is left where the militants are gone.
        assert load_scenario(name, world).changes["stability.afghanistan"] == {
            world.month("2021-05"): 1.0
        }


@pytest.mark.parametrize(
    ("one", "other", "lever", "first"),
    [
        (
            "tajikistan_holds",
            "tajikistan_recognises",
            "recognition.tajikistan.afghanistan",
            "2022-01",
        ),
        ("us_exit", "aid_freeze", "aid.united_states.afghanistan", "2021-09"),
        ("us_exit", "taliban_moderate", "conduct.afghanistan", "2021-09"),
        ("us_exit", "isis_surge", "surge.afghanistan.terrorism", "2021-09"),
    ],
)
def test_a_pair_parts_in_its_own_lever_and_month(world, posture, one, other, lever, first):
    apart = differing_months(posture(one), posture(other))
    assert set(apart) == {lever.split(".")[0]}
    assert min(apart[lever.split(".")[0]]) == world.month(first)
    assert lever in load_scenario(other, world).changes


def test_while_tajikistan_moves_all_but_the_two_powers_are_held(world, posture):
    held, theatre = (
        posture("tajikistan_recognises").recognition[-1],
        list(world.theatres).index("afghanistan"),
    )
    free = {
        name for name, level in zip(world.actors, held[:, theatre], strict=True) if np.isnan(level)
    }
    assert free == {"russia", "china", "taliban"}
    assert differing_cells(
        posture("tajikistan_holds"), posture("tajikistan_recognises"), "recognition"
    ) == {(list(world.actors).index("tajikistan"), theatre)}


def test_a_thaw_with_both_is_the_two_thaws_together(world):
    both, russia, china = (
        load_scenario(name, world).changes for name in ("thaw_both", "thaw_russia", "thaw_china")
    )
    assert not set(russia) & set(china)
    assert both == {**russia, **china}


def test_the_patron_of_the_placebo_weighs_what_the_american_one_did(world, posture):
    actor, theatre = list(world.actors).index("iran"), list(world.theatres).index("turkmenistan")
    stays, leaves = posture("placebo_patron_stays"), posture("placebo_patron")
    before, left = world.month("2021-07"), world.event_dates()["us_withdrawal"]
    american = (
        posture("us_stays").presence[-1, list(world.actors).index("united_states")].sum(axis=0)
    )
    assert stays.presence[before, actor, theatre].tolist() == american.tolist()
    assert differing_months(stays, leaves) == {"presence": set(range(left, world.months))}
    assert not leaves.presence[left:, actor].any()


def test_a_thaw_far_away_is_as_large_as_the_one_it_is_a_placebo_for(world):
    far, near = (
        load_scenario("placebo_far_lever", world).changes,
        load_scenario("thaw_russia", world).changes,
    )
    assert {path.replace("iran", "russia"): steps for path, steps in far.items()} == near
