"""The rules as they are written, on NumPy's arrays, give what their machine code gives."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from tests.random_worlds import build
from tests.worlds import changed

SMALL = (5, 3, 2)
CASES = [
    *((SMALL, switch) for switch in ("habit", "refusal_rate", "moving_zero")),
    *((size, "habit") for size in ((8, 1, 0), (13, 6, 10))),
]
NAMES = (
    "leaning", "effort", "influence", "rivalry", "venue_effort", "stability", "standing",
    "regional_influence", "access", "recognition", "convening_influence", "pair_joint",
)  # fmt: skip


def states(size: tuple[int, int, int], switch: str) -> dict[str, np.ndarray]:
    """Some of the state after three months of a random world with a switch on."""
    world = build(*size, 4, "balance_of_threat", {}, "reference", 0.2, 0.1, 0.3, True, 5)
    workspace = world.workspace(3, p=changed(world.p, **{switch: 1.0}))
    for t in range(3):
        workspace.live(world.levers, t)
    found = {name: np.array(getattr(workspace.state, name)) for name in NAMES}
    return {**found, "observed": workspace.observed()}


@pytest.fixture(scope="module")
def written() -> dict:
    """The states of a process in which numba compiles nothing."""
    here = "tests.simulation.test_as_written"
    code = f"import sys, pickle; from {here} import CASES, states\n"
    code += "sys.stdout.buffer.write(pickle.dumps({case: states(*case) for case in CASES}))"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, stdout=-1)
    return pickle.loads(done.stdout)  # noqa: S301 - what the lines above have just printed


@pytest.mark.parametrize("case", CASES)
def test_what_is_written_is_what_is_compiled(written: dict, case: tuple) -> None:
    for name, array in states(*case).items():
        np.testing.assert_allclose(written[case][name], array, rtol=0, atol=1e-12, err_msg=name)
