"""What runs say, on real runs of the model: of sweeps laid out as the contract of results has it, and of `run`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample

from eurasia_sim.analysis.summary import Asked, Material, Section, sections
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import run_paired, table
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import hold_shares, put, ranges_of, reference_draws
from eurasia_sim.simulation.run import Study, carry_out, drawn_table
from eurasia_sim.world.world import World, load_world

MEASURE = "competition.russia-china.central_asia"
PATHS = ("rules.perception.distance_decay", "rules.cooperation.relative_gains")
REPLICATES = 2


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def swept(
    world: World,
    unit: np.ndarray,
    kind: str,
    scenarios=("us_exit", "us_stays"),
    common: bool = True,
) -> Material:
    """Real runs at points of the unit square of two numbers' ranges, as a finished sweep holds them."""
    family = [prepare(world, load_scenario(name, world)) for name in scenarios]
    ranges = {path: ranges_of(world, family[0])[path] for path in PATHS}
    points = pd.DataFrame(
        {
            f"x.{path}": low + (high - low) * unit[:, at]
            for at, (path, (low, high)) in enumerate(ranges.items())
        }
    )
    points.insert(0, "point", np.arange(len(unit)))
    draws = reference_draws(family[0], len(unit) * REPLICATES, 7)
    if common:
        draws.seeds[:] = np.tile(draws.seeds[:REPLICATES], len(unit))
    for path in PATHS:
        put(world, draws, path, np.repeat(points[f"x.{path}"].to_numpy(), REPLICATES))
    hold_shares(world, draws)
    tables = []
    for inputs, outcome in zip(family, run_paired(family, draws), strict=True):
        outcome.done = np.ones(len(draws), bool)
        own = table(inputs, draws, outcome)
        own.insert(0, "point", np.repeat(points["point"].to_numpy(), REPLICATES))
        own.insert(1, "replicate", np.tile(np.arange(REPLICATES), len(unit)))
        own = pd.concat(
            [own, points.loc[own["point"], [f"x.{path}" for path in PATHS]].reset_index(drop=True)],
            axis=1,
        )
        tables.append(own)
    factors = [
        {"name": f"x.{path}", "low": low, "high": high} for path, (low, high) in ranges.items()
    ]
    runs = pd.concat(tables, ignore_index=True)
    return Material(runs, points, {"kind": kind, "factors": factors}, (MEASURE,), world.numbers)


SQUARE = {"num_vars": 2, "names": list(PATHS), "bounds": [[0.0, 1.0]] * 2}


@pytest.fixture(scope="module")
def saltelli(world: World) -> Material:
    return swept(world, sobol_sample.sample(SQUARE, 16, calc_second_order=True, seed=3), "saltelli")


@pytest.fixture(scope="module")
def ran(world: World, tmp_path_factory: pytest.TempPathFactory) -> Material:
    """What `run` leaves of two scenarios under two theories."""
    scenarios = tuple(load_scenario(name, world) for name in ("us_exit", "us_stays"))
    study = Study(world, scenarios, ("balance_of_threat", "offensive_realism"), 60, seed=4)
    batches = list(study.batches())
    runs = carry_out(study, batches, tmp_path_factory.mktemp("ran"), 2, lambda _: None).runs
    return Material(runs, drawn_table(study, runs, batches), None, (MEASURE,), world.numbers)


def told(material: Material, **asked) -> Mapping[str, Section]:
    return {section.name: section for section in sections(material, Asked(**asked))}


def test_a_saltelli_sweep_has_indices_and_the_share_of_chance_for_each_scenario(saltelli):
    found = told(saltelli)["sobol"].table
    assert set(found["scenario"]) == {"us_exit", "us_stays"}
    assert set(found["order"]) == {"first", "total", "second", "chance"}
    assert set(found.loc[found["order"] == "first", "factor"]) == set(PATHS)
    assert np.isfinite(found["index"]).all()
    chance = found[found["order"] == "chance"]
    assert chance["index"].between(0, 1).all()
    assert len(chance) == 2 * 2


def test_other_sections_say_why_they_are_not_to_be_had(saltelli):
    found = told(saltelli)
    assert found["morris"].notes == (
        "Morris's effects need a sweep by a morris design; this is a saltelli design",
    )
    assert "no independent draws" in found["convergence"].notes[0]
    assert "say --better higher, or --better lower" in found["robustness"].notes[0]
    assert all(len(section.table) or section.notes for section in found.values())


