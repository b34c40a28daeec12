"""Sections of real runs of the model: of sweeps as the contract of results has it, and of `run`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample

from eurasia_sim.analysis.summary import Asked, Material, Section, means, sections
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import run_paired, table
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import hold_shares, put, ranges_of, reference_draws
from eurasia_sim.simulation.run import RANGES, Study, carry_out, drawn_table
from eurasia_sim.world.world import World

MEASURE = "competition.russia-china.central_asia"
PATHS = ("rules.cooperation.joint_level", "rules.cooperation.relative_gains")
FACTORS = [f"x.{path}" for path in PATHS]
SCENARIOS = ("us_exit", "us_stays")
SQUARE = {"num_vars": 2, "names": list(PATHS), "bounds": [[0.0, 1.0]] * 2}
REPLICATES, DRAWS = 2, 50


def swept(world: World, unit: np.ndarray, kind: str, scenarios=SCENARIOS, common=True) -> Material:
    """Real runs at points of the unit square of two numbers' ranges, as a sweep stores them."""
    family = [prepare(world, load_scenario(name, world)) for name in scenarios]
    ranges = np.array([ranges_of(world, family[0])[path] for path in PATHS])
    points = pd.DataFrame(ranges[:, 0] + np.ptp(ranges, axis=1) * unit, columns=FACTORS)
    points.insert(0, "point", np.arange(len(unit)))
    draws = reference_draws(family[0], len(unit) * REPLICATES, 7)
    if common:
        draws.seeds[:] = np.tile(draws.seeds[:REPLICATES], len(unit))
    rows = points.loc[points.index.repeat(REPLICATES)].reset_index(drop=True)
    rows.insert(1, "replicate", np.tile(np.arange(REPLICATES), len(unit)))
    for path in PATHS:
        put(world, draws, path, rows[f"x.{path}"].to_numpy())
    hold_shares(world, draws)
    tables = []
    for inputs, outcome in zip(family, run_paired(family, draws), strict=True):
        outcome.done = np.ones(len(draws), bool)
        tables.append(pd.concat([rows, table(inputs, draws, outcome)], axis=1))
    factors = [
        {"name": name, "low": low, "high": high}
        for name, (low, high) in zip(FACTORS, ranges, strict=True)
    ]
    design, runs = {"kind": kind, "factors": factors}, pd.concat(tables, ignore_index=True)
    return Material(runs, points, design, (MEASURE,), world.numbers)


@pytest.fixture(scope="module")
def saltelli(world: World) -> Material:
    return swept(world, sobol_sample.sample(SQUARE, 16, calc_second_order=True, seed=3), "saltelli")


@pytest.fixture(scope="module")
def ran(world: World, tmp_path_factory: pytest.TempPathFactory) -> Material:
    """What `run` leaves of two scenarios under two theories."""
    scenarios = tuple(load_scenario(name, world) for name in SCENARIOS)
    study = Study(world, scenarios, ("balance_of_threat", "offensive_realism"), DRAWS, seed=4)
    batches = list(study.batches())
    runs = carry_out(study, batches, tmp_path_factory.mktemp("ran"), 2, lambda _: None).runs
    return Material(runs, drawn_table(study, runs, batches), None, (MEASURE,), world.numbers)


def told(material: Material, **asked) -> Mapping[str, Section]:
    return {section.name: section for section in sections(material, Asked(**asked))}


def test_a_saltelli_sweep_has_indices_and_the_share_of_chance_for_each_scenario(saltelli):
    found = told(saltelli)["sobol"].table
    assert set(found["scenario"]) == set(SCENARIOS)
    assert set(found["order"]) == {"first", "total", "second", "chance"}
    assert set(found.loc[found["order"] == "first", "factor"]) == set(PATHS)
    assert np.isfinite(found["index"]).all()
    chance = found[found["order"] == "chance"]
    assert chance["index"].between(0, 1).all()
    assert len(chance) == 2 * 2


def test_sections_say_why_they_are_not_to_be_had_and_shares_add_up_to_one(saltelli):
    found = told(saltelli)
    assert found["morris"].notes == (
        "Morris's effects need a sweep by a morris design; this is a saltelli design",
    )
    assert "no independent draws" in found["convergence"].notes[0]
    assert "say --better higher, or --better lower" in found["robustness"].notes[0]
    assert all(len(section.table) or section.notes for section in found.values())
    shares = found["shares"].table.set_index("part")["share"]
    assert set(shares.index) == {"scenario", "parameters", "interplay", "chance"}
    assert shares.sum() == pytest.approx(1.0)
    assert shares["parameters"] > 0.05


def test_a_failed_run_is_refused_where_it_would_mislead_and_left_out_where_it_may_be(saltelli):
    broken = saltelli.runs.copy()
    broken.loc[5, MEASURE] = np.nan
    found = told(replace(saltelli, runs=broken), higher_is_better=True)
    assert set(found["sobol"].table["scenario"]) == {"us_stays"}  # the other stands
    assert found["sobol"].notes[0].startswith(f"{MEASURE}, us_exit: 1 run is without a value")
    assert "1 run is without a value" in found["sobol"].notes[0]
    assert "point 2 replicate 1" in found["sobol"].notes[0]
    assert set(found["robustness"].table["left_out"]) == {1}
    assert found["shares"].table["share"].sum() == pytest.approx(1.0)


