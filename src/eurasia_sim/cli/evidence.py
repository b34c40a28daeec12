"""`evidence`: verify, list and compare what was read in the documents."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from eurasia_sim.catalogue import near
from eurasia_sim.cli import BAD_INPUT, FAILED_WORK, WorldName
from eurasia_sim.evidence import load_evidence
from eurasia_sim.evidence import verify as verify_texts

evidence_app = typer.Typer(
    help="Verify, list and compare the coded evidence.", no_args_is_help=True, rich_markup_mode=None
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@evidence_app.command()
def verify(
    texts: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the original texts.")],
    world: WorldName = None,
    as_json: _Json = False,
) -> None:
    """Check every paragraph, sentence and fingerprint against the original texts; exit 1 if anything differs.

    Example: eurasia-sim evidence verify my_texts/
    """
    if not texts.is_dir():
        typer.echo(f"{texts} is no folder; give the one that holds the original texts", err=True)
        raise typer.Exit(BAD_INPUT)
    problems = verify_texts(texts, world)
    evidence = load_evidence(world)
    if as_json:
        typer.echo(json.dumps({"claims": len(evidence.claims), "problems": problems}, indent=2, ensure_ascii=False))
    else:
        for problem in problems:
            typer.echo(problem)
        many = f"{len(evidence.claims)} claims in {len(evidence.documents)} documents"
        good = "every one stands in its text" if evidence.documents else "this world has no coded documents"
        typer.echo(f"{many}: {len(problems)} problems" if problems else f"{many}: {good}")
    if problems:
        raise typer.Exit(FAILED_WORK)


@evidence_app.command("list")
def show(
    about: Annotated[str | None, typer.Option(help="An actor, theatre or institution.")] = None,
    construct: Annotated[str | None, typer.Option(help="A construct of the codebook.")] = None,
    document: Annotated[str | None, typer.Option(help="The id of a document.")] = None,
    world: WorldName = None,
    as_json: _Json = False,
) -> None:
    """List claims with their places, by whom they are about, by construct or by document.

    Example: eurasia-sim evidence list --construct standing --document aliyev2022
    """
    claims = load_evidence(world).claims
    known = {
        "about": {name for claim in claims for name in (*claim.about, *filter(None, [claim.toward]))},
        "construct": {claim.construct for claim in claims},
        "document": {claim.document for claim in claims},
    }
    for name, word in (("about", about), ("construct", construct), ("document", document)):
        if word is not None and word not in known[name]:
            among = ", ".join(sorted(known[name]))
            typer.echo(f"no claim has {name} {word!r}{near(word, known[name])}\n    known: {among}", err=True)
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
        level = "" if claim.level is None else f" {claim.level:+g}" if toward else f" {claim.level:g}"
        typer.echo(f"{claim.id} {claim.locator}: {', '.join(claim.about)}: {claim.construct}{toward}{level}")
        typer.echo(f"    {claim.says}")
    typer.echo(f"{len(found)} claims")


@evidence_app.command()
def agreement(
    world: WorldName = None,
    draws: Annotated[int, typer.Option(min=100, help="Draws of the bootstrap.")] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    as_json: _Json = False,
) -> None:
    """Compare the two codings: Krippendorff's alpha with its interval, by construct, and of which passages count.

    Example: eurasia-sim evidence agreement --json
    """
    from eurasia_sim.agreement import agreement as compare

    evidence = load_evidence(world)
    compared = compare(evidence, draws, seed)
    if as_json:
        typer.echo(json.dumps([_without_nan(asdict(each)) for each in compared], indent=2))
        return
    for role, who in evidence.coders.items():
        typer.echo(f"{role}: {who}")
    if not compared:
        typer.echo("there is no second coding to compare with")
    for each in compared:
        typer.echo(f"round {each.round}: ordinal alpha {each.overall.alpha:.3f} [{each.low:.3f}, {each.high:.3f}]")
        typer.echo(f"  {'':<12}  alpha  both  only first  only second")
        for name, part in [("all", each.overall), *each.constructs.items()]:
            alpha = "    -" if math.isnan(part.alpha) else f"{part.alpha:5.2f}"
            typer.echo(f"  {name:<12}  {alpha}  {part.pairable:4d}  {part.first_only:10d}  {part.second_only:11d}")
        seen = each.passages
        typer.echo(
            f"  passages: alpha {seen.alpha:.3f}, Jaccard {seen.jaccard:.3f} ({seen.both} marked by both,"
            f" {seen.first_only} by the first alone, {seen.second_only} by the second alone, of {seen.universe})"
        )
    _print_support(dict(evidence.support))


def _print_support(support: dict[str, Any]) -> None:
    """How claims fared that were judged against their sentences."""
    for each in support.get("samples", []):
        verdicts = [entry["verdict"] for entry in each["verdicts"]]
        counts = ", ".join(f"{verdicts.count(word)} {word}" for word in ("supported", "overstated", "unsupported"))
        typer.echo(f"support, {each['name']}: of {len(verdicts)} claims drawn at random {counts}")


def _without_nan(value: Any) -> Any:
    """The value with what is no number as null, which JSON can say."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
