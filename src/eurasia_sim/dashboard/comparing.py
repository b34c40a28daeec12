"""The ensemble: a fan, a distribution and the paired difference to a second scenario, better with every batch."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import solara
from matplotlib.figure import Figure

from eurasia_sim.analysis.differences import mean_interval
from eurasia_sim.dashboard import served
from eurasia_sim.dashboard.contrast import Answer, Pasts, answers, draw
from eurasia_sim.dashboard.drawing import Drawn, in_turn
from eurasia_sim.dashboard.explaining import key_columns, names
from eurasia_sim.dashboard.question import Question, complaints, resolved
from eurasia_sim.dashboard.wording import words
from eurasia_sim.figures.style import Words, caption, readable
from eurasia_sim.figures.time_series import outlook
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.user_yaml import InputProblems
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation.inputs import Inputs, prepare

ALONE = "none: this scenario alone"
_CHANGED = "the same, with no lever changed"
_PASTS = Pasts()


@dataclass(frozen=True)
class Shown:
    """An answer and the figure drawn of it, which may lag a batch behind."""

    answer: Answer
    figure: Drawn | None = None
    drawn: int = 0  # paired runs in the figure


def family_of(question: Question, second: str) -> list[Inputs]:
    """What the kernel is given for the question and, under the same numbers and theory, for the second scenario.

    Raises:
        DataError: where the second sets numbers or forms of its own, so that no run of one pairs with one of the other.
    """
    world, scenarios = served.world(), served.scenarios()
    scenario = resolved(world, scenarios, question)
    first = prepare(world, scenario, question.theory)
    if second == ALONE:
        return [first]
    numbers = tuple(each for each in question.settings if each.partition("=")[0] in world.numbers)
    if second == _CHANGED:
        other = replace(question, settings=numbers)
    else:
        other = replace(question, scenario=second, settings=numbers)
    found = prepare(world, resolved(world, scenarios, other), first.theory)
    if found.rules != first.rules or not np.array_equal(found.row, first.row, equal_nan=True):
        raise DataError(
            [f"{other.scenario} sets numbers or forms of its own: its runs do not pair with these"]
        )
    if found.scenario.name == first.scenario.name:
        renamed = replace(scenario, name=f"{scenario.name}_edited")
        first = replace(first, scenario=renamed)
    return [first, found]


def answered(
    question: Question,
    second: str,
    column: str,
    pasts: Pasts,
    stop: threading.Event,
    *,
    over_ranges: bool = False,
) -> Iterator[Shown]:
    """Answer after answer, each first in numbers and then drawn.

    Args:
        second: a scenario's name, or what the page offers in its place.
    """
    family = family_of(question, second)
    draws = draw(served.world(), family[0], question.seed, over_ranges=over_ranges)
    shown = None
    for answer in answers(family, draws, column, pasts, stop):
        yield Shown(answer, shown.figure, shown.drawn) if shown else Shown(answer)
        if stop.is_set():
            return
        shown = Shown(answer, drawn(answer, column, question, family[0].theory), answer.done)
        yield shown


def warm() -> None:
    """Draw a first answer that nobody sees, so that the first visitor does not wait for fonts and libraries to load."""
    question = Question(served.first_scenario())
    first = prepare(served.world(), served.scenarios()[question.scenario])
    growing = answered(question, ALONE, key_columns(first.columns)[0], _PASTS, threading.Event())
    for shown in growing:
        if shown.figure is not None:
            return


def drawn(answer: Answer, column: str, question: Question, theory: str) -> Drawn:
    """Fans of one column and clouds of its means."""
    world = served.world()
    runs = {name: count for name, (count, _) in zip(answer.names, answer.statuses, strict=True)}
    failed = {name: lost for name, (_, lost) in zip(answer.names, answer.statuses, strict=True)}
    said = caption(runs, failed, question.seed, answer.names, theory, served.judged())
    last = answer.first + max(each.shape[1] for each in answer.trajectories)
    months = pd.period_range(world.date(answer.first), world.date(last - 1), freq="M")
    parting = answer.parting - answer.first if len(answer.names) > 1 else None
    headings = ("month by month", f"mean from {world.date(answer.parting)} on")
    title, unit = readable(column, names()), str(measures()[column.partition(".")[0]]["unit"])

    def build() -> Figure:
        return outlook(
            answer.by_name(answer.trajectories), answer.by_name(answer.means), months, parting, headings,
            Words(title, said, names()), unit,
        )  # fmt: skip

    return in_turn(
        build,
        f"{title}: {answer.done} runs of {' and of '.join(answer.names)}, month by month and spread",
    )


class Comparison:
    """What one visitor compares, kept while other views are looked at and while the question changes."""

    def __init__(self) -> None:
        self.second = solara.Reactive(ALONE)
        self.column = solara.Reactive("")
        self.over_ranges = solara.Reactive(default_value=False)


@solara.component
def Comparing(question: Question, comparison: Comparison) -> None:
    """The second scenario, what is drawn, and the answer as it grows."""
    world = served.world()
    second, column, over_ranges = comparison.second, comparison.column, comparison.over_ranges
    columns = solara.use_memo(
        lambda: prepare(world, served.scenarios()[question.scenario]).columns, [question.scenario]
    )
    choices = [ALONE, *([_CHANGED] if question.settings else []), *served.scenarios()]
    other = second.value if second.value in choices else ALONE
    chosen = column.value if column.value in columns else key_columns(columns)[0]

    def compute(stop: threading.Event) -> Iterator[Shown]:
        return answered(question, other, chosen, _PASTS, stop, over_ranges=over_ranges.value)

    result = solara.use_thread(
        compute, dependencies=[question, other, chosen, over_ranges.value], intrusive_cancel=False
    )
    with solara.Columns([1, 1]):
        solara.Select("Paired against", choices, other, second.set, dense=True, classes=["second"])
        solara.Select(
            "Measure", list(columns), chosen, column.set, dense=True, classes=["measured"]
        )
    solara.Switch(label="over everything uncertain, not chance alone", value=over_ranges)
    if result.error is not None:
        known = isinstance(result.error, InputProblems | DataError)
        solara.Error(complaints(result.error) if known else str(result.error), classes=["problem"])
        return
    solara.ProgressLinear(result.state == solara.ResultState.RUNNING)
    if result.value is not None:
        Found(result.value)


@solara.component
def Found(shown: Shown) -> None:
    """An answer in numbers, and its figures."""
    answer = shown.answer
    words(
        "p",
        f"{answer.done} of {answer.total} paired runs, {answer.seconds:.2f} s",
        "answered",
        "quiet",
    )
    with solara.v.SimpleTable(dense=True, class_="found"), solara.v.Html(tag="tbody"):
        for cells in (("", "runs", "failed", "mean", "90 % of runs"), *_rows(answer)):
            with solara.v.Html(tag="tr"):
                for cell in cells:
                    words("td", cell)
    if len(answer.names) > 1:
        words("p", difference(answer), "difference")
    if shown.figure is not None:
        solara.HTML(
            "div", unsafe_innerHTML=shown.figure.element(), classes=["figure", f"of-{shown.drawn}"]
        )


def _rows(answer: Answer) -> Iterator[Sequence[str]]:
    """By scenario: runs, failed runs, mean after the parting and the range of nine tenths of the runs."""
    for name, means, (runs, failed) in zip(
        answer.names, answer.means, answer.statuses, strict=True
    ):
        whole = means[np.isfinite(means)]
        low, high = np.quantile(whole, [0.05, 0.95]) if len(whole) else (np.nan, np.nan)
        mean = whole.mean() if len(whole) else np.nan
        yield name, str(runs), str(failed), f"{mean:.4f}", f"{low:.4f} to {high:.4f}"


def difference(answer: Answer) -> str:
    """The paired difference, first less second, in words."""
    gap = answer.means[0] - answer.means[1]
    whole = gap[np.isfinite(gap)]
    if not len(whole):
        return "No pair of runs is whole."
    low, high = mean_interval(whole)
    return (
        f"{answer.names[0]} less {answer.names[1]}: {whole.mean():+.5f}, 95 % interval of the mean {low:+.5f} to "
        f"{high:+.5f}; above zero in {100 * (whole > 0).mean():.0f} % of {len(whole)} pairs"
    )
