"""Figures on the page: drawn in turn, and handed over with words for a reader who cannot see them."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable
from html import escape
from typing import Any, NamedTuple

import matplotlib.image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from eurasia_sim.figures.gallery import settle
from eurasia_sim.figures.style import use_style

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
        return Drawn(_quick_png(draw()), says)


def _quick_png(figure: Figure) -> bytes:
    """A figure as PNG for a page that waits for it: drawn once, where a file is laid out first, and packed less."""
    stream = io.BytesIO()
    with use_style():
        settle(figure)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        matplotlib.image.imsave(
            stream, canvas.buffer_rgba(), format="png", pil_kwargs={"compress_level": 1}
        )
    return stream.getvalue()
