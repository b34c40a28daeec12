"""The world that this server shows and its scenarios: read once, the same for every visitor."""

import os
from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.files.data_yaml import DataError, Number
from eurasia_sim.scenarios.scenario import Scenario, load_scenario
from eurasia_sim.scenarios.schema import is_drawn, names
from eurasia_sim.world.provenance import Ancestry
from eurasia_sim.world.world import World, load_world

_WORLD = "EURASIA_SIM_WORLD"  # environment variable: the name or folder of the world


def choose_world(name: str | None) -> None:
    """Choose the world to serve, by name or folder, before anything of it is read."""
    os.environ[_WORLD] = name or ""


@cache
def world() -> World:
    """The world that is shown."""
    return load_world(os.environ.get(_WORLD) or None)


@cache
def scenarios() -> Mapping[str, Scenario]:
    """Every scenario that can be chosen, by name; files with mistakes are left out."""
    found = {}
    for name in names(world=world().directory):
        try:
            found[name] = load_scenario(name, world())
        except DataError:
            continue
    return found


@cache
def first_scenario() -> str:
    """The scenario that a visitor meets first: the one that most others extend."""
    parents = Counter(each.extends for each in scenarios().values() if each.extends in scenarios())
    return str(parents.most_common(1)[0][0]) if parents else next(iter(scenarios()))


@cache
def second_scenario() -> str:
    """What the first is set against: of those beside it, by name the nearest; none is empty."""
    first, known = first_scenario(), scenarios()
    beside = [k for k, each in known.items() if each.extends == known[first].extends and k != first]
    return next(iter(get_close_matches(first, beside, n=1, cutoff=0.0)), "")


@cache
def titles() -> Mapping[str, str]:
    """Title of every scenario by name."""
    return apart({name: each.title for name, each in scenarios().items()})


def apart(titles: Mapping[str, str]) -> dict[str, str]:
    """Titles by name; where two names have one title, each with its name."""
    counted = Counter(titles.values())
    return {k: title if counted[title] == 1 else f"{title} ({k})" for k, title in titles.items()}


@cache
def ancestry() -> Ancestry:
    """Which numbers enter which measure in this world."""
    return Ancestry(world(), load_evidence(world().directory))


@cache
def adjustable() -> dict[str, Number]:
    """Numbers that a visitor may set within their declared range, by path."""
    return {
        path: number
        for path, number in world().numbers.items()
        if is_drawn(world(), path) and number.is_uncertain and not number.is_silent
    }
