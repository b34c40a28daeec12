"""The question: which scenario, theory and seed, and what is to be otherwise, within the declared ranges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import solara

from eurasia_sim.dashboard import served
from eurasia_sim.dashboard.explaining import Origin
from eurasia_sim.dashboard.question import Question, adjustable, held, resolved, steps_of
from eurasia_sim.dashboard.wording import words
from eurasia_sim.world.levers import FREE, levers

_STEPS = 100  # of a slider between its two ends

Ask = Callable[[Question], bool]


@solara.component
def Asking(question: Question, ask: Ask) -> None:
    """Everything that makes up the question."""
    world, scenarios = served.world(), served.scenarios()

    def choose(name: str) -> None:
        numbers = tuple(s for s in question.settings if s.partition("=")[0] in world.numbers)
        ask(replace(question, scenario=name, settings=numbers))

    with solara.Column(gap="10px", style="padding:12px;width:330px"):
        solara.Select(
            "Scenario", list(scenarios), question.scenario, choose, dense=True, classes=["scenario"]
        )
        scenario = scenarios[question.scenario]
        words("p", f"{scenario.title}. {scenario.question}", "quiet")
        theory = question.theory or scenario.theory or world.default_theory
        solara.Select(
            "Theory", list(world.theories), theory, lambda name: ask(replace(question, theory=name)), dense=True,
            classes=["theory"],
        )  # fmt: skip
        Seed(question, ask)
        Settings(question, ask)
        with solara.Details("Decide otherwise"):
            LeverSlider(question, ask)
        with solara.Details("What nobody knows"):
            NumberSlider(question, ask)
        with solara.Details("By its path"):
            Written(question, ask)


@solara.component
def Seed(question: Question, ask: Ask) -> None:
    """The root of all random numbers, typed in."""
    wrong = solara.use_reactive("")

    def take(written: str | None) -> None:
        text = (written or "").strip()
        if not text.isdecimal():
            wrong.set("a seed is a whole number of 0 or more")
        elif ask(replace(question, seed=int(text))):
            wrong.set("")

    solara.InputText(
        "Seed",
        str(question.seed),
        on_value=take,
        error=wrong.value or False,
        dense=True,
        classes=["seed"],
    )


@solara.component
def Settings(question: Question, ask: Ask) -> None:
    """What is set otherwise so far, each to be taken back."""
    if not question.settings:
        words("p", "Nothing is set otherwise than in this scenario.", "quiet")
    for setting in question.settings:
        with solara.Row(style="align-items:center;flex-wrap:nowrap", gap="4px"):
            words("code", setting, "setting", style="font-size:.72rem;overflow-wrap:anywhere")

            def undo(setting: str = setting) -> None:
                ask(question.without(setting))

            solara.Button("undo", on_click=undo, x_small=True, text=True)


@solara.component
def LeverSlider(question: Question, ask: Ask) -> None:
    """A lever, chosen step by step, a month and a value within its bounds."""
    world = served.world()
    scenario = resolved(world, served.scenarios(), question)
    name = solara.use_reactive(next(iter(levers())))
    ids = solara.use_reactive(())
    start = (
        scenario.departs if scenario.departs is not None else world.record_until - world.start + 1
    )
    month = solara.use_reactive(0)
    value = solara.use_reactive(0.0)
    lever = levers()[name.value if name.value in levers() else next(iter(levers()))]
    options = steps_of(world, lever)
    chosen = tuple(
        ids.value[at]
        if at < len(ids.value) and ids.value[at] in known
        else known[min(at, len(known) - 1)]
        for at, known in enumerate(options)
    )
    path = ".".join([lever.name, *chosen])
    when = min(max(month.value, start), scenario.months - 1)

    def pick(at: int, word: str) -> None:
        ids.set((*chosen[:at], word, *chosen[at + 1 :]))

    def put(given: str) -> None:
        ask(question.with_setting(f"{path}.{world.date(when)}", given))

    solara.Select("Lever", list(levers()), lever.name, name.set, dense=True, classes=["lever"])
    words("p", f"{lever.meaning} Allowed: {lever.allowed}.", "quiet")
    for at, (kind, known) in enumerate(zip(lever.path, options, strict=True)):
        solara.Select(
            kind.capitalize(), known, chosen[at], lambda word, at=at: pick(at, word), dense=True
        )
    solara.SliderInt(
        f"from {world.date(when)}",
        when,
        start,
        scenario.months - 1,
        on_value=month.set,
        thumb_label=False,
    )
    if lever.bounds is None:
        solara.Select("Value", [*world.actors], None, put, dense=True)
    else:
        now = held(scenario, path, when)
        low, high = lever.bounds
        at_value = min(max(value.value, low), high)
        said = "free or at rest" if now is None else f"{now:g}"
        words("p", f"now {said}; unit: {lever.unit}", "quiet")
        solara.SliderFloat(
            f"{at_value:g}",
            at_value,
            low,
            high,
            (high - low) / _STEPS,
            on_value=value.set,
            thumb_label=False,
        )
        solara.Button(
            "Set this lever",
            on_click=lambda: put(f"{at_value:g}"),
            small=True,
            classes=["set-lever"],
        )
    if lever.free:
        solara.Button("Let it go", on_click=lambda: put(FREE), small=True, text=True)


@solara.component
def NumberSlider(question: Question, ask: Ask) -> None:
    """A number that nobody knows, within its declared range, and where it comes from."""
    world = served.world()
    numbers = solara.use_memo(lambda: {number.path: number for number in adjustable(world)}, [])
    group = solara.use_reactive("rules")
    path = solara.use_reactive("")
    groups = list(dict.fromkeys(each.split(".")[0] for each in numbers))
    inside = [each for each in numbers if each.startswith(f"{group.value}.")] or list(numbers)
    number = numbers[path.value if path.value in inside else inside[0]]
    fixed = resolved(world, served.scenarios(), question).fixed
    value = solara.use_reactive(None)
    now = fixed.get(number.path, number.value)
    at_value = min(max(now if value.value is None else value.value, number.low), number.high)

    def choose(name: str) -> None:
        path.set(name)
        value.set(None)

    solara.Select("Kind", groups, group.value, group.set, dense=True)
    solara.Select("Number", inside, number.path, choose, dense=True, classes=["number"])
    words("p", f"{number.meaning} ({number.unit}); reference {number.value:g}", "quiet")
    solara.SliderFloat(
        f"{at_value:.4g}", at_value, number.low, number.high, (number.high - number.low) / _STEPS,
        on_value=value.set, thumb_label=False,
    )  # fmt: skip
    words("p", f"declared range {number.low:g} to {number.high:g}", "quiet")
    solara.Button(
        "Set this number", on_click=lambda: ask(question.with_setting(number.path, f"{at_value:.10g}")), small=True,
        classes=["set-number"],
    )  # fmt: skip
    with solara.Details("Where it comes from"):
        Origin(number.path)


@solara.component
def Written(question: Question, ask: Ask) -> None:
    """A lever or number set by its path, as the command line's `--set` takes it."""
    text = solara.use_reactive("")

    def put() -> None:
        path, equals, value = (text.value or "").strip().partition("=")
        wanted = question.with_setting(path.strip(), value.strip()) if equals else None
        if ask(
            wanted or replace(question, settings=(*question.settings, (text.value or "").strip()))
        ):
            text.set("")

    solara.InputText("path=value", text, continuous_update=True, dense=True, classes=["written"])
    solara.Button("Set by path", on_click=put, small=True)
