"""Single months of a run: who leans toward whom, as circles, and the region, a tile a theatre."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from eurasia_sim.compute.dimensions import DOMAINS, PRESENCE_KINDS
from eurasia_sim.figures import style
from eurasia_sim.figures.style import INK, WIDTH, Page, Request, Values, Words, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.text import shortened
from eurasia_sim.simulation.inputs import capability_index
from eurasia_sim.simulation.replay import Replay, restored
from eurasia_sim.simulation.results_folder import RUN, ResultsFolder
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
_NETWORKS = 6  # months
_FRIENDS = 2  # strongest ties of every actor that are drawn
_LEAST_AWAY = 0.05  # how far two lean away from each other for a line
_WIDEST = 4.0  # points, of a line at full alignment
_FRIENDLY, _HOSTILE, _DASHES = "#0072B2", "#B4530A", (0, (2.0, 1.0))
_NETWORK = (
    f"Line: mean of both actors' lean toward each other, the wider the stronger: the {_FRIENDS} "
    f"strongest ties of every actor, and each pair that leans away by {_LEAST_AWAY} or more; all "
    "are in the table. A disc's size is its actor's power."
)


class Moment(NamedTuple):
    """One month of one run, or of means over runs."""

    label: str  # of the panel it is drawn in
    month: int
    values: Mapping[str, float]  # by column; NaN where no run is finite
    presence: Values  # (N, K, P)
    rulers: Sequence[str | None]  # by theatre


def scenarios_of(held: ResultsFolder) -> list[str]:
    """The scenarios that a folder of `run` holds; DataError for any other folder."""
    if held.kind != RUN:
        need = "this picture needs a folder of `eurasia-sim run`"
        raise DataError([f"{held.folder} was written by {held.kind}: {need}"])
    return list(held.manifest["scenarios"])


def scenario_title(held: ResultsFolder, scenario: str) -> str:
    """A scenario's own title."""
    return str(held.manifest["scenarios"][scenario].get("title") or scenario)


def moments_of_runs(
    held: ResultsFolder, request: Request, count: int
) -> Iterator[tuple[tuple[str, str], list[Moment], str]]:
    """Scenario and theory, months and caption of a run's folder, from runs made again."""
    for theory in held.manifest["theories"]:
        for scenario in scenarios_of(held):
            found, caption = replay_runs(held, scenario, theory)
            months = months_of(held, request.months, found.inputs.months - 1, count)
            moments = [moment_at(found, held.world, t, held.world.date(t)) for t in months]
            yield (scenario, theory), moments, caption


def replay_runs(held: ResultsFolder, scenario: str, theory: str) -> tuple[Replay, str]:
    """Months of the folder's runs that it did not keep, and the caption of those runs."""
    found = held.again(scenario, theory)
    caption = style.caption(found.runs, found.failed, held.seed, scenario, theory, held.judged)
    return found, f"{caption} · means over runs at reference values"


def months_of(held: ResultsFolder, asked: Sequence[str], last: int, count: int) -> list[int]:
    """The months asked for, all of them within the runs, or `count` spread evenly to the last."""
    known = [held.world.date(t) for t in range(last + 1)]
    if unknown := [month for month in asked if month not in known]:
        span = f"from {known[0]} to {known[-1]}"
        raise DataError([f"--month {month} is no month {span}" for month in unknown])
    if asked:
        return sorted(known.index(month) for month in set(asked))
    spread = np.linspace(0 if count > 1 else last, last, count).round().astype(int)
    return [int(t) for t in np.unique(spread)]


def moment_at(found: Replay, world: World, t: int, label: str) -> Moment:
    """One month of means over runs."""
    levers = found.inputs.scenario.lever_series(world, capability_index(world, found.inputs.forms))
    values = {str(name): float(value) for name, value in found.means.iloc[t].items()}
    rulers = []
    for at, theatre in enumerate(world.theatres.values()):
        # Who rules in most runs: whom the scenario sets, else the challenger once it holds half
        # the land on average.
        challenger = theatre.challenger if values[f"control.{theatre.id}"] > 0.5 else None
        set_to = int(levers.rule[t, at])
        rulers.append(list(world.actors)[set_to] if set_to >= 0 else challenger or theatre.ruler)
    return Moment(label, t, values, levers.presence[t], rulers)


