"""The one look of all figures, what is written on them, and fonts for every script."""

import logging
import math
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from string import capwords
from typing import Any, NamedTuple, cast

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontEntry, FontProperties, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from rich.cells import cell_len

from eurasia_sim.compute.dimensions import DOMAINS, Floats
from eurasia_sim.files.data_yaml import DataError, packaged, read_page
from eurasia_sim.files.text import shortened, visible, wrapped
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation.results_folder import SKILL, ResultsFolder

# By kind of picture: the question that titles it, its marks, what its axis is, and notes beneath.
QUESTIONS, MARKS, UNITS, NOTES = read_page(packaged() / "figures.yaml").data.values()
_STYLE = ["default", str(Path(__file__).parent / "eurasia.mplstyle")]
PANELS = 4  # of a figure; more measures go on to further figures
INK, TRACK = "#333333", "#DDDDDD"
LESS, MORE, MORE_INK = "#6A3D9A", "#D08A00", "#8A5A00"  # below and above zero, in grey too
WIDTH = 5.0  # inches: small, so that letters can be read on a narrow screen
_MARGIN = 0.09  # inches
_LONGEST_NAME = 48  # characters of a group's name
_WRITTEN_BY = {"parts": "test", "theories": "test", "verdicts": "test"}
_WRITTEN_BY |= {SKILL: "validate", "numbers": "calibrate"}
_FONT = "DejaVu Sans"
_BOXES = "Last Resort High-Efficiency"  # it has everything and says nothing
_MOST_NAMED = 20  # characters that no font has
# A font that others fall back on may have no bold face, of which the library would warn.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


class Look(NamedTuple):
    """How one group is drawn; its marker tells it apart without colour."""

    colour: str
    marker: str


# Okabe and Ito's colours, ordered so that neighbours also differ in grey.
_COLOURS = ("#0072B2", "#E69F00", "#222222", "#CC79A7", "#009E73", "#56B4E9")
LOOKS = tuple(map(Look, _COLOURS, "os^DvP"))


class Words(NamedTuple):
    """What is written on a figure; a person's own text is never read as markup."""

    title: str  # the question that the figure answers
    caption: str
    subject: str = ""  # beneath the title: of what
    names: Mapping[str, str] = {}  # how an id is written out; others are written by their own words

    def name(self, identifier: str) -> str:
        """A group's name; its id where it has none."""
        return shortened(visible(self.names.get(identifier, identifier)), _LONGEST_NAME)

    def list(self, measures: Iterable[str]) -> str:
        """The subject, and measures in words, one after another."""
        return "; ".join([self.subject, *(readable(each, self.names) for each in measures)])


class Picture(NamedTuple):
    """A figure of a folder, the table behind it, and what it shows in words."""

    parts: tuple[str, ...]  # of its files' stem, after its kind
    figure: Figure
    data: pd.DataFrame
    says: str
    stem: str = ""
    lacking: str = ""  # characters that no font of the machine has


@dataclass(frozen=True)
class Request:
    """What to draw of a folder."""

    measures: tuple[str, ...] = ()  # names or wildcards; those the folder puts first if none
    across: str | None = None  # factor of the horizontal axis of a sweep's heat map
    up: str | None = None  # and of its vertical one
    threshold: float | None = None  # value of interest of a distribution
    months: tuple[str, ...] = ()  # of maps


