"""The ensemble: fans, distributions and the paired difference to a second scenario, by batches."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import solara
from matplotlib.figure import Figure

from eurasia_sim.analysis.contrast import says
from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.analysis.headline import headlines, in_words
from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.paired_runs import BATCHES, Answer, answers
from eurasia_sim.dashboard.provenance import key_columns
from eurasia_sim.dashboard.session import Question, complaints
from eurasia_sim.dashboard.shared import words
from eurasia_sim.dashboard.views import Drawn, in_turn
from eurasia_sim.figures.style import Words, caption, readable, unit_of
from eurasia_sim.figures.time_series import outlook
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import range_draws, reference_draws

ALONE = "none: this scenario alone"
_CHANGED = "the same, with no lever changed"
_EDITED = "_edited"
Shown = tuple[Answer, Drawn | None, int]  # its figure, and of how many paired runs that is


def family_of(question: Question, second: str) -> list[Inputs]:
    """Inputs of the question and, under the same numbers and theory, of the second scenario.

    Raises:
        DataError: for a second that sets numbers or forms of its own, so that no runs pair.
    """
    world, scenario = shared.world(), question.resolved()
    first = prepare(world, scenario, question.theory)
    if second == ALONE:
        return [first]
    name = question.scenario if second == _CHANGED else second
    other = replace(question, scenario=name, settings=question.numbers())
    found = prepare(world, other.resolved(), first.theory)
    if found.rules != first.rules or not np.array_equal(found.row, first.row, equal_nan=True):
        reason = "sets numbers or forms of its own: its runs do not pair with these"
        raise DataError([f"{name} {reason}"])
    if question.settings or found.scenario.name == first.scenario.name:
        first = replace(first, scenario=replace(scenario, name=scenario.name + _EDITED))
    return [first, found]


def answered(
    question: Question, second: str, column: str, stop: threading.Event,
    *, over_ranges: bool = False,
) -> Iterator[Shown]:  # fmt: skip
    """Answer after answer, each first in numbers, beside the figure before it, and then drawn.

    Args:
        second: a scenario's name, or what the page offers in its place.
    """
    world, family, n = shared.world(), family_of(question, second), sum(BATCHES)
    draws = (
        range_draws(world, family[0], n, question.seed)
        if over_ranges
        else reference_draws(family[0], n, question.seed)
    )
    figure, count = None, 0
    for answer in answers(world, family, draws, column, stop):
        yield answer, figure, count
        if stop.is_set():
            return
        figure, count = drawn(answer, column, question, family[0].theory), len(answer.months)
        yield answer, figure, count


def warm() -> None:
    """Draw a first answer that nobody sees, so that no visitor waits for fonts and libraries."""
    question = Question(shared.first_scenario())
    columns = prepare(shared.world(), question.resolved()).columns
    growing = answered(question, ALONE, key_columns(columns)[0], threading.Event())
    next(shown for shown in growing if shown[1] is not None)


def drawn(answer: Answer, column: str, question: Question, theory: str) -> Drawn:
    """A fan of one column, and dots of its means."""
    world, scenarios, done = shared.world(), list(answer.sides), len(answer.months)
    parting = answer.parting if len(scenarios) > 1 else None
    counts = {name: (done, failed) for name, failed in answer.failed.items()}
    under = caption(counts, question.seed, theory)
    headings = ("month by month", f"mean from {answer.parting} on")
    title, unit = readable(column, world.names), unit_of(column)
    labels = Words(title, under, ", less: ".join(map(titled, scenarios)), world.names)

    def build() -> Figure:
        return outlook(answer.months, answer.means, parting, headings, labels, unit)

    return in_turn(build, f"{title}: {done} runs of {' and of '.join(scenarios)}, and their spread")


class Comparison:
    """What one visitor compares, kept while the view or the question changes."""

    def __init__(self) -> None:
        self.second = solara.Reactive(shared.second_scenario() or ALONE)
        self.column = solara.Reactive("")
        self.over_ranges = solara.Reactive(default_value=True)


@solara.component
def ComparisonView(question: Question, comparison: Comparison) -> None:
    """The second scenario, the measure, and the answer as it grows."""
    second, column, over_ranges = comparison.second, comparison.column, comparison.over_ranges
    columns = solara.use_memo(
        lambda: prepare(shared.world(), shared.scenarios()[question.scenario]).columns,
        [question.scenario],
    )
    choices = [ALONE, *([_CHANGED] if question.settings else []), *shared.scenarios()]
    other = second.value if second.value in choices else ALONE
    chosen = column.value if column.value in columns else key_columns(columns)[0]
    wide = over_ranges.value
    compute = partial(answered, question, other, chosen, over_ranges=wide)
    asked = [question, other, chosen, wide]
    result = solara.use_thread(compute, dependencies=asked, intrusive_cancel=False)
    with solara.ColumnsResponsive(12, medium=6):
        others = {name: shared.titles().get(name, name) for name in choices}
        shared.select("Against", others, other, second.set, "second")
        labels = {name: readable(name, shared.world().names) for name in columns}
        shared.select("Measure", labels, chosen, column.set, "measured")
    solara.Switch(label="over everything uncertain, not chance alone", value=over_ranges)
    if result.error is not None:
        solara.Error(complaints(result.error), classes=["problem"])
        return
    solara.ProgressLinear(result.state == solara.ResultState.RUNNING)
    if result.value is not None:
        AnswerView(*result.value, chosen)


@solara.component
def AnswerView(answer: Answer, figure: Drawn | None, drawn_runs: int, column: str) -> None:
    """An answer in words, its figure, and its numbers."""
    names, done = shared.world().names, len(answer.months)
    if len(answer.sides) > 1:
        one, other = map(titled, answer.sides)
        for row in headlines(*answer.sides.values()):
            sides = f"from “{other}” to “{one}”"
            words("p", in_words(row, sides, "", lambda name: readable(name, names)), "told")
        words("p", difference(answer, column), "difference")
    count = f"{done} of {sum(BATCHES)} paired runs, {answer.seconds:.2f} s"
    words("p", count, "answered", "quiet")
    if figure is not None:
        classes = ["figure", f"of-{drawn_runs}"]
        solara.HTML("div", unsafe_innerHTML=figure.element(), classes=classes)
    with solara.v.SimpleTable(dense=True, class_="found"), solara.v.Html(tag="tbody"):
        for cells in (("", "runs", "failed", "mean", "90 % of runs"), *_rows(answer, column)):
            with solara.v.Html(tag="tr"):
                for cell in cells:
                    words("td", cell)


def _rows(answer: Answer, column: str) -> Iterator[tuple[str, ...]]:
    """By scenario: runs, failed, mean after the parting and the range of nine tenths of runs."""
    for name, runs in answer.sides.items():
        low, high = runs[column].quantile([0.05, 0.95])
        counts = (str(len(runs)), str(answer.failed[name]))
        yield titled(name), *counts, f"{runs[column].mean():.4f}", f"{low:.4f} to {high:.4f}"


def titled(name: str) -> str:
    """The title of a scenario of an answer, which may be one that a visitor has changed."""
    own = name.removesuffix(_EDITED)
    return shared.titles().get(own, own) + (", as set here" if own != name else "")


def difference(answer: Answer, column: str) -> str:
    """The paired difference, first less second, in words."""
    one, other = answer.sides
    whole, level = answer.means[np.isfinite(answer.means)], answer.sides[other][column].mean()
    if not len(whole):
        return "No pair of runs is whole."
    low, high = mean_interval(whole)
    shares = {"pairs": len(whole), "above": (whole > 0).mean(), "below": (whole < 0).mean()}
    found = readable(column, shared.world().names)
    sentence = says(shares, found[0].upper() + found[1:], "so far")
    per_cent = f"{100 * whole.mean() / abs(level):+.1f} % of the level, " if level else ""
    mean = f"On average {per_cent}{whole.mean():+.5f}"
    interval = f"95 % interval of the mean {low:+.5f} to {high:+.5f}"
    return f"{titled(one)}, against: {titled(other)}. {sentence} {mean}; {interval}."
