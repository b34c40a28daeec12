"""Errors of forecasts whose numbers were fitted up to each origin, beside what costs nothing.

An item says at which origins, and how many years ahead or in every later year. The error of an
origin is the root mean square over its cells; pooled, the root mean square over origins.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.baselines import FREE, Baseline, gravity_of, line, of_figures
from eurasia_sim.observations.loader import Floor, Series
from eurasia_sim.validation.calibration import Fit, Problem
from eurasia_sim.validation.forecasts import (
    KNOWN,
    Readings,
    linked_forecast,
    read_ahead,
    reading_from,
)
from eurasia_sim.validation.measured import simulated

FITTED, DECLARED, FREE_RUN, LINE = "fitted", "declared ranges", "free run", "level line"
RIVALS = {"forecast": FITTED, "known": FITTED + KNOWN}
_RESAMPLED = 4000
_YEAR = 12


def floors(problem: Problem, report: Callable[[int, int], None] = lambda *_: None) -> pd.DataFrame:
    """Every method's pooled error on the items that ask for it.

    The model is linked as in `skill`, with the numbers fitted up to each origin or over the
    declared ranges. A free run is what runs over the ranges read, with neither fit nor offset; only
    an item in the measure's own unit has one. `report` is called with how many fits are done, and
    of how many. Raises DataError where no item asks or nothing can be fitted.

    Returns:
        A row a method, worst first by item: item, method, rmse, off (mean error), by_origin, cases,
        units, signs (`signs_right`); and of the fitted model's forecast, and of that with drivers
        known, the error over this method's: forecast, forecast_low, forecast_high, known … (5 and
        95 % over resampled units, NaN with one).
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
    fitted = {}
    for done, origin in enumerate(origins):
        report(done, len(origins))
        fit = Fit.of(problem, problem.evidence(origin), origin)
        fitted[origin] = read(fit.scores, origin)
    first = -(-problem.world.start // _YEAR)  # the first whole year of the record
    tables = []
    for name, series in items.items():
        of_fit = {origin: readings[name] for origin, readings in fitted.items()}
        methods = {
            **FREE,
            LINE: of_figures(partial(line, first=first)),
            **gravity_of(problem.world, series),
        }
        for known in (False, True):
            of_ranges = partial(reading_from, declared[name], known)
            methods[DECLARED + KNOWN * known] = linked_forecast(of_ranges)
            own = partial(_of_fit, of_fit, known)
            methods[FITTED + KNOWN * known] = linked_forecast(own)
        if series.item.scale:
            methods[FREE_RUN] = partial(_free_run, declared[name][None])
        table = pooled(series, asked[name], methods)
        tables.append(table.assign(signs=signs_right(problem, series, first)))
    return pd.concat(tables, ignore_index=True)


def _of_fit(readings: Mapping[int, Readings], known: bool, origin: int) -> Floats | None:
    return reading_from(readings[origin], known, origin)


def _free_run(reading: Floats, past: Series, horizons: tuple[int, ...]) -> Floats:
    return reading[:, len(past.years) - 1 + np.array(horizons)]


def signs_right(problem: Problem, series: Series, first: int) -> float:
    """Part of the draws over declared ranges in which all columns move with an item as they should.

    The sign is that of the correlation over the years from the first; NaN where no column is named.
    """
    reads = {column: series.reading([column]) for column in series.item.signs}
    if not reads:
        return np.nan
    draws = problem.draws(problem.prior[0])
    found = simulated(problem.world, problem.inputs, draws, reads, problem.workers)
    observed = np.where(series.years >= first, series.values, np.nan)
    known = np.isfinite(observed)
    right = []
    for column, sign in series.item.signs.items():
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
