"""What a report says before and after its outcomes; a section is empty without anything to say."""

import shlex
from collections import Counter
from collections.abc import Mapping
from typing import Any

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.figures.style import table_of
from eurasia_sim.reports.parts import WORDS, Blocks, Command, Table, share, table
from eurasia_sim.scenarios.sources import bases_of, claims_of, numbers_of, works_of
from eurasia_sim.simulation.results_folder import FIT, TEST, VALIDATION, ResultsFolder, restored

_MOST_FAILURES = 25


def limits(held: ResultsFolder) -> Blocks:
    """What the numbers do not say."""
    for each in WORDS["limits"]:
        yield each.format(judged=share(held.judged))


def question(held: ResultsFolder) -> Blocks:
    """What was asked, in the words of the scenarios or of the hypotheses."""
    if held.kind == TEST:
        yield f"{held.title}. Each hypothesis was written and hashed before its first run."
        asked = table_of(held, "verdicts")[["hypothesis", "says", "source", "note"]]
        yield table("The hypotheses", asked.rename(columns={"hypothesis": "id"}))
    elif scenarios := _entries(held):
        words = ("title", "question", "expect")
        rows = [(name, *map(entry.get, words)) for name, entry in scenarios.items()]
        yield table("The scenarios", rows, ("scenario", "title", "question", "expected"))


def design(held: ResultsFolder) -> Blocks:
    """How the runs were laid out."""
    manifest, laid = held.manifest, held.manifest.get("design", {})
    effort = manifest.get("effort", {})
    facts: dict[str, Any] = {"world": manifest.get("world", held.world.name)}
    facts |= {each: manifest[key] for key, each in WORDS["laid_out"].items() if key in manifest}
    forms = manifest.get("forms", {})
    facts |= {f"form of {factor.replace('_', ' ')}": form for factor, form in forms.items()}
    facts |= {each: effort[key] for key, each in WORDS["effort"].items() if key in effort}
    facts |= {"design": f"{laid['kind']} of {laid['points']} points"} if laid else {}
    yield _facts("How the runs were laid out", facts)
    if laid.get("factors"):
        rows = [
            (
                each["name"].removeprefix("x."),
                f"{each['low']:g} to {each['high']:g}" if "low" in each else "",
                ", ".join(map(str, each.get("levels", ()))),
            )
            for each in laid["factors"]
        ]
        yield table("Factors of the design", rows, ("factor", "range", "levels"))
    changes = [
        (name, path, ", ".join(f"{month}: {value}" for month, value in steps.items()))
        for name, entry in _entries(held).items()
        for path, steps in entry.get("levers", {}).items()
    ]
    if changes:
        counted = f"{len(changes)} levers set otherwise than in the record"
        yield table("Levers", changes, ("scenario", "lever", "steps"), folded=counted)


def _entries(held: ResultsFolder) -> Mapping[str, Any]:
    """The scenarios of a folder as its manifest writes them, by name."""
    if held.kind == VALIDATION:
        scenario = held.manifest["scenario"]
        return {str(scenario["name"]): scenario}
    entries = held.manifest.get("scenarios", {})
    return entries if isinstance(entries, Mapping) else {}


def _facts(caption: str, facts: Mapping[str, Any]) -> Table:
    rows = [
        (label, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for label, value in facts.items()
    ]
    return table(caption, rows, ("what", "value"))


def exclusions(held: ResultsFolder) -> Blocks:
    """Which runs failed, and what became of them."""
    gone: Any = held.manifest.get("failed")
    if held.kind == TEST:
        parts = table_of(held, "parts")
        lost = parts.loc[parts["failed"] > 0, ["hypothesis", "part", "n", "failed"]]
        none = "No run at reference failed." if lost.empty else ""
        yield f"A failed run is missing, never a value. {none}"
        if not lost.empty:
            yield table("Runs that failed at reference", lost)
    elif held.kind == VALIDATION:
        yield f"{sum(gone.values())} runs failed; a failed run counts nowhere."
        yield WORDS["uncounted"]
    elif held.kind == FIT:
        yield f"{gone} runs failed, and their members are left out."
    else:
        extra = [name for name in ("failed_month", "failed_phase") if name in held.columns]
        runs = held.runs(extra)
        keys = [name for name in ("scenario", "theory", "set") if name in runs]
        runs["failed"] = runs["status"].ne("ok")
        counts = runs.groupby(keys, sort=False)["failed"].agg(runs="size", failed="sum")
        yield WORDS["excluded"]
        yield table("Runs and failures", counts.reset_index())
        if runs["failed"].any():
            columns = [each for each in (*keys, "run", "seed", "status", *extra) if each in runs]
            first = runs.loc[runs["failed"], columns].head(_MOST_FAILURES)
            counted = f"the first of {runs['failed'].sum()} failed runs"
            yield table("Failed runs", first, folded=counted)


def foundations(held: ResultsFolder) -> Blocks:
    """What the runs rest on: bases, works, and every claim."""
    world = held.world
    scenarios = [restored(entry, world) for entry in _entries(held).values() if "levers" in entry]
    bases = bases_of(world)
    total = max(sum(count for count, _ in bases.values()), 1)
    rows = [(basis, count, share(count / total), drawn) for basis, (count, drawn) in bases.items()]
    caption = "On what basis the numbers of the world and its rules stand"
    yield table(caption, rows, ("basis", "numbers", "share", "drawn by an ensemble"))
    claims = claims_of(world, numbers_of(world, scenarios[0].dropped if scenarios else ()))
    documents = load_evidence(world.directory).documents
    counts = Counter(claim.document for claim, _ in claims)
    spoken = [
        (name, documents[name].citation if name in documents else "", count)
        for name, count in counts.items()
    ]
    yield table("Documents and the claims drawn from them", spoken, ("document", "work", "claims"))
    if scenarios:
        works = read_bibliography()
        cited = [
            (part, key, str(works[key]) if key in works else "–", count)
            for part, counted in works_of(world, scenarios[0], works).items()
            for key, count in sorted(counted.items())
        ]
        columns = ("part", "key", "work", "numbers")
        yield table("Works", cited, columns, folded=f"{len(cited)} works")
    said = [(claim.id, claim.locator, claim.says, count) for claim, count in claims]
    columns = ("claim", "where", "says", "numbers")
    yield table("Claims", said, columns, folded=f"{len(said)} claims")


def seeds(held: ResultsFolder) -> Blocks:
    """The root of all seeds, and what else makes the runs again."""
    yield WORDS["seeds"]
    manifest, digests = held.manifest, dict(held.manifest.get("digests", {}))
    scenarios = digests.pop("scenarios", {})
    facts: dict[str, Any] = {"root seed": held.seed}
    facts |= {f"digest of the {name}": digest for name, digest in digests.items()}
    facts |= {f"digest of {name}": digest for name, digest in scenarios.items()}
    facts |= manifest.get("versions", {})
    facts |= {"commit": manifest["commit"]} if manifest.get("commit") else {}
    yield _facts("What makes the same runs again", facts)


def commands(held: ResultsFolder) -> Blocks:
    """The commands that make the runs, the pictures and the page again."""
    yield WORDS["commands"]
    folder = shlex.quote(str(held.folder))
    if made := held.manifest.get("command"):
        yield Command(made)
    yield Command(f"eurasia-sim plot {folder}")
    yield Command(f"eurasia-sim report {folder}")
