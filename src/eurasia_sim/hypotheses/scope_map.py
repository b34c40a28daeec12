"""Where rival hypotheses hold: one change made in every cell of a grid of circumstances, over everything uncertain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.hypotheses.arms import Plan, effect, read_runs
from eurasia_sim.hypotheses.hypothesis import ContrastMap
from eurasia_sim.hypotheses.verdicts import holds, mirrors
from eurasia_sim.simulation.parameter_draws import space_sample
from eurasia_sim.world.world import World

EVERY = "all"  # theories together
_MIDDLE_90 = (0.05, 0.95)


def map_table(
    world: World, contrast: ContrastMap, points: int, seed: int, workers: int | None = None,
    report: Callable[[int, int], None] = lambda *_: None,
) -> pd.DataFrame:  # fmt: skip
    """What the change does in every cell: a row a cell, reading and theory, then a row a cell, rival and theory.

    Form: the same points of the space (theories but the null, forms, codings, numbers), one run each, in every cell.

    Args:
        points: for each theory.
        report: told how many runs of one arm are done, of how many.

    Returns:
        map, level, first, second, theory, kind (reading or rival), name, n; for readings mean, low, high (the middle
        90 % of points); holds and mirrored, shares of the points in which a reading (for a rival: all of its readings)
        is beyond its smallest effect as expected, or the opposite.
    """
    plan = Plan.of(world, [contrast.part(reading, *cell) for cell in contrast.cells() for reading in contrast.readings])
    theories = [theory for theory in world.theories if theory != world.null_theory]
    sample = space_sample(world, plan.scenarios[plan.arms[0]], theories, points, 1, seed)
    values = np.full((len(plan.arms), len(sample.points), len(plan.readings)), np.nan)
    done, arms = 0, len(plan.arms)
    for group in sample.groups:

        def tell(finished: int, before: int = done) -> None:
            report(before + finished // arms, len(sample.points))

        values[:, group.points] = read_runs(plan, group.theory, group.forms, group.draws, workers=workers, report=tell)
        done += len(group.draws)
    under = sample.points["theory"].to_numpy()
    rows = []
    for cell in contrast.cells():
        parts = {reading: contrast.part(reading, *cell) for reading in contrast.readings}
        changes = {reading: effect(plan, part, values) for reading, part in parts.items()}
        for theory in (EVERY, *theories):
            own = np.ones(len(under), bool) if theory == EVERY else under == theory
            place = dict(zip(("map", "level", "first", "second", "theory"), (contrast.id, *cell, theory), strict=True))
            rows += [place | row for row in _cell_rows(contrast, {name: each[own] for name, each in changes.items()})]
    return pd.DataFrame(rows)


def _cell_rows(contrast: ContrastMap, changes: Mapping[str, Floats]) -> list[dict[str, Any]]:
    """One cell: a row a reading and a row a rival; failed runs count nowhere."""
    whole = np.all([np.isfinite(change) for change in changes.values()], axis=0)
    kept = {name: change[whole] for name, change in changes.items()}
    passes, opposite = {}, {}
    rows: list[dict[str, Any]] = []
    for name, change in kept.items():
        part = contrast.readings[name]
        passes[name], opposite[name] = (judge(part.sign, part.smallest, change) for judge in (holds, mirrors))
        low, high = np.quantile(change, _MIDDLE_90) if len(change) else (np.nan, np.nan)
        rows.append(
            {"kind": "reading", "name": name, "n": len(change), "mean": float(change.mean()) if len(change) else np.nan,
             "low": float(low), "high": float(high), "holds": _share(passes[name]), "mirrored": _share(opposite[name])}
        )  # fmt: skip
    for rival, names in contrast.rivals.items():
        shares = [_share(np.all([found[name] for name in names], axis=0)) for found in (passes, opposite)]
        rows.append({"kind": "rival", "name": rival, "n": int(whole.sum()), "holds": shares[0], "mirrored": shares[1]})
    both = np.all([passes[name] for names in contrast.rivals.values() for name in names], axis=0)
    rows.append({"kind": "rival", "name": " and ".join(contrast.rivals), "n": int(whole.sum()), "holds": _share(both)})
    return rows


def _share(passes: np.ndarray) -> float:
    return float(passes.mean()) if len(passes) else float("nan")
