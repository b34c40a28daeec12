"""A scenario as a Mesa model: the kernel's months, one at a time, with room for policies."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from itertools import count, product
from typing import Any, SupportsFloat
from weakref import WeakKeyDictionary

import mesa
import numpy as np
from mesa.datacollection import DataCollector

from eurasia_sim.compute.blocks import Run
from eurasia_sim.compute.dimensions import CONSTRUCTS, DOMAINS, Floats
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel import month
from eurasia_sim.kernel.outcomes import ACTOR_MEASURES, OF_PAIRS, THEATRE_MEASURES
from eurasia_sim.kernel.workspace import Workspace
from eurasia_sim.scenarios.scenario import Scenario, apply_settings, as_recorded, load_scenario
from eurasia_sim.simulation.ensemble import live
from eurasia_sim.simulation.family import as_of
from eurasia_sim.simulation.inputs import prepare, unknown
from eurasia_sim.simulation.parameter_draws import run_seeds
from eurasia_sim.world.world import World

_COLLECTED = frozenset((*OF_PAIRS, *ACTOR_MEASURES, *THEATRE_MEASURES))
_ROUNDING = 1e-9  # by which shares that are one together may miss it


class PolicyError(ValueError):
    """What a policy gave cannot be spent."""


class _Counts(WeakKeyDictionary[mesa.Model, Any]):
    """The numbers of a model's agents, forgotten with the model."""

    def __getitem__(self, model: mesa.Model) -> Any:
        return self.setdefault(model, count(1))


class StateActor(mesa.Agent):
    """One actor of a running model; every property reads the arrays as they stand."""

    _ids = _Counts()  # Mesa's own keeps every model for as long as the program runs

    def __init__(self, model: "EurasiaModel", name: str) -> None:
        super().__init__(model)
        self.name, self._world = name, model.world
        self._state, self._coded = model.state, model.coded
        self._at = [*model.world.actors].index(name)

    def __repr__(self) -> str:
        return f"StateActor({self.name!r})"

    @property
    def power(self) -> float:
        """Share of the world's power, from its means, its territory and the theatres it rules."""
        return float(self._state.power[self._at])

    @property
    def budget(self) -> float:
        """What it can spend this month, in budget units."""
        return float(self._state.budget[self._at])

    @property
    def standing(self) -> float:
        """Reputation gained or lost and not yet forgotten; 0 is neither."""
        return float(self._state.standing[self._at])

    @property
    def interests(self) -> dict[str, float]:
        """Salience of each construct in this run, 0..3; NaN where the documents are silent."""
        return dict(zip(CONSTRUCTS, self._coded.salience[self._at].tolist(), strict=True))

    @property
    def rules(self) -> tuple[str, ...]:
        """Theatres it rules now."""
        pairs = zip(self._world.theatres, self._state.ruler, strict=True)
        return tuple(theatre for theatre, ruler in pairs if ruler == self._at)

    def alignment_with(self, other: str) -> float:
        """How far it leans toward another actor, -1..1."""
        return float(self._state.alignment[self._at, _index(other, self._world.actors, "actor")])

    def threat_from(self, other: str) -> float:
        """Threat it sees in another actor, 0..1."""
        return float(self._state.threat[self._at, _index(other, self._world.actors, "actor")])

    def spillover_from(self, theatre: str) -> float:
        """What spills over to it from a theatre, 0 or more."""
        return float(self._state.spillover[self._at, self._theatre(theatre)])

    def recognition_of(self, theatre: str) -> float:
        """How many steps it has taken toward the new ruler of a theatre, 0..4."""
        return float(self._state.recognition[self._at, self._theatre(theatre)])

    def effort_in(self, theatre: str, domain: str | None = None) -> float:
        """What it spends in a theatre this month, in one domain or all, in budget units."""
        own = self._state.effort[self._at, self._theatre(theatre)]
        return float(own.sum() if domain is None else own[_index(domain, DOMAINS, "domain")])

    def influence_in(self, theatre: str, domain: str | None = None) -> float:
        """Its share of influence in a theatre, 0..1, in one domain or averaged over them."""
        shares = self._state.influence[self._at, self._theatre(theatre)]
        return float(shares.mean() if domain is None else shares[_index(domain, DOMAINS, "domain")])

    def shares(self) -> dict[tuple[str, str], float]:
        """The share of its budget that each theatre and domain gets, as a policy would state it."""
        efforts, budget = self._state.effort[self._at].ravel().tolist(), self.budget
        places = zip(product(self._world.theatres, DOMAINS), efforts, strict=True)
        return {place: own / budget if budget > 0.0 else 0.0 for place, own in places}

    def efforts_of(self, shares: object, date: str) -> Floats:
        """(K, D) efforts in budget units that shares buy; what is not named gets nothing.

        PolicyError for a place that does not exist, a share below 0, and more than the whole.
        """
        try:
            return self._chosen(shares) * self.budget
        except (DataError, PolicyError) as error:
            raise PolicyError(f"policy of {self.name} in {date}: {error}") from None

    def _chosen(self, shares: object) -> Floats:
        if not isinstance(shares, Mapping):
            right = "{(theatre, domain): share}, or None to keep its rule's choice"
            raise PolicyError(f"it gave {type(shares).__name__}; a policy gives {right}")
        chosen = np.zeros((len(self._world.theatres), len(DOMAINS)))
        for place, share in shares.items():
            if not isinstance(place, tuple) or len(place) != 2:
                raise PolicyError(f"{place!r} is no (theatre, domain)")
            cell = self._theatre(str(place[0])), _index(str(place[1]), DOMAINS, "domain")
            chosen[cell] = float(share) if isinstance(share, SupportsFloat) else math.nan
            if not 0.0 <= chosen[cell] < math.inf:
                raise PolicyError(f"{place} = {share!r}; a share is a number of 0 or more")
        if (total := float(chosen.sum())) > 1.0 + _ROUNDING:
            raise PolicyError(f"shares sum to {total:g}; together they are at most 1")
        return chosen / max(total, 1.0)

    def _theatre(self, name: str) -> int:
        return _index(name, self._world.theatres, "theatre")


