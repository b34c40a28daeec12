"""The event log of a single run: dated events that a reader can follow."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.compute.blocks import Run
from eurasia_sim.compute.dimensions import DOMAINS, FLAGS
from eurasia_sim.kernel import month
from eurasia_sim.kernel.lever_series import Month
from eurasia_sim.simulation.ensemble import stepped
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.world.world import World

View = dict[str, NDArray[Any]]  # by name, the arrays of a month that events are read from
_MOST_EVENTS = 10_000
_PASSES = "joint effort passes the threshold"
# Kind of an event, the array in which it is seen, what that turns to, and what is said.
_SEEN = (
    ("base", "bases", True, "opens a base"), ("closure", "bases", False, "closes its base"),
    ("exercise", "exercise", True, _PASSES), ("deal", "deal", True, _PASSES),
)  # fmt: skip


class Event(NamedTuple):
    """Something that happened in one month of one run."""

    month: str  # YYYY-MM
    kind: str  # rule, recognition, base, closure, exercise, deal or leading_patron
    actor: str
    theatre: str
    detail: str


def event_log(
    world: World, inputs: Inputs, seed: int, most: int = _MOST_EVENTS
) -> tuple[pd.DataFrame, str]:
    """The event log of one run (columns of `Event`), and its status: ok, non-finite or overflow.

    Args:
        seed: of the run itself. most: events that are kept; where there are more, it is overflow.
    """
    found: list[Event] = []
    before, status = None, month.STATUS[0]
    try:
        for t, workspace in stepped(world, inputs, seed):
            now = view_of(workspace.state[0], inputs.levers.month(max(t, 0)), inputs)
            if before is not None and t >= 0:  # the burn-in has no events
                found += changes(world, world.date(t), before, now)
            if len(found) > most:
                status = month.STATUS[2]
                break
            before = now
    except FloatingPointError:
        status = month.STATUS[1]
    return pd.DataFrame(found[:most], columns=list(Event._fields)), status


def view_of(state: Run, levers: Month, inputs: Inputs) -> View:
    """What of a month just run its events are read from."""
    params = inputs.rules[()]
    share = state.joint / np.maximum(state.budget, np.finfo(float).tiny)[:, None, None]
    foreign = state.influence.copy()
    for k, homes in enumerate(zip(state.ruler, state.challenger, strict=True)):
        foreign[[home for home in homes if home >= 0], k] = 0.0
    return {
        "ruler": state.ruler.copy(),  # (K,)
        "flags": state.flags.copy(),  # (N, K, 5)
        "bases": levers.presence[:, :, 0] > params["base_threshold"],  # (N, K), as the next two
        "exercise": share[:, :, 0] > params["exercise_threshold"],
        "deal": share[:, :, 1] > params["deal_threshold"],
        # (K, D) who holds most, rulers and challengers apart; -1 for none
        "patron": np.where(foreign.max(axis=0) > 0.0, foreign.argmax(axis=0), -1),
    }


def changes(world: World, date: str, before: View, now: View) -> Iterator[Event]:
    """The events of a month, dated `date`: in what it differs from the month before."""
    actors = list(world.actors)
    for k, theatre in enumerate(world.theatres):
        ruler, fallen = now["ruler"][k], before["ruler"][k]
        if ruler != fallen:
            name = world.actors[actors[fallen]].name if fallen >= 0 else "nobody"
            yield Event(date, "rule", actors[ruler], theatre, f"rules in place of {name}")
        for d, domain in enumerate(DOMAINS):
            patron = now["patron"][k, d]
            if patron not in (-1, before["patron"][k, d]):
                detail = f"holds most foreign {domain} influence"
                yield Event(date, "leading_patron", actors[patron], theatre, detail)
        for i, actor in enumerate(actors):
            flags = now["flags"][i, k]
            for b in np.flatnonzero(flags != before["flags"][i, k]):
                detail = FLAGS[b] + ", no longer" * (not flags[b])
                yield Event(date, "recognition", actor, theatre, detail)
            for kind, seen, turn, detail in _SEEN:
                if now[seen][i, k] == turn != before[seen][i, k]:
                    yield Event(date, kind, actor, theatre, detail)
