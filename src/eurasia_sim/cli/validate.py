"""`validate` scores forecasts of what was observed; `calibrate` fits numbers to it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import filter as matching
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from typer import Argument, Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.output import finish
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.files.memory import PROCESS, require_memory
from eurasia_sim.reports.blocks import Blocks, share, table
from eurasia_sim.scenarios import posterior
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, as_recorded, load_scenario
from eurasia_sim.simulation import results
from eurasia_sim.simulation.family import content_digest
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import memory_of_draws
from eurasia_sim.simulation.results_folder import FIT
from eurasia_sim.validation import calibration, forecasts, patterns
from eurasia_sim.validation.measured import compared
from eurasia_sim.world.world import World, load_world

Found = dict[str, Any]  # skill, patterns and floors, those that there are
_MOST_MONTHS = 1200  # after the start of the record
_AHEAD, _MATTERS = 3, 0.01  # years ahead on the first screen; a skill that matters
_BESIDE = ["model", "low", "high", "known", "on_filter", "null", "unchanged", "change"]
_WORST, _MOST_SHOWN = 4, 10  # items named that the model is worst at; numbers of a fit shown
_SHARES = {"model": "ranges", "reference": "reference", "null": "null", "unchanged": "no change"}
_CLEAR, _SHIFTED, _FAINT = 0.9, 0.25, 0.2


def validate(
    scenario: Annotated[str | None, Argument(help="Name or file; else the record.")] = None,
    item: Annotated[list[str] | None, Option(help="An observed item, or wildcards.")] = None,
    everything: Annotated[bool, Option("--all", help="All items and patterns.")] = False,
    until: Annotated[str | None, Option(metavar="YYYY-MM", help="Run to this month.")] = None,
    with_floors: Annotated[bool, Option("--floors", help="Also errors of fits, pooled.")] = False,
    n: Annotated[int, options.count("Runs a side.")] = 200,
    seed: options.Seed = 7,
    theory: options.Theories = None,
    settings: options.Settings = None,
    workers: options.Workers = None,
    out: options.Out = Path("results"),
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Score forecasts of what was observed against baselines that need no model.

    First the skill: the items on which the model saves a part of the best free baseline's error
    (CRPS), and those on which it is worst. Documented patterns come after it, as a check by eye.

    Example: eurasia-sim validate --item 'votes*' --theory all
    """
    place = load_world(world)
    asked = load_scenario(scenario, place) if scenario else as_recorded(place)
    asked = apply_settings(asked, settings or (), place)
    if until is not None:
        last = options.month("--until", until, place, _MOST_MONTHS)
        asked = replace(asked, months=last + 1)
    theories = options.chosen_theories(theory, place, [asked.theory])
    items, has_patterns = _of_world(place, asked, ["*"] if everything else item or [])
    given = (place, asked, theories, n, seed, workers)
    found = _scores(*given, has_patterns=has_patterns, with_floors=with_floors)
    folder, tables = _write(out, place, asked, found, n, seed)
    month = place.date(asked.months - 1)
    plain = {
        "scenario": asked.name, "world": place.name, "until": month, "runs": n, "seed": seed,
        "folder": str(folder), "theories": {name: _plain(own) for name, own in found.items()},
    }  # fmt: skip
    if with_floors:
        plain["floors"] = tables["floors"].to_dict("records")
    told = _told(asked, found, f"{n} runs a side, seed {seed}", items, month, everything)
    terminal.answer(plain, chain(told, terminal.ending(folder, "plot")), as_json=as_json)
    if any(any(_lost(own).values()) for own in found.values()):
        raise typer.Exit(FAILED_WORK)


def _of_world(world: World, scenario: Scenario, asked: Sequence[str]) -> tuple[list[str], bool]:
    """The items that names or wildcards stand for, and whether there are patterns to look at."""
    items = [*compared(world)]
    has_patterns = (world.directory / patterns.FILE).is_file()
    if has_patterns or not items:
        patterns.within_reach(patterns.load_patterns(world), scenario, world)
    for each in asked:
        if each != "*" and not matching(items, each):
            known = near(each, items) or f"; one of {', '.join(items) or 'none'}"
            raise DataError([f"--item {each} is no observed item of {world.name}{known}"])
    return [name for name in items if any(matching([name], each) for each in asked)], has_patterns


