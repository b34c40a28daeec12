"""A results folder as one offline page: question, design, outcomes, foundations, and commands."""

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
    "difference": "answer", "tornado": "effects", "indices": "variance", "box": "boxes",
    "skill": "validation",
}  # fmt: skip


_OUTCOMES = (outcomes.variance, outcomes.regions, outcomes.validation)
_PROVENANCE = (
    sections.limits, sections.question, sections.design, sections.exclusions, sections.foundations,
    sections.seeds, sections.commands,
)  # fmt: skip


def report_page(held: ResultsFolder) -> str:
    """The page as HTML: no script, nothing fetched, the same for the same folder.

    Raises:
        DataError: where a folder lacks what its kind must hold.
    """
    page = [
        *(each(held) for each in (outcomes.answer, outcomes.verdicts, outcomes.effects)),
        Section("distributions", "Distributions and pictures"),
        *(each(held) for each in (*_OUTCOMES, *_PROVENANCE)),
    ]
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
            at = _PLACE.get(kind, "distributions")
            at = "effects" if at != "distributions" and place[at].is_empty else at
            place[at].images.append(drawn)
    if reasons:
        place["distributions"].says.append(f"Not drawn: {'; '.join(reasons)}.")
    if boxes := lacking_words(lacking):
        place["distributions"].says.append(f"{boxes[0].upper()}{boxes[1:]}.")
    if left_out:
        place["distributions"].says.append(
            f"Left out, because the page would be too heavy: {', '.join(left_out)}. "
            "eurasia-sim plot draws them."
        )
