"""What verbs print: lines, tables, JSON and progress."""

import json
import math
import os
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from eurasia_sim.cli import FAILED_WORK
from eurasia_sim.files.integrity import finite
from eurasia_sim.files.text import shortened, visible, wrapped

WIDTH = 80  # of output that is no terminal
_BESIDE = 30  # letters of a name that leave room for text beside it
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


def say(*texts: str) -> None:
    """Print texts in lines of the usual width; what is empty is left out."""
    show(*lines_of(*texts))


def show_entry(name: str, text: str, width: int) -> None:
    """Print a name, and a text beside it or, where the longest name is wide, beneath it."""
    indent, head = width + 4, f"  {name:<{width}}  "
    if width > _BESIDE:
        show(f"  {name}")
        indent, head = 6, " " * 6
    first, *rest = wrapped(text, max(WIDTH - indent, _BESIDE)) or [""]
    show(head + first, *(" " * indent + line for line in rest))


def show_folder(folder: Path, then: str, what: str = "", *, reused: bool = False) -> None:
    """Say which verb comes next, where results are, and whether they were there before."""
    where = f"{'found again, unchanged' if reused else 'written'}: {folder}{what}"
    show(f"Next: eurasia-sim {then} {folder}", where)


def _console(**more: Any) -> Console:
    """A console that reads no markup in a person's text and no code of a face."""
    colours: Any = None if "NO_COLOR" in os.environ else "auto"
    return Console(markup=False, emoji=False, highlight=False, color_system=colours, **more)


def show_table(
    title: str,
    rows: Iterable[Mapping[Any, Any]],
    columns: Mapping[str, str],
    numbers: Sequence[str] = (),
) -> None:
    """Print a table, texts in as many lines as they need and every number whole.

    Args:
        columns: heading -> template of a cell, such as "{low:.2f} to {high:.2f}"; a column of
            formatted numbers is set to the right, with a dash for what is missing.
        numbers: headings of columns whose texts are numbers already.
    """
    say(title)
    table = Table(box=None, padding=(0, 1, 0, 0))
    formatted = {name for name, cell in columns.items() if re.search("{[^}]*:", cell)}
    right = formatted | {*numbers}
    for name in columns:
        table.add_column(
            name, justify="right" if name in right else "left",
            no_wrap=name in right, overflow="ellipsis" if name in right else "fold",
        )  # fmt: skip
    for row in rows:
        values = {key: math.nan if value is None else value for key, value in row.items()}
        cells = {name: template.format_map(values) for name, template in columns.items()}
        for name, cell in cells.items():
            is_number = name in right
            cells[name] = re.sub("[+]?nan%?", "–", cell) if is_number else shortened(visible(cell))
        table.add_row(*cells.values())
    _console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def show_frame(title: str, frame: Any) -> None:
    """Print a table of pandas, numbers that are not whole to three digits."""
    forms = {"f": "{%s:.3g}", "i": "{%s:d}", "u": "{%s:d}"}
    columns = {
        name.replace("_", "\n"): forms.get(column.dtype.kind, "{%s}") % f"c{at}"
        for at, (name, column) in enumerate(frame.items())
    }
    cells = frame.set_axis([f"c{at}" for at in range(len(columns))], axis=1)
    show_table(title, cells.to_dict("records"), columns)


def print_json(value: Any) -> None:
    """Print a value as JSON; numbers that are not finite become null."""
    show(json.dumps(finite(value), indent=2))


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
