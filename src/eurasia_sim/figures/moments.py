"""Single months of a run: the region as a map."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from eurasia_sim.compute.dimensions import DOMAINS, PRESENCE_KINDS, Floats
from eurasia_sim.figures import style
from eurasia_sim.figures.style import WIDTH, Picture, Request, Words
from eurasia_sim.files.data_yaml import DataError, packaged
from eurasia_sim.files.text import shortened, wrapped
from eurasia_sim.simulation.inputs import capability_index
from eurasia_sim.simulation.results_folder import Replay, ResultsFolder
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World

OUTLINES = "outlines.geojson"
_LEAST_PRESENCE = 0.005
_MAPS_A_PAGE = 2
_Rings = list[Floats]  # each (points, 2)


class Moment(NamedTuple):
    """One month of one run, or of means over runs."""

    label: str  # of the panel it is drawn in
    values: Mapping[str, float]  # by column; NaN where no run is finite
    presence: Floats  # (N, K, P)
    rulers: Sequence[str | None]  # by theatre


def _moment_at(again: Replay, world: World, t: int, label: str) -> Moment:
    """One month of means over runs."""
    series = again.inputs.scenario.lever_series(world, capability_index(world, again.inputs.forms))
    values = {str(name): float(value) for name, value in again.means.iloc[t].items()}
    actors, rulers = list(world.actors), []
    for theatre, set_to in zip(world.theatres.values(), series.rule[t], strict=True):
        # Who rules in most runs: whom the scenario sets, else the challenger once it holds half
        # the land on average.
        challenger = theatre.challenger if values[f"control.{theatre.id}"] > 0.5 else None
        rulers.append(actors[int(set_to)] if set_to >= 0 else challenger or theatre.ruler)
    return Moment(label, values, series.presence[t], rulers)


@cache
def _outlines() -> dict[str, _Rings]:
    """Name of a state → its outer borders, longitude and latitude in degrees."""
    found = json.loads((packaged() / OUTLINES).read_text(encoding="utf-8"))
    return {
        each["properties"]["name"]: [np.array(part[0]) for part in each["geometry"]["coordinates"]]
        for each in found["features"]
    }


def _flat(ring: Floats, middle: Floats) -> Floats:
    """Degrees as a plane round a middle: Lambert's azimuthal equal-area projection."""
    east, north = np.radians(ring).T
    east, up = east - np.radians(middle[0]), np.radians(middle[1])
    near = 1 + np.sin(up) * np.sin(north) + np.cos(up) * np.cos(north) * np.cos(east)
    rise = np.cos(up) * np.sin(north) - np.sin(up) * np.cos(north) * np.cos(east)
    flat = np.column_stack([np.cos(north) * np.sin(east), rise])
    return np.asarray(np.sqrt(2 / near)[:, None] * flat)


def shapes_of(world: World) -> tuple[dict[str, _Rings], list[Floats]]:
    """Theatre → its rings, and those of the lands around; squares where one has no outline."""
    states, names = _outlines(), {each.name: k for k, each in world.theatres.items()}
    if set(names) <= set(states):
        points = np.concatenate([ring for name in names for ring in states[name]])
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        flat = {name: [_flat(ring, middle) for ring in rings] for name, rings in states.items()}
        lands = {k: flat.pop(name) for name, k in names.items()}
        return lands, [ring for rings in flat.values() for ring in rings]
    square = np.array([(-0.45, -0.45), (-0.45, 0.45), (0.45, 0.45), (0.45, -0.45)])
    rows = max((each.tile[0] for each in world.theatres.values() if each.tile), default=-1)
    placed = {k: each.tile or (rows + 1, at) for at, (k, each) in enumerate(world.theatres.items())}
    return {k: [square + np.array([column, -row])] for k, (row, column) in placed.items()}, []


def map_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """The region at the end of each scenario, or in the months asked for, two maps a figure."""
    world, manifest = held.world, held.manifest
    for theory in manifest["theories"]:
        maps = []
        for name in manifest["scenarios"]:
            again, title = held.again(name, theory), style.scenario_title(held, name)
            known = {world.date(t): t for t in range(again.inputs.months)}
            if unknown := [month for month in request.months if month not in known]:
                span = f"from {min(known)} to {max(known)}"
                raise DataError([f"--month {month} is no month {span}" for month in unknown])
            for month in sorted(set(request.months) or {max(known)}):
                moment = _moment_at(again, world, known[month], f"{title}, {month}")
                maps.append((moment, name, (again.runs, again.failed)))
        for page, shown in style.pages_of(maps, _MAPS_A_PAGE):
            moments, names, counts = zip(*shown, strict=True)
            counted = dict(zip(names, counts, strict=True))
            caption = style.caption(counted, held.seed, theory, "means at reference values")
            table = region_table(world, moments)
            figure = region_map(world, table, Words(question, caption, held.title))
            says = f"{len(world.theatres)} theatres: rulers, influence, forces and bases"
            yield Picture((theory, page), figure, table, says)


