"""How an outcome is spread over runs: clouds, ridges and cumulative shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter
from scipy.stats import gaussian_kde

from eurasia_sim.figures import style
from eurasia_sim.figures.style import (
    INK,
    MOST_GROUPS,
    MOST_LEVELS,
    Look,
    Page,
    Request,
    Values,
    Words,
    caption_of_runs,
    use_style,
)
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import RANGES

MOST_RIDGES = 60
_MOST_POINTS, _MOST_KERNELS, _MOST_STEPS = 400, 5000, 1000
_JITTER_SEED = 0
_FLAT = 1e-9  # spread below this, beside the size of the values, is rounding and no outcome
_RISE = 1.35  # how far a ridge reaches above its ground line; above 1 it overlaps the next
CLOUDS = (
    "Cloud: density of runs, cut at the last run. Box: middle half with median; line: middle 90 %. "
    "Dot: one run."
)
_RIDGES = (
    "Ridge: density of runs, cut at the last run, each as high as the others. Tick: median; line: "
    "middle 90 %."
)
_STEPS = (
    "A line's height is the share of its finite runs that end at or below the value beneath it. "
    "These are shares of runs under the assumptions made, no probabilities of events."
)


def group_runs(
    held: ResultsFolder, request: Request, measures: Sequence[str]
) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Each theory's runs over the ranges and the column that groups them; one table by theory.

    Raises:
        DataError: for a group that is no column of the runs.
    """
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


def distribution_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Clouds of the measures; ridges, a picture a measure, where there are more than six groups."""
    for theory, table, by in group_runs(held, request, request.measures):
        if table[by].nunique() > MOST_GROUPS:
            yield from _ridge_pages(held, table, by, request.measures, theory)
            continue
        over = "the points of the design" if held.factors else "the declared ranges"
        title = f"{held.title}: over {over}"
        words = Words(title, caption_of_runs(held, table), held.names, held.units(request.measures), by)
        for page, measures in style.pages_of(request.measures):
            data = distribution_data(table, measures, by=by)
            says = f"by {style.factor_name(by)}, {list_measures(measures, held.names)}"
            arguments = {"table": table, "measures": measures}
            yield Page("distribution", (theory, page), data, words, says, arguments)


def ridgeline_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Ridges, a picture a measure, for any number of groups a page holds."""
    for theory, table, by in group_runs(held, request, request.measures):
        yield from _ridge_pages(held, table, by, request.measures, theory)


def _ridge_pages(
    held: ResultsFolder, table: pd.DataFrame, by: str, measures: Sequence[str], theory: str
) -> Iterator[Page]:
    if pd.api.types.is_float_dtype(table[by]) and table[by].nunique() > MOST_LEVELS:
        ends = pd.cut(table[by], 10, precision=2)
        order = ends.cat.codes.argsort(kind="stable")
        table = table.assign(**{by: ends.astype(str)}).iloc[order]
    title = f"{held.title}: by {style.factor_name(by)}"
    words = Words(title, caption_of_runs(held, table), held.names, held.units(measures), by)
    for measure in measures:
        data = ridgeline_data(table, measure, by=by)
        says = f"{style.readable(measure, held.names)}, a ridge for each {style.factor_name(by)}"
        arguments = {"table": table, "measure": measure}
        yield Page("ridgeline", (measure, theory), data, words, says, arguments)


