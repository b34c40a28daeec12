"""A results folder as one offline page: question, design, outcomes, foundations, and commands."""

from __future__ import annotations

import shlex
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from eurasia_sim.figures.fonts import lacking_words
from eurasia_sim.figures.gallery import pictures, usual_kinds
from eurasia_sim.figures.style import Request
from eurasia_sim.files.data_yaml import DataError, packaged
from eurasia_sim.files.text import visible
from eurasia_sim.reports import outcomes, sections
from eurasia_sim.reports.parts import Section, image
from eurasia_sim.simulation.results_folder import ResultsFolder

TEMPLATE = "report.html.jinja"
MOST_BYTES = 5_000_000
_MOST_OF_IMAGES = 3_800_000
# The section in which a kind of picture stands; every other kind stands among the distributions.
_PLACE = {
    "difference": "effects", "tornado": "effects", "forest": "verdicts", "shares": "variance",
    "indices": "variance", "effects": "variance", "box": "boxes", "convergence": "convergence",
    "patterns": "validation",
    "skill": "validation",
}  # fmt: skip


def report_page(
    held: ResultsFolder, other: ResultsFolder | None = None, validated: Path | None = None
) -> str:
    """The page as HTML: no script, nothing fetched, the same for the same folder.

    Args:
        other: a folder of the same kind to compare with. validated: a folder that `validate` wrote.

    Raises:
        DataError: where a folder lacks what its kind must hold, or the two do not compare.
    """
    before = (sections.question, sections.design, sections.seeds, sections.exclusions)
    page = [
        *(section(held) for section in (*before, outcomes.effects)),
        Section("distributions", "Distributions and pictures"),
        *(section(held) for section in (outcomes.verdicts, outcomes.variance, outcomes.regions)),
        Section("convergence", "Convergence"),
        outcomes.validation(held, validated), outcomes.comparison(held, other),
        *(section(held) for section in (sections.foundations, sections.limits, commands)),
    ]  # fmt: skip
    _place_images(held, {section.id: section for section in page})
    source = (packaged() / TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )  # fmt: skip
    shown = [section for section in page if not section.is_empty]
    text = environment.from_string(source).render(
        title=held.title, folder=held.folder.name, kind=held.kind, sections=shown
    )
    if len(text.encode()) > MOST_BYTES:
        size = f"the page of {held.folder} would have {len(text) / 1e6:.1f} MB"
        raise DataError([f"{size}; a page has at most 5"])
    return text


def _place_images(held: ResultsFolder, place: dict[str, Section]) -> None:
    """Put the folder's usual pictures into their sections, as many as the page can carry."""
    left_out, size, reasons, lacking = [], 0, list[str](), set[str]()
    for kind in usual_kinds(held, ()):
        for picture in pictures(held, [kind], Request(), reasons.append):
            drawn = image(picture)
            if size + len(drawn.uri) > _MOST_OF_IMAGES:
                left_out.append(drawn.caption)
                continue
            size += len(drawn.uri)
            lacking |= {*picture.lacking}
            place[_PLACE.get(kind, "distributions")].images.append(drawn)
    if reasons:
        place["distributions"].says.append(f"Not drawn: {'; '.join(reasons)}.")
    if boxes := lacking_words(lacking):
        place["distributions"].says.append(f"{boxes[0].upper()}{boxes[1:]}.")
    if left_out:
        place["distributions"].says.append(
            f"{len(left_out)} pictures would make the page too heavy and stand in the folder "
            f"alone, once eurasia-sim plot has drawn them: {', '.join(left_out)}."
        )


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
