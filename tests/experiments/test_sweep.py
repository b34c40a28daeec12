"""A sweep gives the same bytes whoever works on it, in whatever order; it grows, is sharded, and says what failed.

The names of the tests under "other tools" tell what was seen to go wrong in tools that people use.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.sweeping import FRAGILE, contents, failing, grid, written

from eurasia_sim.experiments.batch import rerun
from eurasia_sim.experiments.experiment import load_experiment
from eurasia_sim.experiments.folder import Folder, one_writer
from eurasia_sim.experiments.point import batches, point_of
from eurasia_sim.experiments.sweep import Progress, Sweep, Work, carry_out, estimate, merge, prepare_sweep
from eurasia_sim.experiments.sweep import run_sweep as carried_out
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation import results
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.results import load_results, load_trajectories, result_columns
from eurasia_sim.world.world import World, load_world

HABIT, PRESSURE = "rules.allocation.habit", "pressure.united_states.china"
COMPETITION = "competition.russia-china.central_asia"


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def finished(prepared: Sweep, out: Path, how: Work | None = None, **options: bool) -> Path:
    ended = carry_out(prepared, out, how or Work(workers=1), **options)
    assert ended.complete
    return ended.folder


class Backwards(Executor):
    """Works on what it was given last, first."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[object], object, tuple[object, ...]]] = []

    def submit(self, fn, /, *args, **options):
        future: Future[object] = Future()
        self.waiting.append((future, fn, args))
        if len(self.waiting) >= 4:
            self.work_off()
        return future

    def work_off(self) -> None:
        while self.waiting:
            future, fn, args = self.waiting.pop()
            future.set_result(fn(*args))


def test_the_bytes_depend_on_neither_workers_nor_order_nor_executor(world: World, tmp_path: Path) -> None:
    prepared = grid(tmp_path, world)
    assert prepared.plan.chunks == 8
    whole = contents(finished(prepared, tmp_path / "one"))
    assert contents(finished(prepared, tmp_path / "three", Work(workers=3))) == whole
    with ThreadPoolExecutor(2) as pool:
        assert contents(finished(prepared, tmp_path / "pool", Work(executor=pool))) == whole
    assert contents(finished(prepared, tmp_path / "backwards", Work(workers=2, executor=Backwards()))) == whole


def test_a_run_of_a_sweep_is_the_run_that_the_kernel_gives_alone(world: World, tmp_path: Path) -> None:
    prepared = grid(tmp_path, world)
    runs = load_results(finished(prepared, tmp_path))
    setup, design = prepared.setup, prepared.design
    for number in (0, 5):
        point = point_of(setup, number, design.cells[number])
        inputs, (batch,) = setup.inputs(point.scenarios[0], point), batches([point])
        (alone,) = run_paired([inputs], batch.draws(setup), setup.experiment.window)
        own = runs[runs["point"] == number]
        np.testing.assert_array_equal(own[COMPETITION], alone.means[:, inputs.columns.index(COMPETITION)])
        assert own[f"x.{HABIT}"].unique() == [design.cells[number, 0]]
        assert (batch.draws(setup).rules["habit"] == design.cells[number, 0]).all()
        assert inputs.scenario.settings == (f"{PRESSURE}.2001-12={design.cells[number, 1]}",)


def test_a_declared_number_is_moved_into_the_range_of_its_theory_or_left_to_what_holds_it(
    world: World, tmp_path: Path
) -> None:
    text = (
        "format: 1\nkind: sweep\ntitle: A try\nscenarios: [{scenario}]\ndesign: {kind: latin_hypercube, points: 8}\n"
        'factors: {theory: all, form.threat: all, "rules.*": declared}\nmeasures: [alignment]\n'
    )
    setup = (prepared := prepare_sweep(load_experiment(written(tmp_path, text), world), world)).setup
    factors = {factor.name: at for at, factor in enumerate(setup.experiment.factors)}
    moved = held = 0
    for number, cells in enumerate(prepared.design.cells):
        point = point_of(setup, number, cells)
        preset, numbers = world.theories[point.theory or ""], dict(point.numbers)
        fixed = set(preset.fix).union(*(world.forms[factor][form].fix for factor, form in point.forms))
        for path in [path for path in factors if path.startswith("rules.")]:
            name, cell, own = path.rsplit(".", 1)[1], cells[factors[path]], world.numbers[path]
            if name in fixed:
                held += 1
                assert path not in numbers
            elif name in preset.ranges:
                moved += 1
                low, high = preset.ranges[name]
                assert numbers[path] == pytest.approx(low + (high - low) * (cell - own.low) / (own.high - own.low))
            elif world.default_forms.items() <= dict(point.forms).items():
                assert numbers[path] == pytest.approx(cell)
    assert moved > 0
    assert held > 0


