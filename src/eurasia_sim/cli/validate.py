"""`validate` scores forecasts of what was observed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.cli.output import finish
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, as_recorded, load_scenario
from eurasia_sim.world.world import World, load_world

if TYPE_CHECKING:
    import pandas as pd

    from eurasia_sim.validation.forecasts import Skill
    from eurasia_sim.validation.patterns import Validation

    Found = tuple[Skill | None, Validation | None]
_KINDS = ("skill", "patterns")
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
    items, has_patterns = _of_world(place, item, everything=everything)
    asked = load_scenario(scenario, place) if scenario else as_recorded(place)
    asked = _run_until(apply_settings(asked, settings or (), place), until, place)
    theories = options.chosen_theories(theory, place, [asked.theory])
    found = dict(_scores(place, asked, theories, n, seed, workers, has_patterns))
    pooled = _floors(place, theories, n, seed, workers) if with_floors else None
    folder = _write(out, place, asked, found, n, seed, pooled)
    if as_json:
        head = {"scenario": asked.name, "world": place.name, "until": place.date(asked.months - 1)}
        effort = {"runs": n, "seed": seed, "folder": str(folder)}
        by_theory = {name: _plain(*own) for name, own in found.items()}
        if pooled is not None:
            effort["floors"] = json.loads(pooled.to_json(orient="records"))
        terminal.print_json({**head, **effort, "theories": by_theory})
    else:
        for name, (skill, own) in found.items():
            fitted = "Its numbers are fitted to the record: nothing here is forecast."
            lost = ", ".join(f"{x} {count}" for x, count in _failed(skill, own).items() if count)
            terminal.say(
                f"{asked.title} ({name.replace('_', ' ')}), {n} runs a side, seed {seed}",
                fitted if asked.posterior is not None else "",
            )
            _show_skill(skill, items)
            if pooled is not None:
                show_floors(pooled[pooled["theory"] == name])
            if own:
                _show_patterns(place.date(asked.months - 1), own, everything)
            terminal.say(f"Runs that failed and count nowhere: {lost}" if lost else "")
        terminal.show("More: --all, --item NAME, docs/validation.md")
        terminal.show_folder(folder, "plot")
    if any(sum(_failed(*own).values()) for own in found.values()):
        raise typer.Exit(FAILED_WORK)


def _run_until(scenario: Scenario, until: str | None, world: World) -> Scenario:
    """The scenario run to a month, or as far as it says."""
    if until is None:
        return scenario
    last = world.month(until)
    if not 0 <= last < _MOST_MONTHS:
        period = f"{world.date(0)} to {world.date(_MOST_MONTHS - 1)}"
        raise DataError([f"--until {until} lies outside what can be run; one of {period}"])
    return replace(scenario, months=last + 1)


def _failed(skill: Skill | None, own: Validation | None) -> dict[str, int]:
    """Runs that failed, by what they were for and by side."""
    kinds = zip(_KINDS, (skill, own), strict=True)
    return {f"{kind}, {x}": n for kind, each in kinds if each for x, n in each.failed.items()}


def _of_world(world: World, asked: list[str] | None, *, everything: bool) -> tuple[list[str], bool]:
    """The items that names or wildcards stand for, or all, and whether the world has patterns.

    Raises:
        DataError: for a name that no item has; where there is nothing at all to hold runs against.
    """
    from eurasia_sim.validation.measured import compared
    from eurasia_sim.validation.patterns import FILE, load_patterns

    items = compared(world)
    has_patterns = (world.directory / FILE).is_file()
    if has_patterns or not items:
        load_patterns(world)  # what is wrong with them is said before anything is compiled
    chosen = set(items) if everything else set()
    for each in asked or ():
        chosen |= (alike := {name for name in items if fnmatchcase(name, each)})
        if not alike:
            known = near(each, items) or f"; one of {', '.join(items) or 'none'}"
            raise DataError([f"--item {each} is no observed item of {world.name}{known}"])
    return [name for name in items if name in chosen], has_patterns


def _write(
    out: Path, world: World, scenario: Scenario, found: Mapping[str, Found], n: int, seed: int,
    pooled: pd.DataFrame | None,
) -> Path:  # fmt: skip
    """Write the tables of all theories, and the manifest; return their folder."""
    import pandas as pd

    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.family import content_digest

    content = {
        **options.origin(world, scenario=scenario.digest),
        "kind": "validation",
        "scenario": scenario.resolved(),
        "theories": list(found),
        "runs_a_side": n,
        "seed": seed,
        "scores": {name: own.scores for name, (_, own) in found.items() if own},
        "failed": {name: sum(_failed(*own).values()) for name, own in found.items()},
    }
    digests, effort = content["digests"], (str(n), str(seed))
    identity = [digests["world"], content_digest([scenario]), *found, *effort, digests["model"]]
    identity += ["floors"] * (pooled is not None)
    folder = out / results.folder_name(f"validate-{scenario.name}", identity)
    tables: dict[str, Any] = {}
    for at, kind in enumerate(_KINDS):
        by_theory = ((name, each[at]) for name, each in found.items())
        own = [each.table.assign(theory=name) for name, each in by_theory if each]
        tables |= {kind: pd.concat(own, ignore_index=True)} if own else {}
    tables |= {} if pooled is None else {"floors": pooled}
    finish(folder, content, tables, world)
    return folder


def _scores(
    world: World, scenario: Scenario, theories: Sequence[str], n: int, seed: int,
    workers: int | None, has_patterns: bool,
) -> Iterator[tuple[str, Found]]:  # fmt: skip
    """By theory, the skill of its runs and how they compare with the patterns."""
    from eurasia_sim.files.memory import PROCESS, require_memory
    from eurasia_sim.simulation.inputs import prepare
    from eurasia_sim.simulation.parameter_draws import memory_of_draws
    from eurasia_sim.validation import forecasts, patterns

    inputs = prepare(world, scenario, theories[0])
    need = PROCESS + 3 * memory_of_draws(world, inputs, n)  # three sides at once
    require_memory(need, f"{n:,} draws of everything uncertain", "a smaller -n")
    options.compile_once(inputs)
    with terminal.RunCounter(n, "nothing was kept.") as counter:
        for name in theories:

            def report(side: str, of: int, done: int, name: str = name) -> None:
                counter.stage(f"{name}, {side}", done, of)

            given: Any = (world, scenario, name, n, seed)
            told: Any = {"workers": workers, "report": report}
            own = patterns.validate(*given, **told) if has_patterns else None
            yield name, (forecasts.skill(*given, **told), own)


def _floors(
    world: World, theories: Sequence[str], n: int, seed: int, workers: int | None
) -> pd.DataFrame:
    """Pooled errors of the record's runs by theory, numbers fitted up to each origin."""
    import pandas as pd

    from eurasia_sim.validation.calibration import Problem
    from eurasia_sim.validation.forecasts import floors

    tables = []
    with terminal.RunCounter(1, "nothing was kept.") as counter:
        for name in theories:
            problem = Problem.of(world, name, n, seed, workers)
            found = floors(problem, partial(counter.stage, f"fits of {name}"))
            tables.append(found.assign(theory=name))
    return pd.concat(tables, ignore_index=True)


