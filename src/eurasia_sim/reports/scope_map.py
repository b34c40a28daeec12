"""The page of a map of rivals in Markdown: in which circumstances each of them holds."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from eurasia_sim.compute.jit import model_version
from eurasia_sim.files.text import file_name_from
from eurasia_sim.hypotheses.effort import Effort
from eurasia_sim.hypotheses.hypothesis import ContrastMap
from eurasia_sim.hypotheses.scope_map import EVERY
from eurasia_sim.reports.markdown import page
from eurasia_sim.world.world import World

TEMPLATE = "map.md.jinja"


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
    own = found[found["map"] == contrast.id]
    before, *later = contrast.change.levels
    over_all = own[own["theory"] == EVERY]
    changes: list[dict[str, Any]] = []
    for level in later:
        kinds = over_all[over_all["level"] == level].groupby("kind")
        changes.append({"level": level} | {str(kind): _by_name(cells) for kind, cells in kinds})
    last = own[(own["level"] == later[-1]) & (own["kind"] == "rival")]
    holds = last.pivot_table(index="theory", columns="name", values="holds", sort=False)
    first, second = contrast.across
    return page(
        TEMPLATE, contrast=contrast, findings=quote(place.name), command=command, before=before,
        first=first, second=second, points=own["n"].max(), effort=effort, model=model_version(),
        theories=[theory for theory in world.theories if theory != world.null_theory],
        changes=changes, rivals=[*holds], by_theory=holds.to_dict("index"),
    )  # fmt: skip


def _by_name(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Of every rival or reading, its cells, the least share in which it holds, and the best."""
    found = []
    for name, cells in rows.groupby("name", sort=False):
        best = cells.sort_values("holds", ascending=False, kind="stable").iloc[0].to_dict()
        places = cells.set_index(["first", "second"]).to_dict("index")
        found.append({"name": name, "cells": places, "least": cells["holds"].min(), "best": best})
    return found
