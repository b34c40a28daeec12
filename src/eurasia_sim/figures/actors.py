"""Actors in single months of a run: who leans toward whom, as circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from eurasia_sim.figures import style
from eurasia_sim.figures.style import INK, Page, Request, Values, Words, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.text import shortened
from eurasia_sim.simulation.inputs import capability_index
from eurasia_sim.simulation.replay import Replay
from eurasia_sim.simulation.results_folder import RUN, ResultsFolder
from eurasia_sim.world.world import World

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
