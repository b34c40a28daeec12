"""Simulation-based calibration of the fit: does it find truths that are known?

    python -m benchmarks.fit_coverage FILE --truths 60

Form (talts2018): a truth is drawn from the prior and run; a record is drawn from its measures by
the error model, with a scale, offsets and errors of its own; the whole fit is made of that record.
Of the numbers that it moves, 90 % intervals should hold nine truths of ten; ranks of truths among
members should be even.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import typer

from eurasia_sim.validation.calibration import Fit, Problem
from eurasia_sim.validation.evidence import Evidence
from eurasia_sim.world.world import load_world

MEMBERS, SEED, UNTIL = 600, 7, 2020


def records(problem: Problem, truths: int, seed: int) -> Iterator[tuple[Any, dict]]:
    """Scores of a truth (M,), and the items of the record that it leaves."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(len(problem.ranges), truths))
    runs = replace(problem, seed=seed).measures(scores)
    real = {
        name: item for name, item in problem.evidence(UNTIL).items()
        if item and problem.items[name].item.use == "fits"
    }  # fmt: skip
    prior = {name: item.blocks(problem.prior[1][name]) for name, item in real.items()}
    for truth in range(truths):
        known = {}
        for name, item in real.items():
            drawn = record(item, item.blocks(runs[name][truth][None])[0], rng)
            known[name] = drawn.beside(prior[name], drawn.unit)
        yield scores[:, truth], known


def record(item: Evidence, measure: Any, rng: np.random.Generator) -> Evidence:
    """An item as a truth with such a measure (U, B) would leave it."""
    offsets = np.sqrt(item.between) * rng.normal(size=(len(measure), 1))
    noise = np.sqrt(item.residual**2 + item.errors**2) * rng.normal(size=measure.shape)
    values = item.scale(rng.normal()) * measure + offsets + noise
    return replace(item, values=np.where(item.past, values, np.nan))


def coverage(truths: int, members: int = MEMBERS) -> dict[str, Any]:
    """How often intervals hold the truth, and where truths rank, for numbers moved and not."""
    world = load_world()
    problem, found = Problem.of(world, world.default_theory, members, SEED), []
    for at, (truth, items) in enumerate(records(problem, truths, SEED + 1)):
        fit = Fit.of(problem, items, UNTIL)
        ranks = (fit.scores < truth[:, None]).mean(axis=1)
        found.append(pd.DataFrame({"path": [*problem.ranges], "rank": ranks, "moved": fit.moved}))
        print(f"{at + 1} of {truths}: {fit.moved.sum()} numbers moved", flush=True)
    every = pd.concat(found)
    moved, still = (own["rank"] for _, own in every.groupby(~every["moved"]))
    numbers = {
        path: {"fits": len(own), "held_90": summary(own)["held_90"]}
        for path, own in every[every["moved"]].groupby("path")["rank"] if len(own) >= truths / 4
    }  # fmt: skip
    about = {"theory": world.default_theory, "truths": truths, "members": members, "seed": SEED}
    return {**about, "moved": summary(moved), "not_moved": summary(still), "numbers": numbers}


def summary(ranks: pd.Series) -> dict[str, Any]:
    """Count, share within the middle 90 % of members, mean rank and histogram of ranks."""
    held = ranks.between(0.05, 0.95, inclusive="neither").mean()
    rounded = {"held_90": round(float(held), 4), "mean_rank": round(float(ranks.mean()), 4)}
    counts = np.histogram(ranks, bins=10, range=(0, 1))[0].tolist()
    return {"count": len(ranks), **rounded, "ranks": counts}


def main(out: Path, truths: int = 60) -> None:
    """Run it, and write what was found."""
    out.write_text(json.dumps(coverage(truths), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
