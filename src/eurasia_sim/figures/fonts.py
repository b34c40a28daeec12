"""Fonts for every script: those of the machine that have what the figures' own font lacks."""

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
def _drawn(path: str, index: int, letters: frozenset[str]) -> frozenset[str]:
    """Which of some letters a font can draw; none where it cannot be scaled."""
    try:
        font = FT2Font(path, face_index=index)
        known = font.get_charmap() if font.scalable else {}
        return frozenset(letter for letter in letters if ord(letter) in known)
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def _order(font: FontEntry) -> tuple[bool, str, str]:
    """Fonts of regular weight first."""
    is_regular = str(font.weight) in ("400", "normal", "regular")
    return not is_regular, font.name, font.fname


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
    own = str(fontManager.findfont(FontProperties(family=OWN)))
    lacking, families = letters - _drawn(own, 0, letters), [OWN]
    for each in sorted(fontManager.ttflist, key=_order) if lacking else ():
        if each.name in (OWN, _BOXES) or {each.style, each.variant, each.stretch} != {"normal"}:
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
