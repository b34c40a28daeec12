"""Theatres: who holds influence in each, as bars by domain and as a map of tiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.ticker import PercentFormatter

from eurasia_sim.compute.dimensions import DOMAINS, PRESENCE_KINDS
from eurasia_sim.figures import style
from eurasia_sim.figures.actors import (
    Patron,
    at_home,
    flow_table,
    focus,
    influence_columns,
    influence_table,
    leaning,
    map_key,
    patrons,
    venue_marks,
)
from eurasia_sim.figures.months import Moment, moment_at, months_of, replay_runs, scenarios_of
from eurasia_sim.figures.style import (
    INK,
    WIDTH,
    Page,
    Request,
    Values,
    Words,
    caption_of_runs,
    use_style,
)
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.replay import restored
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import RANGES
from eurasia_sim.world.world import World

_MOST_GROUPS, _MOST_MAPPED = 4, 3  # groups of a mosaic, scenarios of a map
_LEAST = 0.06  # share that an actor reaches somewhere to be drawn by itself
_SLIVER = 0.025  # share of one bar below which it joins the others there
_LEAST_WRITTEN = 0.09
_OTHERS, _OTHERS_COLOUR = "others", "#BDBDBD"
_HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----")
_MOSAIC = (
    "A bar is all influence that is held in a theatre and domain; its parts are who holds it, "
    "largest patron of the whole figure first, the theatre's own at the right. Letters: the "
    f"actor's mark. Others: {{others}}, and who holds less than {_SLIVER:.1%} of a bar. What is "
    "held by nobody is left white."
)
_SIDE = 0.4  # half of a tile's side
_ARROWS, _LEAST_THREAT, _THREAT = 5, 0.02, "#7A1F1F"
_LEAST_PRESENCE = 0.005
_OTHER_TILE, _TILE_HATCHES = "#9A9A9A", ("", "////", "....")
_TILES = (
    "Tiles lie as the world's data place them, not to scale. Bar and percentages: foreign "
    "influence by {first}, {second} and others; the tile takes the colour of whoever has most, "
    "paler where the lead is small. Arrows: threat that the state at the head sees in the one at "
    f"the tail, the {_ARROWS} strongest from {_LEAST_THREAT} on."
)


def mosaic_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Who holds influence in every theatre and domain: means over runs, group by group.

    Raises:
        DataError: for a folder that lacks a column of influence, or the group.
    """
    world = held.world
    columns = influence_columns(world)
    if lacking := [name for name in columns if name not in held.columns]:
        need = "a mosaic needs every column of influence"
        raise DataError([f"{held.folder} does not keep {lacking[0]}: {need}"])
    by = request.by or "scenario"
    if by not in held.columns:
        raise DataError([f"--by {by} is no column of the runs"])
    table = held.runs([*columns, by], set=RANGES)
    whole = [("all", table)]
    for theory, runs in whole if by == "theory" else table.groupby("theory", sort=False):
        keys = runs[by].astype(str)
        means = runs.groupby(keys, sort=False)[columns].mean()
        for page, groups in style.pages_of(list(dict.fromkeys(keys)), _MOST_GROUPS):
            shares: Any = means.loc[list(groups)].to_dict(orient="index")
            influence = influence_table(world, shares, by)
            said = caption_of_runs(held, runs[keys.isin(groups)])
            words = Words(f"{held.title}: who holds influence", said, held.names, by=by)
            arguments = {"influence": influence, "actors": patrons(world), "own": at_home(world)}
            says = f"{len(world.theatres)} theatres and {len(DOMAINS)} domains"
            yield Page("mosaic", (str(theory), page), influence, words, says, arguments)


def map_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """The region before the scenarios part and at their end, a picture a theory."""
    world, scenarios = held.world, scenarios_of(held)
    for theory in held.manifest["theories"]:
        for page, shown in style.pages_of(scenarios, _MOST_MAPPED):
            moments: list[Moment] = []
            said = ""
            for scenario in shown:
                found, said = replay_runs(held, scenario, theory)
                last = found.inputs.months - 1
                months = months_of(held, request.months, last, 1)
                if not request.months and scenario == scenarios[0]:
                    resolved = restored(held.manifest["scenarios"][scenario], world)
                    parting = resolved.departs or world.month("2022-01")
                    months = [min(parting - 1, last), *months]
                labels = {t: f"{scenario}, {world.date(t)}" for t in months}
                moments += [moment_at(found, world, t, label) for t, label in labels.items()]
            together = f"scenarios {', '.join(shown)}"
            said = said.replace(f"scenario {shown[-1]}", together) + f"\n{map_key(world)}"
            table = tile_table(world, moments)
            threats, words = flow_table(world, moments), Words(f"{held.title}: the region", said)
            arguments = {"tiles": table, "threats": threats, "lean": leaning(world)}
            says = f"{len(world.theatres)} tiles with bases, institutions and flows of threat"
            yield Page("map", (theory, page), table, words, says, arguments)


