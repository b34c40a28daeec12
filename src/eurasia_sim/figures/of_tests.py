"""Pictures of what decides: verdicts in three layers, sources of variance, indices, effects, boxes, and patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from eurasia_sim.catalogue import DataError
from eurasia_sim.discovery import PRIM
from eurasia_sim.figures.boxes import box_plot
from eurasia_sim.figures.effects import elementary_effects
from eurasia_sim.figures.forest import forest_data, forest_plot
from eurasia_sim.figures.held import PATTERNS, RUN, VALIDATION, Held
from eurasia_sim.figures.patterns import pattern_plot
from eurasia_sim.figures.picture import Picture, Request
from eurasia_sim.figures.sensitivity import index_plot
from eurasia_sim.figures.shares import share_plot
from eurasia_sim.figures.style import caption, readable, rows_of
from eurasia_sim.verdicts import SHARE_OF_SPACE
from eurasia_sim.world import World

_ROWS_A_PAGE = 18
_NOTES = {"scenarios", "replicates"}  # columns of the shares that count and are no share


def table_of(held: Held, name: str) -> pd.DataFrame:
    """A table that a folder holds beside its runs.

    Raises:
        DataError: where it is not there.
    """
    table = held.table(name)
    if table is None:
        verb = "test" if name in ("parts", "theories", "verdicts") else "analyze"
        raise DataError([f"{held.folder} holds no {name}.parquet: this picture needs what `eurasia-sim {verb}` writes"])
    return table


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
    table = share_table(table_of(held, "shares"), held.names)
    said = _caption(held) if "effort" in held.manifest else caption_of_design(held)
    for first in range(0, len(table), _ROWS_A_PAGE):
        own = table.iloc[first : first + _ROWS_A_PAGE]
        figure = share_plot(own, f"{held.title}: what the spread comes from", said, names=held.names)
        stem = "shares" + (f"-{first // _ROWS_A_PAGE + 1}" if len(table) > _ROWS_A_PAGE else "")
        says = f"Shares of the variance of {len(own)} readings by source: theory, parameters, chance and others."
        yield Picture(stem, figure, own, says)


def share_table(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A row a reading, a column a source; whether as a test writes its shares or, a row a part, as `analyze` does."""
    if "part" not in table:
        return table.drop(columns=list(_NOTES), errors="ignore")
    whole = len(table["of"].unique()) <= 1
    said = [
        readable(str(measure), names) + ("" if whole else f", {of}")
        for measure, of in zip(table["measure"], table["of"], strict=True)
    ]
    sources = list(dict.fromkeys(table["part"]))
    order = list(dict.fromkeys(said))
    wide = table.assign(reading=said).pivot_table(index="reading", columns="part", values="share")
    return wide.reindex(index=order, columns=sources).rename_axis(columns=None).reset_index()


def caption_of_design(held: Held) -> str:
    """What a figure of an analysed folder must say: of a run its own words, of a sweep also its design."""
    if held.kind == RUN:
        return held.caption(held.runs([]))
    design = held.manifest.get("design", {})
    runs = held.runs([])
    said = held.caption(runs)
    kind, points = str(design.get("kind", "some")).replace("_", " "), design.get("points", runs["point"].nunique())
    return f"{said} · {kind} design of {points} points"


