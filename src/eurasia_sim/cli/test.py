"""`test`: hypotheses against runs, theory by theory; `calibrate`: numbers fitted to the record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.options import SHORT
from eurasia_sim.cli.output import finish, found_again, trust_line
from eurasia_sim.experiments.experiment import located
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.scenarios.scenario import as_recorded
from eurasia_sim.world.world import World, load_world

if TYPE_CHECKING:
    import pandas as pd

    from eurasia_sim.hypotheses.effort import Effort
    from eurasia_sim.hypotheses.evaluation import Evaluation
    from eurasia_sim.hypotheses.hypothesis import Family
    from eurasia_sim.validation.calibration import Fit

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
    from eurasia_sim.hypotheses.effort import Effort

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
        _write_pages(findings, place, family, result, effort)
    if not result.parts["n"].all():
        raise typer.Exit(FAILED_WORK)


def _evaluate(
    world: World, family: Family, effort: Effort, workers: int | None, out: Path
) -> tuple[Path, Evaluation, bool]:
    """The results folder, its tables, and whether it was there before."""
    from eurasia_sim.compute.jit import model_version
    from eurasia_sim.hypotheses.effort import check_size
    from eurasia_sim.hypotheses.evaluation import Evaluation, evaluate
    from eurasia_sim.hypotheses.hypothesis import arm_scenario
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.family import content_digest
    from eurasia_sim.simulation.inputs import prepare
    from eurasia_sim.simulation.parameter_draws import fit_beside

    began = time.time()
    scenarios = {arm: arm_scenario(arm, world) for part in family.parts() for arm in part.arms}
    ids = [*(each.id for each in family.hypotheses), *(each.digest for each in family.maps)]
    identity = [family.digest, *ids, repr(effort), world.digest, model_version()]
    first = prepare(world, next(iter(scenarios.values())), world.default_theory)
    posterior, _ = fit_beside(world, first)
    identity += [content_digest(scenarios.values()), posterior.digest if posterior else ""]
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


def _write_pages(
    path: Path, world: World, family: Family, result: Evaluation, effort: Effort
) -> None:
    """The findings page, and beside it a page for every map of rivals."""
    from eurasia_sim.reports.findings import findings_page
    from eurasia_sim.reports.scope_map import map_page, map_path
    from eurasia_sim.simulation.results import write_bytes

    command = options.command_line()
    pages = {path: findings_page(world, family, result, effort, command, path)}
    for rivals in family.maps:
        page = map_page(world, rivals, result.maps, effort, command, path)
        pages[map_path(path, rivals)] = page
    for file, text in pages.items():
        write_bytes(file, text.encode())
        terminal.tell(f"findings: {file}")


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
    from eurasia_sim.files.memory import PROCESS, require_memory
    from eurasia_sim.simulation.inputs import prepare
    from eurasia_sim.simulation.parameter_draws import memory_of_draws
    from eurasia_sim.validation.calibration import ORIGINS, Problem
    from eurasia_sim.validation.calibration import calibrate as fitted
    from eurasia_sim.validation.theories import weigh

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
    options.compile_once(problems[first].inputs)
    total = len(problems) * (len(ORIGINS) + 1)
    with terminal.RunCounter(total, "a fit is whole or not there; nothing was kept.") as counter:
        fits: dict[str, tuple[Fit, pd.DataFrame]] = {}
        for name, problem in problems.items():

            def tell(done: int, name: str = name) -> None:
                so_far = len(fits) * (len(ORIGINS) + 1) + done
                counter.stage(f"fits of {name}", so_far, total)

            fits[name] = fitted(problem, report=tell)
        fit, targets = fits[first]
        of_all = {name: own for name, (_, own) in fits.items()}
        tables, groups = weigh(problems, of_all, fit.origin)
    folder, content = _write_fit(out, record, place, fit, targets, tables, groups)
    if as_json:
        rows = {name: each.to_dict("records") for name, each in tables.items()}
        terminal.print_json({"folder": str(folder), **content, **rows})
    else:
        _show_fit(place, fit, content)
        _show_theories(tables, groups)
        terminal.show_folder(folder, "plot")


def _asked(theory: list[str] | None, world: World) -> dict[str, tuple[str, dict[str, str]]]:
    """Theory and forms of every fit that is asked for, by name."""
    theories = options.chosen_theories(theory, world, [])
    found: dict[str, tuple[str, dict[str, str]]] = {name: (name, {}) for name in theories}
    if theory == ["all"]:
        found |= {
            f"{factor} {form}": (world.default_theory, {factor: form})
            for factor, forms in world.forms.items()
            for form in forms
            if form != world.default_forms[factor]
        }
    return found


def _write_fit(
    out: Path, record: Path | None, world: World, fit: Fit, targets: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame], groups: list[list[str]],
) -> tuple[Path, dict[str, Any]]:  # fmt: skip
    """Write the tables, the posterior and its picture; return their folder and what was found."""
    from eurasia_sim.scenarios import posterior
    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.results_folder import FIT
    from eurasia_sim.validation.calibration import held_out

    held, problem, numbers = held_out(targets), fit.problem, fit.numbers()
    (scores,) = held[held["item"] == "all"].drop(columns="item").to_dict("records")
    content = {
        **options.origin(world),
        "kind": FIT, "theory": problem.inputs.theory,
        "title": f"{problem.inputs.theory} fitted to the record of {world.name} to {fit.origin}",
        "until": fit.origin, "members": problem.members, "seed": problem.seed,
        "failed": problem.members - len(fit.scores.T),
        "moved": int(numbers["moved"].sum()), "numbers_in_all": len(numbers),
        "held_out": scores, "scales": fit.scales(), "one_theory": groups,
    }  # fmt: skip
    kept = ("world", "digests", "theory", "until", "members", "seed", "held_out")
    posterior_file = {
        "format": posterior.FORMAT,
        **{key: value for key, value in content.items() if key in kept},
        "numbers": {path: posterior.text_of(values) for path, values in fit.values().items()},
    }
    identity = [world.digest, problem.inputs.theory, str(problem.members), str(problem.seed)]
    identity += [content["digests"]["model"], *(name for group in groups for name in group)]
    folder = out / results.folder_name(f"calibrate-{problem.inputs.theory}", identity)
    every = {"numbers": numbers, "held_out": held, "targets": targets, **tables}
    for path in (folder / posterior.FILE, *([posterior.record_path(record)] if record else ())):
        results.write_sealed(path, posterior_file)
    finish(folder, content, every, world, [posterior.FILE], ["posterior"])
    return folder, content


def _show_fit(world: World, fit: Fit, content: Mapping[str, Any]) -> None:
    """Print what the record narrows or shifts, by which items, and of what it says nothing."""
    from eurasia_sim.scenarios.posterior import BEYOND_CHANCE

    numbers, held = fit.numbers(), content["held_out"]
    seen, silent = numbers[numbers["moved"]], numbers[~numbers["moved"]]
    clear = seen[(seen["left"] < _CLEAR) | (seen["shift"].abs() > _SHIFTED)]
    kinds = silent["number"].str.partition(".")[0].value_counts()
    unsaid = ", ".join(f"{count} of {kind}" for kind, count in kinds.items())
    by_item = clear["items"].str.split(", ").explode().value_counts()
    items = ", ".join(f"{name} {count}" for name, count in by_item.items())
    against = [name for name, scale in content["scales"].items() if scale < -_FAINT]
    faint = [name for name, scale in content["scales"].items() if abs(scale) < _FAINT]
    terminal.say(
        f"{content['theory']} fitted to the record of {world.name} to {fit.origin}",
        f"The record speaks of {len(seen)} of {len(numbers)} numbers and narrows or shifts "
        f"{len(clear)} clearly. It says nothing about {len(silent)}: {unsaid}.",
    )
    spans = {f"{x}_{end}": f"{end} {x}" for x in ("before", "after") for end in ("low", "high")}
    kept = ["number", *spans, "left", "shift"]
    table = clear[kept].head(_MOST_SHOWN).rename(columns=spans).replace(SHORT, regex=True)
    terminal.show_frame("What moved most, with 90 % intervals:", table)
    better = held["gain"] > BEYOND_CHANCE * held["error"]
    terminal.say(
        f"By item: {items}." if items else "",
        f"Hardly follow the measure that they read: {', '.join(faint)}." if faint else "",
        f"Run against it: {', '.join(against)}." if against else "",
        f"Three years on, with hindsight, the fit gains {held['gain']:.1f} ± {held['error']:.1f} "
        f"of log score on {held['targets']} targets: {'better' if better else 'no better'} than "
        f"the declared ranges, so results show {'the fit' if better else 'these'} first.",
    )


def _show_theories(tables: Mapping[str, pd.DataFrame], groups: list[list[str]]) -> None:
    """Print weights, and which theories a record cannot tell apart."""
    if tables:
        title = "Log scores three years on, and stacking weights, over the ranges and of the fits"
        terminal.show_frame(title, tables["theories"])
    alike = [", ".join(group) for group in groups if len(group) > 1]
    terminal.say(*(f"One theory to any record like this one: {each}" for each in alike))
