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
from eurasia_sim.reports.markdown import known, number, percent, plain, plain_table, table
from eurasia_sim.reports.scope_map import map_path
from eurasia_sim.world.world import World

Row = Mapping[str, Any]
_READING = """\
An effect is what the first arms give less what the second give, run by run under the same draws. \
It is read **at reference**
values, where runs differ by chance alone; **over the space** of everything uncertain (theories \
but the null, forms, codings of
the documents, all numbers in their declared ranges); **by theory and form**; and **under the \
fit** of the default theory to the
record. The words, each of which goes before the next; thresholds are in the hash:

- *not measurable*: a control that the measure needs did not come out.
- *entailed*: the sign holds in at least 99 % of draws from deliberately wide coefficients, so the \
form forces it and it
  is no evidence.
- *supported*: beyond the smallest effect that matters are the interval at reference, at least \
80 % of the space, and
  every theory but the null; *contradicted*: the mirror of that.
- *negligible*: within the smallest effect in at least 80 % of the space.
- *opposing channels*: where what an effect adds up from is declared: in at least half of the \
space both channels are beyond
  the smallest effect, and less than half of their sizes is left of them together.
- *hinges on*: it holds in a region of at most three numbers, judged on held-out draws (density \
≥ 80 %, coverage ≥ 30 %), or on
  one side of one number's zero (in at least 95 % of draws there, and in at most 5 % on the other).
- *undetermined*: none of these. *reported*: no sign was expected.

Under the fit the words mean the same over its members; they stand for one theory at its fitted \
numbers, so no other need agree.
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
        f"{effort.wide} draws of wide coefficients; {effort.runs} members of the fit."),
        "## In one sentence each", _sentences(result),
        _weakest(family),
        "## How to read it", _READING,
        "## Verdicts", _count_verdicts(result.verdicts), _verdicts(result.verdicts),
        *(
            f"Where the rivals {' and '.join(map(plain, each.rivals))} hold: "
            f"[{plain(each.says)}]({quote(map_path(place, each).name)})"
            for each in family.maps
        ),
        _precision(result),
        "## What is entailed", _entailed(result.parts),
        "## Controls", _controls(result),
        "## Baselines", _placebos(result), _null(world, result),
        "## What the spread is made of", _shares(result.shares),
        "## Every hypothesis",
        *(_hypothesis(world, row, result) for row in rows_of(result.verdicts)),
    ]  # fmt: skip
    return "\n\n".join(section for section in sections if section) + "\n"


def _sentences(result: Evaluation) -> str:
    """A sentence each; parts are named where their words differ."""
    found = []
    for row in rows_of(result.verdicts):
        own = result.parts[result.parts["hypothesis"] == row["hypothesis"]]
        parts = own.groupby("word", sort=False)["part"].agg(", ".join)
        named = "; ".join(f"{word}: {labels}" for word, labels in parts.items())
        found.append(_sentence(row) + f" ({named})" * (len(parts) > 1))
    return "\n".join(found)


def _sentence(row: Row) -> str:
    """A hypothesis in one sentence: its word, what it hinges on, and what the record says of it."""
    told = f"- **{row['hypothesis']}** ({row['says'].rstrip('.?')}) "
    told += f"is **{_word(row, '')}**" if row["verdict"] != words.HINGES else _word(row, "")
    if row["points"]:
        told += f": it holds in {percent(row['share_of_space'])} of the space"
    if known(row["left_by_fit"]):
        told += f"; {_left(row, '')}"
    if row["fit_verdict"]:
        share = f", in {percent(row['fit_share'])} of it" if row["members"] else ""
        told += f"; under the fit {_word(row, 'fit_')}{share}"
    return told + "."


def _word(row: Row, side: str) -> str:
    """A verdict, with the region that it hinges on or the controls that failed."""
    word = row[f"{side}verdict"]
    if word == words.HINGES:
        return f"**{word}** {row[f'{side}region']}"
    return f"{word} ({row[f'{side}failed']})" if word == words.NOT_MEASURABLE else str(word)


def _left(row: Row, side: str) -> str:
    fit, ranges = (percent(row[f"{side}left_by_{kind}"]) for kind in ("fit", "ranges"))
    return f"{fit} of the fit to the record and {ranges} of the declared ranges lie there"


def _weakest(family: Family) -> str:
    """Where the model is weakest, as the file of hypotheses says."""
    places = [f"{at}. {plain(place)}" for at, place in enumerate(family.weakest, 1)]
    return "\n".join(["## Where the model is weakest\n", *places]) if places else ""


def _count_verdicts(verdicts: pd.DataFrame) -> str:
    """Which hypotheses have each verdict."""
    found = verdicts.groupby("verdict")["hypothesis"].agg(", ".join)
    return "\n".join(f"- **{word}**: {found[word]}" for word in words.WORDS if word in found)


def _verdicts(verdicts: pd.DataFrame) -> str:
    rows = [
        (
            row["hypothesis"], row["says"], f"**{row['verdict']}**", row["fit_verdict"] or "–",
            _space(row), percent(row["fit_share"]), _region(row, ""), _region(row, "fit_"),
            row["source"] or "–",
        )
        for row in rows_of(verdicts)
    ]  # fmt: skip
    head = (
        "", "says", "verdict", "under the fit", "share of the space [95 %]", "of the fit",
        "hinges on", "under the fit, on", "source",
    )  # fmt: skip
    return table(head, rows)


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


def _baseline(result: Evaluation, kind: str) -> tuple[str, list[str]]:
    """A table of the parts of one kind of hypothesis, and which of the kind did not come out."""
    named = result.verdicts[result.verdicts["kind"] == kind]
    own = result.parts[result.parts["hypothesis"].isin(named["hypothesis"])]
    built = named.set_index("hypothesis")["built_in"]
    rows = [
        (
            row["hypothesis"] + (" (built in)" if built[row["hypothesis"]] else ""), row["part"],
            f"{row['sign']} {row['smallest']:.3g}", _effect(row), percent(row["share_of_space"]),
            percent(row["fit_share"]), percent(row["forced"]), row["word"],
        )
        for row in rows_of(own)
    ]  # fmt: skip
    head = (
        "", "part", "expected", "effect at reference [95 %]", "as expected in", "of the fit",
        "forced", "word",
    )  # fmt: skip
    missed = named.loc[named["verdict"] != words.SUPPORTED, "hypothesis"]
    return table(head, rows) if rows else "", list(missed)


def _controls(result: Evaluation) -> str:
    """Hypotheses whose effect must come, whether it came, and what hangs on it."""
    rows, missed = _baseline(result, "control")
    if not rows:
        return "No control is among the hypotheses tested."
    lost = result.verdicts[result.verdicts["failed"].astype(bool)]["hypothesis"]
    answer = "Every control came out, as it must."
    if missed:
        without = f" Without it not measurable: {', '.join(lost)}." if len(lost) else ""
        answer = f"**Did not come out: {', '.join(missed)}.**{without}"
    return f"{answer} *Built in*: a number's range, or the form, gives the sign.\n\n{rows}"


def _placebos(result: Evaluation) -> str:
    """Hypotheses that expect nothing, and whether nothing came."""
    rows, broken = _baseline(result, "placebo")
    if not rows:
        return "No placebo is among the hypotheses tested."
    answer = "Every placebo came out null, as it must."
    if broken:
        fault = "An effect where none can be is a fault of the test, or of the model."
        answer = f"**Not null: {', '.join(broken)}.** {fault}"
    return f"{answer}\n\n{rows}"


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
    both = f"It holds in {_space(verdict)} of the space"
    both += f", and in {percent(verdict['fit_share'])} of the fit" if verdict["members"] else ""
    sections = [
        f"### {name}: {verdict['verdict']}",
        " ".join(filter(None, (verdict["says"], verdict["note"], source))),
        f"{both}." if verdict["points"] else "",
        f"Where: {_region(verdict, '')}." if verdict["region"] else "",
        f"Where under the fit: {_region(verdict, 'fit_')}." if verdict["fit_region"] else "",
        _parts(parts),
        _under(world, parts, rivals),
    ]
    return "\n\n".join(section for section in sections if section)


def _parts(parts: Sequence[Row]) -> str:
    head = (
        "part", "first less second", "expected", "effect at reference [95 %]",
        "in standard deviations", "co-location, joint share",
        "correlation, variance gain of pairing", "holds in", "opposite in", "negligible in",
        "channels oppose in", "under the fit", "null", "forced", "word", "word under the fit",
    )  # fmt: skip
    rows = []
    for row in parts:
        split, paired = "–", "–"
        if known(row["colocation_part"]):
            split = f"{number(row['colocation_part'])}, {number(row['joint_part'])}"
        if known(row["variance_gain"]):
            paired = f"{number(row['correlation'], 2)}, ×{row['variance_gain']:.3g}"
        less = f" less {row['less']}" if row["less"] else ""
        shares = [percent(row[x]) for x in ("share_of_space", "mirrored", "negligible", "opposed")]
        fit = f"{number(row['fit_mean'])}, holds in {percent(row['fit_share'])}"
        rows.append(
            (
                row["part"], row["plus"] + less, f"{row['sign']} {row['smallest']:.3g}",
                _effect(row), number(row["size"], 2), split, paired, *shares, fit,
                number(row["null_mean"]), percent(row["forced"]), row["word"],
                row["fit_word"] or "–",
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


def _effect(row: Row) -> str:
    return f"{number(row['mean'])} [{number(row['low'])}, {number(row['high'])}]"


def _space(row: Row) -> str:
    if not row["points"]:
        return "–"
    low, high = percent(row["share_low"]), percent(row["share_high"])
    return f"{percent(row['share_of_space'])} [{low}, {high}]"


def _region(row: Row, side: str) -> str:
    if not row[f"{side}region"]:
        return ""
    density, coverage = percent(row[f"{side}density"]), percent(row[f"{side}coverage"])
    quality = f"density {density}, coverage {coverage} on held-out draws"
    left = f"; {_left(row, side)}" if known(row[f"{side}left_by_fit"]) else ""
    return f"{row[f'{side}region']} ({quality}{left})"
