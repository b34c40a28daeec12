"""What came out, section by section: effects, verdicts, variance, boxes, validation, and another folder beside."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from eurasia_sim.analysis.pairing import compare_sides, differing, open_results, sides, warnings
from eurasia_sim.figures.sensitivity import share_table
from eurasia_sim.figures.style import readable, rows_of
from eurasia_sim.figures.verdicts import table_of
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.reports.parts import Section, frame_table, interval, number, share, table
from eurasia_sim.simulation.results import files_of, read_table
from eurasia_sim.simulation.results_folder import PATTERNS, RUN, TEST, ResultsFolder
from eurasia_sim.simulation.run import RANGES, REFERENCE

_SETS = {REFERENCE: "by chance alone, at reference values", RANGES: "over the declared ranges"}


def effects(held: ResultsFolder) -> Section:
    """Outcomes, and effect sizes with intervals."""
    found = Section("effects", "Effect sizes")
    if held.kind == TEST:
        rows = [
            (row["hypothesis"], row["part"], f"{row['sign']} {row['smallest']:g}", row["mean"],
             interval(row["low"], row["high"]), row["size"], row["colocation_part"], row["joint_part"],
             row["correlation"], row["variance_gain"])
            for row in rows_of(table_of(held, "parts"))
        ]  # fmt: skip
        head: tuple[str, ...] = ("hypothesis", "part", "expected", "effect", "95 % interval", "in standard deviations",
                   "by co-location", "by joint share", "correlation", "variance gain")  # fmt: skip
        found.says.append("The first arms less the second, run by run under the same draws, at reference values.")
        found.tables.append(table("Effects at reference", head, rows, digits=3))
        return found
    summary = held.manifest.get("summary", {})
    gaps = summary.get("differences", ())
    for theory, kind in dict.fromkeys((row["theory"], row["set"]) for row in gaps):
        own = [row for row in gaps if (row["theory"], row["set"]) == (theory, kind)]
        contrasts = [
            (f"{row['first']} less {row['scenario']}", readable(row["measure"], held.names), row["mean"],
             interval(row["low"], row["high"]), row.get("effect_size", math.nan), share(row["positive"]),
             row["correlation"], row["variance_gain"], row["n"])
            for row in own
        ]  # fmt: skip
        head = ("contrast", "measure", "difference", "95 % interval", "in standard deviations", "above 0",
                   "correlation", "variance gain", "pairs")  # fmt: skip
        found.tables.append(table(f"Paired differences, {theory}, {_SETS.get(kind, kind)}", head, contrasts))
    outcomes = summary.get("outcomes", ())
    for theory, kind in dict.fromkeys((row["theory"], row["set"]) for row in outcomes):
        spreads = [
            (row["scenario"], readable(row["measure"], held.names), row["mean"], interval(row["low"], row["high"]),
             row["n"], row["failed"])
            for row in outcomes
            if (row["theory"], row["set"]) == (theory, kind)
        ]  # fmt: skip
        head = ("scenario", "measure", "mean", "5 to 95 % of runs", "runs", "failed")
        found.folded.append((f"outcomes, {theory}, {_SETS.get(kind, kind)}", table("Outcomes", head, spreads)))
    return found


def verdicts(held: ResultsFolder) -> Section:
    """What a test says of every hypothesis, and what would reverse it."""
    found = Section("verdicts", "Verdicts")
    if held.kind != TEST:
        return found
    rows = [
        (row["hypothesis"], row["says"], row["verdict"],
         f"{share(row['share_of_space'])} [{share(row['share_low'])}, {share(row['share_high'])}]",
         row["region"] or "–")
        for row in rows_of(table_of(held, "verdicts"))
    ]  # fmt: skip
    head: tuple[str, ...] = ("hypothesis", "says", "verdict", "share of the space [95 %]", "holds where")
    found.tables.append(table("Verdicts", head, rows))
    reversals = [
        (row["hypothesis"], row["part"], row["word"], row["reversal"])
        for row in rows_of(table_of(held, "parts"))
        if row["reversal"]
    ]
    if reversals:
        found.tables.append(
            table("What would reverse each effect", ("hypothesis", "part", "word", "reversed by"), reversals)
        )
    rivals = table_of(held, "theories")
    beside = [
        (row["hypothesis"], row["part"], row["kind"], row["under"], row["mean"], interval(row["low"], row["high"]),
         "holds" if row["holds"] else "mirrors" if row["mirrors"] else "neither")
        for row in rows_of(rivals)
    ]  # fmt: skip
    head = ("hypothesis", "part", "kind", "under", "effect", "95 % interval", "verdict")
    found.folded.append((f"{len(beside)} effects under other theories and forms", table("Under rivals", head, beside)))
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


def regions(held: ResultsFolder) -> Section:
    """Boxes in the space of assumptions in which something holds."""
    found = Section("boxes", "Discovered boxes")
    if held.kind == TEST:
        rows = [
            (row["hypothesis"], row["region"], share(row["density"]), share(row["coverage"]))
            for row in rows_of(table_of(held, "verdicts"))
            if row["region"]
        ]
        head: tuple[str, ...] = ("hypothesis", "holds where", "density", "coverage")
        found.says.append("No hypothesis holds in a box alone." if not rows else "Judged on draws held back.")
        found.tables += [table("Boxes", head, rows)] if rows else []
    if (boxes := held.table("boxes")) is not None:
        found.tables.append(frame_table("Boxes, a row a limit, judged on draws held back", boxes, digits=3))
    return found


def validation(held: ResultsFolder, beside: Path | None) -> Section:
    """How well runs of the record pass what is documented of it, the misses first."""
    found = Section("validation", "Validation against the record")
    files = files_of(beside or held.folder)
    if PATTERNS not in files.entries:
        if beside is not None:
            raise DataError([f"{beside} holds no {PATTERNS}: name a folder that `eurasia-sim validate` wrote"])
        return found
    patterns = read_table(files, PATTERNS)
    counted = patterns[patterns["counted"].astype(bool)]
    theories = list(dict.fromkeys(patterns["theory"])) if "theory" in patterns else [""]
    rows = []
    for theory in theories:
        own = counted[counted["theory"] == theory] if theory else counted
        means = {side: float(own[side].mean()) for side in ("model", "reference", "null", "unchanged")}
        rows.append((theory or "the model", len(own), *(share(means[side]) for side in means)))
    head: tuple[str, ...] = (
        "theory",
        "patterns that count",
        "over the ranges",
        "at reference",
        "null theory",
        "nothing changes",
    )
    found.says.append(
        "Share of runs that pass a documented pattern, averaged over the patterns that count, beside baselines."
    )
    found.tables.append(table("Scores", head, rows))
    misses = counted[counted["model"] < 0.5].sort_values("model", kind="stable")
    shown = [
        (*((row["theory"],) if "theory" in row else ()), row["pattern"], row["says"], row["half"], share(row["model"]),
         share(row["null"]), share(row["unchanged"]))
        for row in rows_of(misses)
    ]  # fmt: skip
    first = ("theory",) if "theory" in patterns else ()
    misses_head = (*first, "pattern", "says", "half", "passed by", "null theory", "nothing changes")
    found.tables.append(table(f"The misses: {len(shown)} patterns that most runs fail", misses_head, shown))
    return found


def comparison(held: ResultsFolder, other: ResultsFolder | None) -> Section:
    """What another folder has otherwise, and what the runs of the two differ by."""
    found = Section("comparison", "Compared with another folder")
    if other is None:
        return found
    if held.kind != other.kind:
        raise DataError(
            [f"{held.folder} was written by {held.kind}, {other.folder} by {other.kind}: they do not compare"]
        )
    if held.kind == TEST:
        return _verdicts_beside(found, held, other)
    if held.kind != RUN:
        raise DataError(["sweeps are compared by `eurasia-sim analyze`, not beside each other in a report"])
    matched = sides(open_results(held.folder), open_results(other.folder), None, ())
    found.says += warnings(*matched[0], force=True)
    settings = [
        (a.scenario, path, _listed(mine), _listed(theirs))
        for a, b in matched
        for path, (mine, theirs) in differing(a, b).items()
    ]
    found.tables.append(
        table(
            f"Set differently: this folder beside {other.folder.name}", ("scenario", "path", "this", "other"), settings
        )
    )
    measures = [name for name in held.shown if name in set(other.measures)]
    for a, b in matched:
        for each in compare_sides(a, b, measures, [REFERENCE, RANGES]):
            rows = [
                (readable(row["measure"], held.names), row["mean"], interval(row["low"], row["high"]),
                 row["effect_size"], row["superiority"], row["verdict"])
                for row in each.rows()
            ]  # fmt: skip
            head: tuple[str, ...] = (
                "this less other",
                "difference",
                "95 % interval",
                "effect size",
                "probability above",
                "verdict",
            )
            caption = f"{a.scenario}, {a.theory}, {_SETS[each.kind]}: {each.pairing.why}"
            found.tables.append(table(caption, head, rows))
    return found


def _listed(value: Any) -> str:
    return "–" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _verdicts_beside(found: Section, held: ResultsFolder, other: ResultsFolder) -> Section:
    """The words of two tests, hypothesis by hypothesis."""
    one, two = (table_of(each, "verdicts").set_index("hypothesis") for each in (held, other))
    both = [name for name in one.index if name in two.index]
    rows = [
        (name, str(one.loc[name, "verdict"]), str(two.loc[name, "verdict"]),
         number(float(one.loc[name, "share_of_space"]), 2), number(float(two.loc[name, "share_of_space"]), 2))
        for name in both
    ]  # fmt: skip
    head: tuple[str, ...] = ("hypothesis", "this", "other", "share here", "share there")
    found.tables.append(table(f"Verdicts here and in {other.folder.name}", head, rows))
    changed = sum(row[1] != row[2] for row in rows)
    found.says.append(f"{changed} of {len(both)} shared hypotheses have another verdict.")
    return found
