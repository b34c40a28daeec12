"""Where a number comes from: meaning, range, basis, the claims and works behind it, its readers."""

import ast
import re
from collections.abc import Collection, Iterator
from typing import Any

from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.evidence.claims import Evidence
from eurasia_sim.evidence.references import read_bibliography
from eurasia_sim.files.data_yaml import packaged
from eurasia_sim.world.world import World

# Names under which the rules read a table, where they are not the table's own.
_CAPABILITY = ("capability", "theatre_capability")
_ARRAYS = {
    "interests": ("salience",),
    "population": ("size",),
    "fighting": ("pressure",),
    **dict.fromkeys(("cinc", "gdp", "growth", "means"), _CAPABILITY),
    **dict.fromkeys(("growth_beyond", "growth_beyond_gdp"), _CAPABILITY),
    "capital_distance": ("distance", "theatre_distance"),
    "border_distance": ("border_distance", "theatre_separation"),
    "land_border": ("border", "theatre_border"),
}
_MOST_CLAIMS = 8  # told to a person
_SCIENCE = ("kernel/initial.py", "kernel/month.py", "kernel/outcomes.py", "mechanisms/*.py")


def described(world: World, path: str, evidence: Evidence) -> dict[str, Any]:
    """Everything known of one number, as plain values."""
    number, works, claims = world.number(path), read_bibliography(), evidence.by_id
    parts, drawn, source = path.split("."), "no", []
    if path in world.drawn:
        drawn = "over its range"
    elif path in world.moved_by:
        drawn = f"with others of its kind, by {world.moved_by[path]}"
    elif number.held:
        drawn = f"no; {number.held}"
    for item in number.source:
        if "claims" not in item:
            found = {key: value for key, value in item.items() if key != "lines"}
            if "document" in item:
                first, last = item["lines"][0], item["lines"][-1]
                section = evidence.section(item["document"], (first, last))
                lines = f"L{first}" if first == last else f"L{first}-{last}"
                found["locator"] = f"{item['document']}, {section}, {lines}"
            if (key := item.get("cite", item.get("document"))) in works:
                found["work"] = str(works[key])
            source.append(found)
    return {
        "path": path,
        "meaning": number.meaning,
        "value": None if number.is_silent else number.value,
        "range": None if number.is_silent else [number.low, number.high],
        "unit": number.unit,
        "drawn": drawn,
        "moves": list(world.factors.get(path, ())),
        "basis": number.basis,
        "file": number.place,
        "claims": [
            {"id": c.id, "locator": c.locator, "says": c.says or None, "level": c.level}
            for c in (claims[name] for name in number.claims() if name in claims)
        ],
        "source": source,
        "used_by": users(_names(parts), parts[-1] if "interests" in parts else ""),
    }


def _names(parts: list[str]) -> tuple[str, ...]:
    """Names under which the rules' source reads the number of a path."""
    if parts[0] in ("rules", "theories", "forms"):
        return (parts[-1],)
    of_event = parts[:2] == ["record", "events"]
    at = 3 if of_event else 1 if parts[0] in ("capabilities", "ties", "record", "factors") else 2
    table = parts[min(at, len(parts) - 1)]
    return _ARRAYS.get(table, (table,))


def users(names: Collection[str], construct: str = "") -> list[str]:
    """`module.function` of every rule whose source reads one of the names, sorted.

    Of a `construct` of interest, the utility weight counts as well, by the name of its column.
    """
    wanted = rf"\.({'|'.join(map(re.escape, names))})\b"
    if construct in CONSTRUCTS:
        wanted += rf"|\b{construct.upper()}\b"
    root = packaged().parent
    return sorted(
        f"{'.'.join(file.relative_to(root).with_suffix('').parts)}.{node.name}"
        for pattern in _SCIENCE
        for file in root.glob(pattern)
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("unpack_")
        if any(re.search(wanted, ast.unparse(each)) for each in _body(node))
    )


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    return function.body[ast.get_docstring(function) is not None :]


def told(found: dict[str, Any]) -> Iterator[str]:
    """What `described` found, line by line as a person reads it."""
    yield found["path"]
    yield f"  {found['meaning']}"
    if found["value"] is None:
        yield f"  value     none: the documents are silent ({found['unit']})"
    else:
        low, high = found["range"]
        yield f"  value     {found['value']:g} ({found['unit']})"
        ends = f"{low:g} to {high:g}" if low < high else "none: every run has this value"
        yield f"  range     {ends}"
        yield f"  drawn     {found['drawn']}"
    for key in ("moves", "basis", "file", "used_by"):
        listed = [found[key]] if isinstance(found[key], str) else found[key]
        for at, each in enumerate(listed):
            yield f"  {'' if at else key.replace('_', ' '):<9} {each}"
    if found["claims"]:
        yield "  claims"
    for claim in found["claims"][:_MOST_CLAIMS]:
        level = "" if claim["level"] is None else f" [{claim['level']:g}]"
        yield f"    {claim['id']} {claim['locator']}{level}: {claim['says'] or 'second coding'}"
    if len(found["claims"]) > _MOST_CLAIMS:
        yield f"    and {len(found['claims']) - _MOST_CLAIMS} more, which --json shows"
    if found["source"]:
        yield "  rests on"
    for item in found["source"]:
        head = item.get("locator") or item.get("dataset") or item.get("cite") or "note"
        says = item.get("says") or item.get("note") or ""
        yield f"    {head}" + (f": {says}" if says else "")
        if "work" in item:
            yield f"      {item['work']}"
