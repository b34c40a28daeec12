"""One visitor's question, checked before anything runs, and the run that is played."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

from eurasia_sim.dashboard import shared
from eurasia_sim.files.checker import LARGEST_SEED
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.files.text import visible
from eurasia_sim.scenarios.scenario import Scenario, apply_settings
from eurasia_sim.simulation.events import Event, View, changes, view_of
from eurasia_sim.simulation.mesa_model import EurasiaModel

_MOST_SETTINGS = 60


@dataclass(frozen=True)
class Question:
    """What a visitor asks; scenarios go by the names that the server offers, never by a path."""

    scenario: str
    theory: str | None = None
    settings: tuple[str, ...] = ()
    seed: int = 7

    def with_setting(self, path: str, value: str) -> "Question":
        """The same with a lever or number set, in place of an earlier setting of that path."""
        kept = tuple(setting for setting in self.settings if setting.partition("=")[0] != path)
        return replace(self, settings=(*kept, f"{path}={value}"))

    def without(self, setting: str) -> "Question":
        """The same with one setting taken back."""
        return replace(self, settings=tuple(each for each in self.settings if each != setting))

    def numbers(self) -> tuple[str, ...]:
        """The settings of numbers, without those of levers."""
        numbers = shared.world().numbers
        return tuple(each for each in self.settings if each.partition("=")[0] in numbers)

    def resolved(self) -> Scenario:
        """The scenario asked for, with its settings applied.

        Raises DataError for all that is unknown, out of range, too many, or refused by `--set`.
        """
        world, scenarios, count = shared.world(), shared.scenarios(), len(self.settings)
        problems = []
        if self.scenario not in scenarios:
            problems.append(f"{self.scenario!r} is no scenario{near(self.scenario, scenarios)}")
        if self.theory is not None and self.theory not in world.theories:
            problems.append(f"{self.theory!r} is no theory{near(self.theory, world.theories)}")
        if not 0 <= self.seed <= LARGEST_SEED:
            problems.append(f"seed {self.seed} is out of range; allowed: 0 to {LARGEST_SEED}")
        if count > _MOST_SETTINGS:
            problems.append(f"{count} settings are too many; allowed: {_MOST_SETTINGS}")
        if problems:
            raise DataError(problems)
        return apply_settings(scenarios[self.scenario], self.settings, world)


def complaints(error: Exception) -> str:
    """Everything wrong with an input, a line each; of any other error its text."""
    problems = error.problems if isinstance(error, DataError) else [error]
    return visible("\n".join(map(str, problems)))


class Session:
    """A run and its events so far; one thread at a time may advance it.

    The run begins in the last month that the scenario shares with the record.
    """

    def __init__(self, scenario: Scenario, theory: str | None, seed: int) -> None:
        self.world = shared.world()
        self.model = EurasiaModel(scenario, self.world, theory, seed)
        self.events: list[Event] = []
        self.by_hand: dict[str, dict[tuple[str, str], float]] = {}
        self._busy = threading.Lock()
        self._before: View = self._view()
        self.advance(max(1, min(scenario.branch_month, scenario.months - 1)))

    @property
    def is_over(self) -> bool:
        """Whether the last month has passed."""
        return not self.model.running

    def _view(self) -> View:
        levers = self.model.inputs.levers.month(max(self.model.month - 1, 0))
        return view_of(self.model.state, levers, self.model.inputs)

    def advance(self, months: int = 1) -> None:
        """Run some months, or as many as are left.

        Raises PolicyError for decisions by hand that cannot be carried out, in a month that is then
        not run; FloatingPointError where a number overflows.
        """
        with self._busy:
            for _ in range(months):
                if self.is_over:
                    return
                self.model.step()
                now = self._view()
                self.events += changes(self.world, self.model.date, self._before, now)
                self._before = now

    def decide(self, actor: str, shares: Mapping[tuple[str, str], float] | None) -> None:
        """Decide for an actor from the next month on, or give it back to its rule.

        Raises DataError for an unknown actor, PolicyError for shares that cannot be spent.

        Args:
            shares: of its budget, by theatre and domain, together at most 1; None gives it back.
        """
        chosen = self.model.actor(actor)
        if shares is None:
            self.by_hand.pop(actor, None)
            self.model.policies.pop(actor, None)
            return
        chosen.efforts_of(shares, self.model.date)
        self.by_hand[actor] = dict(shares)
        self.model.policies[actor] = lambda actor: self.by_hand[actor.name]
