"""Pictures of the runs of a folder: how they spread, over months, in pairs, over factors, and whether they suffice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from eurasia_sim.catalogue import DataError, near
from eurasia_sim.figures.convergence import convergence_data, convergence_plot
from eurasia_sim.figures.cumulative import cumulative_data, cumulative_distribution
from eurasia_sim.figures.difference import difference_summary, differences_of, paired_difference
from eurasia_sim.figures.distribution import distribution_data, outcome_distribution
from eurasia_sim.figures.fan import fan_bands, fan_chart
from eurasia_sim.figures.heatmap import MOST_LEVELS, factor_name, response_surface, surface_data
from eurasia_sim.figures.held import Held
from eurasia_sim.figures.picture import Picture, Request
from eurasia_sim.figures.ridgeline import ridgeline, ridgeline_data
from eurasia_sim.figures.sensitivity import tornado, tornado_table
from eurasia_sim.figures.style import MOST_GROUPS, readable
from eurasia_sim.store import TRAJECTORIES, load_trajectories
from eurasia_sim.study import RANGES, REFERENCE

_PANELS = 4
_OVER = {REFERENCE: "reference values, chance alone", RANGES: "declared ranges"}


def _grouped(held: Held, request: Request, measures: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Every theory's runs over the ranges with the column that groups them; one table where the theory groups."""
    by = request.by or "scenario"
    by = f"x.{by}" if by not in held.columns and f"x.{by}" in held.columns else by
    if by not in held.columns:
        raise DataError([f"--by {request.by} is no column of the runs{near(by, held.columns)}"])
    where = {} if by == "set" else {"set": RANGES}
    table = held.runs([*measures, by], **where)
    if by == "theory":
        yield "all", table, by
        return
    for theory, own in table.groupby("theory", sort=False):
        yield str(theory), own.reset_index(drop=True), by


def _spread(held: Held) -> str:
    """What the runs of a folder range over."""
    return "the points of the design" if held.factors else "the declared ranges"


def _wording(held: Held, measures: Sequence[str]) -> dict[str, Any]:
    return {"names": held.names, "units": held.units(measures)}


def _listed(held: Held, measures: Sequence[str]) -> str:
    return "; ".join(readable(measure, held.names) for measure in measures)


def distributions(held: Held, request: Request) -> Iterator[Picture]:
    """Rainclouds of the first measures; ridges, a picture a measure, where there are more than six groups."""
    measures = held.chosen(request.measures)[:_PANELS]
    for theory, table, by in _grouped(held, request, measures):
        if table[by].nunique() > MOST_GROUPS:
            yield from _ridges(held, table, by, measures, theory)
            continue
        figure = outcome_distribution(
            table, measures, f"{held.title}: over {_spread(held)}", held.caption(table), by=by,
            **_wording(held, measures),
        )  # fmt: skip
        says = f"Densities, boxes and dots of runs by {factor_name(by)}: {_listed(held, measures)}."
        yield Picture(f"distribution-{theory}", figure, distribution_data(table, measures, by=by), says)


def ridges(held: Held, request: Request) -> Iterator[Picture]:
    """Ridges, a picture a measure, for any number of groups a page holds."""
    measures = held.chosen(request.measures)[:_PANELS]
    for theory, table, by in _grouped(held, request, measures):
        yield from _ridges(held, table, by, measures, theory)


def _ridges(held: Held, table: pd.DataFrame, by: str, measures: Sequence[str], theory: str) -> Iterator[Picture]:
    if pd.api.types.is_float_dtype(table[by]) and table[by].nunique() > MOST_LEVELS:
        ends = pd.cut(table[by], 10, precision=2)
        table = table.assign(**{by: ends.astype(str)}).iloc[ends.cat.codes.argsort(kind="stable")]
    for measure in measures[:1] if len(measures) > _PANELS else measures:
        figure = ridgeline(
            table, measure, f"{held.title}: by {factor_name(by)}", held.caption(table), by=by, names=held.names,
            unit=held.units([measure])[measure],
        )  # fmt: skip
        says = f"Density of runs of {readable(measure, held.names)}, a ridge for each value of {factor_name(by)}."
        yield Picture(f"ridgeline-{measure}-{theory}", figure, ridgeline_data(table, measure, by=by), says)


def cumulatives(held: Held, request: Request) -> Iterator[Picture]:
    """Cumulative distributions of the first measures."""
    measures = held.chosen(request.measures)[:_PANELS]
    for theory, table, by in _grouped(held, request, measures):
        figure = cumulative_distribution(
            table, measures, f"{held.title}: share of runs up to a value", held.caption(table), by=by,
            threshold=request.threshold, **_wording(held, measures),
        )  # fmt: skip
        says = f"Cumulative shares of runs by {factor_name(by)}: {_listed(held, measures)}."
        yield Picture(f"cumulative-{theory}", figure, cumulative_data(table, measures, by=by), says)


def fans(held: Held, request: Request) -> Iterator[Picture]:
    """Fans of the monthly values that `run` kept, at reference values."""
    if TRAJECTORIES not in held.files.entries:
        raise DataError([f"{held.folder} keeps no monthly values: fans need a folder that `eurasia-sim run` wrote"])
    monthly = load_trajectories(held.folder)
    kept = [name for name in monthly.columns if name in held.measures]
    measures = [name for name in held.chosen(request.measures) if name in kept][:_PANELS]
    if not measures:
        raise DataError([f"monthly values were kept of {', '.join(kept)} alone: name one of them with --measure"])
    table = held.runs([], set=REFERENCE)
    parting = _parting(held)
    for theory, runs in table.groupby("theory", sort=False):
        paths = monthly_values(runs, monthly, measures)
        longest = max(array.shape[1] for family in paths.values() for array in family.values())
        months = pd.period_range(held.world.date(0), periods=longest, freq="M")
        figure = fan_chart(
            paths, months, f"{held.title}: at reference values", held.caption(runs), parting=parting,
            **_wording(held, measures),
        )  # fmt: skip
        says = f"Month by month, medians and the middle 50, 80 and 95 % of runs: {_listed(held, measures)}."
        yield Picture(f"fan-{theory}", figure, fan_bands(paths, months), says)


