"""A results folder as one offline page: question, design, outcomes, foundations, and commands.

Every section is a function of the folder that gives its blocks; one without any is left out.
"""

import base64
import shlex
from collections import Counter
from collections.abc import Mapping
from typing import Any

from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.figures.gallery import pictures, render, usual_kinds
from eurasia_sim.figures.style import Picture, Request, lacking_words, table_of
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.reports import outcomes
from eurasia_sim.reports.blocks import Block, Blocks, Image, Line, rendered, share, table
from eurasia_sim.reports.outcomes import WORDS
from eurasia_sim.scenarios.sources import bases_of, claims_of, numbers_of, works_of
from eurasia_sim.simulation.results_folder import FIT, TEST, VALIDATION, ResultsFolder, restored

MOST_BYTES = 5_000_000
_MOST_OF_IMAGES = 3_800_000
_LARGEST_SVG = 300_000  # bytes; a heavier drawing is shown as png
_MOST_FAILURES = 25
# The section in which a kind of picture stands; every other kind stands among the distributions.
_PLACE = {
    "difference": "answer", "tornado": "effects", "indices": "variance", "box": "boxes",
    "skill": "validation",
}  # fmt: skip


def report_page(held: ResultsFolder) -> str:
    """The page as HTML: no script, nothing fetched, the same for the same folder.

    DataError where a folder lacks what its kind must hold.
    """
    page: dict[str, list[Block]] = {
        name: [block for block in blocks(held) if block] for name, blocks in _SECTIONS.items()
    }
    _place_images(held, page)
    headings = WORDS["headings"]
    shown = {key: (headings[key], blocks) for key, blocks in page.items() if blocks}
    given = {"title": held.title, "folder": held.folder.name, "kind": held.kind}
    text = rendered("report.html.jinja", {}, sections=shown, **given)
    if len(text.encode()) > MOST_BYTES:
        size = f"the page of {held.folder} would have {len(text) / 1e6:.1f} MB"
        raise DataError([f"{size}; a page has at most 5"])
    return text


def _place_images(held: ResultsFolder, page: Mapping[str, list[Block]]) -> None:
    """Put the folder's usual pictures into their sections, as many as the page can carry."""
    left_out, size, reasons, lacking = list[str](), 0, list[str](), set[str]()
    said, others = {key for key, blocks in page.items() if blocks}, page["distributions"]
    for kind in usual_kinds(held, ()):
        for picture in pictures(held, [kind], Request(), reasons.append):
            drawn = _image(picture)
            if size + len(drawn.uri) > _MOST_OF_IMAGES:
                left_out.append(drawn.caption)
                continue
            size += len(drawn.uri)
            lacking |= {*picture.lacking}
            at = _PLACE.get(kind, "distributions")
            page[at if at in (*said, "distributions") else "effects"].append(drawn)
    if reasons:
        others.append(f"Not drawn: {'; '.join(reasons)}.")
    if missing := lacking_words(lacking):
        others.append(f"{missing[0].upper()}{missing[1:]}.")
    if left_out:
        heavy = f"Left out, because the page would be too heavy: {', '.join(left_out)}."
        others.append(f"{heavy} eurasia-sim plot draws them.")


def _image(picture: Picture) -> Image:
    """A picture as a data URI: drawn as svg where that is small, else as png."""
    drawn, kind = render(picture.figure, "svg"), "svg+xml"
    if len(drawn) > _LARGEST_SVG:
        drawn, kind = render(picture.figure, "png"), "png"
    uri = f"data:image/{kind};base64,{base64.b64encode(drawn).decode()}"
    return Image(uri, picture.says, picture.stem)


def _limits(held: ResultsFolder) -> Blocks:
    for each in WORDS["limits"]:
        yield each.format(judged=share(held.judged))


def _question(held: ResultsFolder) -> Blocks:
    if held.kind == TEST:
        yield f"{held.title}. Each hypothesis was written and hashed before its first run."
        asked = table_of(held, "verdicts")[["hypothesis", "says", "source", "note"]]
        yield table("The hypotheses", asked.rename(columns={"hypothesis": "id"}))
    elif scenarios := _entries(held):
        words = ("title", "question", "expect")
        rows = [(name, *map(entry.get, words)) for name, entry in scenarios.items()]
        yield table("The scenarios", rows, ("scenario", "title", "question", "expected"))


def _entries(held: ResultsFolder) -> Mapping[str, Any]:
    """The scenarios of a folder as its manifest writes them, by name."""
    if held.kind == VALIDATION:
        scenario = held.manifest["scenario"]
        return {str(scenario["name"]): scenario}
    entries = held.manifest.get("scenarios", {})
    return entries if isinstance(entries, Mapping) else {}


def _facts(caption: str, facts: Mapping[str, Any]) -> Block:
    values = (each if isinstance(each, list) else [each] for each in facts.values())
    rows = zip(facts, (", ".join(map(str, each)) for each in values), strict=True)
    return table(caption, rows, ("what", "value"))


