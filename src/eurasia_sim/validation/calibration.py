"""A theory fitted to the record by a smoother, and theories weighed by what they foretell.

Claim: weights that maximise the held-out log score of the mixture (stacking, yao2018) weigh models
of which none is true.
Form: a number goes in as the normal score of its place in its range. Whatever is scored after an
origin is fitted up to that origin only; the fit to the whole record is kept and never scored. Two
presets are one theory where a forest, shown records that each leaves over its ranges, cannot tell
which left a record it has not seen: area under the curve below `APART`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, compress
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse.csgraph import connected_components
from scipy.special import logsumexp
from scipy.stats import norm, qmc

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.posterior import LEAST_MEMBERS
from eurasia_sim.scenarios.scenario import as_recorded
from eurasia_sim.simulation import parameter_draws
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.validation.evidence import BLOCK, SCALE_SPREAD, Evidence, smooth
from eurasia_sim.validation.measured import YEAR, Items, Report, compared, ended, simulated
from eurasia_sim.world.world import World

ORIGINS = (2008, 2011, 2014, 2017)  # last years known; what is foretold are the next three
Measures = Mapping[str, Floats]  # item -> (R, U, T)
Known = Mapping[str, Evidence | None]  # None: what was observed never varies
APART = 0.7  # area under the curve; fixed before any pair was looked at
_FOLDS, _TREES = 5, 100


def values_of_scores(scores: Floats, low: Floats | float, high: Floats | float) -> Floats:
    """Values within a range of normal scores."""
    return np.asarray(low + (high - low) * norm.cdf(scores))


@dataclass(frozen=True)
class Problem:
    """A theory and its forms, the observed items, and members of the prior."""

    world: World
    inputs: Inputs
    items: Items
    members: int
    seed: int
    workers: int | None = None

    @classmethod
    def of(
        cls, world: World, theory: str, members: int, seed: int, workers: int | None = None,
        forms: Mapping[str, str] | None = None,
    ) -> Self:  # fmt: skip
        """The record of a world under a theory. Raises DataError where it has nothing to fit to."""
        items = compared(world)
        if not any(series.item.use == "fits" for series in items.values()):
            raise DataError([f"the world {world.name} has no observed series to fit to"])
        inputs = prepare(world, as_recorded(world), theory, forms)
        return cls(world, inputs, items, members, seed, workers)

    @cached_property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Declared ranges of the M uncertain numbers."""
        return parameter_draws.ranges_of(self.world, self.inputs)

    @cached_property
    def prior(self) -> tuple[Floats, Measures]:
        """(M, R) scores spread evenly over the ranges, of members whose run ends; and its measures.

        Raises DataError where too few runs end.
        """
        cube = qmc.LatinHypercube(len(self.ranges), rng=np.random.default_rng(self.seed))
        scores = norm.ppf(cube.random(self.members)).T
        found = self.read(scores, self.items)
        kept = ended(found)
        if kept.sum() < min(LEAST_MEMBERS, self.members):
            raise DataError([f"only {kept.sum()} of {self.members} runs of the prior ended"])
        return scores[:, kept], {name: each[kept] for name, each in found.items()}

    def draws(self, scores: Floats) -> parameter_draws.Draws:
        """Runs of (M, R) scores; member by member the same chance at every step."""
        draws = parameter_draws.reference_draws(self.inputs, scores.shape[1], self.seed)
        for path, row in zip(self.ranges, scores, strict=True):
            values = values_of_scores(row, *self.ranges[path])
            parameter_draws.put(self.world, draws, path, values)
        parameter_draws.hold_shares(self.world, draws)
        return draws

    def read(self, scores: Floats, items: Items, until: int | None = None) -> Measures:
        """What items read of runs of (M, R) scores, NaN after a year and in a run that fails.

        Raises DataError where every run fails.
        """
        months = self.inputs.months
        if until is not None:
            months = min(months, (until + 1) * YEAR - self.world.start)
        family, draws = [replace(self.inputs, months=months)], self.draws(scores)
        found = simulated(self.world, family, draws, items, self.workers)
        if not ended(found).any():
            raise DataError(["every run of the record failed, so there is nothing to fit"])
        return {name: each[0] for name, each in found.items()}

    def measures(self, scores: Floats, until: int | None = None) -> Measures:
        """The same of all items; a failed run is given the others' mean."""
        found = self.read(scores, self.items, until)
        if (kept := ended(found)).all():
            return found
        return {
            name: np.where(kept[:, None, None], each, each[kept].mean(axis=0))
            for name, each in found.items()
        }

    def evidence(self, origin: int) -> Known:
        """Every item in blocks up to an origin and after it, beside the prior."""
        first, prior = self.world.start // YEAR, self.prior[1]
        blocks = {name: Evidence.of(each, origin, first) for name, each in self.items.items()}
        return {name: each.beside(each.blocks(prior[name])) for name, each in blocks.items()}


