"""Who holds influence where, and in what: theatres x domains x patrons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from eurasia_sim.figures.style import INK, broken, framed, legible, styled

_LEAST = 0.06  # share that an actor reaches somewhere to be drawn by itself
_SLIVER = 0.025  # share of one bar below which it joins the others there
_LEAST_WRITTEN = 0.09
_OTHERS, _OTHERS_COLOUR = "others", "#BDBDBD"
_HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----")
_HOW_TO_READ = (
    "A bar is all influence that is held in a theatre and domain; its parts are who holds it, largest patron of the "
    "whole figure first, the theatre's own at the right. Letters: the actor's mark. Others: {others}, and who holds "
    "less than {sliver:.1%} of a bar. What is held by nobody is left white."
)


def influence_mosaic(
    held: pd.DataFrame,
    actors: Mapping[str, tuple[str, str, str]],
    own: Mapping[str, Sequence[str]],
    title: str,
    caption: str,
    *,
    names: Mapping[str, str] | None = None,
    by: str = "scenario",
) -> Figure:
    """A row a theatre and group, a panel a domain, a part a patron in the actor's own colour.

    Args:
        held: columns `theatre`, `domain`, `actor`, `share` (0..1 of the influence there; NaN where no run is finite),
            and the group `by`, at most four of them.
        actors: name, colour and mark of every actor. own: by theatre, who rules or contests it: no foreign patrons.

    Raises:
        ValueError: where there is nothing to draw, or more than four groups.
    """
    groups = list(dict.fromkeys(held[by]))
    if held.empty or len(groups) > 4:
        raise ValueError(f"a mosaic compares 1 to 4 groups; column {by} has {len(groups)}")
    domains, theatres = list(dict.fromkeys(held["domain"])), list(dict.fromkeys(held["theatre"]))
    order = _order(held, own)
    shown = [actor for actor in order if actor != _OTHERS]
    legend: dict[str, Artist] = {
        actors[actor][0]: Patch(facecolor=actors[actor][1], hatch=_hatch(at), edgecolor="white")
        for at, actor in enumerate(shown)
    }
    small = [name for actor, (name, _, _) in actors.items() if actor not in shown]
    legend[_OTHERS] = Patch(facecolor=_OTHERS_COLOUR)
    rows = len(theatres) * len(groups)
    missing = int(held["share"].isna().sum())
    note = f"{caption}\n{_HOW_TO_READ.format(others=', '.join(small) or 'nobody else', sliver=_SLIVER)}"
    note += f" {missing} shares have no number." if missing else ""
    with styled():
        height = 0.6 + 0.27 * rows + 0.1 * len(theatres)
        figure, panels = framed(1, len(domains), height, title, note, legend, sharey=True)
        heights, labels = _rows(theatres, groups, names or {})
        for panel, domain in zip(panels, domains, strict=True):
            for (theatre, group), place in heights.items():
                cell = held[(held["domain"] == domain) & (held["theatre"] == theatre) & (held[by] == group)]
                _bar(panel, cell.set_index("actor")["share"], place, shown, actors, own.get(theatre, ()))
            panel.set_title(domain)
            panel.set_xlim(0.0, 1.0)
            panel.xaxis.set_major_formatter(PercentFormatter(1.0))
            panel.tick_params(axis="y", length=0)
            panel.grid(visible=False, axis="y")
        panels[0].set_yticks(list(heights.values()), labels, fontsize=6.5)
        panels[0].set_ylim(min(heights.values()) - 0.6, 0.6)
    return figure


def _hatch(at: int) -> str:
    return _HATCHES[at % len(_HATCHES)]


def _order(held: pd.DataFrame, own: Mapping[str, Sequence[str]]) -> list[str]:
    """Actors that are drawn by themselves: foreign patrons by their whole share, then those at home."""
    home = {actor for actors in own.values() for actor in actors}
    large = held.groupby("actor", sort=False)["share"].max()
    whole = held.groupby("actor", sort=False)["share"].sum()
    chosen = [actor for actor in large.index if large[actor] >= _LEAST]
    return sorted(chosen, key=lambda actor: (actor in home, -whole[actor]))


def _rows(
    theatres: Sequence[str], groups: Sequence[str], names: Mapping[str, str]
) -> tuple[dict[tuple[str, str], float], list[str]]:
    """Height of the bar of every theatre and group, from the top down, and its label."""
    heights, labels = {}, []
    for t, theatre in enumerate(theatres):
        for g, group in enumerate(groups):
            heights[theatre, group] = -(t * (len(groups) + 0.4) + g)
            said = names.get(theatre, theatre)
            labels.append(broken(f"{said}, {names.get(group, group)}" if len(groups) > 1 else said, 30))
    return heights, labels


def _bar(
    panel: Axes,
    shares: pd.Series,
    height: float,
    shown: Sequence[str],
    actors: Mapping[str, tuple[str, str, str]],
    own: Sequence[str],
) -> None:
    """One theatre's shares of one domain: foreign patrons, the small ones together, then who rules or contests it."""
    if shares.isna().all():
        panel.text(0.01, height, "no finite run", va="center", fontsize=6, color=INK)
        return
    values = shares.fillna(0.0)
    foreign = [actor for actor in shown if actor not in own and values.get(actor, 0.0) >= _SLIVER]
    alone = [*foreign, *(actor for actor in own if actor in shown)]
    rest = float(values.sum() - values.reindex(alone).fillna(0.0).sum())
    parts = [(actor, float(values.get(actor, 0.0))) for actor in foreign] + [(_OTHERS, rest)]
    parts += [(actor, float(values.get(actor, 0.0))) for actor in own if actor in shown]
    left = 0.0
    for actor, share in parts:
        colour = _OTHERS_COLOUR if actor == _OTHERS else actors[actor][1]
        hatch = "" if actor == _OTHERS else _hatch(list(shown).index(actor))
        panel.barh(height, share, left=left, height=0.86, color=colour, hatch=hatch, edgecolor="white", linewidth=0.5)
        if share >= _LEAST_WRITTEN and actor != _OTHERS:
            panel.text(
                left + share / 2, height, actors[actor][2], ha="center", va="center", fontsize=5.5, weight="bold",
                color=legible(colour), bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.6, "alpha": 0.9},
            )  # fmt: skip
        left += share
    if not np.isfinite(left):
        raise ValueError("a share of influence is infinite")
