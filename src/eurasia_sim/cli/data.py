"""`explain`: where numbers come from, what works anything rests on, and how the coded evidence stands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from eurasia_sim.cli import BAD_INPUT, FAILED_WORK, WorldName
from eurasia_sim.cli.options import refuse
from eurasia_sim.evidence.claims import load_evidence
from eurasia_sim.evidence.claims import verify as verify_texts
from eurasia_sim.evidence.references import Work, read_bibliography
from eurasia_sim.files.data_yaml import DataError, Number, near
from eurasia_sim.scenarios.sources import drawn_paths
from eurasia_sim.world.explanation import described, told
from eurasia_sim.world.world import OF_RULES, World, load_world

_OF_CLAIMS = ("about", "construct", "document")
_OF_AGREEMENT = ("draws", "seed")


def explain(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME...",
            help="Path of a number, or its beginning; for --cite a scenario or results too.",
        ),
    ] = None,
    summary: Annotated[
        bool, typer.Option("--summary", help="Count all numbers by what they rest on.")
    ] = False,
    cite: Annotated[
        bool, typer.Option("--cite", help="List the works that each NAME rests on.")
    ] = False,
    evidence: Annotated[
        Literal["verify", "list", "agreement"] | None,
        typer.Option(
            help="Compare the claims with the texts in the folder NAME, list claims, or compare the codings."
        ),
    ] = None,
    about: Annotated[
        str | None, typer.Option(help="Claims about an actor, theatre or institution.")
    ] = None,
    construct: Annotated[
        str | None, typer.Option(help="Claims of a construct of the codebook.")
    ] = None,
    document: Annotated[str | None, typer.Option(help="Claims of a document, by its id.")] = None,
    draws: Annotated[
        int, typer.Option(min=100, help="Draws of the bootstrap of agreement.")
    ] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap of agreement.")] = 0,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a number means, what it may be, what it rests on and where it is used; exit 1 if a text differs.

    Example: eurasia-sim explain rules.perception.distance_decay

    Example: eurasia-sim explain us_exit --cite

    Example: eurasia-sim explain --evidence verify my_texts/

    Example: eurasia-sim explain --evidence list --construct standing --document aliyev2022
    """
    if evidence != "list":
        refuse(context, _OF_CLAIMS, "only with --evidence list")
    if evidence != "agreement":
        refuse(context, _OF_AGREEMENT, "only with --evidence agreement")
    if evidence is not None:
        refuse(context, ("summary", "cite"), "not with --evidence")
        _check_names(names or [], 1 if evidence == "verify" else 0, evidence)
    elif summary == bool(names) or (summary and cite):
        typer.echo("give either names, or --summary, or --evidence", err=True)
        raise typer.Exit(BAD_INPUT)
    if evidence == "verify":
        _verify(Path((names or [])[0]), world, as_json)
    elif evidence == "list":
        _list_claims(world, about, construct, document, as_json)
    elif evidence == "agreement":
        _compare_codings(world, draws, seed, as_json)
    elif cite:
        _cite(names or [], world, as_json)
    elif names:
        _explain_numbers(names, load_world(world), as_json)
    else:
        _show_summary(load_world(world), as_json)


def _check_names(names: list[str], wanted: int, evidence: str) -> None:
    """End with exit code 2 unless so many names stand beside --evidence."""
    if len(names) != wanted:
        takes = "one NAME, the folder of the original texts" if wanted else "no NAME"
        typer.echo(f"--evidence {evidence} takes {takes}", err=True)
        raise typer.Exit(BAD_INPUT)


def _explain_numbers(names: list[str], world: World, as_json: bool) -> None:
    """Everything known of each number, or the numbers below a path; one name is one JSON value, several an object."""
    found = {name: _of_path(world, name) for name in dict.fromkeys(names)}
    if as_json:
        shown = found if len(found) > 1 else next(iter(found.values()))
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    for each in found.values():
        typer.echo("\n".join(told(each) if isinstance(each, dict) else _group_lines(world, each)))


