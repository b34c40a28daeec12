"""What a sweep stores is what it ran, to the last bit; so whatever was swept can be analysed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.sweeping import SCENARIO, written

from eurasia_sim.analysis.summary import Asked, sections
from eurasia_sim.cli.scenario import _problems
from eurasia_sim.experiments.analysis_folder import material_of
from eurasia_sim.experiments.design import lay_out, memory_free
from eurasia_sim.experiments.experiment import load_experiment
from eurasia_sim.experiments.point import point_of
from eurasia_sim.experiments.sweep import Sweep, Work, carry_out, prepare_sweep
from eurasia_sim.figures.verdicts import analysis_caption
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.sources import bases_of, drawn_paths
from eurasia_sim.simulation.results import load_results
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.world.world import World, load_world

MEASURE = "competition.russia-china.central_asia"
GAINS, HABIT = "rules.cooperation.relative_gains", "rules.allocation.habit"
HEAD = f"format: 1\nkind: sweep\ntitle: A try\nmeasures: [{MEASURE}]\n"
# A factor of every kind that has a range, then of every kind that has levels.
RANGES = """
  rules.cooperation.relative_gains: declared
  rules.cooperation.joint_trust: declared
  rules.cooperation.joint_reluctance: declared
  rules.allocation.motive_primacy: declared
  rules.allocation.skill_cost: {low: 0.31, high: 1.37}
  actors.russia.interests.primacy: declared
  pressure.united_states.china: {low: 0.1, high: 0.9}
  together: {low: 0, high: 3, moves: {aid.china.tajikistan: [0.01, 0.04], rules.allocation.habit: [0.71, 0.93]}}
"""
LEVELS = """
  rules.perception.contiguity: [0.5, 0.7]
  stability.afghanistan: [0.3, free]
  theory: [balance_of_threat, defensive_realism]
  form.threat: all
  seed: [3, 4, 5]
  scenario: [{scenario}, {second}]
