"""Pages that say what a test of hypotheses found, in Markdown, from its tables alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from eurasia_sim.compute.jit import model_version
from eurasia_sim.hypotheses.evaluation import Effort, Evaluation
from eurasia_sim.hypotheses.hypothesis import Family
from eurasia_sim.hypotheses.schema import NULL_EXPECTED
from eurasia_sim.hypotheses.verdicts import (
    CONDITIONAL,
    CONTRADICTED,
    ENTAILED,
    REPORTED,
    SUPPORTED,
    UNDETERMINED,
)
from eurasia_sim.reports.markdown import Row, known, number, percent, rows_of, table
from eurasia_sim.reports.scope_map import map_path
from eurasia_sim.world.world import World

_WORDS = (SUPPORTED, CONTRADICTED, CONDITIONAL, ENTAILED, UNDETERMINED, REPORTED)
_THROUGH = "through_"
_READING = """\
An effect is what the first arms give less what the second give, run by run under the same draws. Three layers:
**at reference** values, where runs differ by chance alone; **over the space** of everything uncertain (theories but the
null, forms, codings of the documents, all numbers); and **by theory and form**.

- *supported*: beyond the smallest effect that matters are the interval at reference, at least 80 % of the space, and
  every theory but the null; *contradicted*: the mirror of that.
- *conditional*: it holds in a region of the space, named in the parameters' own terms and judged on held-out draws
  (density ≥ 80 %, coverage ≥ 30 %).
- *entailed*: the sign holds in at least 99 % of draws from deliberately wide coefficients, so the form forces it and it
  is no evidence.
- *reported*: no sign was expected. *undetermined*: none of these.

