"""The command line: a table of verbs, each loaded only when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.user_yaml import InputProblems

FAILED_WORK = 1
BAD_INPUT = 2

# The option of every verb that reads a world.
WorldName = Annotated[
    Path | None,
    typer.Option(
        "--world",
        metavar="WORLD",
        help="Name of a packaged world (`eurasia-sim list worlds`), or a folder.",
    ),
]

# Verb -> the module that holds it, the name in it, and what the table of verbs says of it.
VERBS: dict[str, tuple[str, str, str]] = {
    "run": (
        "run",
        "run",
        "Run scenarios, paired when there are several, and write tables, figures and a manifest.",
    ),
    "sweep": (
        "sweep",
        "sweep",
        "Run an experiment at every point of its design; resumable, extendable, in shards or merged.",
    ),
    "analyze": (
        "analyze",
        "analyze",
        "Say what runs depend on, where it is so, what holds up; or which blocs form.",
    ),
    "compare": (
        "compare",
        "compare",
        "Compare two results: what was set differently, and what the runs differ by.",
    ),
    "test": (
        "test",
        "put_to_the_test",
        "Test hypotheses at reference, over all that is uncertain, and by theory.",
    ),
    "validate": (
        "validate",
        "validate",
        "Score runs by the documented patterns they pass, beside two baselines.",
    ),
    "calibrate": (
        "validate",
        "calibrate",
        "Fit what is uncertain to half of what is documented; score the other.",
    ),
    "dashboard": (
        "output",
        "dashboard",
        "Serve the live page: edit, play and compare scenarios in a browser.",
    ),
    "plot": (
        "output",
        "plot",
        "Draw what a results folder holds, with the numbers behind each picture.",
    ),
    "report": ("output", "report", "Write a results folder as one offline page."),
    "check": (
        "scenario",
        "check",
        "Say everything that is wrong with files, at once; or print their JSON Schema.",
    ),
    "list": (
        "scenario",
        "show",
        "List worlds, scenarios, theories, actors, theatres, levers, measures and the rest.",
    ),
    "new": ("scenario", "new", "Begin a scenario file that extends another."),
    "explain": (
        "data",
        "explain",
        "Say where a number comes from; cite works; verify, list and compare the evidence.",
    ),
}

# A verb that has left -> how to ask for the same now.
REPLACED = {
    "schema": "check --schema",
    "cite": "explain SCENARIO --cite",
    "evidence": "explain --evidence verify DIR (or list, or agreement)",
    "camps": "analyze SCENARIO --blocs",
    "merge": "sweep EXPERIMENT --merge FOLDER...",
}

# An option that has left, by verb -> what to use now.
REPLACED_OPTIONS = {
    "sweep": {
        "--isolate": "--scheduler local:N runs parts in N processes of their own",
        "--retry": "a part whose worker dies is run again by itself; --resume makes what is missing",
        "--timeout": "Ctrl-C ends a sweep that hangs, and --resume goes on from there",
    }
}


def load_verb(name: str) -> Any:
    """The command of a verb, with its module imported."""
    module, attribute, _ = VERBS[name]
    single = typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )
    single.command(name)(getattr(import_module(f"eurasia_sim.cli.{module}"), attribute))
    return typer.main.get_command(single)


class _Verbs(TyperGroup):
    """Knows every verb by name; a verb that is only listed is not imported."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the library's signature
        """Names of the verbs in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the library's signature
        """A stand-in that carries a verb's name and description."""
        if cmd_name not in VERBS:
            return None
        stand_in = typer.Typer(add_completion=False)
        stand_in.command(cmd_name, help=VERBS[cmd_name][2])(_nothing)
        return typer.main.get_command(stand_in)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that is called, imported now."""
        if args and args[0] in VERBS:
            _refuse_replaced(args[0], args[1:])
            return args[0], load_verb(args[0]), args[1:]
        if args and args[0] in REPLACED:
            typer.echo(
                f"the verb {args[0]} has left; its work is now: eurasia-sim {REPLACED[args[0]]}",
                err=True,
            )
            raise typer.Exit(BAD_INPUT)
        self.commands = {
            name: self.get_command(ctx, name) for name in VERBS
        }  # what a suggestion chooses from
        return super().resolve_command(ctx, args)


def _refuse_replaced(verb: str, words: list[str]) -> None:
    """Name what replaces an option that has left."""
    replaced = REPLACED_OPTIONS.get(verb, {})
    for option in (word.partition("=")[0] for word in words):
        if option in replaced:
            typer.echo(f"the option {option} has left: {replaced[option]}", err=True)
            raise typer.Exit(BAD_INPUT)


def _nothing() -> None:
    """Does nothing."""


app = typer.Typer(
    cls=_Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"eurasia-sim {version('eurasia-sim')}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False,
        "--version",
        is_eager=True,
        callback=_print_version,
        help="Print the version and leave.",
    ),
) -> None:
    """Run scenarios of a world of named actors, and ask which assumption drives what comes out.

    Example: eurasia-sim run us_exit us_stays -n 200 --seed 7
    """
    del version  # its callback has done the work


def complain(error: InputProblems | DataError) -> None:
    """Print everything wrong with an input to the standard error stream."""
    for problem in error.problems:
        typer.echo(str(problem), err=True)


def main() -> None:
    """Entry point: 0 when done, 1 when work failed, 2 when the input was wrong; known errors leave no traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="replace"
            )  # a terminal of another alphabet shows ? rather than a traceback
    try:
        app()
    except (InputProblems, DataError) as error:
        complain(error)
        raise SystemExit(BAD_INPUT) from None
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has left; nothing more can be said
        raise SystemExit(FAILED_WORK) from None
    except OSError as error:
        typer.echo(
            f"eurasia-sim: {error.strerror or error}: {error.filename or ''}".rstrip(": "), err=True
        )
        raise SystemExit(FAILED_WORK) from None
