"""What came out: effects, verdicts, variance, boxes, validation."""

from collections.abc import Mapping

import pandas as pd

from eurasia_sim.analysis.headline import in_words
from eurasia_sim.figures.style import readable, table_of
from eurasia_sim.reports.answer import PAGE, answers, trust
from eurasia_sim.reports.parts import Columns, Section, frame_table, interval_of, share, table
from eurasia_sim.simulation.results_folder import FIT, RUN, SKILL, TEST, ResultsFolder
from eurasia_sim.simulation.run import SETS
from eurasia_sim.validation.forecasts import by_item

SIDES = {
    "model": "over the ranges", "reference": "at reference", "null": "null theory",
    "unchanged": "nothing changes",
}  # fmt: skip


def effects(held: ResultsFolder) -> Section:
    """Outcomes, and effect sizes with intervals."""
    found = Section("effects", "Effect sizes")
    if held.kind == TEST:
        columns: Columns = {
            "hypothesis": "hypothesis", "part": "part",
            "expected": lambda row: f"{row['sign']} {row['smallest']:.3g}", "effect": "mean",
            "95 % interval": interval_of, "in standard deviations": "size",
            "by co-location": "colocation_part", "by joint share": "joint_part",
            "correlation": "correlation", "variance gain": "variance_gain",
        }  # fmt: skip
        found.says.append(
            "The first arms less the second, run by run under the same draws, at reference values."
        )
        parts = table_of(held, "parts")
        found.tables.append(table("Effects at reference", columns, parts, digits=3))
        return found
    if held.kind == FIT:
        moved = table_of(held, "numbers").query("moved").drop(columns="moved")
        found.says.append("Spread left and shift are in standard deviations before the fit.")
        found.tables.append(frame_table("Numbers that the record speaks of", moved, digits=3))
        scores = table_of(held, "held_out")
        caption = "Log scores three years after earlier origins, by fits up to these"
        found.tables.append(frame_table(caption, scores, digits=3))
        return found
    if held.kind != RUN:
        return found
    for row in held.manifest["summary"].get("headlines", ()):
        drawn = f"{SETS[row['set']]}, {row['theory']}"
        sides = f"from {row['scenario']} to {row['first']}"
        found.says.append(in_words(row, sides, drawn, lambda name: readable(name, held.names)))
    for own in answers(held):
        for at, each in enumerate(own):
            columns = {"measure" if k == "label" else k: k for row in each.rows[:1] for k in row}
            whole = table(f"{each.title}, {each.over}", columns, each.rows)
            if at:
                found.folded.append((whole.caption, whole))
            else:
                found.tables.append(whole)
    return found


def answer(held: ResultsFolder) -> Section:
    """The question of a run, its answer in a sentence, and how far to trust it."""
    found = Section("answer", "Answer")
    if held.kind == RUN:
        first = next(iter(held.manifest["scenarios"].values()))
        found.says.append(str(first.get("question") or ""))
        for lead, *_ in answers(held):
            found.says += [f"{lead.title}: {lead.sentence}", lead.unknown]
        known = trust(held.world, held.manifest["theories"][0])
        found.says.append(f"How far to trust it: {known} ({PAGE}).")
        found.says = list(filter(None, found.says))
    return found