@dataclass(frozen=True)
class Fit:
    """Members after a fit of some items up to an origin, and what moved each number."""

    problem: Problem
    origin: int
    data: NDArray[np.str_]  # (D,) the item of every datum
    members: Floats  # (M + S, R) normal scores of the M numbers, then of the scale of each item
    along: Floats  # (M, D) correlation of number and datum; 0 where chance could show as much

    @classmethod
    def of(cls, problem: Problem, items: Known, origin: int) -> Self:
        """Assimilate what was observed of some items up to their origin.

        Raises DataError where no number moves anything that was observed.
        """
        scores, prior = problem.prior
        rng = np.random.default_rng([problem.seed, 1])
        fitted: list[tuple[str, Evidence, Floats]] = []
        scales = []
        for name, item in items.items():
            own = np.asarray(rng.normal(size=scores.shape[1]))
            if item and problem.items[name].item.use == "fits":
                turn = item.turn(item.blocks(prior[name]), own)
                if len(turn):
                    fitted.append((name, item, turn))
                    scales.append(own)

        def predict(step: int, members: Floats) -> Floats:
            found = problem.measures(members[: len(scores)], origin) if step else prior
            data = []
            for (name, item, turn), scale in zip(fitted, members[len(scores) :], strict=True):
                data.append(turn @ item.predicted(item.blocks(found[name]), scale).T)
            return np.concatenate(data)

        if not fitted:
            still = f"no number moves anything observed to {origin} under {problem.inputs.theory}"
            raise DataError([f"{still}, so there is nothing to fit"])
        observed = np.concatenate([turn @ item.values[item.past] for _, item, turn in fitted])
        data = np.repeat([name for name, *_ in fitted], [len(turn) for *_, turn in fitted])
        start, count = np.vstack([scores, *scales]), len(scales)
        members, along = smooth(start, predict, observed, problem.seed, fixed=count)
        return cls(problem, origin, data, members, along[: len(scores)])

    @property
    def scores(self) -> Floats:
        """(M, R) members of the numbers."""
        return self.members[: len(self.along)]

    @property
    def moved(self) -> NDArray[np.bool_]:
        """(M,) which numbers the items speak of."""
        return np.asarray((self.along != 0).any(axis=1))

    def scales(self) -> dict[str, float]:
        """By fitted item, the mean scale after the fit over its mean before."""
        rows = zip(dict.fromkeys(self.data), self.members[len(self.along) :], strict=True)
        return {str(name): float(1 + SCALE_SPREAD * row.mean()) for name, row in rows}

    def values(self) -> dict[str, Floats]:
        """(R,) values of every number that the record speaks of."""
        rows = zip(self.problem.ranges.items(), self.scores, self.moved, strict=True)
        return {path: values_of_scores(row, *ends) for (path, ends), row, moved in rows if moved}

    def numbers(self) -> pd.DataFrame:
        """Every number from prior to posterior, those of which most is learnt first.

        Columns number, low, high (declared), moved, before_low … after_high (5 and 95 % of
        members), left (standard deviation after over before) and shift (of the mean, in those
        before), both on the unbounded scale, and items (it goes along with, the closest first).
        """
        names = np.array([*dict.fromkeys(self.data)])
        along = np.abs(self.along)
        close = np.column_stack([along[:, self.data == name].max(axis=1) for name in names])
        low, high = np.array([*self.problem.ranges.values()]).T
        # Laid out alike, so that what has not moved differs by nothing.
        old, new = (np.ascontiguousarray(each) for each in (self.problem.prior[0], self.scores))
        spread = old.std(axis=1)
        table = pd.DataFrame(
            {"number": [*self.problem.ranges], "low": low, "high": high, "moved": self.moved}
        )
        for side, each in (("before", old), ("after", new)):
            values = values_of_scores(each, low[:, None], high[:, None])
            table[f"{side}_low"], table[f"{side}_high"] = np.quantile(values, (0.05, 0.95), axis=1)
        table["left"] = new.std(axis=1) / spread
        table["shift"] = (new.mean(axis=1) - old.mean(axis=1)) / spread
        table["items"] = [
            ", ".join(names[at] for at in np.argsort(own)[::-1] if own[at] > 0) for own in close
        ]
        order = np.lexsort((table["left"] - table["shift"].abs(), ~table["moved"]))
        return table.iloc[order].reset_index(drop=True)


def foretold(fit: Fit, items: Known) -> pd.DataFrame:
    """Log density of everything in the block after a fit's origin, over the ranges and of the fit.

    A row a target: item, origin, unit, declared, fitted.
    """
    before = fit.problem.prior[1]
    after = fit.problem.measures(fit.scores, fit.origin + BLOCK)
    tables = []
    for name, item in items.items():
        if item and item.ahead.any():
            declared, fitted = (
                item.log_scores(item.blocks(each[name])) for each in (before, after)
            )
            head = {"item": name, "origin": fit.origin, "unit": np.flatnonzero(item.ahead)}
            tables.append(pd.DataFrame({**head, "declared": declared, "fitted": fitted}))
    return pd.concat(tables, ignore_index=True)


