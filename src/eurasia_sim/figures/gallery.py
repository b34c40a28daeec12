"""Every kind of picture in one table; pictures chosen, drawn, and saved to the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from eurasia_sim.figures import (
    differences,
    distributions,
    heatmaps,
    moments,
    record,
    sensitivity,
    time_series,
    verdicts,
)
from eurasia_sim.figures.fonts import fit_fonts
from eurasia_sim.figures.style import Page, Request, use_style
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.files.ordinary import csv_bytes
from eurasia_sim.files.text import file_name_from, visible
from eurasia_sim.scenarios.schema import measures as measure_notes
from eurasia_sim.simulation import results_folder
from eurasia_sim.simulation.results import read_manifest, write_bytes
from eurasia_sim.simulation.results_folder import (
    FIT,
    RUN,
    SKILL,
    SWEEP,
    TEST,
    ResultsFolder,
)  # fmt: skip
from eurasia_sim.world.world import World, load_world

_MOST_UNASKED = 24  # measures of a sweep that are drawn where none is asked for


class Picture(NamedTuple):
    """A figure, the table behind it, the stem of their files, and what it shows in words."""

    stem: str
    figure: Figure
    data: pd.DataFrame
    says: str
    lacking: str = ""  # characters that no font of the machine has


class Kind(NamedTuple):
    """One kind of picture."""

    meaning: str
    pages: Callable[[ResultsFolder, Request], Iterator[Page]]  # its figures of a folder
    folders: tuple[str, ...] = ()  # which are drawn as it when nobody says otherwise
    options: tuple[str, ...] = ()  # of a request; measures are columns of the runs
    table: str = ""  # a folder that holds it is drawn as this kind, too
    of_run: tuple[str, ...] = ()  # measures of a run where none is named; else those it shows


_RUNS = ("measures", "by")
KINDS: Mapping[str, Kind] = {
    "distribution": Kind(
        "Densities, boxes and dots of runs",
        distributions.distribution_pages, (RUN, SWEEP), (*_RUNS, "threshold"),
    ),
    "fan": Kind(
        "Medians and the middle 50, 80 and 95 % of runs, month by month",
        time_series.fan_pages, (RUN,), ("measures",),
    ),
    "difference": Kind(
        "Mean paired differences with 95 % intervals",
        differences.difference_pages, (RUN,), ("measures",),
    ),
    "heatmap": Kind(
        "Means over two factors, or over actors and theatres",
        heatmaps.heatmap_pages, (RUN, SWEEP), (*_RUNS, "across", "up", "months"),
        of_run=("influence.*", "threat.*"),
    ),
    "tornado": Kind(
        "Means at the low and the high end of every factor, the widest first",
        sensitivity.tornado_pages, (SWEEP,), ("measures",),
    ),
    "convergence": Kind(
        "Running means with 95 % intervals as runs come in",
        distributions.convergence_pages, (RUN, SWEEP), _RUNS,
    ),
    "network": Kind(
        "Circles of actors, lines where two lean toward each other",
        moments.network_pages, (RUN,), ("months",),
    ),
    "map": Kind("Maps of theatres with foreign influence", moments.map_pages, (RUN,), ("months",)),
    "timeline": Kind(
        "Events of one run against the dates of the record", time_series.timeline_pages, (RUN,)
    ),
    "forest": Kind(
        "Effects at reference and under rivals, and the share of the space that holds",
        verdicts.forest_pages, (TEST,),
    ),
    "indices": Kind(
        "First-order and total sensitivity indices with 95 % intervals",
        sensitivity.index_pages, table="sobol",
    ),
    "effects": Kind(
        "Mean absolute effects, and how much each differs from place to place",
        sensitivity.effect_pages, table="morris",
    ),
    "shares": Kind(
        "Shares of the variance by source: theory, parameters, chance and others",
        sensitivity.share_pages, (TEST,), table="shares",
    ),
    "box": Kind(
        "The box that does best, and the coverage and density of boxes",
        verdicts.box_pages, table="boxes",
    ),
    "skill": Kind(
        "Skill of forecasts of what was observed, against the best free baseline",
        record.skill_pages, table=SKILL,
    ),
    "patterns": Kind(
        "Share of runs that pass each documented pattern", record.pattern_pages, table="patterns"
    ),
    "posterior": Kind(
        "Ranges of numbers before and after a fit to the record", record.posterior_pages,
        (FIT,),
    ),
}  # fmt: skip
# A kind that has left -> what draws its answer now.
REPLACED = {
    "ridgeline": "distribution, with --by for any number of groups",
    "cumulative": "distribution, with --threshold for the share of runs above a value",
    "surface": "heatmap",
    "threat": "heatmap, with --measure 'threat.*'",
    "mosaic": "heatmap, with --measure 'influence.*'",
}
# The kinds that `run` itself draws.
OF_RUN = ("distribution", "fan", "difference")
_OPTIONS = {
    "by": "--by", "across": "--across", "up": "--up", "threshold": "--threshold",
    "months": "--month",
}  # fmt: skip


def usual_kinds(held: ResultsFolder, measures: Sequence[str]) -> list[str]:
    """The kinds that suit a folder, or the measures named, if any are."""
    if measures:
        return _kinds_of_measures(held, measures)
    found = [
        name
        for name, kind in KINDS.items()
        if held.kind in kind.folders or (kind.table and held.has(kind.table))
    ]
    unfit = {"difference"} if len(held.manifest.get("scenarios", ())) < 2 else set()
    unfit |= {"heatmap"} if held.kind == SWEEP and len(held.factors) < 2 else set()
    return [name for name in found if name not in unfit]


def _kinds_of_measures(held: ResultsFolder, measures: Sequence[str]) -> list[str]:
    """What measures are drawn as, by what they are of: two actors, or an actor and a theatre."""
    found: list[str] = []
    for measure in measures:
        name, *steps = measure.split(".")
        note = measure_notes().get(name, {})
        is_sum = steps[-1:] != ["*"] and len(steps) == len(note.get("sum_of", ()))
        of = note.get("sum_of" if is_sum else "of", ())
        if name == "alignment":
            found.append("network")
        elif of[:1] == ["actor"] and len(of) > 1 and held.kind == RUN:
            found.append("heatmap")
        else:
            found.append("distribution")
            found += ["fan"] if held.kind == RUN and measure in held.shown else []
    return list(dict.fromkeys(found))


def pictures(
    held: ResultsFolder,
    kinds: Sequence[str],
    request: Request,
    tell: Callable[[str], object] | None = None,
) -> Iterator[Picture]:
    """Every picture of some kinds, each drawn when it is asked for.

    Args:
        tell: given the reason where a kind cannot be drawn, which then costs no other kind; by
            default such a kind is an error.

    Raises:
        DataError: for an unknown kind, one that the folder cannot be drawn as, or an option that
            none of them takes.
    """
    for name in kinds:
        if name in REPLACED:
            raise DataError([f"--kind {name} was replaced; use {REPLACED[name]}"])
        if name not in KINDS:
            known = f"is no kind of picture{near(name, KINDS)}; one of {', '.join(KINDS)}"
            raise DataError([f"--kind {name} {known}"])
    chosen = kinds or usual_kinds(held, request.measures)
    for option, written in _OPTIONS.items():
        used = [name for name, kind in KINDS.items() if option in kind.options]
        if getattr(request, option) not in (None, ()) and not set(used) & set(chosen):
            misused = f"{written} is for {' and '.join(used)}, not for {', '.join(chosen)}"
            raise DataError([f"{misused}: name one by --kind"])
    for name in chosen:
        try:
            yield from _draw_kind(held, name, request)
        except ValueError as error:
            if isinstance(error, DataError):
                raise
            if tell is None:
                raise DataError([f"--kind {name}: {error}"]) from error
            tell(f"no {name}: {error}")


def _draw_kind(held: ResultsFolder, name: str, request: Request) -> Iterator[Picture]:
    """The pictures of one kind, with what is left for lack of room; ValueError where none is."""
    kind, left, is_drawn = KINDS[name], 0, False
    if held.kind in (RUN, SWEEP) and not (held.runs([])["status"] == "ok").any():
        raise ValueError("every run failed")
    if "measures" in kind.options:
        asked = request.measures or (kind.of_run if held.kind == RUN else ())
        measures = held.chosen(asked)
        if held.kind != RUN and not asked:
            measures, left = measures[:_MOST_UNASKED], len(measures[_MOST_UNASKED:])
        request = replace(request, measures=tuple(measures))
    for page in kind.pages(held, request):
        is_drawn = True
        stem = file_name_from("-".join(filter(None, (name, *page.parts))))
        says = f"{kind.meaning}: {visible(page.says)}."
        says += f" {left} more measures are drawn when named by --measure." if left else ""
        yield Picture(stem, page.figure, page.data, says, fit_fonts(page.figure))
    if not is_drawn:
        raise ValueError("there is nothing to draw")


def draw(
    held: ResultsFolder,
    kinds: Sequence[str],
    request: Request,
    out: Path,
    tell: Callable[[str], object] | None = None,
) -> Iterator[tuple[Picture, tuple[Path, ...]]]:
    """Draw and save pictures as svg, png and csv; give each with its three files."""
    for picture in pictures(held, kinds, request, tell):
        yield picture, save(picture.figure, out / picture.stem, picture.data)


def settle(figure: Figure) -> None:
    """Lay a figure out once and for all, its panels at places rounded to a millionth of the page.

    The solver behind the layout goes through its variables by their addresses in memory, so two
    layouts of one figure may differ in the last bit; an svg names its clips after those bits.
    """
    engine = figure.get_layout_engine()
    if not isinstance(engine, ConstrainedLayoutEngine):
        return
    engine.execute(figure)
    figure.set_layout_engine("none")
    for panel in figure.axes:
        x0, y0, width, height = np.round(panel.get_position(original=True).bounds, 6)
        panel.set_position((x0, y0, width, height))


def render(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """A figure as a file's bytes, the same for the same input: no date, no mark of the tool."""
    metadata = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}[kind]
    stream = io.BytesIO()
    with use_style():
        settle(figure)
        figure.savefig(stream, format=kind, metadata=metadata)
    return stream.getvalue()


