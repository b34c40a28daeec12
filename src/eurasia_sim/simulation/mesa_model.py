"""A scenario as a Mesa model: the same months as the kernel's, one at a time, with a place for a person's policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, partial
from typing import Any

import mesa
import numpy as np
from mesa.datacollection import DataCollector

from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.kernel import month as kernel
from eurasia_sim.kernel.outcomes import ACTOR_MEASURES, PAIR_MEASURES, THEATRE_MEASURES
from eurasia_sim.kernel.workspace import Workspace
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, as_recorded, load_scenario
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.mesa_actors import Policy, Present, StateActor
from eurasia_sim.simulation.parameter_draws import run_seeds
from eurasia_sim.world.world import World, load_world

# One world serves all models of a batch.
_packaged = cache(load_world)
_COLLECTED = frozenset((*PAIR_MEASURES, *ACTOR_MEASURES, *THEATRE_MEASURES))


class EurasiaModel(mesa.Model):
    """One run of a scenario; each step is a month, from the start of the record to the scenario's horizon.

    The burn-in is run when the model is built. A step lets every actor perceive, align and choose by its rule, asks the
    policies, and lets choices have their effect. Without policies it is bit by bit the kernel's own run, and
    the first that `simulate` and `run_ensemble` make of the same scenario and seed.

    Args:
        scenario: a name, the path of a file, or a scenario already resolved; by default the record as it happened.
        world: by default the packaged one.
        theory: a preset; by default the scenario's, else the world's.
        seed: root of the run's random numbers; by default a new one, kept in `root_seed`.
        policies: by actor, a function of its `StateActor` that gives `{(theatre, domain): share of the budget}`, or
            None where the actor's own rule is to choose. It takes the place of all its efforts, imposed ones included.
        settings: such as `rules.perception.distance_decay=2000`, worked into the scenario.
        forms: alternative by structural form.

    Raises:
        InputProblems, DataError: for a scenario, setting, theory, form or actor that cannot be had.
        PolicyError: in a step, for shares that cannot be spent.
        FloatingPointError: in a step whose numbers end.
    """

    running: bool

    def __init__(
        self,
        scenario: str | Scenario | None = None,
        world: World | None = None,
        theory: str | None = None,
        seed: int | None = None,
        policies: Mapping[str, Policy] | None = None,
        settings: Iterable[str] = (),
        forms: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(seed=seed)
        self.world = world or _packaged()
        self.root_seed = int(self.rng.integers(2**32)) if seed is None else int(seed)
        asked = as_recorded(self.world) if scenario is None else scenario
        self.inputs = self._prepared(asked, tuple(settings), theory, forms)
        self.month = -self.inputs.burn_in  # the next to be lived, from the start of the record
        self._seed_of_run = run_seeds(self.root_seed, 1)[0]
        self._rules = self.inputs.rules
        self.present = self._begun()
        self.states = {name: StateActor(self, name, self.present) for name in self.present.actors}
        self.policies = dict(policies or {})
        unknown = [name for name in self.policies if name not in self.states]
        if unknown:
            raise DataError(
                [f"policies: {name} is no actor{near(name, self.states)}" for name in unknown]
            )
        self.row = np.full(len(self.inputs.columns), np.nan)
        self.datacollector = self._collector()
        while self.month < 0:
            self._assess()
            self._act()

    def _prepared(
        self,
        scenario: str | Scenario,
        settings: tuple[str, ...],
        theory: str | None,
        forms: Mapping[str, str] | None,
    ) -> Any:
        """What the kernel is given, with every name checked that a person may have mistyped."""
        problems = []
        if theory is not None and theory not in self.world.theories:
            problems.append(f"{theory} is no theory{near(theory, self.world.theories)}")
        for factor, alternative in (forms or {}).items():
            if factor not in self.world.forms:
                problems.append(f"{factor} is no form{near(factor, self.world.forms)}")
            elif alternative not in self.world.forms[factor]:
                problems.append(
                    f"{alternative} is no {factor}{near(alternative, self.world.forms[factor])}"
                )
        if problems:
            raise DataError(problems)
        if isinstance(scenario, Scenario):
            resolved = apply_settings(scenario, settings, self.world)
        else:
            resolved = load_scenario(scenario, self.world, settings)
        return prepare(self.world, resolved, theory, forms)

    def _begun(self) -> Present:
        """The arrays before the first month of the burn-in."""
        inputs, world = self.inputs, self.world
        self._workspace = Workspace(inputs.facts, self._rules)
        self._workspace.load(inputs.rules[None], inputs.row[None], self._seed_of_run[None])
        coded, blocks = world.coded(inputs.row), self._workspace.blocks
        return Present(
            tuple(world.actors), tuple(world.theatres), coded, blocks.constants[0], blocks.state[0]
        )

    def _collector(self) -> DataCollector:
        """Collects, each month, the measures of the focal pairs, of every actor and of every theatre."""
        collected = [name for name in self.inputs.columns if name.split(".")[0] in _COLLECTED]
        places = {name: at for at, name in enumerate(self.inputs.columns)}
        return DataCollector(
            model_reporters={name: partial(_column, places[name]) for name in collected}
        )

    @property
    def scenario(self) -> Scenario:
        """What is asked."""
        scenario: Scenario = self.inputs.scenario
        return scenario

    @property
    def date(self) -> str:
        """The month last lived, as YYYY-MM; before the first step the one before the record."""
        return self.world.date(self.month - 1)

    @property
    def measures(self) -> dict[str, float]:
        """Every measure of the month last lived by the name of its column; NaN before the first step."""
        return dict(zip(self.inputs.columns, self.row.tolist(), strict=True))

    def actor(self, name: str) -> StateActor:
        """The actor of that name."""
        if name not in self.states:
            raise DataError([f"{name} is no actor{near(name, self.states)}"])
        return self.states[name]

    def step(self) -> None:
        """Live one month; nothing happens once the scenario is over."""
        if not self.running:
            return
        self._assess()
        self._decide()
        self._act()
        self.row[:] = self._workspace.observed()[0]
        self.datacollector.collect(self)
        self.running = self.month < self.inputs.months

    def _assess(self) -> None:
        self._workspace.set_month(self.inputs.levers, max(self.month, 0))
        kernel.assess(self._workspace.blocks, self.month + self.inputs.burn_in)

    def _decide(self) -> None:
        """Ask every policy, each seeing what the rules chose for all, and then put their choices in place together."""
        date = self.world.date(self.month)
        decided = {}
        for name, policy in self.policies.items():
            shares = policy(self.states[name])
            if shares is not None:
                decided[name] = self.states[name].efforts_of(shares, date)
        for name, efforts in decided.items():
            self.states[name].spend(efforts)

    def _act(self) -> None:
        kernel.act(self._workspace.blocks, self.month + self.inputs.burn_in)
        phase = self._workspace.failed_phase()[0]
        if phase > 0:
            name, when = self.scenario.name, self.world.date(self.month)
            raise FloatingPointError(
                f"{name}: {kernel.PHASES[phase]} gave a number that is none in {when}"
            )
        self.month += 1


def _column(at: int, model: EurasiaModel) -> float:
    """One measure of the month last lived."""
    return float(model.row[at])
