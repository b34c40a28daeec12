"""Actors month by month: who leans toward whom, and who sees threat in whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.figures import style
from eurasia_sim.figures.months import (
    Moment,
    moment_at,
    months_of,
    replay_runs,
    scenario_title,
    scenarios_of,
)
from eurasia_sim.figures.style import INK, Page, Request, Values, Words, use_style
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.world.world import World

_NETWORKS = 6  # months
_FRIENDS = 2  # strongest ties of every actor that are drawn
_LEAST_AWAY = 0.05  # how far two lean away from each other for a line
_WIDEST = 4.0  # points, of a line at full alignment
_FRIENDLY, _HOSTILE, _DASHES = "#0072B2", "#B4530A", (0, (2.0, 1.0))
_NETWORK = (
    f"Line: mean of both actors' lean toward each other, the wider the stronger. Drawn are the "
    f"{_FRIENDS} strongest ties of every actor, and each pair that leans away by {_LEAST_AWAY} or "
    "more; all are in the table. Place and colour stay an actor's own; a disc's size is its power."
)
_LEAST_THREAT = 0.05
_MATRIX = (
    "Row: who sees the threat; column: in whom. The darker, the more; 0 is none. Numbers below "
    f"{_LEAST_THREAT:g} are not written; all are in the table. White: no number."
)
_KEY = "Bases: 1 is one full permanent base; forces and counterterror in 100,000 troops."
Patron = tuple[str, str, str]  # name, colour and mark of an actor


def _moments(
    held: ResultsFolder, request: Request, count: int
) -> Iterator[tuple[tuple[str, str], list[Moment], str]]:
    """Scenario and theory, months and caption of a run's folder, picture by picture."""
    scenarios, world = scenarios_of(held), held.world
    for theory in held.manifest["theories"]:
        for scenario in scenarios:
            found, said = replay_runs(held, scenario, theory)
            months = months_of(held, request.months, found.inputs.months - 1, count)
            moments = [moment_at(found, world, t, world.date(t)) for t in months]
            yield (scenario, theory), moments, said


def network_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Who leans toward whom at six months, a picture a scenario and theory."""
    for parts, moments, said in _moments(held, request, _NETWORKS):
        ties = dyad_table(held.world, moments, "alignment")
        words = Words(f"{scenario_title(held, parts[0])}: who leans toward whom", said)
        arguments = {"ties": ties, "actors": node_table(held.world, moments)}
        says = f"{len(held.world.actors)} actors in {', '.join(each.label for each in moments)}"
        yield Page("network", parts, ties, words, says, arguments)


def threat_pages(held: ResultsFolder, request: Request) -> Iterator[Page]:
    """Who sees threat in whom in the last month, or those asked for, by scenario and theory."""
    names = {actor.id: actor.name for actor in held.world.actors.values()}
    for parts, moments, said in _moments(held, request, 1):
        seen = dyad_table(held.world, moments, "threat")
        title = f"{scenario_title(held, parts[0])}: who sees threat in whom"
        says = f"{len(names)} actors in {', '.join(each.label for each in moments)}"
        yield Page("threat", parts, seen, Words(title, said, names), says, {"threats": seen})


def dyad_table(world: World, moments: Sequence[Moment], measure: str) -> pd.DataFrame:
    """A measure of the first actor toward the second: `month` (label), `first`, `second`, it."""
    rows = [
        (each.label, a, b, each.values[f"{measure}.{a}.{b}"])
        for each in moments
        for a, b in permutations(world.actors, 2)
    ]
    return pd.DataFrame(rows, columns=["month", "first", "second", measure])


def node_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """Actors as a network draws them: `month` (label), `actor`, `name`, `colour`, `power`."""
    rows = [
        (each.label, actor.id, actor.name, actor.colour, each.values[f"power.{actor.id}"])
        for each in moments
        for actor in world.actors.values()
    ]
    return pd.DataFrame(rows, columns=["month", "actor", "name", "colour", "power"])


def patrons(world: World) -> dict[str, Patron]:
    """Name, colour and mark of every actor."""
    marks = unlike_initials({actor.id: actor.name for actor in world.actors.values()})
    return {a.id: (a.name, a.colour, marks[a.id]) for a in world.actors.values()}


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


def at_home(world: World) -> dict[str, list[str]]:
    """By theatre, who rules or contests it."""
    places = world.theatres.values()
    return {place.id: [a for a in (place.ruler, place.challenger) if a] for place in places}


def influence_columns(world: World) -> list[str]:
    """The columns that a mosaic needs."""
    return [f"influence.{a}.{k}.{d}" for k in world.theatres for d in DOMAINS for a in world.actors]


def influence_table(
    world: World, groups: Mapping[str, Mapping[str, float]], by: str
) -> pd.DataFrame:
    """Shares of influence: the group under `by`, `theatre`, `domain`, `actor`, `share`."""
    rows = [
        (group, k, d, a, values[f"influence.{a}.{k}.{d}"])
        for group, values in groups.items()
        for k in world.theatres
        for d in DOMAINS
        for a in world.actors
    ]
    return pd.DataFrame(rows, columns=[by, "theatre", "domain", "actor", "share"])


def leaning(world: World) -> list[tuple[str, str]]:
    """Name and colour of the two actors in focus."""
    chosen = [world.actors[actor] for actor in focus(world)]
    return [(actor.name, actor.colour) for actor in chosen]


def focus(world: World) -> Sequence[str]:
    """The first pair in focus; the first two actors where the world names none."""
    return world.pairs[0] if world.pairs else tuple(world.actors)[:2]


def venue_marks(world: World, ruler: str | None, t: int) -> str:
    """Marks of the institutions a theatre's ruler sits in."""
    seats = [
        institution_mark(name)
        for name, venue in world.institutions.items()
        for m in venue.members
        if m.actor == ruler and m.since <= t and (m.until is None or t < m.until)
    ]
    return " · ".join(dict.fromkeys(seats))


