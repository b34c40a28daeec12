"""How runs are spread: paired differences, or outcomes of one scenario, as dots to be counted."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eurasia_sim.analysis.contrast import differences_of
from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures import rows, style
from eurasia_sim.figures.differences import is_paired, pairs_of
from eurasia_sim.figures.style import INK, Picture, Request, Words, use_style
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import RANGES

_DOTS, _COLUMNS = 50, 34
DOTS = f"Each dot is {100 // _DOTS} % of them. Ring and bar beneath: mean and its 95 % interval."
_NOTE = f"{{what}} {DOTS} Shares of runs under the assumptions made, no probabilities of events."


def distribution_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """Paired differences; outcomes where nothing is paired or a threshold is given."""
    measures, line = request.measures, request.threshold
    if is_paired(held) and line is None:
        what, line = "Pairs of runs under the same draws and luck.", 0.0
        found = [
            (
                differences_of(pair.leading, pair.first, pair.other, measures)[0],
                pair.words,
                pair.parts,
            )
            for pair in pairs_of(held, measures, question)
        ]
    else:
        what, found = "Runs.", []
        runs = held.runs(measures, set=RANGES)
        several = len(runs["scenario"].unique()) > 1
        for names, own in runs.groupby(["theory", "scenario"], sort=False):
            theory, name = map(str, names)
            caption, title = style.caption_of_runs(held, own), style.scenario_title(held, name)
            words = Words(question, caption, title, held.names)
            found.append((own.set_index("run"), words, (theory, name if several else "")))
    for table, words, parts in found:
        head = [name for name in ("scenario", "theory", "seed", "status") if name in table]
        for page, shown in style.pages_of(measures):
            data = table[[*head, *shown]].reset_index()
            figure = dots(table, shown, words, what, line)
            yield Picture((*parts, page), figure, data, words.list(shown))


@use_style()
def dots(
    table: pd.DataFrame, measures: Sequence[str], words: Words, what: str, line: float | None
) -> Figure:
    """Fifty dots a measure, each as many runs, stacked where they fall, and the mean beneath.

    Args:
        table: a row a run or a pair, a column a measure; NaN where it failed. what: these are.
        line: dots below and above it are counted and coloured; none: neither.
    """
    figure, panels = style.measure_panels(measures, 1.55, words, _NOTE.format(what=what))
    for measure, panel in panels.items():
        draw_dots(panel, table[measure].to_numpy(dtype=float), line, style.unit_of(measure))
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
    colours = [
        INK if side == 0 or line is None else style.MORE if side > 0 else style.LESS
        for side in found
    ]
    panel.scatter(origin + places, levels + 0.5, s=10, c=colours, linewidth=0)
    rows.draw_mean(panel, -1.2, float(present.mean()), *mean_interval(present))
    sides, top = (origin + low - step, origin + high + step), max(14.0, levels.max() + 3.0)
    panel.set(xlim=sides, ylim=(-2.4, top))
    panel.xaxis.set_major_locator(MaxNLocator(nbins=5))
    if line is not None:
        less, more = (100 * share.mean() for share in (present < line, present > line))
        rows.name_sides(panel, f"{less:.0f} % less", f"{more:.0f} % more", va="top")
