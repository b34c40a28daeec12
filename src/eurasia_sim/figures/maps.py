"""Heat maps of sweeps and of runs' actors and theatres, and the region as a map in a month."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
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
from eurasia_sim.figures.style import Picture, Request, Words
from eurasia_sim.files.data_yaml import DataError, near, packaged
from eurasia_sim.files.text import shortened, wrapped
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation.inputs import capability_index
from eurasia_sim.simulation.results_folder import SWEEP, Replay, ResultsFolder
from eurasia_sim.simulation.run import RANGES
from eurasia_sim.world.levers import levers
from eurasia_sim.world.world import World

_MOST_LEVELS, _CELLS = 12, 10  # of a factor; one of more levels is cut into cells
_LEAST_WRITTEN = 0.05
_LEAST_PRESENCE = 0.005
_MAPS_A_PAGE = 2
_Rings = list[Floats]  # each (points, 2)


def heatmap_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """Measures over two factors of a sweep, or over the actors and theatres of a run."""
    if held.kind == SWEEP:
        yield from _surface_pages(held, request, question)
        return
    if request.across or request.up:
        raise DataError([f"{held.folder} has no factors: --across and --up need a sweep's folder"])
    # Measures of one actor or theatre are no table.
    columns = pd.Series([name for name in request.measures if name.count(".") > 1])
    if columns.empty:
        raise ValueError("a table needs measures of two actors, or of an actor and a theatre")
    table = held.runs(request.measures, set=RANGES)
    for names, runs in table.groupby(["theory", "scenario"], sort=False):
        theory, scenario = map(str, names)
        means = runs[[*columns]].mean().to_dict()
        for measure, own in columns.groupby(columns.str.partition(".")[0], sort=False):
            says = f"{style.readable(str(measure))}: {style.scenario_title(held, scenario)}"
            words = style.words_of(held, question, runs, says)
            figure, cells = matrix([*own], means, words)
            parts = (str(measure), theory, scenario)
            yield Picture(parts, figure, cells.drop(columns="text"), says)


def _surface_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    across, up = factors = _two_factors(held, request)
    axes = [style.factor_name(factor) for factor in factors]
    for measure in request.measures:
        table = held.runs([measure, *factors])
        data, says = surface_data(table, across, up, measure), style.readable(measure, held.names)
        words = style.words_of(held, question, table, f"{says}: {held.title}")
        counted = style.count_runs(table[measure].to_numpy(dtype=float))
        note = f"{counted}. {style.NOTES['surface']} In {style.unit_of(measure)}."
        figure = heat_map(_surface_cells(data), words, note, axes)
        yield Picture((measure,), figure, data, f"{says}, cells of {' and '.join(axes)}")


def _two_factors(held: ResultsFolder, request: Request) -> list[str]:
    """The factors that were named, filled up with the design's own, as their columns are called."""
    named = []
    for option, given in (("across", request.across or ""), ("up", request.up or "")):
        named.append(given and f"x.{given.removeprefix('x.')}")
        if given and named[-1] not in held.factors:
            known = near(named[-1], held.factors)
            raise DataError([f"--{option} {given} is no factor of the design{known}"])
    rest = iter([factor for factor in held.factors if factor not in named])
    found = [column or next(rest, "") for column in named]
    if "" in found or found[0] == found[1]:
        wrong = " and ".join(filter(None, found))
        raise DataError([f"a heat map of {held.folder} needs two factors, not {wrong}"])
    return found


def matrix(
    columns: Sequence[str], values: Mapping[Any, float], words: Words
) -> tuple[Figure, pd.DataFrame]:
    """A measure of two actors, or of an actor and a theatre, as a figure and its cells.

    Columns are `measure.whom.whom_or_where[.part]`; a value is NaN where no run is finite. Cells
    are `part` (a domain, or none), `row`, `column`, `value`, `text`.
    """
    heads = pd.DataFrame([each.split(".")[1:] for each in columns])
    cells = heads.reindex(columns=(2, 0, 1), fill_value="")
    cells = cells.set_axis(["part", "row", "column"], axis="columns")
    numbers = pd.Series([values[each] for each in columns])
    text = numbers.map("{:.2f}".format).str.replace("-", "−")
    cells = cells.assign(value=numbers, text=text.where(numbers.abs() >= _LEAST_WRITTEN, ""))
    of_actors = measures()[columns[0].partition(".")[0]]["of"][1] == "actor"
    axes = ("toward whom" if of_actors else "where", "of whom")
    return heat_map(cells, words, style.NOTES["matrix"], axes, least=0.0), cells


def factor_cells(values: pd.Series) -> pd.Series:
    """Which cell of an axis each run lies in, named, in the order of the axis.

    A factor of text, or of few levels, has a cell a level; any other has ten of equal width.
    ValueError for more levels of text than an axis holds.
    """
    levels, is_text = values.dropna().unique(), not pd.api.types.is_numeric_dtype(values)
    if len(levels) > _MOST_LEVELS and is_text:
        limit = f"an axis holds {_MOST_LEVELS}: filter first"
        raise ValueError(f"{values.name} has {len(levels)} levels; {limit}")
    if len(levels) > _MOST_LEVELS:
        edges = np.linspace(values.min(), values.max(), _CELLS + 1)
        ends = [style.plain(edge, edges[1] - edges[0]) for edge in edges]
        names = [f"{low}–{high}" for low, high in pairwise(ends)]
        return pd.cut(values, _CELLS, right=False, labels=names)
    named = {level: level if is_text else style.plain(level) for level in sorted(levels)}
    return values.map(named).astype(pd.CategoricalDtype([*named.values()]))