def _scores(
    world: World, scenario: Scenario, theories: Sequence[str], n: int, seed: int,
    workers: int | None, *, has_patterns: bool, with_floors: bool,
) -> dict[str, Found]:  # fmt: skip
    inputs, found = prepare(world, scenario, theories[0]), dict[str, Found]()
    need = PROCESS + 3 * memory_of_draws(world, inputs, n)  # three sides at once
    require_memory(need, f"{n:,} draws of everything uncertain", "a smaller -n")
    options.compile_once(inputs)
    with terminal.RunCounter(n, "nothing was kept.") as counter:
        for name in theories:

            def report(side: str, of: int, done: int, name: str = name) -> None:
                counter.stage(f"{name}, {side}", done, of)

            given: Any = (world, scenario, name, n, seed)
            told: Any = {"workers": workers, "report": report}
            own = found.setdefault(name, {})
            if scored := forecasts.skill(*given, **told):
                own["skill"] = scored
            if has_patterns:
                own["patterns"] = patterns.validate(*given, **told)
            if with_floors:
                problem = calibration.Problem.of(world, name, n, seed, workers)
                pooled = forecasts.floors(problem, partial(counter.stage, f"fits of {name}"))
                own["floors"] = forecasts.Skill(pooled, {})
    return found


def _write(
    out: Path, world: World, scenario: Scenario, found: Mapping[str, Found], n: int, seed: int
) -> tuple[Path, dict[str, pd.DataFrame]]:
    """Write tables of all theories and the manifest; their folder, and they."""
    tables = {}
    for kind in next(iter(found.values())):
        by_theory = [own[kind].table.assign(theory=name) for name, own in found.items()]
        tables[kind] = pd.concat(by_theory, ignore_index=True)
    content = {
        **options.origin(world, scenario=scenario.digest),
        "kind": "validation", "scenario": scenario.resolved(), "theories": list(found),
        "runs_a_side": n, "seed": seed,
        "scores": {x: own["patterns"].scores for x, own in found.items() if "patterns" in own},
        "failed": {name: sum(_lost(own).values()) for name, own in found.items()},
    }  # fmt: skip
    digests, effort = content["digests"], (str(n), str(seed))
    identity = [digests["world"], content_digest([scenario]), *found, *effort, digests["model"]]
    identity += ["floors"] * ("floors" in tables)
    folder = out / results.folder_name(f"validate-{scenario.name}", identity)
    finish(folder, content, tables, world)
    return folder, tables


def _lost(own: Found) -> dict[str, int]:
    return {f"{kind}, {x}": n for kind, each in own.items() for x, n in each.failed.items()}


def _plain(own: Found) -> dict[str, Any]:
    found: dict[str, Any] = {"skill": [], "scores": {}, "patterns": []}
    if each := own.get("skill"):
        found |= {"skill": each.table.to_dict("records"), "skill_failed": each.failed}
    if each := own.get("patterns"):
        rows = {"patterns": each.table, "recognition": each.recognition}
        found |= {name: own_rows.to_dict("records") for name, own_rows in rows.items()}
        found |= {"scores": each.scores, "failed": each.failed, "out_of_reach": each.out_of_reach}
    return found


def _told(
    asked: Scenario, found: Mapping[str, Found], effort: str, items: Sequence[str], month: str,
    everything: bool,
) -> Blocks:  # fmt: skip
    """By theory the skill, pooled errors and patterns, those that there are, and what failed."""
    for name, own in found.items():
        yield f"{asked.title} ({name.replace('_', ' ')}), {effort}"
        if asked.posterior is not None:
            yield "Its numbers are fitted to the record: nothing here is forecast."
        yield from _skill(own.get("skill"), items)
        yield from floor_tables(own["floors"].table) if "floors" in own else ()
        yield from _patterns(month, own["patterns"], everything) if "patterns" in own else ()
        lost = ", ".join(f"{x} {count}" for x, count in _lost(own).items() if count)
        yield f"Runs that failed and count nowhere: {lost}" if lost else ""
    yield "More: --all, --item NAME, docs/validation.md"


