"""Sections of results whose spread is known: of sweeps, and of what `run` draws."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from SALib.sample import sobol as sobol_sample

from eurasia_sim.analysis.summary import Asked, Material, means, sections
from eurasia_sim.simulation.run import RANGES, REFERENCE

MEASURE = "competition.russia-china.central_asia"
PATHS = ["rules.cooperation.joint_level", "rules.cooperation.relative_gains"]
SCENARIOS = ("us_exit", "us_stays")
THEORIES = ("balance_of_threat", "offensive_realism")
SQUARE = {"num_vars": 2, "names": PATHS, "bounds": [[0.0, 1.0]] * 2}
REPLICATES, DRAWS = 2, 50
# By chance; beside it the first number makes 4 / 12 of variance and the second 1 / 12.
LUCK = np.random.default_rng(1).normal(0, 0.3, 1000)


def swept(unit, kind, scenarios=SCENARIOS, common=True):
    """2 x + y and luck at points of the unit square, 1 more in the first scenario, as of a sweep.

    Common seeds bring the same luck to every point.
    """
    points = pd.DataFrame({"point": np.arange(len(unit)), f"x.{PATHS[0]}": unit[:, 0],
                           f"x.{PATHS[1]}": unit[:, 1]})  # fmt: skip
    rows = points.loc[points.index.repeat(REPLICATES)].reset_index(drop=True)
    rows["replicate"] = np.tile(np.arange(REPLICATES), len(unit))
    rows["seed"] = rows["replicate"] if common else np.arange(len(rows))
    value = 2 * rows[f"x.{PATHS[0]}"] + rows[f"x.{PATHS[1]}"] + LUCK[rows["seed"]]
    runs = []
    for name in scenarios:
        head = {"scenario": name, "theory": THEORIES[0], "run_id": name + rows.index.astype(str)}
        runs.append(rows.assign(**head, **{MEASURE: value + (name == SCENARIOS[0])}))
    factors = [{"name": f"x.{path}", "low": 0.0, "high": 1.0} for path in PATHS]
    design = {"kind": kind, "factors": factors}
    return Material(pd.concat(runs, ignore_index=True), points, design, (MEASURE,), {})


@pytest.fixture(scope="module")
def saltelli():
    return swept(sobol_sample.sample(SQUARE, 64, calc_second_order=True, seed=3), "saltelli")


@pytest.fixture(scope="module")
def ran(world):
    """What `run` leaves of two scenarios under two theories, the second of which adds 1."""
    rng = np.random.default_rng(2)
    points = pd.DataFrame({"theory": np.repeat(THEORIES, DRAWS), "run": [*range(DRAWS)] * 2,
                           PATHS[0]: rng.random(2 * DRAWS)})  # fmt: skip
    points.insert(0, "draw", [f"{DRAWS + at}" for at in range(2 * DRAWS)])
    chance = points.assign(draw=[f"{at}" for at in range(DRAWS)] * 2, **{PATHS[0]: 0.5})
    tables = []
    for name in SCENARIOS:
        for at, (kind, own) in enumerate(((REFERENCE, chance), (RANGES, points))):
            luck = LUCK[at * len(own) : (at + 1) * len(own)]
            value = 2 * own[PATHS[0]] + luck + (own["theory"] == THEORIES[1])
            tables.append(own.assign(scenario=name, set=kind, **{MEASURE: value}))
    runs = pd.concat(tables, ignore_index=True).drop(columns=PATHS[0])
    return Material(runs, points, None, (MEASURE,), world.numbers)


def told(material, **asked):
    return {section.name: section for section in sections(material, Asked(**asked))}


def test_a_saltelli_sweep_has_indices_and_shares_and_says_why_another_section_is_not_to_be_had(
    saltelli,
):
    found = told(saltelli)
    indices = found["sobol"].table.set_index(["scenario", "order", "factor"])["index"]
    for own in (indices[scenario] for scenario in SCENARIOS):
        assert set(own.index.unique(0)) == {"first", "total", "second", "chance"}
        assert own["first"][PATHS].tolist() == pytest.approx([0.8, 0.2], abs=0.05)
        assert own["chance"].between(0, 1).all()
    assert found["morris"].notes == (
        "Morris's effects need a sweep by a morris design; this is a saltelli design",
    )
    assert "no independent draws" in found["convergence"].notes[0]
    assert "say --better higher, or --better lower" in found["robustness"].notes[0]
    assert all(len(section.table) or section.notes for section in found.values())
    shares = found["shares"].table.set_index("part")["share"]
    assert set(shares.index) == {"scenario", "parameters", "interplay", "chance"}
    assert shares.sum() == pytest.approx(1.0)
    assert shares["scenario"] == pytest.approx(0.25 / (0.25 + 5 / 12 + LUCK[:2].var(ddof=1)), 0.1)


def test_a_failed_run_is_refused_where_it_would_mislead_and_left_out_where_it_may_be(saltelli):
    broken = saltelli.runs.copy()
    broken.loc[5, MEASURE] = np.nan
    found = told(replace(saltelli, runs=broken), higher_is_better=True)
    assert set(found["sobol"].table["scenario"]) == {"us_stays"}  # the other stands
    assert found["sobol"].notes[0].startswith(f"{MEASURE}, us_exit: 1 run is without a value")
    assert "point 2 replicate 1" in found["sobol"].notes[0]
    assert set(found["robustness"].table["left_out"]) == {1}
    assert found["shares"].table["share"].sum() == pytest.approx(1.0)


def test_scenarios_of_a_sweep_are_options_in_the_same_states(saltelli):
    found = told(saltelli, higher_is_better=False)["robustness"].table.set_index("option")
    assert found.index.tolist() == list(SCENARIOS)
    places = saltelli.points.drop(columns="point").drop_duplicates()
    # Common seeds: a replicate is a state too.
    assert set(found["states"]) == {len(places) * REPLICATES}
    assert found["most_regret"].to_dict() == pytest.approx({"us_exit": 1.0, "us_stays": 0.0})
    one = replace(saltelli, runs=saltelli.of("us_exit"))
    for asked, said in ((("nothing",), "--option nothing is no factor"), ((), "say --option")):
        notes = told(one, higher_is_better=True, options=asked)["robustness"].notes
        assert said in notes[0]


def test_a_hypercube_has_intervals_boxes_and_no_indices(world):
    cells = np.tile((np.arange(160) + 0.5) / 160, (2, 1))
    unit = np.random.default_rng(2).permuted(cells, axis=1).T
    cube = replace(
        swept(unit, "latin_hypercube", scenarios=("us_exit",), common=False), numbers=world.numbers
    )
    found = told(cube, above=float(cube.runs[MEASURE].median()))
    assert not len(found["sobol"].table)
    assert found["convergence"].table["n"].tolist() == [160]
    boxes = found["boxes"].table
    assert set(boxes["method"]) == {"PRIM", "CART"}
    for kind in ("meaning", "unit"):
        known = [getattr(world.numbers[path], kind) for path in boxes["parameter"]]
        assert boxes[kind].tolist() == known


def test_of_run_the_spread_divides_into_its_parts_and_boxes_stand_in_what_was_drawn(ran):
    over_ranges = ran.runs.loc[ran.runs["set"] == RANGES, MEASURE]
    found = told(ran, above=float(over_ranges.median()))
    shares = found["shares"].table.pivot_table("share", "of", "part")
    assert set(shares.columns) == {"theory", "parameters", "chance"}
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    # Of variance a quarter for 1 more in half of the runs, 4 / 12 for 2 x, and 0.3 squared.
    assert shares["theory"].iloc[0] == pytest.approx(0.25 / (0.25 + 4 / 12 + 0.09), abs=0.1)
    boxes = found["boxes"].table
    assert set(boxes["scenario"]) == set(SCENARIOS)
    assert {PATHS[0]} <= set(boxes["parameter"]) <= {"theory", PATHS[0]}
    older = told(replace(ran, points=pd.DataFrame()))["boxes"].notes[0]
    assert "an older version wrote it" in older


def test_of_run_options_have_states_and_means_say_how_many_more_runs(ran):
    found = told(ran, higher_is_better=True, threshold=-9.0, precision=0.05)
    robustness, convergence = found["robustness"].table, found["convergence"].table
    assert set(robustness["states"]) == {2 * DRAWS}
    assert set(robustness["domain"]) == {1.0}
    assert len(convergence) == 2 * 2 * 2  # scenarios, theories, sets
    assert (convergence["n"] == DRAWS).all()
    assert ((convergence["more"] == 0) == (convergence["half_width"] <= 0.05)).all()


def test_means_by_factor_say_between_which_levels_a_difference_turns():
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
