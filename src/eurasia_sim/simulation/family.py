"""Scenarios put beside each other: a name for each, one month for a setting, and equal numbers in all."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting, load_scenario
from eurasia_sim.simulation.inputs import Inputs, branch_month
from eurasia_sim.simulation.parameter_draws import ranges_of
from eurasia_sim.world.levers import split_month

if TYPE_CHECKING:
    from eurasia_sim.world.world import World

_SHOWN = 6


def load_family(
    scenarios: Iterable[str | Path | Scenario], world: World, settings: Iterable[str] = ()
) -> tuple[Scenario, ...]:
    """Scenarios for one contrast, in the order given: settings worked in from one month, and no two of one name.

    A lever set without a month starts in the earliest month in which any of the scenarios leaves the record, so that a
    contrast never shows when a setting began.

    Raises:
        InputProblems: with everything wrong with a file or the settings. DataError: where a scenario stands twice.
    """
    loaded = [
        each if isinstance(each, Scenario) else load_scenario(each, world) for each in scenarios
    ]
    since = earliest_parting(loaded)
    return told_apart([apply_settings(scenario, settings, world, since) for scenario in loaded])


def told_apart(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """The scenarios with a name of its own for each: where a name repeats, the start of its content's digest is added.

    Raises:
        DataError: where one scenario stands twice.
    """
    repeated = {
        name
        for name, count in Counter(scenario.name for scenario in scenarios).items()
        if count > 1
    }
    if not repeated:
        return tuple(scenarios)
    full = [said_by([scenario]) for scenario in scenarios]
    twice = {
        scenario.name
        for scenario, digest in zip(scenarios, full, strict=True)
        if full.count(digest) > 1
    }
    if twice:
        raise DataError(
            [f"{name} stands twice with the same content: name it once" for name in sorted(twice)]
        )
    taken = {scenario.name for scenario in scenarios}
    digits = next(
        count
        for count in range(6, 65)
        if len({digest[:count] for digest in full}) == len(full)
        and not taken
        & {f"{s.name}-{digest[:count]}" for s, digest in zip(scenarios, full, strict=True)}
    )
    return tuple(
        replace(scenario, name=f"{scenario.name}-{digest[:digits]}")
        if scenario.name in repeated
        else scenario
        for scenario, digest in zip(scenarios, full, strict=True)
    )


def said_by(scenarios: Iterable[Scenario]) -> str:
    """SHA-256 of everything that scenarios say, their names, titles and questions included."""
    said = json.dumps([scenario.resolved() for scenario in scenarios], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def check_family(world: World, family: Sequence[Inputs]) -> None:
    """Refuse scenarios whose runs do not pair, or do not differ.

    Paired runs are given the same numbers, so a scenario that narrows, fixes or draws its numbers otherwise than the
    first one, or takes other forms, would be run under numbers that are not its own.

    Raises:
        DataError: naming what differs, or the scenarios between which nothing does.
    """
    names = [inputs.scenario.name for inputs in family]
    if len(set(names)) < len(names):
        raise DataError([f"two of the scenarios are called alike: {', '.join(names)}"])
    problems = []
    for inputs in family[1:]:
        if found := _other_numbers(world, family[0], inputs):
            listed = ", ".join(found[:_SHOWN]) + (
                f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            )
            problems.append(
                f"{names[0]} and {inputs.scenario.name} say otherwise about {listed}: their runs do not pair"
                "\n    allowed: the same numbers and forms in all; or a run for each, and `eurasia-sim compare A B`"
            )
    if problems:
        raise DataError(problems)
    for at, one in enumerate(family):
        for other in family[at + 1 :]:
            last = min(one.months, other.months)
            if branch_month([one, other]) == last:
                pair = f"{one.scenario.name} and {other.scenario.name} come to the same runs"
                why = f"no lever, event or number differs in any month to {world.date(last - 1)}"
                raise DataError([f"{pair}: {why}, so every difference would be 0"])


def _other_numbers(world: World, first: Inputs, second: Inputs) -> list[str]:
    """Forms and numbers that two scenarios of one theory do not hold or draw alike."""
    found = [
        f"form {factor}" for factor, name in first.forms.items() if second.forms.get(factor) != name
    ]
    if (first.scenario.posterior is None) != (second.scenario.posterior is None):
        found.append("uncertain: posterior")
    elif first.scenario.posterior and second.scenario.posterior:
        found += ["posterior"] * (
            first.scenario.posterior.digest != second.scenario.posterior.digest
        )
    one, two = ranges_of(world, first), ranges_of(world, second)
    found += [path for path in {**one, **two} if one.get(path) != two.get(path)]
    if not found:  # held at another value, where it is not drawn
        names = first.rules.dtype.names or ()
        found += [
            world.rule_paths[name] for name in names if first.rules[name] != second.rules[name]
        ]
        unequal = ~((first.row == second.row) | (np.isnan(first.row) & np.isnan(second.row)))
        found += [path for path, at in world.coded_index.items() if unequal[at]]
    return found


def conditions(scenarios: Sequence[Scenario], world: World) -> list[str]:
    """What is set, narrowed or fixed in scenarios beyond what their names tell, a line each, for who reads a result."""
    lines = []
    for setting in dict.fromkeys(each for scenario in scenarios for each in scenario.settings):
        path, _, value = setting.partition("=")
        head, month = split_month(path)
        lines.append(f"set: {head} = {value.strip()}" + (f" from {month}" if month else ""))
    set_by_hand = {line.split(" ", 2)[1] for line in lines}
    for scenario in scenarios:
        if scenario.posterior is not None:
            lines.append(f"{scenario.name}: numbers are drawn from the recorded posterior")
        held = {
            path: f"fixed at {value:g}"
            for path, value in scenario.fixed.items()
            if path not in set_by_hand
        }
        held |= {path: f"{low:g} to {high:g}" for path, (low, high) in scenario.uncertain.items()}
        for path, said in held.items():
            number = world.numbers[path]
            lines.append(f"narrowed: {path} {said} (declared {number.low:g} to {number.high:g})")
    return list(dict.fromkeys(lines))
