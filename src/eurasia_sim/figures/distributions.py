"""How an outcome is spread over runs, and how its mean settles as runs come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

from eurasia_sim.analysis.convergence import is_flat, widths
from eurasia_sim.figures import style
from eurasia_sim.figures.style import INK, Look, Page, Request, Values, Words, use_style
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import RANGES

_MOST_ROWS = 60
_MOST_POINTS, _MOST_KERNELS = 400, 5000
_JITTER_SEED = 0
CLOUDS = (
    "Cloud: density of runs, cut at the last run. Box: middle half with median; line: middle 90 %. "
    "Dot: one run."
)
_SHARES = (
    " Dashed: the threshold; the shares above it are shares of runs under the assumptions made, no "
    "probabilities of events."
)

_CONVERGENCE = (
    "Line: mean of the first runs, in the order of their numbers; band: its 95 % interval "
    "(Student). A band that no longer narrows much, round a line that no longer moves, means that "
    "more runs would tell little."
)


def group_runs(
    held: ResultsFolder, request: Request, measures: Sequence[str]
) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Each theory's runs over the ranges and the column that groups them; one table by theory."""
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
    """Clouds of the measures, four a figure; one a figure where there are more than six groups."""
    for theory, runs, by in group_runs(held, request, request.measures):
        table = runs
        if pd.api.types.is_float_dtype(table[by]) and table[by].nunique() > style.MOST_LEVELS:
            ends = pd.cut(table[by], 10, precision=2)
            order = ends.cat.codes.argsort(kind="stable")
            table = table.assign(**{by: ends.astype(str)}).iloc[order]
        over = "the points of the design" if held.factors else "the declared ranges"
        units = held.units(request.measures)
        words = Words(
            f"{held.title}: over {over}", style.caption_of_runs(held, table), held.names, units, by
        )
        most = 1 if table[by].nunique() > style.MOST_GROUPS else style.PANELS
        for page, measures in style.pages_of(request.measures, most):
            figure = outcome_distribution(table, measures, words, request.threshold)
            shown = style.list_measures(measures, held.names)
            says = f"by {style.factor_name(by)}, {shown}"
            yield Page((theory, page), figure, distribution_data(table, measures, by=by), says)


@use_style()
def outcome_distribution(
    table: pd.DataFrame, measures: Sequence[str], words: Words, threshold: float | None = None
) -> Figure:
    """Clouds: a panel a measure (four abreast), a cloud a group, every missing run counted.

    Args:
        table: a row a run, with `words.by` and the measures; a failed run is NaN.
        threshold: in the measure's unit; each group's share of runs above it is written.

    Raises:
        ValueError: for no measure, or more groups than a page holds; KeyError: for an unknown one.
    """
    keys = table[words.by].astype(str).to_numpy()
    names = list(dict.fromkeys(keys))
    if len(names) > _MOST_ROWS:
        limit = f"a page holds {_MOST_ROWS} groups; column {words.by} has {len(names)} values"
        raise ValueError(f"{limit}: filter first")
    few = len(names) <= style.MOST_GROUPS
    groups = style.looks(names) if few else dict.fromkeys(names, style.looks("a")["a"])
    height = 0.6 + (1.05 if few else 0.55) * len(groups)
    note = CLOUDS + ("" if threshold is None else _SHARES)
    figure, panels = style.measure_panels(measures, 4, height, words, note, sharey=True)
    for measure, panel in panels.items():
        values = table[measure].to_numpy(dtype=float)
        family = {group: values[keys == group] for group in groups}
        draw_clouds(panel, family, groups, words, threshold)
    return figure


def draw_clouds(
    panel: Axes,
    family: Mapping[str, Values],
    groups: Mapping[str, Look],
    words: Words,
    threshold: float | None = None,
) -> None:
    """Draw one measure's clouds, the first on top, each with its name and its runs counted.

    Args:
        family: group → (R,) values; a failed run is NaN.
    """
    for at, (group, values) in enumerate(family.items()):
        present = values[np.isfinite(values)]
        counted = style.count_runs(values)
        if len(present):
            counted += _cloud(panel, present, -float(at), groups[group])
        if len(present) and threshold is not None:
            counted += f"\n{100 * (present > threshold).mean():.0f} % above {threshold:g}"
        style.write_beside(panel, -at - 0.33, counted, 0.02, fontsize=6, va="top")
    labels = [style.break_lines(words.name(group), 18) for group in family]
    style.label_rows(panel, labels, (0.35, 0.5))
    panel.xaxis.set_major_locator(MaxNLocator(nbins=4))
    values = np.concatenate(list(family.values()))
    present = values[np.isfinite(values)]
    if len(present) == 0:
        panel.set_xlim(0.0, 1.0)
    elif is_flat(present):  # an axis of its own choosing would magnify rounding
        room = 0.05 * max(1.0, float(np.abs(present).max()))
        panel.set_xlim(float(present.min()) - room, float(present.max()) + room)
    if threshold is not None:
        panel.axvline(threshold, color=INK, linestyle="--", linewidth=0.8)


