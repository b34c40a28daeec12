"""The dated levers and the series of power, made into the arrays of one scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from eurasia_sim.compute.blocks import Counts
from eurasia_sim.compute.dimensions import DOMAINS, PRESENCE_KINDS, THREATS, Floats
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.world.levers import FREE, levers
from eurasia_sim.world.loader import check_lever
from eurasia_sim.world.world import World

Steps = Mapping[
    str, Mapping[int, float | str]
]  # lever path -> month since the start -> value from that month on

CAPABILITY_INDICES = ("cinc", "gdp_product")
# A year's figure stands for its middle: the seventh month.
_MIDDLE_OF_YEAR = 6
_MONTHS = 12


def build_posture(
    world: World,
    steps: Steps,
    months: int | None = None,
    capability_index: str = "cinc",
    overrides: Mapping[str, float] | None = None,
) -> LeverSeries:
    """The lever series of one scenario, month by month from the start of the record.

    Args:
        steps: every lever that moves, the record's included (`World.record_steps`); a lever holds its last value, is
            nothing before its first month, and a step dated before the start counts from the start.
        months: T, how many months; to the world's horizon when not given.
        capability_index: "cinc", or "gdp_product" (output times output a head).
        overrides: values by path for `capabilities.growth_beyond...` that differ from the world's own.

    Returns:
        T months; levers that are free hold -1 (rule) or NaN (stability, recognition).

    Raises:
        DataError: for a path that names no lever.
    """
    length = world.months if months is None else months
    series = _nothing(world, length)
    growth: dict[str, Floats] = {}
    problems: list[str] = []
    for path, dated in steps.items():
        try:
            check_lever(path, world.actors, world.theatres)
        except DataError as error:
            problems += error.problems
            continue
        name, *ids = path.split(".")
        if name == "growth":
            growth[ids[0]] = _stepwise(np.zeros(length), world, dated)
        else:
            ids_at = [
                _position(world, axis, word)
                for axis, word in zip(levers()[name].path, ids, strict=True)
            ]
            place: tuple[slice | int, ...] = (slice(None), *ids_at)
            values = getattr(series, name)
            values[place] = _stepwise(values[place], world, dated)
    if problems:
        raise DataError(problems)
    shares = _grown(capability_shares(world, length, capability_index, overrides), growth, world)
    for i, actor in enumerate(world.actors.values()):
        if not actor.home:
            series.capability[:, i] = shares[actor.id]
    for k, theatre in enumerate(world.theatres):
        series.theatre_capability[:, k] = shares.get(theatre, 0.0)
    series.membership[:] = membership(world, length)
    return series.completed(world.geography().venue_domains)


_FREE_VALUE = {"rule": -1.0, "stability": math.nan, "recognition": math.nan}


def _ids(world: World) -> Mapping[str, tuple[str, ...]]:
    return {
        "actor": tuple(world.actors),
        "theatre": tuple(world.theatres),
        "presence kind": PRESENCE_KINDS,
        "threat": THREATS,
        "domain": DOMAINS,
    }


def _position(world: World, axis: str, word: str) -> int:
    return _ids(world)[axis].index(word)


def _nothing(world: World, length: int) -> LeverSeries:
    """Every lever at rest: 0, or free."""
    counts = Counts(len(world.actors), len(world.theatres), len(world.institutions), 0, 0, 0, 0)
    series = LeverSeries(counts, length)
    for name, free in _FREE_VALUE.items():
        getattr(series, name)[:] = free
    return series


def _stepwise(rest: Floats, world: World, dated: Mapping[int, float | str]) -> Floats:
    """(T,) the value of one lever each month: at rest until its first step, then the latest step's."""
    series = rest.copy()
    for month, value in sorted(dated.items()):
        if isinstance(value, str):
            number = (
                float(rest[0])
                if value == FREE and len(rest)
                else float(_position(world, "actor", value))
            )
        else:
            number = float(value)
        series[max(month, 0) :] = number
    return series


def membership(world: World, months: int) -> Floats:
    """(T, V, N) 1 where an actor is a member of an institution that month, 0.5 where it observes."""
    order = {name: at for at, name in enumerate(world.actors)}
    found = np.zeros((months, len(world.institutions), len(world.actors)))
    for v, institution in enumerate(world.institutions.values()):
        for spell in institution.members:
            first = max(spell.since, 0)
            last = months if spell.until is None else min(max(spell.until, 0), months)
            found[first:last, v, order[spell.actor]] = 0.5 if spell.observer else 1.0
    return found


def capability_shares(
    world: World, months: int, index: str = "cinc", overrides: Mapping[str, float] | None = None
) -> dict[str, Floats]:
    """(T,) share of the world's power of every territory, month by month from the start of the record.

    Form: a year's figure stands for its middle, months between are interpolated linearly so that no power jumps in
    January, and months before the first middle hold the first figure. After the last middle the share grows at the
    declared logarithmic rate. Shares are of the world's total as CINC is published; "gdp_product" is output times
    output a head (Beckley 2018), scaled each month so that all territories together hold what they hold of CINC.
    """
    if index not in CAPABILITY_INDICES:
        raise DataError(
            [f"{index!r} is no index of capability; one of {', '.join(CAPABILITY_INDICES)}"]
        )
    cinc = _series(world, "cinc", "growth_beyond", months, overrides or {})
    if index == "cinc":
        return cinc
    output = _series(world, "gdp", "growth_beyond_gdp", months, overrides or {})
    people = _series(world, "population", None, months, {})
    product = {land: output[land] * output[land] / people[land] for land in cinc}
    scale = sum(cinc.values()) / sum(product.values())
    return {land: product[land] * scale for land in cinc}


def _series(
    world: World, table: str, growth: str | None, months: int, overrides: Mapping[str, float]
) -> dict[str, Floats]:
    """(T,) a yearly table read monthly, with its growth after the last year (none: it holds)."""
    yearly: dict[str, dict[int, float]] = {}
    for path, number in world.numbers.items():
        if path.startswith(f"capabilities.{table}."):
            land, year = path.split(".")[2:]
            yearly.setdefault(land, {})[int(year)] = number.value
    time = world.start + np.arange(months)
    found = {}
    for land, values in yearly.items():
        middles = np.array(sorted(values)) * _MONTHS + _MIDDLE_OF_YEAR
        level = np.interp(time, middles, [values[year] for year in sorted(values)])
        path = f"capabilities.{growth}.{land}"
        rate = overrides.get(path, world.numbers[path].value if path in world.numbers else 0.0)
        found[land] = level * np.exp(rate * np.maximum(time - middles[-1], 0) / _MONTHS)
    return found


def _grown(
    shares: Mapping[str, Floats], growth: Mapping[str, Floats], world: World
) -> dict[str, Floats]:
    """Shares with the growth levers added, compounding monthly from the month each begins; keys are territories."""
    grown = dict(shares)
    for name, rates in growth.items():
        land = world.actors[name].territory if name in world.actors else name
        months_before = np.concatenate([[0.0], np.cumsum(rates)[:-1]])
        grown[land] = grown[land] * np.exp(months_before / _MONTHS)
    return grown
