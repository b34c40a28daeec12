"""The reference model's memory in the kernel's arrays, and back, to compare the two from any month on."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.reference import ReferenceModel

DYADIC = ("leaning", "alignment", "threat", "rivalry", "partnership", "projected", "shared")
BY_CELL = ("inclination", "effort", "joint", "utility", "common", "noise")
BY_THEATRE = ("spillover", "open_spillover", "containment", "recognition", "convening_influence")
ALONE = ("power", "budget", "standing")
OF_THEATRE = ("stability", "militants", "economy", "control", "restraint", "demand")
IN_THEATRE = ("influence", "access", "strength")
# What the kernel writes and reads within one mechanism, and what only measures or its own draws read.
SCRATCH = (
    "feared", "felt", "reach", "committed", "choice", "danger", "stood", "hedging", "by_force", "open_to", "hostility",
    "together", "host_leaning", "host_threat", "displacement_weight", "denial_weight", "security_weight", "uncovered", "hosted", "regional_influence",
    "venue_total", "total", "seed",
)  # fmt: skip


def state_of(model: ReferenceModel) -> dict[str, np.ndarray]:
    """Every array of the kernel's `State` that is no scratch, by name."""
    actors, theatres = model.actors, model.theatres
    shape = (len(actors), len(theatres), 3)
    found: dict[str, Any] = {name: [list(getattr(a, name).values()) for a in actors] for name in DYADIC}
    found |= {name: [getattr(a, name) for a in actors] for name in (*BY_THEATRE, *ALONE)}
    found |= {name: np.reshape([getattr(a, name) for a in actors], shape) for name in BY_CELL}
    found |= {name: [getattr(t, name) for t in theatres] for name in (*OF_THEATRE, "hazard")}
    for name in IN_THEATRE:
        by_domain = [[list(shares.values()) for shares in getattr(t, name)] for t in theatres]
        found[name] = np.moveaxis(np.array(by_domain), -1, 0)
    found["shock"] = [one.shocks[other] for i, one in enumerate(actors) for other in actors[i + 1 :]]
    found["venue_effort"] = [[a.venue_effort.get(venue.name, 0.0) for venue in model.venues] for a in actors]
    found["pair_joint"] = np.reshape([model.together[pair] for pair in model.focus], (-1, *shape[1:]))
    for name in ("ruler", "challenger"):
        found[name] = [-1 if (who := getattr(t, name)) is None else actors.index(who) for t in theatres]
    return {name: np.asarray(values) for name, values in found.items()}


def take_state(model: ReferenceModel, state: Any) -> None:
    """Put a kernel's state at the end of a month into the model."""
    for i, actor in enumerate(model.actors):
        for name in DYADIC:
            setattr(actor, name, dict(zip(model.actors, getattr(state, name)[i].tolist(), strict=True)))
        for name in BY_CELL:
            setattr(actor, name, getattr(state, name)[i].ravel().tolist())
        for name in (*BY_THEATRE, *ALONE):
            setattr(actor, name, getattr(state, name)[i].tolist())
        actor.venue_effort = {v.name: spent for v, spent in zip(model.venues, state.venue_effort[i].tolist(), strict=True)}
    for (one, other), shock in zip(model.pairs, state.shock.tolist(), strict=True):
        one.shocks[other] = other.shocks[one] = shock
    for pair, joint in zip(model.focus, state.pair_joint, strict=True):
        model.together[pair] = joint.ravel().tolist()
    for k, theatre in enumerate(model.theatres):
        theatre.hazard = state.hazard[k].tolist()
        for name in OF_THEATRE:
            setattr(theatre, name, float(getattr(state, name)[k]))
        for name in IN_THEATRE:
            columns = getattr(state, name)[:, k, :].T.tolist()
            setattr(theatre, name, [dict(zip(model.actors, column, strict=True)) for column in columns])
        for name in ("ruler", "challenger"):
            who = int(getattr(state, name)[k])
            setattr(theatre, name, None if who < 0 else model.actors[who])
