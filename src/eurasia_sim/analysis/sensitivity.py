"""Sensitivity: how the spread of a result divides, and the indices of Sobol' and Morris.

SALib gives zeros for a missing result, takes rows in any order, and reads a seed of 0 as none. The
checks here refuse the first two before SALib is called; `analyze` refuses the third.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from SALib.analyze import morris, sobol

from eurasia_sim.analysis.convergence import is_flat
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError

FACTOR = "x."  # prefix of the column of a design's factor
_RESAMPLING: dict[str, Any] = {"num_resamples": 200, "conf_level": 0.95}
_FEWEST = 4  # blocks or trajectories below which resampling them gives no interval
_LEAST_BEYOND = 0.005  # an index so little below 0 or above 1 rounds to it
_GRID = 4  # levels of Morris's grid where no factor's range shows them
_SAME = 1e-6  # tolerance of places on a grid
_NAMED = 5  # runs named in a refusal
_NAN = float("nan")


def variance_shares(
    values: Floats, points: pd.DataFrame, factors: Sequence[str], chance: float | None = None
) -> dict[str, float]:
    """Shares of the variance of a reading over scenarios, points of a sample, and replicates.

    Form: the law of total variance (Saltelli et al. 2008, main effects). Scenario and each factor
    get the variance of the means of their levels; parameters get the variance between points beyond
    the factors, in every scenario alike; interplay is where scenarios differ otherwise at different
    points; chance is the variance of replicates of one point and scenario. Each is freed of what
    the next finer layer adds to it by sampling, and none goes below 0. Shares add up to 1; they are
    NaN where nothing varies.

    Args:
        values: (scenarios, P, replicates); points with a failed run are left out.
        points: (P, columns), factors among them. factors: columns whose levels are compared.
        chance: variance by chance alone, where other runs give it; by default of the replicates.
    """
    whole = np.flatnonzero(np.isfinite(values).all(axis=(0, 2)))
    values, points = values[:, whole], points.iloc[whole]
    arms, count, replicates = values.shape
    if count < 2 or is_flat(values):
        return dict.fromkeys(["scenario", *factors, "parameters", "interplay", "chance"], _NAN)
    if chance is None:
        chance = float(values.var(axis=2, ddof=1).mean()) if replicates > 1 else 0.0
    cells = values.mean(axis=2)  # (arms, P)
    middle = cells.mean(axis=0)  # (P,)
    crossed = scenario = 0.0
    if arms > 1:
        apart = cells - middle - cells.mean(axis=1, keepdims=True) + cells.mean()
        crossed = float((apart**2).sum() / max((arms - 1) * (count - 1), 1))
        scenario = float(cells.mean(axis=1).var(ddof=1)) - crossed / count
    between = float(middle.var(ddof=1)) - chance / (replicates * arms)
    by_factor = {name: max(_between_levels(middle, points[name]), 0.0) for name in factors}
    found = {
        "scenario": scenario * ((arms - 1) / arms),
        **by_factor,
        "parameters": between - sum(by_factor.values()),
        "interplay": (crossed - chance / replicates) * (arms - 1) / arms,
        "chance": chance,
    }
    kept = {name: max(value, 0.0) for name, value in found.items()}
    total = sum(kept.values())
    return {name: value / total for name, value in kept.items()}


def _between_levels(values: Floats, levels: pd.Series) -> float:
    """Variance of the means of a factor's levels, freed of the spread within levels."""
    groups = [values[(levels == level).to_numpy()] for level in levels.unique()]
    if (count := len(groups)) < 2:
        return 0.0
    between = sum(len(group) * (group.mean() - values.mean()) ** 2 for group in groups)
    within = sum(((group - group.mean()) ** 2).sum() for group in groups)
    noise = within / max(len(values) - count, 1)
    return float((between / (count - 1) - noise) * (count - 1) / len(values))


def factor_columns(table: pd.DataFrame) -> list[str]:
    """Columns of a design's factors, in the design's own order."""
    return [str(name) for name in table if str(name).startswith(FACTOR)]


