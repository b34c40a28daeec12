"""What one month of a run looks like: who leans to whom, the map, who holds influence where, and who fears whom."""

from __future__ import annotations

import math

import numpy as np

from eurasia_sim.dashboard.drawing import arrow_head, box, disc, drawing, legible, line, pale, text
from eurasia_sim.model import EurasiaModel
from eurasia_sim.parameters import DOMAINS, PRESENCE_KINDS
from eurasia_sim.world import World

FRIENDLY, HOSTILE, DANGER, GROUND, OTHERS = "#2b6cb0", "#c05621", "#7a1f1f", "#f4f4f4", "#8a8a8a"
_LEAST_LEAN = 0.1  # a weaker tie is not drawn
_LEAST_DANGER = 0.02
_WIDEST = 6.0  # cubed below it, since most lean strongly
_TILE, _GAP = 170.0, 34.0
_TILT = math.radians(40)  # of the heads of columns


def _heading(model: EurasiaModel, what: str) -> str:
    return f"{what} · {model.date} · {model.scenario.name} · {model.inputs.theory}"


def network(model: EurasiaModel) -> str:
    """Actors round a circle; a solid line where two lean toward each other, a dashed one where away."""
    world, state = model.world, model.present.state
    actors = list(world.actors.values())
    width, height, radius = 760.0, 560.0, 205.0
    mutual = (state.alignment + state.alignment.T) / 2
    turn = 2 * math.pi / len(actors)
    places = [
        (width / 2 + radius * math.sin(turn * at), height / 2 + 12 - radius * math.cos(turn * at))
        for at in range(len(actors))
    ]
    marks = [text(12, 22, _heading(model, "Alignment"), 14, weight="bold")]
    pairs = [(i, j) for i in range(len(actors)) for j in range(i + 1, len(actors))]
    for i, j in sorted(pairs, key=lambda pair: abs(mutual[pair])):
        lean = float(mutual[i, j])
        if abs(lean) >= _LEAST_LEAN:
            said = f"{actors[i].name} – {actors[j].name}: {lean:+.2f}"
            marks.append(
                line(
                    (*places[i], *places[j]),
                    FRIENDLY if lean > 0 else HOSTILE,
                    _WIDEST * abs(lean) ** 3,
                    said,
                    dashed=lean < 0,
                )
            )
    for actor, (x, y), power in zip(actors, places, state.power, strict=True):
        size = 7 + 46 * math.sqrt(max(float(power), 0.0))
        marks.append(disc(x, y, size, actor.colour, f"{actor.name}: {power:.1%} of world power"))
        away = (x - width / 2) / radius
        anchor = "middle" if abs(away) < 0.3 else "start" if away > 0 else "end"
        down = 5.0 if abs(away) >= 0.3 else (size + 15 if y > height / 2 else -size - 6)
        marks.append(text(x + (size + 5) * (0 if anchor == "middle" else math.copysign(1, away)), y + down, actor.name,
                          12, anchor=anchor))  # fmt: skip
    marks += [
        line((14, height - 16, 48, height - 16), FRIENDLY, 4), text(54, height - 12, "lean toward each other", 11),
        line((214, height - 16, 248, height - 16), HOSTILE, 4, dashed=True), text(254, height - 12, "away", 11),
        text(310, height - 12, f"thicker is stronger; under {_LEAST_LEAN:g} not drawn; a disc's size is power", 11),
    ]  # fmt: skip
    return drawing(width, height, _heading(model, "Alignment of every two actors"), marks)


