"""The model against the record: skill of forecasts, patterns passed, numbers before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, PercentFormatter

from eurasia_sim.figures import style
from eurasia_sim.figures.heatmaps import cell_plot
from eurasia_sim.figures.style import INK, Page, Request, Words, use_style
from eurasia_sim.figures.verdicts import table_of
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.results_folder import FIT, SKILL, ResultsFolder
from eurasia_sim.validation.forecasts import by_item

SIDES: Mapping[str, str] = {
    "model": "over the ranges", "reference": "at reference", "null": "null theory",
    "unchanged": "nothing changes",
}  # fmt: skip
_PATTERNS = (
    "A row a pattern that counts, the misses first; a cell is the share of runs that pass it. The "
    "null theory and a world without change know nothing; where they pass as often, a pass tells "
    "little. First row: means."
)
_MOST_NUMBERS = 20
_TRACK, _CLEAR = "#BBBBBB", 0.8
_POSTERIOR_NOTE = (
    "A row a number, the most learnt first; the axis is its declared range. Grey: the middle 90 % "
    "of members before; ink: after the fit, bold where at most four fifths of the spread are left. "
    "Right: what is left of the spread, by how many standard deviations the mean moved, and the "
    "items it goes along with. A number of which the record does not speak keeps its range."
)
_AHEAD, _WORST = 3, -1.0  # years; a skill below which a mark stands at the edge
_SIDES: Mapping[str, str] = {
    "model": "the model, drivers held", "known": "drivers as recorded",
    "on_filter": "on the noise filter", "null": "null theory", "unchanged": "no change",
}  # fmt: skip
_SKILL_NOTE = (
    "A row an observed item, the worst first. Right of the dashed line a method beats the best "
    "free baseline that could be chosen at the time; numbers are the model's. Bar: with each actor "
    "or place left out in turn. Marks below -100 % stand at that edge. Hindsight: whoever coded "
    "and built the model knew later years, so its skill is at most this."
)


def validated(held: ResultsFolder, name: str) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Theory, rows and caption of every figure that a table of `validate` makes."""
    table, manifest = table_of(held, name), held.manifest
    scenario, runs = str(manifest["scenario"]["name"]), int(manifest["runs_a_side"])
    for theory, own in table.groupby("theory", sort=False):
        failed = manifest.get("failed", {}).get(theory, "an unknown number of")
        caption = style.caption(runs, failed, held.seed, scenario, str(theory), held.judged)
        yield str(theory), own, caption.replace(" runs ", " runs a side ", 1)


def pattern_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """How many runs pass each documented pattern, the misses first, a figure a theory."""
    for theory, every, caption in validated(held, "patterns"):
        own = every[every["counted"].astype(bool)]
        says = f"{len(own)} patterns, beside two baselines"
        yield Page((theory,), pattern_plot(own, Words(held.title, caption)), own, says)


def pattern_plot(patterns: pd.DataFrame, words: Words) -> Figure:
    """Shares of runs that pass: a row of means, then a row a pattern, a column a side.

    Args:
        patterns: `says`, and shares 0..1 under the names of `SIDES` (NaN: not run).

    Raises:
        ValueError: where no pattern counts.
    """
    if patterns.empty:
        raise ValueError("no pattern counts")
    table = patterns.set_index("says")[list(SIDES)].rename(columns=SIDES)
    ordered = table.sort_values(SIDES["model"], kind="stable", na_position="last")
    means = ordered.mean().to_frame("mean of the patterns drawn").T
    return cell_plot(pd.concat([means, ordered]), words, _PATTERNS, 76)


def skill_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """Skill of the model on every observed item, the worst first, a figure a theory."""
    for theory, own, caption in validated(held, SKILL):
        rows = by_item(own, _AHEAD)
        better = f"{(rows['model'] > 0).sum()} of {len(rows)} items"
        words = Words(f"The model forecasts {better} better than the best free baseline", caption)
        says = f"{len(rows)} observed items"
        yield Page((theory,), skill_plot(rows, words), rows.reset_index(), says)


