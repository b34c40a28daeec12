"""Indices, boxes and robustness against known ones; refusals of what a library would not notice."""

import contextlib
import io
import warnings

import numpy as np
import pandas as pd
import pytest
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample

from eurasia_sim.analysis import scenario_discovery as discovery
from eurasia_sim.analysis import sensitivity
from eurasia_sim.analysis.robustness import payoffs, robustness
from eurasia_sim.analysis.sensitivity import morris_effects, share_of_chance, sobol_indices
from eurasia_sim.files.data_yaml import DataError

NAMES = ["x.a", "x.b", "x.c"]
SPACE = {"num_vars": 3, "names": NAMES, "bounds": [[-np.pi, np.pi]] * 3}
FACTORS = [{"name": name, "low": -np.pi, "high": np.pi} for name in NAMES]
# Indices of Ishigami's function with a = 7 and b = 0.1, from its variance in closed form.
A, B, AC = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 7**2 / 8, 0.1**2 * np.pi**8 * (1 / 18 - 1 / 50)
A, B, AC = (part / (A + B + AC) for part in (A, B, AC))
TRUE = {
    ("first", "a", ""): A, ("first", "b", ""): B, ("first", "c", ""): 0.0,
    ("total", "a", ""): A + AC, ("total", "b", ""): B, ("total", "c", ""): AC,
    ("second", "a", "c"): AC, ("second", "a", "b"): 0.0, ("second", "b", "c"): 0.0,
}  # fmt: skip


def ishigami(values):
    a, b, c = values.T
    return np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


def carried_out(values, replicates=1, noise=0.0):
    """Runs and design of a sample, with noise by chance."""
    design = pd.DataFrame(values, columns=NAMES)
    design.insert(0, "point", np.arange(len(design)))
    runs = design.loc[design.index.repeat(replicates)].reset_index(drop=True)
    runs["replicate"] = np.tile(np.arange(replicates), len(design))
    runs["run_id"] = [f"r{at:04d}" for at in range(len(runs))]
    luck = np.random.default_rng(3).normal(0, noise, len(runs)) if noise else 0.0
    runs["y"] = ishigami(runs[NAMES].to_numpy()) + luck
    return runs, design


def sampled(count, second=True):
    return sobol_sample.sample(SPACE, count, calc_second_order=second, seed=3)


def paths(count, levels=4):
    return morris_sample.sample(SPACE, count, num_levels=levels, seed=3)


@pytest.fixture(scope="module")
def saltelli():
    return carried_out(sampled(1024))


@pytest.fixture(scope="module")
def indices(saltelli):
    return sobol_indices(*saltelli, "y")


def test_sobol_indices_of_ishigamis_function_are_the_known_ones(indices):
    found = indices.set_index(["order", "factor", "other"])
    assert set(found.index) == set(TRUE)
    for name, truth in TRUE.items():
        row = found.loc[name]
        assert row["index"] == pytest.approx(truth, abs=0.02)
        assert row["low"] <= truth <= row["high"]


def test_second_orders_can_be_left_out_of_the_design_or_of_the_answer(saltelli, indices):
    found = sobol_indices(*carried_out(sampled(256, second=False)), "y")
    assert set(found["order"]) == {"first", "total"}
    found = sobol_indices(*saltelli, "y", second=False)
    known = indices.loc[indices["order"] != "second", "index"]
    np.testing.assert_allclose(found["index"], known, atol=1e-6)


def test_a_run_is_known_by_its_point_alone_and_may_finish_in_any_order(saltelli, indices):
    """Its values may differ: in the last bit, by its theory's range, or where it holds a number."""
    runs, design = saltelli
    held = runs.assign(**{"x.a": np.nextafter(runs["x.a"], np.inf), "x.b": 0.5})
    mixed = held.sample(frac=1, random_state=4).reset_index(drop=True)
    pd.testing.assert_frame_equal(sobol_indices(mixed, design, "y", seed=1), indices)