Nothing here is a forecast."""


def findings_page(
    world: World, family: Family, result: Evaluation, effort: Effort, command: str, place: Path
) -> str:
    """The findings as one Markdown page.

    Args:
        command: what made it. place: where it will stand; pages of maps stand beside it.
    """
    sections = [
        f"# Findings: {family.title}",
        f"Written by the command below; edit `experiments/{family.path.name}` and run it again rather than this page.",
        f"```sh\n{command}\n```",
        _provenance(world, family, effort),
        _READING,
        "## Verdicts",
        _counted(result.verdicts),
        _verdicts(result.verdicts),
        *(f"Where the rivals {' and '.join(each.rivals)} hold: [{each.says}]({map_path(place, each).name})"
          for each in family.maps),
        _precision(result),
        "## What is entailed",
        _entailed(result.parts),
        "## Baselines",
        _placebos(result),
        _null(world, result),
        "## What the spread is made of",
        _shares(result.shares),
        "## Every hypothesis",
        *(_hypothesis(world, row, result) for row in rows_of(result.verdicts)),
    ]  # fmt: skip
    return "\n\n".join(section for section in sections if section) + "\n"


def _provenance(world: World, family: Family, effort: Effort) -> str:
    """What decides the numbers, in one paragraph."""
    return (
        f"Hash of the hypotheses `{family.digest}`, world `{world.name}` (`{world.digest[:12]}`), model"
        f" `{model_version()}`, seed {effort.seed}. At reference {effort.runs} runs an arm, and {effort.runs_a_theory}"
        f" under each other theory and form; {effort.points} points of the space a theory, {effort.replicates} runs"
        f" each; {effort.wide} draws of wide coefficients; {effort.held} runs with a mechanism held."
    )


def _counted(verdicts: pd.DataFrame) -> str:
    """How many of each verdict, and which."""
    found = {word: list(verdicts.loc[verdicts["verdict"] == word, "hypothesis"]) for word in _WORDS}
    return "\n".join(f"- **{word}**: {', '.join(ids)}" for word, ids in found.items() if ids)


def _verdicts(verdicts: pd.DataFrame) -> str:
    rows = [
        (
            row["hypothesis"],
            row["says"],
            f"**{row['verdict']}**",
            _space(row),
            _region(row),
            row["source"] or "–",
        )
        for row in rows_of(verdicts)
    ]
    return table(("", "says", "verdict", "share of the space [95 %]", "where", "source"), rows)


def _precision(result: Evaluation) -> str:
    """How well shares and effects are known."""
    said = []
    counted = result.verdicts[result.verdicts["points"] > 0]
    if len(counted):
        half = (counted["share_high"] - counted["share_low"]).max() / 2
        said += [
            f"Precision reached: {counted['points'].max()} points of the space count, so that a share of it is known"
        ]
        said += [f"to within ±{100 * half:.1f} percentage points (95 %)."]
    widths = (result.parts["high"] - result.parts["low"]) / 2 / result.parts["smallest"]
    if widths.notna().any():
        said += [
            f"Intervals at reference reach ±{widths.median():.2f} smallest effects (middle of the parts),"
        ]
        said += [f"±{widths.max():.2f} at most."]
    said += [
        f"At most {result.parts['failed'].max()} of {result.parts['n'].max()} runs of a part failed at reference."
    ]
    return " ".join(said)


def _entailed(parts: pd.DataFrame) -> str:
    """Every part that the form forces, by name."""
    forced = parts[parts["word"] == ENTAILED]
    if forced.empty:
        return "Nothing: no expected sign held in 99 % of the draws of wide coefficients."
    return "\n".join(
        f"- **{row['hypothesis']}**, {row['part'] or 'its one part'}: expected {row['sign']}, found in "
        f"{percent(row['forced'])} of the wide draws. It counts as no evidence."
        for row in rows_of(forced)
    )


def _placebos(result: Evaluation) -> str:
    """Hypotheses that expect nothing, and whether nothing came."""
    expects = result.parts.groupby("hypothesis", sort=False)["sign"].agg(
        lambda signs: set(signs) == {NULL_EXPECTED}
    )
    names = list(expects[expects].index)
    if not names:
        return "No placebo is among the hypotheses tested."
    verdicts = result.verdicts.set_index("hypothesis")["verdict"]
    rows = [
        (row["hypothesis"], row["part"], _effect(row), percent(row["share_of_space"]), row["word"])
        for row in rows_of(result.parts[result.parts["hypothesis"].isin(names)])
    ]
    broken = [name for name in names if verdicts[name] != SUPPORTED]
    said = (
        "Every placebo came out null, as it must."
        if not broken
        else f"**Not null: {', '.join(broken)}.** An effect where none can be is a fault of the test, or of the model."
    )
    head = ("", "part", "effect at reference [95 %]", "no effect in", "word (supported: no effect)")
    return f"{said}\n\n{table(head, rows)}"


def _null(world: World, result: Evaluation) -> str:
    """Which expected signs the null theory shows as well."""
    under = result.theories[
        (result.theories["kind"] == "theory") & (result.theories["under"] == world.null_theory)
    ]
    signed = result.parts.loc[result.parts["sign"].isin(("+", "-")), ["hypothesis", "part"]]
    also = under[under["holds"]].merge(signed, on=["hypothesis", "part"])
    head = f"The null theory `{world.null_theory}` sees no threat and answers nothing. "
    if also.empty:
        return head + "It shows none of the signed effects that the hypotheses expect."
    named = "; ".join(f"{row['hypothesis']}, {row['part']}" for row in rows_of(also))
    return (
        head
        + f"It shows these expected effects as well, which are therefore no support for a theory: {named}."
    )


def _shares(shares: pd.DataFrame) -> str:
    """How the spread of every reading divides, over the scenarios it is read off."""
    if shares.empty:
        return ""
    names = [name for name in shares.columns if name not in ("reading", "scenarios")]
    rows = [
        (row["reading"], row["scenarios"], *(percent(row[name]) for name in names))
        for row in rows_of(shares)
    ]
    lead = (
        "Shares of the variance over scenarios, points of the space and repeated runs (main effects). *interplay* is"
        " what scenarios do differently at different points; *coding* is whose reading of the documents."
    )
    return f"{lead}\n\n{table(('reading', 'scenarios', *names), rows)}"


def _hypothesis(world: World, verdict: Row, result: Evaluation) -> str:
    """Everything found of one hypothesis."""
    name = verdict["hypothesis"]
    parts = rows_of(result.parts[result.parts["hypothesis"] == name])
    rivals = result.theories[result.theories["hypothesis"] == name]
    sections = [
        f"### {name}: {verdict['verdict']}",
        " ".join(
            filter(
                None,
                (verdict["says"], verdict["note"], f"*Source: {verdict['source'] or 'ours'}.*"),
            )
        ),
        f"It holds in {_space(verdict)} of the space." if verdict["points"] else "",
        f"Where: {_region(verdict)}." if verdict["region"] else "",
        _parts(parts),
        _under(world, parts, rivals),
        _reversals(parts),
        _paths(parts),
    ]
    return "\n\n".join(section for section in sections if section)


def _parts(parts: Sequence[Row]) -> str:
    head = (
        "part", "first less second", "expected", "effect at reference [95 %]", "in standard deviations",
        "co-location, joint share", "correlation, variance gain of pairing", "holds in", "opposite in", "null",
        "forced", "word",
    )  # fmt: skip
    rows = [
        (
            row["part"],
            row["plus"] + (f" less {row['less']}" if row["less"] else ""),
            f"{row['sign']} {row['smallest']:g}",
            _effect(row),
            number(row["size"], 2),
            _joined(row["colocation_part"], row["joint_part"]),
            f"{number(row['correlation'], 2)}, ×{row['variance_gain']:.3g}"
            if known(row["variance_gain"])
            else "–",
            percent(row["share_of_space"]),
            percent(row["mirrored"]),
            number(row["null_mean"]),
            percent(row["forced"]),
            row["word"],
        )
        for row in parts
    ]
    return table(head, rows)


def _under(world: World, parts: Sequence[Row], rivals: pd.DataFrame) -> str:
    """Effects at reference under every theory and form; ✓ as expected beyond the smallest effect, ✗ the opposite."""
    columns = list(dict.fromkeys(rivals["under"]))
    rows = []
    for part in parts:
        cells = rivals[rivals["part"] == part["part"]].set_index("under").to_dict("index")
        marks = {
            name: "✓" if cell["holds"] else "✗" if cell["mirrors"] else ""
            for name, cell in cells.items()
        }
        rows.append(
            (
                part["part"],
                *(f"{number(cells[name]['mean'])} {marks[name]}".strip() for name in columns),
            )
        )
    titles = [f"{name} (null)" if name == world.null_theory else name for name in columns]
    return "By theory and form (✓ as expected, ✗ the opposite):\n\n" + table(
        ("part", *titles), rows
    )


def _reversals(parts: Sequence[Row]) -> str:
    said = [f"- {row['part'] or 'effect'}: {row['reversal']}" for row in parts if row["reversal"]]
    return "What would reverse the sign at reference:\n\n" + "\n".join(said) if said else ""


def _paths(parts: Sequence[Row]) -> str:
    """Through what each effect travels."""
    names = [key for key in (parts[0] if parts else {}) if key.startswith(_THROUGH)]
    moved = [row for row in parts if any(known(row[name]) for name in names)]
    if not moved:
        return ""
    rows = [(row["part"], *(percent(row[name]) for name in names)) for row in moved]
    lead = "Through what it travels: share of the effect that goes when one mechanism is held on the other arm's path."
    return f"{lead}\n\n{table(('part', *(name.removeprefix(_THROUGH) for name in names)), rows)}"


def _joined(meeting: float, joining: float) -> str:
    return f"{number(meeting)}, {number(joining)}" if known(meeting) else "–"


def _effect(row: Row) -> str:
    return f"{number(row['mean'])} [{number(row['low'])}, {number(row['high'])}]"


def _space(row: Row) -> str:
    if not row["points"]:
        return "–"
    return f"{percent(row['share_of_space'])} [{percent(row['share_low'])}, {percent(row['share_high'])}]"


def _region(row: Row) -> str:
    if not row["region"]:
        return ""
    return f"{row['region']} (density {percent(row['density'])}, coverage {percent(row['coverage'])} on held-out draws)"
