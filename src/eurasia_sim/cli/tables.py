"""Tables and lines for the terminal: runs, tests, scores, blocs and the agreement of codings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from eurasia_sim.evidence.claims import Evidence
    from eurasia_sim.evidence.intercoder import Agreement
    from eurasia_sim.hypotheses.evaluation import Evaluation

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
            values = (
                figure(row["mean"]),
                figure(row["low"]),
                figure(row["high"]),
                str(row["n"]),
                str(row["failed"]),
            )
            table.add_row(row["scenario"], row["measure"], *values)
    return table


def difference_table(summary: dict[str, Any], theory: str, kind: str) -> Table:
    """Paired differences with interval, parts, share of runs above and below zero, and what pairing gained."""
    rows = [row for row in summary["differences"] if (row["theory"], row["set"]) == (theory, kind)]
    table = Table(title=f"{theory}, paired differences {SETS[kind]}", title_justify="left")
    table.add_column("difference", no_wrap=True)
    for name in (
        "mean",
        "95 % interval",
        "by co-location",
        "by joint share",
        "+ / − %",
        "r",
        "gain",
    ):
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
        table.add_column(
            name, justify="left" if name in {"", "part", "word"} else "right", overflow="fold"
        )
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
            row["hypothesis"],
            row["says"],
            row["verdict"],
            space if row["points"] else "",
            region(row),
            row["source"],
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


# What a score is of, in the words and order of `validation.SIDES`.
_TITLES = {
    "model": "over the ranges",
    "reference": "at reference",
    "null": "null theory",
    "unchanged": "no change",
}


def score_table(scores: Sequence[Mapping[str, Any]], title: str) -> Table:
    """Mean pass probability and Brier score of all patterns that count, and of either half."""
    table = Table(title=title, title_justify="left")
    for name in ("", "patterns", *(f"{_TITLES[side]} (Brier)" for side in _TITLES)):
        table.add_column(name, justify="left" if not name else "right")
    for row in scores:
        cells = [f"{share(row['score'][side])} ({row['brier'][side]:.3f})" for side in _TITLES]
        table.add_row(row["half"].replace("_", " "), str(row["patterns"]), *cells)
    return table


def pattern_rows(patterns: pd.DataFrame, title: str, *, why: bool = False) -> Table:
    """A row a pattern, those that fewest runs pass first.

    Args:
        why: add the first reason why a pattern is circular.
    """
    table = Table(title=title, title_justify="left")
    for name in (
        "pattern",
        "says",
        "kind",
        "half",
        *(_TITLES[side] for side in _TITLES),
        *(["why"] if why else []),
    ):
        table.add_column(
            name, overflow="fold", justify="right" if name in _TITLES.values() else "left"
        )
    for row in patterns.sort_values("model", kind="stable").to_dict("records"):
        shown = [row["pattern"], row["says"], row["kind"], row["half"].replace("_", " ")]
        table.add_row(
            *shown,
            *(share(row[side]) for side in _TITLES),
            *([_first(row["circular"])] if why else []),
        )
    return table


def _first(reasons: str) -> str:
    """The first of several reasons, and how many more there are."""
    first, *more = reasons.split("; ")
    return f"{first} (and {len(more)} more)" if more else first


def fit_table(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], n: int
) -> Table:
    """Scores of fresh runs before and after a fit, half by half, with the baselines."""
    table = Table(
        title=f"score of {n} fresh runs a side (Brier); the held-back half took no part",
        title_justify="left",
    )
    for name in (
        "",
        "patterns",
        "before the fit",
        "after the fit",
        _TITLES["null"],
        _TITLES["unchanged"],
    ):
        table.add_column(name, justify="left" if not name else "right")
    for old, new in zip(before, after, strict=True):
        sides = ((old, "model"), (new, "model"), (old, "null"), (old, "unchanged"))
        cells = [f"{share(row['score'][side])} ({row['brier'][side]:.3f})" for row, side in sides]
        table.add_row(old["half"].replace("_", " "), str(old["patterns"]), *cells)
    return table


def contraction_table(numbers: pd.DataFrame, title: str) -> Table:
    """A row a number: what its range became."""
    table = Table(title=title, title_justify="left")
    for name in (
        "number",
        "declared range",
        "mean, before to after",
        "contraction",
        "shift in sd",
        "p",
        "q",
    ):
        table.add_column(name, overflow="fold", justify="left" if name == "number" else "right")
    for row in numbers.to_dict("records"):
        table.add_row(
            row["number"], f"{row['low']:.3g} to {row['high']:.3g}", f"{row['prior_mean']:.3g} to {row['mean']:.3g}",
            f"{row['contraction']:.1%}", f"{row['shift']:+.2f}", f"{row['p']:.2g}", f"{row['q']:.2g}",
        )  # fmt: skip
    return table


def finite(value: Any) -> Any:
    """The same with null for what is no number."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def bloc_splits(result: dict[str, Any]) -> Table:
    """The most frequent splits of each theory, and of the affinities that its runs were given."""
    from eurasia_sim.analysis.blocs import AFFINITIES

    table = Table(title="splits, most frequent first", title_justify="left")
    table.add_column("theory", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("sides")
    for theory, found in result["theories"].items():
        for label, divided in ((theory, found), (f"  {AFFINITIES}", found[AFFINITIES])):
            for at, each in enumerate(divided["splits"]):
                sides = " | ".join(", ".join(side) for side in each["sides"])
                table.add_row(label if at == 0 else "", f"{100 * each['share']:.1f} %", sides)
        if found["failed"]:
            table.add_row(
                "", "", f"{found['failed']} of {found['runs']} runs failed and count nowhere"
            )
    return table


def bloc_lineups(result: dict[str, Any]) -> Table:
    """Share of runs that hold each line-up, and mean adjusted Rand index, by theory and beside the baselines."""
    from eurasia_sim.analysis.blocs import AFFINITIES

    table = Table(
        title="share of runs that hold a line-up (mean adjusted Rand index)", title_justify="left"
    )
    table.add_column("theory", no_wrap=True)
    for name in result["lineups"]:
        table.add_column(name, justify="right", no_wrap=True)
    for theory, found in result["theories"].items():
        for label, divided in ((theory, found), (f"  {AFFINITIES}", found[AFFINITIES])):
            held = divided["lineups"].values()
            table.add_row(
                label,
                *(f"{100 * each['share']:.1f} % ({each['adjusted_rand']:.2f})" for each in held),
            )
    for label, shares in result["baselines"].items():
        table.add_row(f"baseline: {label}", *(f"{100 * share:.1f} %" for share in shares.values()))
    return table


def bloc_leanings(result: dict[str, Any]) -> Table:
    """Mean alignment of every pair, by theory."""
    theories = result["theories"]
    table = Table(title="mean alignment of the two", title_justify="left")
    table.add_column("pair", no_wrap=True)
    for theory in theories:
        table.add_column(theory, justify="right")
    for pair in next(iter(theories.values()))["alignment"]:
        table.add_row(pair, *(f"{found['alignment'][pair]:+.2f}" for found in theories.values()))
    return table


def agreement_lines(evidence: Evidence, compared: Sequence[Agreement]) -> Iterator[str]:
    """The coders, the agreement of each round by construct and passage, and how judged claims fared."""
    for role, who in evidence.coders.items():
        yield f"{role}: {who}"
    if not compared:
        yield "there is no second coding to compare with"
    for each in compared:
        yield f"round {each.round}: ordinal alpha {each.overall.alpha:.3f} [{each.low:.3f}, {each.high:.3f}]"
        yield f"  {'':<12}  alpha  both  only first  only second"
        for name, part in [("all", each.overall), *each.constructs.items()]:
            alpha = "    -" if math.isnan(part.alpha) else f"{part.alpha:5.2f}"
            yield f"  {name:<12}  {alpha}  {part.pairable:4d}  {part.first_only:10d}  {part.second_only:11d}"
        seen = each.passages
        yield (
            f"  passages: alpha {seen.alpha:.3f}, Jaccard {seen.jaccard:.3f} ({seen.both} marked by both,"
            f" {seen.first_only} by the first alone, {seen.second_only} by the second alone, of {seen.universe})"
        )
    yield from support_lines(dict(evidence.support))


def support_lines(support: dict[str, Any]) -> Iterator[str]:
    """How claims fared that were judged against their sentences."""
    for each in support.get("samples", []):
        verdicts = [entry["verdict"] for entry in each["verdicts"]]
        counts = ", ".join(
            f"{verdicts.count(word)} {word}" for word in ("supported", "overstated", "unsupported")
        )
        yield f"support, {each['name']}: of {len(verdicts)} claims drawn at random {counts}"
