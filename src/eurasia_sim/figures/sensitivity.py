"""Which factor moves an outcome: a tornado of what its ends do, and variance-based indices with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from eurasia_sim.comparison import mean_interval
from eurasia_sim.figures.heatmap import factor_name
from eurasia_sim.figures.style import INK, Look, broken, framed, looks, plain, readable, rows_of, styled

MOST_FACTORS = 20
_END = 0.2  # share of the runs at each end of a factor
_TORNADO = (
    "Bars: mean of the runs in the lowest and in the highest fifth of a factor, or at its lowest and highest level, "
    "with 95 % bootstrap intervals. The line is the mean of all runs. Longest first{left}."
)
_INDICES = (
    "First order: share of the variance that a factor alone accounts for. Total: share that also counts what it does "
    "together with others. Bars: {level} intervals; an index below 0 or a first above its total is sampling error. "
    "Largest total first{left}."
)


def tornado_table(table: pd.DataFrame, factors: Sequence[str], measure: str) -> pd.DataFrame:
    """What a measure does at both ends of every factor, a row a factor, the widest first.

    Args:
        table: a row a run; a failed run is NaN and counts for neither end.
        factors: columns of numbers, or of text, whose levels are ordered by the measure's own mean.

    Returns:
        Columns `factor`, `low`, `high` (means at the ends), their intervals `low_low` … `high_high`, `low_at`,
        `high_at` (what the ends are), `runs`, `missing`, `middle` (mean of all runs).
    """
    values = table[measure].to_numpy(dtype=float)
    whole = np.isfinite(values)
    middle = float(values[whole].mean()) if whole.any() else float("nan")
    rows = []
    for factor in factors:
        ends = _ends(table.loc[whole, factor], values[whole])
        found = [(float(values[whole][inside].mean()), *mean_interval(values[whole][inside])) for _, inside in ends]
        (low, low_low, low_high), (high, high_low, high_high) = found
        rows.append(
            {
                "factor": factor, "low": low, "low_low": low_low, "low_high": low_high, "low_at": ends[0][0],
                "high": high, "high_low": high_low, "high_high": high_high, "high_at": ends[1][0],
                "runs": int(whole.sum()), "missing": int((~whole).sum()), "middle": middle,
            }
        )  # fmt: skip
    found_table = pd.DataFrame(rows)
    width = (found_table["high"] - found_table["low"]).abs()
    return found_table.loc[width.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def _ends(factor: pd.Series, values: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The runs at the two ends of a factor, and what the ends are called."""
    if not pd.api.types.is_numeric_dtype(factor):
        means = pd.Series(values, index=factor.index).groupby(factor).mean()
        chosen = [means.idxmin(), means.idxmax()]
        return [(str(level), (factor == level).to_numpy()) for level in chosen]
    if factor.nunique() <= 1 / _END:
        return [(plain(end), (factor == end).to_numpy()) for end in (factor.min(), factor.max())]
    low, high = factor.quantile([_END, 1 - _END])
    return [
        (f"≤ {plain(low, high - low)}", (factor <= low).to_numpy()),
        (f"≥ {plain(high, high - low)}", (factor >= high).to_numpy()),
    ]


def tornado(
    ends: pd.DataFrame,
    measure: str,
    title: str,
    caption: str,
    *,
    names: Mapping[str, str] | None = None,
    unit: str = "",
) -> Figure:
    """Bars from the overall mean to the mean at either end of each factor.

    Args:
        ends: as `tornado_table` gives; the first twenty are drawn, and how many are left out is said.

    Raises:
        ValueError: where there is no factor.
    """
    if ends.empty:
        raise ValueError("there is no factor to draw")
    shown = ends.head(MOST_FACTORS)
    low, high = list(looks("ab").values())
    legend: dict[str, Artist] = {
        "at the factor's low end": Patch(color=low.colour, alpha=0.85),
        "at its high end": Patch(facecolor=high.colour, alpha=0.85, hatch="///", edgecolor="white"),
    }
    counts = f"{ends['runs'].iloc[0]} runs, {ends['missing'].iloc[0]} missing"
    with styled():
        note = f"{caption}\n{counts}. {_TORNADO.format(left=_left_out(ends))}"
        figure, (panel,) = framed(1, 1, 0.75 + 0.3 * len(shown), title, note, legend)
        for at, row in enumerate(rows_of(shown)):
            for end, look, hatch, place in (("low", low, "", 0.18 - at), ("high", high, "///", -0.18 - at)):
                panel.barh(
                    place, row[end] - row["middle"], left=row["middle"], height=0.36, color=look.colour, alpha=0.85,
                    hatch=hatch, edgecolor="white",
                )  # fmt: skip
                panel.hlines(place, row[f"{end}_low"], row[f"{end}_high"], color=INK, linewidth=1.0, zorder=3)
            panel.text(
                1.01, -at, f"{row['low_at']}\n{row['high_at']}", transform=panel.get_yaxis_transform(), fontsize=5.5,
                va="center", color=INK, linespacing=1.1,
            )  # fmt: skip
        panel.axvline(ends["middle"].iloc[0], color=INK, linewidth=0.9)
        _rows(panel, list(shown["factor"]))
        panel.set_title(readable(measure, names))
        panel.set_xlabel(unit)
    return figure