def test_a_lever_and_a_number_both_reach_the_runs(world: World, tmp_path: Path) -> None:
    runs = load_results(finished(grid(tmp_path, world), tmp_path))
    means = runs.groupby([f"x.{HABIT}", f"x.{PRESSURE}"])["alignment.russia.china"].mean()
    assert means.nunique() == len(means) == 8
    assert len(runs) == runs["run_id"].nunique() == 16
    assert list(runs["point"]) == sorted(runs["point"])


def test_the_folder_keeps_the_contract_that_analysis_reads(world: World, tmp_path: Path) -> None:
    folder = finished(grid(tmp_path, world), tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["kind"] == "sweep"
    assert manifest["finished"] is True
    assert manifest["design"]["kind"] == "grid"
    assert manifest["design"]["points"] == 8
    assert [factor["name"] for factor in manifest["design"]["factors"]] == [f"x.{HABIT}", f"x.{PRESSURE}"]
    head = ["run_id", "point", "replicate", "scenario", "theory", "seed", "draw", "status"]
    runs = load_results(folder)
    assert list(runs.columns[:8]) == head
    assert result_columns(folder) == list(runs.columns)
    design = pd.read_parquet(folder / "design.parquet")
    assert list(design.columns) == ["point", f"x.{HABIT}", f"x.{PRESSURE}"]
    assert runs["seed"].dtype == np.uint64
    codecs = pq.read_metadata(folder / "parts" / "00000000.parquet").row_group(0).column(0).compression
    assert codecs == "ZSTD"


def test_columns_and_filters_are_read_alone(world: World, tmp_path: Path) -> None:
    folder = finished(grid(tmp_path, world), tmp_path)
    found = load_results(folder, columns=["point", COMPETITION], filters=[(f"x.{PRESSURE}", ">", 0.5)])
    assert list(found.columns) == ["point", COMPETITION]
    assert set(found["point"]) == {1, 3, 5, 7}
    with pytest.raises(DataError, match="no results folder"):
        load_results(tmp_path / "nothing")


def test_shards_merged_are_the_sweep(world: World, tmp_path: Path) -> None:
    whole = finished(grid(tmp_path, world), tmp_path / "whole")
    shards = []
    for i in (1, 2, 3):
        prepared = grid(tmp_path, world, shard=(i, 3))
        shards.append(carry_out(prepared, tmp_path / "shards", Work(workers=1)).folder)
    prepared = grid(tmp_path, world)
    with pytest.raises(DataError, match="are in none of the folders: 2, 5"):
        merge(prepared, tmp_path / "lacking", shards[:2])
    merged = merge(prepared, tmp_path / "merged", shards)
    assert merged.complete
    assert contents(merged.folder) == contents(whole)
    with pytest.raises(DataError, match="another sweep"):
        merge(grid(tmp_path, world, steps=5), tmp_path / "merged", shards)


def test_a_design_is_extended_without_doing_its_points_again(world: World, tmp_path: Path) -> None:
    text = (
        "format: 1\nkind: sweep\ntitle: A try\nscenarios: [{scenario}]\ndesign: {kind: sobol, points: %d}\n"
        f"factors: {{{HABIT}: declared, {PRESSURE}: {{low: 0, high: 1}}}}\nmeasures: [alignment]\n"
    )
    small = load_experiment(written(tmp_path, text % 8), world)
    first = finished(prepare_sweep(small, world, runs_a_chunk=4), tmp_path / "out")
    marked = (first / "parts" / "00000001.parquet").stat().st_mtime_ns
    large = prepare_sweep(load_experiment(written(tmp_path, text % 16), world), world, runs_a_chunk=4)
    done: list[int] = []
    ended = carry_out(large, tmp_path / "out", Work(workers=1), extend=True, report=lambda p: done.append(p.before))
    assert set(done) == {8}
    assert (first / "parts" / "00000001.parquet").stat().st_mtime_ns == marked
    assert contents(ended.folder) == contents(finished(large, tmp_path / "fresh"))
    other = prepare_sweep(
        load_experiment(written(tmp_path, (text % 16).replace("high: 1}", "high: 0.9}")), world), world
    )
    assert carry_out(other, tmp_path / "out", Work(workers=1)).complete


def test_what_does_not_extend_a_design_is_refused(world: World, tmp_path: Path) -> None:
    finished(grid(tmp_path, world, steps=3), tmp_path / "out")
    with pytest.raises(DataError, match="does not begin with the points"):
        carry_out(grid(tmp_path, world, steps=4), tmp_path / "out", Work(workers=1), extend=True)


def test_an_identical_finished_sweep_is_found_again(world: World, tmp_path: Path) -> None:
    first = carry_out(grid(tmp_path, world), tmp_path, Work(workers=1))
    again = carry_out(grid(tmp_path, world), tmp_path, Work(workers=1))
    assert (first.reused, again.reused) == (False, True)
    assert again.folder == first.folder


def test_an_unfinished_folder_is_gone_on_with_only_when_asked(world: World, tmp_path: Path) -> None:
    prepared = grid(tmp_path, world)
    folder = finished(prepared, tmp_path / "whole")
    cut = tmp_path / "cut" / folder.name
    shutil.copytree(folder, cut)
    (cut / "manifest.json").unlink()
    for number in (2, 7):
        (cut / "parts" / f"{number:08d}.parquet").unlink()
    (cut / "parts" / "00000004.parquet").write_bytes(b"half a part")
    with pytest.raises(DataError, match="5 of 8 parts"):
        carry_out(prepared, tmp_path / "cut", Work(workers=1))
    seen: list[Progress] = []
    carry_out(prepared, tmp_path / "cut", Work(workers=1), resume=True, report=seen.append)
    assert seen[-1].before == 10
    assert contents(cut) == contents(folder)


def _hold(folder: str, held, go) -> None:
    with one_writer(Path(folder)):
        held.set()
        go.wait(60)


def test_a_second_writer_is_refused_clearly_and_a_dead_one_bars_nobody(world: World, tmp_path: Path) -> None:
    prepared = grid(tmp_path, world)
    folder = tmp_path / prepared.plan.folder
    context = multiprocessing.get_context("spawn")
    held, go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(folder), held, go))
    other.start()
    assert held.wait(60)
    with pytest.raises(DataError, match="being written by another sweep"):
        carry_out(prepared, tmp_path, Work(workers=1))
    other.kill()
    other.join()
    assert finished(prepared, tmp_path) == folder


