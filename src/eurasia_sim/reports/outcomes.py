"""What came out, built once: the answer of runs, verdicts, effects, variance, boxes, skill."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from eurasia_sim.analysis import differences
from eurasia_sim.analysis.headline import in_words, smallest_effect
from eurasia_sim.figures.style import readable, rows_of, scenario_title, table_of
from eurasia_sim.files.data_yaml import month_name, packaged, read_page
from eurasia_sim.reports.blocks import Blocks, interval_of, number, share, table
from eurasia_sim.simulation.results_folder import FIT, RUN, SKILL, TEST, ResultsFolder
from eurasia_sim.simulation.run import RANGES, SETS
from eurasia_sim.validation.forecasts import by_item
from eurasia_sim.world.world import World

WORDS = read_page(packaged() / "report.yaml").data  # that are the same for every folder
SKILL_FILE = "skill.json"  # beside a world's files, from its page on validation; in no digest
PAGE = "docs/validation.md"  # of what the line on trust sums up
_NOTABLE = 2.0  # times as much as the difference
_SIDES = {
    "model": "over the ranges", "reference": "at reference", "null": "null theory",
    "unchanged": "nothing changes",
}  # fmt: skip
_PART = {
    "hypothesis": "hypothesis", "part": "part", "expected": "expected", "mean": "effect",
    "interval": "95 % interval", "size": "in standard deviations",
    "colocation_part": "by co-location", "joint_part": "by joint share",
    "correlation": "correlation", "variance_gain": "variance gain",
}  # fmt: skip
_rounded = partial(number, digits=3)


class Answer(NamedTuple):
    """What one scenario has more of than another, or one alone, over one set of draws."""

    sides: tuple[str, ...]  # titles of scenarios
    theory: str
    over: str  # the set of draws, in words
    sentence: str
    rows: tuple[dict[str, str], ...]  # cells by heading; the first measure, then the largest moves
    unknown: str = ""  # how much more than the scenarios what nobody knows moves the first measure
    way: int = 0  # 1 or -1 where the first measure surely rises or falls by what matters

    @property
    def title(self) -> str:
        """Who is compared, under which theory."""
        return f"{', against: '.join(self.sides)} ({self.theory})"


def answers(held: ResultsFolder, measures: Sequence[str] = ()) -> list[list[Answer]]:
    """Of the first scenario against each other, theory by theory: the leading set, then others.

    Args:
        measures: columns to tell of, the first one first; by default those the folder shows.
    """
    shown = list(measures) or held.shown
    lead, runs = held.manifest.get("leads", RANGES), held.runs(shown)
    _, *others = dict.fromkeys(runs["scenario"])
    return [
        [
            _answer(held, own, str(theory), kind, other, shown)
            for kind in dict.fromkeys((lead, *SETS))
            if len(own := of_theory[of_theory["set"] == kind])
        ]
        for theory, of_theory in runs.groupby("theory", sort=False)
        for other in others or [""]
    ]


def _answer(
    held: ResultsFolder, runs: pd.DataFrame, theory: str, kind: str, other: str, shown: list[str]
) -> Answer:
    """The first scenario against another, or alone, over one set of draws.

    The family of measures that competition may mean speaks first, where a folder holds its word.
    """
    first, over = str(runs["scenario"].iloc[0]), SETS[kind]
    sides = tuple(scenario_title(held, name) for name in (first, other) if name)
    who = (sides, theory.replace("_", " "), over)
    if not other:
        count = int(np.isfinite(runs[shown[0]]).sum())
        alone = tuple(
            {
                "measure": readable(name, held.names), "mean": f"{runs[name].mean():.4f}",
                "90 % of draws": "{:.4f} to {:.4f}".format(*runs[name].quantile([0.05, 0.95])),
            }
            for name in shown
        )  # fmt: skip
        return Answer(*who, f"{count} draws {over}; nothing to compare with.", alone)
    lead, *rest = rows_of(differences.difference_summary(runs, first, other, shown))
    label = readable(lead["measure"], held.names)
    subject = f"{label[0].upper()}{label[1:]},"
    for row in held.manifest["summary"].get("headlines", ()):
        of = f"competition.{row['pair']}.{row['scope']}"
        whose = (row["theory"], row["set"], row["scenario"], of)
        if whose == (theory, kind, other, lead["measure"]):
            subject = f"{subject} {row['word']}. By the measure of that name it"
    moved = [row for row in rest if row["pairs"] and (row["above"] or row["below"])]
    moved.sort(key=lambda row: -abs(row["mean"]) / _level(row))
    cells = tuple(_cells(row, held) for row in (lead, *moved) if row["pairs"])
    times = f"What nobody knows moves it {lead['times']:.0f} times as much as this difference."
    unknown = times if lead["times"] >= _NOTABLE else ""
    is_sure = lead["low"] > 0 or lead["high"] < 0
    least = smallest_effect(lead["measure"], np.array([lead["level"]]))[0]
    way = int(np.sign(lead["mean"])) if is_sure and abs(lead["mean"]) > least else 0
    return Answer(*who, differences.says(lead, subject, over), cells, unknown, way)


def _level(row: dict[str, Any]) -> float:
    """What a change is a part of: the second scenario's mean; 1 where it is too small for that."""
    return abs(row["level"]) if differences.has_level(row) else 1.0


