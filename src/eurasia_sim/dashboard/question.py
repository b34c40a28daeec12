"""What one visitor asks: a scenario, what is changed in it, a theory and a seed; checked before anything is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from eurasia_sim.files.data_yaml import DataError, Number, near
from eurasia_sim.files.user_yaml import InputProblems
from eurasia_sim.scenarios.checks import is_drawn
from eurasia_sim.scenarios.scenario import Scenario, apply_settings
from eurasia_sim.world.levers import Lever, choices
from eurasia_sim.world.world import World

MOST_SETTINGS = 60
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Question:
    """What is asked; scenarios go by the names that the server offers and never by a path."""

    scenario: str
    theory: str | None = None
    settings: tuple[str, ...] = ()
    seed: int = 7

    def with_setting(self, path: str, value: str) -> Question:
        """The same with a lever or number set; an earlier setting of that path gives way."""
        kept = tuple(setting for setting in self.settings if setting.partition("=")[0] != path)
        return replace(self, settings=(*kept, f"{path}={value}"))

    def without(self, setting: str) -> Question:
        """The same with one setting taken back."""
        return replace(self, settings=tuple(each for each in self.settings if each != setting))


def resolved(world: World, scenarios: Mapping[str, Scenario], question: Question) -> Scenario:
    """The scenario asked for, with its settings worked in.

    Args:
        scenarios: those that can be chosen, by name.

    Raises:
        DataError: for a scenario that is not offered, or a theory, seed or number of settings out of bounds.
        InputProblems: for settings that `--set` would refuse.
    """
    problems = []
    if question.scenario not in scenarios:
        problems.append(f"{question.scenario!r} is no scenario{near(question.scenario, scenarios)}")
    if question.theory is not None and question.theory not in world.theories:
        problems.append(f"{question.theory!r} is no theory{near(question.theory, world.theories)}")
    if not 0 <= question.seed <= LARGEST_SEED:
        problems.append(f"seed {question.seed} is out of range; allowed: 0 to {LARGEST_SEED}")
    if len(question.settings) > MOST_SETTINGS:
        problems.append(f"{len(question.settings)} settings are too many; allowed: {MOST_SETTINGS}")
    if problems:
        raise DataError(problems)
    scenario = scenarios[question.scenario]
    dated = tuple(_dated(world, scenario, setting) for setting in question.settings)
    return apply_settings(scenario, dated, world)


def _dated(world: World, scenario: Scenario, setting: str) -> str:
    """A setting with its month named where the scenario has none of its own to begin with."""
    path = setting.partition("=")[0]
    if (
        scenario.departs is not None
        or path in world.numbers
        or path.rpartition(".")[2][:1].isdigit()
    ):
        return setting
    return setting.replace(
        "=", f".{world.date(min(world.record_until - world.start + 1, world.months - 1))}=", 1
    )


def complaints(error: InputProblems | DataError) -> str:
    """Everything wrong with an input, a line each."""
    return "\n".join(str(problem) for problem in error.problems)


def adjustable(world: World) -> list[Number]:
    """Numbers that a visitor may set within their declared range."""
    found = [
        number
        for path, number in world.numbers.items()
        if is_drawn(world, path) and number.is_uncertain
    ]
    return [number for number in found if not number.is_silent]


def steps_of(world: World, lever: Lever) -> list[list[str]]:
    """What each step of a lever's path may be, in order."""
    return [choices(kind, world.actors, world.theatres) for kind in lever.path]


def held(scenario: Scenario, path: str, month: int) -> float | None:
    """What a lever is set to in a month, if it is set to a number."""
    dated = scenario.steps.get(path, {})
    value = dated.get(max((at for at in dated if at <= month), default=-1))
    return value if isinstance(value, float | int) else None
