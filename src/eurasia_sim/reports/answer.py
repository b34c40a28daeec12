"""What runs answer, in a few lines: the terminal, the report and the page say the same."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from eurasia_sim.analysis.differences import ENDS, difference_summary, has_level, says
from eurasia_sim.analysis.headline import smallest_effect
from eurasia_sim.figures.style import readable, rows_of, scenario_title
from eurasia_sim.files.data_yaml import month_name
from eurasia_sim.simulation.results_folder import ResultsFolder
from eurasia_sim.simulation.run import RANGES, SETS
from eurasia_sim.world.world import World

SKILL = "skill.json"  # beside a world's files, from its page on validation; no part of its digest
PAGE = "docs/validation.md"  # of what the line on trust sums up
_NOTABLE = 2.0  # times as much as the difference


class Answer(NamedTuple):
    """What one scenario has more of than another, or one alone, over one set of draws."""

    title: str
    over: str  # the set of draws, in words
    sentence: str
    rows: tuple[dict[str, str], ...]  # cells by heading; the first measure, then the largest moves
    unknown: str = ""  # how much more than the scenarios what nobody knows moves the first measure
    way: int = 0  # 1 or -1 where the first measure surely rises or falls by what matters


def answers(held: ResultsFolder, measures: Sequence[str] = ()) -> list[list[Answer]]:
    """Of the first scenario against each other, theory by theory: the leading set, then others.

    Args:
        measures: columns to tell of, the first one first; by default those the folder shows.
    """
    shown = list(measures) or held.shown
    lead, table = held.manifest.get("leads", RANGES), held.runs(shown)
    _, *others = dict.fromkeys(table["scenario"])
    return [
        [
            _answer(held, own, str(theory), kind, other, shown)
            for kind in dict.fromkeys((lead, *SETS))
            if len(own := runs[runs["set"] == kind])
        ]
        for theory, runs in table.groupby("theory", sort=False)
        for other in others or [""]
    ]


def _answer(
    held: ResultsFolder, runs: pd.DataFrame, theory: str, kind: str, other: str, shown: list[str]
) -> Answer:
    """The first scenario against another, or alone, over one set of draws.

    The family of measures that competition may mean speaks first, where a folder holds its word.
    """
    first, over = str(runs["scenario"].iloc[0]), SETS[kind]
    titles = [scenario_title(held, name) for name in (first, other) if name]
    title = f"{', against: '.join(titles)} ({theory.replace('_', ' ')})"
    if not other:
        count = int(np.isfinite(runs[shown[0]]).sum())
        rows = tuple(
            {
                "label": readable(name, held.names), "mean": f"{runs[name].mean():.4f}",
                "90 % of draws": "{:.4f} to {:.4f}".format(*runs[name].quantile([0.05, 0.95])),
            }
            for name in shown
        )  # fmt: skip
        return Answer(title, over, f"{count} draws {over}; nothing to compare with.", rows)
    lead, *rest = rows_of(difference_summary(runs, first, other, shown))
    label = readable(lead["measure"], held.names)
    subject = f"{label[0].upper()}{label[1:]},"
    for row in held.manifest["summary"].get("headlines", ()):
        of = f"competition.{row['pair']}.{row['scope']}"
        whose = (row["theory"], row["set"], row["scenario"], of)
        if whose == (theory, kind, other, lead["measure"]):
            subject = f"{subject} {row['word']}. By the measure of that name it"
    moved = [row for row in rest if row["pairs"] and (row["above"] or row["below"])]
    moved.sort(key=lambda row: -abs(row["mean"]) / (abs(row["level"]) if has_level(row) else 1.0))
    cells = tuple(_cells(row, held) for row in (lead, *moved) if row["pairs"])
    times = f"What nobody knows moves it {lead['times']:.0f} times as much as this difference."
    unknown = times if lead["times"] >= _NOTABLE else ""
    return Answer(title, over, says(lead, subject, over), cells, unknown, _way(lead))


def _way(row: dict[str, Any]) -> int:
    """The sign of a difference whose interval leaves out zero and whose mean matters; else 0."""
    is_sure = row["low"] > 0 or row["high"] < 0
    least = smallest_effect(row["measure"], np.array([row["level"]]))[0]
    return int(np.sign(row["mean"])) if is_sure and abs(row["mean"]) > least else 0


def _cells(row: dict[str, Any], held: ResultsFolder) -> dict[str, str]:
    """One measure: change in per cent of the level, or in its unit where it has none."""
    scale, digits, unit = (100 / abs(row["level"]), 1, " %") if has_level(row) else (1.0, 3, "")
    change, low, high = (f"{scale * row[key]:+.{digits}f}" for key in ("mean", *ENDS[:2]))
    cells = {
        "change": change + unit, "rises in": f"{100 * row['above']:.0f} %",
        "90 % of draws": f"{low} to {high}{unit}", "mean": f"{row['mean']:+.4f}",
        "95 % interval": f"{row['low']:+.4f} to {row['high']:+.4f}", "pairs": str(row["pairs"]),
    }  # fmt: skip
    minus = {heading: cell.replace("-", "−") for heading, cell in cells.items()}
    return {"label": readable(row["measure"], held.names), **minus}


def trust(world: World, theory: str) -> str:
    """How far a world's record bears out the model, as its page on validation measured it."""
    path = world.directory / SKILL
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if known.get("theory") != theory:
        return f"no skill against observed series is recorded for {theory} in this world"
    series = f"{known['better']} of {known['items']} series"
    start = "" if world.start == world.first else f" and for a start in {world.date(0)}"
    untested = f"untested after {month_name(world.record_until)}{start}"
    return f"beats the best free forecast on {series}; {untested}"
