"""Small results folders of every kind, made by the product's own parts, for what reads them."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from tests.command import done, only
from tests.sweeping import grid, prepared

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.compute.dimensions import Integers
from eurasia_sim.experiments.sweep import Work, carry_out
from eurasia_sim.hypotheses.arms import Effort
from eurasia_sim.simulation import ensemble
from eurasia_sim.simulation.results import MANIFEST, load_results

KINDS = ("competition", "cooperation", "colocation", "joint_share")
FACTORS = (
    "rules.cooperation.relative_gains",
    "rules.perception.distance_decay",
    "rules.alignment.pull_relation",
)


def unchanging(folder: Path) -> dict[str, bytes]:
    """Every file that carries no times, by its path within the folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def ran(tmp_path_factory):
    """What `run` writes for two paired scenarios, 12 runs each and set."""
    into = tmp_path_factory.mktemp("ran")
    done("run", "us_exit", "us_stays", "-n", "12", "--out", into)
    return only(into)


@pytest.fixture(scope="session")
def tested(tmp_path_factory):
    """What `test` writes for two hypotheses, with the least effort that gives every table."""
    into = tmp_path_factory.mktemp("tested")
    effort = Effort(runs=4, runs_a_theory=2, points=16, replicates=2, wide=4)
    with mock.patch.object(Effort, "of", return_value=effort):
        done("test", "H1", "H2", "--out", into)
    return only(into)


@contextlib.contextmanager
def failing(fails: Callable[[str, Integers], Any]) -> Iterator[None]:
    """Let those runs of the real model, by scenario and seeds, end in a number that is none."""
    advance = ensemble.advance

    def failed(family: Any, draws: Any, memories: Any, span: Any, *more: Any) -> Any:
        found = advance(family, draws, memories, span, *more)
        for inputs, outcome in zip(family, found, strict=True):
            if span[1] == inputs.months:
                outcome.statuses[fails(inputs.scenario.name, draws.seeds)] = (1, 3, 2)
        return found

    with mock.patch.object(ensemble, "advance", failed):
        yield


@pytest.fixture(scope="session")
def small_sweep(tmp_path_factory, world):
    """A sweep of four points in parts of two runs."""
    into = tmp_path_factory.mktemp("small")
    return carry_out(grid(into, world, steps=2), into / "out", Work(workers=1)).folder


@pytest.fixture(scope="session")
def swept(tmp_path_factory, world):
    """A sweep of three numbers in two parts of 30 runs, of which one of each failed."""
    text = (
        "scenarios: [us_exit]\ndesign: {kind: latin_hypercube, points: 60}\nseed: 7\n"
        f"factors: {{{', '.join(f'{name}: declared' for name in FACTORS)}}}\n"
        f"measures: {[f'{kind}.russia-china.central_asia' for kind in KINDS]}\n"
    )
    into = tmp_path_factory.mktemp("swept")
    sweep = prepared(into, world, text, runs_a_chunk=30)
    # Of eight runs at a time, only the last of a part are fewer.
    with failing(lambda _, seeds: (np.arange(len(seeds)) == 0) & (len(seeds) < RUNS)):
        return carry_out(sweep, into, Work(workers=1)).folder


_SWEPT = """format: 2
kind: sweep
title: Three factors by a {kind} design
question: Which factor decides?
scenarios: [us_exit]
design: {{kind: {kind}{points}}}
factors:
  rules.cooperation.relative_gains: {{low: 0.2, high: 0.8{steps}}}
  rules.alignment.pull_relation: {{low: 0.2, high: 1.2{steps}}}
  pressure.united_states.china: {{low: 0, high: 1{steps}}}
replications: {replications}
measures: [competition.russia-china.central_asia]
seed: 7
"""
_DESIGNS = {
    "grid": ("", ", steps: 2", 2), "saltelli": (", points: 4", "", 1),
    "morris": (", trajectories: 4, levels: 4", "", 1),
    "latin_hypercube": (", points: 120", "", 1),
}  # fmt: skip


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    """Small sweeps of every kind of design, analysed, a validation and a fit: all by the verbs."""
    into, found = tmp_path_factory.mktemp("real"), {}
    for kind, (points, steps, replications) in _DESIGNS.items():
        file = into / f"{kind}.yaml"
        text = _SWEPT.format(kind=kind, points=points, steps=steps, replications=replications)
        file.write_text(text, encoding="utf-8")
        done("sweep", file, "--out", into / kind)
        found[kind] = only(into / kind)
        values = load_results(found[kind])["competition.russia-china.central_asia"]
        high = f"{values.quantile(0.7):.4f}"  # a box is of runs above it
        above = ("--above", high) if kind == "latin_hypercube" else ()
        done("analyze", found[kind], *above)
    done("validate", "-n", "4", "--out", into / "validation")
    done("calibrate", "-n", "150", "--out", into / "fit")
    return {**found, "validation": only(into / "validation"), "fit": only(into / "fit")}
