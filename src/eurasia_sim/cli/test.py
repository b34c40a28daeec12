"""`test`: hypotheses against runs, theory by theory; `calibrate`: numbers fitted to the record."""

import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.output import finish, found_again, trust_line
from eurasia_sim.compute.jit import model_version
from eurasia_sim.experiments.experiment import located
from eurasia_sim.files.memory import PROCESS, require_memory
from eurasia_sim.hypotheses.arms import Effort, check_size
from eurasia_sim.hypotheses.evaluation import Evaluation, evaluate
from eurasia_sim.hypotheses.hypothesis import Family, arm_scenario
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.reports.findings import findings_page, map_page, map_path
from eurasia_sim.scenarios import posterior
from eurasia_sim.scenarios.scenario import as_recorded
from eurasia_sim.simulation import results
from eurasia_sim.simulation.family import content_digest
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import fit_beside, memory_of_draws
from eurasia_sim.simulation.results_folder import FIT
from eurasia_sim.validation.calibration import ORIGINS, Fit, Problem, held_out, weigh
from eurasia_sim.validation.calibration import calibrate as fitted
from eurasia_sim.world.world import World, load_world

_TOLD, _MOST_SHOWN = 3, 10  # hypotheses in sentences, numbers in a table; the rest by --all
_CLEAR, _SHIFTED, _FAINT = 0.9, 0.25, 0.2
# Columns of a table on the terminal, and their headings where these are not their names.
_PARTS = {
    "hypothesis": "", "part": "part", "sign": "expected", "smallest": "beyond", "mean": "mean",
    "share_of_space": "holds", "fit_share": "of fit", "word": "word",
}  # fmt: skip


