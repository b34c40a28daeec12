"""What a result depends on: how its spread divides, and the indices of Sobol' and Morris behind a guard.

SALib gives zeros for a result that is missing, takes rows in any order, and reads a seed of 0 as none. Nothing reaches
it here before all three are ruled out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.simulation.parameter_draws import SHARE

FACTOR = "x."  # how the column of a design's factor begins
_LEVEL = 0.95
_RESAMPLES = 200
_GRID = 4  # levels of Morris's grid where no factor's range tells
_SAME, _LAST_BITS = (
    1e-6,
    1e-12,
)  # within which places of a grid, and values of one number, are the same
_NAMED = 5  # runs named in a refusal


def variance_shares(
    values: Floats, points: pd.DataFrame, factors: Sequence[str], chance: float | None = None
) -> dict[str, float]:
    """Shares of the variance of a reading over scenarios, points of a sample, and replicates; they add up to 1.

    Form: the law of total variance (Saltelli et al. 2008, main effects). Scenario and each factor get what the means of
    their levels vary by; numbers get what points vary by beyond the factors, in every scenario alike; interplay is what
    scenarios do differently at different points; chance is what replicates of one point and scenario vary by. Each is
    freed of what the next finer layer adds to it by sampling, and none goes below 0.

    Args:
        values: (scenarios, P, replicates); points with a failed run are left out.
        points: (P, columns), factors among them. factors: columns whose levels are compared.
        chance: variance by chance alone, where other runs than these tell it; by default that of the replicates.

    Returns:
        scenario, the factors, parameters, interplay, chance; NaN where nothing varies.
    """
    whole = np.flatnonzero(np.isfinite(values).all(axis=(0, 2)))
    values, points = values[:, whole], points.iloc[whole]
    arms, count, replicates = values.shape
    names = ["scenario", *factors, "parameters", "interplay", "chance"]
    if count < 2 or np.ptp(values) == 0.0:
        return dict.fromkeys(names, float("nan"))
    if chance is None:
        chance = float(values.var(axis=2, ddof=1).mean()) if replicates > 1 else 0.0
    cells = values.mean(axis=2)  # (arms, P)
    middle = cells.mean(axis=0)  # (P,)
    apart = cells - middle - cells.mean(axis=1, keepdims=True) + cells.mean()
    crossed = float((apart**2).sum() / max((arms - 1) * (count - 1), 1)) if arms > 1 else 0.0
    found = {"scenario": 0.0}
    if arms > 1:
        found["scenario"] = float(cells.mean(axis=1).var(ddof=1)) - crossed / count
        found["scenario"] *= (arms - 1) / arms
    between = float(middle.var(ddof=1)) - chance / (replicates * arms)
    for factor in factors:
        found[factor] = _between_levels(middle, points[factor])
    found["parameters"] = between - sum(max(found[factor], 0.0) for factor in factors)
    found["interplay"] = (crossed - chance / replicates) * (arms - 1) / max(arms, 1)
    found["chance"] = chance
    kept = {name: max(value, 0.0) for name, value in found.items()}
    total = sum(kept.values())
    return {name: kept[name] / total for name in names}


def _between_levels(values: Floats, levels: pd.Series) -> float:
    """Variance of the means of a factor's levels, freed of what the spread within levels adds to it."""
    groups = [values[(levels == level).to_numpy()] for level in levels.unique()]
    if len(groups) < 2:
        return 0.0
    between = sum(len(group) * (group.mean() - values.mean()) ** 2 for group in groups) / (
        len(groups) - 1
    )
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / max(
        len(values) - len(groups), 1
    )
    return float((between - within) * (len(groups) - 1) / len(values))


def factor_columns(table: pd.DataFrame) -> list[str]:
    """Columns of a design's factors, in the design's own order."""
    return [str(name) for name in table if str(name).startswith(FACTOR)]