def responses(runs: pd.DataFrame, design: pd.DataFrame, measure: str) -> Floats:
    """(P, replicates) a measure at every point of a design, in the design's own order.

    A run, in any order, is known by its point and replicate alone. Raises DataError for one that is
    missing, repeated, failed, or of no point of the design.
    """
    count, replicates = len(design), runs["replicate"].nunique()
    if not np.array_equal(design["point"].to_numpy(), np.arange(count)):
        order = "the design's points do not stand in their own order 0, 1, 2, …"
        raise DataError([f"{order}: its rows were shuffled"])
    _refuse(runs[~runs["point"].isin(design["point"])], "no point of the design")
    _refuse(runs[runs.duplicated(["point", "replicate"])], "there more than once")
    if len(runs) != count * replicates or not replicates:
        made = runs.groupby("point")["replicate"].nunique().reindex(design["point"], fill_value=0)
        lacking = made.index[made < max(replicates, 1)].astype(str)
        some = ", ".join(lacking[:_NAMED]) + (", …" if len(lacking) > _NAMED else "")
        lacks = f"{len(lacking)} points of {count} lack runs ({some})"
        raise DataError([f"{lacks}: the sweep is not whole; go on with it"])
    _refuse(runs[~np.isfinite(runs[measure].to_numpy(np.float64))], f"without a value of {measure}")
    ordered = runs.sort_values(["point", "replicate"], kind="stable")
    return ordered[measure].to_numpy(np.float64).reshape(count, replicates)


def _refuse(runs: pd.DataFrame, what: str) -> None:
    if len(runs):
        few = runs.head(_NAMED).itertuples()
        names = [f"point {run.point} replicate {run.replicate} ({run.run_id})" for run in few]
        names += [f"and {len(runs) - _NAMED} more"] * (len(runs) > _NAMED)
        count = f"{len(runs)} runs are" if len(runs) > 1 else "1 run is"
        raise DataError([f"{count} {what}: {', '.join(names)}"])


def share_of_chance(values: Floats, *, seeds_are_shared: bool = False) -> dict[str, float]:
    """Share of chance in the variance of a single run, and of the mean of a point's replicates.

    Form: the variance of a point's replicates, beside that of the points once freed of the noise
    left in their means. Where replicate r has the same seed at every point, a lucky seed lifts all
    points alike, which spreads no point from another: only what is left beside points and seeds
    does. NaN with one replicate, or where nothing varies; `values` are (P, replicates).
    """
    count, replicates = values.shape
    if replicates < 2 or count < 2 or is_flat(values):
        return {"run": _NAN, "mean": _NAN}
    means = values.mean(axis=1)
    within = noise = float(values.var(axis=1, ddof=1).mean())
    if seeds_are_shared:
        rest = values - means[:, None] - values.mean(axis=0) + values.mean()
        noise = float((rest**2).sum() / ((count - 1) * (replicates - 1)))
    between = float(means.var(ddof=1))
    left = min(noise / replicates, between)
    of_mean = left / between if between > 0 else _NAN
    return {"run": within / (between - left + within), "mean": of_mean}


def sobol_indices(
    runs: pd.DataFrame, design: pd.DataFrame, measure: str, *, second: bool = True, seed: int = 1
) -> pd.DataFrame:
    """Sobol' indices of the mean of a point's replicates: each factor's share of its variance.

    Form: first and total order as Saltelli et al. 2010, second order as Saltelli 2002, by SALib;
    95 % intervals by resampling blocks of the design, from a seed of at least 1; second orders
    where the design has the points for them. Raises DataError where `responses` does, the design is
    not Saltelli's, or nothing varies.
    """
    means = require_spread(responses(runs, design, measure).mean(axis=1))
    columns = factor_columns(design)
    count, blocks, has_second = len(columns), *saltelli_blocks(design[columns].to_numpy(object))
    if has_second and not second:
        kept = [*range(count + 1), 2 * count + 1]
        means = means.reshape(blocks, -1)[:, kept].ravel()
    options = {"calc_second_order": second and has_second, "seed": seed, **_RESAMPLING}
    total, first, *pairs = sobol.analyze(_unit_problem(columns), means, **options).to_df()
    rows = [
        (order, *(pair if order == "second" else (pair, "")), *cells)
        for order, own in zip(("first", "total", "second"), (first, total, *pairs), strict=False)
        for pair, cells in zip(own.index, own.to_numpy(), strict=True)
    ]
    table = pd.DataFrame(rows, columns=["order", "factor", "other", "index", "half"])
    half = table.pop("half") * (1.0 if blocks >= _FEWEST else _NAN)
    return table.assign(low=table["index"] - half, high=table["index"] + half)


