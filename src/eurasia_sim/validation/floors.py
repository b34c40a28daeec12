"""Errors of forecasts whose numbers were fitted up to each origin, beside what costs nothing.

An item says at which origins, and how many years ahead or in every later year. The error of an
origin is the root mean square over its cells; pooled, the root mean square over origins.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.baselines import FREE, Baseline, gravity_of, level_line
from eurasia_sim.observations.loader import Floor, Series
from eurasia_sim.validation.calibration import Fit, Problem
from eurasia_sim.validation.forecasts import GRAVITY, KNOWN, Readings, linked_forecast, read_ahead
from eurasia_sim.validation.measured import simulated

FITTED, DECLARED, FREE_RUN, LINE = "fitted", "declared ranges", "free run", "level line"
RIVALS = {"forecast": FITTED, "known": FITTED + KNOWN}
_RESAMPLED = 4000
_YEAR = 12


def floors(problem: Problem, report: Callable[[int, int], None] = lambda *_: None) -> pd.DataFrame:
    """Every method's pooled error on the items that ask for it.

    The model is linked as in `skill`, with the numbers fitted up to each origin or over the
    declared ranges. A free run is what runs over the ranges read, with neither fit nor offset; only
    an item in the measure's own unit has one.

    Args:
        report: called with how many of the fits are done, and of how many.

    Returns:
        A row a method, worst first by item: item, method, rmse, off (mean error), by_origin, cases,
        units, signs (`signs_right`); and of the fitted model's forecast, and of that with drivers
        known, the error over this method's: forecast, forecast_low, forecast_high, known … (5 and
        95 % over resampled units, NaN with one).

    Raises:
        DataError: where no item asks, nothing can be fitted, or the extra `fit` is missing.
    """
    items = {name: each for name, each in problem.items.items() if each.item.floor}
    asked = {name: each.item.floor for name, each in items.items() if each.item.floor}
    if not items:
        raise DataError([f"no observed item of {problem.world.name} says where its floor is"])
    origins = sorted({origin for floor in asked.values() for origin in floor.origins})
    last = max(int(each.years[-1]) for each in items.values())

    def read(scores: Floats, *since: int) -> dict[str, dict[int | None, Floats]]:
        given = (problem.world, problem.inputs, problem.draws(scores), items, problem.workers)
        return read_ahead(*given, origins=since, ahead=last - min(since))[0]

    declared = read(problem.prior[0], *origins)
    fitted = {}
    for done, origin in enumerate(origins):
        report(done, len(origins))
        fit = Fit.of(problem, problem.evidence(origin), origin)
        fitted[origin] = read(fit.scores, origin)
    tables = [
        pooled(
            series,
            asked[name],
            _methods(problem, series, declared[name], {o: fitted[o][name] for o in fitted}),
        ).assign(signs=signs_right(problem, series, asked[name].signs))
        for name, series in items.items()
    ]
    return pd.concat(tables, ignore_index=True)


def signs_right(problem: Problem, series: Series, signs: Mapping[str, int]) -> float:
    """Part of the draws over declared ranges in which all columns move with an item as they should.

    Args:
        signs: of the correlation over the whole years of the record, by column; NaN without any.
    """
    alone: dict[str, Any] = {"combine": "mean"}
    reads = {
        column: replace(series, item=series.item.model_copy(update=alone | {"reads": [column]}))
        for column in signs
    }
    if not reads:
        return np.nan
    draws = problem.draws(problem.prior[0])
    found = simulated(problem.world, problem.inputs, draws, reads, problem.workers)
    observed = np.where(series.years >= _whole_year(problem), series.values, np.nan)
    known = np.isfinite(observed)
    right = []
    for column, sign in signs.items():
        moved = np.where(known, found[column], np.nan)
        moved -= np.nanmean(moved, axis=2, keepdims=True)
        along = np.nansum(moved * (observed - np.nanmean(observed, axis=1, keepdims=True)), axis=2)
        right.append(sign * along > 0)
    return float(np.mean(np.logical_and.reduce(right)))


def _whole_year(problem: Problem) -> int:
    """First whole year of the record."""
    return -(-problem.world.start // _YEAR)


def _methods(
    problem: Problem, series: Series, declared: Readings, fitted: Mapping[int, Readings]
) -> dict[str, Baseline]:
    """Every forecaster of an item."""

    def by_origin(past: Series, horizons: tuple[int, ...], known: bool) -> Floats:
        own = fitted[int(past.years[-1])]
        return linked_forecast(own, known=known)(past, horizons)

    def free_run(past: Series, horizons: tuple[int, ...]) -> Floats:
        return declared[None][:, len(past.years) - 1 + np.array(horizons)]

    found = {**FREE, LINE: level_line(_whole_year(problem))}
    if gravity := gravity_of(problem.world, series):
        found[GRAVITY] = gravity
    for known in (False, True):
        found[DECLARED + KNOWN * known] = linked_forecast(declared, known=known)
        found[FITTED + KNOWN * known] = partial(by_origin, known=known)
    return found | ({FREE_RUN: free_run} if series.item.scale else {})


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
    table = pd.DataFrame(
        {
            "item": series.name, "method": [*methods], "rmse": _pooled(squares, counts),
            "off": np.nanmean(errors, axis=(1, 2, 3)),
            "by_origin": _by_origin(squares, counts).tolist(),
            "cases": counts[0].sum(), "units": len(units),
        }
    )  # fmt: skip
    rng = np.random.default_rng(0)
    drawn = rng.choice(units, (_RESAMPLED if len(units) > 1 else 0, len(units)))
    resampled = [_pooled(squares[:, :, own], counts[:, :, own]) for own in drawn]
    for name, rival_name in RIVALS.items():
        rival = [*methods].index(rival_name)
        table[name] = table["rmse"][rival] / table["rmse"]
        ends = [own[rival] / own for own in resampled]
        both = np.quantile(ends, (0.05, 0.95), axis=0) if ends else (np.nan, np.nan)
        table[f"{name}_low"], table[f"{name}_high"] = both
    return table.sort_values("rmse", ascending=False, kind="stable", ignore_index=True)


def _pooled(squares: Floats, counts: Floats) -> Floats:
    """(M,) root mean square over origins of (M, O, U) sums of squares."""
    return np.asarray(np.sqrt(np.nanmean(_by_origin(squares, counts) ** 2, axis=1)))


def _by_origin(squares: Floats, counts: Floats) -> Floats:
    """(M, O) root mean squares, NaN for an origin without a cell."""
    totals = counts.sum(axis=2)
    known = np.where(totals > 0, totals, np.nan)
    return np.asarray(np.sqrt(squares.sum(axis=2) / known))