def pages_of(items: Any, most: int = PANELS) -> Iterator[tuple[str, Any]]:
    """All items, at most so many a page, each with the end of its files' stem: none, 2, 3."""
    for at in range(0, len(items), most):
        yield ("" if at == 0 else str(at // most + 1)), items[at : at + most]


@contextmanager
def use_style() -> Iterator[None]:
    """The package's style for as long as the block lasts, whatever a person's own settings say."""
    with matplotlib.style.context(_STYLE), warnings.catch_warnings():
        # Said once for all figures instead: see `lacking_words`.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        yield


def readable(column: str, names: Mapping[str, str] | None = None) -> str:
    """A column in words: `competition.red-blue.far_lands` → competition, Red–Blue, Far Lands.

    `names` says how an id is written where its own words will not do.
    """
    measure, *rest = column.split(".")
    known = {"all": "all theatres", **{domain: domain for domain in DOMAINS}, **(names or {})}
    told = measures().get(measure, {"of": ()})
    tie = " → " if "direction" in told["of"] else "–"

    def written(identifier: str) -> str:
        return known.get(identifier) or capwords(identifier, "_").replace("_", " ")

    label = known.get(measure) or told.get("label", measure.replace("_", " "))
    return ", ".join([label, *(tie.join(map(written, whom.split("-"))) for whom in rest)])


def unit_of(measure: str) -> str:
    """Unit of a measure by the name of its column; empty where none is known."""
    return str(measures().get(measure.partition(".")[0], {}).get("unit", ""))


def factor_name(column: str) -> str:
    """A factor of a sweep as it is written: a number's path, or its own name in words."""
    name = column.removeprefix("x.")
    return name if "." in name else name.replace("_", " ")


def in_lines(label: str, width: int) -> str:
    """A label in lines of at most `width` letters."""
    return "\n".join(wrapped(label, width))


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each as a mapping from the names of its columns."""
    return cast("list[dict[str, Any]]", table.to_dict("records"))


def count_runs(values: Floats) -> str:
    """How many runs have a finite number, and how many have none."""
    whole = int(np.isfinite(values).sum())
    return f"{whole} runs, {len(values) - whole} missing"


def plain(value: float, step: float | None = None) -> str:
    """A number as a label: whole from 1,000 on, else four digits, or as many as a step needs."""
    if step is not None and step > 0 and math.isfinite(value):
        value = round(value, max(0, 2 - math.floor(math.log10(step))))
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return ("0" if text == "-0" else text).replace("-", "−")


def signed(value: float, digits: int) -> str:
    """A number with its sign and so many digits after the point; nothing has no sign."""
    text = f"{value:+.{digits}f}"
    return (text if float(text) else text[1:]).replace("-", "−")


def legible(colour: Any) -> str:
    """The ink, dark or white, that stands out more on a colour, by the web's relative luminance."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    # Below this luminance white has the larger contrast, (1 + 0.05) / (luminance + 0.05).
    is_dark = linear @ (0.2126, 0.7152, 0.0722) < math.sqrt(1.05 * 0.05) - 0.05
    return "white" if is_dark else "#111111"


def footer(runs: str, failed: object, seed: int, *about: str) -> str:
    """What a reader must know of the runs behind a figure, in one line."""
    return " · ".join([runs, f"{failed} failed", f"seed {seed}", *about])


def caption(counts: Mapping[str, tuple[int, int]], seed: int, theory: str, *about: str) -> str:
    """The footer of runs of scenarios: by scenario, all runs and those of them that failed."""
    runs, several = [count for count, _ in counts.values()], len(counts) > 1
    counted = f"{runs[0]} run{'s' * (runs[0] != 1)}{' each' * several}"
    if len(set(runs)) > 1:
        counted = " and ".join(map("{} of {}".format, runs, counts)) + " runs"
    lost = ", ".join(f"{failed} of {name}" for name, (_, failed) in counts.items() if failed) or "0"
    named = f"scenario{'s' * several} {', '.join(counts)}"
    return footer(counted, lost, seed, named, f"theory {theory}", *about)


def words_of(held: ResultsFolder, question: str, runs: pd.DataFrame, subject: str) -> Words:
    """What is written on a figure of some runs: `scenario`, `theory` and `status` of each."""
    failed = runs["status"].ne("ok").groupby(runs["scenario"], sort=False)
    counts = {str(name): (len(own), int(own.sum())) for name, own in failed}
    about = [f"only {' and '.join(held.filters)}"] if held.filters else []
    theories = ", ".join(map(str, runs["theory"].unique()))
    return Words(question, caption(counts, held.seed, theories, *about), subject, held.names)


def analysis_caption(held: ResultsFolder) -> str:
    """What a figure of an analysis must say of its runs, and of their design."""
    said, design = words_of(held, "", held.runs([]), "").caption, held.manifest.get("design")
    kind = f"{design['kind']} design of {design['points']} points" if design else ""
    return " · ".join(filter(None, [said, kind.replace("_", " ")]))


def scenario_title(held: ResultsFolder, scenario: str) -> str:
    """A scenario's own title."""
    entry = held.manifest.get("scenarios", {}).get(scenario, {})
    return str(entry.get("title") or scenario)


def table_of(held: ResultsFolder, name: str) -> pd.DataFrame:
    """A table that a folder holds beside its runs; DataError where it is not there."""
    table = held.table(name)
    if table is None:
        need = f"this picture needs what `eurasia-sim {_WRITTEN_BY.get(name, 'analyze')}` writes"
        raise DataError([f"{held.folder} holds no {name}.parquet: {need}"])
    return table


def split_table(
    held: ResultsFolder, name: str, request: Request, *keys: str
) -> Iterator[tuple[tuple[str, ...], pd.DataFrame, str]]:
    """Parts (a measure, then a scenario), rows and heading of every figure of an analysis."""
    for found, own in table_of(held, name).groupby(list(keys), sort=False):
        measure, *others = parts = tuple(map(str, found))
        if not request.measures or any(fnmatchcase(measure, each) for each in request.measures):
            titles = [scenario_title(held, part) for part in others]
            yield parts, own, ", ".join([readable(measure, held.names), *titles])


def frame_panels(
    rows: int, columns: int, height: float, words: Words, note: str = "",
    legend: Mapping[str, Artist] | None = None, **shared: Any,
) -> tuple[Figure, list[Axes]]:  # fmt: skip
    """A figure of panels, title and legend above, caption and note below; none lies on another.

    The height is of all panels, in inches; a legend is label → what stands for it.
    """
    title = wrapped(shortened(visible(words.title)), 56)
    subject = wrapped(shortened(visible(words.subject)), 72)
    notes = wrapped(visible(words.caption), 90) + wrapped(visible(note), 90)
    labels = [shortened(visible(label), _LONGEST_NAME) for label in legend or {}]
    across = max((n for n in range(1, len(labels) + 1) if _fit(labels, n)), default=1)
    under_title = _MARGIN + 0.18 * len(title)
    under_subject = under_title + 0.15 * len(subject) + 0.04
    above = under_subject + (0.17 * math.ceil(len(labels) / across) + 0.06 if labels else 0.0)
    below = 0.13 * len(notes) + 2 * _MARGIN
    whole, left = above + height + below, _MARGIN / WIDTH
    rect = (0.0, below / whole, 1.0, height / whole)
    engine = ConstrainedLayoutEngine(rect=rect, hspace=0.06, wspace=0.04)
    figure = Figure(figsize=(WIDTH, whole), layout=engine)
    FigureCanvasAgg(figure)
    for inches, lines, look in (
        (whole - _MARGIN, title, {"va": "top", "fontsize": 9.5, "weight": "bold"}),
        (whole - under_title, subject, {"va": "top", "fontsize": 8, "color": "#555555"}),
        (_MARGIN, notes, {"va": "bottom", "fontsize": 6.5, "color": "#555555"}),
    ):
        text: Any = {"linespacing": 1.2, "in_layout": False, **look}
        figure.text(left, inches / whole, "\n".join(lines), **text)
    if legend:
        place: Any = {"loc": "upper left", "bbox_to_anchor": (left, 1 - under_subject / whole)}
        key = figure.legend([*legend.values()], labels, ncols=across, **place)
        key.set_in_layout(False)
    return figure, list(figure.subplots(rows, columns, squeeze=False, **shared).ravel())


def _fit(labels: Sequence[str], across: int) -> bool:
    """Whether a legend of so many columns is within the page."""
    widest = [max(map(cell_len, part)) for part in np.array_split(labels, across)]
    return 0.45 * across + 0.062 * sum(widest) < WIDTH - 2 * _MARGIN


def measure_panels(
    measures: Sequence[str], height: float, words: Words, note: str, **shared: Any
) -> tuple[Figure, dict[str, Axes]]:
    """A panel (of a height in inches) for each measure, two abreast, with its name and unit."""
    if not measures:
        raise ValueError("name at least one measure to draw")
    columns = min(2, len(measures))
    lines = -(-len(measures) // columns)
    figure, panels = frame_panels(lines, columns, height * lines, words, note, **shared)
    for panel in panels[len(measures) :]:
        panel.set_visible(False)
    for panel, measure in zip(panels, measures, strict=False):
        heading = shortened(visible(readable(measure, words.names)), 120)
        panel.set_title(in_lines(heading, 56 // columns))
        panel.set_xlabel(unit_of(measure))
    return figure, dict(zip(measures, panels, strict=False))


@cache
def _drawn(path: str, index: int, letters: frozenset[str]) -> frozenset[str]:
    """Which of some letters a font can draw; none where it cannot be scaled."""
    try:
        font = FT2Font(path, face_index=index)
        known = font.get_charmap() if font.scalable else {}
        return frozenset(letter for letter in letters if ord(letter) in known)
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def _regular_first(font: FontEntry) -> tuple[bool, str, str]:
    return str(font.weight) not in ("400", "normal", "regular"), font.name, font.fname


@use_style()
def fit_fonts(figure: Figure) -> str:
    """Let a figure's texts fall back on fonts that have their letters; return what none has."""
    for panel in figure.axes:
        for axis in (panel.xaxis, panel.yaxis):
            axis.get_ticklabels(which="both")  # which are written only now
    texts = figure.findobj(Text)
    # Joiners and breaks of lines leave no mark and are no fault.
    written = {letter for text in texts for letter in text.get_text()} - {"\n"}
    letters = frozenset(each for each in written if unicodedata.category(each) != "Cf")
    own = str(fontManager.findfont(FontProperties(family=_FONT)))
    lacking, families = letters - _drawn(own, 0, letters), [_FONT]
    for each in sorted(fontManager.ttflist, key=_regular_first) if lacking else ():
        if each.name in (_FONT, _BOXES) or {each.style, each.variant, each.stretch} != {"normal"}:
            continue
        if found := _drawn(each.fname, each.index, lacking):
            families.append(each.name)
            lacking -= found
    if len(families) > 1:
        for text in texts:
            text.set_fontfamily(families)
        for panel in figure.axes:
            panel.tick_params(labelfontfamily=families)
    return "".join(sorted(lacking))


def lacking_words(lacking: Iterable[str]) -> str:
    """A sentence on the characters that stand as boxes in figures; empty where there are none."""
    found = sorted(set("".join(lacking)))
    more = len(found) - _MOST_NAMED
    named = " ".join(found[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"no font on this machine has {named}: in figures boxes stand for them" if found else ""
