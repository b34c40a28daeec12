"""`validate` scores runs by documented patterns; `calibrate` fits to half of them."""

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
    from eurasia_sim.simulation.inputs import Inputs
    from eurasia_sim.validation.calibration import Calibration
    from eurasia_sim.validation.scores import Validation
    from eurasia_sim.world.world import World

_PATTERNS, _NUMBERS = "patterns.parquet", "numbers.parquet"
_SHOWN = 12  # numbers of a fit on the terminal
_MOST_MONTHS = 1200  # after the start of the record
_TITLE = "{scenario} in {world} to {until}; {runs} runs a side, seed {seed}"
_FITTED = "{theory}: {kept} of {draws} draws kept, seed {seed}"
_HEAD = {"": "{half}", "patterns": "{patterns:d}"}
_SIDES = {
    "over the ranges": "model", "at reference": "reference", "null theory": "null",
    "no change": "unchanged",
}  # fmt: skip


def _score(side: str) -> str:
    return f"{{{side}:.0%}} ({{brier_{side}:.3f}})"


_SCORES = _HEAD | {f"{title} (Brier)": _score(side) for title, side in _SIDES.items()}
_FIT = _HEAD | {
    "before the fit": _score("model"), "after the fit": _score("after"),
    "null theory": _score("null"), "no change": _score("unchanged"),
}  # fmt: skip
_PASSES = {
    "pattern": "{pattern}", "says": "{says}", "kind": "{kind}", "half": "{half}",
    **{title: f"{{{side}:.0%}}" for title, side in _SIDES.items()},
}  # fmt: skip
_MOVED = {
    "number": "{number}", "declared range": "{low:.3g} to {high:.3g}",
    "mean, before to after": "{prior_mean:.3g} to {mean:.3g}", "contraction": "{contraction:.1%}",
    "shift in sd": "{shift:+.2f}", "p": "{p:.2g}", "q": "{q:.2g}",
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
    head = {"scenario": asked.name, "world": place.name, "until": last_month}
    size = {"runs": n, "seed": seed}
    if as_json:
        by_theory = {name: _plain(result) for name, result in found.items()}
        terminal.print_json({**head, **size, "folder": str(folder), "theories": by_theory})
    else:
        terminal.show(_TITLE.format_map(head | size))
        for name, result in found.items():
            _show(name, last_month, result)
        terminal.show_folder(folder)
    if any(failed.values()):
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
    from eurasia_sim.validation import scores

    options.compile_once(_sized(world, scenario, theories[0], n))
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


def calibrate(
    scenario: options.ScenarioName = None,
    n: Annotated[int, options.count("Draws to choose from.", least=2)] = 4000,
    keep: Annotated[int, Option(min=2, max=options.MOST_RUNS, help="Draws kept.")] = 200,
    seed: Annotated[int, Option(min=0, max=2**62, help="Root of all seeds.")] = 7,
    theory: Annotated[str | None, Option(help="A theory preset; else the scenario's.")] = None,
    workers: options.Workers = None,
    out: options.Out = Path("results"),
    record: Annotated[Path | None, Option(help="World folder to record it in, too.")] = None,
    world: options.WorldName = None,
    as_json: options.AsJson = False,
) -> None:
    """Keep the draws that miss the training half least; score them on the half held back.

    A scenario of a world with a recorded posterior may say `uncertain: posterior` to draw from it.

    Example: eurasia-sim calibrate -n 4000 --keep 200 --record my_world/
    """
    from eurasia_sim.scenarios import posterior as posteriors
    from eurasia_sim.simulation import results
    from eurasia_sim.validation import calibration
    from eurasia_sim.world.world import load_world

    if keep >= n:
        raise DataError([f"--keep {keep} of -n {n} draws narrows nothing: keep fewer"])
    place = load_world(world)
    asked = _scenario(scenario, place)
    (name,) = options.chosen_theories([theory] if theory else None, place, [asked.theory])
    options.compile_once(_sized(place, asked, name, n))
    with terminal.RunCounter(n, "a fit is whole or not there, so nothing was kept.") as counter:
        fit = calibration.calibrate(
            place, asked, name, n, keep, seed, workers=workers, report=counter.stage
        )
    found, numbers = fit.posterior, fit.numbers
    result = {
        "theory": found.theory, "draws": found.draws, "kept": len(found.kept), "seed": found.seed,
        "failed": fit.failed, "fitted_to": list(fit.patterns), "distance": fit.distance,
        "kept_distance": fit.kept_distance,
        "moved": int((numbers["q"] <= calibration.FALSE_DISCOVERIES).sum()),
        "before": fit.before.scores, "after": fit.after.scores,
        "numbers": json.loads(numbers.to_json(orient="records")),
    }  # fmt: skip
    origin = options.origin(place, scenario=asked.digest)
    posterior = posteriors.plain(found, {x: origin[x] for x in ("command", "world", "digests")})
    digests = [origin["digests"][key] for key in ("world", "scenario", "model")]
    folder = out / results.folder_name(f"calibrate-{asked.name}", [found.digest, *digests])
    results.write_table(folder / _NUMBERS, numbers)
    results.write_json(folder / posteriors.FILE, posterior)
    results.write_manifest(folder, origin | result, [_NUMBERS, posteriors.FILE])
    if record is not None:
        results.write_json(posteriors.record_path(record), posterior)
    if as_json:
        terminal.print_json({"folder": str(folder), **result})
    else:
        terminal.show(f"{found.scenario} in {place.name} under {_FITTED.format_map(result)}")
        _show_fit(fit, f"{result['moved']} of {len(numbers)}", calibration.FALSE_DISCOVERIES)
        terminal.show_folder(folder)
    if fit.failed:
        raise typer.Exit(FAILED_WORK)


def _show_fit(fit: Calibration, moved: str, rate: float) -> None:
    """Print the scores before and after a fit, and the numbers that moved most."""
    halves = [
        old | {"after": new["model"], "brier_after": new["brier_model"]}
        for old, new in zip(_halves(fit.before), _halves(fit.after), strict=True)
    ]
    missed = f"{fit.distance:.2f} standard deviations in sum, those kept {fit.kept_distance:.2f}."
    training = f"Fitted to {len(fit.patterns)} patterns of the training half"
    terminal.show(f"{training}; a draw misses them by {missed}")
    title = f"score of {len(fit.posterior.kept)} fresh runs a side (Brier)"
    terminal.show_table(f"{title}; the held-back half took no part", halves, _FIT)
    title = f"numbers that moved most, of {len(fit.numbers)}"
    terminal.show_table(title, fit.numbers.head(_SHOWN).to_dict("records"), _MOVED)
    narrowed = fit.numbers["contraction"]
    middle = f"the middle contraction is {narrowed.median():.1%}, the largest {narrowed.max():.1%}."
    terminal.show(f"{moved} numbers moved at a false discovery rate of {rate:.0%}; {middle}")
    if fit.failed:
        terminal.show(f"{fit.failed} runs failed and could not be kept.")