def _cells(row: dict[str, Any], held: ResultsFolder) -> dict[str, str]:
    """One measure: change in per cent of the level, or in its unit where it has none."""
    level, ends = _level(row), ("mean", *differences.ENDS[:2])
    scale, digits, unit = (100 / level, 1, " %") if differences.has_level(row) else (1.0, 3, "")
    change, low, high = (f"{scale * row[key]:+.{digits}f}" for key in ends)
    cells = {
        "change": change + unit, "rises in": f"{100 * row['above']:.0f} %",
        "90 % of draws": f"{low} to {high}{unit}", "mean": f"{row['mean']:+.4f}",
        "95 % interval": f"{row['low']:+.4f} to {row['high']:+.4f}", "pairs": str(row["pairs"]),
    }  # fmt: skip
    minus = {heading: cell.replace("-", "−") for heading, cell in cells.items()}
    return {"measure": readable(row["measure"], held.names), **minus}


def trust(world: World, theory: str) -> str:
    """How far a world's record bears out the model, as its page on validation measured it."""
    path = world.directory / SKILL_FILE
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if known.get("theory") != theory:
        return f"no skill against observed series is recorded for {theory} in this world"
    series = f"{known['better']} of {known['items']} series"
    start = "" if world.start == world.first else f" and for a start in {world.date(0)}"
    untested = f"untested after {month_name(world.record_until)}{start}"
    return f"beats the best free forecast on {series}; {untested}"


def answer(held: ResultsFolder) -> Blocks:
    """The question of a run, its answer in a sentence, and how far to trust it."""
    if held.kind == RUN:
        first = next(iter(held.manifest["scenarios"].values()))
        yield str(first.get("question") or "")
        for lead, *_ in answers(held):
            yield f"{lead.title}: {lead.sentence}"
            yield lead.unknown
        yield f"How far to trust it: {trust(held.world, held.manifest['theories'][0])} ({PAGE})."


def verdicts(held: ResultsFolder) -> Blocks:
    """What a test says of every hypothesis, and what would reverse it."""
    if held.kind != TEST:
        return
    found = []
    for row in rows_of(table_of(held, "verdicts")):
        hinges = bool(row["region"])
        boxed, left = (
            f"{share(row[one])}, {share(row[other])}" if hinges else "–"
            for one, other in (("density", "coverage"), ("left_by_fit", "left_by_ranges"))
        )
        ends = (share(row[f"share_{end}"]) for end in ("of_space", "low", "high"))
        found.append({
            "hypothesis": row["hypothesis"], "says": row["says"], "verdict": row["verdict"],
            "share of the space [95 %]": "{} [{}, {}]".format(*ends),
            "under the fit": row["fit_verdict"] or "–",
            "share of the fit": share(row["fit_share"]), "hinges on": row["region"] or "–",
            "density, coverage (draws held back)": boxed, "left by the fit, by the ranges": left,
        })  # fmt: skip
    yield table("Verdicts", found)
    beside = [
        {key: row[key] for key in ("hypothesis", "part", "kind", "under")}
        | {"effect": row["mean"], "95 % interval": interval_of(row)}
        | {"verdict": next((word for word in ("holds", "mirrors") if row[word]), "neither")}
        for row in rows_of(table_of(held, "theories"))
    ]
    counted = f"{len(beside)} effects under other theories and forms"
    yield table("Under rivals", beside, folded=counted)


