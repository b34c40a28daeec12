"""`validate` scores runs by documented patterns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from eurasia_sim.cli import FAILED_WORK, options, terminal
from eurasia_sim.files.data_yaml import DataError

if TYPE_CHECKING:
    from eurasia_sim.scenarios.scenario import Scenario
    from eurasia_sim.validation.scores import Validation
    from eurasia_sim.world.world import World

_PATTERNS = "patterns.parquet"
_MOST_MONTHS = 1200  # after the start of the record
_TITLE = "{scenario} in {world} to {until}; {runs} runs a side, seed {seed}"
_HEAD = {"": "{half}", "patterns": "{patterns:d}"}
_SIDES = {
    "over the ranges": "model", "at reference": "reference", "null theory": "null",
    "no change": "unchanged",
}  # fmt: skip


def _score(side: str) -> str:
    return f"{{{side}:.0%}} ({{brier_{side}:.3f}})"


_SCORES = _HEAD | {f"{title} (Brier)": _score(side) for title, side in _SIDES.items()}
_PASSES = {
    "pattern": "{pattern}", "says": "{says}", "kind": "{kind}", "half": "{half}",
    **{title: f"{{{side}:.0%}}" for title, side in _SIDES.items()},
}  # fmt: skip


def validate(
    scenario: options.ScenarioName = None,
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
    """Score runs by the documented patterns they pass, beside a null theory and no change.

    Example: eurasia-sim validate --until 2025-12 --theory all
    """
    from eurasia_sim.validation.patterns import load_patterns
    from eurasia_sim.validation.scores import extended
    from eurasia_sim.world.world import load_world

    place = load_world(world)
    load_patterns(place)  # a world without any is refused before anything is compiled
    asked = _scenario(scenario, place, settings)
    if until is not None:
        last = place.month(until)
        if not 0 <= last < _MOST_MONTHS:
            period = f"{place.date(0)} to {place.date(_MOST_MONTHS - 1)}"
            raise DataError([f"--until {until} lies outside what can be run; one of {period}"])
        asked = extended(asked, last)
    theories = options.chosen_theories(theory, place, [asked.theory])
    found = dict(_scores(place, asked, theories, n, seed, workers))
    failed = {name: sum(result.failed.values()) for name, result in found.items()}
    content = {
        **options.origin(place, scenario=asked.digest),
        "scenario": asked.resolved(),
        "theories": list(found),
        "runs_a_side": n,
        "seed": seed,
        "scores": {name: result.scores for name, result in found.items()},
        "failed": failed,
    }
    folder = _write(out, asked, found, content)
    last_month = place.date(asked.months - 1)
    head = {
        "scenario": asked.name,
        "world": place.name,
        "until": last_month,
        "runs": n,
        "seed": seed,
    }
    if as_json:
        by_theory = {name: _plain(result) for name, result in found.items()}
        terminal.print_json({**head, "folder": str(folder), "theories": by_theory})
    else:
        terminal.show(_TITLE.format_map(head))
        for name, result in found.items():
            _show(name, last_month, result)
        terminal.show_folder(folder)
    if any(failed.values()):
        raise typer.Exit(FAILED_WORK)


def _write(
    out: Path, scenario: Scenario, found: dict[str, Validation], content: dict[str, Any]
) -> Path:
    """Write one table of all theories, and the manifest; return their folder."""
    import pandas as pd

    from eurasia_sim.simulation import results
    from eurasia_sim.simulation.family import content_digest

    digests, effort = content["digests"], (str(content["runs_a_side"]), str(content["seed"]))
    identity = [digests["world"], content_digest([scenario]), *found, *effort, digests["model"]]
    folder = out / results.folder_name(f"validate-{scenario.name}", identity)
    tables = [result.table.assign(theory=name) for name, result in found.items()]
    results.write_table(folder / _PATTERNS, pd.concat(tables, ignore_index=True))
    results.write_manifest(folder, content, [_PATTERNS])
    return folder


def _scores(
    world: World,
    scenario: Scenario,
    theories: Sequence[str],
    n: int,
    seed: int,
    workers: int | None,
) -> Iterator[tuple[str, Validation]]:
    """By theory, how its runs compare with the patterns."""
    from eurasia_sim.simulation.inputs import prepare
    from eurasia_sim.validation import scores

    options.compile_once(prepare(world, scenario, theories[0]))
    with terminal.RunCounter(n, "nothing was kept.") as counter:
        for name in theories:

            def report(side: str, done: int, of: int, name: str = name) -> None:
                counter.stage(f"{name}, {side}", done, of)

            yield (
                name,
                scores.validate(world, scenario, name, n, seed, workers=workers, report=report),
            )


def _scenario(name: str | None, world: World, settings: list[str] | None = None) -> Scenario:
    """The scenario of a name or file, or the record, with its settings."""
    from eurasia_sim.scenarios.scenario import apply_settings, as_recorded, load_scenario

    found = load_scenario(name, world) if name else as_recorded(world)
    return apply_settings(found, settings or (), world)


def _plain(result: Validation) -> dict[str, Any]:
    return {
        "scores": result.scores,
        "patterns": json.loads(result.table.to_json(orient="records")),
        "failed": result.failed,
        "out_of_reach": list(result.out_of_reach),
    }


def _show(theory: str, last_month: str, result: Validation) -> None:
    """Print the scores of one theory and its patterns, those that fewest runs pass first."""
    patterns = result.table.sort_values("model", kind="stable")
    counted, circular = patterns["counted"], patterns["circular"] != ""
    patterns = patterns.replace({"half": "_"}, " ", regex=True)
    patterns["circular"] = patterns["circular"].str.partition("; ")[0]
    terminal.show_table(f"{theory}: score of the patterns that count", _halves(result), _SCORES)
    for title, group, columns in (
        ("patterns that count, misses first", counted, _PASSES),
        ("passed by both baselines, so not counted", ~counted & ~circular, _PASSES),
        ("circular, so not counted", circular, _PASSES | {"why": "{circular}"}),
    ):
        if group.any():
            rows = patterns[group].to_dict("records")
            terminal.show_table(f"{theory}: {title}", rows, columns)
    if failures := [f"{side} {count}" for side, count in result.failed.items() if count]:
        terminal.show(f"runs that failed and count nowhere: {', '.join(failures)}")
    if late := len(result.out_of_reach):
        terminal.show(f"{late} patterns end after {last_month} and were not looked at.")


def _halves(result: Validation) -> list[dict[str, Any]]:
    """A flat row a half: its patterns, and every side's score and Brier score."""
    return [
        {"half": row["half"].replace("_", " "), "patterns": row["patterns"], **row["score"]}
        | {f"brier_{side}": value for side, value in row["brier"].items()}
        for row in result.scores
    ]
