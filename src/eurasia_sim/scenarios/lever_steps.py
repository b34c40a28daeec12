"""The dated levers and the series of power, made into the arrays of one scenario."""

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from eurasia_sim.compute.blocks import Counts
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.world.levers import FREE, check_lever, choices, levers
from eurasia_sim.world.world import Steps, World

CAPABILITY_INDICES = ("cinc", "gdp_product")
MIDDLE_OF_YEAR = 6  # the seventh month, for which a year's figure stands
MONTHS = 12
_NONE: Mapping[str, float] = MappingProxyType({})


def build_lever_series(
    world: World,
    steps: Mapping[str, Steps],
    months: int,
    capability_index: str = "cinc",
    overrides: Mapping[str, float] = _NONE,
) -> LeverSeries:
    """The lever series of one scenario, T months from the start of the record.

    Levers that are free hold -1 (rule) or NaN, but membership as it is dated. Raises DataError for
    a path that names no lever.

    Args:
        steps: every lever that moves, the record's included (`World.record_steps`); a lever holds
            its last value, is nothing before its first month, and a step dated before the start
            counts from the start.
        months: T.
        capability_index: "cinc", or "gdp_product" (output times output a head).
        overrides: values by path for `capabilities.growth_beyond...` other than the world's own.
    """
    counts = Counts(len(world.actors), len(world.theatres), len(world.institutions), 0, 0, 0, 0)
    series, actors = LeverSeries(counts, months), [*world.actors]
    for name, lever in levers().items():
        if lever.free:
            getattr(series, name)[:] = math.nan if lever.bounds else -1.0
    growth, means = np.zeros((2, months, len(choices("actor or theatre", world))))
    others = {"growth": growth, "means": means, "fighting": np.zeros_like(series.pressure)}
    for path, dated in steps.items():
        lever, (name, *ids) = check_lever(path, world), path.split(".")
        kinds = zip(lever.path, ids, strict=True)
        place = [choices(kind, world).index(word) for kind, word in kinds]
        values = (others[name] if name in others else getattr(series, name))[:, *place]
        rest = values[:1].copy()  # until its first step
        for month, value in sorted(dated.items()):
            since = values[max(month, 0) :]
            if value == FREE:
                since[:] = rest
            else:
                since[:] = actors.index(value) if isinstance(value, str) else value / lever.per
    # Who fights presses with more than all means short of war, and the other does too.
    series.pressure[:] += np.maximum(others["fighting"], others["fighting"].transpose(0, 2, 1))
    imposed = series.membership
    imposed[:] = np.where(np.isnan(imposed), _membership(world, months), imposed)
    shares = capability_shares(world, months, capability_index, overrides)
    _write_power(world, series, shares, growth, means)
    return series.completed(world.geography().venue_domains)


def _write_power(
    world: World, series: LeverSeries, shares: dict[str, Floats], growth: Floats, means: Floats
) -> None:
    """Write the power of territories: their shares, moved by both levers (T, actors or theatres).

    Growth compounds monthly from the month after each rate begins.
    """
    grown = np.vstack([np.zeros_like(growth[:1]), np.cumsum(growth, axis=0)[:-1]])
    for at, name in enumerate(choices("actor or theatre", world)):
        land = world.actors[name].territory if name in world.actors else name
        moved = np.exp(grown[:, at] / MONTHS) * (1.0 + means[:, at])
        shares[land] = shares.get(land, 0.0) * moved
    for i, actor in enumerate(world.actors.values()):
        if not actor.home:
            series.capability[:, i] = shares[actor.id]
    for k, theatre in enumerate(world.theatres):
        series.theatre_capability[:, k] = shares.get(theatre, 0.0)


def _membership(world: World, months: int) -> Floats:
    """(T, V, N) 1 where an actor is a member of an institution, 0.5 where it observes."""
    order = [*world.actors]
    found = np.zeros((months, len(world.institutions), len(order)))
    for v, institution in enumerate(world.institutions.values()):
        for spell in institution.members:
            until = months if spell.until is None else max(spell.until, 0)
            span = slice(max(spell.since, 0), until)
            found[span, v, order.index(spell.actor)] = 0.5 if spell.observer else 1.0
    return found


def capability_shares(
    world: World, months: int, index: str = "cinc", overrides: Mapping[str, float] = _NONE
) -> dict[str, Floats]:
    """(T,) share of the world's power of every territory, month by month.

    Form: a year's figure stands for its middle, months between are interpolated linearly so that
    no power jumps in January, and months before the first middle hold the first figure. After the
    last middle the share grows at the declared logarithmic rate. Shares are of the world's total as
    CINC is published; "gdp_product" is output times output a head (Beckley 2018), scaled each month
    so that all territories together hold what they hold of CINC.
    """
    if index not in CAPABILITY_INDICES:
        right = ", ".join(CAPABILITY_INDICES)
        raise DataError([f"{index!r} is no index of capability; one of {right}"])
    cinc = _series(world, "cinc", "growth_beyond", months, overrides)
    if index == "cinc":
        return cinc
    output = _series(world, "gdp", "growth_beyond_gdp", months, overrides)
    people = _series(world, "population", "", months, overrides)
    if lacking := [land for land in cinc if land not in output or land not in people]:
        lacks = f"capabilities.yaml has no gdp or no population of {', '.join(lacking)}"
        raise DataError([f"{lacks}, which the form capability.{index} needs"])
    product = {land: output[land] * output[land] / people[land] for land in cinc}
    scale = sum(cinc.values()) / sum(product.values())
    return {land: product[land] * scale for land in cinc}


def _series(
    world: World, table: str, growth: str, months: int, overrides: Mapping[str, float]
) -> dict[str, Floats]:
    """(T,) a yearly table read monthly; after the last year it grows, where growth is named."""
    time = world.start + np.arange(months)
    found = {}
    for land, values in world.yearly(table).items():
        middles = np.array(sorted(values)) * MONTHS + MIDDLE_OF_YEAR
        last = middles[-1]
        figures = [values[year] for year in sorted(values)]
        if world.start > world.first:  # a later start knows no figure of a year that is not over
            known = int(np.searchsorted(middles, world.start, side="right"))
            figures.insert(known, figures[max(known - 1, 0)])
            middles = np.insert(middles, known, world.start)
        path = f"capabilities.{growth}.{land}"
        rate = overrides.get(path, world.numbers[path].value if path in world.numbers else 0.0)
        grown = np.exp(rate * np.maximum(time - last, 0) / MONTHS)
        found[land] = np.interp(time, middles, figures) * grown
    return found
