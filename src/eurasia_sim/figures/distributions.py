"""How runs are spread: paired differences, or outcomes of one scenario, as dots to be counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures import style
from eurasia_sim.figures.differences import differences_of, is_paired, paired_sets
from eurasia_sim.figures.style import (
    INK,
    LESS,
    MORE,
    Page,
    Request,
    Words,
    scenario_title,
    use_style,
)
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import RANGES

_DOTS, _COLUMNS = 50, 34
DOTS = f"Each dot is {100 // _DOTS} % of them. Ring and bar beneath: mean and its 95 % interval."
_NOTE = f"{{what}} {DOTS} Shares of runs under the assumptions made, no probabilities of events."
_PAIRS = "Pairs of runs under the same draws and luck."


def distribution_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Page]:
    """Paired differences; outcomes where nothing is paired or a threshold is given."""
    units = held.units(request.measures)
    if is_paired(held) and request.threshold is None:
        several = len(held.manifest["scenarios"]) > 2
        for theory, first, other, sets in paired_sets(held, request.measures):
            leading = next(iter(sets.values()))
            table, _ = differences_of(leading, first, other, request.measures)
            titles = [scenario_title(held, each) for each in (first, other)]
            subject = f"{titles[0]}, less: {titles[1]}"
            words = Words(
                question, style.caption_of_runs(held, leading), subject, held.names, units
            )
            parts = (theory, other if several else "")
            yield from _pages(table, request, words, _PAIRS, parts)
        return
    runs = held.runs(request.measures, set=RANGES)
    several = len(set(runs["scenario"])) > 1
    for (under, scenario), own in runs.groupby(["theory", "scenario"], sort=False):
        name, parts = str(scenario), (str(under), str(scenario) if several else "")
        caption = style.caption_of_runs(held, own)
        words = Words(question, caption, scenario_title(held, name), held.names, units)
        yield from _pages(own, request, words, "Runs.", parts)


def _pages(
    table: pd.DataFrame, request: Request, words: Words, what: str, parts: tuple[str, ...]
) -> Iterator[Page]:
    """Four measures a figure."""
    signed = what == _PAIRS
    for page, measures in style.pages_of(request.measures):
        figure = dots(table, measures, words, what, 0.0 if signed else request.threshold)
        data = table.reset_index() if signed else table
        head = [name for name in ("scenario", "theory", "run", "seed", "status") if name in data]
        says = f"{words.subject}, {style.list_measures(measures, words.names)}"
        yield Page((*parts, page), figure, data[[*head, *measures]].reset_index(drop=True), says)


@use_style()
def dots(
    table: pd.DataFrame, measures: Sequence[str], words: Words, what: str, line: float | None
) -> Figure:
    """Fifty dots a measure, each as many runs, stacked where they fall, and the mean beneath.

    Args:
        table: a row a run or a pair, a column a measure; NaN where it failed. what: these are.
        line: dots below and above it are counted and coloured; none: neither.
    """
    figure, panels = style.measure_panels(measures, 2, 1.9, words, _NOTE.format(what=what))
    for measure, panel in panels.items():
        draw_dots(panel, table[measure].to_numpy(dtype=float), line, words.unit(measure))
    return figure


def draw_dots(panel: Axes, values: Floats, line: float | None, unit: str) -> None:
    """Quantile dots of runs (R,), NaN where one failed, and their mean with its interval."""
    present = values[np.isfinite(values)]
    panel.set_xlabel(f"{unit}  ({style.count_runs(values)})")
    panel.set_yticks([])
    panel.grid(visible=False, axis="y")
    panel.spines["left"].set_visible(False)
    if line is not None:
        panel.axvline(line, color=INK, linewidth=0.8)
    if not len(present):
        return
    origin = line or 0.0
    found = np.quantile(present, (np.arange(_DOTS) + 0.5) / _DOTS) - origin
    low, high = (float(end) for end in (found.min(), found.max()))
    low, high = (min(low, -high), max(high, -low)) if line is not None else (low, high)
    # Runs that are all the same are one column, not rounding magnified to the panel's width.
    step = max((high - low) / _COLUMNS, 1e-9 * max(1.0, abs(origin), abs(high)))
    places = np.where(found == 0, 0.0, (np.floor(found / step) + 0.5) * step)
    levels = pd.Series(places).groupby(places).cumcount().to_numpy()
    colours = [INK if side == 0 or line is None else MORE if side > 0 else LESS for side in found]
    panel.scatter(origin + places, levels + 0.5, s=19, c=colours, linewidth=0)
    middle, (least, most) = present.mean(), mean_interval(present)
    panel.hlines(-1.2, least, most, color=INK, linewidth=2.2)
    panel.plot(middle, -1.2, "o", color="white", markeredgecolor=INK, markersize=5)
    panel.set(
        xlim=(origin + low - step, origin + high + step), ylim=(-2.4, max(14.0, levels.max() + 3.0))
    )
    panel.xaxis.set_major_locator(MaxNLocator(nbins=6))
    if line is None:
        return
    look: Any = {"transform": panel.transAxes, "va": "top", "weight": "bold", "fontsize": 8.5}
    panel.text(0.01, 0.98, f"{100 * (present < line).mean():.0f} % less", color=LESS, **look)
    panel.text(
        0.99,
        0.98,
        f"{100 * (present > line).mean():.0f} % more",
        color="#8A5A00",
        ha="right",
        **look,
    )
