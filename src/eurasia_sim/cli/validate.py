"""`validate` scores forecasts of what was observed."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.files.data_yaml import DataError, near

if TYPE_CHECKING:
    import pandas as pd

    from eurasia_sim.scenarios.scenario import Scenario
    from eurasia_sim.simulation.inputs import Inputs
    from eurasia_sim.validation.forecasts import Skill
    from eurasia_sim.validation.patterns import Validation
    from eurasia_sim.world.world import World

    Found = tuple[Skill | None, Validation | None]
_KINDS = ("skill", "patterns")
_MOST_MONTHS = 1200  # after the start of the record
_AHEAD, _MATTERS = 3, 0.01  # years ahead on the first screen; a skill that matters
_UNIT = "Level 3 years ahead: % of the best free baseline's CRPS saved, below 0 added."
_BESIDE = ("known", "on_filter", "null", "unchanged", "change")
_LINE = "{:<21}{:>6}{:>13}{:>6}{:>10}{:>6}{:>10}{:>7}"
_SIDES = {
    "over the ranges": "model", "at reference": "reference", "null theory": "null",
    "no change": "unchanged",
}  # fmt: skip
_SHARES = {title: f"{{{side}:.0%}}" for title, side in _SIDES.items()}
_PASSES = {"pattern": "{pattern}", "says": "{says}", "kind": "{kind}", **_SHARES}


def validate(
    scenario: options.ScenarioName = None,
    item: Annotated[
        list[str] | None, Option(help="An observed item, all of it; wildcards allowed; repeatable.")
    ] = None,
    everything: Annotated[bool, Option("--all", help="All items and patterns.")] = False,
    until: Annotated[str | None, Option(metavar="YYYY-MM", help="Run to this month.")] = None,
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

    First the skill by item, worst first: the part of the best free baseline's error (CRPS) that the
    model saves. Documented patterns come after it, as a check by eye.

    Example: eurasia-sim validate --item 'votes*' --theory all
    """
    from eurasia_sim.world.world import load_world

    place = load_world(world)
    items, has_patterns = _of_world(place, item, everything=everything)
    asked = _scenario(scenario, place, settings)
    if until is not None:
        asked = _until(asked, place, until)
    theories = options.chosen_theories(theory, place, [asked.theory])
    found = dict(_scores(place, asked, theories, n, seed, workers, has_patterns))
    folder = _write(out, place, asked, found, n, seed)
    if as_json:
        head = {"scenario": asked.name, "world": place.name, "until": place.date(asked.months - 1)}
        effort = {"runs": n, "seed": seed, "folder": str(folder)}
        by_theory = {name: _plain(*own) for name, own in found.items()}
        terminal.print_json({**head, **effort, "theories": by_theory})
    else:
        for name, (skill, own) in found.items():
            terminal.show(f"{name}, {asked.name} in {place.name}, {n} runs a side, seed {seed}")
            if asked.posterior is not None:
                terminal.show("Its numbers are fitted to the record: nothing here is forecast.")
            _show_skill(skill, items)
            if own:
                _show_patterns(name, place.date(asked.months - 1), own, everything)
            if lost := [f"{side} {count}" for side, count in _failed(skill, own).items() if count]:
                terminal.show(f"runs that failed and count nowhere: {', '.join(lost)}")
        terminal.show_folder(folder)
    if any(sum(_failed(*own).values()) for own in found.values()):
        raise typer.Exit(FAILED_WORK)


def _sized(world: World, scenario: Scenario, theory: str, n: int) -> Inputs:
    """The inputs of runs, of which memory must hold three sides at once."""
    from eurasia_sim.files.memory import PROCESS, require_memory
    from eurasia_sim.simulation.inputs import prepare
    from eurasia_sim.simulation.parameter_draws import memory_of_draws

    inputs = prepare(world, scenario, theory)
    need = PROCESS + 3 * memory_of_draws(world, inputs, n)
    require_memory(need, f"{n:,} draws of everything uncertain", "a smaller -n")
    return inputs


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


def _until(scenario: Scenario, world: World, month: str) -> Scenario:
    """The scenario to another last month."""
    last = world.month(month)
    if not 0 <= last < _MOST_MONTHS:
        period = f"{world.date(0)} to {world.date(_MOST_MONTHS - 1)}"
        raise DataError([f"--until {month} lies outside what can be run; one of {period}"])
    return replace(scenario, months=last + 1)


def _write(
    out: Path, world: World, scenario: Scenario, found: Mapping[str, Found], n: int, seed: int
) -> Path:
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
    folder = out / results.folder_name(f"validate-{scenario.name}", identity)
    written = []
    for at, kind in enumerate(_KINDS):
        by_theory = [(name, own[at]) for name, own in found.items()]
        if tables := [each.table.assign(theory=name) for name, each in by_theory if each]:
            written.append(f"{kind}.parquet")
            results.write_table(folder / written[-1], pd.concat(tables, ignore_index=True))
    results.write_manifest(folder, content, written)
    return folder