def _plain(skill: Skill | None, own: Validation | None) -> dict[str, Any]:
    """What is found under one theory, as plain values."""
    found: dict[str, Any] = {"skill": [], "scores": {}, "patterns": []}
    if skill:
        found |= {"skill": skill.table.to_dict("records"), "skill_failed": skill.failed}
    if own:
        patterns = json.loads(own.table.to_json(orient="records"))
        found |= {"scores": own.scores, "patterns": patterns, "failed": own.failed}
        found |= {"out_of_reach": list(own.out_of_reach)}
        found["recognition"] = json.loads(own.recognition.to_json(orient="records"))
    return found


def _show_skill(skill: Skill | None, items: Sequence[str]) -> None:
    """Print what the model knows and at what it is worst, and the items asked for whole."""
    from eurasia_sim.validation.forecasts import by_item

    if skill is None or skill.table.empty:
        none = "This world has no observations, so there is no skill: patterns alone."
        terminal.show(none if skill is None else "Every run of a side failed: nothing is forecast.")
        return
    rows = by_item(skill.table, _AHEAD)
    moved = rows["on_filter"] - rows["filter"]
    apart = by_item(skill.table, _AHEAD, "without the hegemon")["model"]
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
        own = skill.table[skill.table["item"] == name]
        for (dyads, target), part in own.groupby(["dyads", "target"], sort=False):
            cells = part.pivot_table("crps", "method", "horizon", sort=False)
            cells = cells.add_prefix("in ").add_suffix(" y").rename_axis(columns=None)
            cases = f"{part['units'].max()} units, {part['cases'].min()} to {part['cases'].max()}"
            title = f"\n{name}, dyads: {dyads}; {target}; {cases} cases; CRPS"
            terminal.show_frame(title, cells.reset_index())


def _shares(values: pd.Series) -> str:
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


def _show_patterns(last_month: str, result: Validation, everything: bool) -> None:
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
    patterns = result.table.sort_values("model", kind="stable")
    patterns["pattern"] += " – " + patterns["says"]
    patterns["why"] = patterns["circular"].str.partition("; ")[0]
    for title, group in (
        ("patterns that count, misses first", patterns["counted"]),
        (
            "passed by both baselines, so not counted",
            ~patterns["counted"] & (patterns["why"] == ""),
        ),
        ("circular, so not counted", patterns["why"] != ""),
    ):
        columns = ["pattern", *_SHARES, *(["why"] if title.startswith("circular") else [])]
        if group.any():
            terminal.show_frame(f"\n{title}", patterns.loc[group, columns].rename(columns=_SHARES))