def test_a_sweep_that_is_not_whole_or_not_in_order_is_refused_and_its_runs_named():
    runs, design = carried_out(sampled(64))
    mixed = design.sample(frac=1, random_state=2).reset_index(drop=True)
    numbered = mixed.assign(point=np.arange(len(mixed)))
    for broken, plan, said in (
        (runs.assign(y=runs["y"].where(runs.index != 17)), design,
         r"1 run is without a value of y: point 17 replicate 0 \(r0017\)"),
        (runs.drop(index=5), design, r"1 points of 512 lack runs \(5\)"),
        (pd.concat([runs, runs.iloc[[5]]]), design, "1 run is there more than once"),
        (runs.assign(point=runs["point"] + 1), design, "no point of the design"),
        (runs.assign(y=1.0), design, "the same at every point"),
        (runs, mixed, "do not stand in their own order"),
        (runs, numbered, "do not stand in Saltelli's order"),  # though it is numbered anew
    ):  # fmt: skip
        with pytest.raises(DataError, match=said):
            sobol_indices(broken, plan, "y")
    mixed = carried_out(np.random.default_rng(1).permutation(paths(20)))
    for own in (mixed, (runs, design)):
        with pytest.raises(DataError, match="no trajectories of Morris's"):
            morris_effects(*own, FACTORS, "y")


def two_levels(values, slope=0.0):
    """A sample whose second factor has two levels that decide the result."""
    _, design = carried_out(values)
    design["x.b"] = np.where(design["x.b"] > 0, "one", "other")
    result = (design["x.b"] == "one") * 1.0 + slope * design["x.a"]
    return design.assign(replicate=0, y=result), design


def test_factors_with_levels_have_indices_and_effects_too():
    found = sobol_indices(*two_levels(sampled(512), slope=0.01), "y")
    (row,) = found[(found["order"] == "first") & (found["factor"] == "b")].to_dict("records")
    assert row["index"] == pytest.approx(1.0, abs=0.02)
    factors = [FACTORS[0], {"name": "x.b", "levels": ["other", "one"]}, FACTORS[2]]
    effects = morris_effects(*two_levels(paths(60)), factors, "y").set_index("factor")["absolute"]
    assert effects["a"] == effects["c"] == 0.0 < effects["b"]


def test_morris_tells_what_is_linear_from_what_is_not():
    runs, design = carried_out(paths(60, levels=6))
    a, b, c = (design[name] / np.pi for name in NAMES)
    runs = runs.assign(y=2 * a - b + c**2).sample(frac=1, random_state=1)
    found = morris_effects(runs, design, FACTORS, "y").set_index("factor")
    columns = ["mean", "absolute", "deviation"]
    assert found.loc["a", columns].tolist() == pytest.approx([4.0, 4.0, 0.0], abs=1e-9)
    assert found.loc["b", columns].tolist() == pytest.approx([-2.0, 2.0, 0.0], abs=1e-9)
    assert abs(found.loc["c", "mean"]) < 0.5 < found.loc["c", "absolute"]
    assert found.loc["c", "deviation"] > 0.5


def test_replicates_tell_the_share_of_chance():
    spread = np.sqrt(ishigami(np.random.default_rng(1).uniform(-np.pi, np.pi, (100_000, 3))).var())
    runs, design = carried_out(sampled(256), replicates=4, noise=spread)
    found = share_of_chance(sensitivity.responses(runs, design, "y"))
    assert found["run"] == pytest.approx(0.5, abs=0.03)  # as much noise as there is signal
    assert found["mean"] == pytest.approx(0.2, abs=0.03)  # a quarter as much beside it
    generator = np.random.default_rng(5)
    signal, luck = generator.normal(0, 1, (400, 1)), generator.normal(0, 1, (1, 40))
    found = share_of_chance(signal + luck, seeds_are_shared=True)
    assert found["mean"] == pytest.approx(0.0, abs=1e-9)
    assert found["run"] == pytest.approx(0.5, abs=0.12)
    assert np.isnan(share_of_chance(signal)["run"])  # one run a point does not tell


