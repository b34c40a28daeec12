"""Figures of one month of a run: leanings, map, influence and threats, as the page shows them."""

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

from eurasia_sim.figures.fonts import fit_fonts, lacking_words
from eurasia_sim.figures.gallery import settle
from eurasia_sim.figures.heatmaps import heat_map, matrix_cells
from eurasia_sim.figures.moments import Moment, region_map
from eurasia_sim.figures.style import NOTES, Words, caption, use_style
from eurasia_sim.files.text import visible
from eurasia_sim.simulation.mesa_model import EurasiaModel

# Matplotlib keeps its settings in one place for all threads, so two visitors' figures take turns.
_TURN = threading.Lock()


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


def _words(model: EurasiaModel, what: str, **more: Any) -> Words:
    """Title and caption of a picture of one run's month."""
    scenario, theory = model.scenario.name, model.inputs.theory
    under = caption({scenario: 1}, {}, model.root_seed, theory)
    return Words(what, under, f"{model.date} · {scenario} · {theory}", **more)


def leanings(model: EurasiaModel) -> Figure:
    """Who leans toward whom."""
    return _matrix(model, "alignment", "Who leans toward whom")


def region(model: EurasiaModel) -> Figure:
    """The map."""
    return region_map(model.world, [moment_of(model)], _words(model, "The region"))


def mosaic(model: EurasiaModel) -> Figure:
    """Who holds influence, by theatre and domain."""
    return _matrix(model, "influence", "Who holds influence")


def threats(model: EurasiaModel) -> Figure:
    """Who sees how much threat in whom."""
    return _matrix(model, "threat", "Threat")


def _matrix(model: EurasiaModel, measure: str, title: str) -> Figure:
    """The month's values of a measure of two actors, or of an actor and a theatre."""
    world = model.world
    columns = [name for name in model.measures if name.startswith(f"{measure}.")]
    cells = matrix_cells(columns, {model.date: model.measures})
    return heat_map(cells, _words(model, title, names=world.names), NOTES["matrix"], least=0.0)


VIEWS: dict[str, tuple[Callable[[EurasiaModel], Figure], str]] = {
    "Leanings": (leanings, "How far every actor leans toward every other"),
    "Map": (region, "Map of theatres"),
    "Influence": (mosaic, "Influence of every actor by theatre and domain"),
    "Threat": (threats, "Threat that every actor sees in every other"),
}


def picture(model: EurasiaModel, view: str) -> Drawn:
    """One of the views above as the page shows it."""
    draw, what = VIEWS[view]
    says = f"{what} in {model.date}, {model.scenario.name}, {model.inputs.theory}"
    return in_turn(lambda: draw(model), says)
