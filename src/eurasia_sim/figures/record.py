"""The model against the record: skill of forecasts, and numbers before and after a fit."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from eurasia_sim.figures import rows, style
from eurasia_sim.figures.style import Picture, Request, Words, table_of, use_style
from eurasia_sim.simulation.results_folder import SKILL, ResultsFolder
from eurasia_sim.validation.forecasts import by_item

_MOST_NUMBERS = 20
_AHEAD, _WORST = 3, -1.0  # years; a skill below which a mark stands at the edge
_SIDES = {
    "model": "the model, drivers held", "known": "drivers as recorded",
    "on_filter": "on the noise filter", "null": "null theory", "unchanged": "no change",
}  # fmt: skip


def skill_pages(held: ResultsFolder, _: Request, question: str) -> Iterator[Picture]:
    """Skill of the model on every observed item, the worst first, a figure a theory."""
    table, manifest = table_of(held, SKILL), held.manifest
    runs, scenario = f"{manifest['runs_a_side']} runs a side", manifest["scenario"]["name"]
    for theory, own in table.groupby("theory", sort=False):
        found = by_item(own, _AHEAD)
        failed = manifest.get("failed", {}).get(theory, "an unknown number of")
        about = (f"scenario {scenario}", f"theory {theory}")
        better = f"{(found['model'] > 0).sum()} of {len(found)} observed items"
        subject = f"The model forecasts {better} better than the best free baseline, {theory}"
        words = Words(question, style.footer(runs, failed, held.seed, *about), subject)
        says = f"{len(found)} observed items"
        yield Picture((str(theory),), skill_plot(found, words), found.reset_index(), says)


@use_style()
def skill_plot(found: pd.DataFrame, words: Words) -> Figure:
    """A row an item: skill of the model and of what it is measured by, as `by_item` gives them."""
    marked = found.rename(columns={"low": "model_low", "high": "model_high"}).clip(lower=_WORST)
    beside = [
        f"{style.signed(100 * row['model'], 0)} %" + (", n = 1" if row["units"] == 1 else "")
        for row in style.rows_of(found)
    ]
    names = [str(name).replace("_", " ") for name in found.index]
    figure, panel, _ = rows.mark_rows(marked, names, _SIDES, words, style.NOTES["skill"], beside)
    panel.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    panel.set_xlabel(f"saved of the best free baseline's CRPS, level {_AHEAD} years ahead")
    return figure


def posterior_pages(held: ResultsFolder, _: Request, question: str) -> Iterator[Picture]:
    """The numbers that the record narrows or shifts most, a figure."""
    table, manifest = table_of(held, "numbers"), held.manifest
    moved = table[table["moved"]].head(_MOST_NUMBERS).reset_index(drop=True)
    about = ("scenario as_recorded", f"theory {manifest['theory']}")
    members = f"{manifest['members']} members"
    caption = style.footer(members, manifest["failed"], held.seed, *about)
    spoken = f"speaks of {manifest['moved']} of {len(table)} numbers"
    words = Words(question, caption, f"The record to {manifest['until']} {spoken}")
    says = f"{len(moved)} numbers before and after the fit"
    yield Picture((str(manifest["theory"]),), posterior_plot(moved, words), moved, says)


@use_style()
def posterior_plot(numbers: pd.DataFrame, words: Words) -> Figure:
    """A row a number of `Fit.numbers`: the middle 90 % before and after, within its range."""
    ends = [f"{side}_{end}" for side in ("before", "after") for end in ("low", "high")]
    span = numbers["high"] - numbers["low"]
    shown = numbers[ends].sub(numbers["low"], axis=0).div(span, axis=0)
    shown["before"], shown["after"] = shown[ends[:2]].mean(axis=1), shown[ends[2:]].mean(axis=1)
    beside = []
    for row in style.rows_of(numbers):
        first, *others = row["items"].replace("_", " ").split(", ")
        more = f" and {len(others)} more" if others else ""
        left, shift = f"{100 * row['left']:.0f} % left", style.signed(row["shift"], 1)
        beside.append(f"{left}, {shift}, {first}{more}")
    names = [path.removeprefix("rules.") for path in numbers["number"]]
    marks, note = {"before": "before", "after": "after the fit"}, style.NOTES["posterior"]
    figure, panel, _ = rows.mark_rows(shown, names, marks, words, note, beside, zero=None)
    panel.set_xlim(0.0, 1.0)
    panel.set_xticks([0.0, 0.5, 1.0], ["low end", "middle", "high end"])
    panel.set_xlabel("declared range")
    return figure