Policy = Callable[[StateActor], Mapping[tuple[str, str], float] | None]


def _index(name: str, known: Collection[str], kind: str) -> int:
    if problems := unknown([name], known, kind):
        raise DataError(problems)
    return [*known].index(name)


class EurasiaModel(mesa.Model):
    """One run of a scenario; each step is a month, from the start of the record to the horizon.

    The burn-in is run when the model is built. A step lets every actor perceive, align and choose
    by its rule, asks the policies, and lets choices have their effect. Without policies it is bit
    by bit the kernel's own run, and the first that `simulate` and `run_ensemble` make of the same
    scenario and seed.

    Args:
        scenario: a name, the path of a file, or a scenario already resolved; by default the record
            as it happened.
        world: by default the packaged one.
        theory: a preset; by default the scenario's, else the world's.
        seed: root of the run's random numbers; by default a new one, kept in `root_seed`.
        policies: by actor, a function of its `StateActor` that gives `{(theatre, domain): share of
            the budget}`, or None where the actor's own rule is to choose. It takes the place of
            all its efforts, imposed ones included.
        settings: such as `rules.perception.distance_decay=2000`, worked into the scenario.
        forms: alternative by structural form.

    DataError for a scenario, setting, theory, form or actor that cannot be had; in a step,
    PolicyError for shares that cannot be spent, and FloatingPointError where numbers end.
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
        self.world = as_of(world, [scenario])
        self.root_seed = int(self.rng.integers(2**32)) if seed is None else int(seed)
        found = as_recorded(self.world) if scenario is None else scenario
        found = found if isinstance(found, Scenario) else load_scenario(found, self.world)
        self.scenario = apply_settings(found, settings, self.world)
        self.inputs = prepare(self.world, self.scenario, theory, forms)
        self.month = -self.inputs.burn_in  # the next to be run, from the start of the record
        self._workspace = Workspace(self.inputs.facts, self.inputs.rules)
        seeds = run_seeds(self.root_seed, 1)
        self._workspace.load(self.inputs.rules[None], self.inputs.row[None], seeds)
        self.state: Run = self._workspace.state[0]  # the live arrays of the run
        self.coded = self.world.coded(self.inputs.row)
        self.states = {name: StateActor(self, name) for name in self.world.actors}
        self.policies = dict(policies or {})
        if problems := unknown(self.policies, self.states, "actor"):
            raise DataError(f"policies: {problem}" for problem in problems)
        self.row = np.full(len(self.inputs.columns), np.nan)
        columns = enumerate(self.inputs.columns)
        collected = {name: at for at, name in columns if name.split(".")[0] in _COLLECTED}
        self.datacollector = DataCollector(
            model_reporters={name: partial(_column, at) for name, at in collected.items()}
        )
        while self.month < 0:
            self._live(month.CHOICE)
            self._live(month.REST)

    @property
    def date(self) -> str:
        """The last month run, as YYYY-MM; before the first step the one before the record."""
        return self.world.date(self.month - 1)

    @property
    def measures(self) -> dict[str, float]:
        """Every measure of the last month by the name of its column; NaN before the first step."""
        return dict(zip(self.inputs.columns, self.row.tolist(), strict=True))

    def actor(self, name: str) -> StateActor:
        """The actor of that name."""
        _index(name, self.states, "actor")
        return self.states[name]

    def step(self) -> None:
        """Run one month; nothing happens once the scenario is over."""
        if not self.running:
            return
        self._live(month.CHOICE)
        self._decide()
        self._live(month.REST)
        self.row[:] = self._workspace.observed()[0]
        self.datacollector.collect(self)
        self.running = self.month < self.inputs.months

    def _live(self, phases: tuple[int, int]) -> None:
        live(self.world, self.inputs, self._workspace, self.month, phases)
        self.month += phases == month.REST

    def _decide(self) -> None:
        """Ask every policy, each seeing what the rules chose, and then put all choices in place."""
        date, decided = self.world.date(self.month), {}
        for name, policy in self.policies.items():
            shares = policy(self.states[name])
            if shares is not None:
                decided[name] = self.states[name].efforts_of(shares, date)
        for name, efforts in decided.items():
            self.state.effort[_index(name, self.states, "actor")] = efforts


def _column(at: int, model: EurasiaModel) -> float:
    return float(model.row[at])