def _skill(own: forecasts.Skill | None, items: Sequence[str]) -> Blocks:
    """What the model knows and at what it is worst, and the items asked for whole."""
    if own is None or own.table.empty:
        none = "This world has no observations, so there is no skill: patterns alone."
        yield none if own is None else "Every run of a side failed: nothing is forecast."
        return
    rows = forecasts.by_item(own.table, _AHEAD)
    moved = rows["on_filter"] - rows["filter"]
    apart = forecasts.by_item(own.table, _AHEAD, "without the hegemon")["model"]
    better = rows["model"] > 0
    yield (
        f"Three years ahead it beats the best free forecast on {better.sum()} of {len(rows)} items,"
        f" on {(rows['low'] > 0).sum()} whoever is left out, on {(apart > 0).sum()} of"
        f" {len(apart)} without the hegemon's dyads. Beside a filter of what was observed it"
        f" helps on {(moved > _MATTERS).sum()} items, harms on {(moved < -_MATTERS).sum()}."
    )
    saved = _shares(rows.loc[better, "model"][::-1])
    yield f"Better (part of the error, CRPS, that it saves): {saved}."
    yield f"Worst (what it adds): {_shares(-rows[~better]['model'].head(_WORST))}."
    yield "Hindsight: its builders knew later years."
    if items:
        title = "\nPart of the best free forecast's error saved, three years ahead"
        shown = rows.loc[rows.index.isin(items), _BESIDE].map(share).reset_index()
        yield table(title, shown.rename(columns={"low": "one out", "high": "at most"}))
    for name in items:
        of_item = own.table[own.table["item"] == name]
        for (dyads, target), part in of_item.groupby(["dyads", "target"], sort=False):
            cells = part.pivot_table("crps", "method", "horizon", sort=False)
            cells = cells.add_prefix("in ").add_suffix(" y").reset_index()
            cases = f"{part['units'].max()} units, {part['cases'].min()} to {part['cases'].max()}"
            title = f"\n{name}, dyads: {dyads}; {target}; {cases} cases; CRPS"
            yield table(title, cells)


def _shares(values: "pd.Series[float]") -> str:
    named = (f"{str(name).replace('_', ' ')} {share:.0%}" for name, share in values.items())
    return ", ".join(named) or "none"


def floor_tables(pooled: pd.DataFrame) -> Blocks:
    """By item, pooled errors of every method, and the fitted model's over them."""
    for name, own in pooled.groupby("item", sort=False):
        units = int(own["units"].max())
        of = f"{own['cases'].max()} cases, {units} units"
        columns = {"method": "{method}", "RMSE": "{rmse:.3f}", "off": "{off:+.2f}"}
        for form in ("forecast", "known"):
            ends = f" ({{{form}_low:.2f}} to {{{form}_high:.2f}})" * (units > 1)
            columns[f"{form} over it"] = f"{{{form}:.2f}}{ends}"
        title = f"{name}, numbers fitted up to each origin; {of}; RMSE, worst first"
        if not own["signs"].isna().all():
            title += f"\nall signs are right in {own['signs'].max():.0%} of draws over the ranges"
        rows = [
            [cell.format_map(row) for cell in columns.values()] for row in own.to_dict("records")
        ]
        yield table(f"\n{title}", rows, columns)


def _patterns(last_month: str, result: patterns.Validation, everything: bool) -> Blocks:
    """How many patterns are passed, and if asked each, those that fewest runs pass first."""
    score, late = result.scores, len(result.out_of_reach)
    if not score["patterns"]:
        yield "No pattern counts: runs failed, or both baselines pass."
        return
    passed = f"of {score['patterns']} that count {score['model']:.0%} of runs pass"
    yield f"Patterns, a check by eye: {passed}, null {score['null']:.0%}."
    yield f"{late} patterns end after {last_month} and were not looked at." if late else ""
    if not everything:
        return
    title = (
        "\nFacts of recognition, by those whose sentence coded the relation: tau of first talks and"
        " of flags up, area under the curve of missions kept, mean log of the chance"
    )
    yield table(title, result.recognition)
    rows = result.table.sort_values("model", kind="stable")
    why = rows["circular"].str.partition("; ")[0]
    said = rows["pattern"].str.replace("_", " ") + " – " + rows["says"]
    rows = rows.assign(pattern=said + (" (" + why + ")").where(why != "", ""))
    for title, group in (
        ("patterns that count, misses first", rows["counted"]),
        ("passed by both baselines, so not counted", ~rows["counted"] & (why == "")),
        ("circular, so not counted", why != ""),
    ):
        if group.any():
            shown = rows.loc[group, ["pattern", *_SHARES]].rename(columns=_SHARES)
            yield table(f"\n{title}", shown)


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
    theories = options.chosen_theories(theory, place, [])
    asked: dict[str, tuple[str, dict[str, str]]] = {name: (name, {}) for name in theories}
    for factor, forms in place.forms.items() if theory == ["all"] else ():
        for form in forms:
            if form != place.default_forms[factor]:
                asked[f"{factor} {form}"] = place.default_theory, {factor: form}
    first = place.default_theory if theory == ["all"] else theories[0]
    inputs = prepare(place, as_recorded(place), first)
    need = PROCESS + len(asked) * 3 * memory_of_draws(place, inputs, members)
    require_memory(need, f"{members:,} members of {len(asked)} fits", "a smaller -n")
    problems = {
        name: calibration.Problem.of(place, preset, members, seed, workers, forms)
        for name, (preset, forms) in sorted(asked.items(), key=lambda each: each[0] != first)
    }
    options.compile_once(inputs)
    fits, targets = dict[str, calibration.Fit](), dict[str, pd.DataFrame]()
    each = len(calibration.ORIGINS) + 1
    with terminal.RunCounter(1, "a fit is whole or not there; nothing was kept.") as counter:
        for at, (name, problem) in enumerate(problems.items()):

            def tell(done: int, at: int = at, name: str = name) -> None:
                counter.stage(f"fits of {name}", at * each + done, len(problems) * each)

            fits[name], targets[name] = calibration.calibrate(problem, tell)
        weighed, groups = calibration.weigh(problems, targets, fits[first].origin)
    held_out = calibration.held_out(targets[first])
    tables = {"numbers": fits[first].numbers(), "held_out": held_out, "targets": targets[first]}
    folder, content = _write_fit(out, record, fits[first], {**tables, **weighed}, groups)
    rows = {name: found.to_dict("records") for name, found in weighed.items()}
    told = chain(_fit(tables["numbers"], content, weighed), terminal.ending(folder, "plot"))
    terminal.answer({"folder": str(folder), **content, **rows}, told, as_json=as_json)