def _split(table: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    """The parts of a table by a column of text; the whole where it has none."""
    if column not in table:
        return [("", table)]
    return [(str(name), own) for name, own in table.groupby(column, sort=False)]


def _divided(table: pd.DataFrame, held: Held, request: Request) -> Iterator[tuple[str, str, str, pd.DataFrame]]:
    """Measure, scenario, title and rows of every picture that a table of an analysis makes."""
    for measure, of_measure in _split(table, "measure"):
        if request.measures and not any(fnmatchcase(measure, pattern) for pattern in request.measures):
            continue
        for scenario, own in _split(of_measure, "scenario"):
            yield measure, scenario, ", ".join(filter(None, (readable(measure, held.names), scenario))), own


def indices(held: Held, request: Request) -> Iterator[Picture]:
    """Sobol' indices of every factor with intervals, a picture a measure and scenario."""
    for measure, scenario, title, own in _divided(table_of(held, "sobol"), held, request):
        wide = index_table(own)
        figure = index_plot(wide, f"{title}: Sobol' indices", caption_of_design(held))
        says = f"First-order and total sensitivity indices of {len(wide)} factors with 95 % intervals."
        yield Picture(_stem("indices", measure, scenario), figure, wide, says)


def effects(held: Held, request: Request) -> Iterator[Picture]:
    """Morris's effects of every factor, a picture a measure and scenario."""
    for measure, scenario, title, own in _divided(table_of(held, "morris"), held, request):
        unit = held.units([measure])[measure]
        figure = elementary_effects(own, f"{title}: Morris's effects", caption_of_design(held), unit=unit)
        says = f"Mean absolute effects of {len(own)} factors, and how much each differs from place to place."
        yield Picture(_stem("effects", measure, scenario), figure, own, says)


def patterns(held: Held, request: Request) -> Iterator[Picture]:
    """How many runs pass each documented pattern, the misses first, some pictures a theory."""
    del request
    if held.kind != VALIDATION:
        raise DataError([f"{held.folder} was written by {held.kind}: patterns need what `eurasia-sim validate` writes"])
    table, manifest = table_of(held, PATTERNS.removesuffix(".parquet")), held.manifest
    counted = table[table["counted"].astype(bool)]
    for theory, own in counted.groupby("theory", sort=False):
        said = caption(
            int(manifest["runs_a_side"]), manifest.get("failed", {}).get(theory, "an unknown number of"), held.seed,
            str(manifest["scenario"]["name"]), str(theory), held.judged,
        ).replace(" runs ", " runs a side ", 1)  # fmt: skip
        figure = pattern_plot(own, held.title, said)
        says = f"Share of runs that pass each of {len(own)} documented patterns, beside two baselines."
        yield Picture(_stem("patterns", str(theory)), figure, own, says)


def index_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row a factor with both its indices, from a row an index: `order`, `factor`, `index`, `low`, `high`."""
    wide: dict[str, pd.Series] = {}
    for order in ("first", "total"):
        own = table[table["order"] == order].set_index("factor")
        wide |= {order: own["index"], f"{order}_low": own["low"], f"{order}_high": own["high"]}
    return pd.DataFrame(wide).rename_axis("factor").reset_index()


def _stem(*words: str) -> str:
    """A name for files: words joined, each sign that a file's name should not hold left out."""
    return "-".join(re.sub(r"[^\w.-]+", "", word) for word in words if word)


def boxes(held: Held, request: Request) -> Iterator[Picture]:
    """The box that does best, and the path it was peeled along or the other boxes, a picture an outcome sought."""
    table = table_of(held, "boxes")
    paths = table_of(held, "paths") if held.has("paths") else pd.DataFrame()
    keys = [name for name in ("measure", "scenario", "sought") if name in table]
    for words, own in table.groupby(keys, sort=False) if keys else [((), table)]:
        if request.measures and words and not any(fnmatchcase(str(words[0]), each) for each in request.measures):
            continue
        sought = " ".join([readable(str(words[0]), held.names), *map(str, words[1:])]) if words else ""
        every, limits = box_tables(own, held.world)
        peeled = _same(paths, dict(zip(keys, words, strict=True))) if len(paths) else paths
        is_path = len(peeled) > 0 and own["method"].iloc[0] == PRIM
        said = _caption(held) if "effort" in held.manifest else caption_of_design(held)
        base, draws = float(own["base"].iloc[0]), int(own["draws"].iloc[0])
        figure = box_plot(
            peeled if is_path else every, limits, f"Where it holds: {sought or held.title}",
            f"{said} · judged on {draws} draws held back", base_rate=base, others=every.iloc[1:] if is_path else None,
        )  # fmt: skip
        steps = f", along a path of {len(peeled)} steps" if is_path else ""
        says = f"A box in {len(limits)} factors, and the coverage and density of {len(every)} boxes{steps}."
        yield Picture(_stem("box", *map(str, words)), figure, own, says)


def _same(table: pd.DataFrame, words: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of a table that have the words given; none where it lacks such a column."""
    for name, word in words.items():
        table = table[table[name] == word] if name in table else table.iloc[:0]
    return table.reset_index(drop=True)


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
