"""What a report says before and after its outcomes; a section is empty without anything to say."""

import shlex
from collections import Counter
from collections.abc import Mapping
from typing import Any

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.figures.style import table_of
from eurasia_sim.files.data_yaml import packaged, read_page
from eurasia_sim.reports.parts import Section, Table, frame_table, listed, share, table
from eurasia_sim.scenarios.sources import bases_of, claims_of, numbers_of, works_of
from eurasia_sim.simulation.replay import restored
from eurasia_sim.simulation.results_folder import FIT, TEST, VALIDATION, ResultsFolder

_MOST_FAILURES = 25
_WORDS = read_page(packaged() / "report.yaml").data


def question(held: ResultsFolder) -> Section:
    """What was asked, in the words of the scenarios or of the hypotheses."""
    found = Section("question", "Question")
    if held.kind == TEST:
        found.says.append(
            f"{held.title}. Each hypothesis was written and hashed before its first run."
        )
        asked = {"id": "hypothesis", "says": "says", "source": "source", "note": "note"}
        found.tables.append(table("The hypotheses", asked, table_of(held, "verdicts")))
    elif scenarios := _entries(held):
        rows = [
            (name, *(entry.get(key, "") for key in ("title", "question", "expect")))
            for name, entry in scenarios.items()
        ]
        columns = ("scenario", "title", "question", "expected")
        found.tables.append(listed("The scenarios", columns, rows))
    return found


def design(held: ResultsFolder) -> Section:
    """How the runs were laid out."""
    manifest = held.manifest
    facts: list[tuple[str, Any]] = [("world", manifest.get("world", held.world.name))]
    facts += [
        (label, manifest[key]) for key, label in _WORDS["laid_out"].items() if key in manifest
    ]
    forms = manifest.get("forms", {})
    facts += [(f"form of {factor.replace('_', ' ')}", form) for factor, form in forms.items()]
    effort = manifest.get("effort", {})
    facts += [(label, effort[name]) for name, label in _WORDS["effort"].items() if name in effort]
    laid = manifest.get("design", {})
    facts += [("design", f"{laid['kind']} of {laid['points']} points")] if laid else []
    found = Section("design", "Design", tables=[_facts("How the runs were laid out", facts)])
    if laid.get("factors"):
        rows = [
            (
                each["name"].removeprefix("x."),
                f"{each['low']:g} to {each['high']:g}" if "low" in each else "",
                ", ".join(map(str, each.get("levels", ()))),
            )
            for each in laid["factors"]
        ]
        columns = ("factor", "range", "levels")
        found.tables.append(listed("Factors of the design", columns, rows))
    changes = [
        (name, path, ", ".join(f"{month}: {value}" for month, value in steps.items()))
        for name, entry in _entries(held).items()
        for path, steps in entry.get("levers", {}).items()
    ]
    if changes:
        levers = listed("Levers", ("scenario", "lever", "steps"), changes)
        counted = f"{len(changes)} levers set otherwise than in the record"
        found.folded.append((counted, levers))
    return found


def _entries(held: ResultsFolder) -> Mapping[str, Any]:
    """The scenarios of a folder as its manifest writes them, by name."""
    if held.kind == VALIDATION:
        scenario = held.manifest["scenario"]
        return {str(scenario["name"]): scenario}
    entries = held.manifest.get("scenarios", {})
    return entries if isinstance(entries, Mapping) else {}


