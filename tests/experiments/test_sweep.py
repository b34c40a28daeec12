"""A sweep gives the same bytes whoever works on it; it grows, is sharded, and says what failed.

The names of the tests under "other tools" tell what was seen to go wrong in tools that people use.
"""

import os
import subprocess
import sys
import tracemalloc
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.sweeping import FRAGILE, contents, failing, grid, prepared, written

from eurasia_sim.experiments import batch
from eurasia_sim.experiments import sweep as sweeps
from eurasia_sim.experiments.batch import rerun
from eurasia_sim.experiments.executors import Work
from eurasia_sim.experiments.folder import Folder, one_writer
from eurasia_sim.experiments.sweep import carry_out
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.results import load_results, load_trajectories, read_manifest

HABIT, PRESSURE = "rules.allocation.habit", "pressure.united_states.china"
COMPETITION = "competition.russia-china.central_asia"
ONE = Work(workers=1)


def finished(sweep, out, how=ONE, **options):
    ended = carry_out(sweep, out, how, **options)
    assert ended.complete
    return ended.folder


class Backwards(Executor):
    """Works on what it was given last, first, and counts what it holds that is not yet on disk."""

    def __init__(self, parts: Path) -> None:
        self.waiting, self.parts, self.handed, self.held = [], parts, 0, []

    def submit(self, fn, /, *args, **options):
        future: Future[object] = Future()
        self.waiting.append((future, fn, args))
        self.handed += 1
        self.held.append(self.handed - len(list(self.parts.glob("*.parquet"))))
        if len(self.waiting) >= 4:
            while self.waiting:
                last, fn, args = self.waiting.pop()
                last.set_result(fn(*args))
        return future


def test_the_bytes_depend_on_neither_workers_nor_order_nor_executor(sweep, whole, tmp_path):
    assert sweep.plan.chunks == 8
    backwards = Backwards(tmp_path / "backwards" / whole.name / "parts")
    with ThreadPoolExecutor(2) as pool:
        for name, how in (
            ("three", Work(workers=3)),
            ("pool", Work(executor=pool)),
            ("backwards", Work(workers=2, executor=backwards)),
        ):
            assert contents(finished(sweep, tmp_path / name, how)) == contents(whole)
    assert max(backwards.held) == 4  # of 8 chunks: a sweep of any size fits the memory
    again = carry_out(sweep, tmp_path / "three", ONE)
    assert (again.reused, again.folder) == (True, tmp_path / "three" / whole.name)


def test_a_run_of_a_sweep_is_the_run_that_the_kernel_gives_alone(sweep, whole):
    runs, setup, design = load_results(whole), sweep.setup, sweep.design
    for number in (0, 5):
        (point,) = batch.points_of(setup, number, design.cells[number])
        inputs = setup.inputs(point.scenarios[0], point)
        draws = batch.draws_of(setup, [[point]], inputs)
        (alone,) = run_paired([inputs], draws, setup.experiment.window)
        own = runs[runs["point"] == number]
        column = inputs.columns.index(COMPETITION)
        np.testing.assert_array_equal(own[COMPETITION], alone.means[:, column])
        assert own[f"x.{HABIT}"].unique() == [design.cells[number, 0]]
        assert (draws.rules["habit"] == design.cells[number, 0]).all()
        assert inputs.scenario.settings == (f"{PRESSURE}.2001-12={design.cells[number, 1]}",)
    means = runs.groupby([f"x.{HABIT}", f"x.{PRESSURE}"])["alignment.russia.china"].mean()
    assert means.nunique() == len(means) == 8  # a lever and a number both reach the runs


def test_the_folder_keeps_the_contract_that_analysis_reads(whole):
    head = ["run_id", "point", "replicate", "scenario", "theory", "seed", "draw", "status"]
    runs = load_results(whole)
    assert list(runs.columns[:8]) == head
    assert len(runs) == runs["run_id"].nunique() == 16
    assert list(runs["point"]) == sorted(runs["point"])
    assert runs["seed"].dtype == np.uint64
    part = pq.read_metadata(whole / "parts" / "00000000.parquet")
    assert part.row_group(0).column(0).compression == "ZSTD"
    columns, filters = ["point", COMPETITION], [(f"x.{PRESSURE}", ">", 0.5)]
    found = load_results(whole, columns, filters)
    assert list(found.columns) == columns
    assert set(found["point"]) == {1, 3, 5, 7}


