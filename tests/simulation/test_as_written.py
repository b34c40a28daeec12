"""The rules as they are written, on NumPy's arrays, give what their machine code gives."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

# Run as a program, it prints the state after some months; numba is told to compile nothing before it is imported.
PROGRAM = """
import pickle, sys
import numpy as np
from benchmarks.given import begun, random_inputs
from eurasia_sim.kernel import month

size, changes = (int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])), [(sys.argv[4], float(sys.argv[5]))]
inputs = random_inputs(5, size, months=4, burn_in=0, changes=changes)
workspace = begun(inputs, 3, runs=2)
for t in range(3):
    workspace.set_month(inputs.levers, t)
    month.assess(workspace.blocks, t)
    month.act(workspace.blocks, t)
names = ("leaning", "effort", "influence", "rivalry", "attended", "stability", "standing", "held", "access",
         "recognition", "summoned", "pair_joint")
found = {name: np.array(getattr(workspace.state, name)) for name in names}
found["observed"] = workspace.observed()
sys.stdout.buffer.write(pickle.dumps(found))
"""


def after_months(
    size: tuple[int, int, int], switch: tuple[str, str], *, compiled: bool
) -> dict[str, np.ndarray]:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0" if compiled else "1"}
    command = [sys.executable, "-c", PROGRAM, *map(str, size), *switch]
    found: dict[str, np.ndarray] = pickle.loads(  # noqa: S301 - what the program above has just printed
        subprocess.run(command, env=environment, check=True, capture_output=True).stdout
    )
    return found


@pytest.mark.parametrize("size", [(5, 3, 2), (8, 1, 0), (13, 6, 10)])
@pytest.mark.parametrize(
    "switch", ["habit", "additive_threat", "difference_contest", "minimum_shared"]
)
def test_what_is_written_is_what_is_compiled(size, switch):
    written, machine = (
        after_months(size, (switch, "1"), compiled=compiled) for compiled in (False, True)
    )
    for name, array in machine.items():
        np.testing.assert_allclose(written[name], array, rtol=0, atol=1e-12, err_msg=name)
