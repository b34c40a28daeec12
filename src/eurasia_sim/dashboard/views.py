"""Figures of one month of a run: alignments, map, influence and threats, as the page shows them."""

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

from eurasia_sim.dashboard import shared
from eurasia_sim.figures import actors, theatres
from eurasia_sim.figures.gallery import settle
from eurasia_sim.figures.months import Moment
from eurasia_sim.figures.style import Words, caption, use_style
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
        settle(figure)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        packing = {"compress_level": 1}
        matplotlib.image.imsave(stream, canvas.buffer_rgba(), format="png", pil_kwargs=packing)
    return Drawn(stream.getvalue(), says)


def moment_of(model: EurasiaModel) -> Moment:
    """The month last run, as the tables of figures take it."""
    t = max(model.month - 1, 0)
    present = model.present
    rulers = [present.actors[at] if at >= 0 else None for at in present.state.ruler]
    return Moment(model.date, t, model.measures, model.inputs.month(t).presence, rulers)


def _words(model: EurasiaModel, what: str, **more: Any) -> Words:
    """Title and caption of a picture of one run's month."""
    scenario, theory = model.scenario.name, model.inputs.theory
    under = caption(1, 0, model.root_seed, scenario, theory, shared.judged(model.world))
    return Words(f"{what} · {model.date} · {scenario} · {theory}", under, **more)


def network(model: EurasiaModel) -> Figure:
    """Who leans toward whom."""
    world, moments = model.world, [moment_of(model)]
    ties = actors.dyad_table(world, moments, "alignment")
    nodes, words = actors.node_table(world, moments), _words(model, "Alignment")
    return actors.alignment_network(ties, nodes, words, order=list(world.actors))


def region(model: EurasiaModel) -> Figure:
    """The map of tiles."""
    world, moments = model.world, [moment_of(model)]
    words = _words(model, "The region")
    words = words._replace(caption=f"{words.caption}\n{actors.map_key(world)}")
    tiles, flows = theatres.tile_table(world, moments), actors.flow_table(world, moments)
    return theatres.tile_map(tiles, flows, actors.leaning(world), words)


def mosaic(model: EurasiaModel) -> Figure:
    """Who holds influence, by theatre and domain."""
    world = model.world
    influence = actors.influence_table(world, {model.date: model.measures}, "month")
    names = {theatre.id: theatre.name for theatre in world.theatres.values()}
    words = _words(model, "Who holds influence", names=names, by="month")
    return theatres.influence_mosaic(influence, actors.patrons(world), actors.at_home(world), words)


def threats(model: EurasiaModel) -> Figure:
    """Who sees how much threat in whom."""
    names = {actor.id: actor.name for actor in model.world.actors.values()}
    ties = actors.dyad_table(model.world, [moment_of(model)], "threat")
    return actors.threat_matrix(ties, _words(model, "Threat", names=names))


VIEWS: dict[str, tuple[Callable[[EurasiaModel], Figure], str]] = {
    "Network": (network, "Who leans toward whom"),
    "Map": (region, "Map of theatres"),
    "Influence": (mosaic, "Influence of every actor by theatre and domain"),
    "Threat": (threats, "Threat that every actor sees in every other"),
}


def picture(model: EurasiaModel, view: str) -> Drawn:
    """One of the views above as the page shows it."""
    draw, what = VIEWS[view]
    says = f"{what} in {model.date}, {model.scenario.name}, {model.inputs.theory}"
    return in_turn(lambda: draw(model), says)
