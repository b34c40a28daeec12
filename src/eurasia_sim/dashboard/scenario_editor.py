"""The question on the page: scenario, theory, seed and settings, and its file for download."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import solara

from eurasia_sim.dashboard import shared
from eurasia_sim.dashboard.provenance import Origin
from eurasia_sim.dashboard.visit import Visit, select, words
from eurasia_sim.scenarios.writer import file_text, values_held
from eurasia_sim.world.levers import FREE, choices, levers

_STEPS = 100  # of a slider between its two ends


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


def _slide(value: float, label: str, low: float, high: float, take: Callable[..., Any]) -> None:
    step = (high - low) / _STEPS
    solara.SliderFloat(label, value, low, high, step, on_value=take, thumb_label=False)


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
def Export(visit: Visit) -> None:
    """The question as a scenario file that `check` accepts, and the button that saves it."""
    question = visit.question.value
    text = file_text(question.resolved(), shared.world(), question.theory)
    name = f"{question.scenario}_edited.yaml"
    solara.FileDownload(text, name, label="Save the scenario file")
    words("p", f"Then: eurasia-sim check {name}. What was decided by hand is not in it.", "quiet")
    words("pre", text, "claim", "export")
