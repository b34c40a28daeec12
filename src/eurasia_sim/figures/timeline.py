"""What happened in one run, month by month, against the dates of the record."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from eurasia_sim.figures.style import INK, framed, rows_of, styled

_MARKERS = "osD^vP*X<>hpd8"
_MOST_WRITTEN = 8  # events of a lane beside which their own words stand
_HOW_TO_READ = (
    "Top: what the record dates{left_out}. Below: events of one run, the first of the ensemble, at its seed; other "
    "runs differ by chance. A mark's colour and shape are the actor's; lanes are kinds of event."
)


def _years(months: pd.Series) -> np.ndarray:
    periods = pd.PeriodIndex(months.astype(str), freq="M")
    return np.asarray(periods.year + (periods.month - 0.5) / 12, dtype=float)


def event_timeline(
    events: pd.DataFrame,
    record: pd.DataFrame,
    actors: Mapping[str, tuple[str, str]],
    span: tuple[str, str],
    title: str,
    caption: str,
    *,
    names: Mapping[str, str] | None = None,
) -> Figure:
    """Events of one run in lanes by kind, beneath the dates of the record.

    Args:
        events: columns `month` (YYYY-MM), `kind`, `actor`, `theatre`, `detail`, as `chronicle.chronicle` gives.
        record: columns `month`, `title`, `holds` (false for one that the scenario leaves out).
        actors: name and colour by id. span: first and last month of the axis.

    Raises:
        ValueError: where there is neither an event nor a date.
    """
    if events.empty and record.empty:
        raise ValueError("neither the run nor the record has an event to draw")
    kinds = list(dict.fromkeys(events["kind"]))
    present = [actor for actor in actors if actor in set(events["actor"])]
    marks = {actor: _MARKERS[at % len(_MARKERS)] for at, actor in enumerate(actors)}
    legend: dict[str, Artist] = {
        actors[actor][0]: Line2D([], [], marker=marks[actor], color=actors[actor][1], linewidth=0, markersize=4.5)
        for actor in present
    }
    note = f"{caption}\n{_HOW_TO_READ.format(left_out='; in grey with a cross: left out by this scenario')}"
    head = 0.3 + 0.17 * len(record)
    with styled():
        figure, (top, below) = framed(
            2, 1, head + 0.4 + 0.62 * max(len(kinds), 1), title, note, legend, sharex=True,
            height_ratios=(head, 0.4 + 0.62 * max(len(kinds), 1)),
        )  # fmt: skip
        ends = _years(pd.Series(span))
        top.set_xlim(ends[0], ends[1] + 1 / 12)
        _dates(top, record)
        for at, kind in enumerate(kinds):
            _lane(below, events[events["kind"] == kind], -float(at), actors, marks, names or {})
        counts = [f"{kind.replace('_', ' ')}\n{int((events['kind'] == kind).sum())} times" for kind in kinds]
        below.set_yticks(-np.arange(len(kinds), dtype=float), counts, fontsize=7)
        below.set_ylim(-max(len(kinds), 1) + 0.4, 0.6)
        below.tick_params(axis="y", length=0)
        for year in _years(record["month"]) if len(record) else ():
            below.axvline(year, color="#AAAAAA", linestyle=":", linewidth=0.7, zorder=0)
    return figure


def _dates(panel: Axes, record: pd.DataFrame) -> None:
    """The dates of the record, a row each, written on the side that has room."""
    low, high = panel.get_xlim()
    for at, (row, year) in enumerate(zip(rows_of(record), _years(record["month"]), strict=True)):
        ink = INK if row["holds"] else "#8A8A8A"
        late = year > (low + high) / 2
        panel.plot(year, -at, "|" if row["holds"] else "x", color=ink, markersize=6, markeredgewidth=1.2)
        said = f"{row['month']}  {row['title']}" + ("" if row["holds"] else "  (left out)")
        panel.annotate(
            said, (year, -at), xytext=(-6 if late else 6, 0), textcoords="offset points", va="center",
            ha="right" if late else "left", fontsize=6.5, color=ink,
        )  # fmt: skip
    panel.set_ylim(-max(len(record), 1) + 0.4, 0.6)
    panel.set_yticks([])
    panel.set_title("the record")
    panel.tick_params(axis="x", length=0)
    panel.spines["left"].set_visible(False)


def _lane(
    panel: Axes,
    events: pd.DataFrame,
    height: float,
    actors: Mapping[str, tuple[str, str]],
    marks: Mapping[str, str],
    names: Mapping[str, str],
) -> None:
    """One kind of event; a month that holds several stacks them, and a lane of few events has its own words."""
    seen: dict[float, int] = {}
    years = _years(events["month"])
    for row, year in zip(rows_of(events), years, strict=True):
        stacked = seen[year] = seen.get(year, -1) + 1
        offset = 0.13 * ((stacked + 1) // 2) * (-1) ** stacked
        colour = actors[row["actor"]][1] if row["actor"] in actors else INK
        panel.plot(
            year, height + offset, marks.get(row["actor"], "o"), color=colour, markersize=4.0,
            markeredgecolor="white", markeredgewidth=0.4,
        )  # fmt: skip
    if len(events) <= _MOST_WRITTEN:
        _write(panel, events, years, height, names)


def _write(panel: Axes, events: pd.DataFrame, years: np.ndarray, height: float, names: Mapping[str, str]) -> None:
    """The words of a lane's events beneath their marks; those too close to each other to read share a line."""
    low, high = panel.get_xlim()
    near = 0.13 * (high - low)
    groups: list[tuple[float, dict[str, list[str]]]] = []
    for row, year in sorted(zip(rows_of(events), years, strict=True), key=lambda pair: pair[1]):
        if not groups or year - groups[-1][0] > near:
            groups.append((year, {}))
        did = " ".join(names.get(word, word) for word in str(row["detail"]).split())
        said = f"{names.get(row['actor'], row['actor'])} {did}"
        groups[-1][1].setdefault(said, []).append(names.get(row["theatre"], row["theatre"]))
    for year, said_of in groups:
        words = "; ".join(f"{said}: {', '.join(dict.fromkeys(places))}" for said, places in said_of.items())
        late = year > low + 0.75 * (high - low)
        panel.annotate(
            textwrap.fill(words, 44), (year, height), xytext=(4 if late else 1, -9), textcoords="offset points",
            ha="right" if late else "left", va="top", fontsize=5.5, color=INK, linespacing=1.0,
        )  # fmt: skip
