"""How actors stood to each other when the record begins, by what was observed until then."""

import numpy as np

from eurasia_sim.compute.dimensions import STANCE_COUNT, STANCES, Floats
from eurasia_sim.observations.filter import filtered
from eurasia_sim.observations.loader import Series, load_observations
from eurasia_sim.world.world import World

_known: dict[tuple[str, str], Floats] = {}


def opening_series(world: World) -> list[Series]:
    """The observed series that say how actors stand at the opening."""
    return [
        series
        for series in load_observations(world).values()
        if series.item.part in STANCES and series.item.use == "fits"
        if set(series.item.axes.values()) == {"actor"}
    ]


def opening(world: World) -> Floats:
    """(3, N, N) how two actors stood by each of `STANCES`; NaN where nothing was seen.

    Of every item of dyads that fits, the filtered levels up to the last whole year before the
    record begins, each less the year's mean of its group, in standard deviations over dyads;
    a stance is the mean of its items.
    """
    key = (str(world.directory), world.digest)
    if key in _known:
        return _known[key]
    order = {name: at for at, name in enumerate(world.actors)}
    sums, counts = np.zeros((2, STANCE_COUNT, len(order), len(order)))
    for series in opening_series(world):
        past = series.relative().until(world.start // 12 - 1)
        past = past.only(np.asarray(np.isfinite(past.values).any(axis=1)))
        levels = filtered(past.values, past.errors) if past.units else np.zeros(1)
        spread, part = float(np.std(levels)), STANCES.index(series.item.part)
        for (one, other), level in zip(past.units, levels, strict=True) if spread > 0 else ():
            both = [order[one], order[other]], [order[other], order[one]]
            sums[part, *both] += (level - np.mean(levels)) / spread
            counts[part, *both] += 1
    _known[key] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return _known[key]
