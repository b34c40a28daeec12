"""How many runs each layer of a test takes, and whether memory holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eurasia_sim.files.memory import PROCESS, require_memory
from eurasia_sim.hypotheses.arms import Plan
from eurasia_sim.simulation.parameter_draws import memory_of_draws

if TYPE_CHECKING:
    from eurasia_sim.hypotheses.hypothesis import Family
    from eurasia_sim.world.world import World

_LEAST = 4
_LEAST_WIDE = 100
_COPIES = 2  # of all draws and their readings that are held at once


@dataclass(frozen=True)
class Effort:
    """Number of runs of each layer."""

    runs: int = 200  # at reference, by chance alone
    runs_a_theory: int = 40  # at reference of every other theory and form
    points: int = 200  # of the space, a theory
    replicates: int = 2  # at each point
    wide: int = 200  # draws of deliberately wide coefficients
    mapped: int = 60  # points of the space, a theory, in every cell of a map
    seed: int = 7

    @classmethod
    def of(cls, runs: int, points: int, seed: int) -> Effort:
        """The effort for so many runs at reference and points of the space, the rest in proportion.

        Wide draws are never fewer than it takes to see 99 in a hundred.
        """
        usual = cls()
        few = max(runs * usual.runs_a_theory // usual.runs, _LEAST)
        wide = max(points * usual.wide // usual.points, _LEAST_WIDE)
        mapped = max(points * usual.mapped // usual.points, _LEAST)
        return cls(runs, few, points, usual.replicates, wide, mapped, seed)


def check_size(world: World, family: Family, effort: Effort) -> None:
    """Refuse an effort whose draws and readings memory does not hold.

    Raises:
        DataError: with what it takes, and what is free.
    """
    plan = Plan.of(world, family.parts())
    inputs = plan.inputs(plan.arms[0], world.default_theory, {})
    draws = len(world.theories) * effort.points * effort.replicates + effort.runs + effort.wide
    readings = 8 * len(plan.arms) * len(plan.readings)
    need = PROCESS + _COPIES * (memory_of_draws(world, inputs, draws) + draws * readings)
    what = f"{draws:,} draws of {len(plan.arms)} arms with {len(plan.readings)} readings"
    require_memory(need, what, "a smaller -n or --samples, or fewer hypotheses")
