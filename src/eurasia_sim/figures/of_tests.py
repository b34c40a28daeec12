"""Pictures of what decides: verdicts in three layers, sources of variance, indices, and discovered boxes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from eurasia_sim.catalogue import DataError
from eurasia_sim.figures.boxes import box_plot
from eurasia_sim.figures.forest import forest_data, forest_plot
from eurasia_sim.figures.held import Held
from eurasia_sim.figures.picture import Picture, Request
from eurasia_sim.figures.sensitivity import index_plot
from eurasia_sim.figures.shares import share_plot
from eurasia_sim.figures.style import caption, rows_of
from eurasia_sim.verdicts import SHARE_OF_SPACE
from eurasia_sim.world import World

_ROWS_A_PAGE = 18
_NOTES = {"scenarios", "replicates"}  # columns of the shares that count and are no share


def table_of(held: Held, name: str) -> pd.DataFrame:
    """A table that a folder holds beside its runs.

    Raises:
        DataError: where it is not there.
    """
    path = held.folder / f"{name}.parquet"
    if not path.is_file():
        verb = "test" if name in ("parts", "theories", "verdicts") else "analyze"
        raise DataError([f"{held.folder} holds no {path.name}: this picture needs what `eurasia-sim {verb}` writes"])
    return pd.read_parquet(path)


def _caption(held: Held) -> str:
    """What a figure of a test must say: runs at each layer, what failed, seed and basis."""
    effort, parts = held.manifest["effort"], table_of(held, "parts")
    said = caption(effort["runs"], int(parts["failed"].max()), held.seed, "each arm", "all", held.judged)
    said = said.replace("scenario each arm", f"{effort['points']} points of the space a theory")
    return said.replace(" failed", " failed of a part at most", 1).replace("theory all", "all theories and forms")


def forests(held: Held, request: Request) -> Iterator[Picture]:
    """Every part of every hypothesis in three layers, some eighteen rows a picture."""
    del request
    parts, rivals = table_of(held, "parts"), table_of(held, "theories")
    pages = -(-len(parts) // _ROWS_A_PAGE)
    rows = -(-len(parts) // max(pages, 1))
    for page in range(pages):
        own = parts.iloc[page * rows : (page + 1) * rows]
        title = f"{held.title}" + (f" ({page + 1} of {pages})" if pages > 1 else "")
        figure = forest_plot(own, rivals, title, _caption(held), asked=SHARE_OF_SPACE)
        says = f"{len(own)} parts of hypotheses: effect at reference, under rivals, and share of the space that holds."
        yield Picture("forest" + (f"-{page + 1}" if pages > 1 else ""), figure, forest_data(own), says)


def shares(held: Held, request: Request) -> Iterator[Picture]:
    """What the variance of every reading comes from."""
    del request
    table = table_of(held, "shares").drop(columns=list(_NOTES), errors="ignore")
    name = "reading" if "reading" in table else str(table.columns[0])
    said = _caption(held) if "effort" in held.manifest else caption_of_design(held)
    for first in range(0, len(table), _ROWS_A_PAGE):
        own = table.iloc[first : first + _ROWS_A_PAGE]
        figure = share_plot(own, f"{held.title}: what the spread comes from", said, row=name, names=held.names)
        stem = "shares" + (f"-{first // _ROWS_A_PAGE + 1}" if len(table) > _ROWS_A_PAGE else "")
        says = f"Shares of the variance of {len(own)} readings by source: theory, parameters, chance and others."
        yield Picture(stem, figure, own, says)


def caption_of_design(held: Held) -> str:
    """What a figure of an analysed sweep must say, from its manifest."""
    design = held.manifest.get("design", {})
    scenarios = list(held.manifest.get("scenarios", ())) or ["one"]
    runs = held.runs([])
    said = caption(
        len(runs), int((runs["status"] != "ok").sum()), held.seed, scenarios,
        ", ".join(dict.fromkeys(map(str, runs["theory"]))), held.judged,
    )  # fmt: skip
    return f"{said} · {design.get('kind', 'design')} of {design.get('points', runs['point'].nunique())} points"


def _split(table: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    """The parts of a table by a column of text; the whole where it has none."""
    if column not in table:
        return [("", table)]
    return [(str(name), own) for name, own in table.groupby(column, sort=False)]


def indices(held: Held, request: Request) -> Iterator[Picture]:
    """First-order and total indices of every factor with intervals, a picture a measure."""
    table = table_of(held, "indices")
    for measure, own in _split(table, "measure"):
        if request.measures and measure not in request.measures:
            continue
        figure = index_plot(own.reset_index(drop=True), f"{measure or held.title}: indices", caption_of_design(held))
        says = f"First-order and total sensitivity indices of {len(own)} factors with 95 % intervals."
        yield Picture(f"indices-{measure}".rstrip("-"), figure, own, says)


def boxes(held: Held, request: Request) -> Iterator[Picture]:
    """The box that does best and how the others trade coverage for density, a picture an outcome sought."""
    del request
    table = table_of(held, "boxes")
    for sought, own in _split(table, "sought"):
        every, limits = box_tables(own, held.world)
        said = _caption(held) if "effort" in held.manifest else caption_of_design(held)
        base, draws = float(own["base"].iloc[0]), int(own["draws"].iloc[0])
        figure = box_plot(
            every, limits, f"Where it holds: {sought or held.title}", f"{said} · judged on {draws} draws held back",
            base_rate=base,
        )  # fmt: skip
        says = f"A box in {len(limits)} factors, and the coverage and density of {len(every)} boxes."
        yield Picture(f"box-{sought}".rstrip("-"), figure, own, says)


def box_tables(table: pd.DataFrame, world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a box, the first chosen, and the chosen one's limits within the whole range of each factor.

    Args:
        table: a row a limit of a box: `method`, `box`, `limit` (in words), `parameter`, `low`, `high` (NaN where open),
            `density`, `coverage`, as `discovery.box_table` gives.
    """
    every = table.groupby(["box", "method", "density", "coverage"], sort=False).size().reset_index(name="limited")
    every["chosen"] = every.index == 0
    rows: list[dict[str, Any]] = []
    for row in rows_of(table[table["box"] == every["box"].iloc[0]]):
        name = str(row["parameter"]).removeprefix("x.")
        number = world.numbers.get(name) or world.numbers.get(f"rules.{name}")
        if pd.isna(row["low"]) and pd.isna(row["high"]):
            rows.append({"factor": name, "levels": str(row["limit"]).partition(" is ")[2] or str(row["limit"])})
            continue
        known = [end for end in (row["low"], row["high"]) if pd.notna(end)]
        known += [number.low, number.high] if number else []
        ends = {"low": row["low"], "high": row["high"], "least": min(known), "greatest": max(known)}
        for open_end, whole in (("low", "least"), ("high", "greatest")):
            ends[open_end] = ends[open_end] if pd.notna(ends[open_end]) else ends[whole]
        rows.append({"factor": name, **ends})
    return every, pd.DataFrame(rows)
