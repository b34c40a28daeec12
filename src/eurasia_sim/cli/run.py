"""`run`: an ensemble of scenarios, paired when there are several."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.output import finish
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.world.world import load_world

if TYPE_CHECKING:
    import pandas as pd

    from eurasia_sim.analysis.convergence import StoppingRule
    from eurasia_sim.simulation.run import Batch, Study, Tables

_PACKAGES = ("eurasia-sim", "numba", "numpy", "pandas", "pyarrow", "scipy", "matplotlib")
# Lines of the answer where nothing is set, measures that it shows at least, and their columns.
_LINES, _LEAST, _COLUMNS = 15, 1, 4


class Start(StrEnum):
    """How actors stand toward each other when a run starts."""

    RECORD = "record"
    DOCUMENTS = "documents"


def run(
    scenarios: Annotated[list[str], Argument(help="Names or files; differences from the first.")],
    n: Annotated[int, options.count("Runs a scenario.")] = 200,
    seed: options.Seed = 7,
    theory: options.Theories = None,
    settings: options.Settings = None,
    record: Annotated[str | None, Option(help="Scenario file whose `record` goes on.")] = None,
    since: options.Since = None,
    start: Annotated[
        Start,
        Option(help="How actors stand at the start: as was observed, or by the documents alone."),
    ] = Start.RECORD,
    until: Annotated[str | None, Option(help="Add -n runs until half-width=NUMBER.")] = None,
    watch: Annotated[list[str] | None, Option(help="Measures of --until; else all shown.")] = None,
    most: Annotated[int, Option(min=1, max=options.MOST_RUNS, help="Runs to give up at.")] = 5000,
    workers: options.Workers = None,
    out: options.Out = Path("results"),
    world: options.WorldName = None,
    every: Annotated[bool, Option("--all", help="Print every measure and set of draws.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Run scenarios, paired when there are several, and write tables, figures and a manifest.

    Example: eurasia-sim run us_exit us_stays -n 200 --seed 7
    """
    from eurasia_sim.simulation.family import conditions, load_family, starting
    from eurasia_sim.simulation.parameter_draws import DOCUMENTS_ALONE
    from eurasia_sim.simulation.run import Study

    began = time.time()
    place = load_world(world)
    place = starting(place, since or place.start)
    alone = [f"{place.rule_paths[DOCUMENTS_ALONE]}=0"] if start is Start.DOCUMENTS else []
    family = load_family(scenarios, place, [*(settings or ()), *alone], record)
    theories = options.chosen_theories(theory, place, [scenario.theory for scenario in family])
    study = Study(place, family, theories, n, seed)
    if watch and until is None:
        hint = "add a rule, such as --until half-width=0.002"
        raise DataError([f"--watch says what --until looks at; {hint}"])
    rule = _Stopping.of(study, until, watch or (), most) if until is not None else None
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
        notes = [*renamed, *conditions(family, place)]
        _show(study, batches, result, notes, folder, every=every)
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

    @classmethod
    def of(cls, study: Study, until: str, watch: Sequence[str], most: int) -> _Stopping:
        """The rule that the options ask for."""
        from eurasia_sim.analysis.convergence import StoppingRule
        from eurasia_sim.analysis.pairing import matching
        from eurasia_sim.simulation.inputs import prepare

        rule = StoppingRule.read(until)
        if most < study.n:
            raise DataError([f"--most {most} is below -n {study.n}, the least number of runs"])
        columns = prepare(study.world, study.scenarios[0], study.theories[0]).columns
        measures = matching("--watch", watch, columns) if watch else study.shown(columns)
        return cls(study, rule, tuple(measures), most)

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


def _execute(
    study: Study, batches: list[Batch], rule: _Stopping | None, out: Path, workers: int | None
) -> tuple[Path, Tables, bool]:
    """Folder and tables of the study, and whether an identical finished one was found."""
    from eurasia_sim.files.integrity import listed
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.family import content_digest
    from eurasia_sim.simulation.run import Tables, carry_out, drawn_table, keep

    ids = [run_id for batch in batches for own in batch.ids for run_id in own]
    identity = (str(rule.rule), *rule.measures, str(rule.most)) if rule else ()
    said = content_digest(study.scenarios)
    folder = out / results.folder_name(study.name, [*ids, said, *identity])
    manifest, wrong = results.found(folder)
    if manifest is not None and not {results.RUNS, results.TRAJECTORIES} & set(wrong):
        tables = Tables(results.load_results(folder), results.load_trajectories(folder))
        if not wrong:
            return folder, tables, True
        terminal.tell(f"{folder}: {listed(wrong)}; made again from its runs")
    else:
        if wrong:
            terminal.tell(f"{folder}: {listed(wrong)}; its runs are made again")
            (folder / results.MANIFEST).unlink()
        options.compile_once(batches[0].family[0])
        kept = f"finished runs are kept in {folder}; the same command goes on from there."
        with terminal.RunCounter(len(ids), kept) as counter:
            more = partial(rule.following, len(ids), counter) if rule else lambda _: ()
            tables = carry_out(study, batches, folder, workers, counter, more)
    results.write_table(folder / results.DRAWS, drawn_table(study, tables.runs, batches))
    keep(folder, tables)
    return folder, tables, False