def evaluate_hypotheses(
    hypotheses: Annotated[list[str] | None, Argument(help="Ids; all of the file if none.")] = None,
    file: Annotated[str, Option(help="Name or path of a file of hypotheses.")] = "hypotheses",
    n: Annotated[int, options.count("Runs an arm at reference.", least=2)] = 200,
    samples: Annotated[int, Option(min=16, max=100_000, help="Points of space a theory.")] = 200,
    seed: options.Seed = 7,
    workers: options.Workers = None,
    out: options.Out = Path("results"),
    findings: Annotated[Path | None, Option(help="Also write the findings page here.")] = None,
    world: options.WorldName = None,
    every: Annotated[bool, Option("--all", help="Print every verdict and part.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Test hypotheses at reference, over everything uncertain, and under every theory and form.

    Example: eurasia-sim test H2 H12 --samples 400
    """
    place = load_world(world)
    family = load_hypotheses(located(file), place).chosen(hypotheses or [])
    effort = Effort.of(n, samples, seed)
    folder, result, reused = _evaluate(place, family, effort, workers, out)
    if as_json:
        verdicts = result.verdicts.astype(object).to_dict("records")
        terminal.print_json({"folder": str(folder), "verdicts": verdicts})
    else:
        _show(result, every=every)
        terminal.say(trust_line(folder, world))
        terminal.show_folder(folder, "report", reused=reused)
    if findings is not None:
        given = (effort, options.command_line(), findings)
        pages = {findings: findings_page(place, family, result, *given)}
        for rivals in family.maps:  # each has a page beside
            pages[map_path(findings, rivals)] = map_page(place, rivals, result.maps, *given)
        for path, text in pages.items():
            results.write_bytes(path, text.encode())
            terminal.tell(f"findings: {path}")
    if not result.parts["n"].all():
        raise typer.Exit(FAILED_WORK)


def _evaluate(
    world: World, family: Family, effort: Effort, workers: int | None, out: Path
) -> tuple[Path, Evaluation, bool]:
    """The results folder, its tables, and whether it was there before."""
    began = time.time()
    scenarios = {arm: arm_scenario(arm, world) for part in family.parts() for arm in part.arms}
    first = prepare(world, next(iter(scenarios.values())), world.default_theory)
    fit, _ = fit_beside(world, first)
    ids = [*(each.id for each in family.hypotheses), *(each.digest for each in family.maps)]
    identity = [family.digest, *ids, repr(effort), world.digest, model_version()]
    identity += [content_digest(scenarios.values()), fit.digest if fit else ""]
    folder = out / results.folder_name(f"test-{family.path.stem}", identity)
    if found_again(folder):
        files, names = results.files_of(folder), [each.name for each in fields(Evaluation)]
        tables = {name: results.read_table(files, f"{name}.parquet") for name in names}
        return folder, Evaluation(**tables), True
    check_size(world, family, effort)
    options.compile_once(first)
    nothing = "a test is whole or not there, so nothing was kept."
    with terminal.RunCounter(effort.runs, nothing) as counter:
        result = evaluate(world, family, effort, workers, counter.stage)
    content = {
        **options.origin(world),
        "title": family.title,
        "hypotheses": family.digest,
        "effort": vars(effort),
        "seconds": round(time.time() - began, 1),
    }
    finish(folder, content, vars(result), world)
    return folder, result, False


def _show(result: Evaluation, *, every: bool) -> None:
    """Print the verdicts in words, what they hinge on, how well shares are known; or every part."""
    verdicts, parts = result.verdicts, result.parts
    named = verdicts.groupby("verdict", sort=False)["hypothesis"].agg(", ".join)
    terminal.say("; ".join(f"{word}: {names}" for word, names in named.items()) + ".")
    rows = verdicts.to_dict("records")
    for row in rows[: len(rows) if every else _TOLD]:
        share = "; it holds in {share_of_space:.0%} [{share_low:.0%}, {share_high:.0%}] of draws"
        fit = "; under the fit to the record {fit_verdict}" * bool(row["fit_verdict"])
        hinge = ". It hinges on {region}, where {left_by_ranges:.0%} of the ranges lie"
        failed = " (its control failed: {failed})" * bool(row["failed"])
        text = "{hypothesis}: {verdict}" + failed + share * bool(row["points"]) + fit
        says = "{hypothesis}: {says}" if every or len(rows) <= _TOLD else ""
        terminal.say(
            says.format_map(row), (text + hinge * bool(row["region"])).format_map(row) + "."
        )
    if every:
        title = (
            "\nParts: the first arms less the second at reference values, beyond the smallest "
            "effect that matters; shares of draws in which that holds"
        )
        terminal.show_frame(title, parts[[*_PARTS]].rename(columns=_PARTS))
    lost, without = parts["failed"].max(), int((parts["n"] == 0).sum())
    failed = f"At most {lost} runs of a part failed at reference" * bool(lost)
    failed += f"; {without} parts have no run, so no effect" * bool(without)
    counted = f"{verdicts['points'].max()} draws of everything uncertain count. "
    terminal.say(f"{counted}{failed}", "" if every else "Every verdict and part: --all")


def calibrate(
    members: Annotated[int, Option("-n", "--members", min=100, max=10_000)] = 600,
    seed: options.Seed = 7,
    theory: options.Theories = None,
    workers: options.Workers = None,
    out: options.Out = Path("results"),
    record: Annotated[Path | None, Option(help="World folder to record the fit in, too.")] = None,
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Fit uncertain numbers to what was observed, and score fits to earlier years after them.

    Several theories are weighed; `all` adds every form. The first one's fit is what is kept.
    A scenario may say `uncertain: posterior` to draw from a fit that a world records.

    Example: eurasia-sim calibrate --record my_world/
    """
    place = load_world(world)
    asked = _asked(theory, place)
    first = place.default_theory if theory == ["all"] else next(iter(asked))
    inputs = prepare(place, as_recorded(place), first)
    need = PROCESS + len(asked) * 3 * memory_of_draws(place, inputs, members)
    require_memory(need, f"{members:,} members of {len(asked)} fits", "a smaller -n")
    problems = {
        name: Problem.of(place, preset, members, seed, workers, forms)
        for name, (preset, forms) in sorted(asked.items(), key=lambda each: each[0] != first)
    }
    options.compile_once(inputs)
    fits, targets, each = dict[str, Fit](), dict[str, pd.DataFrame](), len(ORIGINS) + 1
    with terminal.RunCounter(1, "a fit is whole or not there; nothing was kept.") as counter:
        for at, (name, problem) in enumerate(problems.items()):

            def tell(done: int, at: int = at, name: str = name) -> None:
                counter.stage(f"fits of {name}", at * each + done, len(problems) * each)

            fits[name], targets[name] = fitted(problem, tell)
        weighed, groups = weigh(problems, targets, fits[first].origin)
    fit = fits[first]
    tables = {"numbers": fit.numbers(), "held_out": held_out(targets[first])}
    tables |= {"targets": targets[first], **weighed}
    folder, content = _write_fit(out, record, fit, tables, groups)
    if as_json:
        rows = {name: table.to_dict("records") for name, table in weighed.items()}
        terminal.print_json({"folder": str(folder), **content, **rows})
        return
    _show_fit(tables["numbers"], content)
    if weighed:
        title = "Log scores three years on, and stacking weights, over the ranges and of the fits"
        terminal.show_frame(title, weighed["theories"])
    alike = [", ".join(group) for group in groups if len(group) > 1]
    terminal.say(*(f"One theory to any record like this one: {each}" for each in alike))
    terminal.show_folder(folder, "plot")


def _asked(theory: list[str] | None, world: World) -> dict[str, tuple[str, dict[str, str]]]:
    """Theory and forms of every fit that is asked for, by name."""
    theories = options.chosen_theories(theory, world, [])
    found: dict[str, tuple[str, dict[str, str]]] = {name: (name, {}) for name in theories}
    for factor, forms in world.forms.items() if theory == ["all"] else ():
        for form in forms:
            if form != world.default_forms[factor]:
                found[f"{factor} {form}"] = world.default_theory, {factor: form}
    return found


def _write_fit(
    out: Path, record: Path | None, fit: Fit, tables: Mapping[str, pd.DataFrame],
    groups: list[list[str]],
) -> tuple[Path, dict[str, Any]]:  # fmt: skip
    """Write the tables, the posterior and its picture; return their folder and what was found."""
    problem, world, held = fit.problem, fit.problem.world, tables["held_out"]
    theory, members, seed = problem.inputs.theory, problem.members, problem.seed
    (scores,) = held[held["item"] == "all"].drop(columns="item").to_dict("records")
    content = {
        **options.origin(world),
        "kind": FIT, "theory": theory,
        "title": f"{theory} fitted to the record of {world.name} to {fit.origin}",
        "until": fit.origin, "members": members, "seed": seed,
        "failed": members - len(fit.scores.T),
        "moved": int(fit.moved.sum()), "numbers_in_all": len(fit.moved),
        "held_out": scores, "scales": fit.scales(), "one_theory": groups,
    }  # fmt: skip
    kept = ("world", "digests", "theory", "until", "members", "seed", "held_out")
    numbers = {path: posterior.text_of(values) for path, values in fit.values().items()}
    sealed = {"format": posterior.FORMAT, **{key: content[key] for key in kept}, "numbers": numbers}
    identity = [world.digest, theory, str(members), str(seed), content["digests"]["model"]]
    identity += [name for group in groups for name in group]
    folder = out / results.folder_name(f"calibrate-{theory}", identity)
    for path in (folder / posterior.FILE, *([posterior.record_path(record)] if record else ())):
        results.write_sealed(path, sealed)
    finish(folder, content, tables, world, [posterior.FILE], ["posterior"])
    return folder, content


def _show_fit(numbers: pd.DataFrame, content: Mapping[str, Any]) -> None:
    """Print what the record narrows or shifts, by which items, and of what it says nothing."""
    seen, silent = numbers[numbers["moved"]], numbers[~numbers["moved"]]
    clear = seen[(seen["left"] < _CLEAR) | (seen["shift"].abs() > _SHIFTED)]
    kinds = silent["number"].str.partition(".")[0].value_counts()
    by_item = clear["items"].str.split(", ").explode().value_counts()
    items = ", ".join(f"{name} {count}" for name, count in by_item.items())
    against = [name for name, scale in content["scales"].items() if scale < -_FAINT]
    faint = [name for name, scale in content["scales"].items() if abs(scale) < _FAINT]
    unsaid = ", ".join(f"{count} of {kind}" for kind, count in kinds.items())
    terminal.say(
        content["title"],
        f"The record speaks of {len(seen)} of {len(numbers)} numbers and narrows or shifts "
        f"{len(clear)} clearly. It says nothing about {len(silent)}: {unsaid}.",
    )
    spans = {f"{x}_{end}": f"{end} {x}" for x in ("before", "after") for end in ("low", "high")}
    shown = clear[["number", *spans, "left", "shift"]].head(_MOST_SHOWN).rename(columns=spans)
    title = "What moved most, with 90 % intervals:"
    terminal.show_frame(title, shown.replace(options.SHORT, regex=True))
    held = content["held_out"]
    is_better = held["gain"] > posterior.BEYOND_CHANCE * held["error"]
    better, first = ("better", "the fit") if is_better else ("no better", "these")
    terminal.say(
        f"By item: {items}." if items else "",
        f"Hardly follow the measure that they read: {', '.join(faint)}." if faint else "",
        f"Run against it: {', '.join(against)}." if against else "",
        f"Three years on, with hindsight, the fit gains {held['gain']:.1f} ± {held['error']:.1f} "
        f"of log score on {held['targets']} targets: {better} than the declared ranges, so results "
        f"show {first} first.",
    )
