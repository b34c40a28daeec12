"""Single months of a run: the region as a map."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from eurasia_sim.compute.dimensions import DOMAINS, PRESENCE_KINDS, Floats
from eurasia_sim.figures import style
from eurasia_sim.figures.style import WIDTH, Page, Request, Words, use_style
from eurasia_sim.files.data_yaml import DataError, packaged
from eurasia_sim.files.text import shortened
from eurasia_sim.simulation.inputs import capability_index
from eurasia_sim.simulation.replay import Replay
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World

OUTLINES = "outlines.geojson"
_LEAST_PRESENCE = 0.005
_Rings = list[Floats]  # each (points, 2)


class Moment(NamedTuple):
    """One month of one run, or of means over runs."""

    label: str  # of the panel it is drawn in
    values: Mapping[str, float]  # by column; NaN where no run is finite
    presence: Floats  # (N, K, P)
    rulers: Sequence[str | None]  # by theatre


def moments_of_runs(
    held: ResultsFolder, request: Request, count: int
) -> Iterator[tuple[tuple[str, str], list[Moment], str]]:
    """Scenario and theory, months and caption of a run's folder, from runs made again.

    The months are those asked for, or `count` spread evenly to the last.
    """
    world, scenarios = held.world, style.scenarios_of(held)
    for theory in held.manifest["theories"]:
        for scenario in scenarios:
            found = held.again(scenario, theory)
            last = found.inputs.months - 1
            known = {world.date(t): t for t in range(last + 1)}
            if unknown := [month for month in request.months if month not in known]:
                span = f"from {world.date(0)} to {world.date(last)}"
                raise DataError([f"--month {month} is no month {span}" for month in unknown])
            spread = np.linspace(0 if count > 1 else last, last, count).round().astype(int)
            months = sorted({known[month] for month in request.months} or set(map(int, spread)))
            runs, failed = {scenario: found.runs}, {scenario: found.failed}
            caption = style.caption(runs, failed, held.seed, theory)
            caption += " · means over runs at reference values"
            moments = [moment_at(found, world, t) for t in months]
            yield (scenario, theory), moments, caption


def moment_at(found: Replay, world: World, t: int) -> Moment:
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
    return Moment(world.date(t), values, levers.presence[t], rulers)


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
        around = [ring for name, rings in flat.items() if name not in names for ring in rings]
        return {k: flat[name] for name, k in names.items()}, around
    square = np.array([(-0.45, -0.45), (-0.45, 0.45), (0.45, 0.45), (0.45, -0.45)])
    rows = max((each.tile[0] for each in world.theatres.values() if each.tile), default=-1)
    placed = {k: each.tile or (rows + 1, at) for at, (k, each) in enumerate(world.theatres.items())}
    return {k: [square + np.array([column, -row])] for k, (row, column) in placed.items()}, []


def map_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Page]:
    """The region at the end of each scenario, or in the months asked for, four maps a figure."""
    found = moments_of_runs(held, request, 1)
    for theory, group in groupby(found, key=lambda each: each[0][1]):
        maps = [
            (each._replace(label=f"{style.scenario_title(held, parts[0])}, {each.label}"), caption)
            for parts, moments, caption in group
            for each in moments
        ]
        for page, shown in style.pages_of(maps):
            moments, (_, caption) = [each for each, _ in shown], shown[0]
            words = Words(question, caption, held.title)
            table = region_table(held.world, moments)
            says = f"{len(held.world.theatres)} theatres: rulers, influence, forces and bases"
            yield Page((theory, page), region_map(held.world, moments, words), table, says)


def region_table(world: World, moments: Sequence[Moment]) -> pd.DataFrame:
    """A row a moment (its label under `month`) and theatre.

    Returns:
        Columns `month`, `theatre`, `name`, `ruler`, `leader` and `next` (the foreigners with most
        influence), `share` and `next_share` (0..1 of all foreign influence; NaN where no run is
        finite), `stability`, `militants`, `present` (bases and forces, in words).
    """
    found = []
    for each in moments:
        for at, (k, theatre) in enumerate(world.theatres.items()):
            foreign = pd.Series(
                {
                    a: np.mean([each.values[f"influence.{a}.{k}.{domain}"] for domain in DOMAINS])
                    for a in world.actors
                    if a not in (theatre.ruler, theatre.challenger)
                }
            )
            shares = (foreign / foreign.sum()).sort_values(ascending=False, kind="stable")
            ruler = each.rulers[at]
            row: dict[str, Any] = {"month": each.label, "theatre": k, "name": theatre.name}
            row |= {"ruler": world.actors[ruler].name if ruler else "nobody"}
            row |= {"leader": shares.index[0], "next": shares.index[1]}
            row |= {"share": shares.iloc[0], "next_share": shares.iloc[1]}
            row |= {name: each.values[f"{name}.{k}"] for name in ("stability", "militants")}
            found.append({**row, "present": _present(world, each.presence[:, at])})
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


@use_style()
def region_map(world: World, moments: Sequence[Moment], words: Words) -> Figure:
    """A map a moment (two abreast)."""
    lands, around = shapes_of(world)
    points = np.concatenate([ring for rings in lands.values() for ring in rings])
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.03 * (high - low)
    columns = min(2, len(moments))
    height = (WIDTH / columns - 0.2) * (high - low)[1] / (high - low)[0] + 0.3
    table = region_table(world, moments)
    leaders = [world.actors[each] for each in dict.fromkeys(table["leader"])]
    legend = {f"{each.name} leads": style.swatch(facecolor=each.colour) for each in leaders}
    note = f"{style.NOTES['map']} {style.NOTES['borders' if around else 'squares']}"
    figure, panels = style.panel_each(len(moments), 2, height, words, note, legend)
    for panel, moment in zip(panels, moments, strict=True):
        panel.add_collection(
            PolyCollection(around, facecolor="#EBEBEB", edgecolor="white", linewidth=0.5)
        )
        for row in style.rows_of(table[table["month"] == moment.label]):
            rings, lead = lands[row["theatre"]], row["share"] - row["next_share"]
            strength = 0.15 + 0.6 * min(lead, 1.0) if np.isfinite(lead) else 0.0
            tint = 1 - strength * (1 - np.array(to_rgb(world.actors[row["leader"]].colour)))
            panel.add_collection(
                PolyCollection(rings, facecolor=[tint], edgecolor="white", linewidth=0.9)
            )
            largest = max(rings, key=len)
            x, y = (largest.min(axis=0) + largest.max(axis=0)) / 2
            look: Any = {"ha": "center", "color": "#111111", "linespacing": 1.05}
            size = 7.5 if columns == 1 else 6.0
            name = shortened(row["name"], 32)
            panel.text(x, y, name, va="bottom", weight="bold", fontsize=size, **look)
            says = style.break_lines(_says(world, row), 26)
            panel.text(x, y, says, va="top", fontsize=size - 1.5, **look)
        (left, bottom), (right, top) = low - margin, high + margin
        panel.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        panel.set_title(style.break_lines(shortened(moment.label, 90), 88 // columns))
        panel.set_axis_off()
    return figure


def _says(world: World, row: dict[str, Any]) -> str:
    """What is written in a land."""
    if not np.isfinite(row["share"]):
        return "no finite run"
    sides = (("leader", "share"), ("next", "next_share"))
    led = [f"{world.actors[row[a]].name} {100 * row[b]:.0f} %" for a, b in sides]
    ruled = [] if row["ruler"] == row["name"] else [f"ruled by {row['ruler']}"]
    return shortened(", ".join([*led, *ruled, *filter(None, [row["present"]])]), 120)
