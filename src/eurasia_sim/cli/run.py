"""`run`: an ensemble of scenarios, paired when there are several."""

from __future__ import annotations

import json
import shlex
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eurasia_sim.cli import WorldName
from eurasia_sim.cli.options import MOST_RUNS, RunCounter, checked_out, chosen_theories, compile_once, stopping_of

if TYPE_CHECKING:
    import pandas as pd

    from eurasia_sim.cli.options import Stopping
    from eurasia_sim.simulation.results_folder import ResultsFolder
    from eurasia_sim.simulation.run import Batch, Study, Tables


def run(
    scenarios: Annotated[list[str], typer.Argument(help="Names or files; the first is compared with each other one.")],
    n: Annotated[int, typer.Option("-n", "--runs", min=1, max=MOST_RUNS, help="Runs a scenario.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Root of all seeds.")] = 7,
    theory: Annotated[list[str] | None, typer.Option(help="A theory preset, several, or 'all'.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="path=value, as in a scenario file.")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="RULE", help="Go on, -n runs at a time, until e.g. half-width=0.002 is met.")
    ] = None,
    watch: Annotated[
        list[str] | None, typer.Option(help="A measure the rule looks at, wildcards allowed; by default all shown.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=MOST_RUNS, help="Runs a scenario at which the rule gives up.")] = 5000,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads; by default all cores.")] = None,
    out: Annotated[Path, typer.Option(help="Where the results folder goes.")] = Path("results"),
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Run scenarios, paired when there are several, and write tables, figures and a manifest.

    Example: eurasia-sim run us_exit us_stays -n 200 --seed 7
    """
    from eurasia_sim.simulation.family import load_family
    from eurasia_sim.simulation.run import Study
    from eurasia_sim.world.world import load_world

    began = time.time()
    found = load_world(world)
    resolved = load_family(scenarios, found, settings or ())
    study = Study(found, resolved, chosen_theories(theory, found, [s.theory for s in resolved]), n, seed)
    stopping = stopping_of(study, until, watch or (), most)
    finished = _carry_out(study, stopping, out, workers)
    if finished is None:
        raise typer.Exit(1)
    folder, batches, tables, reused = finished
    stop = stopping.told(tables.runs) if stopping else None
    summary = _summary(study, batches, tables)
    if not reused:
        _finish(study, folder, batches, tables, {"summary": summary, "until": stop}, time.time() - began)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), "summary": summary, "until": stop}, indent=2))
    else:
        apart = [
            f"{scenario.name}: from {given}"
            for given, scenario in zip(scenarios, resolved, strict=True)
            if scenario.name != Path(given).stem
        ]
        _print(study, batches, folder, summary, stop, [*apart, *_conditions(study, batches)], reused=reused)
    if any(row["failed"] for row in summary["outcomes"]) or (stop is not None and not stop["met"]):
        raise typer.Exit(1)


def _carry_out(
    study: Study, stopping: Stopping | None, out: Path, workers: int | None
) -> tuple[Path, list[Batch], Tables, bool] | None:
    """Folder, batches and tables of the study, and whether an identical finished one was found; None if interrupted.

    The batches are those of the first n runs, even where a rule has more follow.
    """
    from eurasia_sim.files.integrity import listed
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.run import Tables, carry_out, nothing_more

    batches = list(study.batches())
    ids = [run_id for batch in batches for own in batch.ids for run_id in own]
    folder = out / results.folder_name(study.name, [*ids, study.said, *(stopping.identity if stopping else ())])
    manifest, wrong = results.found(folder)
    if manifest is not None and not {results.RUNS, results.TRAJECTORIES} & set(wrong):
        held = Tables(results.load_results(folder), results.load_trajectories(folder), complete=True)
        if wrong:
            typer.echo(f"{folder}: {listed(wrong)}; made again from its runs", err=True)
            _put_beside(study, folder, held, batches)
        return folder, batches, held, not wrong
    if wrong:
        typer.echo(f"{folder}: {listed(wrong)}; its runs are made again", err=True)
        (folder / results.MANIFEST).unlink()
    compile_once(batches[0].family[0], batches[0].draws)
    try:
        with RunCounter(len(ids)) as report:
            more = stopping.following(len(ids), report) if stopping else nothing_more
            tables = carry_out(study, batches, folder, workers, report, more)
    except KeyboardInterrupt:  # between two parts, when all that is finished is written
        tables = None
    if tables is None or not tables.complete:
        of = f" of {len(ids)}" if stopping is None else ""
        kept = "the finished" if tables is None else f"{len(tables.runs)}{of}"
        typer.echo(f"\nstopped: {kept} runs are kept in {folder}; the same command goes on from there.", err=True)
        return None
    _put_beside(study, folder, tables, batches)
    return folder, batches, tables, False


def _put_beside(study: Study, folder: Path, tables: Tables, batches: list[Batch]) -> None:
    """Write the whole tables of a complete study, and what its runs drew over ranges."""
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.run import drawn_table, keep

    results.write_table(folder / results.DRAWS, drawn_table(study, tables.runs, batches))
    keep(folder, tables)


def _chosen(tables: Tables, batch: Batch, scenario: str) -> pd.DataFrame:
    runs = tables.runs
    chosen = (runs["scenario"] == scenario) & (runs["theory"] == batch.theory) & (runs["set"] == batch.kind)
    return runs[chosen].sort_values("run", ignore_index=True)


def _summary(study: Study, batches: list[Batch], tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """Outcomes of each scenario, and differences of the first from each other, theory by theory and set by set."""
    from dataclasses import asdict

    from eurasia_sim.analysis.differences import paired_difference

    outcomes, differences = [], []
    for batch in batches:
        shown = study.shown(batch.family[0].columns)
        base = _chosen(tables, batch, batch.family[0].scenario.name)
        for inputs in batch.family:
            own = _chosen(tables, batch, inputs.scenario.name)
            same = {"theory": batch.theory, "set": batch.kind, "scenario": inputs.scenario.name}
            failed = int((own["status"] != "ok").sum())
            for measure in shown:
                low, high = own[measure].quantile([0.05, 0.95])
                row = {"measure": measure, "mean": float(own[measure].mean()), "low": float(low), "high": float(high)}
                outcomes.append({**same, **row, "n": len(own), "failed": failed})
                if inputs is not batch.family[0]:
                    found = asdict(paired_difference(base, own, measure))
                    differences.append({**same, "first": batch.family[0].scenario.name, **found})
    return {"outcomes": outcomes, "differences": differences}


def _finish(
    study: Study, folder: Path, batches: list[Batch], tables: Tables, found: dict[str, Any], seconds: float
) -> None:
    """Draw the figures and write the manifest, last: a folder with a finished manifest is whole."""
    import platform
    from importlib.metadata import version

    from eurasia_sim.compute.jit import model_version
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.results_folder import RUN, ResultsFolder
    from eurasia_sim.simulation.run import WRITTEN, window_of

    events = _tell(study, folder, batches[0])
    packages = ("eurasia-sim", "numba", "numpy", "pandas", "pyarrow", "scipy", "matplotlib")
    first, last = window_of(batches, study.world)
    command = ["eurasia-sim", *sys.argv[1:]]
    manifest = {
        "finished": True,
        "command": shlex.join(command),
        "world": study.world.name,
        "seed": study.seed,
        "runs_a_scenario": int(tables.runs["run"].max()) + 1,
        "theories": list(study.theories),
        "forms": dict(batches[0].family[0].forms),
        "window": [first, last],
        "scenarios": {scenario.name: scenario.resolved() for scenario in study.scenarios},
        "digests": {
            "world": study.world.digest,
            "model": model_version(),
            "scenarios": {scenario.name: scenario.digest for scenario in study.scenarios},
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "commit": checked_out(),
        "failed": int((tables.runs["status"] != "ok").sum()),
        "events_of_the_first_run": events,
        **{name: value for name, value in found.items() if value is not None},
        "seconds": round(seconds, 1),
    }
    # Pictures are drawn from the folder, as `plot` draws them; until they are there, it is not finished.
    results.write_manifest(folder, {**manifest, "finished": False}, WRITTEN)
    manifest["figures"] = figures = _draw(ResultsFolder(folder, RUN, manifest, study.world))
    results.write_manifest(folder, manifest, [*WRITTEN, *figures, *(f"events-{name}.csv" for name in events)])


def _draw(held: ResultsFolder) -> list[str]:
    """Draw the figures of a run, as `plot` would; return their files, relative to the folder."""
    from eurasia_sim.figures.gallery import OF_RUN, draw, usual_kinds
    from eurasia_sim.figures.style import Request

    kinds = [kind for kind in usual_kinds(held, ()) if kind in OF_RUN]
    drawn = draw(held, kinds, Request(), held.folder / "figures")
    return [str(path.relative_to(held.folder)) for _, files in drawn for path in files]


def _tell(study: Study, folder: Path, batch: Batch) -> dict[str, Any]:
    """Write the first run of every scenario as dated events; return how many each has, and the run's status."""
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.events import event_log

    events = {}
    for inputs in batch.family:
        told, status = event_log(study.world, inputs, int(batch.draws.seeds[0]))
        results.write_whole(folder / f"events-{inputs.scenario.name}.csv", partial(told.to_csv, index=False))
        events[inputs.scenario.name] = {"events": len(told), "status": status}
    return events


def _conditions(study: Study, batches: list[Batch]) -> list[str]:
    """What a reader must know beyond the scenarios' names: settings, narrowed numbers, what is left out."""
    from eurasia_sim.simulation.family import conditions

    lines = conditions(study.scenarios, study.world)
    shown = study.shown(batches[0].family[0].columns)
    if left_out := study.left_out(shown):
        named = ", ".join(left_out)
        lines.append(
            f"named and not shown, for they are not of pairs, actors and regions in focus: {named} (runs.parquet)"
        )
    return lines


def _print(
    study: Study, batches: list[Batch], folder: Path, summary: dict[str, Any], stop: dict[str, Any] | None,
    said: list[str], *, reused: bool,
) -> None:  # fmt: skip
    from rich.console import Console

    from eurasia_sim.cli.tables import difference_table, outcome_table
    from eurasia_sim.simulation.run import window_of

    console = Console(width=None if sys.stdout.isatty() else 140)
    first, last = window_of(batches, study.world)
    count = stop["runs"] if stop else study.n
    console.print(f"means over {first} to {last}; {count} runs a scenario, seed {study.seed}")
    for line in said:
        console.print(line, markup=False, highlight=False)
    for batch in batches:
        console.print(outcome_table(summary, batch.theory, batch.kind))
        if len(batch.family) > 1:
            console.print(difference_table(summary, batch.theory, batch.kind))
    if stop:
        met = "is met" if stop["met"] else "is not met, and --most is reached"
        console.print(f"{stop['rule']} {met} after {count} runs; widest: {stop['widest']}, ± {stop['half_width']:.3g}")
    console.print(f"{'found again, unchanged' if reused else 'written'}: {folder}")
