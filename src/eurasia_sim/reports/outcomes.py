"""What came out, built once: the answer of runs, verdicts, effects, variance, boxes, skill."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from eurasia_sim.analysis import differences
from eurasia_sim.analysis.headline import in_words, smallest_effect, verb
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


class Answer(NamedTuple):
    """What one scenario has more of than another, or one alone, over one set of draws."""

    sides: tuple[str, ...]  # titles of scenarios
    theory: str
    over: str  # the set of draws, in words
    sentence: str
    rows: tuple[dict[str, str], ...]  # cells by heading; the first measure, then the largest moves
    unknown: str = ""  # how much more than the scenarios what nobody knows moves the first measure
    rises: float = 0.0  # share of draws in which the first measure does
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
    first, *others = dict.fromkeys(runs["scenario"])
    said = held.manifest["summary"].get("headlines", ())
    return [
        [
            answer_of(
                own, {name: scenario_title(held, name) for name in (first, other) if name},
                str(theory), kind, shown, held.names,
                [row for row in said
                 if (row["theory"], row["set"], row["scenario"]) == (theory, kind, other)],
            )
            for kind in dict.fromkeys((lead, *SETS))
            if len(own := of_theory[of_theory["set"] == kind])
        ]
        for theory, of_theory in runs.groupby("theory", sort=False)
        for other in others or [""]
    ]  # fmt: skip


def answer_of(
    runs: pd.DataFrame, sides: Mapping[str, str], theory: str, kind: str, shown: Sequence[str],
    names: Mapping[str, str], headlines: Sequence[Mapping[str, Any]],
) -> Answer:  # fmt: skip
    """The first scenario against another, or alone, over one set of draws of one theory.

    Args:
        sides: by name the title of each. shown: columns, the first one first. names: how ids are
            written out. headlines: what families say of competition, before the column of it does.
    """
    over, (first, *others) = SETS[kind], sides
    who = (tuple(sides.values()), theory.replace("_", " "), over)

    def label(column: str) -> str:
        return readable(column, names)

    if not others:
        count = int(np.isfinite(runs[shown[0]]).sum())
        low, high = (runs[list(shown)].quantile(end) for end in (0.05, 0.95))
        alone = tuple(
            {"measure": label(name), "mean": number(runs[name].mean()),
             "90 % of draws": interval_of({"low": low[name], "high": high[name]})}
            for name in shown
        )  # fmt: skip
        return Answer(*who, f"{count} draws {over}; nothing to compare with.", alone)
    lead, *rest = rows_of(differences.difference_summary(runs, first, others[0], shown))
    subject = f"{label(lead['measure'])[0].upper()}{label(lead['measure'])[1:]},"
    for row in headlines:
        if lead["measure"] == f"competition.{row['pair']}.{row['scope']}":
            subject = f"{subject} {verb(row, label)}. By the measure of that name it"
    moved = [row for row in rest if row["pairs"] and (row["above"] or row["below"])]
    moved.sort(key=lambda row: -abs(row["mean"]) / _level(row))
    cells = tuple(
        {"measure": label(row["measure"]), **_cells(row)} for row in (lead, *moved) if row["pairs"]
    )
    times = f"What nobody knows moves it {lead['times']:.0f} times as much as this difference."
    unknown = times if lead["times"] >= _NOTABLE else ""
    is_sure = lead["low"] > 0 or lead["high"] < 0
    least = smallest_effect(lead["measure"], np.array([lead["level"]]))[0]
    way = int(np.sign(lead["mean"])) if is_sure and abs(lead["mean"]) > least else 0
    return Answer(*who, differences.says(lead, subject, over), cells, unknown, lead["above"], way)


def _level(row: dict[str, Any]) -> float:
    """What a change is a part of: the second scenario's mean; 1 where it is too small for that."""
    return abs(row["level"]) if differences.has_level(row) else 1.0