def _write_fit(
    out: Path, record: Path | None, fit: calibration.Fit, tables: Mapping[str, pd.DataFrame],
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
    if record and record.is_dir():
        record /= posterior.FILE
    for path in filter(None, (folder / posterior.FILE, record)):
        results.write_sealed(path, sealed)
    finish(folder, content, tables, world, [posterior.FILE], ["posterior"])
    return folder, content


def _fit(
    numbers: pd.DataFrame, content: Mapping[str, Any], weighed: Mapping[str, pd.DataFrame]
) -> Blocks:
    """What the record narrows or shifts, by which items; how theories weigh, and which are one."""
    seen, silent = numbers[numbers["moved"]], numbers[~numbers["moved"]]
    clear = seen[(seen["left"] < _CLEAR) | (seen["shift"].abs() > _SHIFTED)]
    kinds = silent["number"].str.partition(".")[0].value_counts()
    by_item = clear["items"].str.split(", ").explode().value_counts()
    items = ", ".join(f"{name} {count}" for name, count in by_item.items())
    scales = content["scales"].items()
    against = ", ".join(name for name, scale in scales if scale < -_FAINT)
    faint = ", ".join(name for name, scale in scales if abs(scale) < _FAINT)
    unsaid = ", ".join(f"{count} of {kind}" for kind, count in kinds.items())
    yield content["title"]
    speaks = f"The record speaks of {len(seen)} of {len(numbers)} numbers"
    clearly = f"{speaks} and narrows or shifts {len(clear)} clearly"
    yield f"{clearly}. It says nothing about {len(silent)}: {unsaid}."
    spans = {f"{x}_{end}": f"{end} {x}" for x in ("before", "after") for end in ("low", "high")}
    shown = clear[["number", *spans, "left", "shift"]].head(_MOST_SHOWN).rename(columns=spans)
    title = "What moved most, with 90 % intervals:"
    yield table(title, shown.replace(options.SHORT, regex=True))
    held = content["held_out"]
    is_better = held["gain"] > posterior.BEYOND_CHANCE * held["error"]
    better, first = ("better", "the fit") if is_better else ("no better", "these")
    yield f"By item: {items}." if items else ""
    yield f"Hardly follow the measure that they read: {faint}." if faint else ""
    yield f"Run against it: {against}." if against else ""
    gains = f"the fit gains {held['gain']:.1f} ± {held['error']:.1f} of log score"
    said = f"Three years on, with hindsight, {gains} on {held['targets']} targets: {better}"
    yield f"{said} than the declared ranges, so results show {first} first."
    if weighed:
        title = "Log scores three years on, and stacking weights, over the ranges and of the fits"
        yield table(title, weighed["theories"])
    for group in content["one_theory"]:
        if len(group) > 1:
            yield f"One theory to any record like this one: {', '.join(group)}"
