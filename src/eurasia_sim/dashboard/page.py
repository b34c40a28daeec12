"""The page: a question on the left, its run and its ensemble on the right; all state is made here, for each visitor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from html import escape

import solara
import solara.lab
from matplotlib.figure import Figure

from eurasia_sim.dashboard import served
from eurasia_sim.dashboard.asking import Asking
from eurasia_sim.dashboard.comparing import Comparing, Comparison
from eurasia_sim.dashboard.deciding import Deciding
from eurasia_sim.dashboard.explaining import Explaining, KeyNumbers
from eurasia_sim.dashboard.exporting import Exporting
from eurasia_sim.dashboard.pictures import mosaic, network, picture, region, threats
from eurasia_sim.dashboard.question import Question, complaints, resolved
from eurasia_sim.dashboard.sitting import Sitting
from eurasia_sim.dashboard.wording import words
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.user_yaml import InputProblems
from eurasia_sim.simulation.mesa_model import EurasiaModel

VIEWS = (
    "Network",
    "Map",
    "Influence",
    "Threat",
    "Events",
    "Numbers",
    "By hand",
    "Ensemble",
    "Export",
)
_PAUSE = 0.25  # seconds between two months that play by themselves
_PATIENCE = 10.0  # seconds for a month to be drawn
_MOST_EVENTS = 60
_YEAR = 12


@solara.component
def Page() -> None:
    """One visitor's page."""
    question = solara.use_reactive(Question(served.first_scenario()))
    problem = solara.use_reactive("")
    view = solara.use_reactive(0)
    column = solara.use_reactive("")
    again = solara.use_reactive(0)
    comparison = solara.use_memo(Comparison, [])
    shown = solara.use_ref(None)  # the run in view, until the next one is ready

    def ask(wanted: Question) -> bool:
        """Put a question if nothing is wrong with it; say what is wrong otherwise."""
        try:
            resolved(served.world(), served.scenarios(), wanted)
        except (InputProblems, DataError) as error:
            problem.set(complaints(error))
            return False
        problem.set("")
        question.set(wanted)
        return True

    def begin() -> Sitting:
        asked = question.value
        scenario = resolved(served.world(), served.scenarios(), asked)
        return Sitting(served.world(), scenario, asked.theory, asked.seed)

    task = solara.lab.use_task(begin, dependencies=[question.value, again.value], raise_error=False)
    if task.finished and task.value is not None:
        shown.current = task.value
    solara.Title("eurasia-sim")
    solara.Style(_STYLE)
    with solara.Sidebar():
        Asking(question.value, ask)
    with solara.Column(classes=["page"], gap="8px"):
        if problem.value:
            solara.Error(problem.value, classes=["problem"], dense=True)
        solara.ProgressLinear(task.pending)
        if task.error:
            solara.Error(f"This run could not begin: {task.exception}", classes=["problem"])
        elif shown.current is not None:
            restart = partial(again.set, again.value + 1)
            Run(shown.current, question.value, view, column, problem, comparison, restart)


@solara.component
def Run(
    sitting: Sitting,
    question: Question,
    view: solara.Reactive[int],
    column: solara.Reactive[str],
    problem: solara.Reactive[str],
    comparison: Comparison,
    restart: Callable[[], None],
) -> None:
    """The run that is played, and what can be seen of it."""
    lived = solara.use_reactive(0)  # set to draw anew
    playing = solara.use_reactive(False)
    drawn = solara.use_memo(threading.Event, [])
    solara.use_effect(drawn.set, [lived.value])

    def live(months: int) -> None:
        try:
            sitting.live(months)
        except (ValueError, FloatingPointError) as error:
            problem.set(str(error))
            playing.set(False)
        lived.set(lived.value + 1)

    def play(stop: threading.Event) -> None:
        while playing.value and not stop.is_set() and not sitting.is_over:
            drawn.clear()
            live(1)
            drawn.wait(
                _PATIENCE
            )  # months that come faster than they are drawn would keep the page from the browser
            stop.wait(_PAUSE)
        if playing.value and not stop.is_set():
            playing.set(False)

    solara.use_thread(play, dependencies=[playing.value, sitting], intrusive_cancel=False)

    def show(name: str) -> None:
        column.set(name)
        view.set(VIEWS.index("Numbers"))

    Clock(sitting, playing, live, restart, lived.value)
    KeyNumbers(sitting, show, lived.value)
    with solara.lab.Tabs(value=view, lazy=True):
        for name, draw in _PICTURES.items():
            with solara.lab.Tab(name):
                Picture(sitting, draw, lived.value)
        with solara.lab.Tab("Events"):
            Events(sitting, lived.value)
        with solara.lab.Tab("Numbers"):
            Explaining(sitting, column, lived.value)
        with solara.lab.Tab("By hand"):
            Deciding(sitting, problem, lived)
        with solara.lab.Tab("Ensemble"):
            Comparing(question, comparison)
        with solara.lab.Tab("Export"):
            Exporting(question)


