"""`validate` scores forecasts of what was observed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import filter as matching
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from typer import Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.output import finish
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.files.memory import PROCESS, require_memory
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, as_recorded, load_scenario
from eurasia_sim.simulation import results
from eurasia_sim.simulation.family import content_digest
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import memory_of_draws
from eurasia_sim.validation import patterns
from eurasia_sim.validation.calibration import Problem
from eurasia_sim.validation.forecasts import Skill, by_item, floors, skill
from eurasia_sim.validation.measured import compared
from eurasia_sim.world.world import World, load_world

Found = dict[str, Any]  # skill, patterns and floors, those that there are
_MOST_MONTHS = 1200  # after the start of the record
_AHEAD, _MATTERS = 3, 0.01  # years ahead on the first screen; a skill that matters
_BESIDE = ["model", "low", "high", "known", "on_filter", "null", "unchanged", "change"]
_WORST = 4  # items named that the model is worst at
_SHARES = {"model": "ranges", "reference": "reference", "null": "null", "unchanged": "no change"}


def validate(
    scenario: options.ScenarioName = None,
    item: Annotated[
        list[str] | None, Option(help="An observed item, all of it; wildcards allowed; repeatable.")
    ] = None,
    everything: Annotated[bool, Option("--all", help="All items and patterns.")] = False,
    until: Annotated[str | None, Option(metavar="YYYY-MM", help="Run to this month.")] = None,
    with_floors: Annotated[
        bool, Option("--floors", help="Also pooled errors with numbers fitted up to each origin.")
    ] = False,
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
    items, has_patterns = _of_world(place, ["*"] if everything else item or [])
    asked = load_scenario(scenario, place) if scenario else as_recorded(place)
    asked = apply_settings(asked, settings or (), place)
    if until is not None:
        asked = replace(asked, months=_last_month(until, place) + 1)
    theories = options.chosen_theories(theory, place, [asked.theory])
    given = (place, asked, theories, n, seed, workers)
    found = _scores(*given, has_patterns=has_patterns, with_floors=with_floors)
    folder, tables, failed = _write(out, place, asked, found, n, seed)
    if as_json:
        head = {"scenario": asked.name, "world": place.name, "until": place.date(asked.months - 1)}
        effort = {"runs": n, "seed": seed, "folder": str(folder)}
        pooled = {"floors": _rows(tables["floors"])} if with_floors else {}
        by_theory = {name: _plain(own) for name, own in found.items()}
        terminal.print_json({**head, **effort, **pooled, "theories": by_theory})
    else:
        for name, own in found.items():
            fitted = "Its numbers are fitted to the record: nothing here is forecast."
            lost = ", ".join(f"{x} {count}" for x, count in failed[name].items() if count)
            terminal.say(
                f"{asked.title} ({name.replace('_', ' ')}), {n} runs a side, seed {seed}",
                fitted if asked.posterior is not None else "",
            )
            _show_skill(own.get("skill"), items)
            if with_floors:
                show_floors(own["floors"].table)
            if has_patterns:
                _show_patterns(place.date(asked.months - 1), own["patterns"], everything)
            terminal.say(f"Runs that failed and count nowhere: {lost}" if lost else "")
        terminal.show("More: --all, --item NAME, docs/validation.md")
        terminal.show_folder(folder, "plot")
    if any(any(each.values()) for each in failed.values()):
        raise typer.Exit(FAILED_WORK)


def _last_month(until: str, world: World) -> int:
    last = world.month(until)
    if not 0 <= last < _MOST_MONTHS:
        period = f"{world.date(0)} to {world.date(_MOST_MONTHS - 1)}"
        raise DataError([f"--until {until} lies outside what can be run; one of {period}"])
    return last


def _of_world(world: World, asked: Sequence[str]) -> tuple[list[str], bool]:
    """The items that names or wildcards stand for, and whether the world has patterns.

    What is wrong with either is said before anything is compiled.
    """
    items = [*compared(world)]
    has_patterns = (world.directory / patterns.FILE).is_file()
    if has_patterns or not items:
        patterns.load_patterns(world)
    for each in asked:
        if each != "*" and not matching(items, each):
            known = near(each, items) or f"; one of {', '.join(items) or 'none'}"
            raise DataError([f"--item {each} is no observed item of {world.name}{known}"])
    return [name for name in items if any(matching([name], each) for each in asked)], has_patterns


def _scores(
    world: World, scenario: Scenario, theories: Sequence[str], n: int, seed: int,
    workers: int | None, *, has_patterns: bool, with_floors: bool,
) -> dict[str, Found]:  # fmt: skip
    """By theory and kind, what its runs score."""
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
            documented = patterns.validate(*given, **told) if has_patterns else None
            own = {"skill": skill(*given, **told), "patterns": documented}
            if with_floors:
                problem = Problem.of(world, name, n, seed, workers)
                pooled = floors(problem, partial(counter.stage, f"fits of {name}"))
                own["floors"] = Skill(pooled, {})
            found[name] = {kind: each for kind, each in own.items() if each is not None}
    return found


def _write(
    out: Path, world: World, scenario: Scenario, found: Mapping[str, Found], n: int, seed: int
) -> tuple[Path, dict[str, pd.DataFrame], dict[str, dict[str, int]]]:
    """Write tables of all theories and the manifest; their folder, they, and what runs failed."""
    kinds = next(iter(found.values()))
    tables, failed = {}, {}
    for kind in kinds:
        by_theory = [own[kind].table.assign(theory=name) for name, own in found.items()]
        tables[kind] = pd.concat(by_theory, ignore_index=True)
    for name, own in found.items():
        lost = {f"{kind}, {x}": n for kind, each in own.items() for x, n in each.failed.items()}
        failed[name] = lost
    content = {
        **options.origin(world, scenario=scenario.digest),
        "kind": "validation",
        "scenario": scenario.resolved(),
        "theories": list(found),
        "runs_a_side": n,
        "seed": seed,
        "scores": {
            name: own["patterns"].scores for name, own in found.items() if "patterns" in own
        },
        "failed": {name: sum(own.values()) for name, own in failed.items()},
    }
    digests, effort = content["digests"], (str(n), str(seed))
    identity = [digests["world"], content_digest([scenario]), *found, *effort, digests["model"]]
    identity += ["floors"] * ("floors" in kinds)
    folder = out / results.folder_name(f"validate-{scenario.name}", identity)
    finish(folder, content, tables, world)
    return folder, tables, failed


def _rows(table: pd.DataFrame) -> Any:
    """A table as plain values."""
    return json.loads(table.to_json(orient="records"))


def _plain(own: Found) -> dict[str, Any]:
    """What is found under one theory, as plain values."""
    found: dict[str, Any] = {"skill": [], "scores": {}, "patterns": []}
    if "skill" in own:
        found |= {"skill": own["skill"].table.to_dict("records")}
        found |= {"skill_failed": own["skill"].failed}
    if "patterns" in own:
        each = own["patterns"]
        found |= {"scores": each.scores, "patterns": _rows(each.table), "failed": each.failed}
        found |= {"out_of_reach": each.out_of_reach, "recognition": _rows(each.recognition)}
    return found


def _show_skill(own: Skill | None, items: Sequence[str]) -> None:
    """Print what the model knows and at what it is worst, and the items asked for whole."""
    if own is None or own.table.empty:
        none = "This world has no observations, so there is no skill: patterns alone."
        terminal.show(none if own is None else "Every run of a side failed: nothing is forecast.")
        return
    rows = by_item(own.table, _AHEAD)
    moved = rows["on_filter"] - rows["filter"]
    apart = by_item(own.table, _AHEAD, "without the hegemon")["model"]
    better = rows["model"] > 0
    terminal.say(
        f"Three years ahead it beats the best free forecast on {better.sum()} of {len(rows)} items,"
        f" on {(rows['low'] > 0).sum()} whoever is left out, on {(apart > 0).sum()} of"
        f" {len(apart)} without the hegemon's dyads. Beside a filter of what was observed it"
        f" helps on {(moved > _MATTERS).sum()} items, harms on {(moved < -_MATTERS).sum()}.",
        f"Better (part of the error, CRPS, that it saves): {_shares(rows[better][::-1]['model'])}.",
        f"Worst (what it adds): {_shares(-rows[~better]['model'].head(_WORST))}.",
        "Hindsight: its builders knew later years.",
    )
    if items:
        title = "\nPer cent of the best free forecast's error saved, three years ahead"
        shown = (100 * rows.loc[rows.index.isin(items), _BESIDE]).round().reset_index()
        terminal.show_frame(title, shown.rename(columns={"low": "one out", "high": "at most"}))
    for name in items:
        of_item = own.table[own.table["item"] == name]
        for (dyads, target), part in of_item.groupby(["dyads", "target"], sort=False):
            cells = part.pivot_table("crps", "method", "horizon", sort=False)
            cells = cells.add_prefix("in ").add_suffix(" y").rename_axis(columns=None)
            cases = f"{part['units'].max()} units, {part['cases'].min()} to {part['cases'].max()}"
            title = f"\n{name}, dyads: {dyads}; {target}; {cases} cases; CRPS"
            terminal.show_frame(title, cells.reset_index())


def _shares(values: "pd.Series[float]") -> str:
    """Shares by name, in words."""
    named = (f"{str(name).replace('_', ' ')} {share:.0%}" for name, share in values.items())
    return ", ".join(named) or "none"


def show_floors(pooled: pd.DataFrame) -> None:
    """Print pooled errors of every method, and the fitted model's over them."""
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
        terminal.show_table(f"\n{title}", own.to_dict("records"), columns)


