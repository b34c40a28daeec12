"""Scenarios side by side: names of their own, one month for a setting, equal numbers in all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
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

_MOST_LISTED = 6


def load_family(
    scenarios: Iterable[str | Path | Scenario], world: World, settings: Iterable[str] = ()
) -> tuple[Scenario, ...]:
    """Scenarios for one contrast, in the order given, with settings worked in.

    A lever set without a month starts in the earliest month in which any of the scenarios leaves
    the record, so that a contrast never shows when a setting began.

    Raises:
        InputProblems: with everything wrong with a file or the settings.
        DataError: where a scenario stands twice.
    """
    loaded = [
        each if isinstance(each, Scenario) else load_scenario(each, world) for each in scenarios
    ]
    since = earliest_parting(loaded)
    return with_distinct_names([apply_settings(each, settings, world, since) for each in loaded])


def with_distinct_names(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """The scenarios; to a name that repeats, the start of its content's digest is added.

    Raises:
        DataError: where one scenario stands twice.
    """
    names = [scenario.name for scenario in scenarios]
    digests = [content_digest([scenario]) for scenario in scenarios]
    pairs = list(zip(names, digests, strict=True))
    if twice := {name for name, digest in pairs if digests.count(digest) > 1}:
        problems = (f"{name} stands twice with the same content: name it once" for name in twice)
        raise DataError(sorted(problems))
    for size in range(6, 65):  # until no name that is made is one that another has
        made = [f"{n}-{d[:size]}" if names.count(n) > 1 else n for n, d in pairs]
        if len({*made}) == len(made) and not {*made}.difference(names) & {*names}:
            break
    named = zip(scenarios, made, strict=True)
    return tuple(one if one.name == name else replace(one, name=name) for one, name in named)


def content_digest(scenarios: Iterable[Scenario]) -> str:
    """SHA-256 of everything that scenarios say, their names, titles and questions included."""
    content = json.dumps([scenario.resolved() for scenario in scenarios], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def check_family(world: World, family: Sequence[Inputs]) -> None:
    """Refuse scenarios whose runs do not pair, or do not differ.

    Paired runs are given the same numbers, so a scenario that narrows, fixes or draws its numbers
    otherwise than the first one, or takes other forms, would be run under numbers that are not
    its own.

    Raises:
        DataError: naming what differs, or the scenarios between which nothing does.
    """
    names, problems = [inputs.scenario.name for inputs in family], []
    if len(set(names)) < len(names):
        raise DataError([f"two of the scenarios are called alike: {', '.join(names)}"])
    for inputs in family[1:]:
        if found := _other_numbers(world, family[0], inputs):
            more = len(found) - _MOST_LISTED
            differing = ", ".join(found[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
            problems.append(
                f"{names[0]} and {inputs.scenario.name} say otherwise about {differing}:"
                " their runs do not pair\n    allowed: the same numbers and forms in all;"
                " or a run for each, and `eurasia-sim compare A B`"
            )
    if problems:
        raise DataError(problems)
    for one, other in combinations(family, 2):
        last = min(one.months, other.months)
        if branch_month([one, other]) == last:
            pair = f"{one.scenario.name} and {other.scenario.name} come to the same runs"
            why = f"no lever, event or number differs in any month to {world.date(last - 1)}"
            raise DataError([f"{pair}: {why}, so every difference would be 0"])


def _other_numbers(world: World, first: Inputs, second: Inputs) -> list[str]:
    """Forms and numbers that two scenarios of one theory do not hold or draw alike."""
    one, two = first.scenario.posterior, second.scenario.posterior
    found = [f"form {key}" for key, name in first.forms.items() if second.forms.get(key) != name]
    if (one.digest if one else "") != (two.digest if two else ""):
        found.append("posterior" if one and two else "uncertain: posterior")
    ranges, others = ranges_of(world, first), ranges_of(world, second)
    found += [path for path in {**ranges, **others} if ranges.get(path) != others.get(path)]
    places = first.fixed ^ second.fixed  # cells that a factor moves in one alone
    found += [path for path, at in world.coded_index.items() if at in places and path not in found]
    if not found:  # fixed at another value, where it is not drawn
        names = first.rules.dtype.names or ()
        found += [world.rule_paths[key] for key in names if first.rules[key] != second.rules[key]]
        same = (first.row == second.row) | (np.isnan(first.row) & np.isnan(second.row))
        found += [path for path, at in world.coded_index.items() if not same[at]]
    return found


def conditions(scenarios: Sequence[Scenario], world: World) -> list[str]:
    """What scenarios set, narrow or fix beyond what their names tell, a line each."""
    lines, set_by_hand = [], set()
    for setting in dict.fromkeys(each for scenario in scenarios for each in scenario.settings):
        path, _, value = setting.partition("=")
        head, month = split_month(path)
        set_by_hand.add(head)
        lines.append(f"set: {head} = {value.strip()}" + (f" from {month}" if month else ""))
    for scenario in scenarios:
        if scenario.posterior is not None:
            lines.append(f"{scenario.name}: numbers are drawn from the recorded posterior")
        fixed = scenario.fixed.items()
        held = {path: f"fixed at {value:g}" for path, value in fixed if path not in set_by_hand}
        held |= {path: f"{low:g} to {high:g}" for path, (low, high) in scenario.uncertain.items()}
        for path, what in held.items():
            number = world.numbers[path]
            declared = f"declared {number.low:g} to {number.high:g}"
            lines.append(f"narrowed: {path} {what} ({declared})")
    return list(dict.fromkeys(lines))
