"""`run`: an ensemble of scenarios, paired when there are several."""

import math
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from itertools import chain, product
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import typer
from typer import Argument, Option

from eurasia_sim.analysis.convergence import StoppingRule, wanted_half_width
from eurasia_sim.analysis.differences import paired_difference
from eurasia_sim.analysis.headline import headlines
from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.output import finish, found_again
from eurasia_sim.experiments.experiment import names as experiments
from eurasia_sim.figures.gallery import OF_RUN
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.ordinary import csv_bytes
from eurasia_sim.reports.blocks import Blocks, table
from eurasia_sim.reports.outcomes import PAGE, Answer, answers, trust
from eurasia_sim.scenarios.outcome_columns import matching
from eurasia_sim.simulation import results
from eurasia_sim.simulation import run as studies
from eurasia_sim.simulation.events import event_log
from eurasia_sim.simulation.family import conditions, content_digest, load_family, starting
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.simulation.parameter_draws import DOCUMENTS_ALONE, fit_beside, run_seeds
from eurasia_sim.simulation.results_folder import open_results
from eurasia_sim.simulation.run import DOCUMENTS, FITTED, RANGES, REFERENCE, SETS, Study
from eurasia_sim.world.world import load_world

_PACKAGES = ("eurasia-sim", "numba", "numpy", "pandas", "pyarrow", "scipy", "matplotlib")
# Lines of the answer where nothing is set, and columns of its table.
_LINES, _COLUMNS = 15, 4
_NAMED = 2  # others that the answer names, each by what it says


