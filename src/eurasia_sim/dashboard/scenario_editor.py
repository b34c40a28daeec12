"""The question on the page: scenario, theory, seed and settings, and its file for download."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import solara

from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.provenance import Origin
from eurasia_sim.dashboard.session import Question, adjustable, first_free_month
from eurasia_sim.dashboard.shared import words
from eurasia_sim.scenarios.writer import file_text
from eurasia_sim.world.levers import FREE, choices, levers

_STEPS = 100  # of a slider between its two ends

Ask = Callable[[Question], bool]


@solara.component
def ScenarioEditor(question: Question, ask: Ask) -> None:
    """Everything that makes up the question."""
    world, scenario = shared.world(), shared.scenarios()[question.scenario]
    wrong_seed = solara.use_reactive("")

    def choose_scenario(name: str) -> None:
        ask(replace(question, scenario=name, settings=question.numbers()))

    def choose_seed(typed: str) -> None:
        is_whole = typed.strip().isdecimal()
        wrong_seed.set("" if is_whole else "a seed is a whole number of 0 or more")
        if is_whole:
            ask(replace(question, seed=int(typed)))

    shared.select("Scenario", shared.titles(), question.scenario, choose_scenario, "scenario")
    words("p", scenario.question, "quiet")
    theory = question.theory or scenario.theory or world.default_theory
    _select("Theory", list(world.theories), theory, lambda k: ask(replace(question, theory=k)))
    seed, error = str(question.seed), wrong_seed.value or False
    solara.InputText("Seed", seed, choose_seed, dense=True, error=error, classes=["seed"])
    Settings(question, ask)
    with solara.Details("Decide otherwise"):
        LeverSlider(question, ask)
    with solara.Details("What nobody knows"):
        NumberSlider(question, ask)
    with solara.Details("By its path"):
        PathInput(question, ask)


def _select(label: str, known: list[str], chosen: str | None, take: Callable[[str], Any]) -> None:
    names = shared.world().names
    titles = {
        word: names.get(word, word if "." in word else word.replace("_", " ")) for word in known
    }
    shared.select(label, titles, chosen, take, label.lower())


def _slider(value: float, label: str, low: float, high: float, take: Callable[..., Any]) -> None:
    step = (high - low) / _STEPS
    solara.SliderFloat(label, value, low, high, step, on_value=take, thumb_label=False)


@solara.component
def Settings(question: Question, ask: Ask) -> None:
    """The settings so far, each to be taken back."""
    if not question.settings:
        words("p", "Nothing is set otherwise than in this scenario.", "quiet")
    for setting in question.settings:
        with solara.Row(style="align-items:center;flex-wrap:nowrap", gap="4px"):
            words("code", setting, "setting", style="font-size:.72rem;overflow-wrap:anywhere")
            undo = partial(ask, question.without(setting))
            solara.Button("undo", on_click=undo, x_small=True, text=True)


@solara.component
def LeverSlider(question: Question, ask: Ask) -> None:
    """A lever, chosen step by step, a month and a value within its bounds."""
    world, scenario, known = shared.world(), question.resolved(), levers()
    name, ids = solara.use_reactive(next(iter(known))), solara.use_reactive(())
    month, value = solara.use_reactive(0), solara.use_reactive(0.0)
    lever = known.get(name.value) or next(iter(known.values()))
    options = [choices(kind, world) for kind in lever.path]
    chosen = tuple(
        next(iter({*ids.value[at : at + 1]} & {*allowed}), allowed[min(at, len(allowed) - 1)])
        for at, allowed in enumerate(options)
    )
    lever, path, last = lever.at(chosen[-1]), ".".join([lever.name, *chosen]), scenario.months - 1
    start = first_free_month(scenario)
    when = min(max(month.value, start), last)

    def put(text: str) -> None:
        ask(question.with_setting(f"{path}.{world.date(when)}", text))

    _select("Lever", list(known), lever.name, name.set)
    words("p", f"{lever.meaning} Allowed: {lever.allowed}.", "quiet")
    for at, (kind, allowed) in enumerate(zip(lever.path, options, strict=True)):

        def pick(word: str, at: int = at) -> None:
            ids.set((*chosen[:at], word, *chosen[at + 1 :]))

        _select(kind.capitalize(), allowed, chosen[at], pick)
    date = f"from {world.date(when)}"
    solara.SliderInt(date, when, start, last, on_value=month.set, thumb_label=False)
    if lever.bounds is None:
        _select("Value", [*world.actors], None, put)
    else:
        dated = scenario.steps.get(path, {})
        now = dated.get(max((at for at in dated if at <= when), default=-1))
        state = f"{now:g}" if isinstance(now, float | int) else "free or at rest"
        words("p", f"now {state}; unit: {lever.unit}", "quiet")
        text = f"{min(max(value.value, lever.bounds[0]), lever.bounds[1]):g}"
        _slider(float(text), text, *lever.bounds, value.set)
        solara.Button(
            "Set this lever", on_click=lambda: put(text), small=True, classes=["set-lever"]
        )
    if lever.free:
        solara.Button("Let it go", on_click=lambda: put(FREE), small=True, text=True)


@solara.component
def NumberSlider(question: Question, ask: Ask) -> None:
    """An uncertain number within its declared range, and where it comes from."""
    numbers = solara.use_memo(adjustable, [])
    group, path = solara.use_reactive("rules"), solara.use_reactive("")
    value = solara.use_reactive(None)
    groups = list(dict.fromkeys(each.split(".")[0] for each in numbers))
    inside = [each for each in numbers if each.startswith(f"{group.value}.")] or list(numbers)
    number = numbers[path.value if path.value in inside else inside[0]]
    now = question.resolved().fixed.get(number.path, number.value)
    moved = min(max(now if value.value is None else value.value, number.low), number.high)

    def choose(name: str) -> None:
        path.set(name)
        value.set(None)

    put = partial(ask, question.with_setting(number.path, f"{moved:.10g}"))
    _select("Kind", groups, group.value, group.set)
    _select("Number", inside, number.path, choose)
    words("p", f"{number.meaning} ({number.unit}); reference {number.value:g}", "quiet")
    _slider(moved, f"{moved:.4g}", number.low, number.high, value.set)
    words("p", f"declared range {number.low:g} to {number.high:g}", "quiet")
    solara.Button("Set this number", on_click=put, small=True, classes=["set-number"])
    with solara.Details("Where it comes from"):
        Origin(number.path)


@solara.component
def PathInput(question: Question, ask: Ask) -> None:
    """A lever or number set by its path, as the command line's `--set` takes it."""
    text = solara.use_reactive("")

    def put() -> None:
        typed = (text.value or "").strip()
        path, equals, value = typed.partition("=")
        wanted = question.with_setting(path.strip(), value.strip())
        if ask(wanted if equals else replace(question, settings=(*question.settings, typed))):
            text.set("")

    solara.InputText("path=value", text, continuous_update=True, dense=True, classes=["written"])
    solara.Button("Set by path", on_click=put, small=True)


@solara.component
def Export(question: Question) -> None:
    """The question as a scenario file that `check` accepts, and the button that saves it."""
    text = file_text(question.resolved(), shared.world(), question.theory)
    name = f"{question.scenario}_edited.yaml"
    solara.FileDownload(text, name, label="Save the scenario file")
    words("p", f"Then: eurasia-sim check {name}. What was decided by hand is not in it.", "quiet")
    words("pre", text, "claim", "export")