def _show_patterns(last_month: str, result: patterns.Validation, everything: bool) -> None:
    """Print how many patterns are passed, and if asked each, those that fewest runs pass first."""
    score, late = result.scores, len(result.out_of_reach)
    if not score["patterns"]:
        terminal.show("No pattern counts: runs failed, or both baselines pass.")
        return
    terminal.say(
        f"Patterns, a check by eye: of {score['patterns']} that count {score['model']:.0%}"
        f" of runs pass, null {score['null']:.0%}.",
        f"{late} patterns end after {last_month} and were not looked at." if late else "",
    )
    if not everything:
        return
    terminal.show_frame(
        "\nFacts of recognition, by those whose sentence coded the relation: tau of first talks and"
        " of flags up, area under the curve of missions kept, mean log of the chance",
        result.recognition,
    )
    rows = result.table.sort_values("model", kind="stable")
    rows = rows.assign(
        pattern=rows["pattern"] + " – " + rows["says"],
        why=rows["circular"].str.partition("; ")[0],
    )
    easy = ~rows["counted"] & (rows["why"] == "")
    for title, group, more in (
        ("patterns that count, misses first", rows["counted"], []),
        ("passed by both baselines, so not counted", easy, []),
        ("circular, so not counted", rows["why"] != "", ["why"]),
    ):
        if group.any():
            shown = rows.loc[group, ["pattern", *_SHARES, *more]].rename(columns=_SHARES)
            terminal.show_frame(f"\n{title}", shown)
