"""The one look of all figures: palette, wording, caption, and files that are the same bytes for the same input."""

from __future__ import annotations

import io
import math
import os
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import matplotlib as mpl
import matplotlib.image
import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from eurasia_sim.catalogue import Number
from eurasia_sim.parameters import DOMAINS

STYLE = Path(__file__).parent / "eurasia.mplstyle"
INK = "#333333"
WIDTH = 8.0  # inches
MOST_GROUPS = 6
_LINES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (6, 2, 1, 2)), (0, (9, 3)), (0, (3, 1, 1, 1, 1, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "P")
_LINE_HEIGHT = 0.155  # inches, of the caption
_MARGIN = 0.09  # inches
_CAPTION_LETTERS = 128
_SMALL_WORDS = ("and", "of", "the")


class Look(NamedTuple):
    """How one group is drawn everywhere in a figure; line and marker tell groups apart without colour."""

    colour: str
    line: Any
    marker: str


@contextmanager
def styled() -> Iterator[None]:
    """The package's style for as long as the block lasts, whatever a person's own settings say."""
    with matplotlib.style.context(["default", str(STYLE)]):
        yield


def looks(groups: Iterable[str]) -> dict[str, Look]:
    """A look for each group in its order of appearance.

    Raises:
        ValueError: for more groups than a reader can tell apart.
    """
    names = list(dict.fromkeys(groups))
    if len(names) > MOST_GROUPS:
        raise ValueError(
            f"a figure tells at most {MOST_GROUPS} groups apart; here are {len(names)}: {', '.join(names)}"
        )
    with styled():
        colours = [to_hex(entry["color"]) for entry in mpl.rcParams["axes.prop_cycle"]]
    return {name: Look(colours[at], _LINES[at], _MARKERS[at]) for at, name in enumerate(names)}


def titled(identifier: str) -> str:
    """An id in words, each but the small ones with a capital: `land_of_the_two` → Land of the Two."""
    words = identifier.split("_")
    return " ".join(word if word in _SMALL_WORDS and at else word.capitalize() for at, word in enumerate(words))


def readable(column: str, names: Mapping[str, str] | None = None) -> str:
    """A column in words: `competition.red-blue.far_lands` → competition, Red–Blue, Far Lands.

    Args:
        column: as `measures.column_names` has it: `measure`, `measure.whom`, `measure.whom.where…`.
        names: how an id is to be written where its own words will not do.
    """
    measure, *rest = column.split(".")
    known = {"all": "all theatres", **{domain: domain for domain in DOMAINS}, **(names or {})}
    parts = ["–".join(known.get(part, titled(part)) for part in whom.split("-")) for whom in rest]
    return ", ".join([known.get(measure, measure.replace("_", " ")), *parts])


def broken(label: str, width: int) -> str:
    """A label over several lines of at most `width` letters, broken at commas first, then at spaces and underscores."""
    lines: list[str] = []
    for part in label.split(", "):
        joined = f"{lines[-1]}, {part}" if lines else part
        if lines and len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(part)
    pieces = [piece for line in lines for piece in textwrap.wrap(line.replace("_", "_ "), width)]
    return "\n".join(piece.replace("_ ", "_") for piece in pieces)


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each as a mapping from the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def counted(values: NDArray[np.float64], what: str = "runs") -> str:
    """How many values there are, how many are missing and, where any are, how many are infinite, in words."""
    missing = int(np.isnan(values).sum())
    infinite = int(np.isinf(values).sum())
    said = f"{len(values) - missing - infinite} {what}, {missing} missing"
    return said + (f", {infinite} infinite" if infinite else "")


def plain(value: float, step: float | None = None) -> str:
    """A number as a label: whole from a thousand on, else four significant digits, or as many as a step needs."""
    if step is not None and step > 0 and math.isfinite(value):
        value = round(value, max(0, 2 - math.floor(math.log10(step))))
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return ("0" if text == "-0" else text).replace("-", "−")


def legible(colour: Any) -> str:
    """The ink, dark or white, that stands out more on a colour (relative luminance as the web's guidelines have it)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#111111"


def initials(name: str, letters: int = 3) -> str:
    """A short mark for a name: the first letters of its words, or of its only word."""
    words = name.replace("-", " ").split()
    return "".join(word[0] for word in words)[:letters].upper() if len(words) > 1 else name[:letters]


def judgement_share(numbers: Iterable[Number]) -> float:
    """Share of the numbers whose basis is judgement, 0..1; NaN where there are none."""
    bases = [number.basis for number in numbers]
    return bases.count("judgement") / len(bases) if bases else math.nan


def caption(
    n: int | Mapping[str, int],
    failed: int | Mapping[str, int],
    seed: int,
    scenario: str | Sequence[str],
    theory: str,
    judgement: float | None = None,
) -> str:
    """What a reader must know of the runs behind a figure.

    Args:
        n: runs of each scenario, failed ones included; by scenario where they are not equally many.
        failed: failed runs, together or by scenario.
        judgement: share 0..1 of the numbers that rest on judgement; left out where it is not known.
    """
    scenarios = [scenario] if isinstance(scenario, str) else list(dict.fromkeys(scenario))
    if isinstance(n, Mapping) and len(set(n.values())) > 1:
        runs = " and ".join(f"{count} of {name}" for name, count in n.items()) + " runs"
    else:
        count = next(iter(n.values()), 0) if isinstance(n, Mapping) else n
        runs = f"{count} run{'s' * (count != 1)}" + " each" * (len(scenarios) > 1)
    if isinstance(failed, Mapping):
        lost = ", ".join(f"{count} of {name}" for name, count in failed.items() if count) or "0"
    else:
        lost = str(failed)
    parts = [
        runs,
        f"{lost} failed",
        f"seed {seed}",
        f"{'scenarios' if len(scenarios) > 1 else 'scenario'} {', '.join(scenarios)}",
        f"theory {theory}",
    ]
    if judgement is not None and math.isfinite(judgement):
        parts.append(f"{judgement:.0%} of numbers rest on judgement".replace("%", " %"))
    return " · ".join(parts)


def caption_of(table: pd.DataFrame, seed: int, judgement: float | None = None) -> str:
    """The caption of a table as `ensemble.table` makes it (columns `scenario`, `theory`, `run`, `status`)."""
    failed = table["status"].ne("ok")
    return caption(
        n={str(name): int(count) for name, count in table.groupby("scenario", sort=False).size().items()},
        failed={str(name): int(count) for name, count in failed.groupby(table["scenario"], sort=False).sum().items()},
        seed=seed,
        scenario=[str(name) for name in table["scenario"].unique()],
        theory=", ".join(map(str, table["theory"].unique())),
        judgement=judgement,
    )


def _abreast(letters: Sequence[int]) -> int:
    """How many columns of a legend a figure's width holds; a legend is filled column by column."""
    for columns in range(len(letters), 1, -1):
        rows = math.ceil(len(letters) / columns)
        widths = [0.62 + 0.075 * max(letters[at : at + rows]) for at in range(0, len(letters), rows)]
        if sum(widths) <= WIDTH - 2 * _MARGIN:
            return columns
    return 1


def framed(
    rows: int,
    columns: int,
    height: float,
    title: str,
    caption: str,
    legend: Mapping[str, Artist] | None = None,
    **shared: Any,
) -> tuple[Figure, list[Axes]]:
    """A figure of rows x columns panels, its title and legend above and its caption below; none overlap.

    Args:
        height: of all panels together, inches.
        legend: label → what stands for it.
        shared: handed to `Figure.subplots`.

    Returns:
        The figure and its panels, row by row.
    """
    heading = textwrap.wrap(title, 88) or [""]
    notes = [line for part in caption.splitlines() for line in textwrap.wrap(part, _CAPTION_LETTERS)]
    entries = legend or {}
    across = _abreast([len(label) for label in entries])
    title_height = 0.2 * len(heading) + _MARGIN
    above = title_height + (0.2 * math.ceil(len(entries) / across) + 0.06 if entries else 0.0)
    below = _LINE_HEIGHT * len(notes) + 2 * _MARGIN
    whole = above + height + below
    rect = (0.0, below / whole, 1.0, 1.0 - (above + below) / whole)
    engine = ConstrainedLayoutEngine(rect=rect, hspace=0.06, wspace=0.04)
    figure = Figure(figsize=(WIDTH, whole), layout=engine)
    FigureCanvasAgg(figure)
    left = _MARGIN / WIDTH
    outside: dict[str, Any] = {"ha": "left", "linespacing": 1.25, "in_layout": False}
    figure.text(left, 1 - _MARGIN / whole, "\n".join(heading), va="top", fontsize=10.5, weight="bold", **outside)
    figure.text(left, _MARGIN / whole, "\n".join(notes), va="bottom", fontsize=7, color="#555555", **outside)
    if entries:
        key = figure.legend(
            list(entries.values()), list(entries), loc="upper left", ncols=across, borderaxespad=0.0,
            bbox_to_anchor=(left, 1 - (title_height + 0.04) / whole), borderpad=0.0, handlelength=3.0,
        )  # fmt: skip
        key.set_in_layout(False)
    panels = figure.subplots(rows, columns, squeeze=False, **shared)
    return figure, list(panels.ravel())


def settle(figure: Figure) -> None:
    """Lay a figure out once and for all, its panels at places rounded to a millionth of the page.

    The solver behind the layout goes through its variables by their addresses in memory, so two layouts of the same
    figure may differ in the last bit; an svg names its clips after those bits.
    """
    engine = figure.get_layout_engine()
    if not isinstance(engine, ConstrainedLayoutEngine):
        return
    engine.execute(figure)
    figure.set_layout_engine("none")
    for panel in figure.axes:
        x0, y0, width, height = np.round(panel.get_position(original=True).bounds, 6)
        panel.set_position((x0, y0, width, height))


def rendered(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """A figure as a file's bytes, the same for the same input: no date, no mark of the tool."""
    metadata = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}[kind]
    stream = io.BytesIO()
    with styled():
        settle(figure)
        figure.savefig(stream, format=kind, metadata=metadata)
    return stream.getvalue()


def quick_png(figure: Figure) -> bytes:
    """A figure as PNG for a page that waits for it: drawn once, where a file is laid out first, and packed less."""
    stream = io.BytesIO()
    with styled():
        settle(figure)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        matplotlib.image.imsave(stream, canvas.buffer_rgba(), format="png", pil_kwargs={"compress_level": 1})
    return stream.getvalue()


def save(figure: Figure, stem: Path, data: pd.DataFrame) -> tuple[Path, Path, Path]:
    """Write `stem`.png, `stem`.svg and the data behind them as `stem`.csv; the same input gives the same bytes.

    Each file is put in place whole or not at all, and none before all three are drawn.

    Returns:
        The three paths in that order.
    """
    contents = {
        "png": rendered(figure, "png"),
        "svg": rendered(figure, "svg"),
        "csv": data.to_csv(index=False, lineterminator="\n").encode(),
    }
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = tuple(stem.with_name(f"{stem.name}.{kind}") for kind in contents)
    for path, content in zip(paths, contents.values(), strict=True):
        part = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return paths[0], paths[1], paths[2]
