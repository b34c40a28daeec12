"""What came out: the answer, verdicts, effects, variance, boxes, validation."""

from collections.abc import Mapping

import pandas as pd

from eurasia_sim.analysis.headline import in_words
from eurasia_sim.figures.style import readable, rows_of, table_of
from eurasia_sim.reports.answer import PAGE, answers, trust
from eurasia_sim.reports.parts import WORDS, Blocks, interval_of, share, table
from eurasia_sim.simulation.results_folder import FIT, RUN, SKILL, TEST, ResultsFolder
from eurasia_sim.simulation.run import SETS
from eurasia_sim.validation.forecasts import by_item

_SIDES = {
    "model": "over the ranges", "reference": "at reference", "null": "null theory",
    "unchanged": "nothing changes",
}  # fmt: skip


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
        ends = (share(row[f"share_{end}"]) for end in ("of_space", "low", "high"))
        boxed, left = (
            f"{share(row[one])}, {share(row[other])}" if hinges else "–"
            for one, other in (("density", "coverage"), ("left_by_fit", "left_by_ranges"))
        )
        found.append({
            "hypothesis": row["hypothesis"], "says": row["says"], "verdict": row["verdict"],
            "share of the space [95 %]": "{} [{}, {}]".format(*ends),
            "under the fit": row["fit_verdict"] or "–",
            "share of the fit": share(row["fit_share"]), "hinges on": row["region"] or "–",
            "density, coverage (draws held back)": boxed, "left by the fit, by the ranges": left,
        })  # fmt: skip
    yield table("Verdicts", found)
    rivals = rows_of(table_of(held, "theories"))
    beside = [
        {key: row[key] for key in ("hypothesis", "part", "kind", "under")}
        | {"effect": row["mean"], "95 % interval": interval_of(row)}
        | {"verdict": next((word for word in ("holds", "mirrors") if row[word]), "neither")}
        for row in rivals
    ]
    counted = f"{len(rivals)} effects under other theories and forms"
    yield table("Under rivals", beside, folded=counted)


def effects(held: ResultsFolder) -> Blocks:
    """Outcomes, and effect sizes with intervals."""
    if held.kind == TEST:
        yield WORDS["effects"]
        parts = table_of(held, "parts")
        expected = [f"{row['sign']} {row['smallest']:.3g}" for row in rows_of(parts)]
        columns = {
            "hypothesis": "hypothesis", "part": "part", "expected": "expected", "mean": "effect",
            "interval": "95 % interval", "size": "in standard deviations",
            "colocation_part": "by co-location", "joint_part": "by joint share",
            "correlation": "correlation", "variance_gain": "variance gain",
        }  # fmt: skip
        parts = parts.assign(expected=expected, interval=[*map(interval_of, rows_of(parts))])
        yield table("Effects at reference", parts[[*columns]].rename(columns=columns), digits=3)
    if held.kind == FIT:
        yield WORDS["fit"]
        moved = table_of(held, "numbers").query("moved").drop(columns="moved")
        yield table("Numbers that the record speaks of", moved, digits=3)
        caption = "Log scores three years after earlier origins, by fits up to these"
        yield table(caption, table_of(held, "held_out"), digits=3)
    if held.kind == RUN:
        for row in held.manifest["summary"].get("headlines", ()):
            drawn = f"{SETS[row['set']]}, {row['theory']}"
            sides = f"from {row['scenario']} to {row['first']}"
            yield in_words(row, sides, drawn, lambda name: readable(name, held.names))
        for own in answers(held):
            for at, each in enumerate(own):
                caption = f"{each.title}, {each.over}"
                cells = pd.DataFrame(each.rows).rename(columns={"label": "measure"})
                yield table(caption, cells, folded=caption if at else "")


def distributions(_: ResultsFolder) -> Blocks:
    """Nothing but pictures."""
    yield from ()


def variance(held: ResultsFolder) -> Blocks:
    """What the spread comes from."""
    if (divided := held.table("shares")) is not None:
        shares = share_table(divided, held.names)
        sources = [name for name in shares if pd.api.types.is_float_dtype(shares[name])]
        yield table("Shares of the variance", shares.assign(**shares[sources].map(share)))


def share_table(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A row a reading, a column a source; of a test's shares, or an analysis's, a row a part."""
    if "part" not in table:
        return table.drop(columns=["scenarios", "replicates"], errors="ignore")
    readings = table["measure"].map(lambda measure: readable(measure, names))
    if len(table["of"].unique()) > 1:
        readings += ", " + table["of"]
    long = table.assign(reading=readings)
    wide = long.pivot_table("share", "reading", "part", sort=False).rename_axis(columns=None)
    return wide.reset_index()


def boxes(held: ResultsFolder) -> Blocks:
    """Boxes in the space of assumptions in which something holds."""
    if (found := held.table("boxes")) is not None:
        yield table("Boxes, a row a limit, judged on draws held back", found, digits=3)


def validation(held: ResultsFolder) -> Blocks:
    """Skill on what was observed, then how well runs pass what is documented, the misses first."""
    if (skill := held.table(SKILL)) is not None:
        yield WORDS["skill"]
        for theory, own in skill.groupby("theory", sort=False):
            rows = by_item(own, 3).reset_index()
            yield table(f"Skill by observed item, {theory}", rows, digits=2)
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