@pytest.mark.parametrize(("keep", "said"), [("trajectories", "month"), ("events", "kind")])
def test_more_than_means_is_kept_when_asked(world: World, tmp_path: Path, keep: str, said: str) -> None:
    folder = finished(grid(tmp_path, world, steps=2, keep=keep), tmp_path)
    parts = sorted((folder / keep).glob("*.parquet"))
    assert len(parts) == len(list((folder / "parts").glob("*.parquet")))
    found = pd.concat(map(pd.read_parquet, parts))
    assert said in found.columns
    runs = load_results(folder)
    assert set(found["run_id"]) <= set(runs["run_id"])
    if keep == "trajectories":
        months = load_trajectories(folder)
        assert len(months) == len(runs) * 6
        late = months[months["month"] >= "2001-12"].groupby("run_id")[COMPETITION].mean()
        pd.testing.assert_series_equal(late.sort_index(), runs.set_index("run_id")[COMPETITION].sort_index())


def test_a_dry_run_says_what_it_would_take_and_writes_nothing(world: World, tmp_path: Path) -> None:
    found = estimate(grid(tmp_path, world, keep="trajectories"), tmp_path / "out", Work(workers=2))
    assert (found["points"], found["runs"], found["parts"]) == (8, 16, 8)
    assert found["seconds"] > 0
    assert found["disk"]["trajectories"] > 0
    assert not (tmp_path / "out").exists()