def surface_data(table: pd.DataFrame, across: str, up: str, measure: str) -> pd.DataFrame:
    """A row a cell, empty or not: up, across, `mean`, `deviation`, `runs`, `missing`, `measure`."""
    values = table[measure].replace([np.inf, -np.inf], np.nan)
    cells = [factor_cells(table[up]), factor_cells(table[across])]
    found = values.groupby(cells, observed=False).agg(["mean", "std", "count", "size"])
    found = found.set_axis(["mean", "deviation", "runs", "missing"], axis="columns")
    found["missing"] -= found["runs"]
    return found.reset_index().assign(measure=measure).astype({up: str, across: str})


def _surface_cells(data: pd.DataFrame) -> pd.DataFrame:
    """The cells of a surface, the top row first, with as many digits as tell them apart."""
    spread = data["mean"].max() - data["mean"].min()
    digits = int(np.clip(np.ceil(-np.log10(spread / 50)), 0, 4)) if spread > 0 else 3
    written = data["mean"].map(f"{{:.{digits}f}}".format) + "\n" + data["runs"].astype(str)
    cells = data.set_axis(["row", "column", "value", *data.columns[3:]], axis="columns")
    lines = [own for _, own in cells.assign(part="", text=written).groupby("row", sort=False)]
    return pd.concat(lines[::-1])


def heat_map(
    cells: pd.DataFrame, words: Words, note: str, axes: Sequence[str], least: float | None = None
) -> Figure:
    """Coloured and written cells, a panel a part, one scale of colour; a matrix lies flat.

    Cells are `part`, `row`, `column`, `value` (NaN is hatched), `text`; axes, what columns and rows
    are; `least`, of a matrix, the end of the scale of values that are all above it.
    """
    if least is not None and cells["row"].nunique() > cells["column"].nunique():
        cells, axes = cells.rename(columns={"row": "column", "column": "row"}), axes[::-1]
    parts, ups, acrosses = (list(cells[name].unique()) for name in ("part", "row", "column"))
    most = float(np.nanmax([_LEAST_WRITTEN * (least is not None), *cells["value"].abs()]))
    signed = bool((cells["value"] < 0).any())
    low = -most if signed else cells["value"].min() if least is None else least
    colours: Any = {"cmap": "RdBu" if signed else "YlOrRd", "vmin": low, "vmax": most}
    look: Any = {"ha": "center", "va": "center", "fontsize": 6, "linespacing": 1.1}
    tall = max(0.21, 0.13 * (1.3 + cells["text"].str.count("\n").max()))
    height = len(parts) * (tall * len(ups) + 0.3) + 0.7
    shared: Any = {"sharex": True, "sharey": True}
    figure, panels = style.frame_panels(len(parts), 1, height, words, note, **shared)
    for panel, part in zip(panels, parts, strict=True):
        own = cells[cells["part"] == part]
        values, texts = np.full((len(ups), len(acrosses)), np.nan), own["text"]
        places = own["row"].map(ups.index), own["column"].map(acrosses.index)
        values[places] = own["value"]
        grid = np.ma.masked_invalid(values)
        shown = panel.pcolormesh(grid, edgecolors="white", linewidth=0.6, **colours)
        panel.patch.set(hatch="////", facecolor="white", edgecolor="#BBBBBB")
        for row, column, value, text in zip(*places, own["value"], texts, strict=True):
            if text and np.isfinite(value):
                ink = style.legible(shown.to_rgba(value))
                panel.text(column + 0.5, row + 0.5, text, color=ink, **look)
        _name_cells(panel, words, ups, acrosses)
        panel.set(title=words.name(part), ylabel=axes[1])
    panels[-1].set_xlabel(axes[0])
    panels[0].invert_yaxis()
    return figure


def _name_cells(panel: Axes, words: Words, ups: list[str], acrosses: list[str]) -> None:
    """Name the rows and columns, these aslant where they are crowded."""
    panel.grid(visible=False)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    for axis, keys in ((panel.yaxis, ups), (panel.xaxis, acrosses)):
        names = [style.in_lines("–".join(map(words.name, key.split("-"))), 20) for key in keys]
        crowded = axis is panel.xaxis and max(map(len, names)) > 48 // len(names)
        turned: Any = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
        axis.set_ticks(np.arange(len(keys)) + 0.5, names, fontsize=6.5, **turned)


class Moment(NamedTuple):
    """One month of one run, or of means over runs."""

    label: str  # of the panel it is drawn in
    values: Mapping[str, float]  # by column; NaN where no run is finite
    presence: Floats  # (N, K, P)
    rulers: Sequence[str | None]  # by theatre


def _moment_at(again: Replay, world: World, t: int, label: str) -> Moment:
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
    lands = {}
    for each in json.loads((packaged() / "outlines.geojson").read_bytes())["features"]:
        rings = [np.array(part[0]) for part in each["geometry"]["coordinates"]]
        lands[each["properties"]["name"]] = rings
    return lands


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
    square = 0.45 * np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)])
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
            found.append({
                "month": each.label, "theatre": k, "name": theatre.name,
                "ruler": world.actors[ruler].name if ruler else "nobody",
                "leader": shares.index[0], "next": shares.index[1],
                "share": shares.iloc[0], "next_share": shares.iloc[1],
                **{name: each.values[f"{name}.{k}"] for name in ("stability", "militants")},
                "present": _present(world, each.presence[:, at]),
            })  # fmt: skip
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
    tall = (style.WIDTH - 0.2) * (top - bottom) / (right - left) + 0.3
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
