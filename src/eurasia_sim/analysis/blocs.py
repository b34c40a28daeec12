"""Which two camps the actors form: the split of each run that frustrates leanings least, beside line-ups of history.

Cites axelrod1993, hubert1985.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eurasia_sim.compute.dimensions import Floats, Integers
from eurasia_sim.files.data_yaml import DataError, near, read_page
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.simulation.ensemble import run_ensemble_draws
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import Draws, range_draws
from eurasia_sim.world.world import World

FILE = "camps.yaml"
AFFINITIES = "affinities alone"  # the splits of what runs were given, beside those of what they did
# Two to the power of this many, less one, splits are looked through one by one.
_MOST_MEMBERS = 16


@dataclass(frozen=True)
class Lineup:
    """A division that history knows; whoever is named on neither side may stand on either."""

    name: str
    says: str
    sides: tuple[tuple[str, ...], tuple[str, ...]]
    cite: tuple[str, ...]


@dataclass(frozen=True)
class Roster:
    """Whom to sort into two camps, and what to compare the sorting with."""

    members: tuple[str, ...]
    lineups: tuple[Lineup, ...]

    def splits(self) -> NDArray[np.bool_]:
        """(S, N) every way to part the members in two: true where one stands against the first; none do in row 0."""
        others = len(self.members) - 1
        against = (np.arange(2**others)[:, None] >> np.arange(others)) & 1
        return np.concatenate([np.zeros((2**others, 1), bool), against.astype(bool)], axis=1)

    def sides(self, split: NDArray[np.bool_]) -> list[list[str]]:
        """The names on each side of a split; one side alone when nobody stands apart."""
        found = [
            [name for name, apart in zip(self.members, split, strict=True) if apart == side]
            for side in (0, 1)
        ]
        return [side for side in found if side]

    def placed(self, lineup: Lineup) -> tuple[list[int], list[int]]:
        """Places among the members of those a line-up names, and the side (0 or 1) of each."""
        named = [
            (self.members.index(name), side)
            for side, names in enumerate(lineup.sides)
            for name in names
        ]
        return [at for at, _ in named], [side for _, side in named]


def read_roster(world: World) -> Roster:
    """Members and line-ups in the world's `camps.yaml`; all actors and no line-up where there is none.

    Raises:
        DataError: for a name that is no actor or no member, a line-up without two sides, or too many members.
    """
    path = world.directory / FILE
    if not path.exists():
        return _checked(Roster(tuple(world.actors), ()), [])
    page = read_page(path)
    members = tuple(page.data.get("members") or world.actors)
    problems = [
        f"{page.place(('members',))}: {name!r} is no actor{near(name, world.actors)}"
        for name in members
        if name not in world.actors
    ]
    lineups = []
    for name, entry in (page.data.get("lineups") or {}).items():
        place = page.place(("lineups", name))
        sides = entry.get("sides") or []
        if len(sides) != 2:
            problems.append(
                f"{place}: {name} has {len(sides)} sides; it needs two lists of members"
            )
            continue
        problems += [
            f"{place}: {each!r} is no member{near(each, members)}"
            for side in sides
            for each in side
            if each not in members
        ]
        lineups.append(
            Lineup(
                name,
                str(entry["says"]),
                (tuple(sides[0]), tuple(sides[1])),
                tuple(entry.get("cite", ())),
            )
        )
    return _checked(Roster(members, tuple(lineups)), problems)


def _checked(roster: Roster, problems: list[str]) -> Roster:
    if not 2 <= len(roster.members) <= _MOST_MEMBERS:
        problems.append(
            f"{FILE}: {len(roster.members)} members cannot be sorted; name 2 to {_MOST_MEMBERS} of them"
        )
    if problems:
        raise DataError(problems)
    return roster


def best_split(leaning: Floats, size: Floats, splits: NDArray[np.bool_]) -> int:
    """Row of the split with the lowest energy; -1 where a leaning is not known.

    Claim: states settle where they stand nearest to whom they would work with and farthest from whom they would not,
    each counted by its size; energy is the sum over pairs of size * size * propensity * distance (axelrod1993).
    Form: distance is 0 on one side and 1 across; propensity is the mean of the two's leanings, which is ours. Every
    split is looked at, the one in which all stand together included. The first row wins a tie.

    Args:
        leaning: (N, N), row toward column. size: (N,) >= 0. splits: (S, N).
    """
    if not (np.isfinite(leaning).all() and np.isfinite(size).all()):
        return -1
    propensity = 0.5 * (leaning + leaning.T) * np.outer(size, size)
    np.fill_diagonal(propensity, 0.0)
    side = np.where(splits, -1.0, 1.0)
    return int(np.argmax(((side @ propensity) * side).sum(axis=1)))


def adjusted_rand_index(first: Sequence[Any], second: Sequence[Any]) -> float:
    """Agreement of two partitions of the same things beyond chance, at most 1; 0 is what chance gives (hubert1985).

    Form: (pairs together in both - expected) / (mean of pairs together in each - expected); 1 where no other value can
    be, as when both put everything in one part.
    """
    _, rows = np.unique(np.asarray(first), return_inverse=True)
    _, columns = np.unique(np.asarray(second), return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1.0)

    def pairs(counts: Floats) -> float:
        return float((counts * (counts - 1.0) / 2.0).sum())

    both, one, other = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = one * other / pairs(np.array([float(len(rows))]))
    most = 0.5 * (one + other)
    return 1.0 if most == expected else (both - expected) / (most - expected)


@dataclass(frozen=True)
class Sorted:
    """The runs of one theory in one month, sorted."""

    split: Integers  # (R,) row of each run's best split, -1 where the run failed
    stated: Integers  # (R,) the same of its coded affinities alone: where the rules start, and what they must beat
    leaning: Floats  # (R, N, N) alignment, NaN where the run failed


def sort_runs(
    world: World,
    inputs: Inputs,
    draws: Draws,
    month: int,
    roster: Roster,
    workers: int | None = None,
) -> Sorted:
    """Best splits of runs in a month, by alignment and by the affinities that each was given.

    Args:
        month: since the start of the record. Sizes are the actors' power in that month.
    """
    (outcome,) = run_ensemble_draws([inputs], draws, workers=workers, window=(month, month + 1))
    at = {name: column for column, name in enumerate(inputs.columns)}
    alignment = np.array(
        [[at[f"alignment.{i}.{j}"] for j in roster.members] for i in roster.members]
    )
    power = np.array([at[f"power.{i}"] for i in roster.members])
    order = [list(world.actors).index(name) for name in roster.members]
    splits, leaning = roster.splits(), outcome.means[:, alignment]
    found, given = np.full(len(draws), -1), np.full(len(draws), -1)
    for r in range(len(draws)):
        size = outcome.means[r, power]
        found[r] = best_split(leaning[r], size, splits)
        affinity = world.coded(draws.rows[r]).affinity[np.ix_(order, order)]
        stated = np.where(np.isnan(affinity), draws.rules[r]["silent_affinity"], affinity)
        given[r] = best_split(stated, size, splits)
    return Sorted(found, given, leaning)


def mean_leanings(leaning: Floats, roster: Roster) -> dict[str, float]:
    """Mean over runs of the two's mean alignment, for every pair of members; failed runs are left out."""
    mean = leaning[np.isfinite(leaning).all(axis=(1, 2))].mean(axis=0)
    names = roster.members
    pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    return {f"{names[i]}-{names[j]}": float(0.5 * (mean[i, j] + mean[j, i])) for i, j in pairs}


