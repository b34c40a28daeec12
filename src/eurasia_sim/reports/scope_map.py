"""The page of a map of rivals: in which circumstances each of them holds, in Markdown, from the map's table alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from eurasia_sim.compute.jit import model_version
from eurasia_sim.hypotheses.evaluation import Effort
from eurasia_sim.hypotheses.hypothesis import ContrastMap
from eurasia_sim.hypotheses.scope_map import EVERY
from eurasia_sim.reports.markdown import Row, known, number, percent, rows_of, table
from eurasia_sim.world.world import World


def map_path(findings: Path, contrast: ContrastMap) -> Path:
    """Where the page of a map stands: beside the findings."""
    return findings.with_name(f"{findings.stem}-{contrast.id.replace('_', '-')}{findings.suffix}")


def map_page(
    world: World,
    contrast: ContrastMap,
    found: pd.DataFrame,
    effort: Effort,
    command: str,
    place: Path,
) -> str:
    """One map of rivals as a Markdown page."""
    own = found[found["map"] == contrast.id]
    before, *later = contrast.change.levels
    theories = [theory for theory in world.theories if theory != world.null_theory]
    expected = [
        f"- **{rival}** holds in a point where {' and '.join(names)} rise beyond the smallest effect."
        for rival, names in contrast.rivals.items()
    ]
    first, second = contrast.across
    asked = (
        f"{contrast.change.label}, *{before}*, is changed to {_listed(later)} in every cell of {first.label} ×"
        f" {second.label}, on the ground of the scenario `{contrast.scenario}`. Each cell is run once at the same"
        f" {int(own['n'].max())} points of everything uncertain ({effort.mapped} under each of {len(theories)}"
        f" theories, seed {effort.seed}). Hash of the map: `{contrast.digest}`; model `{model_version()}`."
    )
    sections = [
        f"# {contrast.says}",
        f"Part of [the findings]({place.name}), written by the same command:\n\n```sh\n{command}\n```",
        asked,
        "\n".join(expected),
    ]
    for level in later:
        here = own[own["level"] == level]
        sections += [f"## {contrast.change.label}: {before} → {level}", _answer(contrast, here)]
        sections += [
            "Share of points in which each rival holds:",
            _grid(contrast, here, "rival", _holding),
        ]
        sections += [
            "Mean change, and in brackets the share of points beyond the smallest effect, up and down:"
        ]
        sections += [_grid(contrast, here, "reading", _moving)]
    sections += [
        "## By theory",
        "The last change, share of points in which each rival holds, over all cells:",
    ]
    sections += [_by_theory(own[own["level"] == later[-1]], theories)]
    return "\n\n".join(sections) + "\n"


def _answer(contrast: ContrastMap, rows: pd.DataFrame) -> str:
    """In which cell each rival holds most."""
    said = []
    for rival in dict.fromkeys(rows.loc[rows["kind"] == "rival", "name"]):
        cells = rows[
            (rows["name"] == rival) & (rows["kind"] == "rival") & (rows["theory"] == EVERY)
        ]
        best, worst = cells.loc[cells["holds"].idxmax()], cells.loc[cells["holds"].idxmin()]
        where = f"{contrast.across[0].label} {best['first']}, {contrast.across[1].label} {best['second']}"
        said.append(
            f"- **{rival}**: from {percent(worst['holds'])} to {percent(best['holds'])} of points; most at {where}."
        )
    return "\n".join(said)


def _grid(contrast: ContrastMap, rows: pd.DataFrame, kind: str, shown: Callable[[Row], str]) -> str:
    """A row a name and level of the first side, a column a level of the second."""
    over = rows[(rows["kind"] == kind) & (rows["theory"] == EVERY)]
    first, second = contrast.across
    cells = {(row["name"], row["first"], row["second"]): shown(row) for row in rows_of(over)}
    lines = [
        (name, level, *(cells[name, level, other] for other in second.levels))
        for name in dict.fromkeys(over["name"])
        for level in first.levels
    ]
    return table(("", first.label, *(f"{second.label}: {other}" for other in second.levels)), lines)


def _holding(row: Row) -> str:
    return percent(row["holds"]) + (
        f" (opposite {percent(row['mirrored'])})" if known(row["mirrored"]) else ""
    )


def _moving(row: Row) -> str:
    return f"{number(row['mean'])} ({percent(row['holds'])} up, {percent(row['mirrored'])} down)"


def _by_theory(rows: pd.DataFrame, theories: Sequence[str]) -> str:
    over = rows[rows["kind"] == "rival"].groupby(["theory", "name"], sort=False)["holds"].mean()
    names = list(dict.fromkeys(rows.loc[rows["kind"] == "rival", "name"]))
    return table(
        ("theory", *names),
        [(each, *(percent(over[each, name]) for name in names)) for each in theories],
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"*{name}*" for name in names)
