"""A results folder as one offline page: what was asked, how, what came out, what it rests on, and how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

from eurasia_sim.figures.gallery import pictures, usual_kinds
from eurasia_sim.figures.style import Request
from eurasia_sim.files.data_yaml import DataError, packaged
from eurasia_sim.reports.outcomes import comparison, effects, regions, validation, variance, verdicts
from eurasia_sim.reports.parts import Image, Section, image
from eurasia_sim.reports.sections import design, exclusions, foundations, limits, question, seeds
from eurasia_sim.simulation.results_folder import ResultsFolder

TEMPLATE = "report.html.jinja"
MOST_BYTES = 5_000_000
_MOST_OF_IMAGES = 3_800_000
# The section in which a kind of picture stands; every other kind stands among the distributions.
_PLACE = {
    "difference": "effects", "tornado": "effects", "surface": "effects", "forest": "verdicts", "shares": "variance",
    "indices": "variance", "effects": "variance", "box": "boxes", "convergence": "convergence",
    "patterns": "validation",
}  # fmt: skip


def report_page(held: ResultsFolder, other: ResultsFolder | None = None, validated: Path | None = None) -> str:
    """The page as HTML: no script, nothing fetched, the same for the same folder.

    Args:
        other: a folder of the same kind to compare with. validated: a folder that `validate` wrote.

    Raises:
        DataError: where a folder lacks what its kind must hold, or the two do not compare.
    """
    sections = [
        question(held), design(held), seeds(held), exclusions(held), effects(held),
        Section("distributions", "Distributions and pictures"), verdicts(held), variance(held), regions(held),
        Section("convergence", "Convergence"), validation(held, validated), comparison(held, other),
        foundations(held), limits(held), commands(held),
    ]  # fmt: skip
    place = {section.id: section for section in sections}
    left_out = []
    size = 0
    for kind, drawn in _images(held):
        if size + len(drawn.uri) > _MOST_OF_IMAGES:
            left_out.append(drawn.caption)
            continue
        size += len(drawn.uri)
        place[_PLACE.get(kind, "distributions")].images.append(drawn)
    if left_out:
        place["distributions"].says.append(
            f"{len(left_out)} pictures would make the page too heavy and stand in the folder alone, once "
            f"eurasia-sim plot has drawn them: {', '.join(left_out)}."
        )
    text = _template().render(
        title=held.title, folder=held.folder.name, kind=held.kind,
        sections=[section for section in sections if not section.is_empty],
    )  # fmt: skip
    if len(text.encode()) > MOST_BYTES:
        raise DataError([f"the page of {held.folder} would have {len(text) / 1e6:.1f} MB; a page has at most 5"])
    return text


def _template() -> Template:
    source = (packaged() / TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)


def _images(held: ResultsFolder) -> Iterator[tuple[str, Image]]:
    """The usual pictures of the folder, kind by kind."""
    for kind in usual_kinds(held, ()):
        for picture in pictures(held, [kind], Request()):
            yield kind, image(picture)


def commands(held: ResultsFolder) -> Section:
    """The commands that make the runs, the pictures and the page again."""
    folder = shlex.quote(str(held.folder))
    again = [str(held.manifest.get("command", ""))]
    again += [f"eurasia-sim plot {folder}", f"eurasia-sim report {folder}"]
    says = "The first makes the folder again, to the same tables; an identical folder is found, not overwritten."
    return Section("commands", "Commands that reproduce it", [says], commands=[line for line in again if line])
