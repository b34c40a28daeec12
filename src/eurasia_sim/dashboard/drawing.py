"""Figures on the page: drawn in turn, and handed over with words for a reader who cannot see them."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from html import escape
from typing import NamedTuple

from matplotlib.figure import Figure

from eurasia_sim.figures.style import quick_png

# The drawing library keeps its settings in one place for all threads, so two visitors' figures take turns.
_TURN = threading.Lock()


class Drawn(NamedTuple):
    """A figure as PNG, and what it shows in words."""

    png: bytes
    says: str

    def element(self) -> str:
        """The element that a page shows; whatever is in the words, they stay words."""
        data = base64.b64encode(self.png).decode("ascii")
        return f'<img src="data:image/png;base64,{data}" alt="{escape(self.says)}">'


def in_turn(draw: Callable[[], Figure], says: str) -> Drawn:
    """Build a figure and draw it, while no other thread does."""
    with _TURN:
        return Drawn(quick_png(draw()), says)
