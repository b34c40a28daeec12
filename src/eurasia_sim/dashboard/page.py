"""The page: a question on one side, its run and its ensemble on the other, for each visitor."""

import threading
from functools import partial

import solara
import solara.lab

from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.dashboard import answers, editor, shared
from eurasia_sim.dashboard.editor import Visit, select, words
from eurasia_sim.dashboard.session import complaints
from eurasia_sim.figures.style import readable
from eurasia_sim.files.data_yaml import packaged
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation.inputs import prepare

_PAUSE = 0.25  # seconds between two months that play by themselves
_PATIENCE = 10.0  # seconds for a month to be drawn
_MOST_EVENTS = 60
_COLUMNS = 4  # of an answer
_YEAR = 12
_WHOLE = 100  # per cent


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
            editor.ScenarioEditor(visit)


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
    with solara.lab.Tabs(value=visit.tab, lazy=True):
        for name, part in _TABS.items():
            with solara.lab.Tab(name):
                part(visit)


@solara.component
def Clock(visit: Visit) -> None:
    """The month, what takes the run on, and where it stands."""
    session, play = visit.session, visit.playing.value
    model, over = session.model, session.is_over
    departs, where = model.scenario.departs, "the record"
    if departs is not None:
        where = f"leaves the record in {session.world.date(departs)}"
    button = partial(solara.Button, small=True)
    with solara.Row(gap="8px", style="align-items:center;flex-wrap:wrap"):
        words("span", model.date, "month")
        one, year, rest = (
            partial(visit.change, partial(session.advance, months))
            for months in (1, _YEAR, model.inputs.months)
        )
        toggle = partial(visit.playing.set, not play)
        restart = partial(visit.restarts.set, visit.restarts.value + 1)
        button("Step a month", on_click=one, disabled=over or play, color="primary")
        button("A year on", on_click=year, disabled=over or play)
        button("Pause" if play else "Play", on_click=toggle, disabled=over)
        button("To the end", on_click=rest, disabled=over or play)
        button("Start over", on_click=restart, disabled=play)
        words("span", "the scenario is over" if over else where, "quiet")


@solara.component
def KeyNumbers(visit: Visit) -> None:
    """The numbers always in view; a click shows what they rest on."""
    model, names = visit.session.model, shared.world().names

    def trace(column: str) -> None:
        visit.column.set(column)
        visit.tab.set([*_TABS].index("Numbers"))

    with solara.Row(gap="6px", style="flex-wrap:wrap", classes=["key-numbers"]):
        for name in answers.key_columns(model.inputs.columns):
            label = f"{readable(name, names)}: {model.measures[name]:.3f}"
            solara.Button(label, on_click=partial(trace, name), outlined=True, x_small=True)


@solara.component
def Comparison(visit: Visit) -> None:
    """What is compared, and the answer by batches."""
    question, world = visit.question.value, shared.world()
    columns = solara.use_memo(
        lambda: prepare(world, shared.scenarios()[question.scenario]).columns, [question.scenario]
    )
    choices = [answers.ALONE, *[answers.CHANGED] * bool(question.settings), *shared.scenarios()]
    other = visit.second.value if visit.second.value in choices else answers.ALONE
    chosen = visit.measured.value
    chosen = chosen if chosen in columns else answers.key_columns(columns)[0]
    asked = (question, other, chosen, visit.over_ranges.value)
    compute = partial(answers.answers, *asked[:3], over_ranges=asked[3])
    result = solara.use_thread(compute, dependencies=[*asked], intrusive_cancel=False)
    with solara.ColumnsResponsive(12, medium=6):
        others = {name: shared.titles().get(name, name) for name in choices}
        select("Against", others, other, visit.second.set)
        labels = {name: readable(name, world.names) for name in columns}
        select("Measure", labels, chosen, visit.measured.set)
    solara.Switch(label="over everything uncertain, not chance alone", value=visit.over_ranges)
    if result.error is not None:
        solara.Error(complaints(result.error), classes=["problem"])
        return
    solara.ProgressLinear(result.state == solara.ResultState.RUNNING)
    if result.value is not None:
        AnswerView(result.value)


@solara.component
def AnswerView(answer: answers.Answer) -> None:
    """An answer in words, its figure, and its numbers."""
    told = answer.told
    words("p", f"{told.title}: {told.sentence} {told.unknown}", "told", "difference")
    done = f"{len(answer.months)} of {sum(answers.BATCHES)} paired runs"
    words("p", f"{done}, {sum(answer.failed.values())} failed", "answered", "quiet")
    if answer.figure is not None:
        solara.HTML("div", unsafe_innerHTML=answer.figure.element(), classes=["figure"])
    rows = [*told.rows[:1], *(row.values() for row in told.rows)]  # the first for its headings
    editor.table((list(row)[:_COLUMNS] for row in rows), "found")
    for text in answer.split:
        words("p", text, "quiet")


@solara.component
def Picture(visit: Visit, view: str) -> None:
    """One figure of the month."""
    session, version = visit.session, visit.version.value
    drawn = solara.use_memo(lambda: answers.picture(session.model, view), [session, version, view])
    solara.HTML("div", unsafe_innerHTML=drawn.element(), classes=["picture"])


