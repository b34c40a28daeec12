"""Theories and forms weighed by what they foretold, and told apart by the records they leave.

Claim: weights that maximise the held-out log score of the mixture (stacking, yao2018) weigh models
of which none is true.
Form: two presets are one theory where a forest, shown records that each leaves over its ranges,
cannot tell which left a record it has not seen: area under the curve below `APART`.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, compress

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.sparse.csgraph import connected_components
from scipy.special import logsumexp

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.validation.calibration import Problem

APART = 0.7  # area under the curve; fixed before any pair was looked at
_FOLDS = 5
_TREES = 100


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
    `calibration.foretold`, by name, only targets that all give a density count.
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
    areas = {
        (one, other): told_apart(problems[one], problems[other], until)
        for one, other in combinations(problems, 2)
    }
    pairs = pd.DataFrame([(*pair, area) for pair, area in areas.items()])
    tables = {
        "theories": weighed(targets),
        "pairs": pairs.set_axis(["one", "other", "area"], axis=1),
    }
    return tables, one_theory(list(problems), areas)
