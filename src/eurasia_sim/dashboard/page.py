"""The page: a question on the left, its run and its ensemble on the right; state is per visitor."""

import threading
from functools import partial
from html import escape

import solara
import solara.lab

from eurasia_sim.dashboard.actor_control import ActorControl
from eurasia_sim.dashboard.comparison import Comparison
from eurasia_sim.dashboard.provenance import KeyNumbers, Provenance
from eurasia_sim.dashboard.scenario_editor import Export, ScenarioEditor
from eurasia_sim.dashboard.session import Session
from eurasia_sim.dashboard.views import VIEWS, picture
from eurasia_sim.dashboard.visit import TABS, Visit, words
from eurasia_sim.files.data_yaml import packaged
from eurasia_sim.files.text import visible

_PAUSE = 0.25  # seconds between two months that play by themselves
_PATIENCE = 10.0  # seconds for a month to be drawn
_MOST_EVENTS = 60
_YEAR = 12


@solara.component
def Page() -> None:
    """One visitor's page."""
    visit = solara.use_memo(Visit, [])
    asked = [visit.question.value, visit.restarts.value]
    task = solara.lab.use_task(visit.begin, dependencies=asked, raise_error=False)
    solara.Title("eurasia-sim")
    solara.Style(packaged() / "dashboard.css")
    with solara.Div(classes=["frame"]):
        with solara.Column(classes=["page"], gap="8px"):
            if visit.problem.value:
                solara.Error(visit.problem.value, classes=["problem"], dense=True)
            solara.ProgressLinear(task.pending)
            if task.error:
                solara.Error(f"This run could not begin: {task.exception}", classes=["problem"])
            elif visit.session:
                Run(visit)
        with solara.Column(classes=["editor"], gap="10px"):
            ScenarioEditor(visit)


@solara.component
def Run(visit: Visit) -> None:
    """The run that is played, and its views."""
    session, playing = visit.session, visit.playing
    drawn = solara.use_memo(threading.Event, [])
    solara.use_effect(drawn.set, [visit.version.value])

    def play(stop: threading.Event) -> None:
        while playing.value and not stop.is_set() and not session.is_over:
            drawn.clear()
            visit.change(session.advance)
            drawn.wait(_PATIENCE)  # months faster than their drawing would block the browser
            stop.wait(_PAUSE)
        if playing.value and not stop.is_set():
            playing.set(False)

    solara.use_thread(play, dependencies=[playing.value, session], intrusive_cancel=False)
    Clock(visit)
    KeyNumbers(visit)
    parts = {
        "Answer": Comparison, "Events": Events, "Numbers": Provenance, "By hand": ActorControl,
        "Export": Export, **{name: partial(Picture, view=name) for name in VIEWS},
    }  # fmt: skip
    with solara.lab.Tabs(value=visit.tab, lazy=True):
        for name in TABS:
            with solara.lab.Tab(name):
                parts[name](visit)


@solara.component
def Clock(visit: Visit) -> None:
    """The month, and what takes the run on."""
    session, play = visit.session, visit.playing.value
    over = session.is_over
    button = partial(solara.Button, small=True)
    with solara.Row(gap="8px", style="align-items:center;flex-wrap:wrap"):
        words("span", session.model.date, "month")
        one, year, rest = (
            partial(visit.change, partial(session.advance, months))
            for months in (1, _YEAR, session.model.inputs.months)
        )
        toggle = partial(visit.playing.set, not play)
        restart = partial(visit.restarts.set, visit.restarts.value + 1)
        button("Step a month", on_click=one, disabled=over or play, color="primary")
        button("A year on", on_click=year, disabled=over or play)
        button("Pause" if play else "Play", on_click=toggle, disabled=over)
        button("To the end", on_click=rest, disabled=over or play)
        button("Start over", on_click=restart, disabled=play)
        words("span", _where(session), "quiet")


def _where(session: Session) -> str:
    """Where the run stands, in words."""
    scenario = session.model.scenario
    if session.is_over:
        return "the scenario is over"
    if scenario.departs is None:
        return "the record"
    verb = "parted" if session.model.month > scenario.departs else "parts"
    return f"{verb} from the record in {session.world.date(scenario.departs)}"


@solara.component
def Picture(visit: Visit, view: str) -> None:
    """One figure of the month."""
    session, version = visit.session, visit.version.value
    drawn = solara.use_memo(lambda: picture(session.model, view), [session, version, view])
    solara.HTML("div", unsafe_innerHTML=drawn.element(), classes=["picture"])


@solara.component
def Events(visit: Visit) -> None:
    """The events of the run, the latest first."""
    session = visit.session
    actors, theatres = session.world.actors, session.world.theatres
    latest = session.events[: -_MOST_EVENTS - 1 : -1]
    words("p", f"{len(session.events)} events so far; the latest {len(latest)}", "quiet")
    # One element for all: hundreds of single ones would take seconds.
    table = ""
    for each in latest:
        kind, actor, theatre = each.kind.replace("_", " "), each.actor, each.theatre
        cells = (each.month, kind, actors[actor].name, theatres[theatre].name, each.detail)
        table += f"<tr><td>{'</td><td>'.join(escape(visible(cell)) for cell in cells)}</td></tr>"
    solara.HTML("table", unsafe_innerHTML=table, classes=["events"])
