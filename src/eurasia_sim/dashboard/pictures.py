"""What one month of a run looks like: who leans to whom, the map, who holds influence where, and who fears whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from eurasia_sim.dashboard import served
from eurasia_sim.dashboard.drawing import Drawn, in_turn
from eurasia_sim.figures.actors import (
    alignment_network,
    at_home,
    dyad_table,
    flow_table,
    influence_table,
    leaning,
    map_key,
    node_table,
    patrons,
    threat_matrix,
)
from eurasia_sim.figures.months import Moment
from eurasia_sim.figures.style import Words, caption
from eurasia_sim.figures.theatres import influence_mosaic, tile_map, tile_table
from eurasia_sim.simulation.mesa_model import EurasiaModel


def moment_of(model: EurasiaModel) -> Moment:
    """The month last lived, as tables take it."""
    t = max(model.month - 1, 0)
    rulers = [
        model.present.actors[ruler] if ruler >= 0 else None for ruler in model.present.state.ruler
    ]
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
    return alignment_network(
        dyad_table(world, moments, "alignment"),
        node_table(world, moments),
        words,
        order=list(world.actors),
    )


def region(model: EurasiaModel) -> Figure:
    """The map of tiles."""
    world, moments = model.world, [moment_of(model)]
    words = _words(model, "The region")
    words = words._replace(caption=f"{words.caption}\n{map_key(world)}")
    return tile_map(tile_table(world, moments), flow_table(world, moments), leaning(world), words)


def mosaic(model: EurasiaModel) -> Figure:
    """Who holds influence in every theatre and domain."""
    world = model.world
    influence = influence_table(world, {model.date: model.measures}, "month")
    names = {theatre.id: theatre.name for theatre in world.theatres.values()}
    words = _words(model, "Who holds influence", names=names, by="month")
    return influence_mosaic(influence, patrons(world), at_home(world), words)


def threats(model: EurasiaModel) -> Figure:
    """Who sees how much threat in whom."""
    names = {actor.id: actor.name for actor in model.world.actors.values()}
    return threat_matrix(
        dyad_table(model.world, [moment_of(model)], "threat"), _words(model, "Threat", names=names)
    )


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
