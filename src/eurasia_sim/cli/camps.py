"""`camps`: which two camps the actors form, run by run."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eurasia_sim.catalogue import DataError
from eurasia_sim.cli import FAILED_WORK, WorldName
from eurasia_sim.cli.running import MOST_RUNS, chosen_theories, compile_once

if TYPE_CHECKING:
    from rich.table import Table

    from eurasia_sim.scenario import Scenario
    from eurasia_sim.world import World

_AFFINITIES = "affinities alone"
_MOST_PAIRS = 15  # more are for whoever reads JSON


def camps(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Name or file of a scenario.")],
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="By default the scenario's last.")] = None,
    n: Annotated[int, typer.Option("-n", "--runs", min=1, max=MOST_RUNS, help="Runs a theory.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Root of all seeds.")] = 7,
    theory: Annotated[list[str] | None, typer.Option(help="A theory preset, several, or 'all'.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="path=value, as in a scenario file.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads; by default all cores.")] = None,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Sort the actors into the two camps that frustrate their leanings least, run by run over the declared ranges.

    Example: eurasia-sim camps record --world europe_1914 --theory all
    """
    from eurasia_sim.camps import baselines, division, mean_leanings, read_roster, sort_runs
    from eurasia_sim.design import range_draws
    from eurasia_sim.inputs import prepare
    from eurasia_sim.scenario import load_scenario
    from eurasia_sim.world import load_world

    given = load_world(world)
    question = load_scenario(scenario, given, settings or ())
    roster = read_roster(given)
    at = _place(month, question, given)
    found: dict[str, Any] = {}
    for name in chosen_theories(theory, given, [question.theory]):
        inputs = prepare(given, question, name)
        draws = range_draws(given, inputs, n, seed)
        compile_once(inputs, draws)
        runs = sort_runs(given, inputs, draws, at, roster, workers)
        found[name] = {**division(runs.split, roster), _AFFINITIES: division(runs.stated, roster)}
        found[name]["alignment"] = mean_leanings(runs.leaning, roster)
    result = {
        "scenario": question.name,
        "world": given.name,
        "month": given.date(at),
        "runs": n,
        "seed": seed,
        "theories": found,
        "lineups": {lineup.name: lineup.says for lineup in roster.lineups},
        "baselines": baselines(roster),
    }
    if as_json:
        typer.echo(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        _print(result)
    if any(each["failed"] for each in found.values()):
        raise typer.Exit(FAILED_WORK)


def _place(month: str | None, scenario: Scenario, world: World) -> int:
    """Months since the start of the record of the month asked for, else of the scenario's last."""
    at = scenario.months - 1 if month is None else world.month(month)
    if not 0 <= at < scenario.months:
        period = f"{world.date(0)} to {world.date(scenario.months - 1)}"
        raise DataError([f"--month {month} lies outside {scenario.name}; one of {period}"])
    return at


def _print(result: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 140)
    head = f"camps of {result['scenario']} in {result['world']}, {result['month']}"
    console.print(f"{head}; {result['runs']} runs a theory over the declared ranges, seed {result['seed']}")
    console.print(_splits(result))
    if len(next(iter(result["theories"].values()))["alignment"]) <= _MOST_PAIRS:
        console.print(_leanings(result))
    if result["lineups"]:
        console.print(_lineups(result))
        for name, says in result["lineups"].items():
            console.print(f"{name}: {says}", highlight=False)


def _splits(result: dict[str, Any]) -> Table:
    """The most frequent splits of each theory, and of the affinities that its runs were given."""
    from rich.table import Table

    table = Table(title="splits, most frequent first", title_justify="left")
    table.add_column("theory", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("sides")
    for theory, found in result["theories"].items():
        for label, divided in ((theory, found), (f"  {_AFFINITIES}", found[_AFFINITIES])):
            for at, each in enumerate(divided["splits"]):
                sides = " | ".join(", ".join(side) for side in each["sides"])
                table.add_row(label if at == 0 else "", f"{100 * each['share']:.1f} %", sides)
        if found["failed"]:
            table.add_row("", "", f"{found['failed']} of {found['runs']} runs failed and count nowhere")
    return table


def _lineups(result: dict[str, Any]) -> Table:
    """Share of runs that hold each line-up, and mean adjusted Rand index, by theory and beside the baselines."""
    from rich.table import Table

    table = Table(title="share of runs that hold a line-up (mean adjusted Rand index)", title_justify="left")
    table.add_column("theory", no_wrap=True)
    for name in result["lineups"]:
        table.add_column(name, justify="right", no_wrap=True)
    for theory, found in result["theories"].items():
        for label, divided in ((theory, found), (f"  {_AFFINITIES}", found[_AFFINITIES])):
            held = divided["lineups"].values()
            table.add_row(label, *(f"{100 * each['share']:.1f} % ({each['adjusted_rand']:.2f})" for each in held))
    for label, shares in result["baselines"].items():
        table.add_row(f"baseline: {label}", *(f"{100 * share:.1f} %" for share in shares.values()))
    return table


def _leanings(result: dict[str, Any]) -> Table:
    """Mean alignment of every pair, by theory."""
    from rich.table import Table

    theories = result["theories"]
    table = Table(title="mean alignment of the two", title_justify="left")
    table.add_column("pair", no_wrap=True)
    for theory in theories:
        table.add_column(theory, justify="right")
    for pair in next(iter(theories.values()))["alignment"]:
        table.add_row(pair, *(f"{found['alignment'][pair]:+.2f}" for found in theories.values()))
    return table
