"""`report`: a results folder as one offline page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from eurasia_sim.cli import WorldName


def report(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A folder of run, sweep, test or validate.")],
    compare_to: Annotated[
        Path | None, typer.Option("--compare-to", metavar="OTHER", help="Another folder of the same kind.")
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A folder of validate, whose score and misses are shown.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the page goes; by default RESULTS/report.html.")
    ] = None,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the file and its size as JSON.")] = False,
) -> None:
    """Write one HTML page that needs no network: question, design, effects, pictures, limits, and how to repeat it.

    Example: eurasia-sim report results/us_exit-us_stays-balance_of_threat-0c5c2f --out report.html
    """
    from eurasia_sim.cli.plot import opened
    from eurasia_sim.report import report_page
    from eurasia_sim.store import write_whole

    held = opened(results, world, [])
    other = None if compare_to is None else opened(compare_to, world, [])
    text = report_page(held, other, validation)
    place = out or results / "report.html"
    write_whole(place, lambda aside: aside.write_text(text, encoding="utf-8"))
    size = len(text.encode())
    if as_json:
        typer.echo(json.dumps({"file": str(place), "bytes": size}))
    else:
        typer.echo(f"written: {place} ({size / 1e6:.1f} MB)")
