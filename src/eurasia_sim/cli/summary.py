"""The tables that `run` prints."""

from __future__ import annotations

import math
from typing import Any

from rich.table import Table

SETS = {"reference": "by chance alone, at reference values", "ranges": "over the declared ranges"}


def figure(value: float | None, digits: int = 4) -> str:
    """A number for a table; a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def outcome_table(summary: dict[str, Any], theory: str, kind: str) -> Table:
    """Mean and 5-95 % of runs of every scenario."""
    table = Table(title=f"{theory}, {SETS[kind]}", title_justify="left")
    for name in ("scenario", "measure"):
        table.add_column(name, no_wrap=True)
    for name in ("mean", "5 %", "95 %", "runs", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in summary["outcomes"]:
        if (row["theory"], row["set"]) == (theory, kind):
            values = (figure(row["mean"]), figure(row["low"]), figure(row["high"]), str(row["n"]), str(row["failed"]))
            table.add_row(row["scenario"], row["measure"], *values)
    return table


def difference_table(summary: dict[str, Any], theory: str, kind: str) -> Table:
    """Paired differences with interval, parts, share of runs above and below zero, and what pairing gained."""
    rows = [row for row in summary["differences"] if (row["theory"], row["set"]) == (theory, kind)]
    table = Table(title=f"{theory}, paired differences {SETS[kind]}", title_justify="left")
    table.add_column("difference", no_wrap=True)
    for name in ("mean", "95 % interval", "by co-location", "by joint share", "+ / − %", "r", "gain"):
        table.add_column(name, justify="right", no_wrap=True)
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        table.add_row(f"[bold]{rows[0]['first']} less {scenario}[/bold]")
        for row in rows:
            if row["scenario"] == scenario:
                table.add_row(
                    row["measure"],
                    figure(row["mean"], 5),
                    f"{figure(row['low'], 5)} … {figure(row['high'], 5)}",
                    figure(row["colocation_part"], 5),
                    figure(row["joint_part"], 5),
                    f"{100 * row['positive']:.0f} / {100 * row['negative']:.0f}",
                    figure(row["correlation"], 2),
                    figure(row["variance_gain"], 0),
                )
    return table
