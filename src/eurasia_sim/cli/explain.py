"""`explain`: where a number comes from."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

import typer

from eurasia_sim.bibliography import read_bibliography
from eurasia_sim.catalogue import Number, near, packaged
from eurasia_sim.cli import BAD_INPUT, WorldName
from eurasia_sim.evidence import Claim, Evidence, load_evidence
from eurasia_sim.parameters import CONSTRUCTS
from eurasia_sim.world import OF_RULES, World, load_world

# The names under which the rules meet what a path names; where a table is not listed they use the table's own name.
_ARRAYS = {
    "interests": ("salience",),
    "population": ("size",),
    "cinc": ("capability", "theatre_capability"),
    "gdp": ("capability", "theatre_capability"),
    "growth_beyond": ("capability", "theatre_capability"),
    "growth_beyond_gdp": ("capability", "theatre_capability"),
    "growth": ("capability", "theatre_capability"),
    "capital_distance": ("distance", "theatre_distance"),
    "border_distance": ("border_distance", "theatre_separation"),
    "land_border": ("border", "theatre_border"),
}
_SCIENCE = ("kernel.py", "measures.py", "mechanisms/*.py")


def explain(
    path: Annotated[str | None, typer.Argument(help="Path of a number, or the beginning of one.")] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Count all numbers by what they rest on.")] = False,
    world: WorldName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a number means, what it may be, what it rests on and where it is used.

    Example: eurasia-sim explain rules.perception.distance_decay
    """
    if summary == (path is not None):
        typer.echo("give either the path of a number or --summary", err=True)
        raise typer.Exit(BAD_INPUT)
    given = load_world(world)
    if path is None:
        _show_summary(given, as_json)
    elif path in given.numbers:
        found = described(given, path, load_evidence(None if path.startswith(OF_RULES) else given.directory))
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n".join(_lines(found)))
    else:
        _show_group(given, path, as_json)


def described(world: World, path: str, evidence: Evidence) -> dict[str, Any]:
    """Everything known of one number, as plain values."""
    number = world.number(path)
    works = read_bibliography()
    return {
        "path": path,
        "meaning": number.meaning,
        "value": None if number.is_silent else number.value,
        "range": None if number.is_silent else [number.low, number.high],
        "unit": number.unit,
        "basis": number.basis,
        "file": number.place,
        "claims": [_claim(claim) for claim in _claims(number, evidence)],
        "source": [_source(item, evidence, works) for item in number.source if "claims" not in item],
        "used_by": sorted({*users(_names(path)), *_weighers(path)}),
    }


def _claims(number: Number, evidence: Evidence) -> list[Claim]:
    wanted = number.claims()
    known = {claim.id: claim for claim in evidence.claims}
    known |= {claim.id: claim for turn in evidence.rounds for claim in turn.claims}
    return [known[name] for name in wanted if name in known]


def _claim(claim: Claim) -> dict[str, Any]:
    return {"id": claim.id, "locator": claim.locator, "says": claim.says or None, "level": claim.level}


def _source(item: Any, evidence: Evidence, works: Any) -> dict[str, Any]:
    """One parent with its work spelled out, and the place of a passage."""
    found = {key: value for key, value in item.items() if key != "lines"}
    if "document" in item:
        first, last = item["lines"][0], item["lines"][-1]
        section = evidence.section(item["document"], (first, last))
        found["locator"] = f"{item['document']}, {section}, L{first}" + (f"-{last}" if last != first else "")
    key = item.get("cite", item.get("document"))
    if key in works:
        found["work"] = str(works[key])
    return found


def _names(path: str) -> tuple[str, ...]:
    """The names under which the rules' sources meet a number."""
    parts = path.split(".")
    if parts[0] in ("rules", "theories", "forms"):
        return (parts[-1],)
    at = {"capabilities": 1, "ties": 1, "record": 3 if parts[1] == "events" else 1}.get(parts[0], 2)
    table = parts[min(at, len(parts) - 1)]
    return _ARRAYS.get(table, (table,))


def users(names: Iterable[str]) -> Iterator[str]:
    """`module.function` of every rule whose source reads one of the names; nothing is imported for it."""
    wanted = set(names)
    yield from _readers(lambda function: _reads(function, wanted))