def effects(held: ResultsFolder) -> Blocks:
    """Outcomes, and effect sizes with intervals."""
    if held.kind == TEST:
        yield WORDS["effects"]
        rows = [
            {
                **row,
                "expected": f"{row['sign']} {row['smallest']:.3g}",
                "interval": interval_of(row),
            }
            for row in rows_of(table_of(held, "parts"))
        ]
        parts = [{heading: row[key] for key, heading in _PART.items()} for row in rows]
        yield table("Effects at reference", parts, form=_rounded)
    if held.kind == FIT:
        yield WORDS["fit"]
        moved = table_of(held, "numbers").query("moved").drop(columns="moved")
        yield table("Numbers that the record speaks of", moved, form=_rounded)
        caption = "Log scores three years after earlier origins, by fits up to these"
        yield table(caption, table_of(held, "held_out"), form=_rounded)
    if held.kind == RUN:
        for row in held.manifest["summary"].get("headlines", ()):
            drawn = f"{SETS[row['set']]}, {row['theory']}"
            sides = f"from {row['scenario']} to {row['first']}"
            yield in_words(row, sides, drawn, lambda name: readable(name, held.names))
        for own in answers(held):
            for at, each in enumerate(own):
                caption = f"{each.title}, {each.over}"
                yield table(caption, each.rows, folded=caption if at else "")


def variance(held: ResultsFolder) -> Blocks:
    """What the spread comes from."""
    if (divided := held.table("shares")) is not None:
        shares = share_table(divided, held.names)
        sources = [name for name in shares if pd.api.types.is_float_dtype(shares[name])]
        yield table("Shares of the variance", shares.assign(**shares[sources].map(share)))


def share_table(shares: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A row a reading, a column a source; of a test's shares, or an analysis's, a row a part."""
    if "part" not in shares:
        return shares.drop(columns=["scenarios", "replicates"], errors="ignore")
    readings = shares["measure"].map(lambda measure: readable(measure, names))
    if len(shares["of"].unique()) > 1:
        readings += ", " + shares["of"]
    wide = shares.assign(reading=readings).pivot_table("share", "reading", "part", sort=False)
    return wide.rename_axis(columns=None).reset_index()


def boxes(held: ResultsFolder) -> Blocks:
    """Boxes in the space of assumptions in which something holds."""
    if (found := held.table("boxes")) is not None:
        yield table("Boxes, a row a limit, judged on draws held back", found, form=_rounded)


def validation(held: ResultsFolder) -> Blocks:
    """Skill on what was observed, then how well runs pass what is documented, the misses first."""
    if (skill := held.table(SKILL)) is not None:
        yield WORDS["skill"]
        for theory, own in skill.groupby("theory", sort=False):
            rows = by_item(own, 3).reset_index()
            yield table(f"Skill by observed item, {theory}", rows, form=partial(number, digits=2))
    if (patterns := held.table("patterns")) is not None:
        counted = patterns[patterns["counted"].astype(bool)]
        by_theory = counted.groupby("theory", sort=False)
        means = by_theory[[*_SIDES]].mean().map(share)
        means.insert(0, "patterns that count", by_theory.size())
        yield WORDS["patterns"]
        yield table("Patterns passed", means.rename(columns=_SIDES).reset_index())
        misses = counted[counted["model"] < 0.5].sort_values("model", kind="stable")
        passed = {"model": "passed by", "null": "null theory", "unchanged": "nothing changes"}
        cells = misses[["theory", "pattern", "says"]].join(misses[[*passed]].map(share))
        caption = f"The misses: {len(misses)} patterns that most runs fail"
        yield table(caption, cells.rename(columns=passed))
