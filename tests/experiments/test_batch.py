"""Points as a design lays them, and each stored as it was run, to the last bit."""

import numpy as np
import pandas as pd
import pytest
from tests.sweeping import prepared

from eurasia_sim.analysis.summary import Asked, material_of, sections
from eurasia_sim.cli.scenario import problems_of
from eurasia_sim.experiments.batch import points_of
from eurasia_sim.experiments.sweep import Work, carry_out
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.sources import bases_of
from eurasia_sim.simulation.results import load_results

MEASURE = "competition.russia-china.central_asia"
GAINS, HABIT = "rules.cooperation.relative_gains", "rules.allocation.habit"
BOTH = f"{{{HABIT}: declared, {GAINS}: declared}}"
ONE = "scenarios: [{scenario}]\n"
# A factor of every kind that has a range, then of every kind that has levels.
RANGES = """
  rules.cooperation.relative_gains: declared
  rules.cooperation.joint_level: declared
  rules.cooperation.joint_relation: declared
  rules.allocation.motive_primacy: declared
  rules.allocation.cell_cost: {low: 0.11, high: 0.77}
  actors.russia.interests.standing: declared
  pressure.united_states.china: {low: 0.1, high: 0.9}
  together:
    low: 0
    high: 3
    moves: {aid.china.tajikistan: [0.01, 0.04], rules.allocation.habit: [0.71, 0.93]}
"""
LEVELS = """  rules.perception.contiguity: [0.5, 0.7]
  stability.afghanistan: [0.3, free]
  theory: [balance_of_threat, defensive_realism]
  form.zero: all
  seed: [3, 4, 5]
  scenario: [{scenario}, {second}]
"""


@pytest.fixture
def asked(world, tmp_path):
    """A sweep of a design and its factors."""

    def ask(design, factors=BOTH, rest="", head=ONE):
        text = f"{head}design: {{kind: {design}}}\nfactors: {factors}\n{rest}"
        return prepared(tmp_path, world, f"measures: [{MEASURE}]\n{text}")

    return ask


def swept(sweep, out):
    return carry_out(sweep, out, Work(workers=1)).folder


@pytest.mark.parametrize(
    ("small", "large", "count"),
    [
        ("sobol, points: 8", "sobol, points: 16", 16),
        ("saltelli, points: 4", "saltelli, points: 8", 8 * 6),
        ("saltelli, points: 4, second_order: false", "saltelli, points: 8, second_order: false",
         8 * 4),
        ("latin_hypercube, points: 10", "latin_hypercube, points: [10, 5]", 15),
        ("morris, trajectories: 3", "morris, trajectories: [3, 2]", 5 * 3),
    ],
)  # fmt: skip
def test_a_larger_design_begins_with_the_points_of_the_smaller(asked, small, large, count):
    one, other = asked(small).design, asked(large).design
    assert len(other.cells) == count
    np.testing.assert_array_equal(one.cells, other.cells[: len(one.cells)])
    assert one.digest == asked(small).design.digest != other.digest
    low, high = np.array([(factor.low, factor.high) for factor in other.factors]).T
    assert ((low <= other.cells) & (other.cells <= high)).all()
    assert np.ptp(other.cells, axis=0).min() > 0


def test_a_grid_crosses_levels_a_zip_pairs_them_and_a_sample_draws_them_equally_often(asked):
    factors = f"{{form.zero: all, {HABIT}: [0.8, 0.9]}}"
    grid = asked("grid", factors).design.table()
    assert list(grid["x.form.zero"]) == ["fixed"] * 2 + ["moving"] * 2
    assert list(grid[f"x.{HABIT}"]) == [0.8, 0.9, 0.8, 0.9]
    assert len(asked("zip", factors).design.cells) == 2
    drawn = asked("latin_hypercube, points: 20", factors.replace("[0.8, 0.9]", "declared")).design
    assert list(drawn.table()["x.form.zero"].value_counts()) == [10, 10]


@pytest.mark.parametrize("design", ["sobol, points: 64", "latin_hypercube, points: 9"])
def test_constraints_leave_points_out_and_say_how_many(asked, design):
    whole, rest = asked(design), f"constraints: [{{sum: {{{HABIT}: 1, {GAINS}: -1}}, at_least: 0}}]"
    found, cells = asked(design, rest=rest).design, whole.design.cells
    kept = cells[:, 0] >= cells[:, 1]
    np.testing.assert_array_equal(found.cells, cells[kept])
    assert found.left_out == (~kept).sum() > 0
    with pytest.raises(DataError, match=f"leave none of {len(kept)} points"):
        asked(design, rest=rest.replace("at_least: 0", "at_least: 9"))


def test_points_that_no_memory_holds_are_refused_before_they_are_made(
    asked, world, tmp_path, monkeypatch
):
    monkeypatch.setattr("eurasia_sim.files.memory.memory_free", lambda: 2 * 10**9)
    with pytest.raises(DataError, match="10,000,000 points of 150 factors take about"):
        asked("latin_hypercube, points: 10000000", "{'*': declared}")
    assert problems_of(str(tmp_path / "tried.yaml"), world) == []


