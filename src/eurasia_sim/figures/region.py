"""The region in single months of a run: a tile a theatre, with who is present and is feared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from eurasia_sim.compute.dimensions import DOMAINS, PRESENCE_KINDS
from eurasia_sim.figures import style
from eurasia_sim.figures.actors import Moment, moment_at, months_of, replay_runs, scenarios_of
from eurasia_sim.figures.style import INK, WIDTH, Page, Request, Values, Words, use_style
from eurasia_sim.files.text import shortened
from eurasia_sim.simulation.replay import restored
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.world.world import World

_MOST_MAPPED = 3  # scenarios
_OTHERS_COLOUR = "#9A9A9A"
_SIDE = 0.4  # half of a tile's side
_LEAST_PRESENCE = 0.005
_TILES = (
    "Tiles lie as the world's data place them, not to scale. Percentages: foreign influence; a "
    "tile takes the colour of whoever has most, paler where the lead is small. Bases: 1 is one "
    "full permanent base; forces and counterterror in 100,000 troops."
)


def map_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """The region before the scenarios part and at their end, a figure a theory."""
    world, scenarios = held.world, scenarios_of(held)
    for theory in held.manifest["theories"]:
        for page, shown in style.pages_of(scenarios, _MOST_MAPPED):
            moments: list[Moment] = []
            caption = ""
            for scenario in shown:
                found, caption = replay_runs(held, scenario, theory)
                last = found.inputs.months - 1
                months = months_of(held, request.months, last, 1)
                if not request.months and scenario == scenarios[0]:
                    resolved = restored(held.manifest["scenarios"][scenario], world)
                    parting = resolved.departs or world.month("2022-01")
                    months = [min(parting - 1, last), *months]
                labels = {t: f"{scenario}, {world.date(t)}" for t in months}
                moments += [moment_at(found, world, t, label) for t, label in labels.items()]
            together = f"scenarios {', '.join(shown)}"
            caption = caption.replace(f"scenario {shown[-1]}", together)
            words = Words(f"{held.title}: the region", caption)
            says = f"{len(world.theatres)} tiles with rulers, influence, forces and bases"
            yield Page(
                (theory, page), tile_map(world, moments, words), tile_table(world, moments), says
            )


def _present(presence: Values, names: Sequence[str]) -> str:
    """Who is present in a theatre, kind by kind, in words; presence is (N, P)."""
    kinds = []
    for kind, column in zip(PRESENCE_KINDS, presence.T, strict=True):
        present = zip(names, column, strict=True)
        there = [f"{name} {value:.2g}" for name, value in present if value >= _LEAST_PRESENCE]
        kinds += [f"{kind} {', '.join(there)}"] if there else []
    return "; ".join(kinds)


def _focus(world: World) -> Sequence[str]:
    """The first pair in focus; the first two actors where the world names none."""
    return world.pairs[0] if world.pairs else tuple(world.actors)[:2]


def _grid(world: World) -> dict[str, tuple[int, int]]:
    """Row and column of every theatre; those without a place stand in rows of four below."""
    placed = {k: theatre.tile for k, theatre in world.theatres.items() if theatre.tile is not None}
    below = 1 + max((row for row, _ in placed.values()), default=-1)
    loose = [k for k in world.theatres if k not in placed]
    return {**placed, **{k: (below + at // 4, at % 4) for at, k in enumerate(loose)}}


def tile_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """A row a moment (its label under `month`) and theatre.

    `first`, `second` and `others` are shares of the foreign influence that add up to 1, NaN where
    no run is finite.
    """
    places = _grid(world)
    names = {actor.id: actor.name for actor in world.actors.values()}
    rows = []
    for each in moments:
        for at, (k, theatre) in enumerate(world.theatres.items()):
            foreign = {
                a: float(np.mean([each.values[f"influence.{a}.{k}.{d}"] for d in DOMAINS]))
                for a in world.actors
                if a not in (theatre.ruler, theatre.challenger)
            }
            total = sum(foreign.values())
            first, second = (
                foreign.get(a, 0.0) / total if total else np.nan for a in _focus(world)
            )
            state = (
                f"{kind} {each.values[f'{kind}.{k}']:.2f}" for kind in ("stability", "militants")
            )
            rows.append(
                {
                    "month": each.label, "theatre": k, "name": theatre.name, "row": places[k][0],
                    "column": places[k][1], "first": first, "second": second,
                    "others": 1.0 - first - second, "state": ", ".join(state),
                    "bases": _present(each.presence[:, at], list(names.values())),
                    "ruler": names.get(each.rulers[at] or "", "nobody"),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


@use_style()
def tile_map(world: World, moments: Sequence[Moment], words: Words) -> Figure:
    """A tile a theatre, a map a moment (two abreast)."""
    tiles = tile_table(world, moments)
    columns = min(2, len(moments))
    (left, right), (top, bottom) = ((tiles[k].min(), tiles[k].max()) for k in ("column", "row"))
    side = (WIDTH / columns - 0.15) / (right - left + 1)
    height = min(side, 1.75) * (bottom - top + 1) + 0.3
    focus = [world.actors[actor] for actor in _focus(world)]
    shades = [*((actor.name, actor.colour) for actor in focus), ("others", _OTHERS_COLOUR)]
    legend = {name: style.swatch(facecolor=colour) for name, colour in shades}
    lost = int(tiles["first"].isna().sum())
    note = _TILES + (f" {lost} tiles have no finite run." if lost else "")
    figure, panels = style.panel_each(len(moments), 2, height, words, note, legend)
    for panel, moment in zip(panels, moments, strict=True):
        for tile in style.rows_of(tiles[tiles["month"] == moment.label]):
            _draw_tile(panel, tile, shades, 1.0 if columns == 1 else 0.8)
        panel.set(xlim=(left - 0.5, right + 0.5), ylim=(bottom + 0.5, top - 0.5))
        panel.set_title(style.break_lines(shortened(moment.label, 90), 88 // columns))
        panel.set_axis_off()
    return figure


def _draw_tile(
    panel: Axes, tile: Mapping[str, Any], shades: Sequence[tuple[str, str]], letters: float
) -> None:
    """One theatre: its name, its foreign influence, its condition, bases and institutions."""
    left, top = float(tile["column"]) - _SIDE, float(tile["row"]) - _SIDE
    shares = np.array([tile["first"], tile["second"], tile["others"]], dtype=float)
    fill: Any = "white"
    influence = "no finite run"
    if np.isfinite(shares).all():
        *_, second, most = np.argsort(shares)
        strength = 0.12 + 0.4 * float(np.clip(shares[most] - shares[second], 0.0, 1.0))
        fill = 1.0 - strength + strength * np.array(to_rgb(shades[most][1]))
        named = zip(shades, shares, strict=True)
        parts = (f"{shortened(name, 24)} {100 * share:.0f} %" for (name, _), share in named)
        influence = ", ".join(parts)
    edge: Any = {"facecolor": fill, "edgecolor": INK, "linewidth": 0.8}
    panel.add_patch(Rectangle((left, top), 2 * _SIDE, 2 * _SIDE, **edge))
    lines = (f"ruled by {tile['ruler']}", influence, tile["state"], tile["bases"])
    body = "\n".join(style.break_lines(shortened(str(line), 120), 27) for line in lines if line)
    look: Any = {"va": "top", "color": INK, "linespacing": 1.1}
    name = shortened(tile["name"], 32)
    panel.text(left + 0.04, top + 0.05, name, weight="bold", fontsize=8.5 * letters, **look)
    panel.text(left + 0.04, top + 0.2, body, fontsize=6.0 * letters, **look)
