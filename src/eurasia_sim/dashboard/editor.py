"""What one visitor asks and looks at, and the controls that change the question."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import solara

from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.answers import ALONE
from eurasia_sim.dashboard.session import Question, Session, complaints
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.text import visible
from eurasia_sim.scenarios.writer import file_text, values_held
from eurasia_sim.world.levers import FREE, choices, levers
from eurasia_sim.world.provenance import described, told

_STEPS = 100  # of a slider between its two ends


class Visit:
    """One visitor's state; a part of the page that reads a value is drawn anew when it is set."""

    def __init__(self) -> None:
        self.question = solara.Reactive(Question(shared.first_scenario()))
        self.problem = solara.Reactive("")  # what is wrong with the last input
        self.tab = solara.Reactive(0)
        self.column = solara.Reactive("")  # the measure whose parents are shown
        self.second = solara.Reactive(shared.second_scenario() or ALONE)
        self.measured = solara.Reactive("")  # the measure that is compared
        self.over_ranges = solara.Reactive(default_value=True)
        self.playing = solara.Reactive(default_value=False)
        self.restarts = solara.Reactive(0)
        self.version = solara.Reactive(0)  # of the run
        self._run = solara.Reactive(None)

    @property
    def session(self) -> Any:
        """The run in view, which changes in place; none before the first has begun."""
        self.version.get()
        return self._run.get()

    def begin(self) -> None:
        """Begin the run of the question; the one in view stays until it is ready."""
        asked = self.question.peek()
        session = Session(asked.resolved(), asked.theory, asked.seed)
        if asked == self.question.peek():  # which may have changed meanwhile
            self._run.set(session)

    def ask(self, wanted: Question) -> None:
        """Take a question if nothing is wrong with it, or say what is."""
        try:
            wanted.resolved()
        except DataError as error:
            self.problem.set(complaints(error))
        else:
            self.problem.set("")
            self.question.set(wanted)

    def change(self, work: Callable[[], object]) -> None:
        """Change the run, or say why it cannot be, and draw it anew."""
        try:
            work()
            self.problem.set("")
        except (ValueError, FloatingPointError) as error:
            self.problem.set(complaints(error))
            self.playing.set(False)
        self.version.set(self.version.peek() + 1)


def words(tag: str, text: str, *classes: str, style: str = "") -> Any:
    """An element of text that the browser never reads as markup."""
    names = " ".join(classes)
    return solara.v.Html(tag=tag, children=[visible(text)], class_=names, style_=style)


def select(label: str, known: list[str] | Mapping[str, str], chosen: str | None, take: Any) -> None:
    """A list of titles, of which one is chosen; `take` is given its name.

    Args:
        known: ids, each shown by the name that it has in the world; or titles by name.
    """
    if isinstance(known, list):
        names = shared.world().names
        known = {k: names.get(k, k if "." in k else k.replace("_", " ")) for k in known}
    titles = shared.apart(known)
    keys = {title: key for key, title in titles.items()}
    shown, classes = titles[chosen] if chosen else None, [label.lower()]
    solara.Select(label, [*keys], shown, lambda t: take(keys[t]), dense=True, classes=classes)


def table(rows: Iterable[Iterable[str]], name: str) -> None:
    """A table of text, as one element: hundreds of single ones would take seconds."""
    lines = ("</td><td>".join(escape(visible(cell)) for cell in row) for row in rows)
    content = "".join(f"<tr><td>{line}</td></tr>" for line in lines)
    solara.HTML("table", unsafe_innerHTML=content, classes=[name])


def _slide(value: float, label: str, low: float, high: float, take: Callable[..., Any]) -> None:
    step = (high - low) / _STEPS
    solara.SliderFloat(label, value, low, high, step, on_value=take, thumb_label=False)


@solara.component
def ScenarioEditor(visit: Visit) -> None:
    """Everything that makes up the question."""
    world, question = shared.world(), visit.question.value
    scenario = shared.scenarios()[question.scenario]
    wrong_seed = solara.use_reactive("")

    def choose_scenario(name: str) -> None:
        visit.ask(replace(question, scenario=name, settings=question.numbers()))

    def choose_seed(typed: str) -> None:
        is_whole = typed.strip().isdecimal()
        wrong_seed.set("" if is_whole else "a seed is a whole number of 0 or more")
        if is_whole:
            visit.ask(replace(question, seed=int(typed)))

    select("Scenario", shared.titles(), question.scenario, choose_scenario)
    words("p", scenario.question, "quiet")
    theory = question.theory or scenario.theory or world.default_theory
    select("Theory", [*world.theories], theory, lambda k: visit.ask(replace(question, theory=k)))
    seed, error = str(question.seed), wrong_seed.value or False
    solara.InputText("Seed", seed, choose_seed, dense=True, error=error, classes=["seed"])
    if not question.settings:
        words("p", "Nothing is set otherwise than in this scenario.", "quiet")
    for setting in question.settings:
        with solara.Row(style="align-items:center;flex-wrap:nowrap", gap="4px"):
            words("code", setting, "setting", style="font-size:.72rem;overflow-wrap:anywhere")
            undo = partial(visit.ask, question.without(setting))
            solara.Button("undo", on_click=undo, x_small=True, text=True)
    with solara.Details("Decide otherwise"):
        LeverSlider(visit)
    with solara.Details("What nobody knows"):
        NumberSlider(visit)


