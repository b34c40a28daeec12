"""What verbs share: theories, options that go together, one compilation, progress, the commit, and `--until`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import typer

from eurasia_sim.cli import BAD_INPUT

if TYPE_CHECKING:
    import pandas as pd
    from rich.progress import Progress

    from eurasia_sim.analysis.convergence import StoppingRule
    from eurasia_sim.simulation.inputs import Inputs
    from eurasia_sim.simulation.parameter_draws import Draws
    from eurasia_sim.simulation.run import Batch, Study
    from eurasia_sim.world.world import World

MOST_RUNS = 100_000


def refuse(context: typer.Context, names: Iterable[str], reason: str) -> None:
    """End with exit code 2 where the command line gives one of these parameters."""
    flags = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    sources = {name: context.get_parameter_source(name) for name in names}
    given = [
        flags[name]
        for name, source in sources.items()
        if source is not None and source.name == "COMMANDLINE"
    ]
    if given:
        typer.echo(f"{', '.join(given)}: {reason}", err=True)
        raise typer.Exit(BAD_INPUT)


def chosen_theories(
    asked: Sequence[str] | None, world: World, of_scenarios: Sequence[str | None]
) -> tuple[str, ...]:
    """The theories to run under: those asked for, else the scenarios' one, else the world's default."""
    from eurasia_sim.files.data_yaml import DataError, near

    if list(asked or ()) == ["all"]:
        return tuple(world.theories)
    unknown = [name for name in asked or () if name not in world.theories]
    if unknown:
        known = ", ".join(world.theories)
        said = [f"--theory {name} is no theory{near(name, world.theories)}" for name in unknown]
        raise DataError([*said, f"    allowed: {known}, all"])
    if asked:
        return tuple(dict.fromkeys(asked))
    own = {name for name in of_scenarios if name}
    if len(own) > 1:
        raise DataError(
            [
                f"the scenarios name different theories ({', '.join(sorted(own))}): choose with --theory"
            ]
        )
    return (own.pop() if own else world.default_theory,)


def compile_once(inputs: Inputs, draws: Draws) -> None:
    """Compile the kernel in this thread, saying so, unless its machine code is kept from before."""
    from eurasia_sim.compute.jit import AS_WRITTEN
    from eurasia_sim.compute.machine_code import is_kept
    from eurasia_sim.simulation.ensemble import run_paired

    if not AS_WRITTEN and not is_kept("kernel.run"):
        typer.echo(
            "compiling once for this version of the model, about half a minute ...", err=True
        )
    run_paired([inputs], draws.part(slice(0, 1)), (0, 1))


class RunCounter:
    """Shows how many runs are finished: a bar on a terminal, a line every few seconds elsewhere."""

    def __init__(self, total: int) -> None:
        self.total, self.last, self.began = total, time.time(), time.time()
        self.bar: Progress | None = None
        self.task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self.bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self.bar.start()
            self.task = self.bar.add_task("runs", total=self.total)
        return self

    def expect(self, total: int) -> None:
        """Count toward another total."""
        self.total = total
        if self.bar is not None:
            self.bar.update(self.task, total=total)

    def __call__(self, finished: int, failed: int = 0, before: int = 0) -> None:
        """Show that so many runs are finished, and how many of them failed; `before` were there at the start."""
        said = f", {failed} failed" if failed else ""
        if self.bar is not None:
            self.bar.update(self.task, completed=finished, description=f"runs{said}")
        elif self._is_time():
            rate = (finished - before) / (self.last - self.began)
            left = f", {(self.total - finished) / rate:.0f} s left" if rate > 0 else ""
            typer.echo(
                f"{finished} of {self.total} runs, {rate:.0f} a second{left}{said}", err=True
            )

    def stage(self, name: str, done: int, of: int) -> None:
        """Show that so much of one stage among several is done."""
        if self.bar is not None:
            self.bar.update(self.task, description=name, completed=done, total=of)
        elif self._is_time():
            typer.echo(f"{name}: {done} of {of}", err=True)

    def _is_time(self) -> bool:
        """Whether it is long enough since the last line."""
        if time.time() - self.last <= 5:
            return False
        self.last = time.time()
        return True

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()


def checked_out() -> str | None:
    """The commit of the checkout the package runs from, if it does."""
    import subprocess

    here = Path(__file__).parent
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=here,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
        tracked = subprocess.run(
            ["git", "ls-files", "--error-unmatch", Path(__file__).name],
            cwd=here,
            capture_output=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if tracked.returncode == 0 else None


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

    def following(
        self, total: int, counter: RunCounter
    ) -> Callable[[pd.DataFrame], Sequence[Batch]]:
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
        from eurasia_sim.analysis.convergence import watched

        values = watched(runs, [scenario.name for scenario in self.study.scenarios], self.measures)
        widest, half = self.rule.widest(values)
        return {
            "rule": str(self.rule), "met": self.rule.is_met(values), "runs": int(runs["run"].max()) + 1,
            "least": self.study.n, "most": self.most, "widest": widest, "half_width": half,
            "measures": list(self.measures),
        }  # fmt: skip


def stopping_of(
    study: Study, until: str | None, watch: Sequence[str], most: int
) -> Stopping | None:
    """The rule that the options ask for; None without `--until`.

    Raises:
        DataError: for a rule or a measure that there is not.
    """
    from eurasia_sim.files.data_yaml import DataError

    if until is None:
        if watch:
            raise DataError(
                ["--watch says what --until looks at; add a rule, such as --until half-width=0.002"]
            )
        return None
    from eurasia_sim.analysis.convergence import StoppingRule
    from eurasia_sim.analysis.pairing import matching
    from eurasia_sim.simulation.inputs import prepare

    rule = StoppingRule.read(until)
    if most < study.n:
        raise DataError([f"--most {most} is below -n {study.n}, the least number of runs"])
    columns = prepare(study.world, study.scenarios[0], study.theories[0]).columns
    return Stopping(
        study,
        rule,
        tuple(matching("--watch", watch, columns) if watch else study.shown(columns)),
        most,
    )
