"""The page of a map of rivals in Markdown: in which circumstances each of them holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from eurasia_sim.compute.jit import model_version
from eurasia_sim.figures.style import rows_of
from eurasia_sim.files.text import file_name_from
from eurasia_sim.hypotheses.effort import Effort
from eurasia_sim.hypotheses.hypothesis import ContrastMap
from eurasia_sim.hypotheses.scope_map import EVERY
from eurasia_sim.reports.markdown import known, number, percent, plain, plain_table, table
from eurasia_sim.world.world import World


def map_path(findings: Path, contrast: ContrastMap) -> Path:
    """Where the page of a map stands: beside the findings."""
    name = file_name_from(f"{findings.stem}-{contrast.id.replace('_', '-')}")
    return findings.with_name(f"{name}{findings.suffix}")


def map_page(
    world: World,
    contrast: ContrastMap,
    found: pd.DataFrame,
    effort: Effort,
    command: str,
    place: Path,
) -> str:
    """One map of rivals as a Markdown page."""
    own = plain_table(found[found["map"] == contrast.id])
    contrast = _plain_map(contrast)
    before, *later = contrast.change.levels
    theories = [theory for theory in world.theories if theory != world.null_theory]
    expected = [
        f"- **{rival}** holds in a point where {' and '.join(names)} rise beyond the smallest "
        "effect."
        for rival, names in contrast.rivals.items()
    ]
    first, second = contrast.across
    changed = " and ".join(f"*{level}*" for level in later)
    asked = (
        f"{contrast.change.label}, *{before}*, is changed to {changed} in every cell of "
        f"{first.label} × {second.label}, on the ground of the scenario `{contrast.scenario}`. "
        f"Each cell is run once at the same {int(own['n'].max())} points of everything uncertain "
        f"({effort.mapped} under each of {len(theories)} theories, seed {effort.seed}). Hash of "
        f"the map: `{contrast.digest}`; model `{model_version()}`."
    )
    sections = [
        f"# {contrast.says}",
        (
            f"Part of [the findings]({quote(place.name)}), written by the same command:\n\n"
            f"```sh\n{command}\n```"
        ),
        asked,
        "\n".join(expected),
    ]
    over_all = own[own["theory"] == EVERY]
    for level in later:
        cells = over_all[over_all["level"] == level]
        rivals, readings = (cells[cells["kind"] == kind] for kind in ("rival", "reading"))
        sections += [
            f"## {contrast.change.label}: {before} → {level}", _answer(contrast, rivals),
            "Share of points in which each rival holds:", _grid(contrast, rivals, _holding),
            ("Mean change, and in brackets the share of points beyond the smallest effect, up and "
            "down:"),
            _grid(contrast, readings, _moving),
        ]  # fmt: skip
    last = own[(own["level"] == later[-1]) & (own["kind"] == "rival")]
    holds = last.pivot_table(index="theory", columns="name", values="holds", sort=False)
    by_theory = [(each, *map(percent, holds.loc[each])) for each in theories]
    sections += [
        "## By theory",
        "The last change, share of points in which each rival holds, over all cells:",
        table(("theory", *holds), by_theory),
    ]
    return "\n\n".join(sections) + "\n"


def _plain_map(contrast: ContrastMap) -> ContrastMap:
    """The map with its words made plain, as those of its table are."""
    change, *across = (
        axis.model_copy(
            update={
                "label": plain(axis.label),
                "levels": {plain(level): own for level, own in axis.levels.items()},
            }
        )
        for axis in (contrast.change, *contrast.across)
    )
    rivals = {plain(name): tuple(map(plain, of)) for name, of in contrast.rivals.items()}
    words: Any = {"says": plain(contrast.says), "change": change, "across": tuple(across)}
    return replace(contrast, **words, rivals=rivals)


def _answer(contrast: ContrastMap, rivals: pd.DataFrame) -> str:
    """In which cell each rival holds most."""
    lines = []
    for rival, cells in rivals.groupby("name", sort=False):
        best = cells.iloc[int(cells["holds"].argmax())]
        shares = f"from {percent(cells['holds'].min())} to {percent(best['holds'])} of points"
        first, second = contrast.across
        where = f"{first.label} {best['first']}, {second.label} {best['second']}"
        lines.append(f"- **{rival}**: {shares}; most at {where}.")
    return "\n".join(lines)


def _grid(
    contrast: ContrastMap, cells: pd.DataFrame, shown: Callable[[Mapping[str, Any]], str]
) -> str:
    """A row a name and level of the first side, a column a level of the second."""
    first, second = contrast.across
    text = {(row["name"], row["first"], row["second"]): shown(row) for row in rows_of(cells)}
    lines = [
        (name, level, *(text[name, level, other] for other in second.levels))
        for name in dict.fromkeys(cells["name"])
        for level in first.levels
    ]
    return table(("", first.label, *(f"{second.label}: {other}" for other in second.levels)), lines)


def _holding(row: Mapping[str, Any]) -> str:
    opposite = f" (opposite {percent(row['mirrored'])})" if known(row["mirrored"]) else ""
    return percent(row["holds"]) + opposite


def _moving(row: Mapping[str, Any]) -> str:
    return f"{number(row['mean'])} ({percent(row['holds'])} up, {percent(row['mirrored'])} down)"