def _design(held: ResultsFolder) -> Blocks:
    manifest, laid = held.manifest, held.manifest.get("design", {})
    facts: dict[str, Any] = {"world": manifest.get("world", held.world.name)}
    facts |= {each: manifest[key] for key, each in WORDS["laid_out"].items() if key in manifest}
    forms, effort = manifest.get("forms", {}), manifest.get("effort", {})
    facts |= {f"form of {factor.replace('_', ' ')}": form for factor, form in forms.items()}
    facts |= {each: effort[key] for key, each in WORDS["effort"].items() if key in effort}
    facts |= {"design": f"{laid['kind']} of {laid['points']} points"} if laid else {}
    yield _facts("How the runs were laid out", facts)
    if laid.get("factors"):
        rows = [
            {"factor": each["name"].removeprefix("x."),
             "range": "{low:g} to {high:g}".format_map(each) if "low" in each else "",
             "levels": ", ".join(map(str, each.get("levels", ())))}
            for each in laid["factors"]
        ]  # fmt: skip
        yield table("Factors of the design", rows)
    changes = [
        (name, path, ", ".join(f"{month}: {value}" for month, value in steps.items()))
        for name, entry in _entries(held).items()
        for path, steps in entry.get("levers", {}).items()
    ]
    if changes:
        counted = f"{len(changes)} levers set otherwise than in the record"
        yield table("Levers", changes, ("scenario", "lever", "steps"), folded=counted)


def _exclusions(held: ResultsFolder) -> Blocks:
    gone: Any = held.manifest.get("failed")
    if held.kind == TEST:
        parts = table_of(held, "parts")
        lost = parts.loc[parts["failed"] > 0, ["hypothesis", "part", "n", "failed"]]
        yield "A failed run is missing, never a value."
        yield table("Runs that failed at reference", lost)
    elif held.kind == VALIDATION:
        yield f"{sum(gone.values())} runs failed; a failed run counts nowhere."
        yield WORDS["uncounted"]
    elif held.kind == FIT:
        yield f"{gone} runs failed, and their members are left out."
    else:
        runs = held.runs(["failed_month", "failed_phase"])
        keys = [name for name in ("scenario", "theory", "set") if name in runs]
        failed = runs["status"].ne("ok")
        counts = failed.groupby([runs[key] for key in keys], sort=False).agg(["size", "sum"])
        yield WORDS["excluded"]
        yield table("Runs and failures", counts.set_axis(["runs", "failed"], axis=1).reset_index())
        if failed.any():
            about = [*keys, "run", "seed", "status", "failed_month", "failed_phase"]
            first = runs.loc[failed].filter(about).head(_MOST_FAILURES)
            yield table("Failed runs", first, folded=f"the first of {failed.sum()} failed runs")


def _foundations(held: ResultsFolder) -> Blocks:
    world = held.world
    scenarios = [restored(entry, world) for entry in _entries(held).values() if "levers" in entry]
    bases = bases_of(world)
    total = max(sum(count for count, _ in bases.values()), 1)
    rows = [(basis, count, share(count / total), drawn) for basis, (count, drawn) in bases.items()]
    caption = "On what basis the numbers of the world and its rules stand"
    yield table(caption, rows, ("basis", "numbers", "share", "drawn by an ensemble"))
    claims = claims_of(world, numbers_of(world, scenarios[0].dropped if scenarios else ()))
    citations = {k: each.citation for k, each in load_evidence(world.directory).documents.items()}
    counts = Counter(claim.document for claim, _ in claims)
    spoken = [(name, citations.get(name, ""), count) for name, count in counts.items()]
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


def _seeds(held: ResultsFolder) -> Blocks:
    yield WORDS["seeds"]
    manifest, digests = held.manifest, dict(held.manifest.get("digests", {}))
    scenarios = digests.pop("scenarios", {})
    facts: dict[str, Any] = {"root seed": held.seed}
    facts |= {f"digest of the {name}": digest for name, digest in digests.items()}
    facts |= {f"digest of {name}": digest for name, digest in scenarios.items()}
    facts |= manifest.get("versions", {})
    facts |= {"commit": manifest["commit"]} if manifest.get("commit") else {}
    yield _facts("What makes the same runs again", facts)


def _commands(held: ResultsFolder) -> Blocks:
    yield WORDS["commands"]
    folder = shlex.quote(str(held.folder))
    if made := held.manifest.get("command"):
        yield Line(made)
    yield Line(f"eurasia-sim plot {folder}")
    yield Line(f"eurasia-sim report {folder}")


_SECTIONS = {
    "answer": outcomes.answer, "verdicts": outcomes.verdicts, "effects": outcomes.effects,
    "distributions": lambda _: iter(()),  # nothing but pictures
    "variance": outcomes.variance, "boxes": outcomes.boxes, "validation": outcomes.validation,
    "limits": _limits, "question": _question, "design": _design, "exclusions": _exclusions,
    "foundations": _foundations, "seeds": _seeds, "commands": _commands,
}  # fmt: skip