def institution_mark(institution: str) -> str:
    """A short mark of an institution: its id, or the first letters of the id's words."""
    parts = institution.split("_")
    return institution.upper() if len(parts) == 1 else "".join(part[0] for part in parts).upper()


def map_key(world: World) -> str:
    """What the marks and numbers on tiles stand for, for a caption."""
    marks = [f"{institution_mark(k)} {venue.name}" for k, venue in world.institutions.items()]
    return f"{'; '.join(marks)}. {_KEY}" if marks else _KEY


def flow_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """What the ruler of one theatre fears from another's: `month`, `source`, `target`, `threat`."""
    rows = []
    for each in moments:
        ruled = list(zip(world.theatres, each.rulers, strict=True))
        for target, one in ruled:
            for source, other in ruled:
                if one and other and one != other:
                    threat = float(each.values[f"threat.{one}.{other}"])
                    rows.append((each.label, source, target, threat))
    return pd.DataFrame(rows, columns=["month", "source", "target", "threat"])


@use_style()
def alignment_network(
    ties: pd.DataFrame, actors: pd.DataFrame, words: Words, *, order: list[str] | None = None
) -> Figure:
    """A circle of actors a month, a solid line where two lean toward each other, dashed if away.

    Args:
        ties: as `dyad_table` gives of alignment, −1..1, NaN where no run is finite.
        actors: as `node_table` gives; power is 0..1.
        order: ids round the circle; by default strong friends come to stand together.

    Raises:
        ValueError: where there is no tie.
    """
    if ties.empty:
        raise ValueError("there is no alignment to draw")
    months = list(dict.fromkeys(ties["month"]))
    around = order or _round_the_circle(ties, list(dict.fromkeys(actors["actor"])))
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(around)) / len(around)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    places = dict(zip(around, circle, strict=True))
    legend: dict[str, Artist] = {
        "lean toward each other": Line2D([], [], color=_FRIENDLY, linewidth=3.0),
        "lean away": Line2D([], [], color=_HOSTILE, linewidth=3.0, linestyle=_DASHES),
    }
    height, letters = (2.3, 5.8) if len(months) > 1 else (4.6, 8.0)
    figure, panels = style.panel_each(len(months), 3, height, words, _NETWORK, legend)
    for panel, month in zip(panels, months, strict=True):
        missing = _lines(panel, ties[ties["month"] == month], places)
        _discs(panel, actors[actors["month"] == month], places, letters)
        panel.set_title(month + (f" ({missing} ties without a number)" if missing else ""))
        panel.set(xlim=(-1.75, 1.75), ylim=(-1.35, 1.35), aspect="equal")
        panel.set_axis_off()
    return figure


def _round_the_circle(ties: pd.DataFrame, actors: list[str]) -> list[str]:
    """An order of short strong ties: the leaves of an average-linkage tree of mean alignment."""
    if len(actors) < 3:
        return actors
    mean = ties.pivot_table(index="first", columns="second", values="alignment")
    lean = mean.reindex(index=actors, columns=actors).to_numpy(dtype=float)
    apart = np.round(2.0 - np.nan_to_num((lean + lean.T) / 2), 9)
    np.fill_diagonal(apart, 0.0)
    near = squareform(apart, checks=False)
    tree = optimal_leaf_ordering(linkage(near, "average"), near)
    return [actors[at] for at in leaves_list(tree)]


