"""What verbs print: lines, answers, JSON and progress."""

import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import typer
from rich import table as rich_table
from rich.cells import cell_len
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from eurasia_sim.cli import FAILED_WORK
from eurasia_sim.files.integrity import finite
from eurasia_sim.files.text import shortened, visible, wrapped
from eurasia_sim.reports.blocks import Block, Line, Table

WIDTH = 80  # of output that is no terminal
_SILENCE = 5.0  # seconds between two lines of progress


def show(*lines: str) -> None:
    """Print lines, with codes for what cannot be seen."""
    for line in lines:
        typer.echo(visible(line), sys.stdout)  # itself, whatever its alphabet


def tell(line: str) -> None:
    """Print a line beside the answer, to the stream of errors."""
    typer.echo(visible(line), sys.stderr)


def lines_of(*texts: str) -> list[str]:
    """Texts in lines of the usual width; what is empty is left out."""
    every = (line for text in filter(None, texts) for line in text.split("\n"))
    return [part for line in every for part in wrapped(line, WIDTH) or [""]]


def say(*blocks: Block) -> None:
    """Print texts in lines of the usual width, and tables; what is empty is left out."""
    for block in blocks:
        if isinstance(block, Table):
            _draw(block)
        elif isinstance(block, Line):
            show(block.line)
        elif isinstance(block, str):
            show(*lines_of(block))


def answer(plain: Any, blocks: Iterable[Block], *, as_json: bool) -> None:
    """Print an answer: in words, or its plain values as JSON, with null for no finite number."""
    if as_json:
        show(json.dumps(finite(plain), indent=2))
    else:
        say(*blocks)


def _draw(table: Table) -> None:
    """Print a table: every number whole, texts in as many lines as they need, between words."""
    say(table.caption)
    console = _console(width=None if sys.stdout.isatty() else WIDTH)
    heads = [name.replace("_", "\n") for name in table.columns]
    rows = [[shortened(visible(cell)) for cell in row] for row in table.rows]
    columns = [[*head.split("\n"), *cells] for head, *cells in zip(heads, *rows, strict=True)]
    widths = [max(map(cell_len, column)) for column in columns]
    least = [
        widths[at]
        if at in table.numeric
        else max(map(cell_len, " ".join(column).split()), default=0)
        for at, column in enumerate(columns)
    ]
    room = console.width - len(columns)  # rich alone narrows a column below its longest word
    while sum(widths) > room and widths != least:
        widest = max((most, at) for at, most in enumerate(widths) if most > least[at])[1]
        widths[widest] -= 1
    drawn = rich_table.Table(box=None, padding=(0, 1, 0, 0))
    for at, head in enumerate(heads):
        if at in table.numeric:
            drawn.add_column(head, justify="right", overflow="ellipsis", no_wrap=True)
        else:  # words are broken only where there is no room for the longest
            width = widths[at] if sum(widths) <= room else None
            drawn.add_column(head, overflow="fold", width=width)
    for row in rows:
        drawn.add_row(*row)
    console.print(drawn)


def _console(**more: Any) -> Console:
    """A console that reads no markup in a person's text and no code of a face."""
    colours: Any = None if "NO_COLOR" in os.environ else "auto"
    return Console(markup=False, emoji=False, highlight=False, color_system=colours, **more)


def ending(folder: Path, then: str, what: str = "", *, reused: bool = False) -> tuple[Block, ...]:
    """Which verb comes next, where results are, and whether they were there before."""
    where = f"{'found again, unchanged' if reused else 'written'}: {folder}{what}"
    return Line(f"Next: eurasia-sim {then} {folder}"), Line(where)


def stop(reason: str) -> typer.Exit:
    """Say why work ends unfinished; the exit to raise."""
    tell(f"\nstopped: {reason}")
    return typer.Exit(FAILED_WORK)


class RunCounter:
    """Shows how many runs are finished: a bar on a terminal, a line every few seconds elsewhere.

    Args:
        total: runs in all.
        stopped: the answer to Ctrl-C, which then ends with exit code 1; without it, Ctrl-C passes.
    """

    def __init__(self, total: int, stopped: str = "") -> None:
        columns = (*Progress.get_default_columns(), MofNCompleteColumn())
        console, self.is_bar = _console(stderr=True), sys.stderr.isatty()
        self.bar = Progress(*columns, console=console, transient=True, disable=not self.is_bar)
        self.task = self.bar.add_task("runs", total=total)
        self.total, self.stopped = total, stopped
        self.began = self.last = time.time()

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.is_bar:
            self.bar.stop()
        if kind is KeyboardInterrupt and self.stopped:
            raise stop(self.stopped) from None

    def __call__(self, finished: int, failed: int = 0, before: int = 0) -> None:
        """Show finished and failed runs; `before` were finished at the start."""
        rate = (finished - before) / max(time.time() - self.began, 1e-9)
        left = f", {(self.total - finished) / rate:.0f} s left" if rate > 0 else ""
        name = f"runs, {failed} failed" if failed else "runs"
        self.stage(name, finished, self.total, f", {rate:.0f} a second{left}")

    def stage(self, name: str, done: int, of: int, more: str = "") -> None:
        """Show how much of a stage is done."""
        self.bar.update(self.task, description=name, completed=done, total=of)
        if not self.is_bar and time.time() - self.last > _SILENCE:
            self.last = time.time()
            tell(f"{name}: {done} of {of}{more}")
