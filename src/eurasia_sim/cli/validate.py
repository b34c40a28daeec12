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
_UNIT = "Level 3 years ahead: % of the best free baseline's CRPS saved, below 0 added."
_BESIDE = ("known", "on_filter", "null", "unchanged", "change")
_LINE = "{:<21}{:>6}{:>13}{:>6}{:>10}{:>6}{:>10}{:>7}"
_FACTS = {
    "facts": "{facts}", "by": "{method}", "n": "{cases:.0f}", "talks": "{first_talks:.2f}",
    "flags": "{level:.2f}", "missions": "{missions:.2f}", "log": "{log_score:.2f}",
}  # fmt: skip
_SHARES = {
    "ranges": "{model:.0%}", "reference": "{reference:.0%}", "null": "{null:.0%}",
    "no change": "{unchanged:.0%}",
}  # fmt: skip


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

    First the skill by item, worst first: the part of the best free baseline's error (CRPS) that the
    model saves. Documented patterns come after it, as a check by eye.

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
                f"{name}, {asked.name} in {place.name}, {n} runs a side, seed {seed}",
                fitted if asked.posterior is not None else "",
            )
            _show_skill(skill, items)
            if pooled is not None:
                show_floors(pooled[pooled["theory"] == name])
            if own:
                _show_patterns(place.date(asked.months - 1), own, everything)
            terminal.say(f"runs that failed and count nowhere: {lost}" if lost else "")
        terminal.show_folder(folder)
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
    written = []
    for at, kind in enumerate(_KINDS):
        by_theory = [(name, own[at]) for name, own in found.items()]
        if tables := [each.table.assign(theory=name) for name, each in by_theory if each]:
            written.append(f"{kind}.parquet")
            results.write_table(folder / written[-1], pd.concat(tables, ignore_index=True))
    if pooled is not None:
        written.append("floors.parquet")
        results.write_table(folder / written[-1], pooled)
    results.write_manifest(folder, content, written)
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
    from eurasia_sim.validation.floors import floors

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
    """Print what the model knows, a line an item, worst first, and the items asked for whole."""
    from eurasia_sim.validation.forecasts import by_item

    if skill is None:
        terminal.show("This world has no observations, so there is no skill: patterns alone.")
        return
    if skill.table.empty:
        terminal.show("All runs of a side failed, so nothing is forecast.")
        return
    rows = by_item(skill.table, _AHEAD)
    moved = rows["on_filter"] - rows["filter"]
    apart = by_item(skill.table, _AHEAD, "without the hegemon")["model"]
    terminal.say(
        f"The model beats the best free baseline on {(rows['model'] > 0).sum()} of {len(rows)}"
        f" items, on {(rows['low'] > 0).sum()} whoever is left out, on {(apart > 0).sum()} of"
        f" {len(apart)} without the hegemon's dyads. What moves in it helps its filter on"
        f" {(moved > _MATTERS).sum()} items, harms it on {(moved < -_MATTERS).sum()}."
        " Hindsight: its builders knew later years."
    )
    terminal.show(_UNIT, _LINE.format("", "model", "one out", *_BESIDE).replace("_", " "))
    for name, row in rows.iterrows():
        one_out = f"{row['low']:.0%} to {row['high']:.0%}".replace("%", "")
        one_out = "n = 1" if row["units"] == 1 else one_out
        cells = [round(100 * row[key]) for key in ("model", *_BESIDE)]
        terminal.show(_LINE.format(str(name), cells[0], one_out, *cells[1:]))
    for name in items:
        own = skill.table[skill.table["item"] == name]
        for (dyads, target), part in own.groupby(["dyads", "target"], sort=False):
            _show_item(f"{name}, dyads: {dyads}; {target}", part)


def _show_item(title: str, table: pd.DataFrame) -> None:
    """Print every method of one item, for every horizon."""
    rows: dict[str, dict[str, Any]] = {}
    columns = {"method": "{method}"}
    for row in table.to_dict("records"):  # by horizon, the worst method first
        name = f"in_{row['horizon']}"
        columns[f"in {row['horizon']} y"] = f"{{{name}:.3f}} ({{{name}s:+.0%}})"
        cells = {"method": row["method"], name: row["crps"], f"{name}s": row["skill"]}
        rows.setdefault(row["method"], {}).update(cells)
    cases = f"{table['units'].max()} units, {table['cases'].min()} to {table['cases'].max()} cases"
    terminal.show_table(f"\n{title}; {cases}; CRPS (skill)", rows.values(), columns)


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
        f"Patterns, a check by eye (--all): of {score['patterns']} that count {score['model']:.0%}"
        f" of runs pass, null {score['null']:.0%}.",
        f"{late} patterns end after {last_month} and were not looked at." if late else "",
    )
    if not everything:
        return
    terminal.show_table(
        "\nFacts of recognition, by those whose sentence coded the relation: tau of first talks and"
        " of flags up, area under the curve of missions kept, mean log of the chance",
        result.recognition.to_dict("records"),
        _FACTS,
    )
    terminal.show_table("\nruns that pass the patterns that count", [score], _SHARES)
    patterns = result.table.sort_values("model", kind="stable")
    counted, circular = patterns["counted"], patterns["circular"] != ""
    patterns["circular"] = patterns["circular"].str.partition("; ")[0]
    for title, group in (
        ("patterns that count, misses first", counted),
        ("passed by both baselines, so not counted", ~counted & ~circular),
        ("circular, so not counted", circular),
    ):
        if group.any():
            why = {"why": "{circular}"} if group is circular else {}
            columns = {"pattern": "{pattern} – {says}", **_SHARES, **why}
            terminal.show_table(f"\n{title}", patterns[group].to_dict("records"), columns)
