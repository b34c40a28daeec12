"""What paired runs of two scenarios differ by, and what the parts of hypotheses differ by."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from eurasia_sim.analysis.contrast import ENDS, difference_summary, differences_of, has_level
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.figures import rows, style
from eurasia_sim.figures.style import INK, LESS, MORE, Look, Picture, Request, Words, use_style
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import TEST, ResultsFolder
from eurasia_sim.simulation.run import FITTED, RANGES, REFERENCE, SETS

_OVER = {kind: SETS[kind] for kind in (RANGES, REFERENCE, FITTED)}
_LOOKS = (Look("white", "o"), Look(INK, "s"), Look("#56B4E9", "^"))
_ROWS_A_PAGE = 18
_WIDEST = 4  # times the median reach of rows, beyond which a band is cut
_TICKS = (-1000.0, -100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0, 1000.0)
_LEANINGS = 10  # pairs
_HEAD = 0.2  # inches, of what names the sides


class Pair(NamedTuple):
    """Two scenarios whose runs one call of `run` paired, or one alone, under one theory."""

    first: str
    other: str  # empty for none
    sets: Mapping[str, pd.DataFrame]  # what the runs were drawn over → runs of both
    words: Words
    parts: tuple[str, ...]  # of a file's stem

    @property
    def leading(self) -> pd.DataFrame:
        """The runs of the set that is drawn first."""
        return next(iter(self.sets.values()))


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
            sets = {
                over: part for kind, over in _OVER.items() if len(part := own[own["set"] == kind])
            }
            subject = style.scenario_title(held, first)
            subject += f", less: {style.scenario_title(held, other)}" if other else ""
            caption = style.caption_of_runs(held, next(iter(sets.values())))
            words = Words(question, caption, subject, held.names)
            parts = (str(theory), other if len(others) > 1 else "")
            yield Pair(first, other, sets, words, parts)


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
            difference_summary(own, pair.first, pair.other, request.measures).assign(over=over)
            for over, own in pair.sets.items()
        )
        if summary["mean"].isna().all():
            raise ValueError(f"no run of both {pair.first} and {pair.other} finished")
        for page, shown in style.pages_of(request.measures, _ROWS_A_PAGE):
            own = summary[summary["measure"].isin(shown)].reset_index(drop=True)
            title = style.scenario_title(held, pair.other)
            figure = paired_difference(own, title, pair.words)
            yield Picture((*pair.parts, page), figure, own, pair.words.list(shown))


def leaning_pages(held: ResultsFolder, _: Request, question: str) -> Iterator[Picture]:
    """The pairs whose leaning two scenarios move most, those in focus first."""
    if not is_paired(held):
        raise ValueError("leanings move between two scenarios, and here is one")
    ids = {name: name.split(".")[1:] for name in held.measures if name.startswith("alignment.")}
    names = [name for name, (one, other) in ids.items() if one != other]
    focus = [name for name in names if tuple(ids[name]) in held.world.pairs]
    for pair in pairs_of(held, names, question):
        gaps, others = differences_of(pair.leading, pair.first, pair.other, names)
        order = gaps.mean().abs().sort_values(ascending=False, kind="stable").index
        chosen = list(dict.fromkeys([*focus, *order]))[:_LEANINGS]
        before, moved = others[chosen].mean(), gaps[chosen].mean()
        sides = {"before": before, "after": before + moved}
        found = pd.DataFrame({**sides, "rises": (gaps[chosen] > 0).mean()})
        titles = [style.scenario_title(held, name) for name in (pair.other, pair.first)]
        beside = [
            f"{style.signed(move, 3)}, rises in {100 * share:.0f} %"
            for move, share in zip(moved, found["rises"], strict=True)
        ]
        labels = [" → ".join(held.names[actor] for actor in ids[name]) for name in chosen]
        marks, note = dict(zip(sides, titles, strict=True)), style.NOTES["leanings"]
        with use_style():
            figure, panel, at = rows.mark_rows(
                found, labels, marks, pair.words, note, beside, level=True
            )
        panel.hlines(at[:, 0], *found[[*sides]].T.to_numpy(), color=INK, linewidth=0.8, zorder=0)
        panel.set_xlabel("leaning, −1 to 1")
        says = f"{pair.words.subject}: {len(chosen)} of {len(names)} leanings, those that move most"
        yield Picture(pair.parts, figure, found.rename_axis("measure").reset_index(), says)


@use_style()
def paired_difference(summary: pd.DataFrame, other: str, words: Words) -> Figure:
    """A row a measure, bands of pairs and their mean, in per cent of the second scenario's level.

    Measures of a level that is small beside the difference stand below, each in its own unit.

    Args:
        summary: rows of `difference_summary` with `over`, what the runs were drawn over; bands are
            those of the first, and of any other only the mean is drawn.
        other: title of the second scenario.
    """
    first, *_ = overs = list(dict.fromkeys(summary["over"]))
    looks = dict(zip(overs, _LOOKS, strict=False))
    keys: Any = {f"mean {over}": rows.mark_key(look, linewidth=0) for over, look in looks.items()}
    keys[f"mean {first}"] = rows.mark_key(_LOOKS[0], color=INK, markerfacecolor="white")
    leading = summary[summary["over"] == first]
    of_level = dict(zip(leading["measure"], map(has_level, style.rows_of(leading)), strict=True))
    in_level = summary["measure"].map(of_level)
    scale = (100.0 / summary["level"].abs().where(summary["level"] != 0)).where(in_level, 1.0)
    drawn = [name for name in ("mean", "low", "high", *ENDS) if name in summary]
    scaled = summary.assign(**summary[drawn].mul(scale, axis=0))
    groups = [
        (kind, scaled[in_level == kind]) for kind in (True, False) if (in_level == kind).any()
    ]
    laid = []
    for kind, own in groups:
        shown = style.rows_of(own[own["over"] == first])
        beside = [_beside(row, "%" if kind else style.unit_of(row["measure"])) for row in shown]
        laid.append(rows.Rows([words.heading(row["measure"]) for row in shown], beside, tall=0.2))
    heights = [each.inches + _HEAD for each in laid]
    note = style.NOTES["difference"].format(over=first, other=other)
    figure, panels = style.frame_panels(
        len(groups), 1, sum(heights), words, note, keys if len(overs) > 1 else {},
        height_ratios=heights,
    )  # fmt: skip
    for (kind, own), panel, lines in zip(groups, panels, laid, strict=True):
        lines.write(panel)
        _draw_differences(panel, own, lines.heights[:, 0], looks)
        rows.name_sides(panel, "← less", "more →", va="bottom")
        panel.set_xlabel(f"per cent of: {other}" if kind else "each in its own unit")
    return figure


def _draw_differences(
    panel: Axes, summary: pd.DataFrame, heights: Floats, looks: Mapping[str, Look]
) -> None:
    """Bands and means of some measures on one axis, which one outlier does not stretch."""
    places, first = dict(zip(summary["measure"].unique(), heights, strict=True)), next(iter(looks))
    reach, means = [], []
    for row in style.rows_of(summary):
        at = places[row["measure"]]
        if row["over"] != first:
            look = looks[row["over"]]
            panel.plot(row["mean"], at, look.marker, color=look.colour, markersize=3.5)
            continue
        if np.isfinite(row["mean"]):
            ends = [row[name] for name in ENDS]
            rows.draw_bands(panel, at, list(zip(ends[::2], ends[1::2], strict=True)))
            reach.append(max(map(abs, (*ends, row["low"], row["high"]))))
        rows.draw_mean(panel, at, row["mean"], row["low"], row["high"])
        means.append((at, row["mean"]))
    panel.axvline(0.0, color=INK, linewidth=0.8)
    moved = [each for each in reach if each > 0]
    most = 1.05 * min(max(moved), _WIDEST * float(np.median(moved))) if moved else 1.0
    panel.set_xlim(-most, most)
    for at, mean in means:
        if abs(mean) > most:
            edge, marker, colour = (most, ">", MORE) if mean > 0 else (-most, "<", LESS)
            panel.plot(edge, at, marker, color=colour, markersize=7, clip_on=False)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=7))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.plain(value)))


def _beside(row: Mapping[str, Any], unit: str) -> str:
    """Mean, interval and share above zero of one row, and the pairs that are missing."""
    pairs, missing = row["pairs"], row["missing"]
    lost = f", {missing} of {pairs + missing} pairs missing" if missing else ""
    if not pairs:
        return lost[2:]
    if row["mean"] == 0 and row[ENDS[0]] == row[ENDS[1]]:
        return f"the same in every pair{lost}"
    text = "{mean:+.2g} {unit} [{low:+.2g}, {high:+.2g}]".format(**row, unit=unit)
    return f"{text}, more in {100 * row['above']:.0f} %{lost}".replace("-", "−")


def _part_pages(held: ResultsFolder, question: str) -> Iterator[Picture]:
    """Every part of every hypothesis, some eighteen rows a figure."""
    parts, rivals = style.table_of(held, "parts"), style.table_of(held, "theories")
    if not parts["n"].any():
        raise ValueError("every run failed")
    words = Words(question, style.analysis_caption(held), held.title)
    for page, own in style.pages_of(range(len(parts)), _ROWS_A_PAGE):
        shown = parts.iloc[list(own)].reset_index(drop=True)
        says = f"{len(shown)} parts of hypotheses"
        yield Picture((page,), part_plot(shown, rivals, words), shown.drop(columns="because"), says)


@use_style()
def part_plot(parts: pd.DataFrame, rivals: pd.DataFrame, words: Words) -> Figure:
    """A row a part of a hypothesis: its effect at reference and under rivals, and its word.

    Args:
        parts: as `test` writes them. rivals: a row a part and theory or form.
    """
    scaled = parts[["mean", "low", "high"]].div(parts["smallest"], axis=0)
    table = scaled.rename(columns={"low": "mean_low", "high": "mean_high"})
    every = style.rows_of(parts)
    labels = [f"{row['hypothesis']} {row['part']}".strip() + f" ({row['sign']})" for row in every]
    marks, beside = {"mean": "at reference", "under": "under a rival"}, list(map(_word, every))
    figure, panel, heights = rows.mark_rows(
        table.assign(under=np.nan), labels, marks, words, style.NOTES["parts"], beside
    )
    panel.set_xscale("symlog", linthresh=1.0, linscale=0.7)
    panel.axvspan(-1.0, 1.0, color=style.TRACK, zorder=0)
    for at, row in zip(heights[:, 1], every, strict=True):
        own = rivals[rivals["hypothesis"].eq(row["hypothesis"]) & rivals["part"].eq(row["part"])]
        under = own["mean"] / row["smallest"]
        panel.plot(under, np.full(len(own), at), "s", color="#A06000", mfc="none", ms=3.2)
    furthest = 1.15 * max(1.0, *(abs(end) for end in panel.get_xlim()))
    panel.set(xlim=(-furthest, furthest), xlabel="effect, in smallest effects that matter")
    panel.xaxis.set_major_locator(FixedLocator(_TICKS))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.plain(value)))
    return figure


def _word(row: Mapping[str, Any]) -> str:
    """A part's share of the space and its word; why it has no effect, where it has none."""
    if not np.isfinite(row["mean"]):
        return f"no effect ({row['failed']} runs failed)"
    held = np.isfinite(row["share_of_space"]) and row["sign"] != "?"
    told = f"holds in {100 * row['share_of_space']:.0f} %: " if held else ""
    return told + str(row["word"]) + (f", fit: {row['fit_word']}" if row["fit_word"] else "")