@solara.component
def Clock(
    sitting: Sitting,
    playing: solara.Reactive[bool],
    live: Callable[[int], None],
    restart: Callable[[], None],
    lived: int,  # noqa: ARG001 - asks for a new drawing
) -> None:
    """The month, and what takes the run on."""
    model, over = sitting.model, sitting.is_over
    with solara.Row(gap="8px", style="align-items:center;flex-wrap:wrap"):
        words("span", model.date, "month")
        busy = over or playing.value
        solara.Button(
            "Step a month", on_click=lambda: live(1), disabled=busy, color="primary", small=True
        )
        solara.Button("A year on", on_click=lambda: live(_YEAR), disabled=busy, small=True)
        label = "Pause" if playing.value else "Play"
        solara.Button(
            label, on_click=lambda: playing.set(not playing.value), disabled=over, small=True
        )
        solara.Button(
            "To the end", on_click=lambda: live(model.inputs.months), disabled=busy, small=True
        )
        solara.Button("Start over", on_click=restart, disabled=playing.value, small=True)
        words("span", _where(sitting), "quiet")


def _where(sitting: Sitting) -> str:
    """Where the run stands, in words."""
    scenario, world = sitting.model.scenario, sitting.world
    if sitting.is_over:
        return "the scenario is over"
    if scenario.departs is None:
        return "the record"
    said = "parts from the record in" if not sitting.has_departed else "parted from the record in"
    return f"{said} {world.date(scenario.departs)}"


@solara.component
def Picture(sitting: Sitting, draw: Callable[[EurasiaModel], Figure], lived: int) -> None:
    """One figure of the month."""
    drawn = solara.use_memo(lambda: picture(sitting.model, draw), [sitting, lived, draw])
    solara.HTML("div", unsafe_innerHTML=drawn.element(), classes=["picture"])


_PICTURES = {"Network": network, "Map": region, "Influence": mosaic, "Threat": threats}


@solara.component
def Events(sitting: Sitting, lived: int) -> None:  # noqa: ARG001 - asks for a new drawing
    """What has happened in the run, the latest first."""
    world = sitting.world
    rows = sitting.events[: -_MOST_EVENTS - 1 : -1]
    words("p", f"{len(sitting.events)} events so far; the latest {len(rows)}", "quiet")
    cells = (
        (event.month, event.kind.replace("_", " "), world.actors[event.actor].name, world.theatres[event.theatre].name,
         event.detail) for event in rows
    )  # fmt: skip
    # One element for all: hundreds of single ones would take seconds.
    table = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in cells
    )
    solara.HTML("table", unsafe_innerHTML=table, classes=["events"])


_STYLE = """
.page { padding: 8px 16px 32px; max-width: 1180px; }
.month { font-size: 1.5rem; font-weight: 600; min-width: 6.2rem; }
.quiet { color: #555; font-size: .85rem; margin: 0; }
.picture, .figure { overflow-x: auto; }
.picture img, .figure img { display: block; width: 100%; min-width: 680px; }
.claim { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; background: #f6f6f6; padding: 10px;
  margin: 0; }
.events td { padding: 3px 18px 3px 0; border-bottom: 1px solid #ddd; font-size: .9rem; }
.problem .v-alert__content { white-space: pre-wrap; }
.v-slider__thumb-label { font-size: .65rem; }
.v-btn--outlined { margin: 2px 0; }
.v-window { padding-top: 10px; }
.number .v-select__selection { font-size: .75rem; }
.v-btn { text-transform: none !important; letter-spacing: normal !important; }
.v-tab { text-transform: none !important; letter-spacing: normal !important; min-width: 70px; padding: 0 12px; }
"""
