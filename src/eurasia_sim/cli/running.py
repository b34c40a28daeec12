"""What every verb that runs ensembles shares: which theories, compiling once, counting runs, and the commit."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

    from eurasia_sim.design import Draws
    from eurasia_sim.inputs import Inputs
    from eurasia_sim.world import World

MOST_RUNS = 100_000


def chosen_theories(asked: Sequence[str] | None, world: World, of_scenarios: Sequence[str | None]) -> tuple[str, ...]:
    """The theories to run under: those asked for, else the scenarios' one, else the world's default."""
    from eurasia_sim.catalogue import DataError, near

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
        raise DataError([f"the scenarios name different theories ({', '.join(sorted(own))}): choose with --theory"])
    return (own.pop() if own else world.default_theory,)


def compile_once(inputs: Inputs, draws: Draws) -> None:
    """Compile the kernel in this thread, saying so, unless its machine code is kept from before."""
    from eurasia_sim.compilation import AS_WRITTEN
    from eurasia_sim.ensemble import run_paired
    from eurasia_sim.machine_code import is_kept

    if not AS_WRITTEN and not is_kept("kernel.run"):
        typer.echo("compiling once for this version of the model, about half a minute ...", err=True)
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
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
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
            typer.echo(f"{finished} of {self.total} runs, {rate:.0f} a second{left}{said}", err=True)

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
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, timeout=5, check=True
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
