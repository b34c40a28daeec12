"""Links between a measure and what observes it: scale, offsets, year effects of a group, error."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.checker import Strict
from eurasia_sim.files.data_yaml import LARGEST

_ROUNDS = 50
_STILL = 1e-8  # relative change that is none
_LEAST = 1e-9  # of what is divided by
_LEAST_VARIANCE = 1e-12
ErrorModel = Literal["none", "column", "binomial", "counts", "poisson"]
ERRORS_OF = {  # a transform; of any other none, column and, for a share of 1, binomial
    "share": ("binomial",),
    "log_balance": ("counts",),
    "log1p": ("none", "column", "poisson"),
}


class Link(Strict):
    """How a figure becomes a value in which more means more of what the measure says."""

    transform: Literal["identity", "log", "log1p", "share", "log_balance"]
    sign: Literal[-1, 1]
    per: float = Field(default=1.0, ge=_LEAST, le=LARGEST)  # identity: divides the figure
    # log_balance: events added to each dyad, and the cooperative part of these
    prior: float = Field(default=1.0, ge=_LEAST, le=LARGEST)
    share: float = Field(default=0.5, ge=_LEAST, le=1 - _LEAST)

    def refuses(self, value: float, n: float, error: str) -> str:
        """Why neither transform nor error model can take a figure; empty where both can."""
        if self.transform == "log" and value <= 0:
            return "a logarithm needs a figure above 0"
        if self.transform in ("log1p", "share", "log_balance") and value < 0:
            return "a count or share is at least 0"
        if self.transform in ("share", "log_balance") and value > n:
            return f"it is more than n = {n:g}"
        if self.transform == "share" and n <= 0:
            return "a share needs n above 0"
        if error == "binomial" and self.transform != "share" and not (0 <= value <= 1 and n > 0):
            return "a binomial error needs a share from 0 to 1 and n above 0"
        return ""


def linked(link: Link, value: Floats, n: Floats) -> Floats:
    """(...) values on the linked scale, NaN where the figure is.

    `log_balance` is the log of cooperative over conflictual events, each with its part of `prior`
    events added, so that few events say little.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if link.transform == "log_balance":
            more, less = _balance(link, value, n)
            scaled = np.log(more / less)
        elif link.transform == "share":
            scaled = value / n
        elif link.transform == "identity":
            scaled = value / link.per
        else:
            scaled = np.log(value) if link.transform == "log" else np.log1p(value)
    return np.asarray(link.sign * scaled)


