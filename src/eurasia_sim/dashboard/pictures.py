"""What one month of a run looks like: who leans to whom, the map, who holds influence where, and who fears whom."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from eurasia_sim.dashboard import served
from eurasia_sim.dashboard.drawing import Drawn, in_turn
from eurasia_sim.figures.matrix import threat_matrix
from eurasia_sim.figures.mosaic import influence_mosaic
from eurasia_sim.figures.network import alignment_network
from eurasia_sim.figures.of_month import (
    Moment,
    at_home,
    flow_table,
    influence_table,
    leaning,
    map_key,
    node_table,
    patrons,
    threat_table,
    tie_table,
    tile_table,
)
from eurasia_sim.figures.style import caption
from eurasia_sim.figures.tiles import tile_map
from eurasia_sim.model import EurasiaModel


def moment_of(model: EurasiaModel) -> Moment:
    """The month last lived, as tables take it."""
    t = max(model.month - 1, 0)
    rulers = [model.present.actors[ruler] if ruler >= 0 else None for ruler in model.present.state.ruler]
    return Moment(model.date, t, model.measures, model.inputs.month(t).presence, rulers)


def _words(model: EurasiaModel, what: str) -> tuple[str, str]:
    """Title and caption of a picture of one run's month."""
    scenario, theory = model.scenario.name, model.inputs.theory
    said = caption(1, 0, model.root_seed, scenario, theory, served.judged(model.world))
    return f"{what} · {model.date} · {scenario} · {theory}", said


def network(model: EurasiaModel) -> Figure:
    """Who leans toward whom."""
    world, moments = model.world, [moment_of(model)]
    return alignment_network(tie_table(world, moments), node_table(world, moments), *_words(model, "Alignment"),
                             order=list(world.actors))  # fmt: skip


def region(model: EurasiaModel) -> Figure:
    """The map of tiles."""
    world, moments = model.world, [moment_of(model)]
    title, said = _words(model, "The region")
    return tile_map(tile_table(world, moments), flow_table(world, moments), leaning(world), title,
                    f"{said}\n{map_key(world)}", panels=[moments[0].label])  # fmt: skip


def mosaic(model: EurasiaModel) -> Figure:
    """Who holds influence in every theatre and domain."""
    world = model.world
    held = influence_table(world, {model.date: model.measures}, "month")
    names = {theatre.id: theatre.name for theatre in world.theatres.values()}
    return influence_mosaic(held, patrons(world), at_home(world), *_words(model, "Who holds influence"), names=names,
                            by="month")  # fmt: skip


def threats(model: EurasiaModel) -> Figure:
    """Who sees how much threat in whom."""
    names = {actor.id: actor.name for actor in model.world.actors.values()}
    return threat_matrix(threat_table(model.world, [moment_of(model)]), names, *_words(model, "Threat"))


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