@use_style()
def skill_plot(rows: pd.DataFrame, words: Words) -> Figure:
    """A row an item: skill of the model and of what it is measured by.

    Args:
        rows: as `by_item` gives them.

    Raises:
        ValueError: where there is no item.
    """
    if rows.empty:
        raise ValueError("no item has a skill")
    groups = style.looks(_SIDES)
    legend = {label: style.mark_key(groups[name]) for name, label in _SIDES.items()}
    height = 0.6 + 0.34 * len(rows)
    figure, (panel,) = style.frame_panels(1, 1, height, words, _SKILL_NOTE, legend)
    marks = rows.rename(columns={"low": "model_low", "high": "model_high"}).clip(lower=_WORST)
    style.draw_marks(panel, marks, groups, 0.3)
    for at, row in enumerate(style.rows_of(rows)):
        note = "  n = 1" if row["units"] == 1 else ""
        style.write_beside(panel, -float(at), f"{round(100 * row['model']):+d}%{note}")
    panel.axvline(0.0, color=INK, linestyle="--", linewidth=0.8, zorder=1)
    style.label_rows(panel, [str(name).replace("_", " ") for name in rows.index])
    panel.xaxis.set_major_formatter(PercentFormatter(1.0))
    panel.set_xlabel(f"saved of the best free baseline's CRPS, level {_AHEAD} years ahead")
    return figure


def posterior_pages(held: ResultsFolder, _: Request) -> Iterator[Page]:
    """The numbers that the record narrows or shifts most, a figure."""
    if held.kind != FIT:
        need = "a posterior needs what `eurasia-sim calibrate` writes"
        raise DataError([f"{held.folder} was written by {held.kind}: {need}"])
    table, manifest = table_of(held, "numbers"), held.manifest
    moved = table[table["moved"]].head(_MOST_NUMBERS).reset_index(drop=True)
    title = (
        f"The record to {manifest['until']} speaks of {manifest['moved']} of {len(table)} numbers"
    )
    counts, theory = (manifest["members"], manifest["failed"]), str(manifest["theory"])
    caption = style.caption(*counts, held.seed, "as_recorded", theory, held.judged)
    says = f"{len(moved)} numbers before and after the fit"
    figure = posterior_plot(moved, Words(title, caption))
    yield Page((theory,), figure, moved, says)


@use_style()
def posterior_plot(numbers: pd.DataFrame, words: Words) -> Figure:
    """A row a number: the middle 90 % before and after, as shares of its declared range.

    Args:
        numbers: rows of `Fit.numbers`.

    Raises:
        ValueError: where there is no number.
    """
    if numbers.empty:
        raise ValueError("the record speaks of no number")
    legend = {
        "before": Line2D([], [], color=_TRACK, linewidth=6),
        "after": Line2D([], [], color=INK, linewidth=2),
    }
    figure, (panel,) = style.frame_panels(
        1, 1, 0.5 + 0.3 * len(numbers), words, _POSTERIOR_NOTE, legend
    )
    for at, row in enumerate(style.rows_of(numbers)):
        span = row["high"] - row["low"]
        ends = {
            key: [(row[f"{key}_{end}"] - row["low"]) / span for end in ("low", "high")]
            for key in ("before", "after")
        }
        panel.hlines(-at, *ends["before"], color=_TRACK, linewidth=6)
        panel.hlines(-at, *ends["after"], color=INK, linewidth=3.5 if row["left"] < _CLEAR else 1.6)
        first, *others = row["items"].split(", ")
        more = f" and {len(others)} more" if others else ""
        text = f"{row['left']:.0%}  {row['shift']:+.1f}  {first}{more}"
        style.write_beside(panel, -at, text, 1.02)
    names = [style.break_lines(path.removeprefix("rules."), 44) for path in numbers["number"]]
    style.label_rows(panel, names, fontsize=6.5)
    panel.xaxis.set_major_locator(FixedLocator([0.0, 0.5, 1.0]))
    panel.set_xticklabels(["low end", "middle", "high end"])
    panel.set(xlim=(0.0, 1.0), xlabel="declared range")
    return figure
