"""What an answer is made of: sentences, tables, pictures, commands; and how numbers are written.

An answer is built once, of these; the terminal and the pages show them each in their own way.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from eurasia_sim.files.data_yaml import packaged
from eurasia_sim.files.text import visible

_OF_NUMBERS = set("0123456789.,–−+- to%±[]()∞\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}")
_NOTHING = 1e-9  # what is smaller is written as 0


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


class Line(NamedTuple):
    """A line that is not broken: a command to type, or a path."""

    line: str


Block = str | Table | Image | Line
Blocks = Iterator[Block]


def number(value: Any, sign: str = "") -> str:
    """A number to three digits, from 1,000 on whole; a dash for none; what is no number as it is.

    With `sign` "+" also what is above 0 has its sign.
    """
    if isinstance(value, bool | str):
        return str(value)
    if value is None or math.isnan(value):
        return "–"
    value = 0.0 if isinstance(value, float) and abs(value) <= _NOTHING else value
    size = abs(value)
    if not isinstance(value, float):
        text = f"{size:,}"
    elif size >= 1000:
        text = "∞" if math.isinf(size) else f"{size:,.0f}"
    else:
        text = f"{Decimal(f'{size:.2e}'):f}"
    before = "−" if value < 0 else sign if value else ""
    return before + text.replace(",", "\N{THIN SPACE}")


def share(value: float) -> str:
    """A share as a percentage; a dash where there is none."""
    return "–" if math.isnan(value) else f"{number(round(100 * value))}\N{NARROW NO-BREAK SPACE}%"


def interval_of(row: Mapping[str, float], sign: str = "") -> str:
    """Both ends of a row's interval."""
    return f"{number(float(row['low']), sign)} to {number(float(row['high']), sign)}"


def table(caption: str, rows: Any, columns: Iterable[str] = (), folded: str = "") -> Table:
    """A table of rows; numbers in it are written as `number` writes them.

    Args:
        rows: a data frame; or a mapping a row, or with columns a sequence a row.
    """
    if hasattr(rows, "to_dict"):
        columns, rows = (rows.to_dict("split")[part] for part in ("columns", "data"))
    rows = list(rows)
    columns = [str(name) for name in columns or (rows[0] if rows else ())]
    values = [[*row.values()] if isinstance(row, Mapping) else [*row] for row in rows]
    numeric = {at for at in range(len(columns)) if all(_is_numeric(row[at]) for row in values)}
    cells = [[*map(number, row)] for row in values]
    return Table(caption, columns, cells, frozenset(numeric), folded)


def _is_numeric(cell: Any) -> bool:
    """Whether a cell is a number, or text of numbers with signs, interval or percentage."""
    return not isinstance(cell, str) or (bool(cell) and set(cell) <= _OF_NUMBERS)


def rendered(template: str, filters: Mapping[str, Any], **values: Any) -> str:
    """A packaged template of HTML or Markdown with values filled in; in HTML they are no markup."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=template.endswith(".html.jinja"), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )  # fmt: skip
    environment.filters |= filters
    source = (packaged() / template).read_text(encoding="utf-8")
    return environment.from_string(source).render(**values)
