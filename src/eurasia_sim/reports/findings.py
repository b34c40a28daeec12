"""The pages that say what a test of hypotheses found, in Markdown, from its tables alone."""

import math
import re
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from eurasia_sim.compute.jit import model_version
from eurasia_sim.figures.style import rows_of
from eurasia_sim.files.text import file_name_from, visible
from eurasia_sim.hypotheses.arms import Effort
from eurasia_sim.hypotheses.evaluation import EVERY, Evaluation
from eurasia_sim.hypotheses.hypothesis import ContrastMap, Family
from eurasia_sim.hypotheses.verdicts import WORDS
from eurasia_sim.reports.blocks import rendered
from eurasia_sim.world.world import World

# Of Markdown: what is markup anywhere, at the edge of a word, and at the beginning of a line.
_MARKUP = re.compile(r"[\\`*\[\]|]|(?<!\w)_|_(?!\w)|^[#>+=-]|(?<=^\d)[.)]")


def findings_pages(
    world: World, family: Family, result: Evaluation, effort: Effort, command: str, place: Path
) -> dict[Path, str]:
    """By path the findings as a Markdown page, and beside it a page of every map of rivals.

    Args:
        command: what made them. place: where the findings will stand.
    """
    names = (file_name_from(f"{place.stem}-{x.id.replace('_', '-')}") for x in family.maps)
    beside = [place.with_name(name + place.suffix) for name in names]
    links = [
        {"rivals": " and ".join(map(plain, each.rivals)), "says": plain(each.says),
         "page": quote(path.name)}
        for each, path in zip(family.maps, beside, strict=True)
    ]  # fmt: skip
    given = {"command": command, "effort": effort, "model": model_version(), "known": _known}
    filters = {"number": number, "percent": percent, "plain": plain}
    values = {**given, **_findings(world, family, result), "maps": links}
    pages = {place: rendered("findings.md.jinja", filters, **values)}
    for path, contrast in zip(beside, family.maps, strict=True):
        values = {**given, **_map(world, contrast, result.maps), "findings": quote(place.name)}
        pages[path] = rendered("map.md.jinja", filters, **values)
    return pages


def _findings(world: World, family: Family, result: Evaluation) -> dict[str, Any]:
    result = Evaluation(**{name: _plain_table(each) for name, each in vars(result).items()})
    verdicts, parts, shares, rivals = result.verdicts, result.parts, result.shares, result.theories
    named = verdicts.groupby("verdict")["hypothesis"].agg(list)
    # How well shares (in percentage points) and effects (in smallest effects) are known.
    counted = verdicts[verdicts["points"] > 0]
    half = 50 * (counted["share_high"] - counted["share_low"]).max() if len(counted) else None
    widths = (parts["high"] - parts["low"]) / 2 / parts["smallest"]
    # The expected signs that the null theory shows as well.
    null = rivals[(rivals["kind"] == "theory") & (rivals["under"] == world.null_theory)]
    signed = parts.loc[parts["sign"].isin(("+", "-")), ["hypothesis", "part"]]
    return {
        "title": plain(family.title), "file": family.path.name, "digest": family.digest,
        "world": world, "weakest": [plain(each) for each in family.weakest],
        "verdicts": [_told(row, parts, rivals) for row in rows_of(verdicts)],
        "counts": {word: named[word] for word in WORDS if word in named},
        "kinds": {kind: (verdicts["kind"] == kind).any() for kind in ("control", "placebo")},
        "lost": [*verdicts.loc[verdicts["failed"].astype(bool), "hypothesis"]],
        "parts": rows_of(parts), "shares": rows_of(shares),
        "also": rows_of(null[null["holds"]].merge(signed, on=["hypothesis", "part"])),
        "sources": [name for name in shares if name not in ("reading", "scenarios")],
        "failed": parts["failed"].max(), "runs": parts["n"].max(),
        "points": counted["points"].max(),
        "half": half, "middle": widths.median(), "widest": widths.max(),
    }  # fmt: skip


def _told(verdict: dict[str, Any], parts: pd.DataFrame, rivals: pd.DataFrame) -> dict[str, Any]:
    """A hypothesis with its parts, which of them have which word, and each under its rivals."""
    parts, rivals = (
        table[table["hypothesis"] == verdict["hypothesis"]] for table in (parts, rivals)
    )
    words = parts.groupby("word", sort=False)["part"].agg(list).to_dict()
    rows = [
        row | {"rivals": rivals[rivals["part"] == row["part"]].set_index("under").to_dict("index")}
        for row in rows_of(parts)
    ]
    return {**verdict, "parts": rows, "words": words, "under": [*rivals["under"].unique()]}


def _map(world: World, contrast: ContrastMap, found: pd.DataFrame) -> dict[str, Any]:
    """What the page of a map is made of: in which circumstances each rival holds."""
    own = found[found["map"] == contrast.id]
    before, *later = contrast.change.levels
    changes: list[dict[str, Any]] = []
    for level in later:
        kinds = own[(own["theory"] == EVERY) & (own["level"] == level)].groupby("kind")
        changes.append({"level": level} | {str(kind): _by_name(cells) for kind, cells in kinds})
    last = own[(own["level"] == later[-1]) & (own["kind"] == "rival")]
    holds = last.pivot_table(index="theory", columns="name", values="holds", sort=False)
    first, second = contrast.across
    return {
        "contrast": contrast, "before": before, "first": first, "second": second,
        "points": own["n"].max(), "changes": changes, "rivals": [*holds],
        "theories": [theory for theory in world.theories if theory != world.null_theory],
        "by_theory": holds.to_dict("index"),
    }  # fmt: skip


def _by_name(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Of every rival or reading, its cells, the least share in which it holds, and the best."""
    found = []
    for name, cells in rows.groupby("name", sort=False):
        best = cells.sort_values("holds", ascending=False, kind="stable").iloc[0].to_dict()
        places = cells.set_index(["first", "second"]).to_dict("index")
        found.append({"name": name, "cells": places, "least": cells["holds"].min(), "best": best})
    return found


def plain(words: str) -> str:
    """A person's words in one line, with nothing in them that Markdown or HTML reads as markup."""
    line = escape(" ".join(visible(words).split()), quote=False).replace("~", "&#126;")
    return _MARKUP.sub(r"\\\g<0>", line)


def _plain_table(found: pd.DataFrame) -> pd.DataFrame:
    """A table with the words in it made plain, but for signs."""
    texts = {
        str(name): [plain(cell) if isinstance(cell, str) else cell for cell in column]
        for name, column in found.items()
        if name != "sign" and not pd.api.types.is_numeric_dtype(column)
    }
    return found.assign(**texts)


def _known(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def number(value: float, digits: int = 4) -> str:
    """A number with its sign, or a dash: as many digits in every row, so that effects line up."""
    return f"{value:+.{digits}f}" if _known(value) else "–"


def percent(value: float) -> str:
    """A share in per cent, or a dash."""
    return f"{100 * value:.0f} %" if _known(value) else "–"