def _balance(link: Link, value: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Cooperative and conflictual events with their parts of the prior."""
    return value + link.prior * link.share, n - value + link.prior * (1 - link.share)


def sampling_error(link: Link, model: str, value: Floats, n: Floats, error: Floats) -> Floats:
    """(...) standard deviation of the sampling error on the linked scale, by the delta method.

    column: the file's own. binomial: of a share of n, half a success and half a failure added.
    counts: of the log of two counts. poisson: of a count under log1p.
    """
    found = np.zeros_like(value)
    if model == "column":
        found = error / link.per
    elif model == "binomial":
        p = ((value if link.transform == "share" else value * n) + 0.5) / (n + 1)
        found = np.sqrt(p * (1 - p) / np.maximum(n, 1))
    elif model == "counts":
        more, less = _balance(link, value, n)
        found = np.sqrt(1 / more + 1 / less)
    elif model == "poisson":
        found = np.sqrt(value + 0.5) / (value + 1)
    return np.where(np.isfinite(value), found, np.nan)


def year_means(values: Floats, groups: Integers) -> Floats:
    """(U, T) mean of each year over a unit's group; NaN where the group has no value."""
    means = np.full_like(values, np.nan)
    for group in np.unique(groups):
        own = groups == group
        known = np.isfinite(values[own])
        sums, counts = np.where(known, values[own], 0.0).sum(axis=0), known.sum(axis=0)
        means[own] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def pooled(means: Floats, variances: Floats) -> tuple[Floats, float]:
    """(U,) offsets, each between a unit's mean and the mean of all; and that mean.

    Empirical Bayes with the variance between units of DerSimonian and Laird; `variances` (U,) of
    the means are above 0.
    """
    weight = 1 / variances
    fixed = float(np.sum(weight * means) / np.sum(weight))
    spread = float(np.sum(weight * (means - fixed) ** 2))
    scale = float(np.sum(weight) - np.sum(weight**2) / np.sum(weight))
    between = max((spread - (len(means) - 1)) / scale, 0.0) if scale > 0 else 0.0
    total = 1 / (variances + between)
    centre = float(np.sum(total * means) / np.sum(total))
    return centre + between / (between + variances) * (means - centre), centre


class LinkFit(NamedTuple):
    """A fitted link: y = year effect of a group + offset of a unit + scale × measure + error."""

    scale: float  # at least 0
    offsets: Floats  # (U,)
    years: Floats  # (U, T), NaN where a group has no value in a year; 0 without year effects
    residual: float  # standard deviation beyond the sampling error


def fit_link(
    values: Floats, errors: Floats, measure: Floats, groups: Integers, *, year_effects: bool
) -> LinkFit:
    """Fit one item's link by weighted least squares and partial pooling, where both are known.

    Scale and year effects are told by changes within units: pooled offsets would lend the scale
    what differs between units. The scale is pooled toward 0 as the offsets are toward their centre:
    what is no larger than its own standard error is 0, and so is one below 0, for a link says which
    way a measure goes. Raises ValueError where no cell has both.

    Values (U, T) are observed, up to the origin and no later; errors (U, T) are standard deviations
    of their sampling error; groups (U,) share the effects of years.
    """
    known = np.isfinite(values) & np.isfinite(measure)
    if not known.any():
        raise ValueError("no cell has both an observed value and a measure")
    y, x = np.where(known, values, 0.0), np.where(known, measure, 0.0)
    noise = np.where(known, np.nan_to_num(errors) ** 2, 0.0)
    held = known.any(axis=1)
    same = [groups == group for group in np.unique(groups)] if year_effects else []
    seen = np.array([known[own].any(axis=0) for own in same])
    tied = seen.sum() - seen.any(axis=-1).sum()  # effects of years but for the level of a group
    free = int(known.sum() - held.sum() - tied) - 1
    residual = float(np.var(y[known])) + _LEAST_VARIANCE
    for _ in range(_ROUNDS):
        weight = np.where(known, 1 / (noise + residual), 0.0)
        total = np.where(held, weight.sum(axis=1), 1.0)
        scale, years = _within(y, x, weight, same, free)
        rest = y - years - scale * x
        means = (weight * rest).sum(axis=1) / total
        left = (rest - means[:, None])[known]
        before, residual = residual, float(np.sum(left**2 - noise[known])) / max(free, 1)
        residual = max(residual, _LEAST_VARIANCE)
        if abs(residual - before) < _STILL * before:
            break
    for own, has_year in zip(same, seen, strict=True):
        level = float(means[own & held].mean()) if has_year.any() else np.nan
        years[own] = np.where(has_year, years[own] + level, np.nan)  # in common to its units
        means[own] -= level
    offsets = np.empty(len(y))
    offsets[held], offsets[~held] = pooled(means[held], 1 / total[held])
    return LinkFit(scale, offsets, years, float(np.sqrt(residual)))


def _within(
    y: Floats, x: Floats, weight: Floats, same: list[NDArray[np.bool_]], free: int
) -> tuple[float, Floats]:
    """Pooled scale and (U, T) effects of years by weighted least squares on changes of units.

    Years have an effect in each group of the `same` units. With `free` degrees of freedom the
    squared error of a scale is `free / (free - 2)` times what the residuals say; with two or fewer
    it is not known, so that the scale is 0.
    """
    total = np.maximum(weight.sum(axis=1), _LEAST_VARIANCE)[:, None]

    def changes(each: Floats) -> Floats:
        return np.asarray(each - (weight * each).sum(axis=1, keepdims=True) / total)

    def effects(change: Floats) -> Floats:
        found = np.zeros_like(change)
        for own in same:
            each = weight[own]
            crossed = np.diag(each.sum(axis=0)) - (each / total[own]).T @ each
            found[own] = np.linalg.pinv(crossed, hermitian=True) @ (each * change[own]).sum(axis=0)
        return found

    of_y, of_x = changes(y), changes(x)
    years_y, years_x = effects(of_y), effects(of_x)
    rest = changes(x - years_x)
    below, scale = float((weight * rest**2).sum()), 0.0
    if free > 2 and below > _STILL**2 * float((weight * x**2).sum()):
        raw = float((weight * rest * of_y).sum()) / below
        variance = free / (free - 2) / below
        scale = max(raw - variance / raw, 0.0) if raw > 0 else 0.0
    return scale, years_y - scale * years_x
