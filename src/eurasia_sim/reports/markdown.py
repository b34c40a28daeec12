"""Tables and numbers as Markdown pages show them."""

import math
import re
from html import escape
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined, select_autoescape

from eurasia_sim.files.data_yaml import packaged
from eurasia_sim.files.text import visible

# Of Markdown: what is markup anywhere, at the edge of a word, and at the beginning of a line.
_MARKUP = re.compile(r"[\\`*\[\]|]|(?<!\w)_|_(?!\w)|^[#>+=-]|(?<=^\d)[.)]")


def page(template: str, **values: Any) -> str:
    """A packaged template of Markdown with values filled in."""
    environment = Environment(
        autoescape=select_autoescape(default_for_string=False), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {"number": number, "percent": percent, "plain": plain}
    source = (packaged() / template).read_text(encoding="utf-8")
    return environment.from_string(source).render(known=known, **values)


def plain(words: str) -> str:
    """A person's words in one line, with nothing in them that Markdown or HTML reads as markup."""
    line = escape(" ".join(visible(words).split()), quote=False).replace("~", "&#126;")
    return _MARKUP.sub(r"\\\g<0>", line)


def plain_table(found: pd.DataFrame) -> pd.DataFrame:
    """A table with the words in it made plain, but for signs."""
    texts = {
        str(name): [plain(cell) if isinstance(cell, str) else cell for cell in column]
        for name, column in found.items()
        if name != "sign" and not pd.api.types.is_numeric_dtype(column)
    }
    return found.assign(**texts)


def known(value: Any) -> bool:
    """Whether a value is a finite number."""
    return value is not None and math.isfinite(value)


def number(value: float, digits: int = 4) -> str:
    """A number with its sign, or a dash."""
    return f"{value:+.{digits}f}" if known(value) else "–"


def percent(value: float) -> str:
    """A share in per cent, or a dash."""
    return f"{100 * value:.0f} %" if known(value) else "–"
