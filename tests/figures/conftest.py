from itertools import combinations

from matplotlib.transforms import Bbox

from eurasia_sim.figures.gallery import settle
from eurasia_sim.figures.style import use_style


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
        boxes = {text.get_text(): text.get_window_extent(renderer) for text in figure.texts}
        shown = [panel for panel in figure.axes if panel.get_visible()]
        for at, each in enumerate([*figure.legends, *shown]):
            boxes[f"legend or panel {at}"] = each.get_tightbbox(renderer)
        found = [
            f"outside: {name!r} {box}"
            for name, box in boxes.items()
            if Bbox.union([page, box]).extents.tolist() != page.extents.tolist()
        ]
        for panel in shown:
            written = [
                (text.get_text(), text.get_window_extent(renderer).padded(-1))
                for text in panel.texts
                if text.get_text()
            ]
            found += [
                f"overlap: {one!r} and {other!r}"
                for (one, at), (other, there) in combinations(written, 2)
                if at.overlaps(there)
            ]
    return found
