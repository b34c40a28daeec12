"""Tables and numbers as Markdown pages show them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any


def table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; a bar inside a cell is kept from ending it."""

    def line(cells: Iterable[object]) -> str:
        words = (re.sub(r"\s*\n\s*", " ", str(cell)).replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(words)} |"

    head = list(head)
    return "\n".join([line(head), "|" + "---|" * len(head), *(line(row) for row in rows)])


def known(value: Any) -> bool:
    """Whether a value is a finite number."""
    return value is not None and math.isfinite(value)


def number(value: float, digits: int = 4) -> str:
    """A number with its sign, or a dash."""
    return f"{value:+.{digits}f}" if known(value) else "–"


def percent(value: float) -> str:
    """A share in per cent, or a dash."""
    return f"{100 * value:.0f} %" if known(value) else "–"
