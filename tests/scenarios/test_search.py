"""The packaged scenarios are sound; those meant to differ in one thing differ in it alone."""

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

# Every cell of the design by what it holds of either factor.
CELLS = {
    "presence_threat": (1, 1),
    "presence_calm": (1, 0),
    "absence_threat": (0, 1),
    "absence_calm": (0, 0),
}
PRESENCE, THREAT = {"presence"}, {"conduct", "pressure", "surge"}


@pytest.fixture(scope="module")
def series(world) -> Callable[[str], LeverSeries]:
    built = {}

    def of(name: str) -> LeverSeries:
        if name not in built:
            built[name] = load_scenario(name, world).lever_series(world)
        return built[name]

    return of


def differs(one: LeverSeries, other: LeverSeries, lever: str) -> np.ndarray:
    mine, theirs = getattr(one, lever), getattr(other, lever)
    return ~((mine == theirs) | (np.isnan(mine) & np.isnan(theirs)))


def differing_months(one: LeverSeries, other: LeverSeries) -> dict[str, set[int]]:
    """Months in which two series differ, by lever; what never differs is left out."""
    found = {}
    for field in LEVERS.fields:
        apart = differs(one, other, field.name)
        found[field.name] = set(np.flatnonzero(apart.reshape(len(apart), -1).any(axis=1)).tolist())
    return {name: months for name, months in found.items() if months}


def differing_cells(one: LeverSeries, other: LeverSeries, lever: str) -> set[tuple[int, ...]]:
    """Where two series differ in one lever in any month, without the month."""
    apart = differs(one, other, lever).any(axis=0)
    return {tuple(map(int, place)) for place in np.argwhere(apart)}


def test_every_scenario_of_the_package_is_sound_and_says_what_it_asks(repository, world):
    paths = sorted((repository / "scenarios").glob("*.yaml"))
    assert len(paths) > 30
    titles = set()
    for path in paths:
        assert [str(problem) for problem in check_file(path, world)] == [], path.name
        scenario = load_scenario(path, world)
        titles.add(scenario.title)
        assert scenario.question.endswith("?"), path.name
        assert len(scenario.expect.split()) > 10, path.name
        second = path.read_text(encoding="utf-8").splitlines()[1]
        assert second.startswith("# "), f"{path.name} assumes nothing"
    assert len(titles) == len(paths)


@pytest.mark.parametrize(("one", "other"), list(combinations(CELLS, 2)))
def test_cells_of_the_design_differ_in_their_factors_and_in_nothing_else(world, series, one, other):
    pairs = zip((PRESENCE, THREAT), CELLS[one], CELLS[other], strict=True)
    levers = {lever for factor, a, b in pairs if a != b for lever in factor}
    # Every month from the departure on, and none before it.
    after = set(range(world.month("2021-05"), world.months))
    assert differing_months(series(one), series(other)) == dict.fromkeys(levers, after)


def test_the_factors_of_the_design_cross(world, series):
    assert not differing_cells(series("presence_threat"), series("presence_calm"), "presence")
    for lever in THREAT:
        for threat in ("threat", "calm"):
            present, absent = series(f"presence_{threat}"), series(f"absence_{threat}")
            assert not differing_cells(present, absent, lever)
    actors, after = list(world.actors), slice(world.month("2021-05"), None)
    actor, theatre = actors.index("united_states"), list(world.theatres).index("afghanistan")
    before = series("record").presence[world.month("2020-12"), actor, theatre]
    for name, (present, _) in CELLS.items():  # presence is that of 2020 or none
        kept = series(name).presence[after, actor, theatre]
        assert (kept == present * before).all(), name
        assert kept.shape[1] == len(PRESENCE_KINDS)
        rulers, order = series(name).rule[after, theatre], series(name).stability[after, theatre]
        assert set(rulers) == {actors.index("afghan_republic")}
        assert not np.isnan(order).any()
        assert len(set(order)) == 1


def test_the_threat_is_there_or_fades_to_nothing(world):
    family = [prepare(world, load_scenario(name, world)) for name in CELLS]
    draws = reference_draws(family[0], 2, 7)
    last_year = (world.months - 12, world.months)
    militants = family[0].columns.index("militants.afghanistan")
    for inputs, outcome in zip(family, run_paired(family, draws, last_year), strict=True):
        left, name = outcome.means[:, militants], inputs.scenario.name
        assert (left > 0.08).all() if CELLS[name][1] else (left < 0.005).all(), name
        # With firm order no danger lives on disorder: nothing is left where the militants are gone.
        order = inputs.scenario.changes["stability.afghanistan"]
        assert order == {world.month("2021-05"): 1.0}


@pytest.mark.parametrize(
    ("one", "other", "lever", "first"),
    [
        ("tajikistan_holds", "tajikistan_recognises", "recognition.tajikistan.afghanistan.talks",
         "2022-01"),
        ("us_exit", "aid_freeze", "aid.united_states.afghanistan", "2021-09"),
        ("us_exit", "taliban_moderate", "conduct.afghanistan", "2021-09"),
        ("us_exit", "isis_surge", "surge.afghanistan.terrorism", "2021-09"),
    ],
)  # fmt: skip
def test_a_pair_parts_in_its_own_lever_and_month(world, series, one, other, lever, first):
    apart = differing_months(series(one), series(other))
    assert set(apart) == {lever.split(".")[0]}
    assert min(apart[lever.split(".")[0]]) == world.month(first)
    assert lever in load_scenario(other, world).changes


def test_while_tajikistan_moves_all_but_the_two_powers_are_held(world, series):
    actors, theatre = list(world.actors), list(world.theatres).index("afghanistan")
    holds, recognises = series("tajikistan_holds"), series("tajikistan_recognises")
    levels = zip(actors, recognises.recognition[-1][:, theatre, 1], strict=True)
    assert {name for name, level in levels if np.isnan(level)} == {"russia", "china", "taliban"}
    moved = {(actors.index("tajikistan"), theatre)}
    assert {cell[:2] for cell in differing_cells(holds, recognises, "recognition")} == moved


def test_a_thaw_with_both_is_the_two_thaws_together_and_its_placebo_is_as_large(world):
    both, russia, china, far = (
        load_scenario(name, world).changes
        for name in ("thaw_both", "thaw_russia", "thaw_china", "placebo_far_lever")
    )
    assert not set(russia) & set(china)
    assert both == {**russia, **china}
    assert {path.replace("iran", "russia"): steps for path, steps in far.items()} == russia


def test_the_patron_of_the_placebo_weighs_what_the_american_one_did(world, series):
    actors = list(world.actors)
    actor, theatre = actors.index("iran"), list(world.theatres).index("turkmenistan")
    stays, leaves = series("placebo_patron_stays"), series("placebo_patron")
    before, left = world.month("2021-07"), world.event_dates()["us_withdrawal"]
    american = series("us_stays").presence[-1, actors.index("united_states")].sum(axis=0)
    assert stays.presence[before, actor, theatre].tolist() == american.tolist()
    assert differing_months(stays, leaves) == {"presence": set(range(left, world.months))}
    assert not leaves.presence[left:, actor].any()