def save(figure: Figure, stem: Path, data: pd.DataFrame) -> tuple[Path, Path, Path]:
    """Write `stem`.png, `.svg` and the data behind them as `.csv`; the same input, the same bytes.

    Each file is put in place whole or not at all, and none before all three are drawn.

    Returns:
        The three paths in that order.
    """
    contents = {
        "png": render(figure, "png"),
        "svg": render(figure, "svg"),
        "csv": csv_bytes(data),
    }
    png, svg, csv = (stem.with_name(f"{stem.name}.{kind}") for kind in contents)
    for path, content in zip((png, svg, csv), contents.values(), strict=True):
        write_bytes(path, content)
    return png, svg, csv


def plot(
    folder: Path | str,
    kinds: str | Sequence[str] = (),
    *,
    measures: Sequence[str] = (),
    filters: Sequence[str] = (),
    out: Path | str | None = None,
    world: World | None = None,
    **options: Any,
) -> list[Picture]:
    """Draw what a results folder holds.

    Args:
        kinds: one kind of picture or several; by default those that suit the folder.
        measures: names or wildcards; by default those that the folder puts first.
        filters: which runs, such as `["theory=inertia", "run<5"]`.
        out: folder in which each picture is saved as png, svg and csv; by default none is.
        world: that of the folder; by default the packaged one that its manifest names.
        options: `by`, `across`, `up`, `threshold`, `months`, as in `Request`.

    Returns:
        Pictures, each with its matplotlib `figure`, the `data` behind it and what it `says`.

    Raises:
        DataError: for a folder, kind, measure or filter that cannot be used.
    """
    manifest = read_manifest(Path(folder)) or {}
    world = world or load_world(manifest.get("world") or None)
    results = results_folder.open_results(Path(folder), world, filters)
    chosen = [kinds] if isinstance(kinds, str) else kinds
    found = list(pictures(results, chosen, Request(tuple(measures), **options)))
    for picture in found if out is not None else ():
        save(picture.figure, Path(str(out)) / picture.stem, picture.data)
    return found
