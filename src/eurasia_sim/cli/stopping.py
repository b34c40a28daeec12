"""`--until`: how a rule for stopping is read, and asked between blocks of runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from eurasia_sim.cli.running import RunCounter
    from eurasia_sim.convergence import StoppingRule
    from eurasia_sim.study import Batch, Study


@dataclass(frozen=True)
class Stopping:
    """A study that goes on, n runs at a time, until a rule is met or a number of runs is reached."""

    study: Study
    rule: StoppingRule
    measures: tuple[str, ...]
    most: int

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells its results folder from that of the study without it."""
        return (str(self.rule), *self.measures, str(self.most))

    def following(self, total: int, counter: RunCounter) -> Callable[[pd.DataFrame], Sequence[Batch]]:
        """What says, of the runs so far, which batches are to follow.

        Args:
            total: runs of all scenarios, theories and sets in a block.
            counter: is told how many runs there will be.
        """

        def more(runs: pd.DataFrame) -> Sequence[Batch]:
            so_far = int(runs["run"].max()) + 1
            if self.told(runs)["met"] or so_far + self.study.n > self.most:
                return ()
            counter.expect(len(runs) + total)
            return list(self.study.batches(so_far))

        return more

    def told(self, runs: pd.DataFrame) -> dict[str, Any]:
        """Rule, whether it is met, after how many runs a scenario, and what is known least."""
        from eurasia_sim.convergence import watched

        values = watched(runs, [scenario.name for scenario in self.study.scenarios], self.measures)
        widest, half = self.rule.widest(values)
        return {
            "rule": str(self.rule), "met": self.rule.is_met(values), "runs": int(runs["run"].max()) + 1,
            "least": self.study.n, "most": self.most, "widest": widest, "half_width": half,
            "measures": list(self.measures),
        }  # fmt: skip


def stopping_of(study: Study, until: str | None, watch: Sequence[str], most: int) -> Stopping | None:
    """The rule that the options ask for; None without `--until`.

    Raises:
        DataError: for a rule or a measure that there is not.
    """
    from eurasia_sim.catalogue import DataError

    if until is None:
        if watch:
            raise DataError(["--watch says what --until looks at; add a rule, such as --until half-width=0.002"])
        return None
    from eurasia_sim.convergence import StoppingRule
    from eurasia_sim.inputs import prepare
    from eurasia_sim.pairing import matching

    rule = StoppingRule.read(until)
    if most < study.n:
        raise DataError([f"--most {most} is below -n {study.n}, the least number of runs"])
    columns = prepare(study.world, study.scenarios[0], study.theories[0]).columns
    return Stopping(study, rule, tuple(matching("--watch", watch, columns) if watch else study.shown(columns)), most)