def division(found: Integers, roster: Roster, most: int = 5) -> dict[str, Any]:
    """How runs divide: the most frequent splits, and of every line-up the share of runs that hold it.

    Returns:
        `runs`, `failed`; `splits`: sides and share of runs, the most frequent first; `lineups` by name: `share`, and
        `adjusted_rand`, the mean agreement of runs with it over those it names.
    """
    splits, sorted_runs = roster.splits(), found[found >= 0]
    if not len(sorted_runs):
        return {"runs": len(found), "failed": len(found), "splits": [], "lineups": {}}
    rows, counts = np.unique(sorted_runs, return_counts=True)
    ranked = sorted(zip(counts, rows, strict=True), key=lambda each: (-each[0], each[1]))[:most]
    return {
        "runs": len(found),
        "failed": int((found < 0).sum()),
        "splits": [
            {"sides": roster.sides(splits[row]), "share": count / len(sorted_runs)}
            for count, row in ranked
        ],
        "lineups": dict(_held(splits[sorted_runs], roster)),
    }


def _held(chosen: NDArray[np.bool_], roster: Roster) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Share and mean agreement of some splits with every line-up."""
    for lineup in roster.lineups:
        places, sides = roster.placed(lineup)
        agreement = np.array([adjusted_rand_index(split[places], sides) for split in chosen])
        whole = _holds(chosen, roster, lineup)
        yield lineup.name, {"share": float(whole.mean()), "adjusted_rand": float(agreement.mean())}


def _holds(splits: NDArray[np.bool_], roster: Roster, lineup: Lineup) -> NDArray[np.bool_]:
    """Whether each split parts those a line-up names as the line-up does, whichever side is called the first."""
    places, sides = roster.placed(lineup)
    same = splits[:, places] == np.array(sides, bool)
    held: NDArray[np.bool_] = same.all(axis=1) | (~same).all(axis=1)
    return held


def baselines(roster: Roster) -> dict[str, dict[str, float]]:
    """Share of splits that hold each line-up when nothing is known, and when an other line-up is taken to last.

    Returns:
        "chance", and "<line-up> lasts" for every line-up, to line-up -> share; whoever the lasting one does not name
        falls to either side alike.
    """
    splits = roster.splits()
    held = {lineup.name: _holds(splits, roster, lineup) for lineup in roster.lineups}
    found = {"chance": {name: float(rows.mean()) for name, rows in held.items()}}
    for lasting, kept in held.items():
        found[f"{lasting} lasts"] = {name: float(rows[kept].mean()) for name, rows in held.items()}
    return found


def compared_blocs(
    world: World,
    scenario: Scenario,
    theories: Sequence[str],
    month: int,
    n: int,
    seed: int,
    workers: int | None = None,
) -> dict[str, Any]:
    """How n runs over the declared ranges divide in a month, by theory, beside line-ups and baselines.

    Args:
        month: since the start of the record.
    """
    roster = read_roster(world)
    found: dict[str, Any] = {}
    for theory in theories:
        inputs = prepare(world, scenario, theory)
        runs = sort_runs(world, inputs, range_draws(world, inputs, n, seed), month, roster, workers)
        found[theory] = {**division(runs.split, roster), AFFINITIES: division(runs.stated, roster)}
        found[theory]["alignment"] = mean_leanings(runs.leaning, roster)
    return {
        "scenario": scenario.name,
        "world": world.name,
        "month": world.date(month),
        "runs": n,
        "seed": seed,
        "theories": found,
        "lineups": {lineup.name: lineup.says for lineup in roster.lineups},
        "baselines": baselines(roster),
    }
