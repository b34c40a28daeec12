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


def lines_of(*texts: str) -> list[str]:
    """Texts in lines of the usual width; what is empty is left out."""
    every = (line for text in filter(None, texts) for line in text.split("\n"))
    return [part for line in every for part in wrapped(line, WIDTH) or [""]]


def say(*texts: str) -> None:
    """Print texts in lines of the usual width; what is empty is left out."""
    show(*lines_of(*texts))


def show_entry(name: str, text: str, width: int) -> None:
    """Print a name and what is said of it beside or, where names are long, beneath it.

    Args:
        width: letters of the longest name of the list.
    """
    indent, head = width + 4, f"  {name:<{width}}  "
    if width > _BESIDE:
        show(f"  {name}")
        indent, head = 6, " " * 6
    first, *rest = wrapped(text, max(WIDTH - indent, _BESIDE)) or [""]
    show(head + first, *(" " * indent + line for line in rest))


def tell(line: str) -> None:
    """Print a line beside the answer, to the stream of errors."""
    typer.echo(visible(line), sys.stderr)


def _console(**more: Any) -> Any:
    """A console of the library that reads no markup in a person's text and no code of a face."""
    from rich.console import Console

    colours: Any = None if "NO_COLOR" in os.environ else "auto"
    return Console(markup=False, emoji=False, highlight=False, color_system=colours, **more)


def show_folder(folder: Path, then: str, what: str = "", *, reused: bool = False) -> None:
    """Say which verb comes next, where results are, and whether they were there before."""
    where = f"{'found again, unchanged' if reused else 'written'}: {folder}{what}"
    show(f"Next: eurasia-sim {then} {folder}", where)


def show_table(
    title: str, rows: Iterable[Mapping[Any, Any]], columns: Mapping[str, str],
    numbers: Sequence[str] = (),
) -> None:  # fmt: skip
    """Print a table, texts in as many lines as they need and every number whole.

    Args:
        rows: values by key.
        columns: heading -> template of a cell, such as "{low:.2f} to {high:.2f}"; a column of
            formatted numbers is set to the right, with a dash for what is missing.
        numbers: headings of columns whose texts are numbers already.
    """
    from rich.table import Table

    if title:
        say(title)
    table = Table(box=None, padding=(0, 1, 0, 0))
    is_number = {
        name: name in numbers or bool(re.search(r"{[^}]*:", cell)) for name, cell in columns.items()
    }
    for heading, right in is_number.items():
        wrapping = {"no_wrap": True} if right else {"overflow": "fold"}
        table.add_column(_as_drawn(heading), justify="right" if right else "left", **wrapping)
    for row in rows:
        values = {key: math.nan if value is None else value for key, value in row.items()}
        cells = {heading: template.format_map(values) for heading, template in columns.items()}
        table.add_row(
            *(_as_drawn(re.sub(r"[+]?nan%?", "–", cell) if is_number[heading]
                        else shortened(visible(cell))) for heading, cell in cells.items())
        )  # fmt: skip
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


def _as_drawn(text: str) -> str:
    """The text as the terminal will show it, so that a table leaves room for it."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, sys.stdout.errors or "strict").decode(encoding)


def print_json(value: Any) -> None:
    """Print a value as JSON; numbers that are not finite become null."""
    is_narrow = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    show(json.dumps(finite(value), indent=2, ensure_ascii=is_narrow))


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
        from rich.progress import MofNCompleteColumn, Progress

        columns = (*Progress.get_default_columns(), MofNCompleteColumn())
        self.is_bar = sys.stderr.isatty()
        console = _console(stderr=True)
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
