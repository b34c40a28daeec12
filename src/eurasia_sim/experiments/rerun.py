"""One run of a sweep lived again, month by month, so that a failure is seen where it happens.

Compiled, that is the mechanism and the month; with NUMBA_DISABLE_JIT=1 in the environment, at minutes a run, it is the
line of the rule.
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.experiments.point import batches, points_of
from eurasia_sim.experiments.sweep import Sweep
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.kernel import month as kernel
from eurasia_sim.kernel.workspace import Workspace
from eurasia_sim.simulation.inputs import Inputs
from eurasia_sim.world.world import World

_HINT = "with NUMBA_DISABLE_JIT=1 before the command, a traceback leads to the line"


def rerun(prepared: Sweep, run: str) -> None:
    """Live one run of a sweep month by month, so that what fails in it raises where it fails.

    Args:
        run: `point:replicate:scenario`, as the table of failures has it.

    Raises:
        FloatingPointError: naming mechanism and month; DataError: where the sweep has no such run.
    """
    setup, design = prepared.setup, prepared.design
    number, replicate, name = run.split(":") if run.count(":") == 2 else ("", "", "")
    good = number.isdigit() and replicate.isdigit()
    if not good or int(number) >= len(design) or int(replicate) >= setup.experiment.replications:
        raise DataError([f"--rerun {run} is no run of this sweep\n    allowed: POINT:REPLICATE:SCENARIO, from 0"])
    points = points_of(setup, int(number), design.cells[int(number)])
    point = next((point for point in points if name in point.scenarios), None)
    if point is None:
        raise DataError([f"--rerun {run}: point {number} is not run in '{name}'"])
    (batch,) = batches([point])
    draws = batch.draws(setup)
    inputs = setup.inputs(name, point)
    _live(setup.world, inputs, draws.rules[int(replicate)], draws.rows[int(replicate)], point.seeds[int(replicate)])


def _live(world: World, inputs: Inputs, rules: np.void, row: Floats, seed: int) -> None:
    """Step one run through the kernel's two halves of each month; numpy raises at the first number that is none."""
    workspace = Workspace(inputs.facts, inputs.rules)
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        workspace.load(rules.reshape(1), row[None], np.array([seed], np.uint64))
        for t in range(-inputs.burn_in, inputs.months):
            workspace.set_month(inputs.levers, max(t, 0))
            kernel.assess(workspace.blocks, t + inputs.burn_in)
            kernel.act(workspace.blocks, t + inputs.burn_in)
            if phase := workspace.failed_phase()[0]:
                when = world.date(t) if t >= 0 else f"month {t} of the burn-in"
                raise FloatingPointError(f"{kernel.PHASES[phase]} gave a number that is none in {when}; {_HINT}")
