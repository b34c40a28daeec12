"""The levers of one scenario month by month: one array from a lever's value to the rule."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.blocks import Counts
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.kernel.arrays import LEVERS


class LeverSeries:
    """All that `LEVERS` names, a row a month; each name is a view, its first axis months.

    Args:
        rows: (T, W) float64, zeros by default; ValueError for rows of another shape or kind.
    """

    def __init__(self, counts: Counts, months: int, rows: Floats | None = None) -> None:
        shape = (months, LEVERS.size(counts))
        self.rows = np.zeros(shape) if rows is None else np.ascontiguousarray(rows)
        if self.rows.shape != shape or self.rows.dtype != np.float64:
            found = self.rows.shape
            raise ValueError(f"the levers of {months} months are {shape} float64, not {found}")
        self.counts, self._places = counts, LEVERS.places(counts)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._places:
            raise AttributeError(name)
        place, shape = self._places[name]
        return self.rows[:, place].reshape(len(self.rows), *shape)

    def __len__(self) -> int:
        return len(self.rows)

    def completed(self, venue_domains: Floats) -> "LeverSeries":
        """Fill in which venues two actors share, and return itself, from now on unchanged.

        `venue_domains` (V, D) is 1 where a venue serves a domain. ValueError for a ruler that is no
        actor.
        """
        served = venue_domains.sum(axis=1)
        shared = np.einsum("tvi,tvj,v->tij", self.membership, self.membership, served)
        self.comembership[:] = np.log1p(shared)
        if not np.isin(self.rule, np.arange(-1, self.counts.actors)).all():
            raise ValueError("rule: an imposed ruler is the place of an actor, or -1")
        self.rows.flags.writeable = False
        return self

    def changed_to(self, venue_domains: Floats, **fields: Any) -> "LeverSeries":
        """A copy with other values of some fields."""
        copy = LeverSeries(self.counts, len(self), self.rows.copy())
        for name, values in fields.items():
            getattr(copy, name)[:] = values
        return copy.completed(venue_domains)

    @cached_property
    def changes(self) -> NDArray[np.bool_]:
        """(T, F) which fields differ from the month before; all do in the first."""
        found = np.ones((len(self), len(LEVERS.fields)), np.bool_)
        before, after = self.rows[:-1], self.rows[1:]
        differs = (before != after) & ~(np.isnan(before) & np.isnan(after))
        for at, (place, _) in enumerate(self._places.values()):
            found[1:, at] = differs[:, place].any(axis=1)
        return found

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """(F + 1,) where each field begins on a row, and where the last ends."""
        starts = [place.start for place, _ in self._places.values()]
        return np.array([*starts, self.rows.shape[1]], np.int64)

    def month(self, t: int) -> "Month":
        """One month."""
        return Month(self, t)


class Month:
    """One month of a series; each name of `LEVERS` is an array without an axis of months."""

    def __init__(self, series: LeverSeries, t: int) -> None:
        self._series, self._t = series, t

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._series, name)[self._t]
