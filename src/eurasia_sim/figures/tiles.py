"""A region as a labelled map of tiles: who has influence, bases and institutions, and where threat flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch, Rectangle

from eurasia_sim.figures.style import INK, broken, framed, legible, rows_of, styled

_OTHERS = "#9A9A9A"
_HALF = 0.4  # of a tile's side
_MOST_ARROWS = 5
_LEAST_THREAT = 0.02
_HATCHES = ("", "////", "....")
_HOW_TO_READ = (
    "Tiles lie as the world's data place them, not to scale. Bar and percentages: foreign influence by {first}, "
    "{second} and others; the tile takes the colour of whoever has most, paler where the lead is small. Arrows: threat "
    "that the state at the head sees in the one at the tail, the {most} strongest from {least} on."
)


def tile_map(
    tiles: pd.DataFrame,
    threats: pd.DataFrame,
    lean: Mapping[str, tuple[str, str]],
    title: str,
    caption: str,
    *,
    panels: Sequence[str],
    by: str = "month",
) -> Figure:
    """A tile a theatre, a map a group (two abreast).

    Args:
        tiles: a row a theatre and group: `theatre`, `name`, `row`, `column`, `first`, `second`, `others` (shares of the
            foreign influence, adding up to 1; NaN where no run is finite), `bases`, `institutions` (words, may be
            empty), `state` (one line of words on its condition).
        threats: columns group, `source`, `target` (theatres), `threat` (0 and above).
        lean: name and colour of the two actors in focus under `first` and `second`.
        panels: the groups in order.

    Raises:
        ValueError: where no theatre has a tile.
    """
    if tiles.empty:
        raise ValueError("no theatre of this world has a tile; give `tile: [row, column]` in theatres.yaml")
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    deep = int(tiles["row"].max() - tiles["row"].min()) + 1
    wide = int(tiles["column"].max() - tiles["column"].min()) + 1
    side = (8.0 / columns - 0.15) / wide
    legend: dict[str, Artist] = {
        **{
            name: Patch(facecolor=colour, hatch=hatch, edgecolor="white")
            for (name, colour), hatch in zip(lean.values(), _HATCHES, strict=False)
        },
        "others": Patch(facecolor=_OTHERS, hatch=_HATCHES[2], edgecolor="white"),
    }
    names = [name for name, _ in lean.values()]
    how = _HOW_TO_READ.format(first=names[0], second=names[1], most=_MOST_ARROWS, least=_LEAST_THREAT)
    lost = int(tiles["first"].isna().sum())
    how += f" {lost} tiles have no finite run." if lost else ""
    with styled():
        height = rows * (min(side, 1.75) * deep + 0.3)
        figure, axes = framed(rows, columns, height, title, f"{caption}\n{how}", legend)
        letters = 1.0 if columns == 1 else 0.8
        for panel, group in zip(axes, panels, strict=False):
            own = tiles[tiles[by] == group]
            for tile in rows_of(own):
                _tile(panel, tile, [colour for _, colour in lean.values()], letters)
            _flows(panel, threats[threats[by] == group], own.set_index("theatre"))
            panel.set_xlim(tiles["column"].min() - 0.5, tiles["column"].max() + 0.5)
            panel.set_ylim(tiles["row"].max() + 0.5, tiles["row"].min() - 0.5)
            panel.set_title(str(group))
            panel.set_axis_off()
        for panel in axes[len(panels) :]:
            panel.set_visible(False)
    return figure


def _mixed(shares: Sequence[float], colours: Sequence[str]) -> tuple[float, ...]:
    """The colour of whoever has most, paler the less it leads."""
    order = np.argsort(shares)[::-1]
    lead = shares[order[0]] - shares[order[1]]
    strength = 0.12 + 0.4 * float(np.clip(lead, 0.0, 1.0))
    return tuple(1.0 - strength + strength * part for part in to_rgb(colours[order[0]]))


def _tile(panel: Axes, tile: Mapping[str, Any], lean: Sequence[str], letters: float) -> None:
    """One theatre: its name, its bar of influence, its condition, bases and institutions."""
    x, y = float(tile["column"]), float(tile["row"])
    shares = [float(tile[key]) for key in ("first", "second", "others")]
    colours = [*lean, _OTHERS]
    known = bool(np.isfinite(shares).all())
    panel.add_patch(
        FancyBboxPatch(
            (x - _HALF, y - _HALF), 2 * _HALF, 2 * _HALF, boxstyle="round,pad=0,rounding_size=0.05",
            facecolor=_mixed(shares, colours) if known else "white", edgecolor=INK, linewidth=0.8,
        )
    )  # fmt: skip
    left, top = x - _HALF + 0.04, y - _HALF

    def write(text: str, down: float, size: float, **more: Any) -> None:
        panel.text(left, top + down, text, fontsize=size * letters, va="top", color=INK, linespacing=1.1, **more)

    write(str(tile["name"]), 0.05, 8.5, weight="bold")
    if known:
        start, width = left, 2 * _HALF - 0.08
        for share, colour, hatch in zip(shares, colours, _HATCHES, strict=True):
            panel.add_patch(
                Rectangle(
                    (start, top + 0.21), share * width, 0.13, facecolor=colour, hatch=hatch, edgecolor="white",
                    linewidth=0.4,
                )
            )  # fmt: skip
            if share >= 0.2:
                panel.text(
                    start + share * width / 2, top + 0.275, f"{100 * share:.0f} %", ha="center", va="center",
                    fontsize=6.0 * letters, weight="bold", color=legible(colour),
                    bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.4},
                )  # fmt: skip
            start += share * width
    else:
        write("no finite run", 0.22, 6.5)
    write(str(tile["state"]), 0.38, 6.2)
    bases, venues = (broken(str(tile[key]), 27) for key in ("bases", "institutions"))
    write("\n".join(filter(None, (bases, venues))), 0.49, 6.0)


def _flows(panel: Axes, threats: pd.DataFrame, tiles: pd.DataFrame) -> None:
    """The strongest threats as arrows, wider for more; they pass behind the tiles between and hide no word."""
    strong = threats[(threats["threat"] >= _LEAST_THREAT) & (threats["source"] != threats["target"])]
    strong = strong.sort_values("threat", ascending=False, kind="stable").head(_MOST_ARROWS)
    for row in rows_of(strong):
        tail, head = (tiles.loc[row[end], ["column", "row"]].to_numpy(dtype=float) for end in ("source", "target"))
        along = (head - tail) / np.linalg.norm(head - tail)
        panel.add_patch(
            FancyArrowPatch(
                tail + along * _reach(along), head - along * _reach(along), arrowstyle="-|>",
                mutation_scale=7 + 10 * min(row["threat"], 1.0), linewidth=0.8 + 3.0 * min(row["threat"], 1.0),
                color="#7A1F1F", connectionstyle="arc3,rad=0.25", alpha=0.85, zorder=0.5,
            )
        )  # fmt: skip
        middle = head - along * (_reach(along) + 0.08) - 0.08 * np.array([-along[1], along[0]])
        panel.text(
            middle[0], middle[1], f"{row['threat']:.2f}", fontsize=5.5, ha="center", va="center", color="#7A1F1F",
            zorder=6, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.9},
        )  # fmt: skip


def _reach(along: np.ndarray) -> float:
    """How far from a tile's middle its edge lies in a direction."""
    return float((_HALF - 0.02) / np.abs(along).max())