def test_folders_that_are_not_what_is_asked_for_are_refused(world, sweep, whole, tmp_path):
    for ask, said in (
        (lambda: load_results(whole / "nothing"), "no results folder"),
        (lambda: sweeps.merge(grid(tmp_path, world, steps=5), tmp_path, [whole]), "another sweep"),
        (lambda: sweeps.finish(sweep, Folder(tmp_path, sweep.plan), 0.0),
         "8 of 8 parts are missing; --resume makes them"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=said):
            ask()
    folder = tmp_path / sweep.plan.folder
    with one_writer(folder), pytest.raises(DataError, match="being written by another sweep"):
        carry_out(sweep, tmp_path, ONE)
    assert finished(sweep, tmp_path) == folder


def test_a_design_that_does_not_begin_with_the_points_of_another_does_not_extend_it(
    world, tmp_path
):
    text = "scenarios: [{scenario}]\ndesign: {kind: sobol, points: %d}\nmeasures: [alignment]\n"
    text += f"factors: {{{HABIT}: declared, {PRESSURE}: {{low: 0, high: %s}}}}\n"
    finished(prepared(tmp_path, world, text % (4, "1")), tmp_path / "out")
    other = prepared(tmp_path, world, text % (8, "0.9"))
    with pytest.raises(DataError, match="does not begin with the points"):
        carry_out(other, tmp_path / "out", ONE, extend=True)


@pytest.mark.parametrize(("keep", "column"), [("trajectories", "month"), ("events", "kind")])
def test_more_than_means_is_kept_when_asked(world, tmp_path, keep, column):
    folder = finished(grid(tmp_path, world, steps=2, keep=keep), tmp_path)
    parts = sorted((folder / keep).glob("*.parquet"))
    assert len(parts) == len(list((folder / "parts").glob("*.parquet")))
    found, runs = pd.concat(map(pd.read_parquet, parts)), load_results(folder)
    assert column in found.columns
    assert set(found["run_id"]) <= set(runs["run_id"])
    if keep == "trajectories":
        months = load_trajectories(folder)
        assert len(months) == len(runs) * 6
        late = months[months["month"] >= "2001-12"].groupby("run_id")[COMPETITION].mean()
        means = runs.set_index("run_id")[COMPETITION]
        pd.testing.assert_series_equal(late.sort_index(), means.sort_index())


@pytest.mark.parametrize(
    ("design", "replications", "a_factor", "points", "too_large"),  # points beside those a factor
    [
        ("{kind: latin_hypercube, points: 10000000}", 1, 0, 10**7, ["memory"]),
        ("{kind: saltelli, points: 1073741824}", 1, 2**31, 2**31, ["memory", "disk"]),
        ("{kind: morris, trajectories: 10000}", 10_000, 10**4, 10**4, ["disk"]),
    ],
)
def test_a_dry_run_says_what_any_size_would_take_and_makes_none_of_it(
    world, tmp_path, monkeypatch, design, replications, a_factor, points, too_large
):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**12))
    text = f"design: {design}\nfactors: {{'*': declared}}\nreplications: {replications}\n"
    head = "scenarios: [{scenario}]\nmeasures: [alignment.russia.china]\n"
    tracemalloc.start()
    sweep = prepared(tmp_path, world, head + text, dry=True)
    factors = len(sweep.setup.experiment.factors)
    twice = 2 * 10**7 * factors * 8  # bytes: such a machine has no room for a third copy
    monkeypatch.setattr("eurasia_sim.experiments.sweep.memory_free", lambda: twice)
    found = sweeps.estimate(sweep, tmp_path / "out", Work(workers=2))
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    points += a_factor * factors
    assert (found["points"], found["runs"]) == (points, points * replications)
    words = [reason.partition(", and")[0].split()[-1] for reason in found["too_large"]]
    assert words == too_large
    assert found["seconds"] > 0
    assert taken < 100_000_000


# --- what other tools get wrong


@pytest.fixture(scope="module")
def fragile(world, tmp_path_factory):
    """A sweep in which two runs fail, and how it ended."""
    folder = tmp_path_factory.mktemp("fragile")
    sweep = failing(folder, world)
    return sweep, carry_out(sweep, folder, ONE)


def test_one_a_failed_run_is_missing_and_never_keeps_the_run_before(fragile):
    _, ended = fragile
    assert (ended.failed, ended.complete) == (2, True)
    runs = load_results(ended.folder)
    measured = [column for column in runs if column.startswith("alignment.")]
    assert runs.loc[runs["point"] == 1, measured].isna().all(axis=None)
    assert runs.loc[runs["point"] != 1, measured].notna().all(axis=None)
    assert list(runs["status"]) == ["ok", "ok", "non-finite", "non-finite", "ok", "ok"]


