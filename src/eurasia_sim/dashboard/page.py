"""The page: a question on the left, its run and its ensemble on the right; state is per visitor."""

import threading
from collections.abc import Callable
from functools import partial
from html import escape

import solara
import solara.lab

from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.actor_control import ActorControl
from eurasia_sim.dashboard.comparison import Comparison, ComparisonView
from eurasia_sim.dashboard.provenance import KeyNumbers, Provenance
from eurasia_sim.dashboard.scenario_editor import Export, ScenarioEditor
from eurasia_sim.dashboard.session import Question, Session, complaints
from eurasia_sim.dashboard.shared import words
from eurasia_sim.dashboard.views import VIEWS, picture
from eurasia_sim.files.data_yaml import DataError, packaged
from eurasia_sim.files.text import visible

_PAUSE = 0.25  # seconds between two months that play by themselves
_PATIENCE = 10.0  # seconds for a month to be drawn
_MOST_EVENTS = 60
_YEAR = 12


@solara.component
def Page() -> None:
    """One visitor's page."""
    question = solara.use_reactive(Question(shared.first_scenario()))
    problem, column = solara.use_reactive(""), solara.use_reactive("")
    tab, again = solara.use_reactive(0), solara.use_reactive(0)
    comparison = solara.use_memo(Comparison, [])
    shown = solara.use_ref(None)  # the run in view, until the next one is ready

    def ask(wanted: Question) -> bool:
        """Take a question if nothing is wrong with it, or say what is."""
        try:
            wanted.resolved()
        except DataError as error:
            problem.set(complaints(error))
            return False
        problem.set("")
        question.set(wanted)
        return True

    def begin() -> Session:
        asked = question.value
        return Session(asked.resolved(), asked.theory, asked.seed)

    task = solara.lab.use_task(begin, dependencies=[question.value, again.value], raise_error=False)
    if task.finished and task.value is not None:
        shown.current = task.value
    solara.Title("eurasia-sim")
    solara.Style(packaged() / "dashboard.css")
    with solara.Div(classes=["frame"]):
        with solara.Column(classes=["page"], gap="8px"):
            if problem.value:
                solara.Error(problem.value, classes=["problem"], dense=True)
            solara.ProgressLinear(task.pending)
            if task.error:
                solara.Error(f"This run could not begin: {task.exception}", classes=["problem"])
            elif shown.current is not None:
                restart = partial(again.set, again.value + 1)
                Run(shown.current, question.value, tab, column, problem, comparison, restart)
        with solara.Column(classes=["editor"], gap="10px"):
            ScenarioEditor(question.value, ask)


@solara.component
def Run(
    session: Session, question: Question, tab: solara.Reactive[int], column: solara.Reactive[str],
    problem: solara.Reactive[str], comparison: Comparison, restart: Callable[[], None],
) -> None:  # fmt: skip
    """The run that is played, and its views."""
    version = solara.use_reactive(0)  # set to draw anew
    playing = solara.use_reactive(False)
    drawn = solara.use_memo(threading.Event, [])
    solara.use_effect(drawn.set, [version.value])

    def advance(months: int) -> None:
        try:
            session.advance(months)
        except (ValueError, FloatingPointError) as error:
            problem.set(str(error))
            playing.set(False)
        version.set(version.value + 1)

    def play(stop: threading.Event) -> None:
        while playing.value and not stop.is_set() and not session.is_over:
            drawn.clear()
            advance(1)
            drawn.wait(_PATIENCE)  # months faster than their drawing would block the browser
            stop.wait(_PAUSE)
        if playing.value and not stop.is_set():
            playing.set(False)

    solara.use_thread(play, dependencies=[playing.value, session], intrusive_cancel=False)

    def show(name: str) -> None:
        column.set(name)
        tab.set(list(contents).index("Numbers"))

    Clock(session, playing, advance, restart, version.value)
    KeyNumbers(session, show, version.value)
    contents = {
        "Answer": partial(ComparisonView, question, comparison),
        **{name: partial(Picture, session, name, version.value) for name in VIEWS},
        "Events": partial(Events, session, version.value),
        "Numbers": partial(Provenance, session, column, version.value),
        "By hand": partial(ActorControl, session, problem, version),
        "Export": partial(Export, question),
    }
    with solara.lab.Tabs(value=tab, lazy=True):
        for name, content in contents.items():
            with solara.lab.Tab(name):
                content()


@solara.component
def Clock(
    session: Session, playing: solara.Reactive[bool], advance: Callable[[int], None],
    restart: Callable[[], None], _version: int,
) -> None:  # fmt: skip
    """The month, and what takes the run on."""
    over, play = session.is_over, playing.value
    button = partial(solara.Button, small=True)
    with solara.Row(gap="8px", style="align-items:center;flex-wrap:wrap"):
        words("span", session.model.date, "month")
        months = (1, _YEAR, session.model.inputs.months)
        one, year, rest = (partial(advance, count) for count in months)
        button("Step a month", on_click=one, disabled=over or play, color="primary")
        button("A year on", on_click=year, disabled=over or play)
        button("Pause" if play else "Play", on_click=lambda: playing.set(not play), disabled=over)
        button("To the end", on_click=rest, disabled=over or play)
        button("Start over", on_click=restart, disabled=play)
        words("span", _where(session), "quiet")


def _where(session: Session) -> str:
    """Where the run stands, in words."""
    departs = session.model.scenario.departs
    if session.is_over:
        return "the scenario is over"
    if departs is None:
        return "the record"
    verb = "parted" if session.model.month > session.model.scenario.branch_month else "parts"
    return f"{verb} from the record in {session.world.date(departs)}"


@solara.component
def Picture(session: Session, view: str, version: int) -> None:
    """One figure of the month."""
    drawn = solara.use_memo(lambda: picture(session.model, view), [session, version, view])
    solara.HTML("div", unsafe_innerHTML=drawn.element(), classes=["picture"])


@solara.component
def Events(session: Session, _version: int) -> None:
    """The events of the run, the latest first."""
    actors, theatres = session.world.actors, session.world.theatres
    rows = session.events[: -_MOST_EVENTS - 1 : -1]
    words("p", f"{len(session.events)} events so far; the latest {len(rows)}", "quiet")
    cells = [
        (each.month, each.kind.replace("_", " "), actors[each.actor].name,
         theatres[each.theatre].name, each.detail)
        for each in rows
    ]  # fmt: skip
    # One element for all: hundreds of single ones would take seconds.
    table = "".join(
        f"<tr><td>{'</td><td>'.join(map(escape, map(visible, row)))}</td></tr>" for row in cells
    )
    solara.HTML("table", unsafe_innerHTML=table, classes=["events"])
