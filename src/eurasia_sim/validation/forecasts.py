"""The model as one more forecaster: what its runs read, linked to what was observed by the origin.

Whoever coded the inputs and built the rules knew later years: every score holds this hindsight.
`skill` scores draws over ranges at every origin. `floors` pools errors over the origins that an
item names, with numbers fitted up to each: the root mean square over cells, then over origins.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel.arrays import LEVERS
from eurasia_sim.observations.baselines import FIRST, FREE, Baseline, gravity_of, line, of_figures
from eurasia_sim.observations.filter import filtered, last_value
from eurasia_sim.observations.links import LinkFit, fit_link, year_means
from eurasia_sim.observations.loader import Floor, Series
from eurasia_sim.observations.skill import HORIZONS, TARGETS, Dyads, Score, scores
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import Draws, range_draws
from eurasia_sim.validation import measured
from eurasia_sim.validation.calibration import Fit, Problem
from eurasia_sim.validation.measured import YEAR, Items, Report
from eurasia_sim.world.world import World

MODEL, NULL, UNCHANGED = "model", "null theory", "no change"
ON_FILTER, KNOWN = " on filter", ", drivers known"  # put behind the name of a side
FITTED, DECLARED, FREE_RUN, LINE = "fitted", "declared ranges", "free run", "level line"
RIVALS = {"forecast": FITTED, "known": FITTED + KNOWN}
_RESAMPLED = 4000
_POWER = ("capability", "theatre_capability")
_AFTER_MIDDLE = 5  # months of a year after the seventh
_BLOCK = 200  # runs held in memory at once
# By origin, (U, T) what an item reads; None: of runs whose drivers are all known.
Readings = Mapping[int | None, Floats]


def held(world: World, inputs: Inputs, year: int, ahead: int = max(HORIZONS)) -> tuple[Inputs, int]:
    """Inputs whose drivers stay as a year left them, and the first month in which they may differ.

    Power stays as it was in the middle of that year, since the months after it lie on the way to
    the next year's figure. `ahead` years are run after it.
    """
    last = YEAR * (year + 1) - 1 - world.start
    middle, months = last - _AFTER_MIDDLE, np.arange(len(inputs.levers))
    names = [field.name for field in LEVERS.fields]
    ends = {name: np.minimum(months, middle if name in _POWER else last) for name in names}
    fields = {name: getattr(inputs.levers, name)[end] for name, end in ends.items()}
    levers = inputs.levers.changed_to(world.geography().venue_domains, **fields)
    end = min(last + 1 + YEAR * ahead, inputs.months)
    return replace(inputs, levers=levers, months=end), middle + 1


def read_ahead(
    world: World, inputs: Inputs, draws: Draws, items: Items, workers: int | None = None,
    report: Report = lambda _: None, *, origins: Sequence[int] | None = None,
    ahead: int = max(HORIZONS),
) -> tuple[dict[str, Readings], int]:  # fmt: skip
    """By item the mean over finished runs of what it reads, (U, T) by origin; and failed runs.

    A year before the first that is run reads as that one; a year after a run's last is NaN.
    The drivers of `inputs` are held from each origin on, for `ahead` years; the origins are the
    last years known, by default all that a score can use.
    """
    if origins is None:
        years = measured.years_read(items.values())[FIRST - 1 : -1]
        origins = [int(year) for year in years if YEAR * year > world.start]
    branches = [(inputs, 0), *(held(world, inputs, year, ahead) for year in origins)]
    family, partings = zip(*branches, strict=True)
    sums = {name: np.zeros((len(family), *each.values.shape)) for name, each in items.items()}
    count = 0
    for first in range(0, len(draws), _BLOCK):
        block = draws.part(slice(first, first + _BLOCK))
        tell = partial(lambda first, done: report(first + done), first)
        found = measured.simulated(world, family, block, items, workers, tell, partings)
        ended = measured.ended(found).all(axis=0)
        for name, each in found.items():
            sums[name] += each[:, ended].sum(axis=1)
        count += int(ended.sum())
    if not count:
        return {}, len(draws)
    for own in sums.values():
        first = int(np.isfinite(own).all(axis=(0, 1)).argmax())
        own[..., :first] = own[..., [first]]
    readings: dict[str, Readings] = {
        name: dict(zip((None, *origins), own / count, strict=True)) for name, own in sums.items()
    }
    return readings, len(draws) - count


def linked_forecast(readings: Readings, *, known: bool = False, filters: bool = False) -> Baseline:
    """The forecaster whose mean is the link, fitted up to the origin, of what runs read later.

    The scale is fitted unless the item says it. What a unit deviates by is the pooled mean of all
    years, or the last such deviation where the item says that it lasts, or with `filters` the
    filtered level of what the measure leaves, as of the baseline `thirds`. The spread of draws is
    not added to that of earlier errors, which holds it already; so all methods are scored alike.

    Args:
        readings: of runs from each origin; forecasts from any other are NaN.
        known: whether to take the runs whose drivers are all known instead.
    """
    fits: dict[int, LinkFit] = {}

    def ahead(past: Series, horizons: tuple[int, ...]) -> Floats:
        origin, end = int(past.years[-1]), len(past.years)
        reading = readings.get(None if known else origin)
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


class Skill(NamedTuple):
    """Scores of forecasts of what was observed."""

    table: pd.DataFrame  # a row a `Score`, by its fields
    failed: dict[str, int]  # runs that failed, by side


def skill(
    world: World, scenario: Scenario, theory: str, n: int, seed: int, *,
    workers: int | None = None, report: Callable[[str, int, int], None] = lambda *_: None,
) -> Skill | None:  # fmt: skip
    """Scores of the model, the null theory and every free baseline on all that was observed.

    None where the world has no observations. Each theory has n runs over the declared ranges;
    `report` is called with the side, how many runs it has, and how many of them are done.
    """
    items = measured.compared(world)
    if not items:
        return None
    last = int(measured.years_read(items.values())[-1])
    longer = replace(scenario, months=world.month(f"{last}-{YEAR}") + 1)
    sides = {MODEL: (theory, longer), NULL: (world.null_theory, replace(longer, posterior=None))}
    found, failed = {}, {}
    for side, (name, asked) in sides.items():
        inputs, tell = prepare(world, asked, name), partial(report, side, n)
        draws = range_draws(world, inputs, n, seed)
        found[side], failed[side] = read_ahead(world, inputs, draws, items, workers, tell)
    listed: list[Score] = []
    for name, series in items.items() if all(found.values()) else ():
        others = {}
        for side, filters, known in product(found, (False, True), (False, True)):
            forecast = linked_forecast(found[side][name], known=known, filters=filters)
            others[side + ON_FILTER * filters + KNOWN * known] = forecast
        others[UNCHANGED] = linked_forecast({None: np.zeros(series.values.shape)}, known=True)
        for target in TARGETS:
            listed += scores(series, {**FREE, **gravity_of(world, series)}, others, target=target)
    return Skill(pd.DataFrame(listed, columns=Score._fields), failed)


def by_item(table: pd.DataFrame, horizon: int, dyads: Dyads = "all") -> pd.DataFrame:
    """A row an item, the model's worst skill in level first, of `Skill.table`.

    Columns `model`, `low`, `high` (with one actor or place left out), `units`, `known` (drivers as
    recorded), `on_filter`, `filter` (alone), `null`, `unchanged`, `change` (the model's in change).
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


def floors(problem: Problem, report: Callable[[int, int], None] = lambda *_: None) -> pd.DataFrame:
    """Every method's pooled error on the items that ask for it.

    The model is linked as in `skill`, with the numbers fitted up to each origin or over the
    declared ranges. A free run is what runs over the ranges read, with neither fit nor offset; only
    an item in the measure's own unit has one. `report` is called with how many fits are done, and
    of how many. Raises DataError where no item asks or nothing can be fitted.

    A row a method, worst first by item: item, method, rmse, off (mean error), by_origin, cases,
    units, signs (`signs_right`); and of the fitted model's forecast, and of that with drivers
    known, the error over this method's: forecast, forecast_low, forecast_high, known … (5 and 95 %
    over resampled units, NaN with one).
    """
    asked = {name: each.item.floor for name, each in problem.items.items() if each.item.floor}
    items = {name: problem.items[name] for name in asked}
    if not items:
        raise DataError([f"no observed item of {problem.world.name} says where its floor is"])
    origins = sorted({origin for floor in asked.values() for origin in floor.origins})
    last = max(int(each.years[-1]) for each in items.values())

    def read(scores: Floats, *since: int) -> dict[str, Readings]:
        given = (problem.world, problem.inputs, problem.draws(scores), items, problem.workers)
        return read_ahead(*given, origins=since, ahead=last - min(since))[0]

    declared = read(problem.prior[0], *origins)
    fitted: dict[int, dict[str, Readings]] = {}
    for done, origin in enumerate(origins):
        report(done, len(origins))
        fit = Fit.of(problem, problem.evidence(origin), origin)
        fitted[origin] = read(fit.scores, origin)
    first = -(-problem.world.start // YEAR)  # the first whole year of the record
    tables = []
    for name, series in items.items():
        lined = {LINE: of_figures(partial(line, first=first))}
        methods = {**FREE, **lined, **gravity_of(problem.world, series)}
        for known in (False, True):
            of_fits: Readings = {
                at: each[name][None if known else at] for at, each in fitted.items()
            }
            methods[DECLARED + KNOWN * known] = linked_forecast(declared[name], known=known)
            methods[FITTED + KNOWN * known] = linked_forecast(of_fits)
        if series.item.scale:
            methods[FREE_RUN] = partial(_free_run, declared[name][None])
        table = pooled(series, asked[name], methods)
        tables.append(table.assign(signs=signs_right(problem, series, first)))
    return pd.concat(tables, ignore_index=True)


def _free_run(reading: Floats, past: Series, horizons: tuple[int, ...]) -> Floats:
    return reading[:, len(past.years) - 1 + np.array(horizons)]


def signs_right(problem: Problem, series: Series, first: int) -> float:
    """Part of the draws over declared ranges in which all columns move with an item as they should.

    The sign is that of the correlation over the years from the first; NaN where no column is named.
    """
    signs = series.item.signs
    if not signs:
        return np.nan
    found = problem.read(problem.prior[0], {each: series.reading([each]) for each in signs})
    observed = np.where(series.years >= first, series.values, np.nan)
    known, right = np.isfinite(observed), []
    for column, sign in signs.items():
        moved = np.where(known, found[column], np.nan)
        moved -= np.nanmean(moved, axis=2, keepdims=True)
        along = np.nansum(moved * (observed - np.nanmean(observed, axis=1, keepdims=True)), axis=2)
        right.append(sign * along > 0)
    return float(np.mean(np.logical_and.reduce(right)))


def pooled(series: Series, floor: Floor, methods: Mapping[str, Baseline]) -> pd.DataFrame:
    """Pooled errors of methods, on the cells of which each has a forecast; see `floors`."""
    last = int(series.years[-1])
    shape = (len(methods), len(floor.origins), len(series.units), last - min(floor.origins))
    errors = np.full(shape, np.nan)
    for at, origin in enumerate(floor.origins):
        horizons = (floor.ahead,) if floor.ahead else tuple(range(1, last - origin + 1))
        past, own = series.until(origin), np.array(horizons)
        truth = series.values[:, len(past.years) - 1 + own]
        for number, method in enumerate(methods.values()):
            errors[number, at, :, own - 1] = (method(past, horizons) - truth).T
    errors[:, ~np.isfinite(errors).all(axis=0)] = np.nan
    squares, counts = np.nansum(errors**2, axis=3), np.isfinite(errors).sum(axis=3)
    units = np.flatnonzero(counts[0].any(axis=0))

    def by_origin(own: Integers | slice) -> Floats:
        """(M, O) root mean squares over some units, NaN for an origin without a cell."""
        totals = counts[:, :, own].sum(axis=2)
        known = np.where(totals > 0, totals, np.nan)
        return np.asarray(np.sqrt(squares[:, :, own].sum(axis=2) / known))

    def over_origins(own: Integers | slice) -> Floats:
        return np.asarray(np.sqrt(np.nanmean(by_origin(own) ** 2, axis=1)))

    table = pd.DataFrame(
        {
            "item": series.name, "method": [*methods], "rmse": over_origins(slice(None)),
            "off": np.nanmean(errors, axis=(1, 2, 3)), "by_origin": by_origin(slice(None)).tolist(),
            "cases": counts[0].sum(), "units": len(units),
        }
    )  # fmt: skip
    rng = np.random.default_rng(0)
    drawn = rng.choice(units, (_RESAMPLED if len(units) > 1 else 0, len(units)))
    resampled = [over_origins(own) for own in drawn]
    for name, rival_name in RIVALS.items():
        rival = [*methods].index(rival_name)
        table[name] = table["rmse"][rival] / table["rmse"]
        ends = [own[rival] / own for own in resampled]
        both = np.quantile(ends, (0.05, 0.95), axis=0) if ends else (np.nan, np.nan)
        table[f"{name}_low"], table[f"{name}_high"] = both
    return table.sort_values("rmse", ascending=False, kind="stable", ignore_index=True)
