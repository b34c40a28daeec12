"""The sections of a report: each reads what a folder holds, and is empty where the folder has nothing on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.figures.style import rows_of
from eurasia_sim.figures.verdicts import table_of
from eurasia_sim.reports.parts import Section, Table, frame_table, share, table
from eurasia_sim.scenarios.sources import bases_of, claims_of, numbers_of, works_of
from eurasia_sim.simulation.replay import restored
from eurasia_sim.simulation.results_folder import TEST, VALIDATION, ResultsFolder

_MOST_FAILURES = 25


# What each layer of a test was given (`evaluation.Effort`), in words.
_EFFORT = {
    "runs": "runs of an arm at reference",
    "runs_a_theory": "the same under each other theory and form",
    "points": "points of the space, a theory",
    "replicates": "runs at each point",
    "wide": "draws of deliberately wide coefficients",
    "held": "runs with a mechanism held still",
    "mapped": "points in a cell of a map, a theory",
    "seed": "seed",
}


def question(held: ResultsFolder) -> Section:
    """What was asked, in the words of the scenarios or of the hypotheses."""
    found = Section("question", "Question")
    if held.kind == TEST:
        verdicts = table_of(held, "verdicts")
        rows = [(row["hypothesis"], row["says"], row["source"], row["note"]) for row in rows_of(verdicts)]
        found.says.append(f"{held.title}. Each hypothesis was written and hashed before its first run.")
        found.tables.append(table("The hypotheses", ("id", "says", "source", "note"), rows))
        return found
    if scenarios := _entries(held):
        rows = [
            (name, entry.get("title", ""), entry.get("question", ""), entry.get("expect", ""))
            for name, entry in scenarios.items()
        ]
        found.tables.append(table("The scenarios", ("scenario", "title", "question", "expected"), rows))
    return found


def design(held: ResultsFolder) -> Section:
    """How the runs were laid out."""
    manifest = held.manifest
    facts: list[tuple[str, Any]] = [("world", manifest.get("world", held.world.name))]
    for label, key in (
        ("theories", "theories"), ("runs a scenario and set", "runs_a_scenario"),
        ("runs a side", "runs_a_side"), ("averaged over", "window"),
        ("replicates a point", "replications"), ("measures", "measures"),
    ):  # fmt: skip
        if key in manifest:
            value = manifest[key]
            facts.append((label, ", ".join(map(str, value)) if isinstance(value, list) else value))
    facts += [(f"form of {factor.replace('_', ' ')}", form) for factor, form in manifest.get("forms", {}).items()]
    facts += [(_EFFORT[name], count) for name, count in manifest.get("effort", {}).items() if name in _EFFORT]
    laid = manifest.get("design", {})
    facts += [("design", f"{laid['kind']} of {laid['points']} points")] if laid else []
    found = Section("design", "Design", tables=[_facts("How the runs were laid out", facts)])
    if laid.get("factors"):
        rows = [
            (each["name"].removeprefix("x."), _ends(each), ", ".join(map(str, each.get("levels", ()))))
            for each in laid["factors"]
        ]
        found.tables.append(table("Factors of the design", ("factor", "range", "levels"), rows))
    changes = [
        (name, path, ", ".join(f"{month}: {value}" for month, value in steps.items()))
        for name, entry in _entries(held).items()
        for path, steps in entry.get("levers", {}).items()
    ]
    if changes:
        levers = table("Levers", ("scenario", "lever", "steps"), changes)
        found.folded.append((f"{len(changes)} levers set otherwise than in the record", levers))
    return found


def _entries(held: ResultsFolder) -> Mapping[str, Any]:
    if held.kind == VALIDATION:
        scenario = held.manifest["scenario"]
        return {str(scenario["name"]): scenario}
    entries = held.manifest.get("scenarios", {})
    return entries if isinstance(entries, Mapping) else {}


def _ends(factor: Mapping[str, Any]) -> str:
    return f"{factor['low']:g} to {factor['high']:g}" if "low" in factor else ""


def _facts(caption: str, facts: list[tuple[str, Any]]) -> Table:
    return table(caption, ("what", "value"), [(label, str(value)) for label, value in facts])


def seeds(held: ResultsFolder) -> Section:
    """The root of all seeds, and what else makes the runs again."""
    manifest = held.manifest
    facts: list[tuple[str, Any]] = [("root seed", held.seed)]
    digests = dict(manifest.get("digests", {}))
    scenarios = digests.pop("scenarios", {})
    facts += [(f"digest of the {name}", digest) for name, digest in digests.items()]
    facts += [(f"digest of {name}", digest) for name, digest in scenarios.items()]
    facts += [(name, version) for name, version in manifest.get("versions", {}).items()]
    if manifest.get("commit"):
        facts.append(("commit", manifest["commit"]))
    says = (
        "Every run's own seed spawns from the root. Random numbers are found by seed, mechanism, month and actor, so "
        "runs of two scenarios that share a seed differ only by what the scenarios change."
    )
    return Section("seeds", "Seeds and versions", [says], [_facts("What makes the same runs again", facts)])


def exclusions(held: ResultsFolder) -> Section:
    """Which runs failed, and what became of them."""
    found = Section("exclusions", "Exclusions")
    if held.kind == TEST:
        parts = table_of(held, "parts")
        lost = parts.loc[parts["failed"] > 0, ["hypothesis", "part", "n", "failed"]]
        found.says.append(
            "A failed run is missing, never a value. " + ("No run at reference failed." if lost.empty else "")
        )
        if not lost.empty:
            found.tables.append(frame_table("Runs that failed at reference", lost))
        return found
    if held.kind == VALIDATION:
        gone = sum(map(int, held.manifest.get("failed", {}).values()))
        found.says.append(f"{gone} runs failed; a failed run counts nowhere.")
        found.says.append("Patterns that both baselines pass, or that the model was told, are left out of every score.")
        return found
    extra = [name for name in ("failed_month", "failed_phase") if name in held.columns]
    runs = held.runs(extra)
    keys = [name for name in ("scenario", "theory", "set") if name in runs]
    grouped = runs.assign(failed=runs["status"].ne("ok")).groupby(keys, sort=False)["failed"]
    counts = grouped.agg(["size", "sum"]).reset_index().rename(columns={"size": "runs", "sum": "failed"})
    found.says.append("A failed run is missing from every number below, never a value; nothing else was left out.")
    found.tables.append(frame_table("Runs and failures", counts))
    failures = runs[runs["status"] != "ok"]
    if not failures.empty:
        shown = failures[[name for name in (*keys, "run", "seed", "status", *extra) if name in failures]]
        found.folded.append(
            (f"the first of {len(failures)} failed runs", frame_table("Failed runs", shown.head(_MOST_FAILURES)))
        )
    return found


def foundations(held: ResultsFolder) -> Section:
    """What the runs rest on: bases, works, and every claim."""
    world, found = held.world, Section("foundations", "Claims and figures the runs rest on")
    scenarios = [restored(entry, world) for entry in _entries(held).values() if "levers" in entry]
    dropped = scenarios[0].dropped if scenarios else ()
    bases = bases_of(world)
    total = max(sum(count for count, _ in bases.values()), 1)
    rows = [(basis, count, share(count / total), drawn) for basis, (count, drawn) in bases.items()]
    columns = ("basis", "numbers", "share", "drawn by an ensemble")
    found.tables.append(table("On what basis the numbers of the world and its rules stand", columns, rows))
    works = read_bibliography()
    if scenarios:
        resting = works_of(world, scenarios[0], works)
        cited = [
            (part, key, str(works[key]) if key in works else "–", count)
            for part, counts in resting.items()
            for key, count in sorted(counts.items())
        ]
        found.folded.append((f"{len(cited)} works", table("Works", ("part", "key", "work", "numbers"), cited)))
    claims = claims_of(world, numbers_of(world, dropped))
    counts = Counter(claim.document for claim, _ in claims)
    citations = {name: document.citation for name, document in load_evidence(world.directory).documents.items()}
    spoken = [(name, citations.get(name, ""), count) for name, count in counts.items()]
    found.tables.append(table("Documents and the claims drawn from them", ("document", "work", "claims"), spoken))
    listed = [(claim.id, claim.locator, claim.says, count) for claim, count in claims]
    found.folded.append((f"{len(listed)} claims", table("Claims", ("claim", "where", "says", "numbers"), listed)))
    return found


_LIMITS = """
Shares are shares of runs under the assumptions made. They are no probabilities of events and no forecast; the claims
are about which assumption drives an outcome.

{judged} of the world's numbers rest on judgement; the ranges over which an ensemble draws are judgements in every case.
A result that needs one end of such a range is a result about that judgement.

The documents are a handful of analyses by outside observers; what they take for granted, the coding takes over. Another
reader would code them otherwise: the command "eurasia-sim explain --evidence agreement" says by how much.

Intervals round a mean tell how well the mean of these runs is known, and narrow with more runs; they do not tell how
wrong the model is. Where validation stands above, read it first.

Actors are unitary, a month is the shortest time, and what no mechanism knows cannot happen in a run.
"""


def limits(held: ResultsFolder) -> Section:
    """What the numbers do not say."""
    return Section("limits", "Limits", _LIMITS.format(judged=share(held.judged)).strip().split("\n\n"))