def _parting(held: Held) -> int | None:
    """Month in which the scenarios part: the first over which a paired folder averages its columns."""
    window = held.manifest.get("window")
    return held.world.month(window[0]) if window and len(held.manifest["scenarios"]) > 1 else None


def monthly_values(runs: pd.DataFrame, monthly: pd.DataFrame, measures: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Measure -> scenario -> (R, T) in the order of the runs; a scenario's months are those it lasts."""
    found: dict[str, dict[str, Any]] = {measure: {} for measure in measures}
    for scenario, own in runs.groupby("scenario", sort=False):
        rows = monthly[monthly["run_id"].isin(set(own["run_id"]))]
        for measure in measures:
            wide = rows.pivot_table(index="run_id", columns="month", values=measure, dropna=False)
            found[measure][str(scenario)] = wide.reindex(own["run_id"]).to_numpy()
    return found


def differences(held: Held, request: Request) -> Iterator[Picture]:
    """Paired differences of the first scenario from each other one, at reference and over the ranges."""
    measures = held.chosen(request.measures)
    table = held.runs(measures)
    scenarios = list(dict.fromkeys(table["scenario"]))
    if len(scenarios) < 2 or "set" not in table:
        raise DataError(["a paired difference needs two scenarios that one call of `eurasia-sim run` paired"])
    first, *others = scenarios
    for theory, runs in table.groupby("theory", sort=False):
        for other in others:
            gaps = pd.concat(
                [
                    differences_of(part, first, other, measures, _OVER.get(str(kind), str(kind)))
                    for kind, part in sorted(runs.groupby("set"), key=lambda group: group[0] != REFERENCE)
                ],
                ignore_index=True,
            )
            pair = runs[runs["scenario"].isin((first, other)) & (runs["set"] != REFERENCE)]
            figure = paired_difference(gaps, f"{first} less {other}", held.caption(pair), **_wording(held, measures))
            stem = f"difference-{theory}" + (f"-{other}" if len(others) > 1 else "")
            says = f"Mean paired difference, {first} less {other}, with 95 % intervals: {_listed(held, measures)}."
            yield Picture(stem, figure, difference_summary(gaps), says)


def convergences(held: Held, request: Request) -> Iterator[Picture]:
    """Running means of the first measures as runs come in."""
    measures = held.chosen(request.measures)[:_PANELS]
    for theory, table, by in _grouped(held, request, measures):
        try:
            found = convergence_data(table, measures, by=by)
        except ValueError as error:
            raise DataError([f"{held.folder}: {error}; convergence needs more runs"]) from None
        figure = convergence_plot(
            found, f"{held.title}: are there runs enough?", held.caption(table), by=by, **_wording(held, measures)
        )
        says = f"Running mean with 95 % interval as runs come in: {_listed(held, measures)}."
        yield Picture(f"convergence-{theory}", figure, found, says)


def _factors(held: Held, named: Mapping[str, str | None]) -> list[str]:
    """The factors that were named, filled up with the design's own; each as its column is called."""
    if not held.factors:
        raise DataError([f"{held.folder} has no factors: surfaces and tornadoes need a folder that a sweep wrote"])
    chosen = []
    for option, name in named.items():
        column = name if name is None or name.startswith("x.") else f"x.{name}"
        if column is not None and column not in held.factors:
            raise DataError([f"--{option} {name} is no factor of the design{near(column, held.factors)}"])
        chosen.append(column)
    rest = iter([factor for factor in held.factors if factor not in chosen])
    filled = [column or next(rest, None) for column in chosen]
    if None in filled:
        raise DataError([f"{held.folder} varies {', '.join(held.factors)} alone: a surface needs two factors"])
    return [column for column in filled if column is not None]


def surfaces(held: Held, request: Request) -> Iterator[Picture]:
    """The first measure over two factors of a sweep."""
    across, up = _factors(held, {"across": request.across, "up": request.up})
    for measure in held.chosen(request.measures)[: _PANELS if request.measures else 1]:
        table = held.runs([measure, across, up])
        figure = response_surface(
            table, across, up, measure, f"{held.title}: over two factors", held.caption(table), names=held.names,
            unit=held.units([measure])[measure],
        )  # fmt: skip
        says = (
            f"Mean {readable(measure, held.names)} in cells of {factor_name(across)} (across) and "
            f"{factor_name(up)} (up)."
        )
        yield Picture(f"surface-{measure}", figure, surface_data(table, across, up, measure), says)


def tornadoes(held: Held, request: Request) -> Iterator[Picture]:
    """What the first measure does at both ends of every factor of a sweep."""
    _factors(held, {})
    for measure in held.chosen(request.measures)[: _PANELS if request.measures else 1]:
        table = held.runs([measure, *held.factors])
        varied = [factor for factor in held.factors if len(table[factor].unique()) > 1]
        ends = tornado_table(table, varied, measure)
        figure = tornado(
            ends, measure, f"{held.title}: what each factor does at its ends", held.caption(table), names=held.names,
            unit=held.units([measure])[measure],
        )  # fmt: skip
        says = f"Mean {readable(measure, held.names)} at the low and the high end of every factor, the widest first."
        yield Picture(f"tornado-{measure}", figure, ends, says)
