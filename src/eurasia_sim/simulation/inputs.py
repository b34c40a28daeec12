"""Everything the kernel is given for one scenario under one theory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.blocks import Run
from eurasia_sim.compute.dimensions import DOMAINS, Floats, Geography, Integers
from eurasia_sim.kernel.arrays import STATE
from eurasia_sim.kernel.lever_series import LeverSeries, Month
from eurasia_sim.kernel.outcomes import column_names
from eurasia_sim.kernel.workspace import facts_of
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.world.world import World


@dataclass(frozen=True)
class Inputs:
    """Everything the kernel is given for one scenario under one theory at reference values."""

    scenario: Scenario
    theory: str
    forms: Mapping[str, str]
    rules: NDArray[np.void]  # () record of the rules' numbers
    row: Floats  # (M,) coded numbers
    geography: Geography
    levers: LeverSeries
    focus: Integers  # (P, 2)
    scopes: Floats  # (S, K)
    columns: tuple[str, ...]
    burn_in: int
    months: int

    @cached_property
    def facts(self) -> Run:
        """What no run draws, as the kernel reads it."""
        return facts_of(self.geography, self.focus, self.scopes)

    @property
    def state_size(self) -> int:
        """Numbers of a run's snapshot."""
        return STATE.size(self.facts.counts)

    def month(self, t: int) -> Month:
        """The levers and series of one month."""
        return self.levers.month(t)


def branch_month(family: Sequence[Inputs]) -> int:
    """First month in which any two schedules differ; the last month's successor if none do."""
    months = min(inputs.months for inputs in family)
    first = family[0].levers.rows[:months]
    differs = np.zeros(months, bool)
    for inputs in family[1:]:
        other = inputs.levers.rows[:months]
        differs |= ~((first == other) | (np.isnan(first) & np.isnan(other))).all(axis=1)
    return int(np.argmax(differs)) if differs.any() else months


def scopes_of(world: World) -> dict[str, tuple[str, ...]]:
    """Named sets of theatres over which pairs are measured: every region, then all theatres together."""
    return {
        **{name: tuple(members) for name, members in world.regions.items()},
        "all": tuple(world.theatres),
    }


def stated_values(world: World, theory: str, forms: Mapping[str, str]) -> dict[str, float]:
    """Values by flat name that a theory and the structural forms set away from the rules' own."""
    stated: dict[str, float] = {}
    for factor, alternative in forms.items():
        stated |= world.forms[factor][alternative].fix
    return {**stated, **world.theories[theory].values, **world.theories[theory].fix}


def capability_index(world: World, forms: Mapping[str, str]) -> str:
    """The index of power that the forms choose."""
    return next((i for f, a in forms.items() if (i := world.forms[f][a].index) is not None), "cinc")


def prepare(
    world: World,
    scenario: Scenario,
    theory: str | None = None,
    forms: Mapping[str, str] | None = None,
    levers: LeverSeries | None = None,
) -> Inputs:
    """The kernel's inputs for a scenario; the theory is the argument's, else the scenario's, else the world's default.

    Args:
        levers: the scenario's own series, made before under the same index of power; made now if not given.

    Raises:
        DataError: for a value out of its range; KeyError: for an unknown theory or form.
    """
    theory = theory or scenario.theory or world.default_theory
    chosen = {**world.default_forms, **scenario.forms, **(forms or {})}
    rules = world.rules_record(
        {path: v for path, v in scenario.fixed.items() if path.startswith("rules.")}
    )
    for name, value in stated_values(world, theory, chosen).items():
        if world.rule_paths[name] not in scenario.fixed:
            rules[name] = value
    row = world.coded_row(
        {path: v for path, v in scenario.fixed.items() if path in world.coded_index}
    )
    order = {name: at for at, name in enumerate(world.actors)}
    focus = np.array([[order[a], order[b]] for a, b in world.pairs], dtype=np.int64).reshape(-1, 2)
    scopes = scopes_of(world)
    inside = np.array(
        [[float(k in members) for k in world.theatres] for members in scopes.values()]
    )
    return Inputs(
        scenario=scenario,
        theory=theory,
        forms=chosen,
        rules=rules,
        row=row,
        geography=world.geography(),
        levers=scenario.lever_series(world, capability_index(world, chosen))
        if levers is None
        else levers,
        focus=focus,
        scopes=inside,
        columns=tuple(
            column_names(
                list(world.actors), list(world.theatres), DOMAINS, list(world.pairs), list(scopes)
            )
        ),
        burn_in=world.burn_in,
        months=scenario.months,
    )
