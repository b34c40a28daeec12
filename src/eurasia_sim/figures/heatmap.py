"""An outcome over two factors of a sweep: a heat map of levels, or a surface over ranges."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from numpy.typing import NDArray

from eurasia_sim.figures.style import broken, counted, framed, legible, plain, readable, styled

Values = NDArray[np.float64]
MOST_LEVELS = 12
_CELLS = 10
_COLOURS = "cividis"
_HOW_TO_READ = "Colour and number: mean of the runs in a cell{how}; small number: how many. Hatched: none."


def factor_cells(values: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Which cell of an axis each run lies in, and what the cells are called.

    A factor of text, or of few levels, has a cell a level; any other has ten of equal width between its ends. A run
    without a value lies in cell -1.
    """
    present = values.dropna()
    if not pd.api.types.is_numeric_dtype(values) or present.nunique() <= MOST_LEVELS:
        levels = sorted(present.unique(), key=lambda level: (isinstance(level, str), level))
        if len(levels) > MOST_LEVELS:
            raise ValueError(f"{values.name} has {len(levels)} levels; an axis holds {MOST_LEVELS}: filter first")
        place = {level: at for at, level in enumerate(levels)}
        return (
            np.array([place.get(value, -1) for value in values], dtype=np.int64),
            [level if isinstance(level, str) else plain(level) for level in levels],
        )
    edges = np.linspace(present.min(), present.max(), _CELLS + 1)
    width = float(edges[1] - edges[0])
    inside = np.clip(np.searchsorted(edges, values.to_numpy(dtype=float), side="right") - 1, 0, _CELLS - 1)
    inside[values.isna().to_numpy()] = -1
    return inside.astype(np.int64), [f"{plain(low, width)}–{plain(high, width)}" for low, high in pairwise(edges)]


def surface_data(table: pd.DataFrame, across: str, up: str, measure: str) -> pd.DataFrame:
    """The cells behind the map: both factors, mean, standard deviation, runs and missing; empty cells included."""
    (column, columns), (row, rows) = factor_cells(table[across]), factor_cells(table[up])
    values = table[measure].to_numpy(dtype=float)
    found = []
    for r, up_name in enumerate(rows):
        for c, across_name in enumerate(columns):
            own = values[(row == r) & (column == c)]
            present = own[np.isfinite(own)]
            found.append(
                {
                    across: across_name, up: up_name, "measure": measure,
                    "mean": present.mean() if len(present) else np.nan,
                    "deviation": present.std(ddof=1) if len(present) > 1 else np.nan,
                    "runs": len(present), "missing": len(own) - len(present),
                }
            )  # fmt: skip
    return pd.DataFrame(found)


def response_surface(
    table: pd.DataFrame,
    across: str,
    up: str,
    measure: str,
    title: str,
    caption: str,
    *,
    names: Mapping[str, str] | None = None,
    unit: str = "",
) -> Figure:
    """Means of a measure over two factors, a coloured and numbered cell for each pair of levels or of tenths.

    Args:
        table: a row a run with both factors; a failed run is NaN.

    Raises:
        ValueError: for the same factor twice, or one with more levels than an axis holds.
    """
    if across == up:
        raise ValueError(f"a surface needs two factors; {across} was named twice")
    cells = surface_data(table, across, up, measure)
    columns, rows = list(dict.fromkeys(cells[across])), list(dict.fromkeys(cells[up]))
    means = cells["mean"].to_numpy(dtype=float).reshape(len(rows), len(columns))
    runs = cells["runs"].to_numpy(dtype=int).reshape(means.shape)
    how = ", of equal width where a factor is a range"
    with styled():
        note = f"{caption}\n{counted(table[measure].to_numpy(dtype=float))}. {_HOW_TO_READ.format(how=how)}"
        figure, (panel,) = framed(1, 1, 1.1 + 0.42 * max(len(rows), 4), title, note)
        shown = panel.pcolormesh(np.ma.masked_invalid(means), cmap=_COLOURS, edgecolors="white", linewidth=0.6)
        panel.patch.set(hatch="////", facecolor="white", edgecolor="#BBBBBB")
        _number(panel, means, runs, shown)
        crowded = max(map(len, columns)) > 64 // len(columns)
        panel.set_xticks(np.arange(len(columns)) + 0.5, columns)
        panel.set_yticks(np.arange(len(rows)) + 0.5, [broken(name, 22) for name in rows])
        if crowded:
            panel.set_xticks(panel.get_xticks(), columns, rotation=30, ha="right", rotation_mode="anchor")
        panel.grid(visible=False)
        panel.tick_params(length=0)
        panel.set_xlabel(factor_name(across))
        panel.set_ylabel(broken(factor_name(up), 30))
        panel.set_title(readable(measure, names))
        bar = figure.colorbar(shown, ax=panel, pad=0.02, fraction=0.05)
        bar.set_label(unit)
        bar.outline.set_visible(False)
    return figure


def factor_name(column: str) -> str:
    """A factor of a sweep as it is written: its path without the mark of a design's column."""
    return column.removeprefix("x.")


def _number(panel: Axes, means: Values, runs: NDArray[np.int64], shown: QuadMesh) -> None:
    """Write mean and runs into every cell that has any; the digits that tell the cells apart, at most four."""
    present = means[np.isfinite(means)]
    spread = float(np.ptp(present)) if len(present) else 0.0
    digits = int(np.clip(np.ceil(-np.log10(spread / 50)) if spread > 0 else 3, 0, 4))
    shades = shown.to_rgba(np.nan_to_num(means))
    for (r, c), mean in np.ndenumerate(means):
        if np.isfinite(mean):
            shade = shades[r, c]
            ink = legible(shade[:3])
            panel.text(c + 0.5, r + 0.56, f"{mean:.{digits}f}", ha="center", va="center", fontsize=7, color=ink)
            panel.text(c + 0.5, r + 0.2, f"{runs[r, c]}", ha="center", va="center", fontsize=5, color=ink)