def _of_path(world: World, path: str) -> dict[str, Any] | list[dict[str, Any]]:
    """What is known of a number, or a row for every number below a path."""
    if path in world.numbers:
        return described(
            world, path, load_evidence(None if path.startswith(OF_RULES) else world.directory)
        )
    inside = _numbers_at(world, path)
    if not inside:
        typer.echo(f"{path} names no number{near(path, world.numbers)}", err=True)
        raise typer.Exit(BAD_INPUT)
    return [
        {"path": each.path, "value": None if each.is_silent else each.value, "basis": each.basis}
        for each in inside
    ]


def _numbers_at(world: World, path: str) -> list[Number]:
    """The number of a path, else those below it, or below the same path in the record."""
    beginnings = (f"{path}.", f"record.{path}.")
    inside = [number for name, number in world.numbers.items() if name.startswith(beginnings)]
    return [world.numbers[path]] if path in world.numbers else inside


def _group_lines(world: World, rows: list[dict[str, Any]]) -> list[str]:
    """A line a number."""
    width = max(len(row["path"]) for row in rows)
    lines = []
    for row in rows:
        number = world.numbers[row["path"]]
        value = "silent" if number.is_silent else f"{number.value:g}"
        ends = f"{number.low:g} to {number.high:g}" if number.is_uncertain else ""
        lines.append(f"{number.path:<{width}}  {value:>9}  {ends:<16}  {number.basis}".rstrip())
    return lines


def _show_summary(world: World, as_json: bool) -> None:
    """How many numbers of each group rest on what."""
    counts = Counter((number.path.split(".")[0], number.basis) for number in world.numbers.values())
    groups = list(dict.fromkeys(group for group, _ in counts))
    bases = [
        basis
        for basis, _ in Counter(number.basis for number in world.numbers.values()).most_common()
    ]
    drawn = len(drawn_paths(world))
    if as_json:
        table = {group: {basis: counts[group, basis] for basis in bases} for group in groups}
        found = {"numbers": len(world.numbers), "drawn": drawn, "by_group": table}
        typer.echo(json.dumps(found, indent=2))
        return
    typer.echo(f"{'':<14}" + "".join(f"{basis:>11}" for basis in [*bases, "all"]))
    for group in groups:
        row = [counts[group, basis] for basis in bases]
        typer.echo(f"{group:<14}" + "".join(f"{count:>11}" for count in [*row, sum(row)]))
    totals = [sum(counts[group, basis] for group in groups) for basis in bases]
    typer.echo(f"{'all':<14}" + "".join(f"{count:>11}" for count in [*totals, sum(totals)]))
    typer.echo(
        f"An ensemble over the declared ranges draws {drawn} of them; the others are the same in every run."
    )


