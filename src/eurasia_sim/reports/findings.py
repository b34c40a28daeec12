"""Pages that say what a test of hypotheses found, in Markdown, from its tables alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from eurasia_sim.compute.jit import model_version
from eurasia_sim.figures.style import rows_of
from eurasia_sim.hypotheses import verdicts as words
from eurasia_sim.hypotheses.effort import Effort
from eurasia_sim.hypotheses.evaluation import Evaluation
from eurasia_sim.hypotheses.hypothesis import Family
from eurasia_sim.hypotheses.schema import NULL_EXPECTED
from eurasia_sim.reports.markdown import known, number, percent, plain, plain_table, table
from eurasia_sim.reports.scope_map import map_path
from eurasia_sim.world.world import World

Row = Mapping[str, Any]
_WORDS = (
    words.SUPPORTED, words.CONTRADICTED, words.CONDITIONAL, words.ENTAILED, words.UNDETERMINED,
    words.REPORTED,
)  # fmt: skip
_THROUGH = "through_"
_READING = """\
An effect is what the first arms give less what the second give, run by run under the same draws. \
Three layers:
**at reference** values, where runs differ by chance alone; **over the space** of everything \
uncertain (theories but the
null, forms, codings of the documents, all numbers); and **by theory and form**.

- *supported*: beyond the smallest effect that matters are the interval at reference, at least \
80 % of the space, and
  every theory but the null; *contradicted*: the mirror of that.
- *conditional*: it holds in a region of the space, named in the parameters' own terms and judged \
on held-out draws
  (density ≥ 80 %, coverage ≥ 30 %).
- *entailed*: the sign holds in at least 99 % of draws from deliberately wide coefficients, so the \
form forces it and it
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
    result = Evaluation(**{name: plain_table(each) for name, each in vars(result).items()})
    edit = f"edit `experiments/{family.path.name}` and run it again rather than this page"
    sections = [
        f"# Findings: {plain(family.title)}",
        f"Written by the command below; {edit}.",
        f"```sh\n{command}\n```",
        (f"Hash of the hypotheses `{family.digest}`, world `{world.name}` "
        f"(`{world.digest[:12]}`), model `{model_version()}`, seed {effort.seed}. At reference "
        f"{effort.runs} runs an arm, and {effort.runs_a_theory} under each other theory and form; "
        f"{effort.points} points of the space a theory, {effort.replicates} runs each; "
        f"{effort.wide} draws of wide coefficients; {effort.held} runs with a mechanism held."),
        _READING,
        "## Verdicts", _count_verdicts(result.verdicts), _verdicts(result.verdicts),
        *(
            f"Where the rivals {' and '.join(map(plain, each.rivals))} hold: "
            f"[{plain(each.says)}]({quote(map_path(place, each).name)})"
            for each in family.maps
        ),
        _precision(result),
        "## What is entailed", _entailed(result.parts),
        "## Baselines", _placebos(result), _null(world, result),
        "## What the spread is made of", _shares(result.shares),
        "## Every hypothesis",
        *(_hypothesis(world, row, result) for row in rows_of(result.verdicts)),
    ]  # fmt: skip
    return "\n\n".join(section for section in sections if section) + "\n"


def _count_verdicts(verdicts: pd.DataFrame) -> str:
    """Which hypotheses have each verdict."""
    found = verdicts.groupby("verdict")["hypothesis"].agg(", ".join)
    return "\n".join(f"- **{word}**: {found[word]}" for word in _WORDS if word in found)


def _verdicts(verdicts: pd.DataFrame) -> str:
    rows = [
        (
            row["hypothesis"], row["says"], f"**{row['verdict']}**", _space(row), _region(row),
            row["source"] or "–",
        )
        for row in rows_of(verdicts)
    ]  # fmt: skip
    return table(("", "says", "verdict", "share of the space [95 %]", "where", "source"), rows)