def network_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Who leans toward whom at six months, a figure a scenario and theory."""
    for parts, moments, caption in moments_of_runs(held, request, _NETWORKS):
        ties = tie_table(held.world, moments)
        words = Words(f"{scenario_title(held, parts[0])}: who leans toward whom", caption)
        figure = alignment_network(ties, node_table(held.world, moments), words)
        months = ", ".join(each.label for each in moments)
        yield Page(parts, figure, ties, f"{len(held.world.actors)} actors in {months}")


def tie_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """How the first actor leans toward the second: `month` (label), `first`, `second`, it."""
    rows = [
        (each.label, a, b, each.values[f"alignment.{a}.{b}"])
        for each in moments
        for a, b in permutations(world.actors, 2)
    ]
    return pd.DataFrame(rows, columns=["month", "first", "second", "alignment"])


def node_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """Actors as a network draws them: `month` (label), `actor`, `name`, `colour`, `power`."""
    rows = [
        (each.label, actor.id, actor.name, actor.colour, each.values[f"power.{actor.id}"])
        for each in moments
        for actor in world.actors.values()
    ]
    return pd.DataFrame(rows, columns=["month", "actor", "name", "colour", "power"])


@use_style()
def alignment_network(ties: pd.DataFrame, actors: pd.DataFrame, words: Words) -> Figure:
    """A circle of actors a month, a solid line where two lean toward each other, dashed if away.

    Args:
        ties: as `tie_table` gives, −1..1, NaN where no run is finite.
        actors: as `node_table` gives, in their order round the circle; power is 0..1.
    """
    months = list(dict.fromkeys(ties["month"]))
    around = list(dict.fromkeys(actors["actor"]))
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(around)) / len(around)
    places = dict(zip(around, np.column_stack([np.cos(angles), np.sin(angles)]), strict=True))
    legend: dict[str, Artist] = {
        "lean toward each other": Line2D([], [], color=_FRIENDLY, linewidth=3.0),
        "lean away": Line2D([], [], color=_HOSTILE, linewidth=3.0, linestyle=_DASHES),
    }
    height, letters = (2.3, 5.8) if len(months) > 1 else (4.6, 8.0)
    figure, panels = style.panel_each(len(months), 3, height, words, _NETWORK, legend)
    for panel, month in zip(panels, months, strict=True):
        missing = _draw_ties(panel, ties[ties["month"] == month], places)
        _draw_discs(panel, actors[actors["month"] == month], places, letters)
        panel.set_title(month + (f" ({missing} ties without a number)" if missing else ""))
        panel.set(xlim=(-1.75, 1.75), ylim=(-1.35, 1.35), aspect="equal")
        panel.set_axis_off()
    return figure


def _draw_ties(panel: Axes, ties: pd.DataFrame, places: Mapping[str, Values]) -> int:
    """Draw a month's ties, the weak first; return how many have no number."""
    lean = ties.set_index(["first", "second"])["alignment"].astype(float).to_dict()
    mutual = {(a, b): (lean[a, b] + lean[b, a]) / 2 for a, b in combinations(places, 2)}
    chosen = {pair for pair, value in mutual.items() if value <= -_LEAST_AWAY}
    for actor in places:
        own = [pair for pair in mutual if actor in pair and mutual[pair] > 0]
        chosen |= set(sorted(own, key=lambda pair: -mutual[pair])[:_FRIENDS])
    for first, second in sorted(chosen, key=lambda pair: (abs(mutual[pair]), pair)):
        value = mutual[first, second]
        (colour, line) = (_FRIENDLY, "-") if value > 0 else (_HOSTILE, _DASHES)
        width = 0.6 + _WIDEST * abs(value)
        look: Any = {"color": colour, "linestyle": line, "linewidth": width, "alpha": 0.75}
        panel.plot(*np.transpose([places[first], places[second]]), zorder=1, **look)
    return int(np.isnan(list(mutual.values())).sum())


def _draw_discs(
    panel: Axes, actors: pd.DataFrame, places: Mapping[str, Values], letters: float
) -> None:
    """A disc an actor, its name outside the circle in letters of so many points."""
    for row in style.rows_of(actors):
        x, y = places[row["actor"]]
        power = max(float(row["power"]), 0.0) if np.isfinite(row["power"]) else 0.0
        size = (30 + 700 * power) * (letters / 5.8) ** 2
        panel.scatter(x, y, s=size, color=row["colour"], edgecolor="white", linewidth=0.8, zorder=3)
        away = 1.12 + 0.35 * np.sqrt(power)
        side = "center" if abs(x) < 0.15 else "left" if x > 0 else "right"
        name, up = (
            style.break_lines(shortened(str(row["name"]), 40), 16),
            "bottom" if y > 0.9 else "center",
        )
        text: Any = {"ha": side, "va": up, "fontsize": letters, "color": INK, "linespacing": 0.95}
        panel.text(away * x, away * y, name, **text)


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