def _weighers(path: str) -> Iterator[str]:
    """`module.function` of every rule that reads an interest's utility weight, by its column among the constructs."""
    parts = path.split(".")
    if "interests" in parts and parts[-1] in CONSTRUCTS:
        column = CONSTRUCTS.index(parts[-1])
        yield from _readers(lambda function: _reads_column(function, column))


def _readers(reads: Callable[[ast.FunctionDef], bool]) -> Iterator[str]:
    root = packaged().parent
    for pattern in _SCIENCE:
        for file in sorted(root.glob(pattern)):
            module = ".".join(file.relative_to(root).with_suffix("").parts)
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("unpack_") and reads(node):
                    yield f"{module}.{node.name}"


def _reads_column(function: ast.FunctionDef, column: int) -> bool:
    """Whether a function subscripts the array of weights, by whatever name it holds it, with a column's number."""
    held = {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target, value in _bindings(node)
        if isinstance(target, ast.Name) and isinstance(value, ast.Attribute) and value.attr == "weight"
    }
    return any(
        isinstance(node, ast.Subscript)
        and (getattr(node.value, "id", None) in held or getattr(node.value, "attr", None) == "weight")
        and isinstance(node.slice, ast.Tuple)
        and isinstance(node.slice.elts[-1], ast.Constant)
        and node.slice.elts[-1].value == column
        for node in ast.walk(function)
    )


def _bindings(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each name an assignment binds, with what it is bound to."""
    (target,) = node.targets[:1]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        yield from zip(target.elts, node.value.elts, strict=False)
    else:
        yield target, node.value


def _reads(function: ast.FunctionDef, wanted: set[str]) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr in wanted for node in ast.walk(function))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield found["path"]
    yield f"  {found['meaning']}"
    if found["value"] is None:
        yield f"  value     none: the documents are silent ({found['unit']})"
    else:
        low, high = found["range"]
        yield f"  value     {found['value']:g} ({found['unit']})"
        yield f"  range     {low:g} to {high:g}" if low < high else "  range     none: every run has this value"
    yield f"  basis     {found['basis']}"
    yield f"  file      {found['file']}"
    for at, user in enumerate(found["used_by"]):
        yield f"  {'used by' if at == 0 else '':<9} {user}"
    if found["claims"]:
        yield "  claims"
    for claim in found["claims"]:
        level = "" if claim["level"] is None else f" [{claim['level']:g}]"
        yield f"    {claim['id']} {claim['locator']}{level}: {claim['says'] or 'second coding'}"
    if found["source"]:
        yield "  rests on"
    for item in found["source"]:
        yield from _source_lines(item)


def _source_lines(item: dict[str, Any]) -> Iterator[str]:
    head = item.get("locator") or item.get("dataset") or item.get("cite") or "note"
    says = item.get("says") or item.get("note") or ""
    yield f"    {head}" + (f": {says}" if says else "")
    if "work" in item:
        yield f"      {item['work']}"


def _show_group(world: World, path: str, as_json: bool) -> None:
    """The numbers below a path, or below the same path in the record; the nearest paths when there are none."""
    beginnings = (f"{path}.", f"record.{path}.")
    inside = [number for name, number in world.numbers.items() if name.startswith(beginnings)]
    if not inside:
        typer.echo(f"{path} names no number{near(path, world.numbers)}", err=True)
        raise typer.Exit(BAD_INPUT)
    if as_json:
        rows = [
            {"path": each.path, "value": None if each.is_silent else each.value, "basis": each.basis} for each in inside
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    width = max(len(number.path) for number in inside)
    for number in inside:
        value = "silent" if number.is_silent else f"{number.value:g}"
        ends = f"{number.low:g} to {number.high:g}" if number.is_uncertain else ""
        typer.echo(f"{number.path:<{width}}  {value:>9}  {ends:<16}  {number.basis}".rstrip())


def _show_summary(world: World, as_json: bool) -> None:
    """How many numbers of each group rest on what."""
    counts = Counter((number.path.split(".")[0], number.basis) for number in world.numbers.values())
    groups = list(dict.fromkeys(group for group, _ in counts))
    bases = [basis for basis, _ in Counter(number.basis for number in world.numbers.values()).most_common()]
    drawn = sum(world.numbers[path].is_uncertain for path in (*world.rule_paths.values(), *world.coded_index))
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
    typer.echo(f"An ensemble over the declared ranges draws {drawn} of them; the others are the same in every run.")
