"""Everything the kernel is given for one scenario under one theory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.blocks import Run
from eurasia_sim.compute.dimensions import DOMAINS, Floats, Geography, Integers
from eurasia_sim.files.data_yaml import DataError, month_name, near
from eurasia_sim.kernel.lever_series import LeverSeries
from eurasia_sim.kernel.outcomes import column_names
from eurasia_sim.kernel.workspace import facts_of
from eurasia_sim.observations.filter import opening
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
    fixed: frozenset[int] = frozenset()  # places on the row that no factor moves

    @cached_property
    def facts(self) -> Run:
        """What no run draws, as the kernel reads it."""
        return facts_of(self.geography, self.focus, self.scopes)


def branch_month(family: Sequence[Inputs]) -> int:
    """First month in which any two lever series differ; their last month's successor if none do."""
    months = min(inputs.months for inputs in family)
    first, differs = family[0].levers.rows[:months], np.zeros(months, bool)
    for inputs in family[1:]:
        other = inputs.levers.rows[:months]
        differs |= ~((first == other) | (np.isnan(first) & np.isnan(other))).all(axis=1)
    return int(np.argmax(differs)) if differs.any() else months


def unknown(names: Iterable[str], known: Collection[str], kind: str) -> list[str]:
    """A problem for each name that is not known."""
    return [f"{name} is no {kind}{near(name, known)}" for name in names if name not in known]


def capability_index(world: World, forms: Mapping[str, str]) -> str:
    """The index of power that the forms choose."""
    chosen = (world.forms[factor][name].index for factor, name in forms.items())
    return next((index for index in chosen if index is not None), "cinc")


def prepare(
    world: World,
    scenario: Scenario,
    theory: str | None = None,
    forms: Mapping[str, str] | None = None,
    levers: LeverSeries | None = None,
) -> Inputs:
    """The kernel's inputs for a scenario under a theory, by default its own, else the world's.

    `levers` are the scenario's own series under the same index of power; made now if not given.
    DataError for an unknown theory or form, for a value out of its range, and for a scenario that
    starts in another month than the world.
    """
    if scenario.start != world.start:
        starts = month_name(scenario.start)
        right = f"simulation.family.starting(world, {starts!r})"
        raise DataError([f"{scenario.name} starts in {starts}\n    allowed: with {right}"])
    theory = theory or scenario.theory or world.default_theory
    chosen = {**world.default_forms, **scenario.forms, **(forms or {})}
    problems = unknown([theory], world.theories, "theory") + unknown(chosen, world.forms, "form")
    for factor, name in chosen.items():
        problems += unknown([name], world.forms.get(factor, [name]), factor)
    if problems:
        raise DataError(problems)
    fixed, coded = scenario.fixed, world.coded_index
    rules = world.rules_record({path: v for path, v in fixed.items() if path.startswith("rules.")})
    alternatives = (world.forms[factor][name].fix for factor, name in chosen.items())
    preset = world.theories[theory]
    for stated in (*alternatives, preset.values, preset.fix):
        for name, value in stated.items():
            if world.rule_paths[name] not in fixed:
                rules[name] = value
    order = {name: at for at, name in enumerate(world.actors)}
    focus = np.array([[order[a], order[b]] for a, b in world.pairs], np.int64).reshape(-1, 2)
    # Pairs are measured over every region, then over all theatres together.
    scopes = {**world.regions, "all": tuple(world.theatres)}
    columns = column_names([*world.actors], [*world.theatres], DOMAINS, [*world.pairs], [*scopes])
    inside = [[float(k in members) for k in world.theatres] for members in scopes.values()]
    return Inputs(
        scenario=scenario,
        theory=theory,
        forms=chosen,
        rules=rules,
        row=world.coded_row({path: value for path, value in fixed.items() if path in coded}),
        geography=world.geography()._replace(observed=opening(world)),
        levers=levers or scenario.lever_series(world, capability_index(world, chosen)),
        focus=focus,
        scopes=np.array(inside),
        columns=tuple(columns),
        burn_in=world.burn_in,
        months=scenario.months,
        fixed=frozenset(coded[path] for path in (*fixed, *scenario.uncertain) if path in coded),
    )
