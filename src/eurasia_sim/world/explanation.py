"""Where a number comes from: its meaning, range and basis, the claims and works behind it, and who reads it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.evidence.claims import Claim, Evidence
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.files.data_yaml import Number, packaged
from eurasia_sim.world.world import World

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
_SCIENCE = ("kernel/initial.py", "kernel/month.py", "kernel/outcomes.py", "mechanisms/*.py")


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
        "source": [
            _source(item, evidence, works) for item in number.source if "claims" not in item
        ],
        "used_by": sorted({*users(_names(path)), *_weighers(path)}),
    }


def _claims(number: Number, evidence: Evidence) -> list[Claim]:
    wanted = number.claims()
    known = {claim.id: claim for claim in evidence.claims}
    known |= {claim.id: claim for turn in evidence.rounds for claim in turn.claims}
    return [known[name] for name in wanted if name in known]


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "locator": claim.locator,
        "says": claim.says or None,
        "level": claim.level,
    }


def _source(item: Any, evidence: Evidence, works: Any) -> dict[str, Any]:
    """One parent with its work spelled out, and the place of a passage."""
    found = {key: value for key, value in item.items() if key != "lines"}
    if "document" in item:
        first, last = item["lines"][0], item["lines"][-1]
        section = evidence.section(item["document"], (first, last))
        found["locator"] = f"{item['document']}, {section}, L{first}" + (
            f"-{last}" if last != first else ""
        )
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
                if (
                    isinstance(node, ast.FunctionDef)
                    and not node.name.startswith("unpack_")
                    and reads(node)
                ):
                    yield f"{module}.{node.name}"


def _reads_column(function: ast.FunctionDef, column: int) -> bool:
    """Whether a function subscripts the array of weights, by whatever name it holds it, with a column's number."""
    held = {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target, value in _bindings(node)
        if isinstance(target, ast.Name)
        and isinstance(value, ast.Attribute)
        and value.attr == "weight"
    }
    return any(
        isinstance(node, ast.Subscript)
        and (
            getattr(node.value, "id", None) in held or getattr(node.value, "attr", None) == "weight"
        )
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
    return any(
        isinstance(node, ast.Attribute) and node.attr in wanted for node in ast.walk(function)
    )


def told(found: dict[str, Any]) -> Iterator[str]:
    """What `described` found, line by line as a person reads it."""
    yield found["path"]
    yield f"  {found['meaning']}"
    if found["value"] is None:
        yield f"  value     none: the documents are silent ({found['unit']})"
    else:
        low, high = found["range"]
        yield f"  value     {found['value']:g} ({found['unit']})"
        yield (
            f"  range     {low:g} to {high:g}"
            if low < high
            else "  range     none: every run has this value"
        )
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
