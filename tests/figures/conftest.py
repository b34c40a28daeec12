from itertools import combinations

import pytest
from matplotlib.transforms import Bbox

from eurasia_sim.figures.gallery import settle
from eurasia_sim.figures.style import use_style


@pytest.fixture(autouse=True)
def styled():
    """Charts are drawn in the package's style, as the gallery draws them."""
    with use_style():
        yield


def texts(figure, panel=None) -> list[str]:
    """What is written inside the panels of a figure, or inside one of them."""
    panels = figure.axes if panel is None else [figure.axes[panel]]
    return [text.get_text() for each in panels for text in each.texts]


def around(figure) -> str:
    """What is written around the panels of a figure, in one line."""
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def faults(figure) -> list[str]:
    """What reaches over the edge of the page, and texts of one panel that lie on one another."""
    with use_style():
        settle(figure)
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        page = Bbox.from_extents(-1, -1, *(size + 1 for size in figure.canvas.get_width_height()))
        shown = [panel for panel in figure.axes if panel.get_visible()]
        boxes = {each: each.get_window_extent(renderer) for each in figure.texts}
        boxes |= {each: each.get_tightbbox(renderer) for each in (*figure.legends, *shown)}
        reach = {each: Bbox.union([page, box]).extents for each, box in boxes.items()}
        found = [f"outside: {each}" for each, far in reach.items() if (far != page.extents).any()]
        for panel in shown:
            boxes = [(each, each.get_window_extent(renderer).padded(-1)) for each in panel.texts]
            pairs = combinations([box for box in boxes if box[0].get_text()], 2)
            found += [f"overlap: {a} and {b}" for (a, at), (b, by) in pairs if at.overlaps(by)]
    return found