def test_a_spread_of_known_parts_divides_as_it_was_made():
    rng = np.random.default_rng(3)
    count, levels = 4000, ("theory", "coding")
    theory, coding = rng.integers(0, 2, count), rng.integers(0, 2, count)
    scenario = np.array([-1.0, 1.0])  # variance 1
    middle = 2.0 * (2 * theory - 1) + 1.0 * (2 * coding - 1) + rng.normal(0, 2.0, count)  # 4, 1, 4
    luck = rng.normal(0, 1.0, (2, count, 2))  # 1
    values = scenario[:, None, None] + middle[None, :, None] + luck
    points, divide = pd.DataFrame({"theory": theory, "coding": coding}), sensitivity.variance_shares
    found = divide(values, points, levels)
    parts = {"theory": 4, "coding": 1, "parameters": 4, "interplay": 0, "chance": 1, "scenario": 1}
    assert {name: share * 11 for name, share in found.items()} == pytest.approx(parts, abs=0.4)
    assert sum(found.values()) == pytest.approx(1.0)
    # Chance known from other runs, of one run a point: 4 + 1 + 4 beside 1.
    alone = divide((middle + luck[0, :, 0])[None, :, None], points, [], chance=1.0)
    assert (alone["parameters"], alone["chance"]) == pytest.approx((0.9, 0.1), abs=0.02)
    # A failed run takes its point out; what does not vary has no shares.
    values = np.zeros((2, 6, 2))
    values[1] = 1.0
    values[0, 3, 0] = np.nan
    assert divide(values, points[:6], levels)["scenario"] == pytest.approx(1.0)
    assert np.isnan(list(divide(np.ones((2, 6, 2)), points[:6], levels).values())).all()


# --- where something holds, judged on draws held back

COUNT = 1200


@pytest.fixture(scope="module")
def points():
    generator = np.random.default_rng(1)
    points = pd.DataFrame(generator.random((COUNT, 6)), columns=list("abcdef"))
    points["theory"] = generator.choice(["one", "two", "three"], COUNT)
    return points


@pytest.fixture(scope="module")
def holds(points):
    """A known corner, but for one draw in twenty by chance."""
    holds = ((points["a"] > 0.6) & (points["b"] < 0.5) & (points["theory"] != "one")).to_numpy()
    return np.where(np.random.default_rng(2).random(COUNT) < 0.05, ~holds, holds)


def test_a_known_corner_is_found_on_a_path_from_the_whole_space(points, holds):
    boxes, path = discovery.discovered(points, holds)
    for method in (discovery.PRIM, discovery.CART):
        own = boxes[boxes["method"] == method]
        limits = own[own["box"] == own["box"].min()].set_index("parameter")
        assert set(limits.index) == {"a", "b", "theory"}
        assert limits["low"]["a"] == pytest.approx(0.6, abs=0.05)
        assert limits["high"]["b"] == pytest.approx(0.5, abs=0.05)
        assert np.isnan([limits["high"]["a"], limits["low"]["b"]]).all()
        assert limits["limit"]["theory"] == "theory is three or two"
        assert (limits[["density", "coverage"]] > 0.7).all(axis=None)
        assert (limits["base"] < 0.25).all()
        assert (limits["quasi_p"] < 0.01).all()
    first, best = path.iloc[0], boxes.iloc[0]
    assert (first["limited"], first["coverage"], first["mass"]) == (0, 1.0, 1.0)
    assert first["density"] == pytest.approx(first["base"])
    assert path["mass"].min() < first["base"]  # it peels on past what is sought
    (chosen,) = path[path["chosen"]].to_dict("records")
    assert best["method"] == discovery.PRIM
    assert all(best[name] == chosen[name] for name in ("density", "coverage"))


