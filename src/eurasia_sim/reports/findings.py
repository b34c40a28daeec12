"""The page that says what a test of hypotheses found, in Markdown, from its tables alone."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from eurasia_sim.compute.jit import model_version
from eurasia_sim.figures.style import rows_of
from eurasia_sim.hypotheses.effort import Effort
from eurasia_sim.hypotheses.evaluation import Evaluation
from eurasia_sim.hypotheses.hypothesis import Family
from eurasia_sim.hypotheses.verdicts import WORDS
from eurasia_sim.reports.markdown import page, plain, plain_table
from eurasia_sim.reports.scope_map import map_path
from eurasia_sim.world.world import World

TEMPLATE = "findings.md.jinja"


def findings_page(
    world: World, family: Family, result: Evaluation, effort: Effort, command: str, place: Path
) -> str:
    """The findings as one Markdown page.

    Args:
        command: what made it. place: where it will stand; pages of maps stand beside it.
    """
    result = Evaluation(**{name: plain_table(each) for name, each in vars(result).items()})
    verdicts, parts, shares = result.verdicts, result.parts, result.shares
    named = verdicts.groupby("verdict")["hypothesis"].agg(list)
    maps = [
        {"rivals": " and ".join(map(plain, each.rivals)), "says": plain(each.says),
         "page": quote(map_path(place, each).name)}
        for each in family.maps
    ]  # fmt: skip
    return page(
        TEMPLATE, title=plain(family.title), file=family.path.name, command=command,
        digest=family.digest, world=world, model=model_version(), effort=effort,
        weakest=[plain(each) for each in family.weakest], maps=maps,
        verdicts=[_told(row, result) for row in rows_of(verdicts)],
        counts={word: named[word] for word in WORDS if word in named},
        kinds={kind: (verdicts["kind"] == kind).any() for kind in ("control", "placebo")},
        lost=[*verdicts.loc[verdicts["failed"].astype(bool), "hypothesis"]],
        parts=rows_of(parts), also=_of_the_null(world, result), shares=rows_of(shares),
        sources=[name for name in shares.columns if name not in ("reading", "scenarios")],
        failed=parts["failed"].max(), runs=parts["n"].max(), **_precision(result),
    )  # fmt: skip


def _told(verdict: dict[str, Any], result: Evaluation) -> dict[str, Any]:
    """A hypothesis with its parts, which of them have which word, and each under its rivals."""
    parts, rivals = (
        table[table["hypothesis"] == verdict["hypothesis"]]
        for table in (result.parts, result.theories)
    )
    words = parts.groupby("word", sort=False)["part"].agg(list).to_dict()
    rows = [
        row | {"rivals": rivals[rivals["part"] == row["part"]].set_index("under").to_dict("index")}
        for row in rows_of(parts)
    ]
    return {**verdict, "parts": rows, "words": words, "under": [*rivals["under"].unique()]}


def _precision(result: Evaluation) -> dict[str, Any]:
    """How well shares (in percentage points) and effects (in smallest effects) are known."""
    counted = result.verdicts[result.verdicts["points"] > 0]
    half = (counted["share_high"] - counted["share_low"]).max() / 2
    widths = (result.parts["high"] - result.parts["low"]) / 2 / result.parts["smallest"]
    return {
        "points": counted["points"].max(), "half": 100 * half if len(counted) else None,
        "middle": widths.median(), "widest": widths.max(),
    }  # fmt: skip


def _of_the_null(world: World, result: Evaluation) -> list[dict[str, Any]]:
    """The expected signs that the null theory shows as well."""
    rivals, parts = result.theories, result.parts
    under = rivals[(rivals["kind"] == "theory") & (rivals["under"] == world.null_theory)]
    signed = parts.loc[parts["sign"].isin(("+", "-")), ["hypothesis", "part"]]
    return rows_of(under[under["holds"]].merge(signed, on=["hypothesis", "part"]))