def cumulative_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Cumulative distributions of the measures."""
    for theory, table, by in group_runs(held, request, request.measures):
        title = f"{held.title}: share of runs up to a value"
        words = Words(title, caption_of_runs(held, table), held.names, held.units(request.measures), by)
        for page, measures in style.pages_of(request.measures):
            data = cumulative_data(table, measures, by=by)
            says = f"by {style.factor_name(by)}, {list_measures(measures, held.names)}"
            arguments = {"table": table, "measures": measures, "threshold": request.threshold}
            yield Page("cumulative", (theory, page), data, words, says, arguments)


def list_measures(measures: Sequence[str], names: Mapping[str, str]) -> str:
    """Measures in words, one after another."""
    return "; ".join(style.readable(measure, names) for measure in measures)


def is_flat(values: Values) -> bool:
    """Whether finite values are all the same but for rounding; so are one value and none."""
    return len(values) < 2 or float(np.ptp(values)) <= _FLAT * max(1.0, float(np.abs(values).max()))


def density(values: Values, points: int = 200) -> tuple[Values, Values]:
    """Gaussian kernel density of values that are not flat, from the smallest to the largest.

    Returns:
        Places and densities scaled to a greatest of 1, both (points,).
    """
    grid = np.linspace(values.min(), values.max(), points)
    if len(values) > _MOST_KERNELS:  # so many quantiles give the same curve at a bounded cost
        values = np.quantile(values, np.linspace(0.0, 1.0, _MOST_KERNELS))
    # Scaled first: the kernel's covariance underflows where values differ far behind the point.
    middle, scale = values.mean(), values.std()
    height = gaussian_kde((values - middle) / scale)((grid - middle) / scale)
    return grid, np.asarray(height / height.max())


@use_style()
def outcome_distribution(table: pd.DataFrame, measures: Sequence[str], words: Words) -> Figure:
    """Clouds: a panel a measure (four abreast), a cloud a group, every missing run counted.

    Args:
        table: a row a run, with `words.by` and the measures; a failed run is NaN.

    Raises:
        ValueError: for more than six groups, or no measure; KeyError: for an unknown measure.
    """
    keys = table[words.by].astype(str).to_numpy()
    groups = style.looks(keys)
    height = 0.6 + 1.05 * len(groups)
    figure, panels = style.measure_panels(measures, 4, height, words, CLOUDS, sharey=True)
    for measure, panel in panels.items():
        values = table[measure].to_numpy(dtype=float)
        draw_clouds(panel, {group: values[keys == group] for group in groups}, groups, words)
    return figure


def draw_clouds(
    panel: Axes, family: Mapping[str, Values], groups: Mapping[str, Look], words: Words
) -> None:
    """Draw one measure's clouds, the first on top, each with its name and its runs counted.

    Args:
        family: group → (R,) values; a failed run is NaN.
    """
    for at, (group, values) in enumerate(family.items()):
        _cloud(panel, values, -float(at), groups[group])
    style.label_rows(
        panel, [style.break_lines(words.name(group), 18) for group in family], (0.45, 0.5)
    )
    panel.xaxis.set_major_locator(MaxNLocator(nbins=4))
    values = np.concatenate(list(family.values()))
    present = values[np.isfinite(values)]
    if len(present) == 0:
        panel.set_xlim(0.0, 1.0)
    elif is_flat(present):  # an axis of its own choosing would magnify rounding
        room = 0.05 * max(1.0, float(np.abs(present).max()))
        panel.set_xlim(float(present.min()) - room, float(present.max()) + room)


def _cloud(panel: Axes, values: Values, base: float, look: Look) -> None:
    """One group with its ground line at `base`; it fills 0.42 above and 0.3 below."""
    present = values[np.isfinite(values)]
    said = style.count_runs(values)
    if len(present) == 0:
        style.write_beside(
            panel, base, "no runs to show", 0.5, ha="center", va="baseline", fontsize=7
        )
    elif is_flat(present):
        said += ", all the same"
        panel.vlines(present[0], base, base + 0.42, color=look.colour, linewidth=2.0)
    else:
        places, heights = density(present)
        top = base + 0.42 * heights
        panel.fill_between(places, base, top, color=look.colour, alpha=0.55, linewidth=0)
        panel.plot(places, top, color=look.colour, linewidth=0.8)
    if len(present):
        low, first, median, third, high = np.quantile(present, [0.05, 0.25, 0.5, 0.75, 0.95])
        panel.hlines(base - 0.07, low, high, color=INK, linewidth=0.8)
        box: Any = {"facecolor": "white", "edgecolor": INK, "linewidth": 0.8, "zorder": 3}
        panel.add_patch(Rectangle((first, base - 0.11), third - first, 0.08, **box))
        panel.vlines(median, base - 0.11, base - 0.03, color=INK, linewidth=1.8, zorder=4)
        shown = present[:: -(-len(present) // _MOST_POINTS)]
        if len(shown) < len(present):
            said += f", {len(shown)} drawn"
        heights = base - np.random.default_rng(_JITTER_SEED).uniform(0.15, 0.29, len(shown))
        panel.scatter(
            shown, heights, s=5, marker=look.marker, facecolor=look.colour, edgecolor=INK,
            linewidth=0.15, alpha=0.65,
        )  # fmt: skip
    style.write_beside(panel, base - 0.42, said, 0.02, fontsize=6)


def distribution_data(
    table: pd.DataFrame, measures: Sequence[str], *, by: str = "scenario"
) -> pd.DataFrame:
    """The rows behind the clouds: group, run, status and the measures, missing runs included."""
    head: list[Any] = list(dict.fromkeys((by, "theory", "run", "seed", "status")))
    return table[[*(name for name in head if name in table), *measures]].reset_index(drop=True)


@use_style()
def ridgeline(table: pd.DataFrame, measure: str, words: Words) -> Figure:
    """Densities of a measure on one axis, a ridge a group; every missing run counted.

    Args:
        table: a row a run; a failed run is NaN.

    Raises:
        ValueError: for no group, or more than the sixty a page holds.
    """
    keys = table[words.by].astype(str).to_numpy()
    groups = list(dict.fromkeys(keys))
    if not 0 < len(groups) <= MOST_RIDGES:
        raise ValueError(
            f"a page holds 1 to {MOST_RIDGES} ridges; column {words.by} has {len(groups)} values: "
            "filter first"
        )
    values = table[measure].to_numpy(dtype=float)
    figure, (panel,) = style.frame_panels(1, 1, 0.7 + 0.34 * len(groups), words, _RIDGES)
    colour = style.looks("a")["a"].colour
    for at, group in enumerate(groups):
        _ridge(panel, values[keys == group], -float(at), colour, len(groups) - at)
    style.label_rows(
        panel, [style.break_lines(words.name(group), 34) for group in groups], (0.5, 1.15 * _RISE)
    )
    panel.set_title(words.heading(measure))
    panel.set_xlabel(words.unit(measure))
    panel.xaxis.set_major_locator(MaxNLocator(nbins=8))
    return figure


def _ridge(panel: Axes, values: Values, base: float, colour: str, order: int) -> None:
    """One group on its ground line; those lower on the page lie over those above."""
    present = values[np.isfinite(values)]
    said = style.count_runs(values)
    depth = 2.0 + 1.0 / (1 + order)
    if len(present) and is_flat(present):
        said += ", all the same"
        panel.vlines(
            present[0], base, base + 0.8 * _RISE, color=colour, linewidth=2.0, zorder=depth
        )
    elif len(present):
        places, heights = density(present)
        top = base + _RISE * heights
        # Mixed with white, for a see-through ridge would mix with the one behind it.
        paler = tuple(0.45 + 0.55 * part for part in to_rgb(colour))
        panel.fill_between(places, base, top, color=paler, linewidth=0, zorder=depth)
        panel.plot(places, top, color="white", linewidth=1.6, zorder=depth)
        panel.plot(places, top, color=colour, linewidth=0.9, zorder=depth)
    if len(present):
        low, median, high = np.quantile(present, [0.05, 0.5, 0.95])
        panel.hlines(base, low, high, color=INK, linewidth=1.0, zorder=3.1)
        panel.vlines(median, base, base + 0.35, color=INK, linewidth=1.6, zorder=3.1)
    style.write_beside(panel, base + 0.05, said, va="bottom")


def ridgeline_data(table: pd.DataFrame, measure: str, *, by: str = "scenario") -> pd.DataFrame:
    """A row a ridge: runs, missing, mean and quantiles of the finite runs."""
    rows = []
    for group, part in table.groupby(by, sort=False):
        values = part[measure].to_numpy(dtype=float)
        present = values[np.isfinite(values)]
        levels = [0.05, 0.25, 0.5, 0.75, 0.95]
        found = np.quantile(present, levels) if len(present) else np.full(5, np.nan)
        counts: Any = {"runs": len(present), "missing": len(values) - len(present)}
        mean = present.mean() if len(present) else np.nan
        quantiles = dict(zip(("q5", "q25", "median", "q75", "q95"), found, strict=True))
        rows.append({by: group, "measure": measure, **counts, "mean": mean, **quantiles})
    return pd.DataFrame(rows)


def steps_of(values: Values) -> tuple[Values, Values]:
    """Places and heights of a cumulative distribution of finite values: all, or 1,000 quantiles."""
    ordered = np.sort(values)
    ranks = np.arange(1, len(ordered) + 1)
    if len(ordered) > _MOST_STEPS:
        chosen = np.linspace(0, len(ordered) - 1, _MOST_STEPS).round().astype(int)
        ordered, ranks = ordered[np.unique(chosen)], ranks[np.unique(chosen)]
    return ordered, ranks / len(values) if len(values) else ranks.astype(float)


@use_style()
def cumulative_distribution(
    table: pd.DataFrame, measures: Sequence[str], words: Words, *, threshold: float | None = None
) -> Figure:
    """Cumulative distributions: a panel a measure (two abreast), a line a group.

    Args:
        table: a row a run; a failed run is NaN and counted.
        threshold: in the measure's unit; each group's share of runs above it is written.

    Raises:
        ValueError: for more than six groups, or no measure.
    """
    keys = table[words.by].astype(str).to_numpy()
    groups = style.looks(keys)
    key = style.line_key(groups, words)
    figure, panels = style.measure_panels(measures, 2, 2.5, words, _STEPS, key, sharey=True)
    for measure, panel in panels.items():
        values = table[measure].to_numpy(dtype=float)
        said, above = [words.unit(measure)], {}
        for group, look in groups.items():
            own = values[keys == group]
            present = own[np.isfinite(own)]
            said.append(f"{words.name(group)}: {style.count_runs(own)}")
            if len(present):
                places, heights = steps_of(present)
                line: Any = {"color": look.colour, "linestyle": look.line, "linewidth": 1.5}
                panel.step([places[0], *places], [0.0, *heights], where="post", **line)
                if threshold is not None:
                    above[words.name(group)] = float((present > threshold).mean())
        panel.set_xlabel("\n".join(filter(None, said)), fontsize=7)
        panel.set_ylim(0.0, 1.02)
        panel.set_ylabel("share of runs")
        panel.yaxis.set_major_formatter(PercentFormatter(1.0))
        panel.xaxis.set_major_locator(MaxNLocator(nbins=5))
        if threshold is not None:
            _mark(panel, threshold, above)
    return figure


def _mark(panel: Axes, threshold: float, above: Mapping[str, float]) -> None:
    """A line at the threshold, and the shares above it where the curves leave room."""
    panel.axvline(threshold, color=INK, linestyle=":", linewidth=1.0)
    low, high = panel.get_xlim()
    place = (threshold - low) / (high - low)
    on_top = sum(above.values()) > len(above) / 2
    to_left = place > 0.25 if on_top else place > 0.75
    shares = (f"{name}: {100 * part:.0f} %" for name, part in above.items())
    panel.annotate(
        "\n".join((f"above {threshold:g}:", *shares)), (threshold, 0.94 if on_top else 0.06),
        xycoords=panel.get_xaxis_transform(), xytext=(-4 if to_left else 4, 0),
        textcoords="offset points", ha="right" if to_left else "left",
        va="top" if on_top else "bottom", fontsize=6.5, color=INK,
        bbox={"facecolor": "white", "alpha": 0.8, "pad": 1.0},
    )  # fmt: skip


def cumulative_data(
    table: pd.DataFrame, measures: Sequence[str], *, by: str = "scenario"
) -> pd.DataFrame:
    """A row a step: measure, group, value, share of finite runs up to it, runs and missing."""
    parts = []
    for measure in measures:
        for group, part in table.groupby(by, sort=False):
            values = part[measure].to_numpy(dtype=float)
            present = values[np.isfinite(values)]
            places, heights = steps_of(present)
            head: Any = {"measure": measure, by: group, "value": places, "share": heights}
            counts: Any = {"runs": len(present), "missing": len(values) - len(present)}
            parts.append(pd.DataFrame({**head, **counts}))
    return pd.concat(parts, ignore_index=True)