def test_scenarios_of_a_sweep_are_options_in_the_same_states(saltelli):
    found = told(saltelli, higher_is_better=False)["robustness"].table
    assert found["option"].tolist() == list(SCENARIOS)
    places = saltelli.points.drop(columns="point").drop_duplicates()
    # Common seeds: a replicate is a state too.
    assert set(found["states"]) == {len(places) * REPLICATES}
    by_hand = saltelli.runs.groupby("scenario")[MEASURE].max()
    assert found.set_index("option")["worst"].to_dict() == pytest.approx(by_hand.to_dict())
    for asked, said in ((("nothing",), "--option nothing is no factor"), ((), "say --option")):
        one = replace(saltelli, runs=saltelli.runs.query("scenario == 'us_exit'"))
        notes = told(one, higher_is_better=True, options=asked)["robustness"].notes
        assert said in notes[0]


def test_a_morris_sweep_ranks_its_factors(world):
    unit = morris_sample.sample(SQUARE, 8, num_levels=4, seed=3)
    found = told(swept(world, unit, "morris", scenarios=("us_exit",)))
    effects = found["morris"].table
    assert set(effects["factor"]) == set(PATHS)
    assert effects["absolute"].is_monotonic_decreasing
    assert (effects["low"] <= effects["absolute"]).all()
    assert "lie along paths" in found["shares"].notes[0]


def test_a_hypercube_has_intervals_boxes_and_no_indices(world):
    cells = np.tile((np.arange(160) + 0.5) / 160, (2, 1))
    unit = np.random.default_rng(2).permuted(cells, axis=1).T
    cube = swept(world, unit, "latin_hypercube", scenarios=("us_exit",), common=False)
    found = told(cube, above=float(cube.runs[MEASURE].median()))
    assert not len(found["sobol"].table)
    assert found["convergence"].table["n"].tolist() == [160]
    boxes = found["boxes"].table
    assert set(boxes["parameter"]) <= set(PATHS)
    assert set(boxes["method"]) == {"PRIM", "CART"}
    assert (boxes["density"] > 0).all()
    assert boxes["meaning"].map(bool).all()


def test_of_run_the_spread_divides_into_its_parts_and_boxes_stand_in_what_was_drawn(ran):
    over_ranges = ran.runs.loc[ran.runs["set"] == RANGES, MEASURE]
    found = told(ran, above=float(over_ranges.median()))
    shares = found["shares"].table.pivot_table("share", "of", "part")
    assert set(shares.columns) == {"theory", "parameters", "chance"}
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert (shares["chance"] < shares["parameters"]).all()
    boxes = found["boxes"].table
    assert set(boxes["scenario"]) <= set(SCENARIOS)
    assert set(boxes["parameter"]) <= {"theory", *ran.points.columns}
    known = boxes[boxes["parameter"] != "theory"]
    assert (known["meaning"] == [ran.numbers[path].meaning for path in known["parameter"]]).all()
    older = told(replace(ran, points=pd.DataFrame()))["boxes"].notes[0]
    assert "an older version wrote it" in older


def test_of_run_options_have_states_and_means_say_how_many_more_runs(ran):
    found = told(ran, higher_is_better=True, threshold=0.0, precision=0.001)
    robustness, convergence = found["robustness"].table, found["convergence"].table
    assert set(robustness["states"]) == {2 * DRAWS}
    assert set(robustness["domain"]) == {1.0}  # competition is never below nothing
    assert (
        len(convergence) == 2 * 7
    )  # scenarios; sets of three theories, of which one has a fit and two the documents'
    assert (convergence["n"] == DRAWS).all()
    assert ((convergence["more"] == 0) == (convergence["half_width"] <= 0.001)).all()


def test_means_by_factor_say_between_which_levels_a_difference_turns() -> None:
    """By hand: 3 less 1, 2, 5 is 2, 1, -2 in the first row; the second never turns."""
    levels = {"x.r.a": [0.0] * 3 + [1.0] * 3, "x.r.b": [1, 2, 3] * 2}
    points = pd.DataFrame({"point": range(6), **levels})
    sides = {"s": [3.0, 3.0, 3.0, 9.0, 9.0, 9.0], "o": [1.0, 2.0, 5.0, 1.0, 2.0, 5.0]}
    runs = pd.concat(points.assign(scenario=name, **{MEASURE: v}) for name, v in sides.items())
    material = Material(runs, points, {"kind": "grid"}, (MEASURE,), {})
    table = means(material, [MEASURE]).table.query("of == 's less o'")
    assert table[["1", "2", "3"]].to_numpy().tolist() == [[2.0, 1.0, -2.0], [8.0, 7.0, 4.0]]
    assert table["sign turns"].tolist() == ["2 to 3", ""]
    alone = replace(material, points=points.drop(columns="x.r.a"))
    assert means(alone, [MEASURE]).table["sign turns"].tolist() == ["", "", ""]
    assert "at most 2 factors" in means(replace(material, design=None), [MEASURE]).notes[0]
