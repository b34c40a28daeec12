"""Fonts for every script: those of the machine that have what the figures' own font lacks."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable
from functools import cache

from matplotlib.figure import Figure
from matplotlib.font_manager import FontEntry, FontProperties, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from eurasia_sim.figures.style import use_style

OWN = "DejaVu Sans"
_BOXES = "Last Resort High-Efficiency"  # it has everything and says nothing
_MOST_NAMED = 20
# A font that others fall back on may have no bold face, of which the library would warn.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


@cache
def _drawn(path: str, index: int, letters: frozenset[int]) -> frozenset[int]:
    """Which of some letters, as code points, a font can draw; none where it cannot be scaled."""
    try:
        font = FT2Font(path, face_index=index)
        return frozenset(filter(font.get_char_index, letters if font.scalable else ()))
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def _others() -> list[FontEntry]:
    """The upright fonts of the machine beside our own, those of regular weight first."""
    found = [
        each
        for each in fontManager.ttflist
        if (each.style, each.variant, each.stretch) == ("normal",) * 3
        and each.name not in (OWN, _BOXES)
    ]
    regular = ("400", "normal", "regular")
    return sorted(found, key=lambda each: (str(each.weight) not in regular, each.name, each.fname))


@use_style()
def fit_fonts(figure: Figure) -> str:
    """Let a figure's texts fall back on fonts that have their letters; return what none has."""
    for panel in figure.axes:
        for axis in (panel.xaxis, panel.yaxis):
            axis.get_ticklabels(which="both")  # which are written only now
    texts = figure.findobj(Text)
    letters = {ord(each) for text in texts for each in text.get_text() if _is_drawn(each)}
    own = str(fontManager.findfont(FontProperties(family=OWN)))
    lacking, families = frozenset(letters) - _drawn(own, 0, frozenset(letters)), [OWN]
    for each in _others() if lacking else ():
        if found := _drawn(each.fname, each.index, lacking):
            families.append(each.name)
            lacking -= found
    if len(families) > 1:
        for text in texts:
            text.set_fontfamily(families)
        for panel in figure.axes:
            panel.tick_params(labelfontfamily=families)
    return "".join(map(chr, sorted(lacking)))


def _is_drawn(letter: str) -> bool:
    """Whether a character leaves a mark or is a fault; joiners and breaks of lines are neither."""
    return letter != "\n" and unicodedata.category(letter) != "Cf"


def lacking_words(lacking: Iterable[str]) -> str:
    """A sentence on the characters that stand as boxes in figures; empty where there are none."""
    found = sorted(set("".join(lacking)))
    more = len(found) - _MOST_NAMED
    named = " ".join(found[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"no font on this machine has {named}: in figures boxes stand for them" if found else ""
