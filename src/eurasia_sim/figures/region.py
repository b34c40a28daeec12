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
from eurasia_sim.figures.held import Held
from eurasia_sim.figures.style import INK, WIDTH, Page, Request, Values, Words, use_style
from eurasia_sim.simulation.replay import restored
from eurasia_sim.world.world import World

_MOST_MAPPED = 3  # scenarios
_OTHERS_COLOUR = "#9A9A9A"
_SIDE = 0.4  # half of a tile's side
_ARROWS, _LEAST_THREAT, _THREAT = 5, 0.02, "#7A1F1F"
_LEAST_PRESENCE = 0.005
_KEY = "Bases: 1 is one full permanent base; forces and counterterror in 100,000 troops."
_TILES = (
    "Tiles lie as the world's data place them, not to scale. Percentages: foreign influence; a "
    "tile takes the colour of whoever has most, paler where the lead is small. Arrows: threat that "
    "the state at the head sees in the one at the tail, the "
    f"{_ARROWS} strongest from {_LEAST_THREAT} on."
)


def map_pages(held: Held, request: Request) -> Iterator[Page]:
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
            words = Words(f"{held.title}: the region", f"{caption}\n{map_key(world)}")
            says = f"{len(world.theatres)} tiles with bases, institutions and flows of threat"
            yield Page(
                (theory, page), tile_map(world, moments, words), tile_table(world, moments), says
            )


def unlike_initials(names: Mapping[str, str]) -> dict[str, str]:
    """A short mark for every actor, no two alike: initials, or letters of the name."""
    marks = {}
    for actor, name in names.items():
        first = [word[0] for word in name.replace("-", " ").split()]
        marks[actor] = "".join(first)[:3].upper() if len(first) > 1 else name[:3]
    for letters in range(4, 12):
        taken = list(marks.values())
        for actor, name in names.items():
            if taken.count(marks[actor]) > 1:
                marks[actor] = name[:letters]
    return marks


def _institution_mark(institution: str) -> str:
    """A short mark of an institution: its id, or the first letters of the id's words."""
    parts = institution.split("_")
    return institution.upper() if len(parts) == 1 else "".join(part[0] for part in parts).upper()


def map_key(world: World) -> str:
    """What the marks and numbers on tiles stand for, for a caption."""
    marks = [f"{_institution_mark(k)} {venue.name}" for k, venue in world.institutions.items()]
    return f"{'; '.join(marks)}. {_KEY}" if marks else _KEY


def _memberships(world: World, ruler: str | None, t: int) -> str:
    """Marks of the institutions a theatre's ruler sits in."""
    seats = [
        _institution_mark(name)
        for name, venue in world.institutions.items()
        for m in venue.members
        if m.actor == ruler and m.since <= t and (m.until is None or t < m.until)
    ]
    return " · ".join(dict.fromkeys(seats))


def _present(presence: Values, marks: Sequence[str]) -> str:
    """Who is present in a theatre, kind by kind, in words; presence is (N, P)."""
    kinds = []
    for kind, column in zip(PRESENCE_KINDS, presence.T, strict=True):
        present = zip(marks, column, strict=True)
        there = [f"{mark} {value:.2g}" for mark, value in present if value >= _LEAST_PRESENCE]
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
    marks = list(unlike_initials({a.id: a.name for a in world.actors.values()}).values())
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
                    "bases": _present(each.presence[:, at], marks),
                    "institutions": _memberships(world, each.rulers[at], each.month),
                    "ruler": each.rulers[at],
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def flow_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """What the ruler of one theatre fears from another's: `month`, `source`, `target`, `threat`."""
    rows = [
        (each.label, source, target, float(each.values[f"threat.{one}.{other}"]))
        for each in moments
        for target, one in zip(world.theatres, each.rulers, strict=True)
        for source, other in zip(world.theatres, each.rulers, strict=True)
        if one and other and one != other
    ]
    return pd.DataFrame(rows, columns=["month", "source", "target", "threat"])


