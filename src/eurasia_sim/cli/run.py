"""`run`: an ensemble of scenarios, paired when there are several."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.files.data_yaml import DataError

if TYPE_CHECKING:
    import pandas as pd

    from eurasia_sim.analysis.convergence import StoppingRule
    from eurasia_sim.simulation.run import Batch, Study, Tables

_PACKAGES = ("eurasia-sim", "numba", "numpy", "pandas", "pyarrow", "scipy", "matplotlib")
_OUTCOMES = {
    "scenario": "{scenario}", "measure": "{measure}", "mean": "{mean:.4f}", "5 %": "{low:.4f}",
    "95 %": "{high:.4f}", "runs": "{n:d}", "failed": "{failed:d}",
}  # fmt: skip
_OF_FIT = ("mean", "5 %", "95 %", "95 % interval", "+ / −")
_DIFFERENCES = {
    "difference": "{first} less {scenario}", "measure": "{measure}", "mean": "{mean:.5f}",
    "95 % interval": "{low:.5f} … {high:.5f}", "by co-location": "{colocation_part:.5f}",
    "by joint share": "{joint_part:.5f}", "+ / −": "{positive:.0%} / {negative:.0%}",
    "r": "{correlation:.2f}", "gain": "{variance_gain:.0f}", "pairs": "{n:d}",
}  # fmt: skip


def run(
    scenarios: Annotated[list[str], Argument(help="Names or files; differences from the first.")],
    n: Annotated[int, options.count("Runs a scenario.")] = 200,
    seed: options.Seed = 7,
    theory: options.Theories = None,
    settings: options.Settings = None,
    until: Annotated[str | None, Option(help="Add -n runs until half-width=NUMBER.")] = None,
    watch: Annotated[list[str] | None, Option(help="Measures of --until; else all shown.")] = None,
    most: Annotated[int, Option(min=1, max=options.MOST_RUNS, help="Runs to give up at.")] = 5000,
    workers: options.Workers = None,
    out: options.Out = Path("results"),
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Run scenarios, paired when there are several, and write tables, figures and a manifest.

    Example: eurasia-sim run us_exit us_stays -n 200 --seed 7
    """
    from eurasia_sim.simulation.family import conditions, load_family
    from eurasia_sim.simulation.run import Study
    from eurasia_sim.world.world import load_world

    began = time.time()
    place = load_world(world)
    family = load_family(scenarios, place, settings or ())
    theories = options.chosen_theories(theory, place, [scenario.theory for scenario in family])
    study = Study(place, family, theories, n, seed)
    rule = _stopping(study, until, watch or (), most)
    study.require_memory(rule.most if rule else n)
    batches = list(study.batches())
    folder, tables, reused = _execute(study, batches, rule, out, workers)
    end = rule.verdict(tables.runs) if rule else None
    result = {"summary": _summary(study, batches, tables), "until": end}
    if not reused:
        _finish(study, folder, batches, tables, result, began)
    if as_json:
        terminal.print_json({"folder": str(folder), **result})
    else:
        pairs = zip(scenarios, family, strict=True)
        renamed = [
            f"{each.name}: from {file}" for file, each in pairs if each.name != Path(file).stem
        ]
        _show(study, batches, result, [*renamed, *conditions(family, place)])
        terminal.show_folder(folder, reused=reused)
    if (tables.runs["status"] != "ok").any() or (end is not None and not end["met"]):
        raise typer.Exit(FAILED_WORK)


@dataclass(frozen=True)
class _Stopping:
    """A study that goes on, n runs at a time, until a rule is met or `most` runs are reached."""

    study: Study
    rule: StoppingRule
    measures: tuple[str, ...]
    most: int

    def following(
        self, total: int, counter: terminal.RunCounter, runs: pd.DataFrame
    ) -> Sequence[Batch]:
        """The batches to follow the runs so far; `total` runs of all scenarios are a block."""
        so_far = int(runs["run"].max()) + 1
        if self.verdict(runs)["met"] or so_far + self.study.n > self.most:
            return ()
        counter.total = len(runs) + total
        return list(self.study.batches(so_far))

    def verdict(self, runs: pd.DataFrame) -> dict[str, Any]:
        """Rule, whether it is met, after how many runs a scenario, and the widest interval."""
        from eurasia_sim.analysis.convergence import watched

        values = watched(runs, [scenario.name for scenario in self.study.scenarios], self.measures)
        widest, half = self.rule.widest(values)
        return {
            "rule": str(self.rule), "met": self.rule.is_met(values),
            "runs": int(runs["run"].max()) + 1, "least": self.study.n, "most": self.most,
            "widest": widest, "half_width": half, "measures": list(self.measures),
        }  # fmt: skip


