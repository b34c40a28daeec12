"""Everything the kernel is given for one scenario under one theory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eurasia_sim import layout
from eurasia_sim.measures import column_names
from eurasia_sim.parameters import DOMAINS, Changes, Floats, Geography, Integers, Month, Posture, Schedule
from eurasia_sim.scenario import Scenario
from eurasia_sim.world import World


@dataclass(frozen=True)
class Inputs:
    """Everything the kernel is given for one scenario under one theory at reference values."""

    scenario: Scenario
    theory: str
    forms: Mapping[str, str]
    rules: NDArray[np.void]  # () record of the rules' numbers
    row: Floats  # (M,) coded numbers
    geography: Geography
    schedule: Schedule
    focus: Integers  # (P, 2)
    scopes: Floats  # (S, K)
    columns: tuple[str, ...]
    burn_in: int
    months: int
    state_size: int
    constants_size: int

    def month(self, t: int) -> Month:
        """The levers and series of one month as views."""
        actors, theatres = self.geography.theatre_distance.shape
        month: Month = layout.unpack_month.py_func(
            self.schedule.rows[t], actors, theatres, len(self.geography.convenes)
        )
        return month


def schedule_of(posture: Posture, geography: Geography) -> Schedule:
    """The posture as the kernel reads it, with the venues that each two actors share."""
    member = posture.membership.transpose(0, 2, 1)
    venues = np.einsum("tiv,tjv,vd->tijd", member, member, geography.venue_domains)
    series = posture._replace(pressure=posture.pressure.transpose(0, 2, 1), membership=member)
    counts = (*geography.theatre_distance.shape, len(geography.convenes))
    actors = counts[0]
    first = np.arange(layout.width(actors)) % actors
    second = (first[:, None] + 1 + np.arange(actors // 2)) % actors
    meetings = venues[:, first[:, None], second].swapaxes(2, 3)
    whole = [*series, venues.sum(axis=3), venues, meetings]
    size = layout.month_size(*counts)
    rows = np.zeros((len(posture.rule), size))
    places = layout.unpack_month.py_func(np.arange(float(size)), *counts)
    for place, values in zip(places[:-1], whole, strict=True):
        rows[:, place.astype(np.int64)] = values
    return Schedule._make([*whole, rows, changes_of(rows)])


def changes_of(rows: Floats) -> Changes:
    """What changes from each row to the next; all of the first is a change."""
    differs = np.ones(rows.shape, bool)
    differs[1:] = (rows[1:] != rows[:-1]) & ~(np.isnan(rows[1:]) & np.isnan(rows[:-1]))
    return Changes(np.r_[0, np.cumsum(differs.sum(axis=1))], np.nonzero(differs)[1], rows[differs])


def branch_month(family: Sequence[Inputs]) -> int:
    """First month in which any two schedules differ; the last month's successor if none do."""
    months = min(inputs.months for inputs in family)
    first = family[0].schedule.rows[:months]
    differs = np.zeros(months, bool)
    for inputs in family[1:]:
        other = inputs.schedule.rows[:months]
        differs |= ~((first == other) | (np.isnan(first) & np.isnan(other))).all(axis=1)
    return int(np.argmax(differs)) if differs.any() else months


def scopes_of(world: World) -> dict[str, tuple[str, ...]]:
    """Named sets of theatres over which pairs are measured: every region, then all theatres together."""
    return {**{name: tuple(members) for name, members in world.regions.items()}, "all": tuple(world.theatres)}


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
    schedule: Schedule | None = None,
) -> Inputs:
    """The kernel's inputs for a scenario; the theory is the argument's, else the scenario's, else the world's default.

    Args:
        schedule: the scenario's own, made before under the same index of power; made now if not given.

    Raises:
        DataError: for a value out of its range; KeyError: for an unknown theory or form.
    """
    theory = theory or scenario.theory or world.default_theory
    chosen = {**world.default_forms, **scenario.forms, **(forms or {})}
    rules = world.rules_record({path: v for path, v in scenario.fixed.items() if path.startswith("rules.")})
    for name, value in stated_values(world, theory, chosen).items():
        if world.rule_paths[name] not in scenario.fixed:
            rules[name] = value
    row = world.coded_row({path: v for path, v in scenario.fixed.items() if path in world.coded_index})
    geography = world.geography()
    order = {name: at for at, name in enumerate(world.actors)}
    focus = np.array([[order[a], order[b]] for a, b in world.pairs], dtype=np.int64).reshape(-1, 2)
    scopes = scopes_of(world)
    inside = np.array([[float(k in members) for k in world.theatres] for members in scopes.values()])
    counts = (len(order), len(world.theatres), len(world.institutions), len(focus))
    return Inputs(
        scenario=scenario,
        theory=theory,
        forms=chosen,
        rules=rules,
        row=row,
        geography=geography,
        schedule=schedule or schedule_of(scenario.posture(world, capability_index(world, chosen)), geography),
        focus=focus,
        scopes=inside,
        columns=tuple(column_names(list(world.actors), list(world.theatres), DOMAINS, list(world.pairs), list(scopes))),
        burn_in=world.burn_in,
        months=scenario.months,
        state_size=int(layout.state_size(*counts)),
        constants_size=int(layout.constants_size(*counts, len(scopes))),
    )