@use_style()
def tile_map(world: World, moments: Sequence[Moment], words: Words) -> Figure:
    """A tile a theatre, a map a moment (two abreast)."""
    tiles, threats = tile_table(world, moments), flow_table(world, moments)
    columns = min(2, len(moments))
    (left, right), (top, bottom) = ((tiles[k].min(), tiles[k].max()) for k in ("column", "row"))
    side = (WIDTH / columns - 0.15) / (right - left + 1)
    height = min(side, 1.75) * (bottom - top + 1) + 0.3
    focus = {world.actors[actor].name: world.actors[actor].colour for actor in _focus(world)}
    shades = {**focus, "others": _OTHERS_COLOUR}
    legend = {name: style.swatch(facecolor=colour) for name, colour in shades.items()}
    lost = int(tiles["first"].isna().sum())
    note = _TILES + (f" {lost} tiles have no finite run." if lost else "")
    figure, panels = style.panel_each(len(moments), 2, height, words, note, legend)
    for panel, moment in zip(panels, moments, strict=True):
        own = tiles[tiles["month"] == moment.label]
        for tile in style.rows_of(own):
            _draw_tile(panel, tile, shades, 1.0 if columns == 1 else 0.8)
        _draw_flows(panel, threats[threats["month"] == moment.label], own.set_index("theatre"))
        panel.set(xlim=(left - 0.5, right + 0.5), ylim=(bottom + 0.5, top - 0.5))
        panel.set_title(moment.label)
        panel.set_axis_off()
    return figure


def _draw_tile(
    panel: Axes, tile: Mapping[str, Any], shades: Mapping[str, str], letters: float
) -> None:
    """One theatre: its name, its foreign influence, its condition, bases and institutions."""
    left, top = float(tile["column"]) - _SIDE, float(tile["row"]) - _SIDE
    shares = np.array([tile["first"], tile["second"], tile["others"]], dtype=float)
    fill: Any = "white"
    influence = "no finite run"
    if np.isfinite(shares).all():
        *_, second, most = np.argsort(shares)
        strength = 0.12 + 0.4 * float(np.clip(shares[most] - shares[second], 0.0, 1.0))
        fill = 1.0 - strength + strength * np.array(to_rgb([*shades.values()][most]))
        named = zip(shades, shares, strict=True)
        influence = ", ".join(f"{name} {100 * share:.0f} %" for name, share in named)
    edge: Any = {"facecolor": fill, "edgecolor": INK, "linewidth": 0.8}
    panel.add_patch(Rectangle((left, top), 2 * _SIDE, 2 * _SIDE, **edge))
    lines = (influence, tile["state"], tile["bases"], tile["institutions"])
    body = "\n".join(style.break_lines(str(line), 27) for line in lines if line)
    look: Any = {"va": "top", "color": INK, "linespacing": 1.1}
    panel.text(left + 0.04, top + 0.05, tile["name"], weight="bold", fontsize=8.5 * letters, **look)
    panel.text(left + 0.04, top + 0.2, body, fontsize=6.0 * letters, **look)


def _draw_flows(panel: Axes, threats: pd.DataFrame, tiles: pd.DataFrame) -> None:
    """The strongest threats as arrows that pass behind the tiles between and hide no word."""
    strong = threats[threats["threat"] >= _LEAST_THREAT]
    strong = strong.sort_values("threat", ascending=False, kind="stable").head(_ARROWS)
    for row in style.rows_of(strong):
        tail, head = (
            tiles.loc[row[end], ["column", "row"]].to_numpy(dtype=float)
            for end in ("source", "target")
        )  # fmt: skip
        along = (head - tail) / np.linalg.norm(head - tail)
        edge = float((_SIDE - 0.02) / np.abs(along).max())  # from a tile's middle, that way
        threat = min(row["threat"], 1.0)
        arrow: Any = {
            "arrowstyle": "-|>", "color": _THREAT, "alpha": 0.85, "linewidth": 0.8 + 3.0 * threat,
            "mutation_scale": 7 + 10 * threat, "connectionstyle": "arc3,rad=0.25",
            "shrinkA": 0, "shrinkB": 0,
        }  # fmt: skip
        ends: Any = {"xy": head - along * edge, "xytext": tail + along * edge}
        panel.annotate("", arrowprops=arrow, zorder=0.5, **ends)
        middle = head - along * (edge + 0.08) - 0.08 * np.array([-along[1], along[0]])
        box: Any = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.9}
        text: Any = {"fontsize": 5.5, "ha": "center", "va": "center", "color": _THREAT}
        panel.text(*middle, f"{row['threat']:.2f}", zorder=6, bbox=box, **text)
