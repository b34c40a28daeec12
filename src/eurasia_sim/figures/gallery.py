"""Every kind of picture in one table; pictures chosen, drawn, and saved to the same bytes."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from eurasia_sim.analysis.differences import differences_of, paired
from eurasia_sim.figures import analyses, differences, maps, style, time_series
from eurasia_sim.figures.style import Picture, Request, fit_fonts, use_style
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.files.ordinary import csv_bytes
from eurasia_sim.files.text import file_name_from, visible
from eurasia_sim.scenarios.schema import measures as measure_notes
from eurasia_sim.simulation import results_folder
from eurasia_sim.simulation.results import write_bytes
from eurasia_sim.simulation.results_folder import FIT, RUN, SKILL, SWEEP, TEST, ResultsFolder
from eurasia_sim.world.levers import successors
from eurasia_sim.world.world import World

_MOST_UNASKED = 24  # measures of a sweep that are drawn where none is asked for
_TABLES = ("influence.*", "threat.*")  # of a run, where no measure is named
Tell = Callable[[str], object]


class Kind(NamedTuple):
    """One kind of picture; its question is among the words of `figures.yaml`."""

    pages: Callable[[ResultsFolder, Request, str], Iterator[Picture]]  # its figures of a folder
    suits: tuple[str, ...]  # kinds of folder, or tables in it, that nobody need ask for it
    options: tuple[str, ...] = ()  # of a request; measures are columns of the runs
    of_run: tuple[str, ...] = ()  # measures of a run where none is named; else those it shows


KINDS: Mapping[str, Kind] = {
    "difference": Kind(differences.difference_pages, (RUN, TEST), ("measures",)),
    "distribution": Kind(differences.distribution_pages, (RUN, SWEEP), ("measures", "threshold")),
    "fan": Kind(time_series.fan_pages, (RUN,), ("measures",)),
    "map": Kind(maps.map_pages, (RUN,), ("months",)),
    "heatmap": Kind(maps.heatmap_pages, (RUN, SWEEP), ("measures", "across", "up"), _TABLES),
    "tornado": Kind(analyses.tornado_pages, (SWEEP,), ("measures",)),
    "indices": Kind(analyses.index_pages, ("sobol", "morris")),
    "box": Kind(analyses.box_pages, ("boxes",)),
    "skill": Kind(analyses.skill_pages, (SKILL,)),
    "posterior": Kind(analyses.posterior_pages, (FIT,)),
    "timeline": Kind(time_series.timeline_pages, (RUN,)),
    "leanings": Kind(differences.leaning_pages, (RUN,)),
}
# The kinds that `run` itself draws.
OF_RUN = ("difference", "distribution", "fan")
_OPTIONS = {"across": "--across", "up": "--up", "threshold": "--threshold", "months": "--month"}


def usual_kinds(held: ResultsFolder, measures: Sequence[str]) -> list[str]:
    """The kinds that suit a folder, or the measures named, if any are."""
    if measures:
        found = [kind for name in measures for kind in _kinds_of(held, name)]
        return list(dict.fromkeys(found))
    kinds = KINDS.items()
    found = [x for x, own in kinds if held.kind in own.suits or any(map(held.has, own.suits))]
    alone = held.kind == RUN and len(held.manifest["scenarios"]) < 2
    unfit = {"difference", "leanings"} if alone else set()
    unfit |= {"heatmap"} if held.kind == SWEEP and len(held.factors) < 2 else set()
    return [name for name in found if name not in unfit]


def _kinds_of(held: ResultsFolder, measure: str) -> list[str]:
    """What a measure is drawn as, by what it is of: two actors, or an actor and a theatre."""
    columns = held.chosen([measure])
    of_actors = measure_notes()[columns[0].partition(".")[0]]["of"][:1] == ["actor"]
    if held.kind == RUN and of_actors and any(each.count(".") > 1 for each in columns):
        return ["heatmap"]
    is_shown = held.kind == RUN and measure in held.shown
    fit = {"difference": differences.is_paired(held), "distribution": True, "fan": is_shown}
    return [kind for kind, suits in fit.items() if suits]


def pictures(
    held: ResultsFolder, kinds: Sequence[str], request: Request, tell: Tell | None = None
) -> Iterator[Picture]:
    """Every picture of some kinds, each drawn when it is asked for.

    DataError for an unknown kind, one that the folder cannot be drawn as, or an option that none
    of them takes. `tell` is given the reason where a kind cannot be drawn, which then costs no
    other kind; without it such a kind is an error.
    """
    replaced = successors()["pictures"]
    for name in kinds:
        if name in replaced:
            raise DataError([f"--kind {name} was replaced; use {replaced[name]}"])
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
    kind, left = KINDS[name], ""
    if kind.suits == (RUN,) and held.kind != RUN:
        need = "this picture needs a folder of `eurasia-sim run`"
        raise DataError([f"{held.folder} was written by {held.kind}: {need}"])
    if held.kind in (RUN, SWEEP) and not (held.runs([])["status"] == "ok").any():
        raise ValueError("every run failed")
    if "measures" in kind.options and held.kind in (RUN, SWEEP):
        asked = request.measures or (kind.of_run if held.kind == RUN else ())
        measures = held.chosen(asked)
        most = _MOST_UNASKED if held.kind == SWEEP and not asked else len(measures)
        if more := measures[most:]:
            left = f" {len(more)} more measures are drawn when named by --measure."
        request = replace(request, measures=tuple(measures[:most]))
    pages = kind.pages(held, request, style.QUESTIONS[name])
    draw_next = use_style()(partial(next, pages, None))  # no caller works in our style in between
    page = draw_next()
    if page is None:
        raise ValueError("there is nothing to draw")
    while page:
        stem = file_name_from("-".join(filter(None, (name, *page.parts))))
        says = f"{style.QUESTIONS[name]} {visible(page.says)}.{left}"
        yield page._replace(stem=stem, says=says, lacking=fit_fonts(page.figure))
        page = draw_next()


def settle(figure: Figure) -> None:
    """Lay a figure out once and for all, its panels at places rounded to a millionth of the page.

    The solver behind the layout goes through its variables by their addresses in memory, so two
    layouts of one figure may differ in the last bit; an svg names its clips after those bits.
    """
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine("none")
        for panel in figure.axes:
            panel.set_position(np.round(panel.get_position(original=True).bounds, 6))


def render(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """A figure as a file's bytes, the same for the same input: no date, no mark of the tool."""
    metadata = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}[kind]
    stream = io.BytesIO()
    with use_style():
        settle(figure)
        figure.savefig(stream, format=kind, metadata=metadata)
    return stream.getvalue()