"""


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def prepared(folder: Path, world: World, text: str) -> Sweep:
    """A sweep over few months; a scenario in braces differs from {scenario} in a lever, its theory, or a number."""
    folder.mkdir(exist_ok=True)
    others = {
        "second": SCENARIO.replace("0.3", "0.7"),
        "other": f"{SCENARIO}theory: offensive_realism\n",
        "held": f"{SCENARIO}uncertain: {{{GAINS}: [0.7, 0.7]}}\n",
    }
    for name, content in others.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
        text = text.replace(f"{{{name}}}", str(folder / f"{name}.yaml"))
    return prepare_sweep(load_experiment(written(folder, HEAD + text), world), world)


def swept(folder: Path, world: World, text: str) -> Path:
    return carry_out(prepared(folder, world, text), folder / "out", Work(workers=1)).folder


def test_a_declared_number_reaches_its_run_to_the_last_bit(world: World, tmp_path: Path) -> None:
    found = prepared(
        tmp_path, world, 'scenarios: [{scenario}]\ndesign: {kind: sobol, points: 64}\nfactors: {"*": declared}\n'
    )
    names = [factor.name for factor in found.setup.experiment.factors]
    for number, cells in enumerate(found.design.cells):
        assert dict(point_of(found.setup, number, cells).numbers) == dict(zip(names, cells.tolist(), strict=True))


def test_what_moves_together_ends_where_it_is_said_to(world: World, tmp_path: Path) -> None:
    text = (
        f"design: {{kind: grid}}\nfactors: {{x: {{levels: [0.1, 0.2, 0.3, 0.7], moves: {{{GAINS}: [0.21, 0.46]}}}}}}\n"
    )
    found = prepared(tmp_path, world, "scenarios: [{scenario}]\n" + text)
    values = [dict(point_of(found.setup, at, cells).numbers)[GAINS] for at, cells in enumerate(found.design.cells)]
    assert (values[0], values[-1]) == (0.21, 0.46)
    assert values == sorted(values)


def test_a_lever_starts_in_one_month_in_all_scenarios(world: World, tmp_path: Path) -> None:
    text = "set: {pressure.china.india: 0.2}\ndesign: {kind: grid}\nfactors: {pressure.united_states.china: [0.1]}\n"
    setup = prepared(tmp_path, world, "scenarios: [us_stays, {scenario}]\n" + text).setup
    for name in setup.scenarios:
        changes = setup.inputs(name, point_of(setup, 0, np.array([0.1]))).scenario.changes
        for path, value in (("pressure.united_states.china", 0.1), ("pressure.china.india", 0.2)):
            assert changes[path] == {world.month("2001-12"): value}


@pytest.mark.parametrize("name", ["other", "held"])
def test_each_scenario_keeps_the_theory_and_the_numbers_that_it_holds(world: World, tmp_path: Path, name: str) -> None:
    rest = f"design: {{kind: grid}}\nfactors: {{{HABIT}: [0.8, 0.9]}}\nreplications: 2\n"
    both = load_results(swept(tmp_path / "both", world, f"scenarios: [{{scenario}}, {{{name}}}]\n{rest}"))
    alone = load_results(swept(tmp_path / "alone", world, f"scenarios: [{{{name}}}]\n{rest}"))
    own = both[both["scenario"] == name].reset_index(drop=True)
    np.testing.assert_array_equal(own[MEASURE], alone[MEASURE])
    assert (own[MEASURE].to_numpy() != both.loc[both["scenario"] != name, MEASURE].to_numpy()).all()
    assert list(both["scenario"].unique()) == ["few_months", name]


@pytest.mark.parametrize(
    ("design", "levels", "section"),
    [
        ("{kind: saltelli, points: 2, second_order: false}", LEVELS, "sobol"),
        ("{kind: morris, trajectories: 8}", "", "morris"),
        ("{kind: sobol, points: 32}", LEVELS, "shares"),
        ("{kind: latin_hypercube, points: 24}", LEVELS, "shares"),
    ],
)
def test_factors_of_every_kind_are_swept_and_analysed(
    world: World, tmp_path: Path, design: str, levels: str, section: str
) -> None:
    scenarios = "" if levels else "scenarios: [{scenario}, {second}]\n"
    folder = swept(tmp_path, world, f"{scenarios}design: {design}\nfactors: {RANGES.rstrip()}{levels}\n")
    found = {each.name: each for each in sections(material_of(folder, [MEASURE]), Asked())}[section]
    assert found.notes == ()
    assert len(found.table) > 0
    runs, points = load_results(folder), pd.read_parquet(folder / "design.parquet")
    for name in ("x.rules.allocation.skill_cost", "x.actors.russia.interests.primacy", "x.together"):
        np.testing.assert_array_equal(runs[name], points[name].to_numpy()[runs["point"]])


def test_a_sample_of_levels_takes_no_point_twice_under_the_same_luck(world: World, tmp_path: Path) -> None:
    text = f"chance: LUCK\ndesign: {{kind: sobol, points: 8}}\nfactors: {{{GAINS}: [0.3, 0.4]}}\n"
    text = "scenarios: [{scenario}]\n" + text
    with pytest.raises(DataError, match="8 points of levels hold only 2 different ones"):
        prepared(tmp_path, world, text.replace("LUCK", "common"))
    (found,) = _problems(str(tmp_path / "tried.yaml"), world)
    assert "hold only 2 different ones" in found.message
    assert "chance: own" in found.allowed
    assert len(prepared(tmp_path, world, text.replace("LUCK", "own")).design) == 8


def test_points_that_no_memory_holds_are_refused_before_they_are_made(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert memory_free() > 0
    monkeypatch.setattr("eurasia_sim.experiments.design.memory_free", lambda: 2 * 10**9)
    text = 'scenarios: [{scenario}]\ndesign: {kind: latin_hypercube, points: 10000000}\nfactors: {"*": declared}\n'
    file = written(tmp_path, HEAD + text)
    assert _problems(str(file), world) == []
    with pytest.raises(DataError, match=r"10,000,000 points of 423 factors take about 101\.5 GB of memory"):
        lay_out(load_experiment(file, world))


def test_a_figure_counts_the_runs_of_each_scenario(world: World, tmp_path: Path) -> None:
    text = (
        f"design: {{kind: saltelli, points: 2}}\nfactors: {{{GAINS}: declared, {HABIT}: declared}}\nreplications: 2\n"
    )
    folder = swept(tmp_path, world, "scenarios: [{scenario}, {second}]\n" + text)
    assert analysis_caption(open_results(folder, world)).startswith("24 runs each · 0 failed")
    assert len(load_results(folder)) == 48


def test_as_many_numbers_are_said_to_be_drawn_as_are(world: World) -> None:
    assert sum(drawn for _, drawn in bases_of(world).values()) == len(drawn_paths(world)) == 423
    assert sum(count for count, _ in bases_of(world).values()) == len(world.numbers)