def _precision(result: Evaluation) -> str:
    """How well shares and effects are known."""
    parts, sentences = result.parts, []
    counted = result.verdicts[result.verdicts["points"] > 0]
    if len(counted):
        half = (counted["share_high"] - counted["share_low"]).max() / 2
        sentences.append(
            f"Precision reached: {counted['points'].max()} points of the space count, so that a "
            f"share of it is known to within ±{100 * half:.1f} percentage points (95 %)."
        )
    widths = (parts["high"] - parts["low"]) / 2 / parts["smallest"]
    if widths.notna().any():
        sentences.append(
            f"Intervals at reference reach ±{widths.median():.2f} smallest effects (middle of the "
            f"parts), ±{widths.max():.2f} at most."
        )
    failed = f"At most {parts['failed'].max()} of {parts['n'].max()} runs of a part failed"
    return " ".join([*sentences, f"{failed} at reference."])


def _entailed(parts: pd.DataFrame) -> str:
    """Every part that the form forces, by name."""
    forced = parts[parts["word"] == words.ENTAILED]
    if forced.empty:
        return "Nothing: no expected sign held in 99 % of the draws of wide coefficients."
    return "\n".join(
        f"- **{row['hypothesis']}**, {row['part'] or 'its one part'}: expected {row['sign']}, "
        f"found in {percent(row['forced'])} of the wide draws. It counts as no evidence."
        for row in rows_of(forced)
    )


def _placebos(result: Evaluation) -> str:
    """Hypotheses that expect nothing, and whether nothing came."""
    expects = result.parts["sign"].eq(NULL_EXPECTED).groupby(result.parts["hypothesis"]).all()
    placebos = result.parts[result.parts["hypothesis"].map(expects)]
    if placebos.empty:
        return "No placebo is among the hypotheses tested."
    named = result.verdicts[result.verdicts["hypothesis"].isin(placebos["hypothesis"])]
    broken = list(named.loc[named["verdict"] != words.SUPPORTED, "hypothesis"])
    rows = [
        (
            row["hypothesis"], row["part"], _effect(row), percent(row["share_of_space"]),
            row["word"],
        )
        for row in rows_of(placebos)
    ]  # fmt: skip
    answer = "Every placebo came out null, as it must."
    if broken:
        fault = "An effect where none can be is a fault of the test, or of the model."
        answer = f"**Not null: {', '.join(broken)}.** {fault}"
    effect = "effect at reference [95 %]"
    head = ("", "part", effect, "no effect in", "word (supported: no effect)")
    return f"{answer}\n\n{table(head, rows)}"


def _null(world: World, result: Evaluation) -> str:
    """Which expected signs the null theory shows as well."""
    rivals, parts = result.theories, result.parts
    under = rivals[(rivals["kind"] == "theory") & (rivals["under"] == world.null_theory)]
    signed = parts.loc[parts["sign"].isin(("+", "-")), ["hypothesis", "part"]]
    also = under[under["holds"]].merge(signed, on=["hypothesis", "part"])
    lead = f"The null theory `{world.null_theory}` answers no threat and moves by chance alone. "
    if also.empty:
        return lead + "It shows none of the signed effects that the hypotheses expect."
    named = "; ".join(f"{row['hypothesis']}, {row['part']}" for row in rows_of(also))
    no_support = "which are therefore no support for a theory"
    return f"{lead}It shows these expected effects as well, {no_support}: {named}."


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
        "Shares of the variance over scenarios, points of the space and repeated runs (main "
        "effects). *interplay* is what scenarios do differently at different points; *coding* is "
        "whose reading of the documents."
    )
    return f"{lead}\n\n{table(('reading', 'scenarios', *names), rows)}"


