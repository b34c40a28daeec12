"""What may stand as a value of a factor: each is run as it is written, and none of them twice."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from eurasia_sim.experiments.schema import Factor
from eurasia_sim.files.checker import shown
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.user_yaml import InputProblems, scalar
from eurasia_sim.scenarios.lever_steps import build_lever_series
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, earliest_parting
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World

MOST_WHOLE = 2**53  # a design's table holds numbers as float64, which tells whole numbers apart up to here

Target = tuple[str, int | None]  # what a setting decides: a path, and the month where it names one
Fault = tuple[str, str]  # what is wrong, and what would be right


def is_choice(name: str) -> bool:
    """Whether a factor chooses by name, rather than setting a number or a lever."""
    return name in ("scenario", "theory") or name.startswith("form.")


def fault(name: str, value: Any) -> Fault | None:
    """What keeps a value from being run and stored as it is written; none if nothing does."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_plain = value is None or isinstance(value, bool | int | float | str | list | dict)
    said = shown(value) if is_plain else f"a {type(value).__name__}"  # a table may hold dates, bytes and others
    if name != name.strip():
        return f"the factor {shown(name)} has space around its name", shown(name.strip())
    if is_choice(name):
        return None if isinstance(value, str) else (f"{name} is {said}, not a name", "a name, as text")
    if name == "seed":
        whole = is_number and 0 <= value < MOST_WHOLE and float(value).is_integer()
        return None if whole else (f"the seed is {said}", f"a whole number from 0 to below {MOST_WHOLE}")
    if isinstance(value, str):
        return _fault_of_text(name, value)
    if not is_number:
        return f"{name} is {said}, not a number", "a number, or an id"
    if isinstance(value, int) and abs(value) > MOST_WHOLE:
        return f"{name} is {said}: it cannot be kept to its last digit", f"whole numbers up to {MOST_WHOLE}"
    return None if math.isfinite(value) else (f"{name} is {said}, not a finite number", "a number, or an id")


def _fault_of_text(name: str, value: str) -> Fault | None:
    if value != value.strip():
        return f"{name} is {shown(value)}, with space around it", shown(value.strip())
    if isinstance(read := scalar(value), str):
        return None
    what = "a number" if isinstance(read, int | float) and not isinstance(read, bool) else "no text"
    return f"{name} is the text {shown(value)}, which reads as {what}", "a number without quotes, or an id"


def twin(values: Iterable[Hashable]) -> tuple[int, int] | None:
    """The places of the first two values that are the same; 1 and 1.0 are."""
    seen: dict[Hashable, int] = {}
    for at, value in enumerate(values):
        if (first := seen.setdefault(value, at)) != at:
            return first, at
    return None


def target(world: World, path: str) -> Target:
    """What a path decides; of a lever with a month at its end, the lever and the month."""
    name, *ids = path.split(".")
    lever = levers().get(name)
    if path in world.numbers or lever is None or len(ids) != len(lever.path) + 1:
        return path, None
    try:
        return path.rpartition(".")[0], world.month(ids[-1])
    except DataError:
        return path, None  # whoever checks its values complains


def clash(one: Target, other: Target) -> bool:
    """Whether two settings decide the same thing, so that one of them silently counts for nothing."""
    months = {one[1], other[1]}
    return one[0] == other[0] and (len(months) == 1 or None in months)


def paths_of(factor: Factor) -> Sequence[str]:
    """The paths that a factor sets."""
    return list(factor.moves) or [factor.name]


def same_scenarios(
    world: World, scenarios: Sequence[Scenario], factors: Sequence[Factor], theory: str | None, forms: Mapping[str, str]
) -> list[tuple[Scenario, Scenario]]:
    """Pairs of scenarios that come to the same runs at every point, once everything that points set is set.

    Each is set to the lowest and to the highest that the factors go, and what the kernel would be given is compared.
    """
    since = earliest_parting(scenarios)
    chosen = {factor.name for factor in factors if factor.name == "theory" or factor.name.startswith("form.")}
    keys = []
    for scenario in scenarios:
        held = theory or ("" if "theory" in chosen else scenario.theory or world.default_theory)
        own = {**world.default_forms, **scenario.forms, **forms}
        own = {factor: "" if f"form.{factor}" in chosen else name for factor, name in own.items()}
        keys.append(
            (held, tuple(own.items()), *(_comes_to(world, scenario, factors, own, end, since) for end in (0, 1)))
        )
    pairs = [(at, keys.index(key)) for at, key in enumerate(keys)]
    return [(scenarios[first], scenarios[at]) for at, first in pairs if first != at]


def overwriters(
    world: World, pair: Sequence[Scenario], factors: Sequence[Factor], theory: str | None, forms: Mapping[str, str]
) -> list[str]:
    """Names of the factors that overwrite all that two scenarios differ in; none if they differ in nothing."""
    if same_scenarios(world, pair, (), None, {}):
        return []
    held = {path for scenario in pair for path in scenario.fixed}
    able = [f for f in factors if any(path in held or path not in world.numbers for path in paths_of(f))]
    others = [[other for other in factors if other is not factor] for factor in able]
    each = [not same_scenarios(world, pair, rest, theory, forms) for rest in others]
    found = [factor.name for factor, alone in zip(able, each, strict=True) if alone]
    return (
        found or [factor.name for factor in able if factor.name not in ("scenario", "seed")] or ["what the file sets"]
    )


def _comes_to(
    world: World, scenario: Scenario, factors: Sequence[Factor], forms: Mapping[str, str], end: int, since: int | None
) -> Hashable:
    """Numbers and schedule of a scenario with all factors at one of their ends."""
    numbers: dict[str, float] = {}
    settings = []
    for factor in factors:
        if factor.name in ("scenario", "theory", "seed") or factor.name.startswith("form."):
            continue
        for path, value in at_end(factor, end):
            if path in world.numbers:
                numbers[path] = float(value)
            else:
                settings.append(f"{path}={value}")
    try:
        scenario = apply_settings(scenario, settings, world, since)
    except InputProblems:
        return scenario.name  # its values were complained of
    index = next((i for f, a in forms.items() if a and (i := world.forms[f][a].index) is not None), "cinc")
    fixed = {**scenario.fixed, **numbers}
    series = build_lever_series(world, scenario.steps, scenario.months, index, fixed)
    return scenario.months, tuple(sorted(fixed.items())), series.rows.tobytes()


def at_end(factor: Factor, end: int) -> list[tuple[str, float | str]]:
    """Every path that a factor sets, with its value at the factor's lowest (0) or highest (1)."""
    if factor.moves:
        return [(path, ends[end]) for path, ends in factor.moves.items()]
    return [(factor.name, factor.levels[-end] if factor.levels else (factor.low, factor.high)[end])]
