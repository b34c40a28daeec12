"""The packaged scenarios are sound; those meant to differ in one thing differ in it alone."""

from itertools import combinations

import numpy as np
import pytest

from eurasia_sim.kernel.arrays import LEVERS
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.scenarios.scenario import check_file, load_scenario
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import reference_draws

# Every cell of the design by what it holds of either factor.
CELLS = {
    "presence_threat": (1, 1), "presence_calm": (1, 0),
    "absence_threat": (0, 1), "absence_calm": (0, 0),
}  # fmt: skip
PRESENCE, THREAT = {"presence"}, {"conduct", "pressure", "surge"}


@pytest.fixture(scope="module")
def series(world):
    names = (
        *CELLS, "record", "us_stays", "us_exit", "aid_freeze", "taliban_moderate", "isis_surge",
        "tajikistan_holds", "tajikistan_recognises", "placebo_patron", "placebo_patron_stays",
        "afghan_turmoil", "afghan_stable",
    )  # fmt: skip
    return {name: load_scenario(name, world).lever_series(world) for name in names}


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


def test_every_scenario_of_the_package_is_sound_and_says_what_it_asks(repository, world):
    paths = sorted((repository / "scenarios").glob("*.yaml"))
    assert len(paths) > 30
    scenarios = []
    for path in paths:
        assert [str(problem) for problem in check_file(path, world)] == [], path.name
        scenarios.append(load_scenario(path, world))
        assert scenarios[-1].question.endswith("?"), path.name
        assert len(scenarios[-1].expect.split()) > 10, path.name
        second = path.read_text(encoding="utf-8").splitlines()[1]
        assert second.startswith("# "), f"{path.name} assumes nothing"
    for told_by in ("title", "digest"):
        assert len({getattr(each, told_by) for each in scenarios}) == len(paths)


@pytest.mark.parametrize(("one", "other"), list(combinations(CELLS, 2)))
def test_cells_of_the_design_differ_in_their_factors_and_in_nothing_else(world, series, one, other):
    pairs = zip((PRESENCE, THREAT), CELLS[one], CELLS[other], strict=True)
    levers = {lever for factor, a, b in pairs if a != b for lever in factor}
    # Every month from the departure on, and none before it.
    after = set(range(world.month("2021-05"), world.months))
    assert differing_months(series[one], series[other]) == dict.fromkeys(levers, after)


def test_presence_in_the_design_is_that_of_2020_or_none_and_the_ruler_is_one(world, series):
    actors, after = list(world.actors), slice(world.month("2021-05"), None)
    actor, theatre = actors.index("united_states"), list(world.theatres).index("afghanistan")
    before = series["record"].presence[world.month("2020-12"), actor, theatre]
    for name, (present, _) in CELLS.items():
        kept = series[name].presence[after, actor, theatre]
        assert (kept == present * before).all(), name
        rulers, order = series[name].rule[after, theatre], series[name].stability[after, theatre]
        assert set(rulers) == {actors.index("afghan_republic")}
        assert set(order) == {1.0}


def test_the_threat_is_there_or_fades_to_nothing(world):
    """With firm order no danger lives on disorder: nothing is left where the militants are gone."""
    family = [prepare(world, load_scenario(name, world)) for name in CELLS]
    draws = reference_draws(family[0], 2, 7)
    last_year = (world.months - 12, world.months)
    militants = family[0].columns.index("militants.afghanistan")
    for inputs, outcome in zip(family, run_paired(family, draws, last_year), strict=True):
        left, name = outcome.means[:, militants], inputs.scenario.name
        assert (left > 0.08).all() if CELLS[name][1] else (left < 0.005).all(), name


@pytest.mark.parametrize(
    ("one", "other", "levers", "first"),
    [
        ("tajikistan_holds", "tajikistan_recognises", {"recognition"}, "2022-01"),
        ("us_exit", "aid_freeze", {"aid"}, "2021-09"),
        ("us_exit", "taliban_moderate", {"conduct"}, "2021-09"),
        ("us_exit", "isis_surge", {"surge"}, "2021-09"),
        ("afghan_turmoil", "afghan_stable", {"stability", "conduct", "surge"}, "2021-09"),
    ],
)
def test_a_pair_parts_in_its_own_levers_and_month(world, series, one, other, levers, first):
    apart = differing_months(series[one], series[other])
    assert {lever: min(months) for lever, months in apart.items()} == dict.fromkeys(
        levers, world.month(first)
    )


def test_while_tajikistan_moves_all_but_the_two_powers_are_held(world, series):
    actors, theatre = list(world.actors), list(world.theatres).index("afghanistan")
    holds, recognises = series["tajikistan_holds"], series["tajikistan_recognises"]
    levels = zip(actors, recognises.recognition[-1][:, theatre, 1], strict=True)
    assert {name for name, level in levels if np.isnan(level)} == {"russia", "china", "taliban"}
    apart = np.argwhere(differs(holds, recognises, "recognition").any(axis=(0, 3)))
    assert apart.tolist() == [[actors.index("tajikistan"), theatre]]


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
    stays, leaves = series["placebo_patron_stays"], series["placebo_patron"]
    before, left = world.month("2021-07"), world.events["us_withdrawal"].month
    american = series["us_stays"].presence[-1, actors.index("united_states")].sum(axis=0)
    assert stays.presence[before, actor, theatre].tolist() == american.tolist()
    assert differing_months(stays, leaves) == {"presence": set(range(left, world.months))}
    assert not leaves.presence[left:, actor].any()