def _cells(row: dict[str, Any]) -> dict[str, str]:
    """One measure: change in per cent of the level, or in its unit where it has none."""
    scale, unit = (100 / _level(row), " %") if differences.has_level(row) else (1.0, "")
    change, low, high = (
        f"{scale * row[key]:+.{1 if unit else 3}f}".replace("-", "−")
        for key in ("mean", *differences.ENDS[:2])
    )
    return {
        "change": change + unit, "rises in": f"{100 * row['above']:.0f} %",
        "90 % of draws": f"{low} to {high}{unit}", "mean": number(row["mean"], "+"),
        "95 % interval": interval_of(row, "+"), "pairs": str(row["pairs"]),
    }  # fmt: skip


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
    found = table_of(held, "verdicts")
    shares = found.select_dtypes("number").map(share)
    hinges = found["region"] != ""
    ends = shares["share_of_space"] + " [" + shares["share_low"] + ", " + shares["share_high"] + "]"
    boxed = shares["density"] + ", " + shares["coverage"]
    left = shares["left_by_fit"] + ", " + shares["left_by_ranges"]
    yield table("Verdicts", found[["hypothesis", "says", "verdict"]].assign(**{
        "share of the space [95 %]": ends, "under the fit": found["fit_verdict"].replace("", "–"),
        "share of the fit": shares["fit_share"], "hinges on": found["region"].replace("", "–"),
        "density, coverage (draws held back)": boxed.where(hinges, "–"),
        "left by the fit, by the ranges": left.where(hinges, "–"),
    }))  # fmt: skip
    rivals = table_of(held, "theories").rename(columns={"mean": "effect"})
    rivals["95 % interval"] = [*map(interval_of, rows_of(rivals))]
    mirrors = np.where(rivals["mirrors"], "mirrors", "neither")
    rivals["verdict"] = np.where(rivals["holds"], "holds", mirrors)
    columns = ["hypothesis", "part", "kind", "under", "effect", "95 % interval", "verdict"]
    counted = f"{len(rivals)} effects under other theories and forms"
    yield table("Under rivals", rivals[columns], folded=counted)


def effects(held: ResultsFolder) -> Blocks:
    """Outcomes, and effect sizes with intervals."""
    if held.kind == TEST:
        yield WORDS["effects"]
        parts = table_of(held, "parts")
        parts["expected"] = parts["sign"] + parts["smallest"].map(" {:.3g}".format)
        parts["interval"] = [*map(interval_of, rows_of(parts))]
        yield table("Effects at reference", parts[[*_PART]].rename(columns=_PART))
    if held.kind == FIT:
        yield WORDS["fit"]
        moved = table_of(held, "numbers").query("moved").drop(columns="moved")
        yield table("Numbers that the record speaks of", moved)
        caption = "Log scores three years after earlier origins, by fits up to these"
        yield table(caption, table_of(held, "held_out"))
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
        yield table("Boxes, a row a limit, judged on draws held back", found)


def validation(held: ResultsFolder) -> Blocks:
    """Skill on what was observed, then how well runs pass what is documented, the misses first."""
    if (skill := held.table(SKILL)) is not None:
        yield WORDS["skill"]
        for theory, own in skill.groupby("theory", sort=False):
            yield table(f"Skill by observed item, {theory}", by_item(own, 3).reset_index())
    if (patterns := held.table("patterns")) is not None:
        counted = patterns[patterns["counted"].astype(bool)]
        by_theory = counted.groupby("theory", sort=False)
        means = by_theory[[*_SIDES]].mean().map(share)
        means.insert(0, "patterns that count", by_theory.size())
        yield WORDS["patterns"]
        yield table("Patterns passed", means.rename(columns=_SIDES).reset_index())
        misses = counted[counted["model"] < 0.5].sort_values("model", kind="stable")
        cells = misses[["theory", "pattern", "says"]].join(misses[[*_SIDES]].map(share))
        caption = f"The misses: {len(misses)} patterns that most runs fail"
        yield table(caption, cells.rename(columns=_SIDES))