def _lines(panel: Axes, ties: pd.DataFrame, places: Mapping[str, Values]) -> int:
    """Draw a month's ties, the weak first; return how many have no number."""
    lean = ties.set_index(["first", "second"])["alignment"].astype(float).to_dict()
    mutual = {(a, b): (lean[a, b] + lean[b, a]) / 2 for a, b in combinations(places, 2)}
    chosen = {pair for pair, value in mutual.items() if value <= -_LEAST_AWAY}
    for actor in places:
        own = [pair for pair in mutual if actor in pair and mutual[pair] > 0]
        chosen |= set(sorted(own, key=lambda pair: -mutual[pair])[:_FRIENDS])
    for first, second in sorted(chosen, key=lambda pair: (abs(mutual[pair]), pair)):
        (x0, y0), (x1, y1), value = places[first], places[second], mutual[first, second]
        panel.plot(
            [x0, x1], [y0, y1], color=_FRIENDLY if value > 0 else _HOSTILE, alpha=0.75, zorder=1,
            linewidth=0.6 + _WIDEST * abs(value), linestyle="-" if value > 0 else _DASHES,
        )  # fmt: skip
    return int(np.isnan(list(mutual.values())).sum())


def _discs(panel: Axes, actors: pd.DataFrame, places: Mapping[str, Values], letters: float) -> None:
    """A disc an actor, its name outside the circle in letters of so many points."""
    for row in style.rows_of(actors):
        x, y = places[row["actor"]]
        power = max(float(row["power"]), 0.0) if np.isfinite(row["power"]) else 0.0
        size = (30 + 700 * power) * (letters / 5.8) ** 2
        panel.scatter(x, y, s=size, color=row["colour"], edgecolor="white", linewidth=0.8, zorder=3)
        away = 1.12 + 0.35 * np.sqrt(power)
        side = "center" if abs(x) < 0.15 else "left" if x > 0 else "right"
        panel.text(
            away * x, away * y, style.break_lines(str(row["name"]), 16), ha=side, fontsize=letters,
            color=INK, va="bottom" if y > 0.9 else "center", linespacing=0.95,
        )  # fmt: skip


@use_style()
def threat_matrix(threats: pd.DataFrame, words: Words) -> Figure:
    """A square of actors a month, each cell what its row sees in its column.

    Args:
        threats: as `dyad_table` gives of threat, 0 and above, NaN where no run is finite.
        words: its names are the actors drawn, in their order.

    Raises:
        ValueError: where there is no threat to draw.
    """
    if threats.empty:
        raise ValueError("there is no threat to draw")
    months, actors = list(dict.fromkeys(threats["month"])), list(words.names)
    most = float(np.nanmax([1.0, *threats["threat"]]))
    height = (1.1 + 0.27 * len(actors)) * len(months)
    figure, panels = style.frame_panels(len(months), 1, height, words, _MATRIX)
    place = {actor: at + 0.5 for at, actor in enumerate(actors)}
    for panel, month in zip(panels, months, strict=True):
        own = threats[threats["month"] == month]
        square = own.pivot_table(index="first", columns="second", values="threat", dropna=False)
        values = square.reindex(index=actors, columns=actors).to_numpy(dtype=float)
        look: Any = {"cmap": "YlOrRd", "vmin": 0.0, "vmax": most, "edgecolors": "white"}
        shown = panel.pcolormesh(np.ma.masked_invalid(values), linewidth=0.6, **look)
        for row in style.rows_of(own[own["threat"] >= _LEAST_THREAT]):
            ink = style.legible(shown.to_rgba(row["threat"])[:3])
            where = (place[row["second"]], place[row["first"]])
            text: Any = {"ha": "center", "va": "center", "fontsize": 6.0, "color": ink}
            panel.text(*where, f"{row['threat']:.2f}", **text)
        ticks, labels = list(place.values()), list(words.names.values())
        panel.set_yticks(ticks, labels, fontsize=6.5)
        turned: Any = {"rotation": 30, "ha": "left", "rotation_mode": "anchor"}
        panel.set_xticks(ticks, labels, fontsize=6.5, **turned)
        panel.xaxis.tick_top()
        panel.invert_yaxis()
        panel.tick_params(length=0)
        panel.grid(visible=False)
        panel.spines[:].set_visible(False)
        panel.set_xlabel(str(month), color=INK, fontsize=8, weight="bold")
    return figure
