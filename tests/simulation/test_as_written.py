"""The rules as they are written, on NumPy's arrays, give what their machine code gives."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

SMALL = (5, 3, 2)
CASES = [
    *((SMALL, switch) for switch in ("habit", "refusal_rate", "moving_zero")),
    *((size, "habit") for size in ((8, 1, 0), (13, 6, 10))),
]
# Run as a program, it prints states after some months, by size and switch; numba is told to
# compile nothing before it is imported.
PROGRAM = """
import pickle, sys
import numpy as np
from tests.random_worlds import build
from tests.worlds import changed

names = ("leaning", "effort", "influence", "rivalry", "venue_effort", "stability", "standing",
         "regional_influence", "access", "recognition", "convening_influence", "pair_joint")
states = {}
for size, switch in pickle.loads(bytes.fromhex(sys.argv[1])):
    world = build(*size, 4, "balance_of_threat", {}, "reference", 0.2, 0.1, 0.3, True, 5)
    workspace = world.workspace(3, p=changed(world.p, **{switch: 1.0}))
    for t in range(3):
        workspace.live(world.levers, t)
    found = {name: np.array(getattr(workspace.state, name)) for name in names}
    states[size, switch] = {**found, "observed": workspace.observed()}
sys.stdout.buffer.write(pickle.dumps(states))
"""


def states(*, compiled: bool) -> dict[tuple[tuple[int, int, int], str], dict[str, np.ndarray]]:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0" if compiled else "1"}
    command = [sys.executable, "-c", PROGRAM, pickle.dumps(CASES).hex()]
    done = subprocess.run(command, env=environment, check=True, capture_output=True)
    return pickle.loads(done.stdout)  # noqa: S301 - what the program above has just printed


@pytest.fixture(scope="module")
def written_and_compiled():
    return states(compiled=False), states(compiled=True)


@pytest.mark.parametrize(("size", "switch"), CASES)
def test_what_is_written_is_what_is_compiled(written_and_compiled, size, switch):
    written, machine = (each[size, switch] for each in written_and_compiled)
    for name, array in machine.items():
        np.testing.assert_allclose(written[name], array, rtol=0, atol=1e-12, err_msg=name)