def _summary(study: Study, batches: list[Batch], tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """Outcomes of each scenario, and of the first less each other, by theory and set of draws."""
    from eurasia_sim.analysis.differences import paired_difference
    from eurasia_sim.analysis.headline import headlines

    outcomes, differences, told = [], [], []
    groups = dict(iter(tables.runs.sort_values("run").groupby(["theory", "set", "scenario"])))
    for batch in batches:
        names = [inputs.scenario.name for inputs in batch.family]
        family = [groups[batch.theory, batch.kind, name].reset_index(drop=True) for name in names]
        for name, runs in zip(names, family, strict=True):
            head = {"theory": batch.theory, "set": batch.kind, "scenario": name}
            counts = {"n": len(runs), "failed": int((runs["status"] != "ok").sum())}
            if name != names[0]:
                said = headlines(family[0], runs)
                told += [{**head, "first": names[0], **row} for row in said]
            for measure in study.shown(batch.family[0].columns):
                own, low, high = runs[measure].dropna(), math.nan, math.nan
                if len(own) > 1:  # one run has no quantiles
                    low, high = map(float, own.quantile([0.05, 0.95]))
                values = {"mean": float(own.mean()), "low": low, "high": high}
                outcomes.append({**head, "measure": measure, **values, **counts})
                if name != names[0]:
                    gap = paired_difference(family[0], runs, measure)
                    differences.append({**head, "first": names[0], **asdict(gap)})
    return {"outcomes": outcomes, "differences": differences, "headlines": told}


def _finish(
    study: Study, folder: Path, batches: list[Batch], tables: Tables, result: dict[str, Any],
    began: float,
) -> None:  # fmt: skip
    """Write events, draw the figures and write the manifest, which makes a folder whole."""
    from eurasia_sim.figures.gallery import OF_RUN
    from eurasia_sim.files.ordinary import csv_bytes
    from eurasia_sim.simulation.events import event_log
    from eurasia_sim.simulation.results import events_file, write_bytes
    from eurasia_sim.simulation.results_folder import RUN
    from eurasia_sim.simulation.run import WRITTEN, window_of

    events = {}
    for inputs in batches[0].family:  # of every scenario's first run
        log, status = event_log(study.world, inputs, int(batches[0].draws.seeds[0]))
        write_bytes(folder / events_file(inputs.scenario.name), csv_bytes(log))
        events[inputs.scenario.name] = {"events": len(log), "status": status}
    manifest = {
        **options.origin(
            study.world, scenarios={each.name: each.digest for each in study.scenarios}
        ),
        "seed": study.seed,
        "leads": _leading(study, batches)[0],
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
    files = [*WRITTEN, *map(events_file, events)]
    finish(folder, manifest, files, RUN, study.world, OF_RUN)


def _leading(study: Study, batches: list[Batch]) -> tuple[str, str]:
    """The set that answers, the fit where it foretold better; and why no fit is shown."""
    from eurasia_sim.simulation.parameter_draws import fit_beside

    posterior, why = fit_beside(study.world, batches[0].family[0])
    return "posterior" if posterior is not None and posterior.beats_ranges else "ranges", why


def _show(
    study: Study, batches: list[Batch], result: dict[str, Any], notes: list[str], folder: Path,
    *, every: bool,
) -> None:  # fmt: skip
    """Print the answer in a few lines, what was set, how far to trust it, and what comes next."""
    from eurasia_sim.reports.answer import answers, trust
    from eurasia_sim.simulation.results_folder import open_results
    from eurasia_sim.simulation.run import SETS, window_of

    _, why = _leading(study, batches)
    outcomes, end = result["summary"]["outcomes"], result["until"]
    lost = {f"{row['failed']} of {row['scenario']} {SETS[row['set']]}": row for row in outcomes}
    failed = ", ".join(text for text, row in lost.items() if row["failed"])
    left_out = ", ".join(study.left_out(study.shown(batches[0].family[0].columns)))
    reason = "named and not shown, for they are not of pairs, actors and regions in focus"
    found = answers(open_results(folder, study.world))
    titles = [text for lead, *_ in found for text in (lead.title, lead.sentence)]
    ended = ""
    if end:
        met = "is met" if end["met"] else "is not met, and --most is reached"
        half = f"± {end['half_width']:.3g}" if end["half_width"] >= 0 else "known to no width"
        ended = f"{end['rule']} {met} after {end['runs']} runs; widest: {end['widest']}, {half}"
    head = terminal.lines_of(
        titles[0], study.scenarios[0].question, *titles[1:], *notes,
        f"runs that failed and count nowhere: {failed}" if failed else "",
        f"{reason}: {left_out} (runs.parquet)" if left_out else "",
        f"no fit to the record: {why.partition(';')[0]}" if why else "", ended,
    )  # fmt: skip
    opposed = [o.over for lead, *others in found for o in others if o.mean * lead.mean < 0]
    tail = terminal.lines_of(
        *(f"Careful: {over}, the mean has the opposite sign (--all)." for over in opposed),
        *(lead.unknown for lead, *_ in found),
        f"Trust: {trust(study.world, study.theories[0])}",
    )
    terminal.show(*head)
    first = f"mean, {' to '.join(window_of(batches, study.world))}"
    room = max(_LINES - len(head) - len(tail) - 4, _LEAST)
    for each in [one for own in found for one in own] if every else found[0][:1]:
        shown, title = (
            (each.rows, f"\n{each.title}, {each.over}") if every else (each.rows[:room], "")
        )
        keys = [*each.rows[0]][:_COLUMNS] if each.rows else []
        columns = {first if key == "label" else key: f"{{{key}}}" for key in keys}
        terminal.show_table(title, shown, columns, numbers=keys)
    picture = f"difference-{study.theories[0]}.png" if len(study.scenarios) > 1 else ""
    last = f"Picture: figures/{picture}   All measures: --all", f"Next: eurasia-sim report {folder}"
    terminal.show(*tail, *last)
