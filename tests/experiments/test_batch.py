"""What a sweep stores is what it ran, to the last bit; so whatever was swept can be analysed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.sweeping import prepared

from eurasia_sim.analysis.summary import Asked, sections
from eurasia_sim.cli.scenario import problems_of
from eurasia_sim.experiments.batch import points_of
from eurasia_sim.experiments.folder import material_of
from eurasia_sim.experiments.sweep import Sweep, Work, carry_out
from eurasia_sim.figures.style import analysis_caption
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.sources import bases_of
from eurasia_sim.simulation.results import load_results
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.world.world import World

MEASURE = "competition.russia-china.central_asia"
GAINS, HABIT = "rules.cooperation.relative_gains", "rules.allocation.habit"
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


def swept(folder: Path, world: World, text: str) -> Path:
    sweep = prepared(folder, world, f"measures: [{MEASURE}]\n{text}")
    return carry_out(sweep, folder / "out", Work(workers=1)).folder


def numbers(sweep: Sweep) -> list[dict[str, float]]:
    """Numbers of every point, by path."""
    cells = enumerate(sweep.design.cells)
    return [dict(points_of(sweep.setup, number, own)[0].numbers) for number, own in cells]


def test_a_declared_number_reaches_its_run_to_the_last_bit(world, tmp_path) -> None:
    text = f"{ONE}design: {{kind: sobol, points: 64}}\nfactors: {{'*': declared}}\n"
    sweep = prepared(tmp_path, world, text)
    table = sweep.design.table().drop(columns="point").rename(columns=lambda name: name[2:])
    assert numbers(sweep) == table.to_dict("records")


def test_a_declared_number_is_moved_into_the_range_of_its_theory_or_left_to_what_holds_it(
    world, tmp_path
) -> None:
    factors = "{theory: all, form.zero: all, 'rules.*': declared}"
    text = f"{ONE}design: {{kind: latin_hypercube, points: 8}}\nfactors: {factors}\n"
    sweep = prepared(tmp_path, world, text)
    factors = {factor.name: at for at, factor in enumerate(sweep.design.factors)}
    moved = held = 0
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
    assert moved > 0
    assert held > 0


def test_what_moves_together_ends_where_it_is_said_to(world, tmp_path) -> None:
    factors = f"{{x: {{levels: [0.1, 0.2, 0.3, 0.7], moves: {{{GAINS}: [0.21, 0.46]}}}}}}"
    sweep = prepared(tmp_path, world, f"{ONE}design: {{kind: grid}}\nfactors: {factors}\n")
    values = [own[GAINS] for own in numbers(sweep)]
    assert (values[0], values[-1]) == (0.21, 0.46)
    assert values == sorted(values)


def test_a_lever_starts_in_one_month_in_all_scenarios(world, tmp_path) -> None:
    head = "scenarios: [us_stays, {scenario}]\nset: {pressure.china.india: 0.2}\n"
    factors = "{pressure.united_states.china: [0.1]}"
    setup = prepared(tmp_path, world, f"{head}design: {{kind: grid}}\nfactors: {factors}\n").setup
    for name in setup.scenarios:
        changes = setup.inputs(name, points_of(setup, 0, np.array([0.1]))[0]).scenario.changes
        for path, value in (("pressure.united_states.china", 0.1), ("pressure.china.india", 0.2)):
            assert changes[path] == {world.month("2001-12"): value}


@pytest.mark.parametrize("name", ["other", "held"])
def test_each_scenario_keeps_the_theory_and_the_numbers_that_it_holds(
    world, tmp_path, name
) -> None:
    rest = f"design: {{kind: grid}}\nfactors: {{{HABIT}: [0.8, 0.9]}}\nreplications: 2\n"
    together = f"scenarios: [{{scenario}}, {{{name}}}]\n{rest}"
    both = load_results(swept(tmp_path / "both", world, together))
    alone = load_results(swept(tmp_path / "alone", world, f"scenarios: [{{{name}}}]\n{rest}"))
    own, first = (both[both["scenario"] == each] for each in (name, "few_months"))
    np.testing.assert_array_equal(own[MEASURE], alone[MEASURE])
    assert (own[MEASURE].to_numpy() != first[MEASURE].to_numpy()).all()
    assert list(both["scenario"].unique()) == ["few_months", name]


@pytest.mark.parametrize(
    ("design", "levels", "section"),
    [
        ("{kind: saltelli, points: 2, second_order: false}", LEVELS, "sobol"),
        ("{kind: morris, trajectories: 8}", "", "morris"),
        ("{kind: sobol, points: 32}", LEVELS, "shares"),
    ],
)
def test_factors_of_every_kind_are_swept_and_analysed(
    world, tmp_path, design, levels, section
) -> None:
    scenarios = "" if levels else "scenarios: [{scenario}, {second}]\n"
    text = f"{scenarios}design: {design}\nfactors: {RANGES}{levels}"
    folder = swept(tmp_path, world, text)
    every = sections(material_of(folder, [MEASURE]), Asked())
    found = {each.name: each for each in every}[section]
    assert all("roughly" in note or "no interval" in note for note in found.notes)
    assert len(found.table) > 0
    runs, points = load_results(folder), pd.read_parquet(folder / "design.parquet")
    for name in ("rules.allocation.cell_cost", "actors.russia.interests.standing", "together"):
        column = f"x.{name}"
        np.testing.assert_array_equal(runs[column], points[column].to_numpy()[runs["point"]])


def test_points_that_no_memory_holds_are_refused_before_they_are_made(
    world, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("eurasia_sim.files.memory.memory_free", lambda: 2 * 10**9)
    design = "{kind: latin_hypercube, points: 10000000}"
    with pytest.raises(DataError, match="10,000,000 points of 150 factors take about"):
        prepared(tmp_path, world, f"{ONE}design: {design}\nfactors: {{'*': declared}}\n")
    assert problems_of(str(tmp_path / "tried.yaml"), world) == []


def test_a_figure_counts_the_runs_of_each_scenario(world, tmp_path) -> None:
    factors = f"{{{GAINS}: declared, {HABIT}: declared}}"
    text = f"design: {{kind: saltelli, points: 2}}\nfactors: {factors}\nreplications: 2\n"
    folder = swept(tmp_path, world, "scenarios: [{scenario}, {second}]\n" + text)
    caption = analysis_caption(open_results(folder, world))
    assert caption.startswith("24 runs each · 0 failed")
    assert len(load_results(folder)) == 48


def test_as_many_numbers_are_said_to_be_drawn_as_are(world) -> None:
    bases = bases_of(world).values()
    assert sum(drawn for _, drawn in bases) == len(world.drawn) <= 150
    assert sum(count for count, _ in bases) == len(world.numbers)
