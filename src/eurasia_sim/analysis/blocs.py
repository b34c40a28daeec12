"""The two blocs the actors form: the split of each run that frustrates leanings least.

Splits are compared with line-ups of history. Cites axelrod1993, hubert1985.
"""

from collections.abc import Sequence
from itertools import chain, combinations
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from sklearn.metrics import adjusted_rand_score

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.checker import Strict
from eurasia_sim.files.data_yaml import read_page, refuse
from eurasia_sim.files.page import Page
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.ensemble import run_ensemble_draws
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import range_draws
from eurasia_sim.world.world import World

FILE = "camps.yaml"
AFFINITIES = "affinities alone"  # key of the splits by what runs were given
_MOST_MEMBERS = 16  # all 2 ** 15 splits are compared
_MOST_SPLITS = 5  # splits listed


class Lineup(Strict):
    """A division that history knows; an actor on neither side may stand on either."""

    says: str
    sides: Annotated[list[list[str]], Field(min_length=2, max_length=2)]
    cite: str | list[str] = ""


class Roster(Strict):
    """The actors to sort into two blocs, and the line-ups to compare with."""

    members: list[str] = Field(default_factory=list)
    lineups: dict[str, Lineup] = Field(default_factory=dict)

    def splits(self) -> NDArray[np.bool_]:
        """(S, N) every split: true for members against the first one; row 0 has none."""
        others = len(self.members) - 1
        against = (np.arange(2**others)[:, None] >> np.arange(others)) & 1
        return np.concatenate([np.zeros((2**others, 1), bool), against.astype(bool)], axis=1)

    def sides(self, split: NDArray[np.bool_]) -> list[list[str]]:
        """Names on each side of a split; one side alone when nobody stands apart."""
        names = np.array(self.members, object)
        return [list(names[side]) for side in (~split, split) if side.any()]

    def placed(self, name: str) -> tuple[list[int], NDArray[np.bool_]]:
        """Members that a line-up names, by number, and whether each stands on its second side."""
        sides = self.lineups[name].sides
        places = [self.members.index(each) for each in chain(*sides)]
        return places, np.repeat([False, True], [len(side) for side in sides])

    def matches(self, name: str, splits: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(S,) whether each split parts those a line-up names as it does, either way round."""
        places, sides = self.placed(name)
        same = splits[:, places] == sides
        return np.asarray(same.all(axis=1) | (~same).all(axis=1))


def read_roster(world: World) -> Roster:
    """Members and line-ups in the world's `camps.yaml`; all actors and no line-up without it.

    DataError for an unknown name, a line-up without two sides, or too many members.
    """
    path, page, roster = world.directory / FILE, Page(FILE), Roster()
    if path.exists():
        page = read_page(path)
        roster = page.validated(Roster) or roster
    members = roster.members or list(world.actors)
    for at, name in enumerate(members):
        if name not in world.actors:
            page.complain(("members", at), f"{name!r} is no actor", world.actors, name)
    for name, lineup in roster.lineups.items():
        for each in chain(*lineup.sides):
            if each not in members:
                page.complain(("lineups", name), f"{each!r} is no member", members, each)
    if not 2 <= len(set(members)) == len(members) <= _MOST_MEMBERS:
        right = f"2 to {_MOST_MEMBERS}, each once"
        page.complain(("members",), f"{len(members)} members cannot be sorted", allowed=right)
    refuse([page])
    return roster.model_copy(update={"members": members})


def best_split(leaning: Floats, size: Floats, splits: NDArray[np.bool_]) -> int:
    """Row of the split with the lowest energy; -1 where a leaning is not known.

    Claim: states settle nearest to those they would work with and farthest from those they would
    not, each counted by its size; energy is the sum over pairs of size * size * propensity *
    distance (axelrod1993).
    Form: distance is 0 on one side and 1 across; propensity is the mean of the two leanings, which
    is ours. Every split is compared, that without any division included. The first row wins a tie.
    `leaning` is (N, N), row toward column; `size` (N,) >= 0; `splits` (S, N).
    """
    if not (np.isfinite(leaning).all() and np.isfinite(size).all()):
        return -1
    propensity = 0.5 * (leaning + leaning.T) * np.outer(size, size)
    np.fill_diagonal(propensity, 0.0)
    side = np.where(splits, -1.0, 1.0)
    return int(np.argmax(((side @ propensity) * side).sum(axis=1)))


def mean_leanings(leaning: Floats, roster: Roster) -> dict[str, float]:
    """Mean alignment of every pair of members, both ways, over the runs that finished."""
    finished = leaning[np.isfinite(leaning).all(axis=(1, 2))]
    mean = finished.sum(axis=0) / (len(finished) or np.nan)
    both, pairs = 0.5 * (mean + mean.T), combinations(enumerate(roster.members), 2)
    return {f"{a}-{b}": float(both[i, j]) for (i, a), (j, b) in pairs}


def division(found: Integers, roster: Roster) -> dict[str, Any]:
    """The most frequent splits of runs, the first one first, and the share of each line-up.

    A line-up has the `share` of runs that match it, and `adjusted_rand`, the mean agreement of runs
    over the members it names.
    """
    splits, finished = roster.splits(), found[found >= 0]
    rows, each, counts = np.unique(finished, return_inverse=True, return_counts=True)
    lineups = {}
    for name in roster.lineups if len(finished) else ():
        places, sides = roster.placed(name)
        agreement = np.array([adjusted_rand_score(splits[row][places], sides) for row in rows])
        share = float(roster.matches(name, splits[finished]).mean())
        lineups[name] = {"share": share, "adjusted_rand": float(agreement[each].mean())}
    shares, order = counts / len(finished), np.argsort(-counts, kind="stable")[:_MOST_SPLITS]
    most = [{"sides": roster.sides(splits[rows[at]]), "share": shares[at]} for at in order]
    failed = len(found) - len(finished)
    return {"runs": len(found), "failed": failed, "splits": most, "lineups": lineups}


def baselines(roster: Roster) -> dict[str, dict[str, float]]:
    """Share of splits that match each line-up: by chance, and when another line-up lasts.

    Members that the lasting one does not name fall to either side alike.
    """
    splits = roster.splits()
    matches = pd.DataFrame({name: roster.matches(name, splits) for name in roster.lineups})
    cases = {"chance": matches, **{f"{x} lasts": matches[own] for x, own in matches.items()}}
    means = {case: rows.mean() for case, rows in cases.items()}
    return {case: {str(x): float(own) for x, own in each.items()} for case, each in means.items()}


def compared_blocs(
    world: World, scenario: Scenario, theories: Sequence[str], month: int, n: int, seed: int,
    workers: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Division of n runs over the declared ranges in a month, by theory, with baselines.

    Runs are sorted by alignment in the month (since the start of the record), and by the coded
    affinities each was given, where the rules start; sizes are the actors' power in that month.
    """
    roster, actors = read_roster(world), list(world.actors)
    splits, order = roster.splits(), [actors.index(name) for name in roster.members]
    found: dict[str, Any] = {}
    for theory in theories:
        inputs = prepare(world, scenario, theory)
        draws, at = range_draws(world, inputs, n, seed), inputs.columns.index
        (outcome,) = run_ensemble_draws([inputs], draws, workers=workers, window=(month, month + 1))
        pairs = [[at(f"alignment.{i}.{j}") for j in roster.members] for i in roster.members]
        leaning = outcome.means[:, pairs]
        sizes = outcome.means[:, [at(f"power.{i}") for i in roster.members]]
        stated = np.stack([world.coded(row).affinity[np.ix_(order, order)] for row in draws.rows])
        silent = draws.rules["silent_affinity"][:, None, None]
        stated = np.where(np.isnan(stated), silent, stated)
        by_alignment, by_affinity = (
            np.array([best_split(*run, splits) for run in zip(each, sizes, strict=True)])
            for each in (leaning, stated)
        )
        found[theory] = {
            **division(by_alignment, roster),
            AFFINITIES: division(by_affinity, roster),
            "alignment": mean_leanings(leaning, roster),
        }
    return {
        "scenario": scenario.name, "world": world.name, "month": world.date(month),
        "runs": n, "seed": seed, "theories": found,
        "lineups": {name: lineup.says for name, lineup in roster.lineups.items()},
        "baselines": baselines(roster),
    }  # fmt: skip