def _scores(
    world: World,
    scenario: Scenario,
    theories: Sequence[str],
    n: int,
    seed: int,
    workers: int | None,
    has_patterns: bool,
) -> Iterator[tuple[str, Found]]:
    """By theory, the skill of its runs and how they compare with the patterns."""
    from eurasia_sim.validation import forecasts, patterns

    options.compile_once(_sized(world, scenario, theories[0], n))
    with terminal.RunCounter(n, "nothing was kept.") as counter:
        for name in theories:

            def report(side: str, done: int, of: int, name: str = name) -> None:
                counter.stage(f"{name}, {side}", done, of)

            given: Any = (world, scenario, name, n, seed)
            told: Any = {"workers": workers, "report": report}
            own = patterns.validate(*given, **told) if has_patterns else None
            yield name, (forecasts.skill(*given, **told), own)


def _scenario(name: str | None, world: World, settings: list[str] | None = None) -> Scenario:
    """The scenario of a name or file, or the record, with its settings."""
    from eurasia_sim.scenarios.scenario import apply_settings, as_recorded, load_scenario

    found = load_scenario(name, world) if name else as_recorded(world)
    return apply_settings(found, settings or (), world)


def _plain(skill: Skill | None, own: Validation | None) -> dict[str, Any]:
    """What is found under one theory, as plain values."""
    found: dict[str, Any] = {"skill": [], "scores": {}, "patterns": []}
    if skill:
        found |= {"skill": skill.table.to_dict("records"), "skill_failed": skill.failed}
    if own:
        patterns = json.loads(own.table.to_json(orient="records"))
        found |= {"scores": own.scores, "patterns": patterns, "failed": own.failed}
        found |= {"out_of_reach": list(own.out_of_reach)}
    return found


def _show_skill(skill: Skill | None, items: Sequence[str]) -> None:
    """Print a line an item, worst first, what the model knows, and the items asked for whole."""
    from eurasia_sim.validation.forecasts import by_item

    if skill is None:
        terminal.show("This world has no observations, so there is no skill: patterns alone.")
        return
    if skill.table.empty:
        terminal.show("All runs of a side failed, so nothing is forecast.")
        return
    rows = by_item(skill.table, _AHEAD)
    terminal.show(_UNIT, _LINE.format("", "model", "one out", *_BESIDE).replace("_", " "))
    for name, row in rows.iterrows():
        one_out = f"{row['low']:.0%} to {row['high']:.0%}".replace("%", "")
        one_out = "n = 1" if row["units"] == 1 else one_out
        cells = [round(100 * row[key]) for key in ("model", *_BESIDE)]
        terminal.show(_LINE.format(str(name), cells[0], one_out, *cells[1:]))
    moved = rows["on_filter"] - rows["filter"]
    apart = by_item(skill.table, _AHEAD, "without the hegemon")["model"]
    terminal.show(
        textwrap.fill(
            f"The model beats the best free baseline on {(rows['model'] > 0).sum()} of {len(rows)}"
            f" items, on {(rows['low'] > 0).sum()} whoever is left out, on {(apart > 0).sum()} of"
            f" {len(apart)} without the hegemon's dyads. What moves in it helps its filter on"
            f" {(moved > _MATTERS).sum()} items, harms it on {(moved < -_MATTERS).sum()}."
            " Hindsight: its builders knew later years.",
            width=80,
        )
    )
    for name in items:
        for dyads, own in skill.table[skill.table["item"] == name].groupby("dyads", sort=False):
            _show_item(f"{name}, dyads: {dyads}", own)


def _show_item(title: str, table: pd.DataFrame) -> None:
    """Print every method of one item, for every horizon in level and change."""
    rows: dict[str, dict[str, Any]] = {}
    columns = {"method": "{method}"}
    for row in table.to_dict("records"):  # by horizon, the worst method first
        name = f"{row['target']}{row['horizon']}"
        columns[f"{row['target']} in {row['horizon']} y"] = f"{{{name}:.3f}} ({{{name}s:+.0%}})"
        cells = {"method": row["method"], name: row["crps"], f"{name}s": row["skill"]}
        rows.setdefault(row["method"], {}).update(cells)
    cases = f"{table['units'].max()} units, {table['cases'].min()} to {table['cases'].max()} cases"
    terminal.show_table(f"{title}; {cases}; CRPS (skill)", rows.values(), columns)


def _show_patterns(theory: str, last_month: str, result: Validation, everything: bool) -> None:
    """Print how many patterns are passed, and if asked each, those that fewest runs pass first."""
    score = result.scores
    if not score["patterns"]:
        terminal.show("No pattern counts: runs failed, or both baselines pass.")
        return
    shares = {side: f"{score[side]:.0%}" for side in ("model", "null")}
    terminal.show(
        f"Patterns, a check by eye (--all): of {score['patterns']} that count {shares['model']} of"
        f" runs pass, null {shares['null']}."
    )
    if late := len(result.out_of_reach):
        terminal.show(f"{late} patterns end after {last_month} and were not looked at.")
    if not everything:
        return
    patterns = result.table.sort_values("model", kind="stable")
    counted, circular = patterns["counted"], patterns["circular"] != ""
    patterns["circular"] = patterns["circular"].str.partition("; ")[0]
    columns = {"patterns": "{patterns:d}", **_SHARES}
    terminal.show_table(f"{theory}: runs that pass the patterns that count", [score], columns)
    for title, group, columns in (
        ("patterns that count, misses first", counted, _PASSES),
        ("passed by both baselines, so not counted", ~counted & ~circular, _PASSES),
        ("circular, so not counted", circular, _PASSES | {"why": "{circular}"}),
    ):
        if group.any():
            rows = patterns[group].to_dict("records")
            terminal.show_table(f"{theory}: {title}", rows, columns)