def _cite(names: list[str], world: Path | None, as_json: bool) -> None:
    """The works that scenarios, results or numbers rest on, each with how many numbers do."""
    works = read_bibliography()
    found = {name: _works_of(name, world, works) for name in dict.fromkeys(names)}
    if as_json:
        rows = [
            {
                "name": name,
                "part": part,
                "key": key,
                "numbers": count,
                "work": str(works[key]) if key in works else None,
            }
            for name, parts in found.items()
            for part, counts in parts.items()
            for key, count in counts.items()
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for name, parts in found.items():
        if len(found) > 1:
            typer.echo(f"# {name}")
        for part, counts in parts.items():
            typer.echo(f"{part}:")
            for key, count in sorted(counts.items()):
                many = f" [{count} number{'s' * (count > 1)}]" if count else ""
                typer.echo(f"  {key}: {works.get(key, 'not in references.bib')}{many}")


def _works_of(name: str, world: Path | None, works: Mapping[str, Work]) -> dict[str, Counter[str]]:
    """Works of a results folder; else of a scenario; else of a number or of all numbers below a path."""
    from eurasia_sim.scenarios.scenario import load_scenario
    from eurasia_sim.scenarios.search import find
    from eurasia_sim.scenarios.sources import works_of, works_of_numbers

    if Path(name).is_dir():
        return _works_of_results(Path(name), world, works)
    given = load_world(world)
    numbers = [] if find(name, world=given.directory) else _numbers_at(given, name)
    if numbers:
        return {part: counts for part, counts in works_of_numbers(given, numbers).items() if counts}
    return works_of(given, load_scenario(name, given), works)


def _works_of_results(
    folder: Path, world: Path | None, works: Mapping[str, Work]
) -> dict[str, Counter[str]]:
    """Works of every scenario and theory that a results folder has run; of its arms where it tests hypotheses."""
    from eurasia_sim.cli.output import world_of
    from eurasia_sim.scenarios.sources import works_of, works_of_all
    from eurasia_sim.simulation.replay import scenarios_of
    from eurasia_sim.simulation.results import MANIFEST, read_manifest

    manifest = read_manifest(folder) or {}
    given = world_of(folder, manifest, world)
    scenarios = list(scenarios_of(manifest, given))
    if not scenarios:
        raise DataError(
            [f"{folder / MANIFEST} names no scenario; give a folder of run, sweep or validate"]
        )
    return works_of_all(works_of(given, each, works) for each in scenarios)


def _verify(texts: Path, world: Path | None, as_json: bool) -> None:
    """Check every paragraph, sentence and fingerprint against the original texts; exit 1 if anything differs."""
    if not texts.is_dir():
        typer.echo(f"{texts} is no folder; give the one that holds the original texts", err=True)
        raise typer.Exit(BAD_INPUT)
    problems = verify_texts(texts, world)
    evidence = load_evidence(world)
    if as_json:
        typer.echo(
            json.dumps(
                {"claims": len(evidence.claims), "problems": problems}, indent=2, ensure_ascii=False
            )
        )
    else:
        for problem in problems:
            typer.echo(problem)
        many = f"{len(evidence.claims)} claims in {len(evidence.documents)} documents"
        good = (
            "every one stands in its text"
            if evidence.documents
            else "this world has no coded documents"
        )
        typer.echo(f"{many}: {len(problems)} problems" if problems else f"{many}: {good}")
    if problems:
        raise typer.Exit(FAILED_WORK)


def _list_claims(
    world: Path | None,
    about: str | None,
    construct: str | None,
    document: str | None,
    as_json: bool,
) -> None:
    """List claims with their places, by whom they are about, by construct or by document."""
    claims = load_evidence(world).claims
    known = {
        "about": {
            name for claim in claims for name in (*claim.about, *filter(None, [claim.toward]))
        },
        "construct": {claim.construct for claim in claims},
        "document": {claim.document for claim in claims},
    }
    for name, word in (("about", about), ("construct", construct), ("document", document)):
        if word is not None and word not in known[name]:
            among = ", ".join(sorted(known[name]))
            typer.echo(
                f"no claim has {name} {word!r}{near(word, known[name])}\n    known: {among}",
                err=True,
            )
            raise typer.Exit(BAD_INPUT)
    found = [
        claim
        for claim in claims
        if (about is None or about in claim.about or about == claim.toward)
        and construct in (None, claim.construct)
        and document in (None, claim.document)
    ]
    if as_json:
        typer.echo(json.dumps([asdict(claim) for claim in found], indent=2, ensure_ascii=False))
        return
    for claim in found:
        toward = f" toward {claim.toward}" if claim.toward else ""
        level = (
            "" if claim.level is None else f" {claim.level:+g}" if toward else f" {claim.level:g}"
        )
        typer.echo(
            f"{claim.id} {claim.locator}: {', '.join(claim.about)}: {claim.construct}{toward}{level}"
        )
        typer.echo(f"    {claim.says}")
    typer.echo(f"{len(found)} claims")


def _compare_codings(world: Path | None, draws: int, seed: int, as_json: bool) -> None:
    """Krippendorff's alpha of the two codings with its interval, by construct, and of which passages count."""
    from eurasia_sim.cli.tables import agreement_lines, finite
    from eurasia_sim.evidence.intercoder import agreement

    evidence = load_evidence(world)
    compared = agreement(evidence, draws, seed)
    if as_json:
        typer.echo(json.dumps([finite(asdict(each)) for each in compared], indent=2))
        return
    typer.echo("\n".join(agreement_lines(evidence, compared)))
