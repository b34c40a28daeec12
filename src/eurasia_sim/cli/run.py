"""`run`: an ensemble of scenarios, paired when there are several."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.output import finish
from eurasia_sim.experiments.experiment import names as experiments
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.world.world import load_world

if TYPE_CHECKING:
    import pandas as pd

    from eurasia_sim.analysis.convergence import StoppingRule
    from eurasia_sim.simulation.results_folder import ResultsFolder
    from eurasia_sim.simulation.run import Batch, Study, Tables

_PACKAGES = ("eurasia-sim", "numba", "numpy", "pandas", "pyarrow", "scipy", "matplotlib")
# Lines of the answer where nothing is set, measures that it shows at least, and their columns.
_LINES, _LEAST, _COLUMNS = 15, 1, 4


def run(
    scenarios: Annotated[list[str], Argument(help="Names or files; differences from the first.")],
    n: Annotated[int, options.count("Runs a scenario.")] = 200,
    seed: options.Seed = 7,
    theory: options.Theories = None,
    settings: options.Settings = None,
    record: Annotated[str | None, Option(help="Scenario file whose `record` goes on.")] = None,
    since: options.Since = None,
    start: Annotated[
        Literal["record", "documents"], Option(help="What says how actors stand at the start.")
    ] = "record",
    until: Annotated[str | None, Option(help="Add -n runs until half-width=NUMBER.")] = None,
    watch: Annotated[list[str] | None, Option(help="Measures of --until; else all shown.")] = None,
    most: Annotated[int, Option(min=1, max=options.MOST_RUNS, help="Runs to give up at.")] = 5000,
    workers: options.Workers = None,
    out: options.Out = Path("results"),
    world: options.WorldName = None,
    measure: options.Measures = None,
    every: Annotated[bool, Option("--all", help="Print every measure and set of draws.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Run scenarios, paired when there are several, and write tables, figures and a manifest.

    Example: eurasia-sim run us_exit us_stays -n 200 --seed 7
    """
    from eurasia_sim.analysis.pairing import matching
    from eurasia_sim.simulation.family import conditions, load_family, starting
    from eurasia_sim.simulation.parameter_draws import DOCUMENTS_ALONE
    from eurasia_sim.simulation.results_folder import open_results
    from eurasia_sim.simulation.run import Study

    began = time.time()
    options.refuse_others(scenarios, experiments(), "an experiment", "sweep")
    place = load_world(world)
    place = starting(place, since or place.start)
    alone = [f"{place.rule_paths[DOCUMENTS_ALONE]}=0"] if start == "documents" else []
    family = load_family(scenarios, place, [*(settings or ()), *alone], record)
    theories = options.chosen_theories(theory, place, [scenario.theory for scenario in family])
    study = Study(place, family, theories, n, seed)
    rule = _Stopping.of(study, until, watch or (), most)
    study.require_memory(rule.most if rule else n)
    batches = list(study.batches())
    measures = matching("--measure", measure or (), batches[0].family[0].columns)
    folder, tables, reused = _execute(study, batches, rule, out, workers)
    end = rule.verdict(tables.runs) if rule else None
    result = {"summary": _summary(study, batches, tables), "until": end}
    if not reused:
        _finish(study, folder, batches, tables, result, began)
    if as_json:
        terminal.print_json({"folder": str(folder), **result})
    else:
        held, names = open_results(folder, place), zip(scenarios, family, strict=True)
        notes = [f"{x.name}: from {file}" for file, x in names if x.name != Path(file).stem]
        notes += conditions(family, place)
        _show(study, batches, result, notes, held, measures, every=every)
        terminal.show_folder(folder, "report", reused=reused)
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
    def of(
        cls, study: Study, until: str | None, watch: Sequence[str], most: int
    ) -> _Stopping | None:
        """The rule that the options ask for, if they do."""
        from eurasia_sim.analysis.convergence import StoppingRule
        from eurasia_sim.analysis.pairing import matching
        from eurasia_sim.simulation.inputs import prepare

        if until is None:
            if watch:
                hint = "add a rule, such as --until half-width=0.002"
                raise DataError([f"--watch says what --until looks at; {hint}"])
            return None
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
    from eurasia_sim.simulation.run import Tables, carry_out, drawn_table, keep, read_parts

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
        try:
            with terminal.RunCounter(len(ids)) as counter:
                more = partial(rule.following, len(ids), counter) if rule else lambda _: ()
                tables = carry_out(study, batches, folder, workers, counter, more)
        except KeyboardInterrupt:
            count = sum(len(part.runs) for part in read_parts(folder))
            kept = f"{count} runs are kept in {folder}; the same command goes on from there."
            raise terminal.stop(kept if count else "nothing was kept.") from None
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
                told += [{**head, "first": names[0], **row} for row in headlines(family[0], runs)]
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
    digests = {scenario.name: scenario.digest for scenario in study.scenarios}
    manifest = {
        **options.origin(study.world, scenarios=digests),
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
    finish(folder, manifest, [*WRITTEN, *map(events_file, events)], RUN, study.world, OF_RUN)


def _leading(study: Study, batches: list[Batch]) -> tuple[str, str]:
    """The set that answers, the fit where it foretold better; and why no fit is shown."""
    from eurasia_sim.simulation.parameter_draws import fit_beside

    posterior, why = fit_beside(study.world, batches[0].family[0])
    return "posterior" if posterior is not None and posterior.beats_ranges else "ranges", why


def _show(
    study: Study, batches: list[Batch], result: dict[str, Any], notes: list[str],
    held: ResultsFolder, measures: list[str], *, every: bool,
) -> None:  # fmt: skip
    """Print the answer in a few lines, what was set, how far to trust it, and what comes next."""
    from eurasia_sim.reports.answer import PAGE, answers, trust
    from eurasia_sim.simulation.run import SETS, window_of

    world, lost = study.world, result["summary"]["outcomes"]
    counts = [f"{x['failed']} of {x['scenario']} {SETS[x['set']]}" for x in lost if x["failed"]]
    left_out = ", ".join(study.left_out(study.shown(batches[0].family[0].columns)))
    _, why = _leading(study, batches)
    found = answers(held, measures)
    lead, others = found[0][0], [own[0] for own in found[1:] if own[0].rows]
    apart, alike = ", against: ", len(study.scenarios) == 2
    beside = (
        "{} {change}, up in {rises in}".format(
            each.title.rpartition(" (")[2][:-1] if alike else each.title.partition(apart)[2],
            **each.rows[0],
        )
        for each in others
    )
    head = terminal.lines_of(
        lead.title, study.scenarios[0].question, lead.sentence,
        f"Besides: {'; '.join(beside)}." if len(study.scenarios) > 1 and others else "",
        *notes,
        f"Runs that failed and count nowhere: {', '.join(dict.fromkeys(counts))}" if counts else "",
        f"Not shown, for nobody and nowhere in focus has it: {left_out}" if left_out else "",
        f"No fit to the record: {why.partition(';')[0]}" if why else "",
        _ended(result["until"]),
    )  # fmt: skip
    opposed = [one.over for one in found[0][1:] if one.way * lead.way < 0]
    focus = ", ".join(dict.fromkeys(world.names[who] for pair in world.pairs for who in pair))
    more = f"Of others than {focus}: --measure, such as --measure 'benefit.*'"
    tail = terminal.lines_of(
        *(f"Careful: {over}, the mean has the opposite sign (--all)." for over in opposed),
        lead.unknown,
        f"Trust: {trust(world, study.theories[0])}",
        more if every else f"More: --all, --measure 'benefit.*' (of anyone), figures/, {PAGE}",
    )
    terminal.show(*head)
    first = f"mean, {' to '.join(window_of(batches, world))}"
    room = max(_LINES - len(head) - len(tail) - 3, _LEAST)
    for each in [one for own in found for one in own] if every else found[0][:1]:
        title = f"\n{each.title}, {each.over}" if every else ""
        rows = each.rows if every or measures else each.rows[:room]
        keys = [*each.rows[0]][:_COLUMNS] if each.rows else []
        columns = {first if key == "label" else key: f"{{{key}}}" for key in keys}
        terminal.show_table(title, rows, columns, numbers=keys)
    terminal.show(*tail)


def _ended(end: dict[str, Any] | None) -> str:
    """How a rule ended in words; nothing without one."""
    if end is None:
        return ""
    met = "is met" if end["met"] else "is not met, and --most is reached"
    half = f"± {end['half_width']:.3g}" if end["half_width"] >= 0 else "known to no width"
    return f"{end['rule']} {met} after {end['runs']} runs; widest: {end['widest']}, {half}"