def index_plot(indices: pd.DataFrame, title: str, caption: str, *, level: str = "95 %") -> Figure:
    """First-order and total indices of every factor with their intervals, the largest total first.

    Args:
        indices: columns `factor`, `first`, `first_low`, `first_high`, `total`, `total_low`, `total_high`; a NaN is
            written as such. level: of the intervals.

    Raises:
        ValueError: where there is no factor.
    """
    if indices.empty:
        raise ValueError("there is no factor to draw")
    ordered = indices.sort_values("total", ascending=False, kind="stable", na_position="last", ignore_index=True)
    shown = ordered.head(MOST_FACTORS)
    looked = dict(zip(("first", "total"), looks("ab").values(), strict=True))
    legend: dict[str, Artist] = {
        said: Line2D([], [], color=looked[kind].colour, marker=looked[kind].marker, markersize=5, linewidth=2.2)
        for said, kind in (("first order", "first"), ("total", "total"))
    }
    with styled():
        note = f"{caption}\n{_INDICES.format(level=level, left=_left_out(ordered))}"
        figure, (panel,) = framed(1, 1, 0.75 + 0.3 * len(shown), title, note, legend)
        for at, row in enumerate(rows_of(shown)):
            for kind, offset in (("first", 0.15), ("total", -0.15)):
                _index(panel, row, kind, offset - at, looked[kind])
            panel.text(
                1.01, -at, "\n".join(_said(row, kind) for kind in ("first", "total")),
                transform=panel.get_yaxis_transform(), fontsize=5.5, va="center", color=INK, linespacing=1.1,
            )  # fmt: skip
        panel.axvline(0.0, color=INK, linestyle="--", linewidth=0.8)
        low, high = panel.get_xlim()
        panel.set_xlim(min(low, -0.02), max(high, 0.1))
        _rows(panel, list(shown["factor"]))
        panel.set_xlabel("share of the outcome's variance")
    return figure


def _index(panel: Axes, row: Mapping[str, Any], kind: str, height: float, look: Look) -> None:
    if not np.isfinite(row[kind]):
        return
    panel.hlines(height, row[f"{kind}_low"], row[f"{kind}_high"], color=look.colour, linewidth=2.2)
    panel.plot(
        row[kind], height, look.marker, markersize=4.5, color=look.colour, markeredgecolor=INK, markeredgewidth=0.5
    )  # fmt: skip


def _said(row: Mapping[str, Any], kind: str) -> str:
    """An index in words; one without a number says so."""
    if not np.isfinite(row[kind]):
        return f"{kind}: no number"
    return f"{row[kind]:.2f} [{row[f'{kind}_low']:.2f}, {row[f'{kind}_high']:.2f}]".replace("-", "−")


def _left_out(table: pd.DataFrame) -> str:
    more = len(table) - MOST_FACTORS
    return f"; {more} smaller ones are in the table alone" if more > 0 else ""


def _rows(panel: Axes, factors: Sequence[str]) -> None:
    panel.set_yticks(-np.arange(len(factors), dtype=float), [broken(factor_name(name), 40) for name in factors])
    panel.set_ylim(-len(factors) + 0.4, 0.6)
    panel.tick_params(axis="y", length=0, labelsize=7)
    panel.grid(visible=False, axis="y")
    panel.xaxis.set_major_locator(MaxNLocator(nbins=7))
