"""Imports go down, or to the left on their own floor, as docs/architecture.md lists them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FACE = "eurasia_sim"
READERS = ("reading", "catalogue", "evidence", "world", "scenario")
# Who alone may import what; a name stands for its folder, or for itself with anything after an underscore.
ONLY = {
    "mesa": ("model", "actors", "adapters", "dashboard"),
    "matplotlib": ("figures", "report", "dashboard"),
    "seaborn": ("figures", "report", "dashboard"),
    "ruamel": READERS,
    "yaml": READERS,
}
# All that a mechanism knows of eight runs being worked out side by side.
OF_BLOCKS = ("blocks.RUNS", "vectors.spread", "vectors.in_some_run")
OF_PROCESSORS = re.compile(
    r"\b(lanes?|llvm|simd|avx\w*|registers?|vectors?(?!izer)|cache|unroll\w*|strides?|padd\w+|aligned?ment_of|processors?)\b",
    re.IGNORECASE,
)
PANDAS_FROM_FLOOR = 3
BANNED_ROOMS = {"utils", "util", "core", "common", "base", "helpers", "misc"}


def floors(page: str) -> dict[str, tuple[int, int]]:
    """Floor and place from the left of every room in the page's table."""
    rows = re.findall(r"^\| (\d) \| (.+?) \|", page, re.MULTILINE)
    return {
        name.strip("`/").removesuffix(".py"): (int(floor), place)
        for floor, names in rows
        for place, name in enumerate(names.split())
    }


def modules(package: Path) -> dict[str, Path]:
    """Every module below the package's face, by dotted name without the package."""
    paths = {path: path.relative_to(package).with_suffix("").parts for path in package.rglob("*.py")}
    names = {".".join(part for part in parts if part != "__init__"): path for path, parts in paths.items()}
    return {name: path for name, path in sorted(names.items()) if name}


def imported(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything a file imports, at its top or further in."""
    place = (FACE, *path.relative_to(package).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            stem = [*place[: len(place) - node.level + 1]] if node.level else []
            start = ".".join([*stem, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


@pytest.fixture(scope="module")
def house(repository: Path) -> dict[str, tuple[int, int]]:
    return floors((repository / "docs" / "architecture.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def imports(package: Path) -> list[tuple[str, str, str]]:
    """(module, where, what it imports) for every import below the face."""
    return [
        (name, f"{path.relative_to(package)}:{line}", target)
        for name, path in modules(package).items()
        for line, target in imported(path, package)
    ]


def test_every_module_has_its_place_in_the_house(package, house):
    homeless = {name for name in modules(package) if name.split(".")[0] not in house}
    assert not homeless, f"give them a floor in docs/architecture.md: {sorted(homeless)}"


def test_imports_go_down_or_to_the_left(imports, house):
    wrong = []
    for name, where, target in imports:
        room, parts = name.split(".")[0], target.split(".")
        if parts[0] != FACE or len(parts) < 2 or parts[1] == room or parts[1] not in house or room not in house:
            continue
        (floor, place), (target_floor, target_place) = house[room], house[parts[1]]
        if target_floor > floor or (target_floor == floor and target_place > place):
            wrong.append(f"{where} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_the_face_of_its_own_package(imports, package):
    rooms = {name.split(".")[0] for name in modules(package)}
    face = [f"{where} imports {target}" for _, where, target in imports if is_face(target, rooms)]
    assert not face, "\n".join(face)


def is_face(target: str, rooms: set[str]) -> bool:
    parts = target.split(".")
    return parts[0] == FACE and (len(parts) == 1 or parts[1] not in rooms)


def test_libraries_stay_in_their_rooms(imports):
    wrong = []
    for name, where, target in imports:
        allowed = ONLY.get(target.split(".")[0])
        room = name.split(".")[0]
        if allowed and not any(room == owner or room.startswith(f"{owner}_") for owner in allowed):
            wrong.append(f"{where} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_pandas_stays_above_the_science(imports, house):
    low = [
        f"{where} imports {target}"
        for name, where, target in imports
        if target.split(".")[0] == "pandas" and house.get(name.split(".")[0], (9, 0))[0] < PANDAS_FROM_FLOOR
    ]
    assert not low, "\n".join(low)


def test_a_mechanism_knows_only_streams_mathematics_and_the_compiler(imports):
    own = (f"{FACE}.{name}" for name in ("streams", "mathematics", "compilation", "parameters", *OF_BLOCKS))
    allowed = (*own, "numpy", "numba", "__future__")
    wrong = [
        f"{where} imports {target}"
        for name, where, target in imports
        if name.startswith("mechanisms.") and not any(target == a or target.startswith(f"{a}.") for a in allowed)
    ]
    assert not wrong, "\n".join(wrong)


def test_a_mechanism_says_nothing_about_processors(package):
    own = {f"from {FACE}.{name.rpartition('.')[0]} import" for name in OF_BLOCKS}
    wrong = [
        f"{path.name}:{number}: {line.strip()}"
        for path in package.glob("mechanisms/*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if OF_PROCESSORS.search(line) and not line.startswith(tuple(own))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_room_is_named_for_nothing(package):
    vague = [name for name in modules(package) if BANNED_ROOMS & set(name.split("."))]
    assert not vague, f"say what they hold: {vague}"


def test_the_face_offers_what_it_says():
    import eurasia_sim

    assert [name for name in eurasia_sim.__all__ if not hasattr(eurasia_sim, name)] == []
    assert set(eurasia_sim.__all__) <= set(dir(eurasia_sim))


def test_the_face_alone_loads_no_library():
    heavy = "{'numba', 'numpy', 'mesa', 'pandas', 'matplotlib', 'pydantic'}"
    code = f"import sys, eurasia_sim; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_rule_itself_sees_an_import_that_climbs():
    page = "| 2 | kernel scenario | x |\n| 1 | measures `mechanisms/` | y |\n"
    assert floors(page) == {"kernel": (2, 0), "scenario": (2, 1), "measures": (1, 0), "mechanisms": (1, 1)}
    assert is_face("eurasia_sim.load_world", set(floors(page)))
    assert not is_face("eurasia_sim.kernel.month", set(floors(page)))
