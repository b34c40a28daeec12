"""A results folder as one offline page: question, design, outcomes, foundations, and commands."""

from collections.abc import Mapping

from jinja2 import Environment, StrictUndefined

from eurasia_sim.figures.gallery import pictures, usual_kinds
from eurasia_sim.figures.style import Request, lacking_words
from eurasia_sim.files.data_yaml import DataError, packaged
from eurasia_sim.files.text import visible
from eurasia_sim.reports import outcomes, sections
from eurasia_sim.reports.parts import WORDS, Block, image
from eurasia_sim.simulation.results_folder import ResultsFolder

MOST_BYTES = 5_000_000
_MOST_OF_IMAGES = 3_800_000
_SECTIONS = (
    outcomes.answer, outcomes.verdicts, outcomes.effects, outcomes.distributions,
    outcomes.variance, outcomes.boxes, outcomes.validation, sections.limits, sections.question,
    sections.design, sections.exclusions, sections.foundations, sections.seeds, sections.commands,
)  # fmt: skip
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
        make.__name__: [block for block in make(held) if block] for make in _SECTIONS
    }
    _place_images(held, page)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )  # fmt: skip
    source = (packaged() / "report.html.jinja").read_text(encoding="utf-8")
    headings = WORDS["headings"]  # a section without anything to say has none
    shown = {key: (headings[key], blocks) for key, blocks in page.items() if blocks}
    text = environment.from_string(source).render(
        title=held.title, folder=held.folder.name, kind=held.kind, sections=shown
    )
    if len(text.encode()) > MOST_BYTES:
        size = f"the page of {held.folder} would have {len(text) / 1e6:.1f} MB"
        raise DataError([f"{size}; a page has at most 5"])
    return text


def _place_images(held: ResultsFolder, page: Mapping[str, list[Block]]) -> None:
    """Put the folder's usual pictures into their sections, as many as the page can carry."""
    left_out, size, reasons, lacking = list[str](), 0, list[str](), set[str]()
    said = {key for key, blocks in page.items() if blocks}
    for kind in usual_kinds(held, ()):
        for picture in pictures(held, [kind], Request(), reasons.append):
            drawn = image(picture)
            if size + len(drawn.uri) > _MOST_OF_IMAGES:
                left_out.append(drawn.caption)
                continue
            size += len(drawn.uri)
            lacking |= {*picture.lacking}
            at = _PLACE.get(kind, "distributions")
            page[at if at in (*said, "distributions") else "effects"].append(drawn)
    if reasons:
        page["distributions"].append(f"Not drawn: {'; '.join(reasons)}.")
    if missing := lacking_words(lacking):
        page["distributions"].append(f"{missing[0].upper()}{missing[1:]}.")
    if left_out:
        heavy = f"Left out, because the page would be too heavy: {', '.join(left_out)}."
        page["distributions"].append(f"{heavy} eurasia-sim plot draws them.")
