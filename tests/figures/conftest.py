from __future__ import annotations

import io
from typing import NamedTuple

import pandas as pd
import pytest

from eurasia_sim.figures.style import use_style
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import (
    prepare,
    range_draws,
    reference_draws,
    run_ensemble_draws,
)
from eurasia_sim.simulation.ensemble import table as table_of
from eurasia_sim.world.world import World, load_world

SCENARIOS = ("us_exit", "us_stays")
MEASURES = tuple(
    f"{measure}.russia-china.central_asia"
    for measure in ("competition", "cooperation", "colocation", "joint_share")
)


class Ensembles(NamedTuple):
    """Small paired ensembles of two scenarios, at reference and over the ranges."""

    world: World
    reference: pd.DataFrame
    ranges: pd.DataFrame


@pytest.fixture(scope="session")
def ensembles() -> Ensembles:
    world = load_world()
    family = [prepare(world, load_scenario(name, world)) for name in SCENARIOS]
    tables = []
    for draws in (reference_draws(family[0], 12, 7), range_draws(world, family[0], 12, 7)):
        pairs = zip(family, run_ensemble_draws(family, draws), strict=True)
        parts = [table_of(inputs, draws, outcome) for inputs, outcome in pairs]
        tables.append(pd.concat(parts, ignore_index=True))
    return Ensembles(world, *tables)


def texts(figure, panel=None) -> list[str]:
    """What is written inside the panels of a figure, or inside one of them."""
    panels = figure.axes if panel is None else [figure.axes[panel]]
    return [text.get_text() for each in panels for text in each.texts]


def around(figure) -> str:
    """What is written around the panels of a figure, in one line."""
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def clipped(figure) -> list[str]:
    """Words that reach over the edge of the page."""
    with use_style():
        figure.savefig(io.BytesIO(), format="png")
        renderer = figure.canvas.get_renderer()
    width, height = figure.canvas.get_width_height()
    written = [*figure.texts, *(t for legend in figure.legends for t in legend.get_texts())]
    for panel in (panel for panel in figure.axes if panel.get_visible()):
        written += [*panel.texts, panel._left_title, panel.xaxis.label, panel.yaxis.label]
        for axis, limits in ((panel.xaxis, panel.get_xlim()), (panel.yaxis, panel.get_ylim())):
            places = axis.get_ticklocs() if panel.axison else ()
            low, high = min(limits) - 1e-9, max(limits) + 1e-9
            labels = zip(places, axis.get_ticklabels(), strict=False)
            written += [label for place, label in labels if low <= place <= high]
    boxes = {
        text.get_text(): text.get_window_extent(renderer)
        for text in written
        if text.get_text() and text.get_visible()
    }
    return [
        f"{text!r}: {box}"
        for text, box in boxes.items()
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
