"""The command line: a table of verbs, each loaded only when it is called."""

import codecs
import errno
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any

import typer
from typer.core import TyperGroup

from eurasia_sim.files.data_yaml import DataError, packaged, read_page
from eurasia_sim.files.text import code_of, fault, visible

FAILED_WORK = 1
BAD_INPUT = 2
OTHER_ALPHABET = "eurasia-sim"  # how a stream is told to write what it has no letters for
_PLAINLY: Any = {"rich_markup_mode": None, "pretty_exceptions_enable": False}
_PLAIN = {"–": "-", "—": "-", "−": "-", "…": "...", "×": "x", "±": "+-", "≤": "<=", "≥": ">="}

# Verb -> its module, the function in it, and its line in the list of verbs.
VERBS: dict[str, tuple[str, str, str]] = {
    "run": ("run", "run", "Run scenarios, paired if several; write tables and figures."),
    "sweep": ("sweep", "sweep", "Run an experiment at every point of its design, in parts."),
    "analyze": ("analysis", "analyze", "Sensitivity, discovery, robustness, precision; blocs."),
    "compare": ("analysis", "compare", "Compare two results: their settings and their runs."),
    "test": ("test", "evaluate_hypotheses", "Test hypotheses, by theory and over all ranges."),
    "validate": ("validate", "validate", "Score forecasts of what was observed, beside baselines."),
    "calibrate": ("validate", "calibrate", "Fit uncertain numbers to the record; weigh theories."),
    "dashboard": ("output", "dashboard", "Serve the live page: edit, play and compare scenarios."),
    "plot": ("output", "plot", "Draw a results folder, with the numbers of each picture."),
    "report": ("output", "report", "Write a results folder as one offline page."),
    "check": ("scenario", "check", "Name every mistake in input files; or print their schema."),
    "list": ("scenario", "show", "List worlds, scenarios, theories, actors, levers and more."),
    "new": ("scenario", "new", "Begin a scenario file that extends another."),
    "explain": ("explain", "explain", "Trace numbers to their sources; cite; verify evidence."),
}


def _command(name: str, function: Any, summary: str | None = None) -> Any:
    single = typer.Typer(add_completion=False, **_PLAINLY)
    single.command(name, help=summary)(function)
    return typer.main.get_command(single)


class _Verbs(TyperGroup):
    """Lists every verb without importing it, and ends with the exit code of an error."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the library's signature
        """Names of the verbs in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the library's signature
        """A stand-in for a verb that is listed and not called."""
        if cmd_name not in VERBS:
            return None
        return _command(cmd_name, lambda: None, VERBS[cmd_name][2])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that is called, imported now."""
        verb = args[0] if args else ""
        for name in (verb, *(f"{verb} {word.partition('=')[0]}" for word in args[1:])):
            if name in (left := read_page(packaged() / "successors.yaml").data["verbs"]):
                raise DataError([f"{name} has left; use now: {left[name]}"])
        if verb in VERBS:
            module, attribute, _ = VERBS[verb]
            function = getattr(import_module(f"eurasia_sim.cli.{module}"), attribute)
            return verb, _command(verb, function), args[1:]
        self.commands = {name: self.get_command(ctx, name) for name in VERBS}  # for suggestions
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Call the verb; exit 2 for wrong input and 1 for failed work, in words."""
        try:
            return super().invoke(ctx)
        except DataError as error:
            for problem in error.problems:
                typer.echo(visible(str(problem)), sys.stderr)
            raise typer.Exit(BAD_INPUT) from None
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader has left; the library ends without a word
                raise
            reason = f"eurasia-sim: {error.strerror or error}: {error.filename or ''}"
            typer.echo(visible(reason.rstrip(": ")), sys.stderr)
            raise typer.Exit(FAILED_WORK) from None


_HELP = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(cls=_Verbs, no_args_is_help=True, context_settings=_HELP, **_PLAINLY)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"eurasia-sim {version('eurasia-sim')}")
        raise typer.Exit


@app.callback()
def root(
    _: bool = typer.Option(
        False, "--version", is_eager=True, callback=_print_version, help="Print the version."
    ),
) -> None:
    """Run scenarios of a world of named actors, and ask which assumption drives the outcome.

    Example: eurasia-sim run us_exit us_stays -n 200 --seed 7
    """


def _spelled(error: UnicodeError) -> tuple[str, int]:
    """What a terminal of another alphabet shows instead: plain signs, and codes for letters."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    unknown = error.object[error.start : error.end]
    return "".join(_PLAIN.get(each) or code_of(each) for each in unknown), error.end


def main() -> None:
    """Entry point: exit 0 when done, 1 when work failed, 2 when the input was wrong."""
    codecs.register_error(OTHER_ALPHABET, _spelled)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=OTHER_ALPHABET)
    for wrong in filter(None, map(fault, sys.argv[1:])):
        typer.echo(f"{wrong}; rename it: names are written into results", sys.stderr)
        raise SystemExit(BAD_INPUT)
    app()