def run(
    scenarios: Annotated[list[str], Argument(help="Names or files; differences from the first.")],
    n: Annotated[int, options.count("Runs a scenario.")] = 200,
    seed: options.Seed = 7,
    theory: options.Theories = None,
    settings: options.Settings = None,
    record: Annotated[str | None, Option(help="Scenario file whose `record` goes on.")] = None,
    since: Annotated[str | None, Option("--from", help="Start in this month, YYYY-MM.")] = None,
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
    began = time.time()
    options.refuse_others(scenarios, experiments(), "an experiment", "sweep")
    place = load_world(world)
    place = starting(place, since or place.start)
    alone = [f"{place.rule_paths[DOCUMENTS_ALONE]}=0"] if start == "documents" else []
    family = load_family(scenarios, place, [*(settings or ()), *alone], record)
    theories = options.chosen_theories(theory, place, [scenario.theory for scenario in family])
    study = Study(place, family, theories, n, seed)
    rule = _rule(study, until, watch or (), most)
    study.require_memory(rule.most if rule else n)
    inputs = study.inputs(theories[0])
    measures = matching("--measure", measure or (), inputs[0].columns)
    folder, runs, reused = _execute(study, inputs, rule, out, workers)
    end = rule.verdict(runs) if rule else None
    result = {"summary": _summary(study, runs), "until": end}
    if not reused:
        _finish(study, inputs, folder, runs, result, began)
    notes = [*conditions(family, place), *_lacking(study, inputs[0], result)]
    told = _told(study, folder, notes, measures, every=every)
    ends = terminal.ending(folder, "report", reused=reused)
    terminal.answer({"folder": str(folder), **result}, chain(told, ends), as_json=as_json)
    if (runs["status"] != "ok").any() or (end is not None and not end["met"]):
        raise typer.Exit(FAILED_WORK)


def _rule(study: Study, until: str | None, watch: Sequence[str], most: int) -> StoppingRule | None:
    if until is None:
        if watch:
            hint = "add a rule, such as --until half-width=0.002"
            raise DataError([f"--watch says what --until looks at; {hint}"])
        return None
    wanted = wanted_half_width(until)
    if most < study.n:
        raise DataError([f"--most {most} is below -n {study.n}, the least number of runs"])
    columns = study.inputs(study.theories[0])[0].columns
    measures = matching("--watch", watch, columns) if watch else study.shown(columns)
    names = tuple(scenario.name for scenario in study.scenarios)
    return StoppingRule(wanted, names, tuple(measures), study.n, most)


def _execute(
    study: Study, inputs: Sequence[Inputs], rule: StoppingRule | None, out: Path,
    workers: int | None,
) -> tuple[Path, pd.DataFrame, bool]:  # fmt: skip
    """Folder and runs of the study, and whether an identical finished one was found."""
    ids = [*chain.from_iterable(own for batch in study.batches() for own in batch.ids)]
    identity = [str(rule), *rule.measures, str(rule.most)] if rule else []
    said = content_digest(study.scenarios)
    folder = out / results.folder_name(study.name, [*ids, said, *identity])
    if found_again(folder):
        return folder, results.load_results(folder), True
    options.compile_once(inputs[0])
    try:
        with terminal.RunCounter(len(ids)) as counter:

            def goes_on(runs: pd.DataFrame) -> bool:
                counter.total = len(runs) + len(ids)
                return rule is not None and rule.goes_on(runs)

            return folder, studies.carry_out(study, folder, workers, counter, goes_on), False
    except KeyboardInterrupt:
        count = sum(entry.rows or 0 for entry in results.read_log(folder).values())
        kept = f"{count} runs are kept in {folder}; the same command goes on from there."
        raise terminal.stop(kept if count else "nothing was kept.") from None


def _summary(study: Study, runs: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Outcomes of each scenario, and of the first less each other, by theory and set of draws."""
    outcomes, differences, told = list[Any](), list[Any](), list[Any]()
    names, shown = [each.name for each in study.scenarios], study.shown([*runs.columns])
    groups = dict(iter(runs.sort_values("run").groupby(["theory", "set", "scenario"])))
    for theory, kind in product(study.theories, (REFERENCE, RANGES, DOCUMENTS, FITTED)):
        if (theory, kind, names[0]) not in groups:
            continue
        family = [groups[theory, kind, name].reset_index(drop=True) for name in names]
        for name, own in zip(names, family, strict=True):
            head = {"theory": theory, "set": kind, "scenario": name}
            counts = {"n": len(own), "failed": int((own["status"] != "ok").sum())}
            for measure in shown:
                values = own[measure].dropna()  # of which one has no quantiles
                low, high = values.quantile([0.05, 0.95]) if len(values) > 1 else [math.nan] * 2
                spread = {"mean": float(values.mean()), "low": float(low), "high": float(high)}
                outcomes.append({**head, "measure": measure, **spread, **counts})
            if name != names[0]:
                head["first"] = names[0]
                told += [{**head, **row} for row in headlines(family[0], own)]
                gaps = (paired_difference(family[0], own, measure) for measure in shown)
                differences += [{**head, **asdict(gap)} for gap in gaps]
    return {"outcomes": outcomes, "differences": differences, "headlines": told}


def _finish(
    study: Study, inputs: Sequence[Inputs], folder: Path, runs: pd.DataFrame,
    result: dict[str, Any], began: float,
) -> None:  # fmt: skip
    """Write events, draw the figures and write the manifest, which makes a folder whole."""
    events = {}
    (seed,) = run_seeds(study.seed, 1)
    for each in inputs:  # of every scenario's first run
        log, status = event_log(study.world, each, int(seed))
        results.write_bytes(folder / results.events_file(each.scenario.name), csv_bytes(log))
        events[each.scenario.name] = {"events": len(log), "status": status}
    posterior, _ = fit_beside(study.world, inputs[0])
    digests = {scenario.name: scenario.digest for scenario in study.scenarios}
    manifest = {
        **options.origin(study.world, scenarios=digests), "seed": study.seed,
        "leads": FITTED if posterior is not None and posterior.beats_ranges else RANGES,
        "runs_a_scenario": int(runs["run"].max()) + 1,
        "theories": list(study.theories), "forms": dict(inputs[0].forms),
        "window": list(study.window()),
        "scenarios": {scenario.name: scenario.resolved() for scenario in study.scenarios},
        "versions": {"python": platform.python_version()} | {x: version(x) for x in _PACKAGES},
        "failed": int((runs["status"] != "ok").sum()), "events_of_the_first_run": events,
        **{name: value for name, value in result.items() if value is not None},
        "seconds": round(time.time() - began, 1),
    }  # fmt: skip
    files = [*studies.WRITTEN, *map(results.events_file, events)]
    finish(folder, manifest, {}, study.world, files, OF_RUN)


def _lacking(study: Study, inputs: Inputs, result: dict[str, Any]) -> list[str]:
    """What the answer does without: failed runs, measures, a fit; and how a rule ended."""
    rows = result["summary"]["outcomes"]
    failed = (f"{x['failed']} of {x['scenario']} {SETS[x['set']]}" for x in rows if x["failed"])
    counts = ", ".join(dict.fromkeys(failed))
    kinds = {name.partition(".")[0] for name in study.shown(inputs.columns)}
    left_out = ", ".join(name for name in study.named if name not in kinds)
    _, why = fit_beside(study.world, inputs)
    notes = [
        f"Runs that failed and count nowhere: {counts}" if counts else "",
        f"Not shown, for nobody and nowhere in focus has it: {left_out}" if left_out else "",
        f"No fit to the record: {why.partition(';')[0]}" if why else "",
    ]
    if end := result["until"]:
        met = "is met" if end["met"] else "is not met, and --most is reached"
        half = f"± {end['half_width']:.3g}" if end["half_width"] >= 0 else "known to no width"
        ended = f"{end['rule']} {met} after {end['runs']} runs"
        notes.append(f"{ended}; widest: {end['widest']}, {half}")
    return notes


def _besides(others: list[Answer], *, is_pair: bool) -> str:
    """What other pairs of scenarios and theories say of the first measure; of many, both ends."""
    found = [each for each in others if len(each.sides) > 1 and each.rows]
    said = [
        f"{each.theory if is_pair else f'{each.sides[-1]} ({each.theory})'} "
        "{change}, up in {rises in}".format_map(each.rows[0])
        for each in sorted(found, key=lambda each: each.rises)
    ]
    if len(said) > _NAMED:
        return f"Of {len(said)} others (--all), least: {said[0]}; most: {said[-1]}."
    return f"Besides: {'; '.join(said)}." if said else ""


def _told(
    study: Study, folder: Path, notes: list[str], measures: list[str], *, every: bool
) -> Blocks:
    """The answer in a few lines, what was set, how far to trust it; or the tables of all sets."""
    found = answers(open_results(folder, study.world), measures)
    (lead, *weaker), *others = found
    question = study.scenarios[0].question
    besides = _besides([own[0] for own in others], is_pair=len(study.scenarios) == 2)
    head = terminal.lines_of(lead.title, question, lead.sentence, besides, *notes)
    focus = dict.fromkeys(study.world.names[who] for pair in study.world.pairs for who in pair)
    of_others = f"Of others than {', '.join(focus)}: --measure, such as --measure 'benefit.*'"
    careful = [one.over for one in weaker if one.way * lead.way < 0]
    tail = terminal.lines_of(
        *(f"Careful: {over}, the mean has the opposite sign (--all)." for over in careful),
        lead.unknown,
        f"Trust: {trust(study.world, study.theories[0])}",
        of_others if every else f"More: --all, --measure 'benefit.*' (of anyone), figures/, {PAGE}",
    )
    yield from head
    window = f"mean, {' to '.join(study.window())}"
    room = None if every or measures else max(_LINES - len(head) - len(tail) - 3, 1)
    for each in chain(*found) if every else [lead]:
        columns = [window, *[*each.rows[0]][1:_COLUMNS]] if each.rows else []
        cells = [[*row.values()][:_COLUMNS] for row in each.rows[:room]]
        yield table(f"\n{each.title}, {each.over}" if every else "", cells, columns)
    yield from tail