@solara.component
def Events(visit: Visit) -> None:
    """The events of the run, the latest first."""
    session = visit.session
    actors, theatres = session.world.actors, session.world.theatres
    latest = session.events[: -_MOST_EVENTS - 1 : -1]
    words("p", f"{len(session.events)} events so far; the latest {len(latest)}", "quiet")
    rows = [
        (month, kind.replace("_", " "), actors[actor].name, theatres[theatre].name, detail)
        for month, kind, actor, theatre, detail in latest
    ]
    editor.table(rows, "events")


@solara.component
def Provenance(visit: Visit) -> None:
    """A number of the month, what enters it, and where each of those comes from."""
    model, names, wanted = visit.session.model, shared.world().names, visit.column.value
    columns = model.inputs.columns
    chosen = wanted if wanted in columns else answers.key_columns(columns)[0]
    measure = chosen.split(".")[0]
    first = {name.split(".")[0]: name for name in reversed(columns)}
    own = {name: readable(name, names) for name in columns if name.startswith(f"{measure}.")}
    with solara.ColumnsResponsive(12, medium=6):
        with solara.Column(gap="6px"):
            kinds = {kind: readable(kind) for kind in reversed(first)}
            select("Measure", kinds, measure, lambda kind: visit.column.set(first[kind]))
            words("p", f"{measures()[measure]['meaning']} ({measures()[measure]['unit']})", "quiet")
            select("Of", own, chosen, visit.column.set)
        with solara.Column(gap="6px"):
            Parents(chosen, model.measures[chosen])


@solara.component
def Parents(column: str, value: float) -> None:
    """The numbers that enter a measure directly, and the origin of the chosen one."""
    found = solara.use_memo(lambda: list(shared.ancestry().inputs(column)), [column])
    path = solara.use_reactive("")
    words("h3", f"{readable(column, shared.world().names)}: {value:.4f}", "chosen")
    if not found:
        words("p", "It follows from other measures alone.", "quiet")
        return
    judged = sum(number.basis == "judgement" for number in found)
    counts = f"{len(found)} numbers enter it directly, {judged} of them on judgement"
    words("p", f"{counts}; the rules connect them.", "quiet")
    paths = [number.path for number in found]
    coded = [number.path for number in found if number.claims()]
    own = path.value if path.value in paths else (coded or paths)[0]
    solara.Select("Number that enters it", paths, own, path.set, dense=True, classes=["parent"])
    editor.Origin(own)


@solara.component
def ActorControl(visit: Visit) -> None:
    """An actor decided for by hand: shares of its budget by theatre and domain, and who decides."""
    session = visit.session
    world, by_hand = session.world, session.by_hand
    actor, edited = solara.use_reactive(next(iter(world.actors))), solara.use_reactive({})
    own = actor.value
    base = by_hand.get(own) or session.model.actor(own).shares()
    moved = edited.value.get(own, {})
    percents = {place: round(_WHOLE * share) for place, share in base.items()} | moved

    def decide(*, by_visitor: bool) -> None:
        shares = {place: percent / _WHOLE for place, percent in percents.items()}
        visit.change(lambda: session.decide(own, shares if by_visitor else None))
        edited.set({**edited.value, own: {}})

    def take(percent: int, place: tuple[str, str]) -> None:
        edited.set({**edited.value, own: {**edited.value.get(own, {}), place: percent}})

    button = partial(solara.Button, small=True)
    with solara.Row(gap="12px", style="align-items:center;flex-wrap:wrap"):
        select("Actor", [*world.actors], own, actor.set)
        who = "you decide for it" if own in by_hand else "its rule decides"
        spent = f"{sum(percents.values())} % of its budget is spent"
        words("span", f"{world.actors[own].name}: {who}; {spent}", "total")
    with solara.Row(gap="8px"):
        take_over, give_back = (partial(decide, by_visitor=each) for each in (True, False))
        button("Decide by hand", on_click=take_over, color="primary")
        button("Leave it to its rule", on_click=give_back, disabled=own not in by_hand)
    words("p", "Per cent of the budget by theatre and domain; it holds until changed.", "quiet")
    with (
        solara.Column(classes=["shares"]),
        solara.GridFixed(columns=len(DOMAINS) + 1, row_gap="0px", column_gap="16px"),
    ):
        for word in ("", *DOMAINS):
            words("b", word)
        for name, theatre in world.theatres.items():
            words("span", theatre.name)
            for domain in DOMAINS:
                percent = percents[name, domain]
                moved_to = partial(take, place=(name, domain))
                solara.SliderInt(
                    f"{percent}", percent, 0, _WHOLE, on_value=moved_to, thumb_label=False
                )


_TABS = {
    "Answer": Comparison, **{name: partial(Picture, view=name) for name in answers.VIEWS},
    "Events": Events, "Numbers": Provenance, "By hand": ActorControl, "Export": editor.Export,
}  # fmt: skip
