"""An actor as a Mesa agent: a window onto its row of the arrays, and the place where a person decides for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np

from eurasia_sim.compute.blocks import Run
from eurasia_sim.compute.dimensions import CONSTRUCTS, DOMAINS, Floats
from eurasia_sim.files.data_yaml import DataError, near

# Shares add up in floating point; what is over by less than this is no more than a whole.
_ROUNDING = 1e-9


class PolicyError(ValueError):
    """What a policy gave cannot be spent."""


@dataclass(frozen=True)
class Present:
    """The live arrays of one run, and the names that index them."""

    actors: tuple[str, ...]
    theatres: tuple[str, ...]
    coded: Any
    constants: Run
    state: Run


class StateActor(mesa.Agent):
    """One actor of a running model; every property reads the arrays as they stand."""

    def __init__(self, model: mesa.Model, name: str, present: Present) -> None:
        super().__init__(model)
        self.name = name
        self._present = present
        self._at = present.actors.index(name)

    def __repr__(self) -> str:
        return f"StateActor({self.name!r})"

    @property
    def power(self) -> float:
        """Share of the world's power, from its own means, its territory and the theatres it rules."""
        return float(self._present.state.power[self._at])

    @property
    def budget(self) -> float:
        """What it can spend this month, in budget units."""
        return float(self._present.state.budget[self._at])

    @property
    def standing(self) -> float:
        """Reputation gained or lost and not yet forgotten; 0 is neither."""
        return float(self._present.state.standing[self._at])

    @property
    def interests(self) -> dict[str, float]:
        """Salience of each construct in this run, 0..3; NaN where the documents are silent."""
        return dict(zip(CONSTRUCTS, self._present.coded.salience[self._at].tolist(), strict=True))

    @property
    def rules(self) -> tuple[str, ...]:
        """Theatres it rules now."""
        rulers = self._present.state.ruler
        return tuple(
            k for k, ruler in zip(self._present.theatres, rulers, strict=True) if ruler == self._at
        )

    def alignment_with(self, other: str) -> float:
        """How far it leans toward another actor, -1..1."""
        return float(self._present.state.alignment[self._at, self._actor(other)])

    def threat_from(self, other: str) -> float:
        """Threat it sees in another actor, 0..1."""
        return float(self._present.state.threat[self._at, self._actor(other)])

    def spillover_from(self, theatre: str) -> float:
        """What spills over to it from a theatre, 0 or more."""
        return float(self._present.state.spillover[self._at, self._theatre(theatre)])

    def recognition_of(self, theatre: str) -> float:
        """Its step on the ladder toward the new ruler of a theatre, 0..4."""
        return float(self._present.state.recognition[self._at, self._theatre(theatre)])

    def effort_in(self, theatre: str, domain: str | None = None) -> float:
        """What it spends in a theatre this month, in one domain or in all, in budget units."""
        efforts = self._present.state.effort[self._at, self._theatre(theatre)]
        return float(efforts.sum() if domain is None else efforts[_domain(domain)])

    def influence_in(self, theatre: str, domain: str | None = None) -> float:
        """Its share of influence in a theatre, 0..1, in one domain or averaged over them."""
        shares = self._present.state.influence[self._at, self._theatre(theatre)]
        return float(shares.mean() if domain is None else shares[_domain(domain)])

    def shares(self) -> dict[tuple[str, str], float]:
        """The share of its budget that goes to each theatre and domain this month, as a policy would state it."""
        efforts, budget = self._present.state.effort[self._at], self.budget
        return {
            (theatre, domain): float(efforts[k, d]) / budget if budget > 0.0 else 0.0
            for k, theatre in enumerate(self._present.theatres)
            for d, domain in enumerate(DOMAINS)
        }

    def spend(self, efforts: Floats) -> None:
        """Put efforts (K, D), in budget units, in place of what its rule chose."""
        self._present.state.effort[self._at] = efforts

    def efforts_of(self, shares: object, date: str) -> Floats:
        """(K, D) efforts, in budget units, that shares of its budget buy; what is not named gets nothing.

        Raises:
            PolicyError: for a place or domain that does not exist, a share below 0, and shares of more than the whole.
        """
        start = f"policy of {self.name} in {date}"
        if not isinstance(shares, Mapping):
            right = "a policy gives {(theatre, domain): share}, or None to keep its rule's choice"
            raise PolicyError(f"{start}: it gave {type(shares).__name__}; {right}")
        chosen = np.zeros((len(self._present.theatres), len(DOMAINS)))
        for place, share in shares.items():
            k, d = self._cell(place, start)
            value = _number(share)
            if not (math.isfinite(value) and value >= 0.0):
                raise PolicyError(f"{start}: {place} = {share!r}; a share is a number of 0 or more")
            chosen[k, d] = value
        total = float(chosen.sum())
        if total > 1.0 + _ROUNDING:
            raise PolicyError(f"{start}: shares sum to {total:g}; together they are at most 1")
        return chosen / max(total, 1.0) * self.budget

    def _cell(self, place: object, start: str) -> tuple[int, int]:
        if not isinstance(place, tuple) or len(place) != 2:
            raise PolicyError(f"{start}: {place!r} is no (theatre, domain)")
        try:
            return self._theatre(str(place[0])), _domain(str(place[1]))
        except DataError as error:
            raise PolicyError(f"{start}: {error}") from None

    def _actor(self, name: str) -> int:
        return _index(name, self._present.actors, "actor")

    def _theatre(self, name: str) -> int:
        return _index(name, self._present.theatres, "theatre")


Policy = Callable[[StateActor], Mapping[tuple[str, str], float] | None]


def _domain(name: str) -> int:
    return _index(name, DOMAINS, "domain")


def _index(name: str, among: Collection[str], what: str) -> int:
    known = list(among)
    if name not in known:
        raise DataError([f"{name} is no {what}{near(name, known)}"])
    return known.index(name)


def _number(value: object) -> float:
    """The value as a float; NaN where it is none."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
