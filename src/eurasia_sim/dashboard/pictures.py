"""What one month of a run looks like: who leans to whom, the map, who holds influence where, and who fears whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from eurasia_sim.dashboard import served
from eurasia_sim.dashboard.drawing import Drawn, in_turn
from eurasia_sim.figures.actors import Moment, alignment_network, node_table, tie_table
from eurasia_sim.figures.heatmaps import matrix_plot, matrix_table
from eurasia_sim.figures.region import tile_map
from eurasia_sim.figures.style import Words, caption
from eurasia_sim.simulation.mesa_model import EurasiaModel


def moment_of(model: EurasiaModel) -> Moment:
    """The month last lived, as tables take it."""
    t = max(model.month - 1, 0)
    rulers = [model.present.actors[ruler] if ruler >= 0 else None for ruler in model.present.state.ruler]
    return Moment(model.date, t, model.measures, model.inputs.month(t).presence, rulers)


def _words(model: EurasiaModel, what: str, **more: Any) -> Words:
    """Title and caption of a picture of one run's month."""
    scenario, theory = model.scenario.name, model.inputs.theory
    said = caption(1, 0, model.root_seed, scenario, theory, served.judged(model.world))
    return Words(f"{what} · {model.date} · {scenario} · {theory}", said, **more)


def network(model: EurasiaModel) -> Figure:
    """Who leans toward whom."""
    world, moments = model.world, [moment_of(model)]
    words = _words(model, "Alignment")
    return alignment_network(tie_table(world, moments), node_table(world, moments), words)


def region(model: EurasiaModel) -> Figure:
    """The map of tiles."""
    return tile_map(model.world, [moment_of(model)], _words(model, "The region"))


def mosaic(model: EurasiaModel) -> Figure:
    """Who holds influence in every theatre and domain."""
    return _matrix(model, "influence", "Who holds influence")


def threats(model: EurasiaModel) -> Figure:
    """Who sees how much threat in whom."""
    return _matrix(model, "threat", "Threat")


def _matrix(model: EurasiaModel, measure: str, title: str) -> Figure:
    """The month's values of a measure of two actors, or of an actor and a theatre."""
    world = model.world
    columns = [name for name in model.measures if name.startswith(f"{measure}.")]
    table = matrix_table(columns, {model.date: model.measures}, "month")
    names = {actor.id: actor.name for actor in world.actors.values()}
    names |= {theatre.id: theatre.name for theatre in world.theatres.values()}
    return matrix_plot(table, _words(model, title, names=names, by="month"))


_SAYS: dict[Callable[[EurasiaModel], Figure], str] = {
    network: "Who leans toward whom",
    region: "Map of theatres",
    mosaic: "Influence of every actor by theatre and domain",
    threats: "Threat that every actor sees in every other",
}


def picture(model: EurasiaModel, draw: Callable[[EurasiaModel], Figure]) -> Drawn:
    """One of the figures above as a page shows it."""
    says = f"{_SAYS[draw]} in {model.date}, {model.scenario.name}, {model.inputs.theory}"
    return in_turn(lambda: draw(model), says)