def _hypothesis(world: World, verdict: Row, result: Evaluation) -> str:
    """Everything found of one hypothesis."""
    name = verdict["hypothesis"]
    parts = rows_of(result.parts[result.parts["hypothesis"] == name])
    rivals = result.theories[result.theories["hypothesis"] == name]
    source = f"*Source: {verdict['source'] or 'ours'}.*"
    reversals = [
        f"- {row['part'] or 'effect'}: {row['reversal']}" for row in parts if row["reversal"]
    ]
    sections = [
        f"### {name}: {verdict['verdict']}",
        " ".join(filter(None, (verdict["says"], verdict["note"], source))),
        f"It holds in {_space(verdict)} of the space." if verdict["points"] else "",
        f"Where: {_region(verdict)}." if verdict["region"] else "",
        _parts(parts),
        _under(world, parts, rivals),
        "\n".join(["What would reverse the sign at reference:\n", *reversals]) if reversals else "",
        _paths(parts),
    ]
    return "\n\n".join(section for section in sections if section)


def _parts(parts: Sequence[Row]) -> str:
    head = (
        "part", "first less second", "expected", "effect at reference [95 %]",
        "in standard deviations", "co-location, joint share",
        "correlation, variance gain of pairing", "holds in", "opposite in", "null", "forced",
        "word",
    )  # fmt: skip
    rows = []
    for row in parts:
        split, paired = "–", "–"
        if known(row["colocation_part"]):
            split = f"{number(row['colocation_part'])}, {number(row['joint_part'])}"
        if known(row["variance_gain"]):
            paired = f"{number(row['correlation'], 2)}, ×{row['variance_gain']:.3g}"
        less = f" less {row['less']}" if row["less"] else ""
        shares = [percent(row[name]) for name in ("share_of_space", "mirrored", "forced")]
        rows.append(
            (
                row["part"], row["plus"] + less, f"{row['sign']} {row['smallest']:g}",
                _effect(row), number(row["size"], 2), split, paired, *shares[:2],
                number(row["null_mean"]), shares[2], row["word"],
            )
        )  # fmt: skip
    return table(head, rows)


def _under(world: World, parts: Sequence[Row], rivals: pd.DataFrame) -> str:
    """Effects at reference under every theory and form, as expected or the opposite."""
    columns = list(dict.fromkeys(rivals["under"]))
    rows = []
    for part in parts:
        cells = rivals[rivals["part"] == part["part"]].set_index("under").to_dict("index")
        marks = {
            name: "✓" if cell["holds"] else "✗" if cell["mirrors"] else ""
            for name, cell in cells.items()
        }
        effects = (f"{number(cells[name]['mean'])} {marks[name]}".strip() for name in columns)
        rows.append((part["part"], *effects))
    titles = [f"{name} (null)" if name == world.null_theory else name for name in columns]
    lead = "By theory and form (✓ as expected, ✗ the opposite):"
    return f"{lead}\n\n{table(('part', *titles), rows)}"


def _paths(parts: Sequence[Row]) -> str:
    """Through what each effect travels."""
    names = [key for key in (parts[0] if parts else {}) if key.startswith(_THROUGH)]
    rows = [
        (row["part"], *(percent(row[name]) for name in names))
        for row in parts
        if any(known(row[name]) for name in names)
    ]
    if not rows:
        return ""
    lead = (
        "Through what it travels: share of the effect that goes when one mechanism is held on the "
        "other arm's path."
    )
    return f"{lead}\n\n{table(('part', *(n.removeprefix(_THROUGH) for n in names)), rows)}"


def _effect(row: Row) -> str:
    return f"{number(row['mean'])} [{number(row['low'])}, {number(row['high'])}]"


def _space(row: Row) -> str:
    if not row["points"]:
        return "–"
    low, high = percent(row["share_low"]), percent(row["share_high"])
    return f"{percent(row['share_of_space'])} [{low}, {high}]"


def _region(row: Row) -> str:
    if not row["region"]:
        return ""
    density, coverage = percent(row["density"]), percent(row["coverage"])
    return f"{row['region']} (density {density}, coverage {coverage} on held-out draws)"