def _cloud(panel: Axes, present: Values, base: float, look: Look) -> str:
    """Finite runs with their ground line at `base`; return what is to be said of them."""
    flat: Any = {"orientation": "horizontal"}
    if is_flat(present):
        panel.vlines(present[0], base, base + 0.42, color=look.colour, linewidth=2.0)
    else:
        # So many quantiles give the same curve at a bounded cost.
        kernels = present
        if len(present) > _MOST_KERNELS:
            kernels = np.quantile(present, np.linspace(0.0, 1.0, _MOST_KERNELS))
        shape: Any = {"side": "high", "widths": 0.84, "points": 200, "showextrema": False, **flat}
        bodies: Any = panel.violinplot([kernels], [base], **shape)["bodies"]
        for body in bodies:
            body.set(facecolor=look.colour, edgecolor=look.colour, alpha=0.55, linewidth=0.8)
    ink: Any = {"color": INK, "linewidth": 0.8}
    panel.boxplot(
        [present], positions=[base - 0.07], widths=0.08, whis=(5, 95), showfliers=False,
        showcaps=False, patch_artist=True, manage_ticks=False, whiskerprops=ink,
        boxprops={"facecolor": "white", "edgecolor": INK, "linewidth": 0.8},
        medianprops={"color": INK, "linewidth": 1.8}, **flat,
    )  # fmt: skip
    shown = present[:: -(-len(present) // _MOST_POINTS)]
    heights = base - np.random.default_rng(_JITTER_SEED).uniform(0.15, 0.29, len(shown))
    edge: Any = {"edgecolor": INK, "linewidth": 0.15, "alpha": 0.65}
    panel.scatter(shown, heights, s=5, marker=look.marker, facecolor=look.colour, **edge)
    thinned = f", {len(shown)} drawn" if len(shown) < len(present) else ""
    return (", all the same" if is_flat(present) else "") + thinned


def distribution_data(
    table: pd.DataFrame, measures: Sequence[str], *, by: str = "scenario"
) -> pd.DataFrame:
    """The rows behind the clouds: group, run, status and the measures, missing runs included."""
    head: list[Any] = list(dict.fromkeys((by, "theory", "run", "seed", "status")))
    return table[[*(name for name in head if name in table), *measures]].reset_index(drop=True)


def convergence_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Running means of the measures as runs come in."""
    for theory, table, by in group_runs(held, request, request.measures):
        found = convergence_data(table, request.measures, by=by)
        if found.empty:
            raise ValueError("no two finite runs")
        title = f"{held.title}: are there runs enough?"
        words = Words(
            title, style.caption_of_runs(held, table), held.names, held.units(request.measures), by
        )
        for page, measures in style.pages_of(request.measures):
            own = found[found["measure"].isin(measures)].reset_index(drop=True)
            figure = convergence_plot(found, measures, words)
            yield Page((theory, page), figure, own, style.list_measures(measures, held.names))


def convergence_data(
    table: pd.DataFrame, measures: Sequence[str], *, by: str = "scenario"
) -> pd.DataFrame:
    """Mean and 95 % interval (Student) of the first finite runs of every group, in their order.

    Returns:
        Columns `measure`, the group, `runs`, `mean`, `low`, `high`, `half_width`, `missing` (of
        the whole group); no row for fewer than two finite runs.
    """
    rows = []
    ordered = table.sort_values("run", kind="stable")
    for measure in measures:
        for group, values in ordered.groupby(by, sort=False)[measure]:
            found = widths(values.to_numpy(dtype=float)).rename(columns={"n": "runs"})
            missing = int((~np.isfinite(values)).sum())
            rows.append(found.assign(**{"measure": measure, by: group, "missing": missing}))
    types = {"runs": int, "mean": float, "half_width": float}
    found = pd.concat(rows, ignore_index=True).astype(types)
    low, high = found["mean"] - found["half_width"], found["mean"] + found["half_width"]
    return found.assign(low=low, high=high)[found["half_width"].notna()]


@use_style()
def convergence_plot(found: pd.DataFrame, measures: Sequence[str], words: Words) -> Figure:
    """Running means with intervals: a panel a measure, a line a group of at most six."""
    keys = found[words.by].astype(str)
    groups = style.looks(keys)
    key = style.line_key(groups, words)
    figure, panels = style.measure_panels(measures, 2, 2.3, words, _CONVERGENCE, key)
    for measure, panel in panels.items():
        counted = ["runs"]
        for group, look in groups.items():
            own = found[(found["measure"] == measure) & (keys == group)]
            if own.empty:
                counted.append(f"{words.name(group)}: fewer than 2 runs")
                continue
            band: Any = {"color": look.colour, "alpha": 0.2, "linewidth": 0}
            panel.fill_between(own["runs"], own["low"], own["high"], **band)
            panel.plot(own["runs"], own["mean"], color=look.colour, linestyle=look.line)
            last = own.iloc[-1]
            runs = f"{last['runs']} runs, {last['missing']} missing"
            counted.append(f"{words.name(group)}: {runs}, ±{last['half_width']:.2g}")
        panel.set_xscale("log")
        panel.xaxis.set(
            major_locator=LogLocator(subs=(1.0, 2.0, 5.0)), major_formatter=ScalarFormatter(),
            minor_formatter=NullFormatter(),
        )  # fmt: skip
        panel.set_ylabel(words.unit(measure))
        panel.set_xlabel("\n".join(counted), fontsize=7)
    return figure