# --- what other tools get wrong


def test_one_a_failed_run_is_missing_and_never_keeps_the_run_before(world: World, tmp_path: Path) -> None:
    prepared = failing(tmp_path, world)
    ended = carry_out(prepared, tmp_path, Work(workers=1))
    assert ended.failed == 2
    runs = load_results(ended.folder)
    measured = [column for column in runs if column.startswith("alignment.")]
    assert runs.loc[runs["point"] == 1, measured].isna().all(axis=None)
    assert runs.loc[runs["point"] != 1, measured].notna().all(axis=None)
    assert list(runs["status"]) == ["ok", "ok", "non-finite", "non-finite", "ok", "ok"]


def test_one_a_failure_is_told_with_its_parameters_its_mechanism_and_what_shows_why(
    world: World, tmp_path: Path
) -> None:
    prepared = failing(tmp_path, world)
    failures = pd.read_parquet(carry_out(prepared, tmp_path, Work(workers=1)).folder / "failures.parquet")
    assert list(failures[f"x.{FRAGILE}"]) == [1e308, 1e308]
    assert set(failures["mechanism"]) <= {"align", "allocate", "contest", "rule", "recognise", "perceive"}
    assert {"run_id", "seed", "status", "month", "repro"} <= set(failures.columns)
    run = failures["repro"].iloc[0].rsplit(" ", 1)[1]
    with pytest.raises(FloatingPointError, match=r"gave a number that is none|invalid|overflow"):
        rerun(prepared.setup, prepared.design, run)
    rerun(prepared.setup, prepared.design, run.replace("1:", "0:", 1))  # its neighbour is well
    with pytest.raises(DataError, match="no run of this sweep"):
        rerun(prepared.setup, prepared.design, "9:0:few_months")