def _grid(world: World) -> dict[str, tuple[int, int]]:
    """Row and column of every theatre; those without a tile of their own stand in rows below."""
    placed = {name: theatre.tile for name, theatre in world.theatres.items() if theatre.tile is not None}
    below = 1 + max((row for row, _ in placed.values()), default=-1)
    loose = [name for name in world.theatres if name not in placed]
    return {**placed, **{name: (below + at // 4, at % 4) for at, name in enumerate(loose)}}


def _foreign(model: EurasiaModel) -> np.ndarray:
    """(N, K) shares of the influence that neither the ruler nor the challenger of a theatre holds, over all domains."""
    held = model.present.state.influence.mean(axis=2).copy()
    order = list(model.world.actors)
    for k, theatre in enumerate(model.world.theatres):
        for home in {model.present.state.ruler[k], model.present.state.challenger[k]}:
            if home >= 0:
                held[home, k] = 0.0
        for actor in model.world.actors.values():
            if actor.home == theatre:
                held[order.index(actor.id), k] = 0.0
    shares: np.ndarray = held / np.maximum(held.sum(axis=0, keepdims=True), 1e-12)
    return shares


def tile_map(model: EurasiaModel) -> str:
    """A tile a theatre: whose influence leads, who rules, its order, bases and institutions; arrows carry danger."""
    world, grid = model.world, _grid(model.world)
    rows, columns = (1 + max(at[axis] for at in grid.values()) for axis in (0, 1))
    pitch = _TILE + _GAP
    width, height = max(columns * pitch + 20, 700.0), rows * pitch + 96
    corners = {name: (20 + column * pitch, 44 + row * pitch) for name, (row, column) in grid.items()}
    marks = [arrow_head(DANGER), text(12, 22, _heading(model, "Influence, order and danger"), 14, weight="bold")]
    shares = _foreign(model)
    marks += _dangers(model, corners)  # under the tiles, so that none runs over words
    for k, name in enumerate(world.theatres):
        marks += _tile(model, k, corners[name], shares[:, k])
    first, second = world.pairs[0] if world.pairs else tuple(world.actors)[:2]
    across, bottom = 14.0, height - 26
    labels = ((world.actors[first].name, world.actors[first].colour), (world.actors[second].name,
              world.actors[second].colour), ("other foreign influence", OTHERS))  # fmt: skip
    for name, colour in labels:
        marks += [box(across, bottom - 10, 14, 12, colour), text(across + 19, bottom, name, 11)]
        across += 40 + 7 * len(name)
    marks.append(text(14, height - 8, "● base of · arrow: danger that spills over, thicker for more", 11))
    return drawing(width, height, _heading(model, "Map of tiles"), marks)


def _tile(model: EurasiaModel, k: int, corner: tuple[float, float], shares: np.ndarray) -> list[str]:
    world, state, (x, y) = model.world, model.present.state, corner
    actors = list(world.actors.values())
    theatre = list(world.theatres.values())[k]
    pair = [list(world.actors).index(name) for name in (world.pairs[0] if world.pairs else tuple(world.actors)[:2])]
    parts = [float(shares[at]) for at in pair]
    parts.append(max(1.0 - sum(parts), 0.0) if shares.sum() > 0 else 0.0)
    colours = [actors[pair[0]].colour, actors[pair[1]].colour, OTHERS]
    order = np.argsort(parts)[::-1]
    lead = parts[order[0]] - parts[order[1]]
    marks = [box(x, y, _TILE, _TILE, pale(colours[order[0]], 0.08 + 0.4 * lead), edge="#666666", round_=8)]
    marks.append(text(x + 10, y + 21, theatre.name, 14, weight="bold"))
    ruler = actors[state.ruler[k]].name if state.ruler[k] >= 0 else "nobody"
    marks.append(text(x + 10, y + 38, ruler if ruler != theatre.name else "self-ruled", 10.5))
    at = x + 10
    for part, colour in zip(parts, colours, strict=True):
        marks.append(box(at, y + 48, part * (_TILE - 20), 16, colour, f"{part:.0%}"))
        at += part * (_TILE - 20)
    marks.append(text(x + 10, y + 80, f"stability {state.stability[k]:.2f} · militants {state.militants[k]:.2f}", 10.5))
    presence = model.inputs.month(max(model.month - 1, 0)).presence[:, k, PRESENCE_KINDS.index("bases")]
    bases = [actor for actor, there in zip(actors, presence, strict=True) if there > 0]
    for row, actor in enumerate(bases[:3]):
        marks += [disc(x + 15, y + 94 + 15 * row, 5, actor.colour), text(x + 25, y + 98 + 15 * row, actor.name, 10.5)]
    return [*marks, *_venues(world, theatre.id, model.month - 1, x + 10, y + _TILE - 24)]


def _venues(world: World, theatre: str, month: int, x: float, y: float) -> list[str]:
    """Institutions in which those at home in a theatre sit that month, in at most two lines."""
    home = {actor.id for actor in world.actors.values() if actor.home == theatre}
    inside = [
        venue.id.upper() if len(venue.id) <= 5 else venue.name
        for venue in world.institutions.values()
        if any(s.actor in home and s.since <= month and (s.until is None or month < s.until) for s in venue.members)
    ]
    lines, most = [""], 26
    for word in inside:
        joined = f"{lines[-1]}, {word}" if lines[-1] else word
        lines = [*lines[:-1], joined] if len(joined) <= most else [*lines, word]
    fitting = [words if len(words) <= most else words[: most - 1] + "…" for words in lines[:2]]
    return [text(x, y + 14 * at, words, 10, "#444444") for at, words in enumerate(fitting)]


def _dangers(model: EurasiaModel, corners: dict[str, tuple[float, float]]) -> list[str]:
    """Arrows from theatres to those whose people danger reaches."""
    world, state, half = model.world, model.present.state, _TILE / 2
    homes = [(i, actor) for i, actor in enumerate(world.actors.values()) if actor.home in corners]
    flows = []
    for k, source in enumerate(world.theatres):
        for i, actor in homes:
            danger = float(state.spillover[i, k])
            if actor.home is not None and actor.home != source and danger >= _LEAST_DANGER:
                flows.append((danger, source, actor.home))
    strongest = {}
    for danger, source, target in sorted(flows):
        strongest[source, target] = danger
    marks = []
    for (source, target), danger in sorted(strongest.items(), key=lambda item: -item[1])[:6]:
        (x0, y0), (x1, y1) = corners[source], corners[target]
        across, down = x1 - x0, y1 - y0
        reach = (half + 2) / max(abs(across), abs(down))
        ends = (x0 + half + across * reach, y0 + half + down * reach, x1 + half - across * reach,
                y1 + half - down * reach)  # fmt: skip
        said = f"{world.theatres[source].name} to {world.theatres[target].name}: {danger:.2f}"
        marks.append(line(ends, DANGER, 1.5 + 5 * min(danger, 1.0), said, arrow=True))
    return marks


def mosaic(model: EurasiaModel) -> str:
    """A row a theatre, a bar a domain: whose influence fills it."""
    world, influence = model.world, model.present.state.influence
    actors, theatres = list(world.actors.values()), list(world.theatres.values())
    left, each, tall = 130.0, 610.0 / len(DOMAINS), 34.0
    width, legend = left + each * len(DOMAINS) + 10, 22 * -(-len(actors) // 4)
    height = 70 + tall * len(theatres) + legend + 24
    marks = [text(12, 22, _heading(model, "Shares of influence"), 14, weight="bold")]
    marks += [text(left + each * d, 50, domain, 12, weight="bold") for d, domain in enumerate(DOMAINS)]
    for k, theatre in enumerate(theatres):
        y = 60 + tall * k
        marks.append(text(left - 10, y + 20, theatre.name, 12, anchor="end"))
        for d in range(len(DOMAINS)):
            x, whole = left + each * d, each - 12
            marks.append(box(x, y, whole, tall - 7, GROUND, "nobody's"))
            for i, actor in enumerate(actors):
                share = float(influence[i, k, d])
                part = share * whole
                marks.append(box(x, y, part, tall - 7, actor.colour, f"{actor.name}: {share:.0%}", "#ffffff"))
                if part > 26:
                    marks.append(text(x + part / 2, y + 18, f"{share:.0%}".removesuffix("%"), 10,
                                      legible(actor.colour), "middle"))  # fmt: skip
                x += part
    for at, actor in enumerate(actors):
        x, y = 14 + (width - 20) / 4 * (at % 4), 84 + tall * len(theatres) + 22 * (at // 4)
        marks += [box(x, y - 11, 14, 14, actor.colour), text(x + 20, y + 1, actor.name, 11)]
    marks.append(text(14, height - 6, "figures: per cent of the influence there; pale: nobody's", 11))
    return drawing(width, height, _heading(model, "Influence of every actor by theatre and domain"), marks)


def threats(model: EurasiaModel) -> str:
    """A row an actor that perceives, a column an actor perceived: the darker, the more threat."""
    actors, threat = list(model.world.actors.values()), model.present.state.threat
    longest = 6.6 * max(len(actor.name) for actor in actors)
    left, top, cell = 22 + longest, 46 + longest * math.sin(_TILT), 44.0
    width, height = left + cell * len(actors) + longest * math.cos(_TILT), top + cell * 0.75 * len(actors) + 34
    marks = [text(12, 22, _heading(model, "Threat"), 14, weight="bold")]
    for j, actor in enumerate(actors):
        x = left + cell * (j + 0.5)
        turned = f"rotate({-math.degrees(_TILT):.0f} {x:.1f} {top - 8:.1f})"
        marks.append(f'<g transform="{turned}">{text(x, top - 8, actor.name, 11)}</g>')
    for i, one in enumerate(actors):
        y = top + cell * 0.75 * i
        marks.append(text(left - 8, y + 21, one.name, 11, anchor="end"))
        for j, other in enumerate(actors):
            value = float(threat[i, j])
            fill = GROUND if i == j else pale(DANGER, min(value, 1.0))
            said = f"{one.name} sees in {other.name}: {value:.2f}"
            marks.append(box(left + cell * j, y, cell - 2, cell * 0.75 - 2, fill, "" if i == j else said))
            if i != j:
                marks.append(text(left + cell * (j + 0.5) - 1, y + 20, f"{value:.2f}", 10, legible(fill), "middle"))
    marks.append(text(14, height - 10, "row: who sees it; column: in whom; 0 none, 1 most", 11))
    return drawing(width, height, _heading(model, "Threat that every actor sees in every other"), marks)