def test_boxes_and_their_path_repeat_themselves_bit_by_bit(points, holds):
    once, again = (discovery.discovered(points, holds) for _ in range(2))
    for one, other in zip(once, again, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_the_whole_space_is_no_region_of_it(points):
    mostly = np.random.default_rng(3).random(COUNT) < 0.7
    assert (found := discovery.region(points, mostly, 0.5, 0.3)) is None or found.limits


def test_quasi_p_is_high_of_a_limit_that_matters_nothing_and_that_of_the_workbench(points, holds):
    box = {"a": (0.6, 1.0), "b": (0.0, 0.5), "f": (0.0, 0.5)}
    assert discovery.quasi_p(points, holds, box, "a") < 1e-6
    assert discovery.quasi_p(points, holds, box, "f") > 0.05
    numbers = points[list("abcdef")]
    holds = ((numbers["a"] > 0.6) & (numbers["b"] < 0.5)).to_numpy()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from ema_workbench.analysis import prim

        theirs = prim.Prim(numbers, holds.astype(int), threshold=0.1).find_box()
    ends, known = theirs.box_lims[-1], theirs.qp[-1]
    box = {name: (float(ends.loc[0, name]), float(ends.loc[1, name])) for name in known}
    one_sided = {name: max(both) for name, both in known.items() if -1 in both}
    assert one_sided
    for name, expected in one_sided.items():
        found = discovery.quasi_p(numbers, holds, box, name)
        assert found == pytest.approx(expected, rel=1e-9)


def test_what_holds_too_seldom_has_no_box(points):
    rare = np.arange(COUNT) < 30
    few = "what is sought holds in 15 of 600 training draws; 20 are needed"
    for holds, said in ((rare, few), (~rare, "does not hold in 15")):
        with pytest.raises(DataError, match=said):
            discovery.discovered(points, holds)


# --- which option holds up: three states of the world (rows), and bold is best where it goes well

VALUES = pd.DataFrame(
    {"bold": [9.0, 5.0, 0.0], "middling": [6.0, 4.0, 2.0], "safe": [3.0, 3.0, 3.0]}
)
OPTION, STATE = ["x.option"], ["x.decay"]


def test_each_metric_of_robustness_is_the_sum_by_hand_and_the_metrics_disagree():
    found = robustness(VALUES, higher_is_better=True, threshold=4.0).set_index("option")
    for name, values in {
        "worst": [0.0, 2.0, 3.0],
        "most_regret": [3.0, 3.0, 6.0],
        "regret_90": [2.4, 2.6, 5.2],
        "domain": [2 / 3, 2 / 3, 0.0],
        "mean": [14 / 3, 4.0, 3.0],
    }.items():
        assert found[name].tolist() == pytest.approx(values), name
    best = ["mean, most_regret, regret_90, domain", "most_regret, domain", "worst"]
    assert found["best"].tolist() == best
    down = robustness(-VALUES, higher_is_better=False, threshold=-4.0).set_index("option")
    np.testing.assert_allclose(down["worst"], -found["worst"])  # all else turned around, the same
    assert down["best"].tolist() == best
    for name in ("most_regret", "regret_90", "domain"):
        np.testing.assert_allclose(down[name], found[name])
    assert set(robustness(VALUES, higher_is_better=True)["threshold"]) == {3.0}  # the median
    broken = VALUES.copy()  # a state in which an option failed is left out and counted
    broken.loc[2, "bold"] = np.nan
    found = robustness(broken, higher_is_better=True, threshold=4.0)
    assert found["worst"].tolist() == [5.0, 4.0, 3.0]
    assert (set(found["states"]), set(found["left_out"])) == ({2}, {1})
    with pytest.raises(DataError, match="in each of 3 states some option failed"):
        robustness(VALUES * np.nan, higher_is_better=True)


def test_runs_are_put_by_state_and_option_in_any_order():
    rows = [
        (option, state, r, float(worth + 10 * state + r))
        for option, worth in (("out", 1), ("in", 2)) for state in (0, 1, 2) for r in (0, 1)
    ]  # fmt: skip
    runs = pd.DataFrame(rows, columns=[*OPTION, *STATE, "replicate", "y"])
    mixed = runs.sample(frac=1, random_state=1).sort_values("x.option")
    table = payoffs(mixed, "y", OPTION, STATE)
    assert table["out"].tolist() == [1.5, 11.5, 21.5]
    assert table["in"].tolist() == [2.5, 12.5, 22.5]
    assert len(payoffs(runs, "y", OPTION, [*STATE, "replicate"])) == 6
    both = payoffs(runs.assign(**{"x.other": 5}), "y", [*OPTION, "x.other"], STATE)
    assert list(both) == ["option = out, other = 5", "option = in, other = 5"]
    broken = runs.assign(y=runs["y"].where(runs.index > 0))  # not the mean of the rest
    assert np.isnan(payoffs(broken, "y", OPTION, STATE)["out"].iloc[0])
    for few, said in (
        (runs.drop(index=[0, 1]), "1 of 3 states lack an option"),
        (runs.iloc[:6], "but one option, out"),
    ):
        with pytest.raises(DataError, match=said):
            payoffs(few, "y", OPTION, STATE)
