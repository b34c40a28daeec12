"""Options that verbs share, what they choose, and what a manifest says of a command."""

import math
import shlex
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from eurasia_sim.files.checker import LARGEST_SEED
from eurasia_sim.files.data_yaml import DataError, near
from eurasia_sim.world.world import World

if TYPE_CHECKING:
    from eurasia_sim.simulation.inputs import Inputs

MOST_RUNS = 100_000
SHORT = {r"^rules\.\w+\.(\w+)": r"\1"}  # a number's name is its last word

AsJson = Annotated[bool, Option("--json", help="Print JSON.")]
Measures = Annotated[list[str] | None, Option(help="A measure; also with * and ?; repeatable.")]
Out = Annotated[Path, Option(help="Where the results folder goes.")]
Results = Annotated[Path, Argument(metavar="RESULTS", help="A folder that another verb wrote.")]
Seed = Annotated[int, Option(min=0, max=LARGEST_SEED, help="Root of all seeds.")]
NoSeed = Annotated[int | None, Option(min=0, max=LARGEST_SEED, help="Else 1, of blocs 7.")]
Settings = Annotated[list[str] | None, Option("--set", help="path=value, as in a scenario file.")]
Theories = Annotated[list[str] | None, Option(help="A theory preset, several, or 'all'.")]
Workers = Annotated[int | None, Option(min=1, max=1000, help="Threads; by default all cores.")]
WorldName = Annotated[
    Path | None, Option(metavar="WORLD", help="One of `list worlds`, or a folder.")
]


def count(help_text: str, least: int = 1) -> Any:
    """The option of a number of runs."""
    return Option("-n", "--runs", min=least, max=MOST_RUNS, help=help_text)


def number(help_text: str, *, least: float | None = None, positive: bool = False) -> Any:
    """The option of a finite number, which may have a least value."""

    def check(value: float | None) -> float | None:
        if value is not None and positive and value <= 0:
            raise typer.BadParameter(f"{value:g} must be above 0")
        if value is not None and not math.isfinite(value):
            raise typer.BadParameter(f"{value} is no finite number")
        return value

    return Option(callback=check, help=help_text, min=least)


def month(flag: str, date: str, world: World, months: int) -> int:
    """A month of a date YYYY-MM among so many from the start of the record, else DataError."""
    found = world.month(date)
    if not 0 <= found < months:
        period = f"{world.date(0)} to {world.date(months - 1)}"
        raise DataError([f"{flag} {date} lies outside what can be run; one of {period}"])
    return found


def refuse(context: typer.Context, names: Collection[str], reason: str) -> None:
    """Refuse, with a DataError, a command line that gives one of these parameters."""
    flags = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    sources = {name: context.get_parameter_source(name) for name in names}
    given = [flags[name] for name, by in sources.items() if by and by.name == "COMMANDLINE"]
    if given:
        raise DataError([f"{', '.join(given)}: {reason}"])


def refuse_others(names: Iterable[str], others: Collection[str], kind: str, verb: str) -> None:
    """Refuse, with a DataError, names of what another verb takes."""
    if wrong := [name for name in names if name in others]:
        raise DataError(f"{name} is {kind}: eurasia-sim {verb} {name}" for name in wrong)


def chosen_theories(
    asked: Sequence[str] | None, world: World, of_scenarios: Sequence[str | None]
) -> tuple[str, ...]:
    """The theories asked for, else the one the scenarios name, else the world's default.

    DataError for an unknown theory, or scenarios that name different ones.
    """
    if list(asked or ()) == ["all"]:
        return tuple(world.theories)
    unknown = [name for name in asked or () if name not in world.theories]
    if unknown:
        wrong = [f"--theory {name} is no theory{near(name, world.theories)}" for name in unknown]
        raise DataError([*wrong, f"    allowed: {', '.join(world.theories)}, all"])
    if asked:
        return tuple(dict.fromkeys(asked))
    own = {name for name in of_scenarios if name}
    if len(own) > 1:
        named = ", ".join(sorted(own))
        raise DataError([f"the scenarios name different theories ({named}): choose with --theory"])
    return (own.pop() if own else world.default_theory,)


def compile_once(inputs: "Inputs") -> None:
    """Compile the kernel, saying so, unless its machine code is in the cache."""
    from eurasia_sim.compute.jit import AS_WRITTEN
    from eurasia_sim.compute.machine_code import is_kept
    from eurasia_sim.simulation.ensemble import run_paired
    from eurasia_sim.simulation.parameter_draws import reference_draws

    if not AS_WRITTEN and not is_kept("month.run"):
        said = "compiling once for this version of the model, about half a minute ..."
        typer.echo(said, sys.stderr)
    run_paired([inputs], reference_draws(inputs, 1, 0), (0, 1))


def command_line() -> str:
    """The command that this program was called by."""
    return shlex.join(["eurasia-sim", *sys.argv[1:]])


def origin(world: World, **digests: Any) -> dict[str, Any]:
    """What a finished folder's manifest says of how it was made, with further digests by name."""
    from eurasia_sim.compute.jit import model_version

    return {
        "finished": True, "command": command_line(), "world": world.name,
        **({} if world.start == world.first else {"from": world.date(0)}),
        "digests": {"world": world.digest, "model": model_version(), **digests},
        "commit": _commit(),
    }  # fmt: skip


def _commit() -> str | None:
    file = Path(__file__)  # in no commit but of our own repository
    command = ["git", "-C", str(file.parent), "rev-parse", "HEAD", f"HEAD:./{file.name}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.split()[0]