def save(picture: Picture, into: Path) -> tuple[Path, ...]:
    """Write a picture as png and svg, and its data as csv; the same input, the same bytes.

    Each file is put in place whole or not at all, and none before all three are drawn.
    """
    paths = tuple(into / f"{picture.stem}.{kind}" for kind in ("png", "svg", "csv"))
    drawn = render(picture.figure, "png"), render(picture.figure, "svg")
    for path, content in zip(paths, (*drawn, csv_bytes(picture.data)), strict=True):
        write_bytes(path, content)
    return paths


def plot(
    folder: Path | str | pd.DataFrame, kinds: str | Sequence[str] = (), *,
    measures: Sequence[str] = (), filters: Sequence[str] = (),
    out: Path | str | None = None, world: World | None = None, **options: Any,
) -> Any:  # fmt: skip
    """Draw what a results folder holds, or a table of paired runs of two scenarios.

    Args:
        folder: a results folder, or the table that `run_ensemble` gives.
        kinds: one kind of picture or several; by default those that suit the folder.
        measures: names or wildcards; by default those that the folder puts first.
        filters: which runs, such as `["theory=inertia", "run<5"]`.
        out: folder in which each picture is saved as png, svg and csv; by default none is.
        world: that of the folder; by default the packaged one that its manifest names.
        options: `across`, `up`, `threshold`, `months`, as in `Request`.

    Returns:
        Pictures, each with its matplotlib `figure`, the `data` behind it and what it `says`; of a
        table, the one figure, a `difference` or a `distribution` of the measures. DataError for a
        folder, kind, measure or filter that cannot be used.
    """
    if isinstance(folder, pd.DataFrame):
        return _of_table(folder, str(kinds or "difference"), measures)
    results = results_folder.open_results(Path(folder), world, filters)
    chosen = [kinds] if isinstance(kinds, str) else kinds
    found = list(pictures(results, chosen, Request(tuple(measures), **options)))
    for picture in found if out is not None else ():
        save(picture, Path(str(out)))
    return found


@use_style()
def _of_table(runs: pd.DataFrame, kind: str, patterns: Sequence[str]) -> Figure:
    """A difference or distribution of the first two scenarios of a table of paired runs."""
    if kind not in OF_RUN[:2]:
        raise DataError([f"a table is drawn as a difference or a distribution, not as {kind}"])
    found = pd.concat(paired(runs, pattern) for pattern in patterns or ("competition.*",))
    first, second, *_ = dict.fromkeys(runs["scenario"])
    labels, asked = runs.attrs.get("labels", {}), list(found["measure"])
    one, other = (labels.get(name, name) for name in (first, second))
    counted = f"{found['pairs'].max()} pairs of runs"
    words = style.Words(style.QUESTIONS[kind], counted, f"{one}, less: {other}", labels)
    if kind == "difference":
        return differences.paired_difference(found.assign(over="over draws"), other, words)
    gaps, _ = differences_of(runs, first, second, asked)
    return differences.dots(gaps, asked[: style.PANELS], words, "Pairs of runs.", 0.0)