def test_one_a_failure_is_told_with_its_parameters_its_mechanism_and_what_shows_why(fragile):
    sweep, ended = fragile
    failures = pd.read_parquet(ended.folder / "failures.parquet")
    assert list(failures[f"x.{FRAGILE}"]) == [1e308, 1e308]
    phases = {"align", "allocate", "contest", "rule", "recognise", "perceive"}
    assert set(failures["mechanism"]) <= phases
    assert {"run_id", "seed", "status", "month", "repro"} <= set(failures.columns)
    run = failures["repro"].iloc[0].rsplit(" ", 1)[1]
    with pytest.raises(FloatingPointError, match=r"gave a number that is none|invalid|overflow"):
        rerun(sweep.setup, sweep.design, run)
    rerun(sweep.setup, sweep.design, run.replace("1:", "0:", 1))  # its neighbour is well
    for wrong in ("9:0:few_months", "1:2:few_months", "1:0:x", "1"):
        with pytest.raises(DataError, match="no run of this sweep"):
            rerun(sweep.setup, sweep.design, wrong)


@pytest.mark.slow
def test_one_uncompiled_a_failure_has_a_traceback_to_the_line_of_the_rule(tmp_path):
    program = (
        "import sys, pathlib\n"
        "from eurasia_sim.experiments.batch import rerun\n"
        "from eurasia_sim.world.world import load_world\n"
        "from tests.sweeping import failing\n"
        "sweep = failing(pathlib.Path(sys.argv[1]), load_world())\n"
        "rerun(sweep.setup, sweep.design, '1:0:few_months')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "p.pull_relation *" in ended.stderr  # the line that multiplies by the number
    assert ended.stderr.splitlines()[-1].startswith("FloatingPointError: "), ended.stderr


def test_two_one_exception_costs_its_part_alone(sweep, whole, tmp_path, monkeypatch):
    def beam(family, draws, *rest):
        """Raise in the runs of point 3."""
        strong = family[0].scenario.settings == (f"{PRESSURE}.2001-12=0.9",)
        if strong and 0.78 < draws.rules["habit"][0] < 0.79:
            raise RuntimeError("a beam has come down")
        return run_paired(family, draws, *rest)

    monkeypatch.setattr(batch, "run_paired", beam)
    ended = carry_out(sweep, tmp_path, Work(workers=2))
    runs, good = load_results(ended.folder), load_results(whole)
    well = runs["status"] == "ok"
    assert ended.failed == (runs["status"] == "error").sum() == 2
    pd.testing.assert_frame_equal(runs[well], good[well])
    assert list(runs["run_id"]) == list(good["run_id"])
    assert runs.loc[~well, COMPETITION].isna().all()
    log = (ended.folder / "status.jsonl").read_text(encoding="utf-8")
    assert all(said in log for said in ("a beam has come down", "Traceback"))


@pytest.mark.parametrize(("most", "complete"), [(1, False), (2, True)])
def test_two_a_sweep_stops_after_as_many_failures_as_it_was_told(fragile, tmp_path, most, complete):
    ended = carry_out(fragile[0], tmp_path, Work(workers=1, most_failures=most))
    assert ended.complete is complete
    assert (ended.folder / "manifest.json").exists() is complete
    assert len(pd.read_parquet(ended.folder / "failures.parquet")) == ended.failed == 2


def test_three_every_replicate_has_a_seed_of_its_own_and_it_is_written_down(world, whole, tmp_path):
    by_replicate = load_results(whole).groupby("replicate")["seed"].unique()
    assert [len(seeds) for seeds in by_replicate] == [1, 1]  # points are compared under one luck
    assert by_replicate[0] != by_replicate[1]
    text = (
        "scenarios: [{scenario}]\ndesign: {kind: latin_hypercube, points: 4}\n"
        f"factors: {{{HABIT}: declared}}\nreplications: 3\nmeasures: [alignment]\n"
    )
    spread = load_results(finished(prepared(tmp_path, world, text), tmp_path))
    assert spread["seed"].nunique() == 12


def test_four_points_compared_differ_by_what_was_set_alone(whole):
    runs = load_results(whole)
    assert runs.groupby("replicate")["draw"].nunique().eq(1).all()
    wide = runs.pivot_table(index="replicate", columns="point", values="alignment.russia.china")
    assert wide.nunique().eq(2).all()  # chance is at work
    gained = wide.sub(wide[0], axis=0).var().drop(0) / (wide.var().drop(0) + wide[0].var())
    assert gained.max() < 0.5  # and most of it cancels in a difference


def test_eight_the_null_can_be_swept_beside_every_theory(world, tmp_path):
    text = "scenarios: [{scenario}]\ndesign: {kind: grid}\nfactors: {theory: all}\n"
    head = "format: 2\nkind: sweep\ntitle: A try\nmeasures: [alignment.russia.china]\n"
    file = written(tmp_path, head + text)
    folder = sweeps.run_sweep(file, tmp_path / "out", world=world, workers=1)
    runs = load_results(folder)
    assert list(runs["theory"]) == list(runs["x.theory"]) == list(world.theories)
    assert world.null_theory in set(runs["theory"])
    assert read_manifest(folder)["versions"]["SALib"]