def held_out(targets: pd.DataFrame) -> pd.DataFrame:
    """By item and over all: targets of `foretold`, sums of log densities, what the fit gains.

    Columns item, targets, declared, fitted, gain, error (its standard error, each unit of an item
    counted as one witness), to six digits: later ones differ from machine to machine.
    """
    rows = targets.assign(gain=targets["fitted"] - targets["declared"])
    found = []
    for name, own in (*rows.groupby("item", sort=False), ("all", rows)):
        gains = own.groupby(["item", "unit"], sort=False)["gain"].sum()
        error = np.sqrt(len(gains)) * gains.std(ddof=1)  # NaN of one witness
        sums = {**own[["declared", "fitted", "gain"]].sum(), "error": error}
        known = {key: float(f"{value:.6g}") for key, value in sums.items()}
        found.append({"item": name, "targets": len(own), **known})
    return pd.DataFrame(found)


def calibrate(problem: Problem, report: Report = lambda _: None) -> tuple[Fit, pd.DataFrame]:
    """A theory's fit to the whole record, and what fits up to each origin foretold after it.

    `report` is called with the number of fits that are done.
    """
    until = max(int(each.years[-1]) for each in problem.items.values())
    tables = []
    for done, origin in enumerate(ORIGINS):
        report(done)
        items = problem.evidence(origin)
        tables.append(foretold(Fit.of(problem, items, origin), items))
    report(len(ORIGINS))
    fit = Fit.of(problem, problem.evidence(until), until)
    return fit, pd.concat(tables, ignore_index=True)


def stacking_weights(densities: Floats) -> Floats:
    """(K,) weights of models, 1 in sum, by log densities (N, K) of targets that were not fitted."""
    models = densities.shape[1]

    def loss(weights: Floats) -> tuple[float, Floats]:
        mixed = logsumexp(densities, axis=1, b=np.maximum(weights, 1e-12))
        slope = np.exp(densities - mixed[:, None]).mean(axis=0)
        return -float(mixed.mean()), -np.asarray(slope)

    found = minimize(
        loss, np.full(models, 1 / models), jac=True, method="SLSQP", bounds=[(0, 1)] * models,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"maxiter": 500, "ftol": 1e-12},
    )  # fmt: skip
    weights = np.clip(found.x, 0, None)
    return np.asarray(weights / weights.sum())


def weighed(targets: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a theory or form: its held-out log scores, and its weights beside the others.

    Columns theory, declared, fitted (sums), weight_declared, weight_fitted, targets. Of the rows of
    `foretold`, by name, only targets that all give a density count.
    """
    keys = ["item", "origin", "unit"]
    tables = {name: each.set_index(keys) for name, each in targets.items()}
    shared = pd.concat(tables, axis=1, join="inner")
    rows = pd.DataFrame({"theory": list(targets)})
    for kind in ("declared", "fitted"):
        densities = np.ascontiguousarray(shared.xs(kind, axis=1, level=1))
        rows[kind] = densities.sum(axis=0)
        rows[f"weight_{kind}"] = stacking_weights(densities)
    return rows.assign(targets=len(shared))


def told_apart(one: Problem, other: Problem, until: int) -> float:
    """Area under the curve of a forest that is to say which of two left a record over its ranges.

    Records are in the directions in which both together differ, with the errors of the first's
    model; folds are of members.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    rng = np.random.default_rng([one.seed, until])
    sizes = [problem.prior[0].shape[1] for problem in (one, other)]
    columns = []
    for name, item in one.evidence(until).items():
        scales = rng.normal(size=sum(sizes))
        if item and one.items[name].item.use == "fits":
            both = [item.blocks(problem.prior[1][name]) for problem in (one, other)]
            measure = np.concatenate(both)
            predicted = item.turn(measure, scales) @ item.predicted(measure, scales).T
            columns.append((predicted + rng.normal(size=predicted.shape)).T)
    labels = np.repeat([0, 1], sizes)
    forest = RandomForestClassifier(_TREES, random_state=0, min_samples_leaf=5)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    found = cross_val_score(forest, np.hstack(columns), labels, cv=folds, scoring="roc_auc")
    return float(np.mean(found))


def one_theory(names: Sequence[str], areas: Mapping[tuple[str, str], float]) -> list[list[str]]:
    """Groups of names, of which each is not told apart from some other of its group."""
    alike = [[areas.get((one, other), APART) < APART for other in names] for one in names]
    count, groups = connected_components(np.array(alike), directed=False)
    return [list(compress(names, groups == group)) for group in range(count)]


def weigh(
    problems: Mapping[str, Problem], targets: Mapping[str, pd.DataFrame], until: int
) -> tuple[dict[str, pd.DataFrame], list[list[str]]]:
    """Tables `theories` (of `weighed`) and `pairs` (one, other, area), and theories that are one.

    Both are empty where there is but one theory.
    """
    if len(problems) < 2:
        return {}, []
    every = combinations(problems, 2)
    areas = {(a, b): told_apart(problems[a], problems[b], until) for a, b in every}
    rows = [(*pair, area) for pair, area in areas.items()]
    pairs = pd.DataFrame(rows, columns=["one", "other", "area"])
    return {"theories": weighed(targets), "pairs": pairs}, one_theory(list(problems), areas)
