"""One visitor's run: a Mesa model lived month by month, with its events, and an actor decided for by hand."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.events import Event, View, changes, view_of
from eurasia_sim.simulation.mesa_model import EurasiaModel, StateActor
from eurasia_sim.world.world import World

MOST_EVENTS = 400


class Sitting:
    """A model and what has been seen of it; one thread at a time may take it on.

    Args:
        scenario: the run is taken to the last month that it shares with the record.
    """

    def __init__(self, world: World, scenario: Scenario, theory: str | None, seed: int) -> None:
        self.world = world
        self.model = EurasiaModel(scenario, world, theory, seed)
        self.events: list[Event] = []
        self.by_hand: dict[str, dict[tuple[str, str], float]] = {}
        self._busy = threading.Lock()
        self._seen: View = self._view()
        self.live(max(1, min(scenario.branch_month, scenario.months - 1)))

    @property
    def is_over(self) -> bool:
        """Whether the last month has been lived."""
        return bool(self.model.month >= self.model.inputs.months)

    @property
    def has_departed(self) -> bool:
        """Whether a month has been lived in which the scenario may differ from the record."""
        return bool(self.model.month > self.model.scenario.branch_month)

    def _view(self) -> View:
        model = self.model
        return view_of(model.present.state, model.inputs.month(max(model.month - 1, 0)), model.inputs)

    def live(self, months: int = 1) -> int:
        """Live some months, or as many as are left; return how many.

        Raises:
            PolicyError: for decisions by hand that cannot be carried out; the month is not lived.
            FloatingPointError: where a number ends.
        """
        with self._busy:
            lived = 0
            while lived < months and self.model.running:
                self.model.step()
                now = self._view()
                self.events += changes(self.world, self.model.date, self._seen, now)
                self._seen = now
                lived += 1
            return lived

    def decide(self, actor: str, shares: Mapping[tuple[str, str], float] | None) -> None:
        """Take an actor's decisions over from the next month on, or give them back to its rule.

        Args:
            shares: of its budget, by theatre and domain, together at most 1; none gives them back.

        Raises:
            DataError: for no actor. PolicyError: for shares that cannot be spent.
        """
        chosen = self.model.actor(actor)
        if shares is None:
            self.by_hand.pop(actor, None)
            self.model.policies.pop(actor, None)
            return
        chosen.efforts_of(shares, self.model.date)
        self.by_hand[actor] = dict(shares)
        self.model.policies[actor] = self._policy

    def _policy(self, actor: StateActor) -> Mapping[tuple[str, str], float]:
        return self.by_hand[actor.name]