def test_shares_of_a_sweep_with_replicates_add_up_to_one(saltelli):
    shares = told(saltelli)["shares"].table.set_index("part")["share"]
    assert set(shares.index) == {"scenario", "parameters", "interplay", "chance"}
    assert shares.sum() == pytest.approx(1.0)
    assert shares["parameters"] > 0.05


def test_a_failed_run_is_refused_where_it_would_mislead_and_left_out_where_it_may_be(saltelli):
    broken = saltelli.runs.copy()
    broken.loc[5, MEASURE] = np.nan
    found = told(
        Material(broken, saltelli.points, saltelli.design, (MEASURE,), saltelli.numbers),
        higher_is_better=True,
    )
    assert not len(found["sobol"].table)
    assert "1 run is without a value" in found["sobol"].notes[0]
    assert "point 2 replicate 1" in found["sobol"].notes[0]
    assert set(found["robustness"].table["left_out"]) == {1}
    assert found["shares"].table["share"].sum() == pytest.approx(1.0)


def test_scenarios_of_a_sweep_are_options_in_the_same_states(saltelli):
    found = told(saltelli, higher_is_better=False)["robustness"].table
    assert found["option"].tolist() == ["us_exit", "us_stays"]
    places = saltelli.points.drop(columns="point").drop_duplicates()
    assert set(found["states"]) == {
        len(places) * REPLICATES
    }  # common seeds: a replicate is a state too
    by_hand = saltelli.runs.groupby("scenario")[MEASURE].max()
    assert found.set_index("option")["worst"].to_dict() == pytest.approx(by_hand.to_dict())
    assert (
        told(saltelli, higher_is_better=True, options=("nothing",))["robustness"]
        .notes[0]
        .startswith("--option")
    )


def test_a_morris_sweep_ranks_its_factors(world):
    unit = morris_sample.sample(SQUARE, 8, num_levels=4, seed=3)
    found = told(swept(world, unit, "morris", scenarios=("us_exit",)))["morris"].table
    assert set(found["factor"]) == set(PATHS)
    assert found["absolute"].is_monotonic_decreasing
    assert (found["low"] <= found["absolute"]).all()


def test_a_hypercube_has_intervals_boxes_and_no_indices(world):
    unit = (
        np.random.default_rng(2).permuted(np.tile((np.arange(160) + 0.5) / 160, (2, 1)), axis=1).T
    )
    found = told(swept(world, unit, "latin_hypercube", scenarios=("us_exit",), common=False))
    assert not len(found["sobol"].table)
    assert found["convergence"].table["n"].tolist() == [160]
    assert (
        found["widths"].table["half_width"].iloc[-1]
        == found["convergence"].table["half_width"].iloc[0]
    )
    boxes = found["boxes"].table
    assert set(boxes["parameter"]) <= set(PATHS)
    assert set(boxes["method"]) == {"PRIM", "CART"}
    assert (boxes["density"] > 0).all()
    assert boxes["meaning"].map(bool).all()


def test_of_run_the_spread_divides_into_theory_parameters_and_chance(ran):
    shares = told(ran)["shares"].table.pivot_table("share", "of", "part")
    assert set(shares.columns) == {"theory", "parameters", "chance"}
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert (shares["chance"] < shares["parameters"]).all()


def test_of_run_boxes_stand_in_what_was_drawn(ran):
    boxes = told(ran, above=float(ran.runs[MEASURE].median()))["boxes"].table
    assert set(boxes["scenario"]) <= {"us_exit", "us_stays"}
    drawn = {"theory", *ran.points.columns}
    assert set(boxes["parameter"]) <= drawn
    known = boxes[boxes["parameter"] != "theory"]
    assert (known["meaning"] == [ran.numbers[path].meaning for path in known["parameter"]]).all()


def test_of_run_scenarios_are_options_and_draws_states(ran):
    found = told(ran, higher_is_better=True, threshold=0.0)["robustness"].table
    assert set(found["states"]) == {2 * 60}
    assert set(found["domain"]) == {1.0}  # competition is never below nothing


def test_of_run_convergence_says_how_many_more_runs(ran):
    found = told(ran, precision=0.001)["convergence"].table
    assert len(found) == 2 * 2 * 2  # scenarios, theories, sets
    assert (found["n"] == 60).all()
    assert ((found["more"] == 0) == (found["half_width"] <= 0.001)).all()


def test_the_same_results_say_the_same(ran):
    for one, other in zip(sections(ran, Asked()), sections(ran, Asked()), strict=True):
        pd.testing.assert_frame_equal(one.table, other.table)
        assert one.notes == other.notes
