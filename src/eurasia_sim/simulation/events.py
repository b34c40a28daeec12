"""A single run told as dated events that a reader can follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from eurasia_sim.compute.blocks import Run
from eurasia_sim.compute.dimensions import DOMAINS
from eurasia_sim.kernel import month as kernel
from eurasia_sim.kernel.lever_series import Month
from eurasia_sim.kernel.workspace import Workspace
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.world.world import World

LADDER = ("listed", "contact", "embassy", "accredited", "recognised")
_MOST_EVENTS = 10_000


class Event(NamedTuple):
    """Something that happened in one month of one run."""

    month: str  # YYYY-MM
    kind: str  # rule, recognition, base, closure, exercise, deal or leading_patron
    actor: str
    theatre: str
    detail: str


class View(NamedTuple):
    """What of one month the events are read from."""

    ruler: np.ndarray
    recognition: np.ndarray  # (N, K)
    bases: np.ndarray  # (N, K) bool
    exercise: np.ndarray  # (N, K) bool
    deal: np.ndarray  # (N, K) bool
    patron: (
        np.ndarray
    )  # (K, D) who holds most among those who neither rule nor contest, -1 for none


def chronicle(
    world: World, inputs: Inputs, seed: int, most: int = _MOST_EVENTS
) -> tuple[pd.DataFrame, str]:
    """One run at reference values as a table of events, and its status.

    Args:
        seed: of the run itself. most: how many events are kept; what would come after is not, and the status is
            overflow.

    Returns:
        Columns of `Event`; status ok, non-finite or overflow.
    """
    found: list[Event] = []
    status = kernel.STATUS[0]
    try:
        for event in _events(world, inputs, seed):
            if len(found) == most:
                status = kernel.STATUS[2]
                break
            found.append(event)
    except ArithmeticError:
        status = kernel.STATUS[1]
    return pd.DataFrame(found, columns=list(Event._fields)), status


def _events(world: World, inputs: Inputs, seed: int) -> Iterator[Event]:
    """Step the kernel month by month and tell what changed; the burn-in is not told."""
    workspace, before = Workspace(inputs.facts, inputs.rules), None
    workspace.load(inputs.rules[None], inputs.row[None], np.array([seed], np.uint64))
    for t in range(-inputs.burn_in, inputs.months):
        workspace.set_month(inputs.levers, max(t, 0))
        kernel.assess(workspace.blocks, t + inputs.burn_in)
        kernel.act(workspace.blocks, t + inputs.burn_in)
        if workspace.failed_phase()[0]:
            raise ArithmeticError(f"not finite in {world.date(max(t, 0))}")
        now = view_of(workspace.state[0], inputs.month(max(t, 0)), inputs)
        if before is not None and t >= 0:
            yield from changes(world, world.date(t), before, now)
        before = now


def view_of(state: Run, month: Month, inputs: Inputs) -> View:
    """What of a month just lived its events are read from."""
    p = inputs.rules[()]
    share = state.joint / np.maximum(state.budget, np.finfo(float).tiny)[:, None, None]
    foreign = state.influence.copy()
    for k, (ruler, challenger) in enumerate(zip(state.ruler, state.challenger, strict=True)):
        for home in (ruler, challenger):
            if home >= 0:
                foreign[home, k] = 0.0
    return View(
        ruler=state.ruler.copy(),
        recognition=state.recognition.copy(),
        bases=month.presence[:, :, 0] > p["base_threshold"],
        exercise=share[:, :, 0] > p["exercise_threshold"],
        deal=share[:, :, 1] > p["deal_threshold"],
        patron=np.where(foreign.max(axis=0) > 0.0, foreign.argmax(axis=0), -1),
    )


def changes(world: World, date: str, before: View, now: View) -> Iterator[Event]:
    """The events of a month, dated `date`: in what it differs from the month before."""
    actors, theatres = list(world.actors), list(world.theatres)
    for k, theatre in enumerate(theatres):
        if now.ruler[k] != before.ruler[k]:
            fallen = (
                world.actors[actors[before.ruler[k]]].name if before.ruler[k] >= 0 else "nobody"
            )
            yield Event(date, "rule", actors[now.ruler[k]], theatre, f"rules in place of {fallen}")
        for d, domain in enumerate(DOMAINS):
            if now.patron[k, d] != before.patron[k, d] and now.patron[k, d] >= 0:
                patron = actors[now.patron[k, d]]
                yield Event(
                    date,
                    "leading_patron",
                    patron,
                    theatre,
                    f"holds most foreign {domain} influence",
                )
        for i, actor in enumerate(actors):
            if now.recognition[i, k] != before.recognition[i, k]:
                yield Event(date, "recognition", actor, theatre, LADDER[int(now.recognition[i, k])])
            if now.bases[i, k] != before.bases[i, k]:
                kind, said = (
                    ("base", "opens a base") if now.bases[i, k] else ("closure", "closes its base")
                )
                yield Event(date, kind, actor, theatre, said)
            for kind, is_on, was_on in (
                ("exercise", now.exercise, before.exercise),
                ("deal", now.deal, before.deal),
            ):
                if is_on[i, k] and not was_on[i, k]:
                    yield Event(date, kind, actor, theatre, "joint effort passes the threshold")