def region_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """A row a moment (its label under `month`) and theatre: who rules, leads and is present.

    `share` and `next_share` of `leader` and `next`, the foreigners with most influence, are 0..1 of
    all foreign influence, NaN where no run is finite.
    """
    found = []
    for each in moments:
        for at, (k, theatre) in enumerate(world.theatres.items()):
            foreign = [a for a in world.actors if a not in (theatre.ruler, theatre.challenger)]
            influence = pd.Series(
                {a: sum(each.values[f"influence.{a}.{k}.{d}"] for d in DOMAINS) for a in foreign}
            )
            order = influence.sort_values(ascending=False, kind="stable")
            ruler, shares = each.rulers[at], order / sum(influence)
            row: dict[str, Any] = {"month": each.label, "theatre": k, "name": theatre.name}
            row["ruler"] = world.actors[ruler].name if ruler else "nobody"
            row |= {"leader": shares.index[0], "next": shares.index[1]}
            row |= {"share": shares.iloc[0], "next_share": shares.iloc[1]}
            row |= {name: each.values[f"{name}.{k}"] for name in ("stability", "militants")}
            found.append(row | {"present": _present(world, each.presence[:, at])})
    return pd.DataFrame(found)


def _present(world: World, presence: Floats) -> str:
    """Who is present in a theatre, kind by kind, in words; presence is (N, P)."""
    kinds = []
    for kind, column in zip(PRESENCE_KINDS, presence.T, strict=True):
        per = levers()["presence"].at(kind).per
        there = [
            f"{actor.name} {float(f'{value * per:.2g}'):,g}"
            for actor, value in zip(world.actors.values(), column, strict=True)
            if value >= _LEAST_PRESENCE
        ]
        kinds += [f"{kind} {', '.join(there)}"] if there else []
    return "; ".join(kinds)


def region_map(world: World, table: pd.DataFrame, words: Words) -> Figure:
    """A map a month of a `region_table`, and beneath it who is present."""
    lands, around = shapes_of(world)
    points = np.concatenate([ring for rings in lands.values() for ring in rings])
    margin = 0.03 * np.ptp(points, axis=0)
    (left, bottom), (right, top) = points.min(axis=0) - margin, points.max(axis=0) + margin
    months = {str(label): own for label, own in table.groupby("month", sort=False)}
    present = [wrapped(_told(own), 92) for own in months.values()]
    tall = (WIDTH - 0.2) * (top - bottom) / (right - left) + 0.3
    heights = [tall + 0.13 * len(lines) for lines in present]
    leaders = [world.actors[each] for each in table["leader"].unique()]
    legend = {f"{each.name} leads": Patch(facecolor=each.colour, linewidth=1.0) for each in leaders}
    note = f"{style.NOTES['map']} {style.NOTES['borders' if around else 'squares']}"
    figure, panels = style.frame_panels(
        len(months), 1, sum(heights), words, note, legend, height_ratios=heights
    )
    for panel, (label, own), lines in zip(panels, months.items(), present, strict=True):
        ground: Any = {"facecolor": "#EBEBEB", "edgecolor": "white", "linewidth": 0.5}
        panel.add_collection(PolyCollection(around, **ground))
        for row in style.rows_of(own):
            _draw_land(panel, world, row, lands[row["theatre"]])
        panel.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
        panel.set_title(style.in_lines(shortened(label, 90), 60))
        panel.set_xlabel("\n".join(lines), loc="left", fontsize=6.5)
        panel.spines[:].set_visible(False)
    return figure


def _draw_land(panel: Axes, world: World, row: Mapping[str, Any], rings: _Rings) -> None:
    """A land in the colour of who leads there, with its name and the two largest shares."""
    lead = row["share"] - row["next_share"]
    strength = 0.15 + 0.6 * min(lead, 1.0) if np.isfinite(lead) else 0.0
    tint = 1 - strength * (1 - np.array(to_rgb(world.actors[row["leader"]].colour)))
    panel.add_collection(PolyCollection(rings, facecolor=[tint], edgecolor="white", linewidth=0.9))
    largest = max(rings, key=len)
    x, y = (largest.min(axis=0) + largest.max(axis=0)) / 2
    look: Any = {"ha": "center", "color": "#111111", "linespacing": 1.05}
    name = style.in_lines(shortened(row["name"], 32), 18)
    panel.text(x, y, name, va="bottom", weight="bold", fontsize=7, **look)
    sides = (("leader", "share"), ("next", "next_share"))
    led = [f"{shortened(world.actors[row[a]].name, 24)} {100 * row[b]:.0f} %" for a, b in sides]
    says = "\n".join(led) if np.isfinite(lead) else "no finite run"
    panel.text(x, y, says, va="top", fontsize=6.5, **look)


def _told(table: pd.DataFrame) -> str:
    """Who rules where it is not the land's own name, and who is present, land by land."""
    lands = []
    for row in style.rows_of(table):
        ruled = "" if row["ruler"] == row["name"] else f"ruled by {shortened(row['ruler'], 32)}"
        if told := "; ".join(filter(None, [ruled, row["present"]])):
            lands.append(f"{shortened(row['name'], 32)}: {told}.")
    return shortened(" ".join(lands), 600)
