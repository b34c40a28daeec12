"""What Morris's design says of every factor: how much it matters, and whether alone or together with others."""

from __future__ import annotations

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from eurasia_sim.figures.heatmap import factor_name
from eurasia_sim.figures.sensitivity import MOST_FACTORS
from eurasia_sim.figures.style import INK, broken, framed, looks, rows_of, styled

_HOW_TO_READ = (
    "Left: µ*, the mean size of what a step over a factor's whole range does, with its 95 % interval, largest first; "
    "a mark within shows the mean with its sign. Right: σ, how much that differs from place to place. Above the dashed "
    "line (σ = µ*) a factor acts mostly through others or bends; far below it, it acts alone and evenly{left}."
)


def elementary_effects(effects: pd.DataFrame, title: str, caption: str, *, unit: str = "") -> Figure:
    """Mean absolute effects with intervals as bars, and beside them µ* against σ, a numbered dot a factor.

    Args:
        effects: a row a factor: `factor`, `mean`, `absolute` (µ*), `low`, `high` (its interval), `deviation` (σ), all
            in the measure's unit; the first twenty by µ* are drawn.

    Raises:
        ValueError: where there is no factor.
    """
    if effects.empty:
        raise ValueError("there is no factor to draw")
    ordered = effects.sort_values("absolute", ascending=False, kind="stable", na_position="last", ignore_index=True)
    shown = ordered.head(MOST_FACTORS)
    more = len(ordered) - len(shown)
    left_out = f"; {more} smaller ones are in the table alone" if more else ""
    size, signed = list(looks("ab").values())
    legend: dict[str, Artist] = {
        "µ*, mean size of the effect": Line2D([], [], color=size.colour, linewidth=5.0, alpha=0.85),
        "mean effect": Line2D([], [], color=signed.colour, marker="D", markersize=5, linewidth=0, markeredgecolor=INK),
        "σ = µ*": Line2D([], [], color=INK, linestyle="--", linewidth=0.8),
    }
    with styled():
        note = f"{caption}\n{_HOW_TO_READ.format(left=left_out)}"
        height = max(2.8, 0.75 + 0.3 * len(shown))
        figure, (left, right) = framed(1, 2, height, title, note, legend, width_ratios=(1.25, 1.0))
        for at, row in enumerate(rows_of(shown)):
            left.barh(-at, row["absolute"], height=0.6, color=size.colour, alpha=0.85)
            left.hlines(-at, row["low"], row["high"], color=INK, linewidth=1.0, zorder=3)
            left.plot(row["mean"], -at, "D", color=signed.colour, markersize=4.5, markeredgecolor=INK,
                      markeredgewidth=0.5, zorder=4)  # fmt: skip
            right.plot(row["absolute"], row["deviation"], "o", color=size.colour, markersize=5)
            right.annotate(str(at + 1), (row["absolute"], row["deviation"]), xytext=(4, 3),
                           textcoords="offset points", fontsize=7, color=INK)  # fmt: skip
        labels = [broken(f"{at}  {factor_name(name)}", 32) for at, name in enumerate(shown["factor"], start=1)]
        left.set_yticks([-float(at) for at in range(len(labels))], labels, fontsize=7)
        left.xaxis.set_major_locator(MaxNLocator(nbins=5))
        left.axvline(0.0, color=INK, linewidth=0.8)
        left.tick_params(axis="y", length=0)
        left.grid(visible=False, axis="y")
        left.set(xlabel=unit, title="Effect over the whole range")
        most = 1.12 * float(shown[["absolute", "deviation"]].max().max()) or 1.0
        right.plot([0.0, most], [0.0, most], "--", color=INK, linewidth=0.8, zorder=0)
        right.set(xlabel=f"µ* ({unit})" if unit else "µ*", ylabel="σ", xlim=(0.0, most), ylim=(0.0, most))
        right.set_title("Size against unevenness")
    return figure
