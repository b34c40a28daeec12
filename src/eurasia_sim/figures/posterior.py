"""What the record left of the numbers it speaks of: each before and after, within its range."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from eurasia_sim.figures import style
from eurasia_sim.figures.style import INK, Page, Request, Words, use_style
from eurasia_sim.figures.verdicts import table_of
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import FIT, ResultsFolder

MOST = 20
_TRACK, _CLEAR = "#BBBBBB", 0.8
_NOTE = (
    "A row a number, the most learnt first; the axis is its declared range. Grey: the middle 90 % "
    "of members before; ink: after the fit, bold where at most four fifths of the spread are left. "
    "Right: what is left of the spread, by how many standard deviations the mean moved, and the "
    "items it goes along with. A number of which the record does not speak keeps its range."
)


def posterior_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """The numbers that the record narrows or shifts most, a figure."""
    if held.kind != FIT:
        need = "a posterior needs what `eurasia-sim calibrate` writes"
        raise DataError([f"{held.folder} was written by {held.kind}: {need}"])
    table, manifest = table_of(held, "numbers"), held.manifest
    moved = table[table["moved"]].head(MOST).reset_index(drop=True)
    title = (
        f"The record to {manifest['until']} speaks of {manifest['moved']} of {len(table)} numbers"
    )
    counts, theory = (manifest["members"], manifest["failed"]), str(manifest["theory"])
    caption = style.caption(*counts, held.seed, "as_recorded", theory, held.judged)
    says = f"{len(moved)} numbers before and after the fit"
    figure = posterior_plot(moved, Words(title, caption))
    yield Page((theory,), figure, moved, says)


@use_style()
def posterior_plot(numbers: pd.DataFrame, words: Words) -> Figure:
    """A row a number: the middle 90 % before and after, as shares of its declared range.

    Args:
        numbers: rows of `Fit.numbers`.

    Raises:
        ValueError: where there is no number.
    """
    if numbers.empty:
        raise ValueError("the record speaks of no number")
    legend = {
        "before": Line2D([], [], color=_TRACK, linewidth=6),
        "after": Line2D([], [], color=INK, linewidth=2),
    }
    figure, (panel,) = style.frame_panels(1, 1, 0.5 + 0.3 * len(numbers), words, _NOTE, legend)
    for at, row in enumerate(style.rows_of(numbers)):
        span = row["high"] - row["low"]
        ends = {
            key: [(row[f"{key}_{end}"] - row["low"]) / span for end in ("low", "high")]
            for key in ("before", "after")
        }
        panel.hlines(-at, *ends["before"], color=_TRACK, linewidth=6)
        panel.hlines(-at, *ends["after"], color=INK, linewidth=3.5 if row["left"] < _CLEAR else 1.6)
        first, *others = row["items"].split(", ")
        more = f" and {len(others)} more" if others else ""
        text = f"{row['left']:.0%}  {row['shift']:+.1f}  {first}{more}"
        style.write_beside(panel, -at, text, 1.02)
    names = [style.break_lines(path.removeprefix("rules."), 44) for path in numbers["number"]]
    style.label_rows(panel, names, fontsize=6.5)
    panel.xaxis.set_major_locator(FixedLocator([0.0, 0.5, 1.0]))
    panel.set_xticklabels(["low end", "middle", "high end"])
    panel.set(xlim=(0.0, 1.0), xlabel="declared range")
    return figure
