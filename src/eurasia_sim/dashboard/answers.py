"""What the page draws: views of one month of a run, and paired runs in growing numbers."""

import base64
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from eurasia_sim.analysis.headline import headlines, in_words
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.session import Question
from eurasia_sim.figures import maps, style
from eurasia_sim.figures.gallery import render
from eurasia_sim.figures.time_series import outlook
from eurasia_sim.files.text import visible
from eurasia_sim.reports import outcomes
from eurasia_sim.simulation.ensemble import Outcome, run_ensemble_draws
from eurasia_sim.simulation.family import check_family
from eurasia_sim.simulation.inputs import Inputs, branch_month, prepare
from eurasia_sim.simulation.mesa_model import EurasiaModel
from eurasia_sim.simulation.parameter_draws import range_draws, reference_draws
from eurasia_sim.simulation.run import RANGES, REFERENCE

# What each view shows, and the measure of which it is; the map is of several.
VIEWS = {
    "Leanings": ("Who leans toward whom", "alignment"),
    "Map": ("The region", ""),
    "Influence": ("Who holds influence", "influence"),
    "Threat": ("Threat that every actor sees in every other", "threat"),
}
# Pairs: a few for a first look, 200 in all. A batch is drawn, which takes as long as forty pairs.
BATCHES = (16, 64, 120)
ALONE = "none: this scenario alone"
CHANGED = "the same, with no lever changed"
_EDITED = "_edited"
_YEAR = 12
_KEY = ("competition", "cooperation", "joint_share")
_BOTH_WAYS = ("alignment", "threat")
# Matplotlib keeps its settings in one place for all threads, so two visitors' figures take turns.
_TURN = threading.Lock()


class Drawn(NamedTuple):
    """A figure as PNG, with its text for readers who cannot see it."""

    png: bytes
    says: str

    def element(self) -> str:
        """The element that a page shows, with the text escaped."""
        data = base64.b64encode(self.png).decode("ascii")
        return f'<img src="data:image/png;base64,{data}" alt="{escape(self.says)}">'


def in_turn(draw: Callable[[], Figure], says: str) -> Drawn:
    """Build and draw a figure while no other thread does."""
    with _TURN, style.use_style():
        figure = draw()
        lacking = style.lacking_words(style.fit_fonts(figure))
        png = render(figure, "png")
    return Drawn(png, ". ".join(filter(None, (visible(says), lacking))))


def moment_of(model: EurasiaModel) -> maps.Moment:
    """The month last run, as the tables of figures take it."""
    actors = [*model.world.actors]
    rulers = [actors[at] if at >= 0 else None for at in model.state.ruler]
    presence = model.inputs.levers.month(max(model.month - 1, 0)).presence
    return maps.Moment(model.date, model.measures, presence, rulers)


def figure_of(model: EurasiaModel, view: str) -> Figure:
    """One of the views, of the month last run."""
    title, measure = VIEWS[view]
    scenario, theory, now = model.scenario, model.inputs.theory, model.measures
    under = style.caption({scenario.name: (1, 0)}, model.root_seed, theory)
    subject = f"{model.date} · {scenario.title} · {theory.replace('_', ' ')}"
    words = style.Words(title, under, subject, model.world.names)
    if not measure:
        table = maps.region_table(model.world, [moment_of(model)])
        return maps.region_map(model.world, table, words)
    return maps.matrix([name for name in now if name.startswith(f"{measure}.")], now, words)[0]


def picture(model: EurasiaModel, view: str) -> Drawn:
    """One of the views as the page shows it."""
    says = f"{VIEWS[view][0]} in {model.date}, {model.scenario.name}, {model.inputs.theory}"
    return in_turn(lambda: figure_of(model, view), says)


@dataclass(frozen=True)
class Answer:
    """What all runs done so far say of one measure: the first scenario's, less a second's."""

    told: outcomes.Answer
    split: tuple[str, ...]  # what each member of a family of measures says of competition
    sides: Mapping[str, pd.DataFrame]  # scenario -> a row a run, a column a measure: means
    months: pd.DataFrame  # of the measure: a row a run, a column a month; NaN where a run failed
    failed: Mapping[str, int]
    parting: str  # month in which the scenarios part
    figure: Drawn | None  # of these runs, or of those before the last batch


def key_columns(columns: Sequence[str]) -> list[str]:
    """The columns always in view, of the first pair in focus over the first scope."""
    pairs = shared.world().pairs
    if not pairs:
        return [name for name in columns if name.startswith("power.")][:6]
    one, other = pairs[0]
    beginnings = [f"{measure}.{one}-{other}." for measure in _KEY]
    found = [next(name for name in columns if name.startswith(each)) for each in beginnings]
    ways = ((one, other), (other, one))
    return found + [f"{measure}.{a}.{b}" for measure in _BOTH_WAYS for a, b in ways]