def _unit_problem(columns: Sequence[str]) -> dict[str, Any]:
    names = [name.removeprefix(FACTOR) for name in columns]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def require_spread(values: Floats) -> Floats:
    """The finite ones of values; raises DataError where fewer than two differ beyond rounding."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        raise DataError(["every run failed"])
    if len(finite) < 2:
        raise DataError(["one finished run tells nothing of a spread"])
    if is_flat(finite):
        raise DataError([f"the same at every point ({finite[0]:g}): nothing is there to divide"])
    return finite


def saltelli_blocks(values: np.ndarray) -> tuple[int, bool]:
    """Number of blocks of a Saltelli design, and whether it has the points for second orders.

    A block is a row A, then A with each factor from B, then (for second orders) B with each factor
    from A, then B. Raises DataError for rows in any other order.
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
    why = "it is another design, or was shuffled"
    raise DataError([f"the design's rows do not stand in Saltelli's order: {why}"])


def morris_effects(
    runs: pd.DataFrame, design: pd.DataFrame, factors: Sequence[Mapping[str, Any]], measure: str,
    *, seed: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """Morris's elementary effects of the mean of a point's replicates, over each factor's range.

    Form: Morris 1991, with the mean of absolute effects of Campolongo et al. 2007 and its 95 %
    interval, by SALib, from a seed of at least 1. Factors have name, and low and high, or levels.
    Raises DataError where `responses` does, the design is not Morris's, or nothing varies.
    """
    means = require_spread(responses(runs, design, measure).mean(axis=1))
    unit = np.column_stack([_unit(design[factor["name"]], factor) for factor in factors])
    levels = _morris_levels(unit, np.array(["levels" not in factor for factor in factors]))
    problem = _unit_problem([str(factor["name"]) for factor in factors])
    with warnings.catch_warnings():  # of one trajectory there is no deviation, which is NaN
        warnings.simplefilter("ignore", RuntimeWarning)
        found = morris.analyze(problem, unit, means, num_levels=levels, seed=seed, **_RESAMPLING)
    keys = ("mu", "mu_star", "mu_star_conf", "sigma")
    mean, absolute, half, deviation = (np.asarray(found[key], float) for key in keys)
    half = np.where(len(unit) // (len(factors) + 1) >= _FEWEST, half, _NAN)
    return pd.DataFrame(
        {"factor": problem["names"], "mean": mean, "absolute": absolute, "low": absolute - half,
         "high": absolute + half, "deviation": deviation}
    )  # fmt: skip


def _unit(values: pd.Series, factor: Mapping[str, Any]) -> Floats:
    """A factor's values between 0 and 1; levels stand at equal distances."""
    if "levels" in factor:
        places = np.array([[*factor["levels"]].index(value) for value in values], np.float64)
        return places / max(len(factor["levels"]) - 1, 1)
    low, high = float(factor["low"]), float(factor["high"])
    return np.asarray((values.to_numpy(np.float64) - low) / (high - low))


def _morris_levels(unit: Floats, is_number: NDArray[np.bool_]) -> int:
    """Levels of the grid of Morris's trajectories; `is_number` marks factors with a range."""
    # Every step moves one factor; one that has few levels may seem to stay.
    size = unit.shape[1] + 1
    steps = np.abs(np.diff(unit[: len(unit) // size * size].reshape(-1, size, size - 1), axis=1))
    if len(unit) % size or ((steps > _SAME).sum(axis=2) > 1).any():
        why = "it is another design, or was shuffled"
        raise DataError([f"the design's rows are no trajectories of Morris's: {why}"])
    step = float(steps[..., is_number].max(initial=0.0))
    return round(2 * step / (2 * step - 1)) if step > (1 + _SAME) / 2 else _GRID


def caveats(table: pd.DataFrame) -> list[str]:
    """What a table of indices or effects gives away of how roughly they are known."""
    found = []
    if "index" in table:
        table = table[table["order"].isin(("first", "total"))]
        beyond = np.maximum(table["index"] - 1, -table["index"])
        if (count := int((beyond > _LEAST_BEYOND).sum())) > 0:
            where = "lie below 0 or above 1, where no share of a variance can"
            rough = f"by up to {beyond.max():.2g}: so roughly does this design tell them"
            found.append(f"{count} of {len(table)} indices {where}, {rough}")
    if "low" in table and ("index" in table or "absolute" in table) and table["low"].isna().any():
        found.append(f"fewer than {_FEWEST} blocks or trajectories give no interval")
    return found
