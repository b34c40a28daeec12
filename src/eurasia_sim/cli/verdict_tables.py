"""Tables of a test for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from eurasia_sim.evaluation import Evaluation


def number(value: float) -> str:
    """An effect as it is shown."""
    return "" if math.isnan(value) else f"{value:+.4f}" if abs(value) < 10 else f"{value:+.1f}"


def share(value: float) -> str:
    """A share as it is shown."""
    return "" if math.isnan(value) else f"{value:.0%}"


def part_table(result: Evaluation) -> Table:
    """A row a part: its effect at reference with interval and parts, and how much of the space holds it."""
    table = Table(title="Parts: first arms less second, at reference and over everything uncertain")
    for name in (
        "",
        "part",
        "expected",
        "effect [95 %]",
        "co-location + joint share",
        "holds",
        "mirror",
        "null",
        "word",
    ):
        table.add_column(name, justify="left" if name in {"", "part", "word"} else "right", overflow="fold")
    for row in result.parts.to_dict("records"):
        table.add_row(
            row["hypothesis"], row["part"], f"{row['sign']} {row['smallest']:g}",
            f"{number(row['mean'])} [{number(row['low'])}, {number(row['high'])}]",
            f"{number(row['colocation_part'])} {number(row['joint_part'])}".strip(),
            share(row["share_of_space"]), share(row["mirrored"]), number(row["null_mean"]), row["word"],
        )  # fmt: skip
    return table


def verdict_table(result: Evaluation) -> Table:
    """A row a hypothesis: the verdict, where it holds, and the source."""
    table = Table(title="Verdicts")
    for name in ("", "says", "verdict", "share of space", "where", "source"):
        table.add_column(name, overflow="fold")
    for row in result.verdicts.to_dict("records"):
        space = f"{share(row['share_of_space'])} [{share(row['share_low'])}, {share(row['share_high'])}]"
        table.add_row(
            row["hypothesis"], row["says"], row["verdict"], space if row["points"] else "", region(row), row["source"]
        )
    return table


def region(row: Mapping[Any, Any]) -> str:
    """Where a conditional hypothesis holds, in words."""
    if not row["region"]:
        return ""
    return f"{row['region']} (density {share(row['density'])}, coverage {share(row['coverage'])} on held-out draws)"


def precision(result: Evaluation) -> str:
    """How sure the shares of the space are."""
    counted = [row for row in result.verdicts.to_dict("records") if row["points"]]
    if not counted:
        return ""
    half = max(row["share_high"] - row["share_low"] for row in counted) / 2
    return (
        f"{max(row['points'] for row in counted)} points of the space count; "
        f"a share is known to within ±{half:.1%} (95 %). "
        f"At most {result.parts['failed'].max()} runs of a part failed at reference. "
        f"Hash of the hypotheses: {counted[0]['digest']}."
    )
