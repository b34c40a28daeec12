"""Figures of one month of a run: leanings, map, influence and threats, as the page shows them."""

import base64
import io
import threading
from collections.abc import Callable
from html import escape
from typing import Any, NamedTuple

import matplotlib.image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from eurasia_sim.figures.fonts import fit_fonts, lacking_words
from eurasia_sim.figures.gallery import settle
from eurasia_sim.figures.heatmaps import matrix
from eurasia_sim.figures.moments import Moment, region_map, region_table
from eurasia_sim.figures.style import Words, caption, use_style
from eurasia_sim.files.text import visible
from eurasia_sim.simulation.mesa_model import EurasiaModel

# Matplotlib keeps its settings in one place for all threads, so two visitors' figures take turns.
_TURN = threading.Lock()
# What each view shows, and the measure of which it is.
VIEWS = {
    "Leanings": ("Who leans toward whom", "alignment"),
    "Map": ("The region", ""),
    "Influence": ("Who holds influence", "influence"),
    "Threat": ("Threat that every actor sees in every other", "threat"),
}


class Drawn(NamedTuple):
    """A figure as PNG, with its text for readers who cannot see it."""

    png: bytes
    says: str

    def element(self) -> str:
        """The element that a page shows, with the text escaped."""
        data = base64.b64encode(self.png).decode("ascii")
        return f'<img src="data:image/png;base64,{data}" alt="{escape(self.says)}">'


def in_turn(draw: Callable[[], Figure], says: str) -> Drawn:
    """Build and draw a figure while no other thread does, with little compression."""
    stream = io.BytesIO()
    with _TURN, use_style():
        figure = draw()
        lacking = lacking_words(fit_fonts(figure))
        settle(figure)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        packing = {"compress_level": 1}
        matplotlib.image.imsave(stream, canvas.buffer_rgba(), format="png", pil_kwargs=packing)
    return Drawn(stream.getvalue(), ". ".join(filter(None, (visible(says), lacking))))


def moment_of(model: EurasiaModel) -> Moment:
    """The month last run, as the tables of figures take it."""
    t = max(model.month - 1, 0)
    actors = [*model.world.actors]
    rulers = [actors[at] if at >= 0 else None for at in model.state.ruler]
    return Moment(model.date, model.measures, model.inputs.levers.month(t).presence, rulers)


def figure_of(model: EurasiaModel, view: str) -> Figure:
    """One of the views, of the month last run."""
    title, measure = VIEWS[view]
    scenario, theory, now = model.scenario, model.inputs.theory, model.measures
    under = caption({scenario.name: (1, 0)}, model.root_seed, theory)
    subject = f"{model.date} · {scenario.title} · {theory.replace('_', ' ')}"
    words = Words(title, under, subject, model.world.names)
    if not measure:
        return region_map(model.world, region_table(model.world, [moment_of(model)]), words)
    return matrix([name for name in now if name.startswith(f"{measure}.")], now, words)[0]


def picture(model: EurasiaModel, view: str) -> Drawn:
    """One of the views as the page shows it."""
    says = f"{VIEWS[view][0]} in {model.date}, {model.scenario.name}, {model.inputs.theory}"
    return in_turn(lambda: figure_of(model, view), says)
