"""Indices against known ones, and refusals of everything that SALib would not notice."""

import numpy as np
import pandas as pd
import pytest
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample

from eurasia_sim.analysis.sensitivity import (
    morris_effects,
    responses,
    share_of_chance,
    sobol_indices,
    variance_shares,
)
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
Table = tuple[pd.DataFrame, pd.DataFrame]


def ishigami(values: np.ndarray) -> np.ndarray:
    a, b, c = values.T
    return np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


def carried_out(values: np.ndarray, replicates: int = 1, noise: float = 0.0) -> Table:
    """Runs and design of a sample, with noise by chance."""
    design = pd.DataFrame(values, columns=NAMES)
    design.insert(0, "point", np.arange(len(design)))
    runs = design.loc[design.index.repeat(replicates)].reset_index(drop=True)
    runs["replicate"] = np.tile(np.arange(replicates), len(design))
    runs["run_id"] = [f"r{at:04d}" for at in range(len(runs))]
    luck = np.random.default_rng(3).normal(0, noise, len(runs)) if noise else 0.0
    runs["y"] = ishigami(runs[NAMES].to_numpy()) + luck
    return runs, design


def sampled(count: int, second: bool = True) -> np.ndarray:
    return sobol_sample.sample(SPACE, count, calc_second_order=second, seed=3)


def paths(count: int, levels: int = 4) -> np.ndarray:
    return morris_sample.sample(SPACE, count, num_levels=levels, seed=3)


@pytest.fixture(scope="module")
def saltelli() -> Table:
    return carried_out(sampled(1024))


@pytest.fixture(scope="module")
def indices(saltelli: Table) -> pd.DataFrame:
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


def test_a_run_is_known_by_the_number_of_its_point_alone_and_may_finish_in_any_order(
    saltelli, indices
):
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


def two_levels(values: np.ndarray, slope: float = 0.0) -> Table:
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


def test_morris_refuses_rows_out_of_order_and_other_designs(saltelli):
    mixed = carried_out(np.random.default_rng(1).permutation(paths(20)))
    for runs, design in (mixed, saltelli):
        with pytest.raises(DataError, match="no trajectories of Morris's"):
            morris_effects(runs, design, FACTORS, "y")


def test_replicates_tell_the_share_of_chance():
    spread = np.sqrt(ishigami(np.random.default_rng(1).uniform(-np.pi, np.pi, (100_000, 3))).var())
    runs, design = carried_out(sampled(256), replicates=4, noise=spread)
    found = share_of_chance(responses(runs, design, "y"))
    assert found["run"] == pytest.approx(0.5, abs=0.03)  # as much noise as there is signal
    assert found["mean"] == pytest.approx(0.2, abs=0.03)  # a quarter as much beside it
    generator = np.random.default_rng(5)
    signal, luck = generator.normal(0, 1, (400, 1)), generator.normal(0, 1, (1, 40))
    found = share_of_chance(signal + luck, seeds_are_shared=True)
    assert found["mean"] == pytest.approx(0.0, abs=1e-9)
    assert found["run"] == pytest.approx(0.5, abs=0.12)
    assert np.isnan(share_of_chance(signal)["run"])  # one run a point does not tell


def test_a_spread_of_known_parts_divides_as_it_was_made() -> None:
    rng = np.random.default_rng(3)
    count, levels = 4000, ("theory", "coding")
    theory, coding = rng.integers(0, 2, count), rng.integers(0, 2, count)
    scenario = np.array([-1.0, 1.0])  # variance 1
    middle = 2.0 * (2 * theory - 1) + 1.0 * (2 * coding - 1) + rng.normal(0, 2.0, count)  # 4, 1, 4
    luck = rng.normal(0, 1.0, (2, count, 2))  # 1
    values = scenario[:, None, None] + middle[None, :, None] + luck
    points = pd.DataFrame({"theory": theory, "coding": coding})
    found = variance_shares(values, points, levels)
    parts = {"theory": 4, "coding": 1, "parameters": 4, "interplay": 0, "chance": 1, "scenario": 1}
    assert {name: share * 11 for name, share in found.items()} == pytest.approx(parts, abs=0.4)
    assert sum(found.values()) == pytest.approx(1.0)
    # Chance known from other runs, of one run a point: 4 + 1 + 4 beside 1.
    alone = variance_shares((middle + luck[0, :, 0])[None, :, None], points, [], chance=1.0)
    assert (alone["parameters"], alone["chance"]) == pytest.approx((0.9, 0.1), abs=0.02)
    # A failed run takes its point out; what does not vary has no shares.
    values = np.zeros((2, 6, 2))
    values[1] = 1.0
    values[0, 3, 0] = np.nan
    assert variance_shares(values, points[:6], levels)["scenario"] == pytest.approx(1.0)
    flat = variance_shares(np.ones((2, 6, 2)), points[:6], levels)
    assert np.isnan(list(flat.values())).all()
