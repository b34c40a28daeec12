"""The ensemble: fans, distributions and the paired difference to a second scenario, by batches."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import solara
from matplotlib.figure import Figure

from eurasia_sim.analysis.contrast import says
from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.analysis.headline import in_words
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.paired_runs import Answer, answers, draw
from eurasia_sim.dashboard.provenance import key_columns
from eurasia_sim.dashboard.session import Question, complaints
from eurasia_sim.dashboard.shared import words
from eurasia_sim.dashboard.views import Drawn, in_turn
from eurasia_sim.figures.style import Words, caption, readable
from eurasia_sim.figures.time_series import outlook
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation.inputs import Inputs, prepare

ALONE = "none: this scenario alone"
_CHANGED = "the same, with no lever changed"
_EDITED = "_edited"


@dataclass(frozen=True)
class Shown:
    """An answer and its figure, which may lag a batch behind."""

    answer: Answer
    figure: Drawn | None = None
    drawn: int = 0  # paired runs in the figure


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
    """Answer after answer, each first in numbers and then drawn.

    Args:
        second: a scenario's name, or what the page offers in its place.
    """
    family = family_of(question, second)
    draws = draw(shared.world(), family[0], question.seed, over_ranges=over_ranges)
    figure, count = None, 0
    for answer in answers(family, draws, column, stop):
        yield Shown(answer, figure, count)
        if stop.is_set():
            return
        figure, count = drawn(answer, column, question, family[0].theory), answer.done
        yield Shown(answer, figure, count)


def warm() -> None:
    """Draw a first answer that nobody sees, so that no visitor waits for fonts and libraries."""
    question = Question(shared.first_scenario())
    columns = prepare(shared.world(), question.resolved()).columns
    growing = answered(question, ALONE, key_columns(columns)[0], threading.Event())
    next(shown for shown in growing if shown.figure is not None)


def drawn(answer: Answer, column: str, question: Question, theory: str) -> Drawn:
    """Fans of one column and clouds of its means."""
    world, scenarios = shared.world(), answer.names
    runs = dict.fromkeys(scenarios, answer.done)
    under = caption(runs, answer.failed, question.seed, theory)
    fan, means, signed = _fan(answer), _gap(answer), len(scenarios) > 1
    parting = world.date(answer.parting) if signed else None
    headings = ("month by month", f"mean from {world.date(answer.parting)} on")
    title, unit = readable(column, world.names), str(measures()[column.partition(".")[0]]["unit"])
    labels = Words(title, under, ", less: ".join(map(titled, scenarios)), world.names)

    def build() -> Figure:
        return outlook(fan, means, parting, headings, labels, unit, signed=signed)

    of = " and of ".join(scenarios)
    return in_turn(build, f"{title}: {answer.done} runs of {of}, month by month and spread")


def _fan(answer: Answer) -> pd.DataFrame:
    """A row a run, a column a month: one scenario's values, or the first's less the second's."""
    length = min(each.shape[1] for each in answer.trajectories.values())
    one, *other = (each[:, :length] for each in answer.trajectories.values())
    months = [shared.world().date(answer.first + t) for t in range(length)]
    return pd.DataFrame(one - other[0] if other else one, columns=months)


def _gap(answer: Answer) -> Floats:
    """(R,) means of one scenario, or of the first less the second; NaN where a run failed."""
    one, *other = answer.means.values()
    return one - other[0] if other else one


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

    def compute(stop: threading.Event) -> Iterator[Shown]:
        return answered(question, other, chosen, stop, over_ranges=wide)

    asked = [question, other, chosen, wide]
    result = solara.use_thread(compute, dependencies=asked, intrusive_cancel=False)
    with solara.Columns([1, 1]):
        shared.select(
            "Against",
            {name: shared.titles().get(name, name) for name in choices},
            other,
            second.set,
            "second",
        )
        every = list(columns)
        solara.Select("Measure", every, chosen, column.set, dense=True, classes=["measured"])
    solara.Switch(label="over everything uncertain, not chance alone", value=over_ranges)
    if result.error is not None:
        solara.Error(complaints(result.error), classes=["problem"])
        return
    solara.ProgressLinear(result.state == solara.ResultState.RUNNING)
    if result.value is not None:
        AnswerView(result.value, chosen)


@solara.component
def AnswerView(shown: Shown, column: str) -> None:
    """An answer in words, its figure, and its numbers."""
    answer, names = shown.answer, shared.world().names
    count = f"{answer.done} of {answer.total} paired runs, {answer.seconds:.2f} s"
    if len(answer.names) > 1:
        one, other = map(titled, answer.names)
        for row in answer.headlines:
            sides = f"from “{other}” to “{one}”"
            words("p", in_words(row, sides, "", lambda name: readable(name, names)), "headline")
        words("p", difference(answer, column), "difference")
    words("p", count, "answered", "quiet")
    if shown.figure is not None:
        classes = ["figure", f"of-{shown.drawn}"]
        solara.HTML("div", unsafe_innerHTML=shown.figure.element(), classes=classes)
    with solara.v.SimpleTable(dense=True, class_="found"), solara.v.Html(tag="tbody"):
        for cells in (("", "runs", "failed", "mean", "90 % of runs"), *_rows(answer)):
            with solara.v.Html(tag="tr"):
                for cell in cells:
                    words("td", cell)


def _rows(answer: Answer) -> Iterator[Sequence[str]]:
    """By scenario: runs, failed, mean after the parting and the range of nine tenths of runs."""
    for name, means in answer.means.items():
        whole = means[np.isfinite(means)]
        low, high = np.quantile(whole, [0.05, 0.95]) if len(whole) else (np.nan, np.nan)
        mean = whole.mean() if len(whole) else np.nan
        counts = (str(answer.done), str(answer.failed[name]))
        yield titled(name), *counts, f"{mean:.4f}", f"{low:.4f} to {high:.4f}"


def titled(name: str) -> str:
    """The title of a scenario of an answer, which may be one that a visitor has changed."""
    own = name.removesuffix(_EDITED)
    return shared.titles().get(own, own) + (", as set here" if own != name else "")


def difference(answer: Answer, column: str) -> str:
    """The paired difference, first less second, in words."""
    one, other = answer.names
    gap, level = _gap(answer), float(np.nanmean(answer.means[other]))
    whole = gap[np.isfinite(gap)]
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