def responses(runs: pd.DataFrame, design: pd.DataFrame, measure: str) -> Floats:
    """(P, replicates) a measure at every point of a design, in the design's own order.

    Args:
        runs: a row a run, in any order: point, replicate, the factors' columns, the measure.
        design: a row a point, in the order in which it was made: point, the factors' columns.

    Raises:
        DataError: for a run that is missing, twice there, failed, or that does not carry its point's values.
    """
    count = len(design)
    if not np.array_equal(design["point"].to_numpy(), np.arange(count)):
        raise DataError(
            [
                "the design's points do not stand in their own order 0, 1, 2, …: its rows were shuffled"
            ]
        )
    strange = ~runs["point"].isin(design["point"])
    _refuse(runs[strange], "no point of the design")
    _refuse(runs[runs.duplicated(["point", "replicate"])], "there more than once")
    replicates = runs["replicate"].nunique()
    if len(runs) != count * replicates or not replicates:
        held = runs.groupby("point")["replicate"].nunique().reindex(design["point"], fill_value=0)
        lacking = [str(point) for point in held.index[held < max(replicates, 1)]]
        raise DataError(
            [
                f"{len(lacking)} points of {count} lack runs ({_some(lacking)}): the sweep is not whole; go on with it"
            ]
        )
    _refuse(
        runs[_strays(runs, design)],
        "of other values than their point in the design: rows were shuffled",
    )
    _refuse(runs[~np.isfinite(runs[measure].to_numpy(np.float64))], f"without a value of {measure}")
    ordered = runs.sort_values(["point", "replicate"], kind="stable")
    return ordered[measure].to_numpy(np.float64).reshape(count, replicates)


def _strays(runs: pd.DataFrame, design: pd.DataFrame) -> NDArray[np.bool_]:
    """(R,) whether a run carries another value than its point.

    A rule's number may where its theory or form holds it, or moves it into its own range along one line; a share of
    influence may be below its point's, where shares together would be more than one.
    """
    factors = factor_columns(design)
    expected = design.iloc[runs["point"].to_numpy()].reset_index(drop=True)
    names = [name for name in ("theory", "scenario", *factors) if name in runs]
    kinds = [name for name in names if not pd.api.types.is_numeric_dtype(runs[name])]
    groups = runs.groupby(kinds).indices.values() if kinds else [np.arange(len(runs))]
    strays = np.zeros(len(runs), bool)
    for name in factors:
        if name in kinds or not pd.api.types.is_numeric_dtype(expected[name]):
            strays |= expected[name].to_numpy(object) != runs[name].to_numpy(object)
            continue
        cells, values = expected[name].to_numpy(np.float64), runs[name].to_numpy(np.float64)
        differ = ~np.isclose(values, cells, rtol=_LAST_BITS, atol=_LAST_BITS * np.ptp(cells))
        differ &= (SHARE not in name) | (values > cells)
        for own in groups if name.startswith(f"{FACTOR}rules.") else ():
            differ[own] &= not _on_a_line(cells[own], values[own])
        strays |= differ
    return strays


def _on_a_line(cells: Floats, values: Floats) -> bool:
    """Whether values rise with cells along one straight line, or all are the same."""
    first, last = cells.argmin(), cells.argmax()
    share = (cells - cells[first]) / (np.ptp(cells) or 1.0)
    line = values[first] + max(values[last] - values[first], 0.0) * share
    return bool(np.allclose(values, line, rtol=0.0, atol=_SAME * np.abs(values).max()))