def family_of(question: Question, second: str) -> list[Inputs]:
    """Inputs of the question and, under the same numbers and theory, of the second scenario.

    Raises DataError for a second whose runs do not pair with the first's, or are the same.
    """
    world, scenario = shared.world(), question.resolved()
    first = prepare(world, scenario, question.theory)
    if second == ALONE:
        return [first]
    name = question.scenario if second == CHANGED else second
    other = replace(question, scenario=name, settings=question.numbers())
    found = prepare(world, other.resolved(), first.theory)
    if question.settings or found.scenario.name == scenario.name:
        first = replace(first, scenario=replace(scenario, name=scenario.name + _EDITED))
    check_family(world, [first, found])
    return [first, found]


def parting_month(family: Sequence[Inputs]) -> int:
    """The month in which scenarios part; of one alone, when it leaves the record."""
    found = branch_month(family) if len(family) > 1 else family[0].scenario.branch_month
    return max(min(found, family[0].months - 1), 0)


def answers(
    question: Question, second: str, column: str, stop: threading.Event,
    *, over_ranges: bool = False,
) -> Iterator[Answer]:  # fmt: skip
    """After each batch of paired runs an answer in numbers, then with its figure.

    Args:
        second: a scenario's name, `ALONE` or `CHANGED`.
        column: the measure wanted, from a year before the parting on.
        stop: set where no further batch is wanted.
    """
    world, family, n = shared.world(), family_of(question, second), sum(BATCHES)
    kind, draws = REFERENCE, reference_draws(family[0], n, question.seed)
    if over_ranges:
        kind, draws = RANGES, range_draws(world, family[0], n, question.seed)
    parting, last = parting_month(family), min(inputs.months for inputs in family)
    columns, shown = family[0].columns, slice(max(parting - _YEAR, 0), last)
    dates, names = [world.date(t) for t in range(last)], [each.scenario.name for each in family]
    kept = np.array([columns.index(column)])
    batches: list[list[Outcome]] = []
    figure, done = None, 0
    for size in BATCHES:
        part, done = draws.part(slice(done, done + size)), done + size
        batches.append(run_ensemble_draws(family, part, window=(parting, last), kept=kept))
        whole = [Outcome.joined(own) for own in zip(*batches, strict=True)]
        means = [pd.DataFrame(each.means, columns=columns) for each in whole]
        sides = dict(zip(names, means, strict=True))
        told, split = _told(sides, family[0].theory, kind, column)
        each_month = _less(*(each.trajectories[:, shown, 0] for each in whole))
        months = pd.DataFrame(each_month, columns=dates[shown])
        failed = {k: int(each.failed.sum()) for k, each in zip(names, whole, strict=True)}
        answer = Answer(told, split, sides, months, failed, dates[parting], figure)
        yield answer
        if stop.is_set():
            return
        figure = _drawn(answer, column, question.seed, family[0].theory)
        yield replace(answer, figure=figure)


def _less(first: Floats, second: Floats | None = None) -> Floats:
    return first if second is None else first - second


def _told(
    sides: Mapping[str, pd.DataFrame], theory: str, kind: str, column: str
) -> tuple[outcomes.Answer, tuple[str, ...]]:
    """What `run` says of these runs, of the measure and those always in view, and the split."""
    names, titles = shared.world().names, {name: titled(name) for name in sides}
    runs = [own.assign(scenario=name, run=own.index) for name, own in sides.items()]
    family = headlines(*sides.values()) if len(sides) > 1 else []
    shown = list(dict.fromkeys((column, *key_columns(list(runs[0].columns)))))
    given = (titles, theory, kind, shown, names, family)
    way = "from “{1}” to “{0}”".format(*titles.values()) if len(sides) > 1 else ""
    split = [in_words(row, way, "", lambda name: style.readable(name, names)) for row in family]
    return outcomes.answer_of(pd.concat(runs), *given), tuple(split)


def warm() -> None:
    """Draw a first answer that nobody sees, so that no visitor waits for fonts and libraries."""
    question = Question(shared.first_scenario())
    columns = prepare(shared.world(), question.resolved()).columns
    growing = answers(question, ALONE, key_columns(columns)[0], threading.Event())
    next(answer for answer in growing if answer.figure)


def _drawn(answer: Answer, column: str, seed: int, theory: str) -> Drawn:
    """A fan of the measure, and dots of its means."""
    names, done = shared.world().names, len(answer.months)
    title, unit = style.readable(column, names), style.unit_of(column)
    counts = {name: (done, lost) for name, lost in answer.failed.items()}
    under, subject = style.caption(counts, seed, theory), ", less: ".join(answer.told.sides)
    headings = ("month by month", f"mean from {answer.parting} on")
    parting = answer.parting if len(counts) > 1 else None
    labels = style.Words(title, under, subject, names)
    means = _less(*(side[column].to_numpy() for side in answer.sides.values()))
    given = (answer.months, means, parting, headings, labels, unit)
    says = f"{title}: {done} runs of {' and of '.join(counts)}, and their spread"
    return in_turn(lambda: outlook(*given), says)


def titled(name: str) -> str:
    """The title of a scenario of an answer, which may be one that a visitor has changed."""
    own = name.removesuffix(_EDITED)
    return shared.titles().get(own, own) + (", as set here" if own != name else "")
