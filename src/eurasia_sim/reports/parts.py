"""What a section of a report is made of: sentences, tables and pictures, and numbers as written."""

import base64
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from eurasia_sim.figures.gallery import render
from eurasia_sim.figures.style import Picture
from eurasia_sim.files.data_yaml import packaged, read_page

WORDS = read_page(packaged() / "report.yaml").data  # that are the same for every folder
_LARGEST_SVG = 300_000  # bytes; a heavier drawing is shown as png
_OF_NUMBERS = set("0123456789.,–−+ to%±[]\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}")


class Table(NamedTuple):
    """A table with a caption; cells are text, and columns of numbers stand to the right."""

    caption: str
    columns: list[str]
    rows: list[list[str]]
    numeric: frozenset[int]
    folded: str = ""  # what it opens under, on demand


class Image(NamedTuple):
    """A picture inside the page: a data URI, and what it shows in words."""

    uri: str
    says: str
    caption: str


class Command(NamedTuple):
    """A line to be typed."""

    line: str


Block = str | Table | Image | Command
Blocks = Iterator[Block]


def number(value: Any, digits: int = 4) -> str:
    """A number as the page writes it, the smallest with three digits; a dash where there is none.

    What is no number is written as it is.
    """
    if isinstance(value, bool | str):
        return str(value)
    if value is None or math.isnan(value):
        return "–"
    if isinstance(value, float) and math.isinf(value):
        return "−∞" if value < 0 else "∞"
    if isinstance(value, float) and 1e-12 < abs(value) < 0.01:
        digits = 2 - math.floor(math.log10(abs(value)))
    elif abs(value) >= 1000:
        digits = min(digits, 1)
    text = f"{value:,.{digits}f}" if isinstance(value, float) else f"{value:,}"
    return text.replace(",", "\N{THIN SPACE}").replace("-", "−")


def share(value: float) -> str:
    """A share as a percentage; a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.0%}".replace("%", "\N{NARROW NO-BREAK SPACE}%")


def interval_of(row: Mapping[str, float]) -> str:
    """Both ends of a row's interval."""
    return f"{number(float(row['low']))} to {number(float(row['high']))}"


def table(
    caption: str, rows: pd.DataFrame | Iterable[Any], columns: Iterable[str] = (), *,
    digits: int = 4, folded: str = "",
) -> Table:  # fmt: skip
    """A table of rows whose numbers are written alike.

    Args:
        rows: a data frame; or a mapping a row, or with columns a sequence a row.
    """
    frame = pd.DataFrame(rows, columns=[*columns] or None)
    cells = [[number(cell, digits) for cell in row] for row in frame.itertuples(index=False)]
    numeric = {at for at, (_, column) in enumerate(frame.items()) if all(map(_is_numeric, column))}
    names = [str(name).replace("_", " ") for name in frame.columns]
    return Table(caption, names, cells, frozenset(numeric), folded)


def _is_numeric(cell: Any) -> bool:
    """Whether a cell is a number, or text of numbers with signs, interval or percentage."""
    return not isinstance(cell, str) or (bool(cell) and set(cell) <= _OF_NUMBERS)


def image(picture: Picture) -> Image:
    """A picture as a data URI: drawn as svg where that is small, else as png."""
    drawn, kind = render(picture.figure, "svg"), "svg+xml"
    if len(drawn) > _LARGEST_SVG:
        drawn, kind = render(picture.figure, "png"), "png"
    uri = f"data:image/{kind};base64,{base64.b64encode(drawn).decode()}"
    return Image(uri, picture.says, picture.stem)