def tile_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """A row a moment (its label under `month`) and theatre, as `tile_map` takes them."""
    places = _grid(world)
    marks = [mark for _, _, mark in patrons(world).values()]
    rows = []
    for each in moments:
        for at, (k, theatre) in enumerate(world.theatres.items()):
            foreign = {
                a: float(np.mean([each.values[f"influence.{a}.{k}.{d}"] for d in DOMAINS]))
                for a in world.actors
                if a not in (theatre.ruler, theatre.challenger)
            }
            total = sum(foreign.values())
            first, second = (foreign.get(a, 0.0) / total if total else np.nan for a in focus(world))
            state = (
                f"{kind} {each.values[f'{kind}.{k}']:.2f}" for kind in ("stability", "militants")
            )
            rows.append(
                {
                    "month": each.label, "theatre": k, "name": theatre.name, "row": places[k][0],
                    "column": places[k][1], "first": first, "second": second,
                    "others": 1.0 - first - second, "state": ", ".join(state),
                    "bases": _present(each.presence[:, at], marks),
                    "institutions": venue_marks(world, each.rulers[at], each.month),
                    "ruler": each.rulers[at],
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _grid(world: World) -> dict[str, tuple[int, int]]:
    """Row and column of every theatre; those without a place stand in rows of four below."""
    placed = {k: theatre.tile for k, theatre in world.theatres.items() if theatre.tile is not None}
    below = 1 + max((row for row, _ in placed.values()), default=-1)
    loose = [k for k in world.theatres if k not in placed]
    return {**placed, **{k: (below + at // 4, at % 4) for at, k in enumerate(loose)}}


def _present(presence: Values, marks: Sequence[str]) -> str:
    """Who is present in a theatre, kind by kind, in words; presence is (N, P)."""
    kinds = []
    for kind, column in zip(PRESENCE_KINDS, presence.T, strict=True):
        present = zip(marks, column, strict=True)
        there = [f"{mark} {value:.2g}" for mark, value in present if value >= _LEAST_PRESENCE]
        kinds += [f"{kind} {', '.join(there)}"] if there else []
    return "; ".join(kinds)


@use_style()
def influence_mosaic(
    influence: pd.DataFrame,
    actors: Mapping[str, Patron],
    own: Mapping[str, Sequence[str]],
    words: Words,
) -> Figure:
    """A row a theatre and group, a panel a domain, a part a patron in the actor's own colour.

    Args:
        influence: as `influence_table` gives, at most four groups; shares 0..1 of the influence
            in a theatre and domain, NaN where no run is finite.
        own: by theatre, who rules or contests it: no foreign patrons.

    Raises:
        ValueError: where there is nothing to draw, or more than four groups.
    """
    groups = list(dict.fromkeys(influence[words.by]))
    if influence.empty or len(groups) > _MOST_GROUPS:
        said = f"a mosaic compares 1 to {_MOST_GROUPS} groups"
        raise ValueError(f"{said}; column {words.by} has {len(groups)}")
    domains = list(dict.fromkeys(influence["domain"]))
    theatres = list(dict.fromkeys(influence["theatre"]))
    shown = _order(influence, own)
    legend = {
        actors[actor][0]: style.swatch(
            facecolor=actors[actor][1], hatch=_HATCHES[at % len(_HATCHES)], edgecolor="white"
        )
        for at, actor in enumerate(shown)
    }
    small = [name for actor, (name, _, _) in actors.items() if actor not in shown]
    legend[_OTHERS] = style.swatch(facecolor=_OTHERS_COLOUR)
    missing = int(influence["share"].isna().sum())
    note = _MOSAIC.format(others=", ".join(small) or "nobody else")
    note += f" {missing} shares have no number." if missing else ""
    height = 0.6 + 0.27 * len(theatres) * len(groups) + 0.1 * len(theatres)
    figure, panels = style.frame_panels(1, len(domains), height, words, note, legend, sharey=True)
    heights, labels = {}, []
    for t, theatre in enumerate(theatres):
        for g, group in enumerate(groups):
            heights[theatre, group] = -(t * (len(groups) + 0.4) + g)
            said = f", {words.name(group)}" if len(groups) > 1 else ""
            labels.append(style.break_lines(words.name(theatre) + said, 30))
    by_bar = influence.groupby(["domain", "theatre", words.by], sort=False)
    bars = {key: cell.set_index("actor")["share"] for key, cell in by_bar}
    for panel, domain in zip(panels, domains, strict=True):
        for (theatre, group), place in heights.items():
            bar = bars[domain, theatre, group]
            _bar(panel, bar, place, shown, actors, own.get(theatre, ()))
        panel.set_title(domain)
        panel.set_xlim(0.0, 1.0)
        panel.xaxis.set_major_formatter(PercentFormatter(1.0))
        panel.tick_params(axis="y", length=0)
        panel.grid(visible=False, axis="y")
    panels[0].set_yticks(list(heights.values()), labels, fontsize=6.5)
    panels[0].set_ylim(min(heights.values()) - 0.6, 0.6)
    return figure


def _order(influence: pd.DataFrame, own: Mapping[str, Sequence[str]]) -> list[str]:
    """Actors drawn by themselves: foreign patrons by their whole share, then those at home."""
    home = {actor for actors in own.values() for actor in actors}
    by_actor = influence.groupby("actor", sort=False)["share"]
    large, whole = by_actor.max(), by_actor.sum()
    chosen = [str(actor) for actor in large.index if large[actor] >= _LEAST]
    return sorted(chosen, key=lambda actor: (actor in home, -whole[actor]))


def _bar(
    panel: Axes,
    shares: pd.Series,
    height: float,
    shown: Sequence[str],
    actors: Mapping[str, Patron],
    own: Sequence[str],
) -> None:
    """A theatre's shares of a domain: foreign patrons, the small ones together, those at home."""
    if shares.isna().all():
        panel.text(0.01, height, "no finite run", va="center", fontsize=6, color=INK)
        return
    values = shares.fillna(0.0)
    foreign = [a for a in shown if a not in own and values.get(a, 0.0) >= _SLIVER]
    home = [actor for actor in own if actor in shown]
    rest = float(values.sum() - values.reindex([*foreign, *home]).fillna(0.0).sum())
    left = 0.0
    for actor in (*foreign, _OTHERS, *home):
        share = rest if actor == _OTHERS else float(values.get(actor, 0.0))
        _, colour, mark = actors.get(actor, ("", _OTHERS_COLOUR, ""))
        hatch = _HATCHES[shown.index(actor) % len(_HATCHES)] if actor in shown else ""
        look: Any = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.5}
        panel.barh(height, share, left=left, height=0.86, **look)
        if share >= _LEAST_WRITTEN and mark:
            panel.text(
                left + share / 2, height, mark, ha="center", va="center", fontsize=5.5,
                weight="bold", color=style.legible(colour),
                bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.6, "alpha": 0.9},
            )  # fmt: skip
        left += share
    if not np.isfinite(left):
        raise ValueError("a share of influence is infinite")


@use_style()
def tile_map(
    tiles: pd.DataFrame, threats: pd.DataFrame, lean: Sequence[tuple[str, str]], words: Words
) -> Figure:
    """A tile a theatre, a map a month (two abreast).

    Args:
        tiles: as `tile_table` gives: `first`, `second` and `others` are shares of the foreign
            influence that add up to 1, NaN where no run is finite.
        threats: as `flow_table` gives; 0 and above.
        lean: name and colour of the two actors in focus.

    Raises:
        ValueError: where no theatre has a tile.
    """
    if tiles.empty:
        raise ValueError("no theatre of this world has a tile: give `tile: [row, column]`")
    months = list(dict.fromkeys(tiles["month"]))
    columns = min(2, len(months))
    (left, right), (top, bottom) = ((tiles[k].min(), tiles[k].max()) for k in ("column", "row"))
    side = (WIDTH / columns - 0.15) / (right - left + 1)
    height = min(side, 1.75) * (bottom - top + 1) + 0.3
    (first, _), (second, _) = lean
    colours = [*(colour for _, colour in lean), _OTHER_TILE]
    legend = {
        name: style.swatch(facecolor=colour, hatch=hatch, edgecolor="white")
        for name, colour, hatch in zip(
            (first, second, _OTHERS), colours, _TILE_HATCHES, strict=True
        )
    }
    lost = int(tiles["first"].isna().sum())
    note = _TILES.format(first=first, second=second)
    note += f" {lost} tiles have no finite run." if lost else ""
    figure, panels = style.panel_each(len(months), 2, height, words, note, legend)
    for panel, month in zip(panels, months, strict=True):
        own = tiles[tiles["month"] == month]
        for tile in style.rows_of(own):
            _tile(panel, tile, colours, 1.0 if columns == 1 else 0.8)
        _flows(panel, threats[threats["month"] == month], own.set_index("theatre"))
        panel.set_xlim(left - 0.5, right + 0.5)
        panel.set_ylim(bottom + 0.5, top - 0.5)
        panel.set_title(str(month))
        panel.set_axis_off()
    return figure


def _mixed(shares: Sequence[float], colours: Sequence[str]) -> tuple[float, ...]:
    """The colour of whoever has most, paler the less it leads."""
    order = np.argsort(shares)[::-1]
    lead = shares[order[0]] - shares[order[1]]
    strength = 0.12 + 0.4 * float(np.clip(lead, 0.0, 1.0))
    return tuple(1.0 - strength + strength * part for part in to_rgb(colours[order[0]]))


def _tile(panel: Axes, tile: Mapping[str, Any], colours: Sequence[str], letters: float) -> None:
    """One theatre: its name, its bar of influence, its condition, bases and institutions."""
    left, top = float(tile["column"]) - _SIDE, float(tile["row"]) - _SIDE
    shares = [float(tile[key]) for key in ("first", "second", "others")]
    known = bool(np.isfinite(shares).all())
    panel.add_patch(
        FancyBboxPatch(
            (left, top), 2 * _SIDE, 2 * _SIDE, boxstyle="round,pad=0,rounding_size=0.05",
            facecolor=_mixed(shares, colours) if known else "white", edgecolor=INK, linewidth=0.8,
        )
    )  # fmt: skip

    def write(text: str, down: float, size: float, **more: Any) -> None:
        look: Any = {
            "fontsize": size * letters,
            "va": "top",
            "color": INK,
            "linespacing": 1.1,
            **more,
        }
        panel.text(left + 0.04, top + down, text, **look)

    write(str(tile["name"]), 0.05, 8.5, weight="bold")
    if not known:
        write("no finite run", 0.22, 6.5)
    start, width = left + 0.04, 2 * _SIDE - 0.08
    for share, colour, hatch in zip(shares if known else (), colours, _TILE_HATCHES, strict=False):
        look: Any = {"facecolor": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.4}
        panel.add_patch(Rectangle((start, top + 0.21), share * width, 0.13, **look))
        if share >= 0.2:
            panel.text(
                start + share * width / 2, top + 0.275, f"{100 * share:.0f} %", ha="center",
                va="center", fontsize=6.0 * letters, weight="bold", color=style.legible(colour),
                bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.4},
            )  # fmt: skip
        start += share * width
    write(str(tile["state"]), 0.38, 6.2)
    below = (style.break_lines(str(tile[key]), 27) for key in ("bases", "institutions"))
    write("\n".join(filter(None, below)), 0.49, 6.0)


def _flows(panel: Axes, threats: pd.DataFrame, tiles: pd.DataFrame) -> None:
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
        panel.add_patch(
            FancyArrowPatch(
                tail + along * edge, head - along * edge, arrowstyle="-|>", zorder=0.5, alpha=0.85,
                mutation_scale=7 + 10 * threat, linewidth=0.8 + 3.0 * threat, color=_THREAT,
                connectionstyle="arc3,rad=0.25",
            )
        )  # fmt: skip
        middle = head - along * (edge + 0.08) - 0.08 * np.array([-along[1], along[0]])
        panel.text(
            middle[0], middle[1], f"{row['threat']:.2f}", fontsize=5.5, ha="center", va="center",
            color=_THREAT, zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.9},
        )  # fmt: skip