def _refuse(runs: pd.DataFrame, what: str) -> None:
    if not len(runs):
        return
    ids = (
        [f" ({run})" for run in runs["run_id"].head(_NAMED)] if "run_id" in runs else [""] * _NAMED
    )
    heads = runs.head(_NAMED).to_dict("records")
    names = [
        f"point {row['point']} replicate {row['replicate']}{own}"
        for row, own in zip(heads, ids, strict=False)
    ]
    rest = f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
    raise DataError(
        [f"{len(runs)} run{'s are' if len(runs) > 1 else ' is'} {what}: {', '.join(names)}{rest}"]
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def share_of_chance(values: Floats, *, seeds_are_shared: bool = False) -> dict[str, float]:
    """How much of the variance is chance: of a single run, and of the mean of a point's replicates.

    Form: what replicates of a point vary by, beside what points vary by once freed of the noise left in their means.
    Where replicate r has the same seed at every point, a lucky seed lifts all points alike, which spreads no point
    from another; only what is left beside points and seeds then does.

    Args:
        values: (P, replicates).

    Returns:
        run, mean: shares between 0 and 1; NaN with one replicate, or where nothing varies.
    """
    count, replicates = values.shape
    if replicates < 2 or count < 2 or np.ptp(values) == 0.0:
        return {"run": float("nan"), "mean": float("nan")}
    means = values.mean(axis=1)
    within = float(values.var(axis=1, ddof=1).mean())
    noise = within
    if seeds_are_shared:
        rest = values - means[:, None] - values.mean(axis=0) + values.mean()
        noise = float((rest**2).sum() / ((count - 1) * (replicates - 1)))
    between = float(means.var(ddof=1))
    left = min(noise / replicates, between)
    total = between - left + within
    return {"run": within / total, "mean": left / between if between > 0 else float("nan")}


def sobol_indices(
    runs: pd.DataFrame, design: pd.DataFrame, measure: str, *, second: bool = True, seed: int = 1,
    resamples: int = _RESAMPLES,
) -> pd.DataFrame:  # fmt: skip
    """Sobol' indices of the mean of a point's replicates: what share of its variance each factor answers for.

    Form: first and total order as Saltelli et al. 2010, second order as Saltelli 2002, by SALib; the interval is what
    the index varies by when blocks of the design are drawn again.

    Args:
        runs, design: as for `responses`; the design is Saltelli's.
        second: whether to give second orders, where the design has the points for them.
        seed: of the resampling, at least 1.

    Returns:
        A row an index: order (first, total, second), factor, other (of second order), index, low, high (95 %).

    Raises:
        DataError: where the guard refuses, the design is not Saltelli's, or the measure does not vary.
    """
    means = _varying(responses(runs, design, measure).mean(axis=1), measure)
    factors = factor_columns(design)
    count, blocks, has_second = len(factors), *saltelli_blocks(design[factors].to_numpy(object))
    _check_seed(seed)
    if has_second and not second:
        kept = [0, *range(1, count + 1), 2 * count + 1]
        means = means.reshape(blocks, -1)[:, kept].ravel()
    second &= has_second
    from SALib.analyze import sobol

    problem = {"num_vars": count, "names": factors, "bounds": [[0.0, 1.0]] * count}
    found = sobol.analyze(
        problem,
        means,
        calc_second_order=second,
        num_resamples=resamples,
        conf_level=_LEVEL,
        seed=seed,
    )
    rows = [
        _index(order, factor, "", found[key][at], found[f"{key}_conf"][at])
        for order, key in (("first", "S1"), ("total", "ST"))
        for at, factor in enumerate(factors)
    ]
    if second:
        rows += [
            _index("second", factors[a], factors[b], found["S2"][a, b], found["S2_conf"][a, b])
            for a in range(count)
            for b in range(a + 1, count)
        ]
    return pd.DataFrame(rows)


def _index(order: str, factor: str, other: str, index: float, half: float) -> dict[str, Any]:
    return {
        "order": order, "factor": factor.removeprefix(FACTOR), "other": other.removeprefix(FACTOR),
        "index": float(index), "low": float(index - half), "high": float(index + half),
    }  # fmt: skip


def _check_seed(seed: int) -> None:
    if seed < 1:
        raise DataError([f"seed {seed} would be no seed for the intervals: give 1 or more"])


def _varying(values: Floats, measure: str) -> Floats:
    if np.ptp(values) == 0.0:
        raise DataError(
            [f"{measure} is the same at every point ({values[0]:g}): nothing is there to divide"]
        )
    return values


def saltelli_blocks(values: np.ndarray) -> tuple[int, bool]:
    """How many blocks a Saltelli design has, and whether for second orders too; refuses rows in any other order.

    A block is a row A, then A with each factor taken from B, then (for second orders) B with each taken from A, then B.
    """
    count = values.shape[1]
    own = np.eye(count, dtype=bool)
    for has_second, size in ((True, 2 * count + 2), (False, count + 2)):
        if len(values) % size:
            continue
        blocks = values.reshape(-1, size, count)
        one, other = blocks[:, :1], blocks[:, -1:]
        crossed = [np.where(own, other, one), *([np.where(own, one, other)] if has_second else [])]
        if (blocks[:, 1:-1] == np.concatenate(crossed, axis=1)).all():
            return len(blocks), has_second
    raise DataError(
        [
            "the design's rows do not stand in Saltelli's order: it is another design, or was shuffled"
        ]
    )


def morris_effects(
    runs: pd.DataFrame, design: pd.DataFrame, factors: Sequence[Mapping[str, Any]], measure: str, *, seed: int = 1,
    resamples: int = _RESAMPLES,
) -> pd.DataFrame:  # fmt: skip
    """Morris's elementary effects of the mean of a point's replicates, each over the whole range of its factor.

    Form: Morris 1991, with the mean of absolute effects of Campolongo et al. 2007, by SALib.

    Args:
        runs, design: as for `responses`; the design is of Morris's trajectories.
        factors: name, and low and high, or levels.
        seed: of the resampling, at least 1.

    Returns:
        A row a factor: mean effect, mean absolute effect with its 95 % interval, standard deviation of the effects.

    Raises:
        DataError: where the guard refuses, the design is not Morris's, or the measure does not vary.
    """
    means = _varying(responses(runs, design, measure).mean(axis=1), measure)
    unit = np.column_stack([_unit(design[factor["name"]], factor) for factor in factors])
    levels = _morris_levels(unit, np.array(["levels" not in factor for factor in factors]))
    _check_seed(seed)
    from SALib.analyze import morris

    names = [str(factor["name"]).removeprefix(FACTOR) for factor in factors]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    found = morris.analyze(
        problem, unit, means, num_resamples=resamples, num_levels=levels, seed=seed
    )
    absolute, half = np.asarray(found["mu_star"], float), np.asarray(found["mu_star_conf"], float)
    return pd.DataFrame(
        {
            "factor": names,
            "mean": np.asarray(found["mu"], float),
            "absolute": absolute,
            "low": absolute - half,
            "high": absolute + half,
            "deviation": np.asarray(found["sigma"], float),
        }
    )


def _unit(values: pd.Series, factor: Mapping[str, Any]) -> Floats:
    """A factor's values between 0 and 1; levels stand at equal distances."""
    if "levels" in factor:
        levels = list(factor["levels"])
        return np.array([levels.index(value) for value in values], np.float64) / max(
            len(levels) - 1, 1
        )
    low, high = float(factor["low"]), float(factor["high"])
    return np.asarray((values.to_numpy(np.float64) - low) / (high - low))


def _morris_levels(unit: Floats, is_number: NDArray[np.bool_]) -> int:
    """How many levels the grid of Morris's trajectories has; refuses rows that are no such trajectories.

    Every step of a trajectory moves one factor, and every factor moves once; two places of the grid may be one level
    of a factor that has few, so such a factor may also seem to stay.

    Args:
        unit: (P, factors). is_number: (factors,) whether a factor has a range, not levels.
    """
    size = unit.shape[1] + 1
    refusal = DataError(
        ["the design's rows are no trajectories of Morris's: it is another design, or was shuffled"]
    )
    if len(unit) % size:
        raise refusal
    steps = np.abs(np.diff(unit.reshape(-1, size, unit.shape[1]), axis=1)).round(9)
    moved = steps > 0
    if (
        (moved.sum(axis=2) > 1).any()
        or (moved.sum(axis=1) > 1).any()
        or not moved[..., is_number].any(axis=1).all()
    ):
        raise refusal
    if not is_number.any():
        return _GRID
    step = float(steps[..., is_number].max())
    levels = round(2 * step / (2 * step - 1)) if step > 1 / 2 else 0
    uneven = levels < 2 or np.ptp(steps[..., is_number][moved[..., is_number]]) > _SAME
    if uneven or abs(levels / (2 * (levels - 1)) - step) > _SAME:
        raise refusal
    return levels
