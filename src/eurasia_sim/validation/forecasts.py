"""The model as one more forecaster: what its runs read, linked to what was observed by the origin.

Whoever coded the inputs and built the rules knew later years: every score holds this hindsight.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.kernel.arrays import LEVERS
from eurasia_sim.observations.baselines import FIRST, FREE, Baseline, gravity_of
from eurasia_sim.observations.filter import filtered, last_value
from eurasia_sim.observations.links import Fit, fit_link, year_means
from eurasia_sim.observations.loader import Series
from eurasia_sim.observations.skill import HORIZONS, TARGETS, Dyads, Score, scores
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import Draws, range_draws
from eurasia_sim.validation.measured import (
    columns_read,
    compared,
    measures,
    read_runs,
    yearly,
    years_read,
)
from eurasia_sim.world.world import World

MODEL, NULL, UNCHANGED = "model", "null theory", "no change"
ON_FILTER, KNOWN = " on filter", ", drivers known"  # put behind the name of a side
_POWER = ("capability", "theatre_capability")
_YEAR, _AFTER_MIDDLE = 12, 5  # months; of a year, those after the seventh
_BLOCK = 200  # runs held in memory at once
# By origin, (U, T) what an item reads; None: of runs whose drivers are all known.
Readings = Mapping[int | None, Floats]


def held(world: World, inputs: Inputs, year: int, ahead: int = max(HORIZONS)) -> tuple[Inputs, int]:
    """Inputs whose drivers stay as a year left them, and the first month in which they may differ.

    Power stays as it was in the middle of that year, since the months after it lie on the way to
    the next year's figure. `ahead` years are run after it.
    """
    last = _YEAR * (year + 1) - 1 - world.start
    middle, months = last - _AFTER_MIDDLE, np.arange(len(inputs.levers))
    fields = {
        field.name: getattr(inputs.levers, field.name)[
            np.minimum(months, middle if field.name in _POWER else last)
        ]
        for field in LEVERS.fields
    }
    levers = inputs.levers.changed_to(world.geography().venue_domains, **fields)
    end = min(last + 1 + _YEAR * ahead, inputs.months)
    return replace(inputs, levers=levers, months=end), middle + 1


def read_ahead(
    world: World,
    inputs: Inputs,
    draws: Draws,
    items: Mapping[str, Series],
    workers: int | None = None,
    report: Callable[[int], None] = lambda _: None,
    *,
    origins: Sequence[int] | None = None,
    ahead: int = max(HORIZONS),
) -> tuple[dict[str, Readings], int]:
    """By item the mean over finished runs of what it reads, (U, T) by origin; and failed runs.

    A year before the first that is run reads as that one; a year after a run's last is NaN.

    Args:
        inputs: under the drivers as recorded; for each origin they are held from there on.
        origins: last years known; without them all that a score can use.
        ahead: years that are run after an origin.
    """
    columns, years = columns_read(items.values()), years_read(items.values())
    if origins is None:
        origins = [int(year) for year in years[FIRST - 1 : -1] if _YEAR * year > world.start]
    branches = [(inputs, 0), *(held(world, inputs, year, ahead) for year in origins)]
    family, partings = zip(*branches, strict=True)

    def read(months: list[Floats]) -> Floats:
        return np.stack([yearly(world, each, years) for each in months], axis=1)

    sums = {name: np.zeros((len(family), *each.values.shape)) for name, each in items.items()}
    count = 0
    for first in range(0, len(draws), _BLOCK):
        block = draws.part(slice(first, first + _BLOCK))
        tell = partial(lambda first, done: report(first + done), first)
        found = read_runs(family, block, columns, read, workers, tell, partings)
        found = found[np.all(np.isfinite(found).any(axis=(2, 3)), axis=1)]
        means = dict(zip(columns, np.moveaxis(found, 3, 0), strict=True))
        for name, series in items.items():
            sums[name] += measures(series, means, years).sum(axis=0)
        count += len(found)
    if not count:
        return {}, len(draws)
    for own in sums.values():
        first = int(np.isfinite(own).all(axis=(0, 1)).argmax())
        own[..., :first] = own[..., [first]]
    places = (None, *origins)
    readings: dict[str, Readings] = {
        name: dict(zip(places, own / count, strict=True)) for name, own in sums.items()
    }
    return readings, len(draws) - count


def linked_forecast(
    reading_of: Callable[[int], Floats | None], *, filters: bool = False
) -> Baseline:
    """The forecaster whose mean is the link, fitted up to the origin, of what runs read later.

    The scale is fitted unless the item says it. What a unit deviates by is the pooled mean of all
    years, or the last such deviation where the item says that it lasts. The spread of draws is not
    added to that of earlier errors, which holds it already; so all methods are scored alike.

    Args:
        reading_of: (U, T) what an item reads of runs from an origin; None makes forecasts NaN.
        filters: whether the offset of a unit is the filtered level of what the measure leaves, as
            of the baseline `thirds`.
    """
    fits: dict[int, Fit] = {}

    def ahead(past: Series, horizons: tuple[int, ...]) -> Floats:
        origin, end = int(past.years[-1]), len(past.years)
        reading = reading_of(origin)
        if reading is None:
            return np.full((len(past.units), len(horizons)), np.nan)
        item, errors = past.item, past.errors
        told, unsaid = (item.scale or 0.0) * reading, item.scale is None
        if origin not in fits:
            left, measure = past.values - told[:, :end], unsaid * reading[:, :end]
            fits[origin] = fit_link(
                left, errors, measure, past.groups, year_effects=item.year_effects
            )
        fit = fits[origin]
        said = told + fit.scale * reading
        left, offsets = past.values - said[:, :end], fit.offsets
        if filters or item.offset == "last":
            offsets = filtered(left, errors) if filters else last_value(left)
        found = offsets[:, None] + said[:, [end - 1 + horizon for horizon in horizons]]
        return found - year_means(found, past.groups) if item.year_effects else found

    return ahead


def reading_from(readings: Readings, known: bool, origin: int) -> Floats | None:
    """What an item reads from an origin, with the drivers after it known or held."""
    return readings.get(None if known else origin)


class Skill(NamedTuple):
    """Scores of forecasts of what was observed."""

    table: pd.DataFrame  # a row a `Score`, by its fields
    failed: dict[str, int]  # runs that failed, by side


def skill(
    world: World,
    scenario: Scenario,
    theory: str,
    n: int,
    seed: int,
    *,
    workers: int | None = None,
    report: Callable[[str, int, int], None] = lambda *_: None,
) -> Skill | None:
    """Scores of the model, the null theory and every free baseline on all that was observed.

    None where the world has no observations. Each theory has n runs over the declared ranges;
    `report` is called with the side, how many runs it has, and how many of them are done.
    """
    items = compared(world)
    if not items:
        return None
    last = int(years_read(items.values())[-1])
    longer = replace(scenario, months=world.month(f"{last}-{_YEAR}") + 1)
    sides = {MODEL: (theory, longer), NULL: (world.null_theory, replace(longer, posterior=None))}
    found, failed = {}, {}
    for side, (name, asked) in sides.items():
        inputs, tell = prepare(world, asked, name), partial(report, side, n)
        draws = range_draws(world, inputs, n, seed)
        found[side], failed[side] = read_ahead(world, inputs, draws, items, workers, tell)
    listed: list[Score] = []
    for name, series in items.items() if all(found.values()) else ():
        others = {
            side + ON_FILTER * filters + KNOWN * known: linked_forecast(
                partial(reading_from, readings[name], known), filters=filters
            )
            for side, readings in found.items()
            for filters in (False, True)
            for known in (False, True)
        }
        still: Readings = {None: np.zeros(series.values.shape)}
        others[UNCHANGED] = linked_forecast(partial(reading_from, still, True))
        for target in TARGETS:
            listed += scores(series, {**FREE, **gravity_of(world, series)}, others, target=target)
    return Skill(pd.DataFrame(listed, columns=Score._fields), failed)


def by_item(table: pd.DataFrame, horizon: int, dyads: Dyads = "all") -> pd.DataFrame:
    """A row an item, the model's worst skill in level first, of `Skill.table`.

    Returns:
        Indexed by item: `model`, `low`, `high` (with one actor or place left out), `units`, `known`
        (drivers as recorded), `on_filter`, `filter` (alone), `null`, `unchanged`, `change` (the
        model's skill in change).
    """
    own = table[(table["horizon"] == horizon) & (table["dyads"] == dyads)]
    skill = own.pivot_table("skill", "item", ["target", "method"])
    ranges = own[(own["target"] == "level") & (own["method"] == MODEL)].set_index("item")
    columns = {
        "model": MODEL, "known": MODEL + KNOWN, "on_filter": MODEL + ON_FILTER, "filter": "thirds",
        "null": NULL, "unchanged": UNCHANGED,
    }  # fmt: skip
    rows = pd.DataFrame({name: skill["level", method] for name, method in columns.items()})
    rows["change"] = skill["change", MODEL]
    return rows.join(ranges[["low", "high", "units"]]).sort_values("model")
