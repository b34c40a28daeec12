"""Scope map: where rival hypotheses hold, one change made in every cell of a grid."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.hypotheses.arms import Plan, read_space
from eurasia_sim.hypotheses.hypothesis import ContrastMap
from eurasia_sim.hypotheses.verdicts import Spread, share
from eurasia_sim.simulation.parameter_draws import space_sample
from eurasia_sim.world.world import World

EVERY = "all"  # theories together
_MIDDLE_90 = (0.05, 0.95)
_KEYS = ("map", "level", "first", "second", "theory")


def map_table(
    world: World, contrast: ContrastMap, points: int, seed: int, workers: int | None = None,
    report: Callable[[int, int], None] = lambda *_: None,
) -> pd.DataFrame:  # fmt: skip
    """Effect of the change in every cell: a row a cell, theory and reading, or rival.

    Form: the same points of the space (theories but the null, forms, codings, numbers), one run
    each, in every cell.

    Returns:
        map, level, first, second, theory, kind (reading or rival), name, n; for readings mean, low,
        high (the middle 90 % of points); holds and mirrored, shares of the points in which a
        reading (for a rival: all of its readings) is beyond its smallest effect as expected, or the
        opposite.
    """
    readings = contrast.readings
    parts = [contrast.part(name, *cell) for cell in contrast.cells() for name in readings]
    plan = Plan.of(world, parts)
    theories = [theory for theory in world.theories if theory != world.null_theory]
    sample = space_sample(world, plan.scenarios[plan.arms[0]], theories, points, 1, seed)
    values = read_space(plan, sample, workers, report)
    under = sample.points["theory"].to_numpy()
    rows = []
    for cell in contrast.cells():
        changes = {
            name: Spread.of(plan, contrast.part(name, *cell), values) for name in contrast.readings
        }
        for theory in (EVERY, *theories):
            own = np.full(len(under), True) if theory == EVERY else under == theory
            place = dict(zip(_KEYS, (contrast.id, *cell, theory), strict=True))
            cell_changes = {name: each.only(own) for name, each in changes.items()}
            rows += [place | row for row in cell_rows(contrast, cell_changes)]
    return pd.DataFrame(rows)


def cell_rows(contrast: ContrastMap, changes: Mapping[str, Spread]) -> list[dict[str, Any]]:
    """A row a reading, a rival, and all rivals together in one cell; failed runs left out."""
    whole = np.all([np.isfinite(each.effects) for each in changes.values()], axis=0)
    own, n = {name: each.only(whole) for name, each in changes.items()}, int(whole.sum())
    rows: list[dict[str, Any]] = []
    for name, each in own.items():
        mean, low, high = np.nan, np.nan, np.nan
        if n:
            mean, (low, high) = each.effects.mean(), np.quantile(each.effects, _MIDDLE_90)
        numbers = {"mean": float(mean), "low": float(low), "high": float(high)}
        rows.append({"kind": "reading", "name": name, "n": n, **numbers})
        shares = each.shares()
        rows[-1] |= {"holds": shares["share"], "mirrored": shares["mirrored"]}
    for rival, names in contrast.rivals.items():
        expected = np.all([own[name].holds for name in names], axis=0)
        reverse = np.all([own[name].opposite for name in names], axis=0)
        shares = {"holds": share(expected), "mirrored": share(reverse)}
        rows.append({"kind": "rival", "name": rival, "n": n, **shares})
    both = np.all([own[x].holds for names in contrast.rivals.values() for x in names], axis=0)
    together = " and ".join(contrast.rivals)
    return [*rows, {"kind": "rival", "name": together, "n": n, "holds": share(both)}]
