"""What a report is made of: sections, tables and pictures, and numbers as they are written."""

import base64
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

import pandas as pd

from eurasia_sim.figures.gallery import render
from eurasia_sim.figures.style import Picture, rows_of

_LARGEST_SVG = 300_000  # bytes; a heavier drawing is shown as png
Columns = Mapping[str, str | Callable[[Any], Any]]  # heading → a row's key, or its cell


@dataclass(frozen=True)
class Table:
    """A table with a caption; cells are text, and columns of numbers stand to the right."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


class Image(NamedTuple):
    """A picture inside the page: a data URI, and what it shows in words."""

    uri: str
    says: str
    caption: str


@dataclass
class Section:
    """A part of the page, under a heading of its own."""

    id: str
    heading: str
    says: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    folded: list[tuple[str, Table]] = field(default_factory=list)  # what opens on demand

    @property
    def is_empty(self) -> bool:
        """Whether it has nothing to say."""
        return not (self.says or self.tables or self.images or self.commands or self.folded)


def number(value: Any, digits: int = 4) -> str:
    """A number as the page writes it, the smallest with three digits; a dash where there is none.

    What is no number is written as it is.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, float) and math.isinf(value):
        return "−∞" if value < 0 else "∞"
    if isinstance(value, float) and 1e-12 < abs(value) < 0.01:
        digits = 2 - math.floor(math.log10(abs(value)))
    elif isinstance(value, float) and abs(value) >= 1000.0:
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
    caption: str, columns: Columns, rows: Iterable[Any] | pd.DataFrame, *, digits: int = 4
) -> Table:
    """A table of rows whose numbers are written alike.

    A column is one of numbers where no cell of it is text other than numbers.
    """
    found: Iterable[Any] = rows_of(rows) if isinstance(rows, pd.DataFrame) else rows
    cells = [[row[c] if isinstance(c, str) else c(row) for c in columns.values()] for row in found]
    numeric = {
        at for at, column in enumerate(zip(*cells, strict=True)) if all(map(_is_numeric, column))
    }
    written = tuple(tuple(number(_plain(cell), digits) for cell in row) for row in cells)
    return Table(caption, tuple(columns), written, frozenset(numeric))


def listed(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table of rows that are sequences, a column each."""
    return table(caption, {name: itemgetter(at) for at, name in enumerate(columns)}, rows)


def frame_table(caption: str, frame: pd.DataFrame, digits: int = 4) -> Table:
    """A data frame as a table."""
    columns = {str(name).replace("_", " "): str(name) for name in frame.columns}
    return table(caption, columns, frame, digits=digits)


def _is_numeric(cell: Any) -> bool:
    """Whether a cell is a number, or text of numbers with signs, interval or percentage."""
    signs = set("0123456789.,–−+ to%±[]\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}")
    return not isinstance(cell, str) or (bool(cell) and set(cell) <= signs)


def _plain(cell: Any) -> Any:
    return cell.item() if hasattr(cell, "item") else cell


def image(picture: Picture) -> Image:
    """A picture as a data URI: drawn as svg where that is small, else as png."""
    drawn, kind = render(picture.figure, "svg"), "svg+xml"
    if len(drawn) > _LARGEST_SVG:
        drawn, kind = render(picture.figure, "png"), "png"
    uri = f"data:image/{kind};base64,{base64.b64encode(drawn).decode()}"
    return Image(uri, picture.says, picture.stem)
