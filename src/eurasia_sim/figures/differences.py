"""What paired runs differ by, how runs are spread, and what the parts of hypotheses come to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, SymmetricalLogLocator

from eurasia_sim.analysis import differences as paired
from eurasia_sim.analysis.differences import ENDS
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures import rows, style
from eurasia_sim.figures.style import INK, LESS, MORE, Look, Picture, Request, Words
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import TEST, ResultsFolder
from eurasia_sim.simulation.run import FITTED, RANGES, REFERENCE, SETS

_LOOKS = (rows.RING, Look(INK, "s"), Look("#56B4E9", "^"))  # of these sets
_SETS = (RANGES, REFERENCE, FITTED)  # of draws, the leading first
_ROWS_A_PAGE = 18
_WIDEST = 4  # times the median reach of rows, beyond which a band is cut
_LEANINGS = 10  # pairs
_HEAD = 0.2  # inches, of what names the sides
_DOTS, _COLUMNS = 50, 34
DOTS = f"Each dot is {100 // _DOTS} % of them. Ring and bar beneath: mean and its 95 % interval."
_NOTE = f"{{what}} {DOTS} Shares of runs under the assumptions made, no probabilities of events."


class Pair(NamedTuple):
    """Two scenarios whose runs one call of `run` paired, or one alone, under one theory."""

    sides: tuple[str, str]  # the other is empty for none
    runs: pd.DataFrame  # of both, of the set of draws that leads
    sets: Mapping[str, pd.DataFrame]  # what the runs were drawn over → runs of both
    words: Words
    parts: tuple[str, ...]  # of a file's stem


def is_paired(held: ResultsFolder) -> bool:
    """Whether one call of `run` paired two scenarios or more, and the filters leave as many."""
    return "set" in held.columns and len(held.runs([])["scenario"].unique()) > 1


def pairs_of(
    held: ResultsFolder, measures: Sequence[str], question: str, **where: str
) -> Iterator[Pair]:
    """The first scenario with each other, or with none, under every theory."""
    table = held.runs(measures, **where)
    first, *others = dict.fromkeys(table["scenario"])
    for theory, runs in table.groupby("theory", sort=False):
        for other in others or [""]:
            own = runs[runs["scenario"].isin((first, other))]
            by_set = dict(list(own.groupby("set")))
            sets = {SETS[kind]: by_set[kind] for kind in _SETS if kind in by_set}
            leading = next(iter(sets.values()))
            titles = [style.scenario_title(held, name) for name in (first, other) if name]
            words = style.words_of(held, question, leading, ", less: ".join(titles))
            parts = (str(theory), other if others[1:] else "")
            yield Pair((first, other), leading, sets, words, parts)


def difference_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """A row a measure: what the first scenario has more than each other; of a test, its parts."""
    if held.kind == TEST:
        yield from _part_pages(held, question)
        return
    if not is_paired(held):
        need = "a paired difference needs two scenarios that one call of `eurasia-sim run` paired"
        raise DataError([need])
    for pair in pairs_of(held, request.measures, question):
        summary = pd.concat(
            paired.difference_summary(own, *pair.sides, request.measures).assign(over=over)
            for over, own in pair.sets.items()
        )
        for page, shown in style.pages_of(request.measures, _ROWS_A_PAGE):
            own = summary[summary["measure"].isin(shown)].reset_index(drop=True)
            figure = paired_difference(own, style.scenario_title(held, pair.sides[1]), pair.words)
            yield Picture((*pair.parts, page), figure, own, pair.words.list(shown))


def paired_difference(summary: pd.DataFrame, other: str, words: Words) -> Figure:
    """A row a measure, bands of pairs and their mean, in per cent of the second scenario's level.

    Measures of a level that is small beside the difference stand below, each in its own unit. Rows
    are those of `difference_summary` with `over`, what the runs were drawn over; of the second and
    third only the mean is drawn. `other` is the second scenario's title.
    """
    if ENDS[0] not in summary:
        raise ValueError("no run of both sides finished")
    overs = list(summary["over"].unique())
    leading = style.rows_of(summary[summary["over"] == overs[0]])
    in_level = summary["measure"].map({row["measure"]: paired.has_level(row) for row in leading})
    scale = (100 / summary["level"].abs()).where(in_level, 1.0)
    scaled = summary.assign(**summary[["mean", "low", "high", *ENDS]].mul(scale, axis=0))
    groups = list(scaled.groupby(~in_level))
    laid = []
    for is_bare, own in groups:
        shown = style.rows_of(own[own["over"] == overs[0]])
        labels = [style.readable(row["measure"], words.names) for row in shown]
        beside = [_beside(row, style.unit_of(row["measure"]) if is_bare else "%") for row in shown]
        laid.append(rows.Rows(labels, beside, tall=0.2))
    heights = [each.inches + _HEAD for each in laid]
    looks = dict(zip(overs, _LOOKS, strict=False))
    legend = {f"mean {over}": rows.mark_key(look, 0) for over, look in looks.items()}
    legend[f"mean {overs[0]}"] = rows.mark_key(rows.RING)
    note = style.NOTES["difference"].format(over=overs[0], other=other)
    figure, panels = style.frame_panels(
        len(groups), 1, sum(heights), words, note, legend if overs[1:] else {},
        height_ratios=heights,
    )  # fmt: skip
    for (is_bare, own), panel, lines in zip(groups, panels, laid, strict=True):
        lines.write(panel)
        _draw_differences(panel, own, lines.heights[:, 0], looks)
        rows.name_sides(panel, "← less", "more →", va="bottom")
        panel.set_xlabel("each in its own unit" if is_bare else f"per cent of: {other}")
    return figure


def _draw_differences(
    panel: Axes, summary: pd.DataFrame, heights: Floats, looks: Mapping[str, Look]
) -> None:
    """Bands and means on one axis, which one outlier does not stretch."""
    places = dict(zip(summary["measure"].unique(), heights, strict=True))
    whole = summary.assign(at=summary["measure"].map(places)).dropna(subset="mean")
    first, *others = (whole[whole["over"] == over] for over in looks)
    rows.draw_bands(panel, first["at"], first)
    ends = (first["low"], first["high"])
    rows.draw_intervals(panel, first["at"], first["mean"], *ends, rows.RING)
    for own, (ink, marker) in zip(others, [*looks.values()][1:], strict=True):
        panel.plot(own["mean"], own["at"], marker, color=ink, markersize=3.5)
    panel.axvline(0.0, color=INK, linewidth=0.8)
    reach = first[["low", "high", *ENDS]].abs().max(axis=1)
    moved = reach[reach > 0]
    most = 1.05 * min(moved.max(), _WIDEST * moved.median()) if len(moved) else 1.0
    for way, marker, ink in ((1, ">", MORE), (-1, "<", LESS)):
        for at in first.loc[way * first["mean"] > most, "at"]:
            panel.plot(way * most, at, marker, color=ink, markersize=7, clip_on=False)
    panel.set_xlim(-most, most)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=7))
    panel.xaxis.set_major_formatter(lambda value, _: style.plain(value))


def _beside(row: Mapping[str, Any], unit: str) -> str:
    pairs, missing = row["pairs"], row["missing"]
    lost = f", {missing} of {pairs + missing} pairs missing" if missing else ""
    if not pairs:
        return lost[2:]
    if row["mean"] == 0 and row[ENDS[0]] == row[ENDS[1]]:
        return f"the same in every pair{lost}"
    text = "{mean:+.2g} {unit} [{low:+.2g}, {high:+.2g}]".format(**row, unit=unit)
    return f"{text}, more in {100 * row['above']:.0f} %{lost}".replace("-", "−")


def leaning_pages(held: ResultsFolder, _: Request, question: str) -> Iterator[Picture]:
    """The pairs whose leaning two scenarios move most, those in focus first."""
    if not is_paired(held):
        raise ValueError("leanings move between two scenarios, and here is one")
    ids = {name: name.split(".")[1:] for name in held.measures if name.startswith("alignment.")}
    names = [name for name, (one, other) in ids.items() if one != other]
    focus = [name for name in names if tuple(ids[name]) in held.world.pairs]
    for pair in pairs_of(held, names, question):
        gaps, others = paired.differences_of(pair.runs, *pair.sides, names)
        order = gaps.mean().abs().sort_values(ascending=False, kind="stable").index
        chosen = list(dict.fromkeys([*focus, *order]))[:_LEANINGS]
        level, moved = others[chosen].mean(), gaps[chosen].mean()
        found = pd.DataFrame({"before": level, "after": level + moved})
        found["rises"] = (gaps[chosen] > 0).mean()
        labels = [" → ".join(held.names[actor] for actor in ids[name]) for name in chosen]
        moves = zip(moved, found["rises"], strict=True)
        beside = [f"{style.signed(x, 3)}, rises in {100 * share:.0f} %" for x, share in moves]
        after, before = (style.scenario_title(held, name) for name in pair.sides)
        marks = {"before": before, "after": after}
        shown = found.assign(label=labels, beside=beside)
        figure, panel, at = rows.mark_rows("leanings", shown, pair.words, marks=marks, level=True)
        panel.hlines(at[:, 0], found["before"], found["after"], color=INK, linewidth=0.8, zorder=0)
        says = f"{pair.words.subject}: {len(chosen)} of {len(names)} leanings, those that move most"
        yield Picture(pair.parts, figure, found.rename_axis("measure").reset_index(), says)


def distribution_pages(held: ResultsFolder, request: Request, question: str) -> Iterator[Picture]:
    """Paired differences; outcomes where nothing is paired or a threshold is given."""
    measures, what, line = request.measures, "Runs.", request.threshold
    found: list[tuple[pd.DataFrame, Words, tuple[str, ...]]] = []
    if is_paired(held) and line is None:
        what, line = "Pairs of runs under the same draws and luck.", 0.0
        for pair in pairs_of(held, measures, question):
            gaps, _ = paired.differences_of(pair.runs, *pair.sides, measures)
            found.append((gaps, pair.words, pair.parts))
    else:
        runs = held.runs(measures, set=RANGES)
        several = len(runs["scenario"].unique()) > 1
        for (theory, name), own in runs.groupby(["theory", "scenario"], sort=False):
            words = style.words_of(held, question, own, style.scenario_title(held, str(name)))
            found.append((own.set_index("run"), words, (str(theory), str(name) * several)))
    for table, words, parts in found:
        head = [name for name in ("scenario", "theory", "seed", "status") if name in table]
        for page, shown in style.pages_of(measures):
            figure, data = dots(table, shown, words, what, line), table[[*head, *shown]]
            yield Picture((*parts, page), figure, data.reset_index(), words.list(shown))


def dots(
    table: pd.DataFrame, measures: Sequence[str], words: Words, what: str, line: float | None
) -> Figure:
    """Fifty dots a measure, each as many runs (rows), stacked where they fall; the mean beneath.

    Dots below and above a line, if any, are counted and coloured. `what` says what the rows are.
    """
    figure, panels = style.measure_panels(measures, 1.55, words, _NOTE.format(what=what))
    for measure, panel in panels.items():
        draw_dots(panel, table[measure].to_numpy(dtype=float), line, style.unit_of(measure))
    return figure


def draw_dots(panel: Axes, values: Floats, line: float | None, unit: str) -> None:
    """Quantile dots of runs (R,), NaN where one failed, and their mean with its interval."""
    present, origin = values[np.isfinite(values)], line or 0.0
    panel.set(xlabel=f"{unit}  ({style.count_runs(values)})", yticks=[])
    panel.grid(visible=False, axis="y")
    panel.spines["left"].set_visible(False)
    if line is not None:
        panel.axvline(line, color=INK, linewidth=0.8)
    if not len(present):
        return
    found = np.quantile(present, (np.arange(_DOTS) + 0.5) / _DOTS) - origin
    low, high = float(found.min()), float(found.max())
    if line is not None:
        low, high = min(low, -high), max(high, -low)
        less, more = (100 * share.mean() for share in (present < line, present > line))
        rows.name_sides(panel, f"{less:.0f} % less", f"{more:.0f} % more", va="top")
    # Runs that are all the same are one column, not rounding magnified to the panel's width.
    step = max((high - low) / _COLUMNS, 1e-9 * max(1.0, abs(origin), abs(high)))
    places = np.where(found == 0, 0.0, (np.floor(found / step) + 0.5) * step)
    levels = pd.Series(places).groupby(places).cumcount().to_numpy()
    sides = np.sign(found).astype(int) * (line is not None)
    inks = np.array([INK, MORE, LESS])[sides]  # at zero, above it, below it
    panel.scatter(origin + places, levels + 0.5, s=10, c=inks, linewidth=0)
    rows.draw_intervals(panel, -1.2, present.mean(), *paired.mean_interval(present), rows.RING)
    panel.set_xlim(origin + low - step, origin + high + step)
    panel.set_ylim(-2.4, max(14.0, levels.max() + 3.0))
    panel.xaxis.set_major_locator(MaxNLocator(nbins=5))


def _part_pages(held: ResultsFolder, question: str) -> Iterator[Picture]:
    parts, rivals = style.table_of(held, "parts"), style.table_of(held, "theories")
    if not parts["n"].any():
        raise ValueError("every run failed")
    effort, lost = held.manifest["effort"], f"{parts['failed'].max()} of a part at most"
    about = (f"{effort['points']} points of the space a theory", "all theories and forms")
    caption = style.footer(f"{effort['runs']} runs", lost, held.seed, *about)
    words = Words(question, caption, held.title)
    for page, shown in style.pages_of(parts, _ROWS_A_PAGE):
        figure, says = part_plot(shown, rivals, words), f"{len(shown)} parts of hypotheses"
        yield Picture((page,), figure, shown.drop(columns="because"), says)


def part_plot(parts: pd.DataFrame, rivals: pd.DataFrame, words: Words) -> Figure:
    """A row a part of a hypothesis, as `test` writes them: its effect at reference, and its word.

    Beneath it hollow marks, its effects under rivals: a row a part and theory or form.
    """
    ends = {"mean": "mean", "low": "mean_low", "high": "mean_high"}
    table = parts[[*ends]].div(parts["smallest"], axis=0).rename(columns=ends)
    every = style.rows_of(parts)
    labels = [f"{row['hypothesis']} {row['part']}".strip() + f" ({row['sign']})" for row in every]
    table = table.assign(label=labels, beside=[*map(_word, every)], under=np.nan)
    figure, panel, heights = rows.mark_rows("parts", table, words)
    places = parts[["hypothesis", "part"]].assign(at=heights[:, 1], least=parts["smallest"])
    under = rivals.merge(places, on=["hypothesis", "part"])
    ring: Any = {"color": "#A06000", "markerfacecolor": "none", "markersize": 3.2}
    panel.plot(under["mean"] / under["least"], under["at"], "s", **ring)
    panel.set_xscale("symlog", linthresh=1.0, linscale=0.7)
    panel.axvspan(-1.0, 1.0, color=style.TRACK, zorder=0)
    furthest = 1.15 * max(1.0, *map(abs, panel.get_xlim()))
    panel.set_xlim(-furthest, furthest)
    panel.xaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=1.0))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(lambda value, _: style.plain(value))
    return figure


def _word(row: Mapping[str, Any]) -> str:
    """A part's share of the space and its word; why it has no effect, where it has none."""
    if not np.isfinite(row["mean"]):
        return f"no effect ({row['failed']} runs failed)"
    held = np.isfinite(row["share_of_space"]) and row["sign"] != "?"
    told = f"holds in {100 * row['share_of_space']:.0f} %: " if held else ""
    return told + str(row["word"]) + (f", fit: {row['fit_word']}" if row["fit_word"] else "")
