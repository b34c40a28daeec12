"""The packaged scenarios are sound and differ in one thing alone; every lever does what it says."""

import functools

import numpy as np
import pytest

from eurasia_sim.kernel.arrays import LEVERS
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.scenarios.lever_steps import build_lever_series
from eurasia_sim.scenarios.scenario import apply_settings, check_file, load_scenario
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.world.levers import choices, levers

# Every cell of the design by what it holds of presence and of threat.
CELLS = {
    "presence_threat": (1, 1), "presence_calm": (1, 0),
    "absence_threat": (0, 1), "absence_calm": (0, 0),
}  # fmt: skip
PRESENCE, THREAT = {"presence"}, {"conduct", "pressure", "surge"}
# Pairs of scenarios, the levers in which they differ, and since when in every month.
PAIRS = [
    ("presence_threat", "presence_calm", THREAT, "2021-05"),
    ("presence_threat", "absence_threat", PRESENCE, "2021-05"),
    ("presence_threat", "absence_calm", PRESENCE | THREAT, "2021-05"),
    ("presence_calm", "absence_threat", PRESENCE | THREAT, "2021-05"),
    ("presence_calm", "absence_calm", PRESENCE, "2021-05"),
    ("absence_threat", "absence_calm", THREAT, "2021-05"),
    ("placebo_patron_stays", "placebo_patron", {"presence"}, "2021-08"),
    ("tajikistan_holds", "tajikistan_recognises", {"recognition"}, "2022-01"),
    ("us_exit", "aid_freeze", {"aid"}, "2021-09"),
    ("us_exit", "taliban_moderate", {"conduct"}, "2021-09"),
    ("us_exit", "isis_surge", {"surge"}, "2021-09"),
    ("afghan_turmoil", "afghan_stable", {"stability", "conduct", "surge"}, "2021-09"),
]


@pytest.fixture(scope="module")
def series(world):
    return functools.cache(lambda name: load_scenario(name, world).lever_series(world))


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


@pytest.mark.parametrize(("one", "other", "changed", "first"), PAIRS)
def test_a_pair_differs_in_its_own_levers_alone_from_its_month_on(
    world, series, one, other, changed, first
):
    after = set(range(world.month(first), world.months))
    assert differing_months(series(one), series(other)) == dict.fromkeys(changed, after)


def test_presence_in_the_design_is_that_of_2020_or_none_and_the_ruler_is_one(world, series):
    actors, after = list(world.actors), slice(world.month("2021-05"), None)
    actor, theatre = actors.index("united_states"), list(world.theatres).index("afghanistan")
    before = series("record").presence[world.month("2020-12"), actor, theatre]
    for name, (present, _) in CELLS.items():
        kept = series(name).presence[after, actor, theatre]
        assert (kept == present * before).all(), name
        rulers, order = series(name).rule[after, theatre], series(name).stability[after, theatre]
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


def test_while_tajikistan_moves_all_but_the_two_powers_are_held(world, series):
    actors, theatre = list(world.actors), list(world.theatres).index("afghanistan")
    holds, recognises = series("tajikistan_holds"), series("tajikistan_recognises")
    levels = zip(actors, recognises.recognition[-1][:, theatre, 1], strict=True)
    assert {name for name, level in levels if np.isnan(level)} == {"russia", "china", "taliban"}
    apart = np.argwhere(differs(holds, recognises, "recognition").any(axis=(0, 3)))
    assert apart.tolist() == [[actors.index("tajikistan"), theatre]]


def test_a_placebo_is_as_large_as_what_it_stands_for(world, series):
    both, russia, china, far = (
        load_scenario(name, world).changes
        for name in ("thaw_both", "thaw_russia", "thaw_china", "placebo_far_lever")
    )
    assert not set(russia) & set(china)
    assert both == {**russia, **china}
    assert {path.replace("iran", "russia"): steps for path, steps in far.items()} == russia
    actors = list(world.actors)
    actor, theatre = actors.index("iran"), list(world.theatres).index("turkmenistan")
    stays, leaves = series("placebo_patron_stays"), series("placebo_patron")
    before, left = world.month("2021-07"), world.month("2021-08")
    american = series("us_stays").presence[-1, actors.index("united_states")].sum(axis=0)
    assert stays.presence[before, actor, theatre].tolist() == american.tolist()
    assert not leaves.presence[left:, actor].any()


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
def change(world):
    """What a setting changes of a column from 2026 to the horizon, over eight pairs of runs."""
    base = load_scenario("us_exit", world)
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


def test_means_are_lost_for_all_fighting_presses_both_and_a_membership_is_given_back(world):
    settings = ("fighting.india.china.2024-01=0.5", "membership.sco.iran.2024-01=1",
                "membership.sco.iran.2025-01=free", "means.russia=-0.5")  # fmt: skip
    base = load_scenario("us_exit", world)
    before, moved = base.lever_series(world), apply_settings(base, settings, world)
    after, order, since = moved.lever_series(world), list(world.actors), world.month("2024-01")
    first, at = world.month("2023-01"), order.index("russia")
    np.testing.assert_array_equal(after.capability[:first], before.capability[:first])
    np.testing.assert_allclose(after.capability[first:, at], before.capability[first:, at] / 2)
    pair, gap = [order.index("india"), order.index("china")], after.pressure - before.pressure
    np.testing.assert_allclose(gap[since:, *pair], 0.5)
    np.testing.assert_allclose(gap[since:, *pair[::-1]], 0.5)
    assert np.count_nonzero(gap) == 2 * (len(gap) - since)
    venue, iran = list(world.institutions).index("sco"), order.index("iran")
    seen = after.membership[[since - 1, since, since + 12], venue, iran]
    assert seen.tolist() == [0.5, 1.0, 0.5]