@solara.component
def LeverSlider(visit: Visit) -> None:
    """A lever, chosen step by step, a month and a value within its bounds."""
    world, question, known = shared.world(), visit.question.value, levers()
    scenario = question.resolved()
    name, ids = solara.use_reactive(next(iter(known))), solara.use_reactive(())
    month, value = solara.use_reactive(0), solara.use_reactive(0.0)
    lever = known[name.value]
    options = [choices(kind, world) for kind in lever.path]
    chosen = tuple(
        next(iter({*ids.value[at : at + 1]} & {*allowed}), allowed[min(at, len(allowed) - 1)])
        for at, allowed in enumerate(options)
    )
    lever, path, last = lever.at(chosen[-1]), ".".join([lever.name, *chosen]), scenario.months - 1
    after = world.record_until - world.start + 1  # the record, where it departs nowhere
    start = min(after if scenario.departs is None else scenario.departs, last)
    when = min(max(month.value, start), last)

    def put(text: str) -> None:
        visit.ask(question.with_setting(f"{path}.{world.date(when)}", text))

    select("Lever", [*known], lever.name, name.set)
    words("p", f"{lever.meaning} Allowed: {lever.allowed}.", "quiet")
    for at, (kind, allowed) in enumerate(zip(lever.path, options, strict=True)):

        def pick(word: str, at: int = at) -> None:
            ids.set((*chosen[:at], word, *chosen[at + 1 :]))

        select(kind.capitalize(), allowed, chosen[at], pick)
    date = f"from {world.date(when)}"
    solara.SliderInt(date, when, start, last, on_value=month.set, thumb_label=False)
    button = partial(solara.Button, small=True)
    if lever.bounds is None:
        select("Value", [*world.actors], None, put)
    else:
        now = values_held(scenario, world, path, when)[world.date(when)]
        state = now if isinstance(now, str) else f"{now:g}"
        words("p", f"now {state}; unit: {lever.unit}", "quiet")
        text = f"{min(max(value.value, lever.bounds[0]), lever.bounds[1]):g}"
        _slide(float(text), text, *lever.bounds, value.set)
        button("Set this lever", on_click=partial(put, text), classes=["set-lever"])
    if lever.free:
        button("Let it go", on_click=partial(put, FREE), text=True)


@solara.component
def NumberSlider(visit: Visit) -> None:
    """An uncertain number within its declared range, and where it comes from."""
    question, numbers = visit.question.value, shared.adjustable()
    group, path = solara.use_reactive("rules"), solara.use_reactive("")
    value = solara.use_reactive(None)
    groups = [*dict.fromkeys(each.split(".")[0] for each in numbers)]
    inside = [each for each in numbers if each.startswith(f"{group.value}.")] or list(numbers)
    number = numbers[path.value if path.value in inside else inside[0]]
    now = question.resolved().fixed.get(number.path, number.value)
    moved = min(max(now if value.value is None else value.value, number.low), number.high)

    def choose(name: str) -> None:
        path.set(name)
        value.set(None)

    put = partial(visit.ask, question.with_setting(number.path, f"{moved:.10g}"))
    select("Kind", groups, group.value, group.set)
    select("Number", inside, number.path, choose)
    words("p", f"{number.meaning} ({number.unit}); reference {number.value:g}", "quiet")
    _slide(moved, f"{moved:.4g}", number.low, number.high, value.set)
    words("p", f"declared range {number.low:g} to {number.high:g}", "quiet")
    solara.Button("Set this number", on_click=put, small=True, classes=["set-number"])
    with solara.Details("Where it comes from"):
        Origin(number.path)


@solara.component
def Origin(path: str) -> None:
    """What `explain` says of a number: its range, its basis, its claims and works."""

    def text() -> str:
        return "\n".join(told(described(shared.world(), path)))

    words("pre", solara.use_memo(text, [path]), "claim")


@solara.component
def Export(visit: Visit) -> None:
    """The question as a scenario file that `check` accepts, and the button that saves it."""
    question = visit.question.value
    text = file_text(question.resolved(), shared.world(), question.theory)
    name = f"{question.scenario}_edited.yaml"
    solara.FileDownload(text, name, label="Save the scenario file")
    words("p", f"Then: eurasia-sim check {name}. What was decided by hand is not in it.", "quiet")
    words("pre", text, "claim", "export")