def verdicts(held: ResultsFolder) -> Section:
    """What a test says of every hypothesis, and what would reverse it."""
    found = Section("verdicts", "Verdicts")
    if held.kind != TEST:
        return found
    columns: Columns = {
        "hypothesis": "hypothesis", "says": "says", "verdict": "verdict",
        "share of the space [95 %]": lambda row: "{} [{}, {}]".format(
            *(share(row[f"share_{end}"]) for end in ("of_space", "low", "high"))
        ),
        "under the fit": lambda row: row["fit_verdict"] or "–",
        "share of the fit": lambda row: share(row["fit_share"]),
        "hinges on": lambda row: row["region"] or "–",
        "density, coverage (draws held back)": lambda row: (
            f"{share(row['density'])}, {share(row['coverage'])}" if row["region"] else "–"
        ),
        "left by the fit, by the ranges": lambda row: (
            f"{share(row['left_by_fit'])}, {share(row['left_by_ranges'])}" if row["region"] else "–"
        ),
    }  # fmt: skip
    found.tables.append(table("Verdicts", columns, table_of(held, "verdicts")))
    rivals = table_of(held, "theories")
    beside: Columns = {
        "hypothesis": "hypothesis", "part": "part", "kind": "kind", "under": "under",
        "effect": "mean", "95 % interval": interval_of,
        "verdict": lambda row: next((w for w in ("holds", "mirrors") if row[w]), "neither"),
    }  # fmt: skip
    counted = f"{len(rivals)} effects under other theories and forms"
    found.folded.append((counted, table("Under rivals", beside, rivals)))
    return found


def variance(held: ResultsFolder) -> Section:
    """What the spread comes from."""
    found = Section("variance", "Variance shares")
    if (divided := held.table("shares")) is not None:
        shares = share_table(divided, held.names)
        for name in shares.columns[1:]:
            if pd.api.types.is_float_dtype(shares[name]):
                shares[name] = [share(value) for value in shares[name]]
        found.tables.append(frame_table("Shares of the variance", shares))
    return found


def share_table(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A row a reading, a column a source; of a test's shares, or an analysis's, a row a part."""
    if "part" not in table:
        return table.drop(columns=["scenarios", "replicates"], errors="ignore")
    readings = [readable(str(measure), names) for measure in table["measure"]]
    if len(table["of"].unique()) > 1:
        readings = [f"{name}, {of}" for name, of in zip(readings, table["of"], strict=True)]
    table = table.assign(reading=readings)
    wide = table.pivot_table(index="reading", columns="part", values="share")
    rows, columns = (list(dict.fromkeys(table[name])) for name in ("reading", "part"))
    return wide.reindex(rows, columns=columns).rename_axis(columns=None).reset_index()


def regions(held: ResultsFolder) -> Section:
    """Boxes in the space of assumptions in which something holds."""
    found = Section("boxes", "Discovered boxes")
    if (boxes := held.table("boxes")) is not None:
        caption = "Boxes, a row a limit, judged on draws held back"
        found.tables.append(frame_table(caption, boxes, digits=3))
    return found


def validation(held: ResultsFolder) -> Section:
    """Skill on what was observed, then how well runs pass what is documented, the misses first."""
    found = Section("validation", "Validation against the record")
    if (skill := held.table(SKILL)) is not None:
        found.says.append(
            "Part of the best free baseline's error (CRPS) that a forecast saves, three years "
            "ahead in level; below 0 it adds to it. Whoever coded and built the model knew later "
            "years (hindsight), so its skill is at most this."
        )
        for theory, own in skill.groupby("theory", sort=False):
            rows = by_item(own, 3).reset_index()
            found.tables.append(frame_table(f"Skill by observed item, {theory}", rows, digits=2))
    if (patterns := held.table("patterns")) is None:
        return found
    counted = patterns[patterns["counted"].astype(bool)]
    by_theory = counted.groupby("theory", sort=False)
    means = by_theory[list(SIDES)].mean().map(share)
    means.insert(0, "patterns that count", by_theory.size())
    found.says.append(
        "A check by eye: share of runs that pass a documented pattern, averaged over the patterns "
        "that count, beside baselines."
    )
    scores = means.rename(columns=SIDES).reset_index()
    found.tables.append(frame_table("Patterns passed", scores))
    misses = counted[counted["model"] < 0.5].sort_values("model", kind="stable")
    columns: Columns = {
        "theory": "theory", "pattern": "pattern", "says": "says",
        "passed by": lambda row: share(row["model"]), "null theory": lambda row: share(row["null"]),
        "nothing changes": lambda row: share(row["unchanged"]),
    }  # fmt: skip
    caption = f"The misses: {len(misses)} patterns that most runs fail"
    found.tables.append(table(caption, columns, misses))
    return found