def numbers(sweep):
    """Numbers of every point, by path."""
    cells = enumerate(sweep.design.cells)
    return [dict(points_of(sweep.setup, number, own)[0].numbers) for number, own in cells]


def test_a_declared_number_reaches_its_run_to_the_last_bit(asked):
    sweep = asked("sobol, points: 64", "{'*': declared}")
    table = sweep.design.table().drop(columns="point").rename(columns=lambda name: name[2:])
    assert numbers(sweep) == table.to_dict("records")


def test_a_declared_number_is_moved_into_its_theory_s_range_or_left_to_what_holds_it(asked, world):
    factors = "{theory: all, form.zero: all, 'rules.*': declared}"
    sweep, moved, held = asked("latin_hypercube, points: 8", factors), 0, 0
    factors = {factor.name: at for at, factor in enumerate(sweep.design.factors)}
    for number, cells in enumerate(sweep.design.cells):
        (point,) = points_of(sweep.setup, number, cells)
        preset, own_numbers = world.theories[point.theory], dict(point.numbers)
        fixed = set(preset.fix).union(*(world.forms[f][form].fix for f, form in point.forms))
        for path in [path for path in factors if path.startswith("rules.")]:
            name, cell, own = path.rsplit(".", 1)[1], cells[factors[path]], world.numbers[path]
            if name in fixed:
                held += 1
                assert path not in own_numbers
            elif name in preset.ranges:
                moved += 1
                low, high = preset.ranges[name]
                expected = low + (high - low) * (cell - own.low) / (own.high - own.low)
                assert own_numbers[path] == pytest.approx(expected)
            else:
                assert own_numbers[path] == cell
    assert min(moved, held) > 0


def test_what_moves_together_ends_where_it_is_said_to(asked):
    factors = f"{{x: {{levels: [0.1, 0.2, 0.3, 0.7], moves: {{{GAINS}: [0.21, 0.46]}}}}}}"
    values = [own[GAINS] for own in numbers(asked("grid", factors))]
    assert (values[0], values[-1]) == (0.21, 0.46)
    assert values == sorted(values)


def test_a_lever_starts_in_one_month_in_all_scenarios(asked, world):
    head = "scenarios: [us_stays, {scenario}]\nset: {pressure.china.india: 0.2}\n"
    setup = asked("grid", "{pressure.united_states.china: [0.1]}", head=head).setup
    for name in setup.scenarios:
        changes = setup.inputs(name, points_of(setup, 0, np.array([0.1]))[0]).scenario.changes
        for path, value in (("pressure.united_states.china", 0.1), ("pressure.china.india", 0.2)):
            assert changes[path] == {world.month("2001-12"): value}


@pytest.mark.parametrize("name", ["other", "held"])
def test_each_scenario_keeps_the_theory_and_the_numbers_that_it_holds(asked, tmp_path, name):
    design = ("grid", f"{{{HABIT}: [0.8, 0.9]}}", "replications: 2\n")
    both, alone = (
        load_results(swept(asked(*design, head=f"scenarios: [{own}]\n"), tmp_path / own))
        for own in (f"{{scenario}}, {{{name}}}", f"{{{name}}}")
    )
    own, first = (both[both["scenario"] == each] for each in (name, "few_months"))
    np.testing.assert_array_equal(own[MEASURE], alone[MEASURE])
    assert (own[MEASURE].to_numpy() != first[MEASURE].to_numpy()).all()
    assert list(both["scenario"].unique()) == ["few_months", name]


@pytest.mark.parametrize(
    ("design", "levels", "section"),
    [
        ("saltelli, points: 2, second_order: false", LEVELS, "sobol"),
        ("morris, trajectories: 8", "", "morris"),
        ("sobol, points: 32", LEVELS, "shares"),
    ],
)
def test_factors_of_every_kind_are_swept_and_analysed(asked, tmp_path, design, levels, section):
    head = "" if levels else "scenarios: [{scenario}, {second}]\n"
    folder = swept(asked(design, f"{RANGES}{levels}", head=head), tmp_path / "out")
    every = sections(material_of(folder, [MEASURE]), Asked())
    found = {each.name: each for each in every}[section]
    assert all("roughly" in note or "no interval" in note for note in found.notes)
    assert len(found.table) > 0
    runs, points = load_results(folder), pd.read_parquet(folder / "design.parquet")
    for name in ("rules.allocation.cell_cost", "actors.russia.interests.standing", "together"):
        column = f"x.{name}"
        np.testing.assert_array_equal(runs[column], points[column].to_numpy()[runs["point"]])


def test_as_many_numbers_are_said_to_be_drawn_as_are(world):
    counts = np.sum([*bases_of(world).values()], axis=0).tolist()
    assert counts == [len(world.numbers), len(world.drawn)]