def _facts(caption: str, facts: list[tuple[str, Any]]) -> Table:
    rows = [
        (label, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for label, value in facts
    ]
    return listed(caption, ("what", "value"), rows)


def seeds(held: ResultsFolder) -> Section:
    """The root of all seeds, and what else makes the runs again."""
    manifest = held.manifest
    digests = dict(manifest.get("digests", {}))
    scenarios = digests.pop("scenarios", {})
    facts: list[tuple[str, Any]] = [("root seed", held.seed)]
    facts += [(f"digest of the {name}", digest) for name, digest in digests.items()]
    facts += [(f"digest of {name}", digest) for name, digest in scenarios.items()]
    facts += manifest.get("versions", {}).items()
    facts += [("commit", manifest["commit"])] if manifest.get("commit") else []
    again = [_facts("What makes the same runs again", facts)]
    return Section("seeds", "Seeds and versions", [_WORDS["seeds"]], again)


def exclusions(held: ResultsFolder) -> Section:
    """Which runs failed, and what became of them."""
    found = Section("exclusions", "Exclusions")
    if held.kind == TEST:
        parts = table_of(held, "parts")
        lost = parts.loc[parts["failed"] > 0, ["hypothesis", "part", "n", "failed"]]
        none = "No run at reference failed." if lost.empty else ""
        found.says.append(f"A failed run is missing, never a value. {none}")
        if not lost.empty:
            found.tables.append(frame_table("Runs that failed at reference", lost))
        return found
    if held.kind == VALIDATION:
        gone = sum(map(int, held.manifest.get("failed", {}).values()))
        left_out = "Patterns that both baselines pass, or that the model was told, are left out of"
        found.says += [
            f"{gone} runs failed; a failed run counts nowhere.",
            f"{left_out} every score.",
        ]
        return found
    if held.kind == FIT:
        found.says.append(f"{held.manifest['failed']} runs failed, and their members are left out.")
        return found
    extra = [name for name in ("failed_month", "failed_phase") if name in held.columns]
    runs = held.runs(extra)
    keys = [name for name in ("scenario", "theory", "set") if name in runs]
    failed = runs["status"].ne("ok")
    counts = failed.groupby([runs[key] for key in keys], sort=False).agg(runs="size", failed="sum")
    found.says.append(
        "A failed run is missing from every number below, never a value; nothing else was left out."
    )
    found.tables.append(frame_table("Runs and failures", counts.reset_index()))
    if failed.any():
        columns = [name for name in (*keys, "run", "seed", "status", *extra) if name in runs]
        first = frame_table("Failed runs", runs.loc[failed, columns].head(_MOST_FAILURES))
        found.folded.append((f"the first of {failed.sum()} failed runs", first))
    return found


def foundations(held: ResultsFolder) -> Section:
    """What the runs rest on: bases, works, and every claim."""
    world, found = held.world, Section("foundations", "Claims and figures the runs rest on")
    scenarios = [restored(entry, world) for entry in _entries(held).values() if "levers" in entry]
    bases = bases_of(world)
    total = max(sum(count for count, _ in bases.values()), 1)
    rows = [(basis, count, share(count / total), drawn) for basis, (count, drawn) in bases.items()]
    columns = ("basis", "numbers", "share", "drawn by an ensemble")
    caption = "On what basis the numbers of the world and its rules stand"
    found.tables.append(listed(caption, columns, rows))
    if scenarios:
        works = read_bibliography()
        cited = [
            (part, key, str(works[key]) if key in works else "–", count)
            for part, counts in works_of(world, scenarios[0], works).items()
            for key, count in sorted(counts.items())
        ]
        columns = ("part", "key", "work", "numbers")
        found.folded.append((f"{len(cited)} works", listed("Works", columns, cited)))
    claims = claims_of(world, numbers_of(world, scenarios[0].dropped if scenarios else ()))
    documents = load_evidence(world.directory).documents
    counts = Counter(claim.document for claim, _ in claims)
    spoken = [
        (name, documents[name].citation if name in documents else "", count)
        for name, count in counts.items()
    ]
    caption = "Documents and the claims drawn from them"
    found.tables.append(listed(caption, ("document", "work", "claims"), spoken))
    said = [(claim.id, claim.locator, claim.says, count) for claim, count in claims]
    columns = ("claim", "where", "says", "numbers")
    found.folded.append((f"{len(said)} claims", listed("Claims", columns, said)))
    return found


def limits(held: ResultsFolder) -> Section:
    """What the numbers do not say."""
    says = [each.format(judged=share(held.judged)) for each in _WORDS["limits"]]
    return Section("limits", "Limits", says)


def commands(held: ResultsFolder) -> Section:
    """The commands that make the runs, the pictures and the page again."""
    folder = shlex.quote(str(held.folder))
    again = [str(held.manifest.get("command", ""))]
    again += [f"eurasia-sim plot {folder}", f"eurasia-sim report {folder}"]
    says = (
        "The first makes the folder again, to the same tables; an identical folder is found, not "
        "overwritten."
    )
    lines = [line for line in again if line]
    return Section("commands", "Commands that reproduce it", [says], commands=lines)