def _stopping(study: Study, until: str | None, watch: Sequence[str], most: int) -> _Stopping | None:
    """The rule that the options ask for; None without `--until`."""
    if until is None:
        if watch:
            hint = "add a rule, such as --until half-width=0.002"
            raise DataError([f"--watch says what --until looks at; {hint}"])
        return None
    from eurasia_sim.analysis.convergence import StoppingRule
    from eurasia_sim.analysis.pairing import matching
    from eurasia_sim.simulation.inputs import prepare

    rule = StoppingRule.read(until)
    if most < study.n:
        raise DataError([f"--most {most} is below -n {study.n}, the least number of runs"])
    columns = prepare(study.world, study.scenarios[0], study.theories[0]).columns
    measures = matching("--watch", watch, columns) if watch else study.shown(columns)
    return _Stopping(study, rule, tuple(measures), most)


def _execute(
    study: Study, batches: list[Batch], rule: _Stopping | None, out: Path, workers: int | None
) -> tuple[Path, Tables, bool]:
    """Folder and tables of the study, and whether an identical finished one was found."""
    from eurasia_sim.files.integrity import listed
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.run import Tables, carry_out, drawn_table, keep, nothing_more

    ids = [run_id for batch in batches for own in batch.ids for run_id in own]
    identity = (str(rule.rule), *rule.measures, str(rule.most)) if rule else ()
    folder = out / results.folder_name(study.name, [*ids, study.said, *identity])
    manifest, wrong = results.found(folder)
    if manifest is not None and not {results.RUNS, results.TRAJECTORIES} & set(wrong):
        tables = Tables(
            results.load_results(folder), results.load_trajectories(folder), complete=True
        )
        if not wrong:
            return folder, tables, True
        terminal.tell(f"{folder}: {listed(wrong)}; made again from its runs")
    else:
        if wrong:
            terminal.tell(f"{folder}: {listed(wrong)}; its runs are made again")
            (folder / results.MANIFEST).unlink()
        options.compile_once(batches[0].family[0])
        kept = f"runs are kept in {folder}; the same command goes on from there."
        with terminal.RunCounter(len(ids), f"the finished {kept}") as counter:
            more = partial(rule.following, len(ids), counter) if rule else nothing_more
            tables = carry_out(study, batches, folder, workers, counter, more)
        if not tables.complete:
            of = f" of {len(ids)}" if rule is None else ""
            raise terminal.stop(f"{len(tables.runs)}{of} {kept}")
    results.write_table(folder / results.DRAWS, drawn_table(study, tables.runs, batches))
    keep(folder, tables)
    return folder, tables, False