def test_one_uncompiled_a_failure_has_a_traceback_to_the_line_of_the_rule(tmp_path: Path) -> None:
    told = (
        "import sys, pathlib\n"
        "from eurasia_sim.experiments.batch import rerun\n"
        "from eurasia_sim.world.world import load_world\n"
        "from tests.sweeping import failing\n"
        "sweep = failing(pathlib.Path(sys.argv[1]), load_world())\n"
        "rerun(sweep.setup, sweep.design, '1:0:few_months')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", told, str(tmp_path)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "p.alignment_affinity *" in ended.stderr  # the line that multiplies by the fragile number
    assert ended.stderr.splitlines()[-1].startswith("FloatingPointError: "), ended.stderr


def test_two_one_exception_costs_its_part_alone(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = grid(tmp_path, world)
    whole = load_results(finished(prepared, tmp_path / "whole"))
    _break(monkeypatch, times=10**6)
    ended = carry_out(prepared, tmp_path / "broken", Work(workers=2))
    runs = load_results(ended.folder)
    assert ended.failed == (runs["status"] == "error").sum() == 2
    well = runs["status"] == "ok"
    pd.testing.assert_frame_equal(runs[well], whole[well])
    assert list(runs["run_id"]) == list(whole["run_id"])
    assert runs.loc[~well, COMPETITION].isna().all()
    log = (ended.folder / "status.jsonl").read_text(encoding="utf-8")
    assert "a beam has come down" in log
    assert "Traceback" in log


def _break(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let the runs of point 3 raise, so often."""
    import eurasia_sim.experiments.batch as module

    left = [times]

    def beam(family, draws, *rest):
        here = family[0].scenario.settings == (f"{PRESSURE}.2001-12=0.9",) and 0.78 < draws.rules["habit"][0] < 0.79
        if here and left[0] > 0:
            left[0] -= 1
            raise RuntimeError("a beam has come down")
        return run_paired(family, draws, *rest)

    monkeypatch.setattr(module, "run_paired", beam)


@pytest.mark.parametrize(("most", "complete"), [(0, False), (1, False), (2, True), (None, True)])
def test_two_a_sweep_stops_after_as_many_failures_as_it_was_told(
    world: World, tmp_path: Path, most: int | None, complete: bool
) -> None:
    prepared = failing(tmp_path, world)
    ended = carry_out(prepared, tmp_path, Work(workers=1, most_failures=most))
    assert ended.complete is complete
    assert (ended.folder / "manifest.json").exists() is complete
    assert len(pd.read_parquet(ended.folder / "failures.parquet")) == ended.failed == 2


def test_three_every_replicate_has_a_seed_of_its_own_and_it_is_written_down(world: World, tmp_path: Path) -> None:
    prepared = grid(tmp_path, world)
    runs = load_results(finished(prepared, tmp_path))
    by_replicate = runs.groupby("replicate")["seed"].unique()
    assert [len(seeds) for seeds in by_replicate] == [1, 1]  # points are compared under the same luck
    assert by_replicate[0] != by_replicate[1]
    text = "format: 1\nkind: sweep\ntitle: A\nscenarios: [{scenario}]\ndesign: {kind: latin_hypercube, points: 4}\n"
    text += f"factors: {{{HABIT}: declared}}\nreplications: 3\nmeasures: [alignment]\n"
    spread = load_results(finished(prepare_sweep(load_experiment(written(tmp_path, text), world), world), tmp_path))
    assert spread["seed"].nunique() == 12


def test_four_points_compared_differ_by_what_was_set_alone(world: World, tmp_path: Path) -> None:
    runs = load_results(finished(grid(tmp_path, world), tmp_path))
    assert runs.groupby("replicate")["draw"].nunique().eq(1).all()
    wide = runs.pivot_table(index="replicate", columns="point", values="alignment.russia.china")
    assert wide.nunique().eq(2).all()  # chance is at work
    gained = wide.sub(wide[0], axis=0).var().drop(0) / (wide.var().drop(0) + wide[0].var())
    assert gained.max() < 0.5  # and most of it cancels in a difference


def test_five_no_batch_is_kept_in_memory(world: World, tmp_path: Path) -> None:
    prepared = grid(tmp_path, world, steps=12)
    held: list[int] = []
    handed: set[int] = set()

    class Counting(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **options):
            handed.add(args[1].number)
            held.append(len(handed) - len(list((tmp_path / prepared.plan.folder / "parts").glob("0*.parquet"))))
            return super().submit(fn, *args, **options)

    with Counting(2) as pool:
        finished(prepared, tmp_path, Work(workers=2, executor=pool))
    assert prepared.plan.chunks == 24
    assert max(held) <= 4  # what is handed out and not yet on disk


def test_seven_an_unfinished_sweep_can_be_read_and_says_what_is_there(world: World, tmp_path: Path) -> None:
    prepared = grid(tmp_path, world)
    folder = finished(prepared, tmp_path)
    (folder / "manifest.json").unlink()
    (folder / "parts" / "00000003.parquet").unlink()
    assert len(load_results(folder)) == 14
    assert Folder(folder, prepared.plan).missing() == [3]


def test_eight_the_null_can_be_swept_beside_every_theory(world: World, tmp_path: Path) -> None:
    text = "format: 1\nkind: sweep\ntitle: A try\nscenarios: [{scenario}]\ndesign: {kind: grid}\n"
    text += "factors: {theory: all}\nmeasures: [alignment.russia.china]\n"
    folder = carried_out(written(tmp_path, text), tmp_path / "out", world=world, workers=1)
    runs = load_results(folder)
    assert list(runs["theory"]) == list(runs["x.theory"]) == list(world.theories)
    assert world.null_theory in set(runs["theory"])
    assert results.read_manifest(folder)["versions"]["SALib"]