def _summary(study: Study, batches: list[Batch], tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """Outcomes of each scenario, and of the first less each other, by theory and set of draws."""
    from eurasia_sim.analysis.differences import paired_difference

    outcomes, differences = [], []
    groups = dict(iter(tables.runs.sort_values("run").groupby(["theory", "set", "scenario"])))
    for batch in batches:
        names = [inputs.scenario.name for inputs in batch.family]
        family = [groups[batch.theory, batch.kind, name].reset_index(drop=True) for name in names]
        for name, runs in zip(names, family, strict=True):
            head = {"theory": batch.theory, "set": batch.kind, "scenario": name}
            counts = {"n": len(runs), "failed": int((runs["status"] != "ok").sum())}
            for measure in study.shown(batch.family[0].columns):
                own, low, high = runs[measure].dropna(), math.nan, math.nan
                if len(own) > 1:  # one run has no quantiles
                    low, high = map(float, own.quantile([0.05, 0.95]))
                values = {"mean": float(own.mean()), "low": low, "high": high}
                outcomes.append({**head, "measure": measure, **values, **counts})
                if name != names[0]:
                    gap = paired_difference(family[0], runs, measure)
                    differences.append({**head, "first": names[0], **asdict(gap)})
    return {"outcomes": outcomes, "differences": differences}


def _finish(
    study: Study, folder: Path, batches: list[Batch], tables: Tables, result: dict[str, Any],
    began: float,
) -> None:  # fmt: skip
    """Draw the figures and write the manifest last: a folder with a finished manifest is whole."""
    from eurasia_sim.figures.fonts import lacking_words
    from eurasia_sim.figures.gallery import OF_RUN, draw, usual_kinds
    from eurasia_sim.figures.style import Request
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.results_folder import RUN, ResultsFolder
    from eurasia_sim.simulation.run import WRITTEN, window_of

    events = dict(_write_events(study, folder, batches[0]))
    manifest = {
        **options.origin(
            study.world, scenarios={each.name: each.digest for each in study.scenarios}
        ),
        "seed": study.seed,
        "runs_a_scenario": int(tables.runs["run"].max()) + 1,
        "theories": list(study.theories),
        "forms": dict(batches[0].family[0].forms),
        "window": list(window_of(batches, study.world)),
        "scenarios": {scenario.name: scenario.resolved() for scenario in study.scenarios},
        "versions": {"python": platform.python_version()} | {x: version(x) for x in _PACKAGES},
        "failed": int((tables.runs["status"] != "ok").sum()),
        "events_of_the_first_run": events,
        **{name: value for name, value in result.items() if value is not None},
        "seconds": round(time.time() - began, 1),
    }
    # Pictures are drawn from the folder, as `plot` draws them; without them it is not finished.
    results.write_manifest(folder, {**manifest, "finished": False}, WRITTEN)
    found = ResultsFolder(folder, RUN, manifest, study.world)
    kinds = [kind for kind in usual_kinds(found, ()) if kind in OF_RUN]
    drawn = list(draw(found, kinds, Request(), folder / "figures", terminal.tell))
    manifest["figures"] = [str(path.relative_to(folder)) for _, files in drawn for path in files]
    if boxes := lacking_words(picture.lacking for picture, _ in drawn):
        terminal.tell(boxes)
    files = [*WRITTEN, *manifest["figures"], *map(results.events_file, events)]
    results.write_manifest(folder, manifest, files)


def _write_events(study: Study, folder: Path, batch: Batch) -> Iterator[tuple[str, dict[str, Any]]]:
    """Write the events of every scenario's first run; yield how many, and the run's status."""
    from eurasia_sim.files.ordinary import csv_bytes
    from eurasia_sim.simulation.events import event_log
    from eurasia_sim.simulation.results import events_file, write_bytes

    for inputs in batch.family:
        name = inputs.scenario.name
        events, status = event_log(study.world, inputs, int(batch.draws.seeds[0]))
        write_bytes(folder / events_file(name), csv_bytes(events))
        yield name, {"events": len(events), "status": status}


def _show(study: Study, batches: list[Batch], result: dict[str, Any], notes: list[str]) -> None:
    """Print notes, the tables of outcomes and differences, and how the rule ended.

    The fit to the record leads where it has foretold better than the ranges.
    """
    from eurasia_sim.simulation.parameter_draws import fit_beside
    from eurasia_sim.simulation.run import FITTED, RANGES, window_of

    first, last = window_of(batches, study.world)
    end = result["until"]
    count = end["runs"] if end else study.n
    head = f"means over {first} to {last}; {count} runs a scenario, seed {study.seed}"
    terminal.show(head, *notes)
    if left_out := study.left_out(study.shown(batches[0].family[0].columns)):
        why = "named and not shown, for they are not of pairs, actors and regions in focus"
        terminal.show(f"{why}: {', '.join(left_out)} (runs.parquet)")
    posterior, why = fit_beside(study.world, batches[0].family[0])
    if why:
        terminal.show(f"no results under the fit to the record: {why}")
    leads = posterior is not None and posterior.beats_ranges
    for batch in batches:
        for name, columns in (("outcomes", _OUTCOMES), ("differences", _DIFFERENCES)):
            rows = _rows(result["summary"][name], batch.theory, batch.kind)
            over, fitted = terminal.SETS[batch.kind], []
            if batch.kind == RANGES:
                fitted = _rows(result["summary"][name], batch.theory, FITTED)
            if fitted:
                over = f"{over}, and {terminal.SETS[FITTED]}"
                columns = _beside(columns, leads=leads)  # noqa: PLW2901 - with the fit's own
                pairs = zip(rows, fitted, strict=True)
                rows = [row | {f"fit_{key}": x for key, x in own.items()} for row, own in pairs]
            if rows and batch.kind != FITTED:
                what = "paired differences " if name == "differences" else ""
                terminal.show_table(f"{batch.theory}, {what}{over}", rows, columns)
    if end:
        met = "is met" if end["met"] else "is not met, and --most is reached"
        half = f"± {end['half_width']:.3g}" if end["half_width"] >= 0 else "known to no width"
        widest = f"widest: {end['widest']}, {half}"
        terminal.show(f"{end['rule']} {met} after {count} runs; {widest}")


def _rows(rows: Sequence[dict[str, Any]], theory: str, kind: str) -> list[dict[str, Any]]:
    """Those of one theory and set of draws."""
    return [row for row in rows if (row["theory"], row["set"]) == (theory, kind)]


def _beside(columns: dict[str, str], *, leads: bool) -> dict[str, str]:
    """Columns with those of the fit beside them, or before them where it leads."""
    head = dict(list(columns.items())[:2])
    own = {name: text for name, text in columns.items() if name not in head}
    kept = [name for name in own if name in _OF_FIT]
    fit = {f"fit: {name}": own[name].replace("{", "{fit_") for name in kept}
    return head | (fit | own if leads else own | fit)
