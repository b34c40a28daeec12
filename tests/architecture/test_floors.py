"""Imports go down from package to package, by the contract in pyproject.toml; libraries stay where they belong."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

FACE = "eurasia_sim"
READERS = ("files", "evidence", "world", "scenarios")
# Who alone may import what: packages, or modules of them.
ONLY = {
    "mesa": ("simulation.mesa_model", "simulation.interop", "dashboard"),
    "matplotlib": ("figures", "reports", "dashboard"),
    "seaborn": ("figures", "reports", "dashboard"),
    "ruamel": READERS,
    "yaml": READERS,
}
WITHOUT_PANDAS = ("files", "compute", "evidence", "mechanisms", "kernel", "world", "observations", "scenarios")
# All that a mechanism knows of eight runs being worked out side by side.
OF_BLOCKS = ("compute.blocks.RUNS", "compute.vectors.each_run", "compute.vectors.in_some_run")
OF_PROCESSORS = re.compile(
    r"\b(lanes?|llvm|simd|avx\w*|registers?|vectors?(?!izer)|cache|unroll\w*|strides?|padd\w+|aligned?ment_of|processors?)\b",
    re.IGNORECASE,
)
BANNED_ROOMS = {"utils", "util", "core", "common", "base", "helpers", "misc"}


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
def imports(package: Path) -> list[tuple[str, str, str]]:
    """(module, where, what it imports) for every import below the face."""
    return [
        (name, f"{path.relative_to(package)}:{line}", target)
        for name, path in modules(package).items()
        for line, target in imported(path, package)
    ]


@pytest.fixture(scope="module")
def layers(repository: Path) -> list[str]:
    """The packages of the contract, from the top down."""
    (contract,) = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    return [layer.removeprefix(f"{FACE}.") for layer in contract["layers"]]


def test_every_package_has_its_layer(package, layers):
    assert sorted({name.split(".")[0] for name in modules(package)}) == sorted(layers)


def test_imports_go_down_from_package_to_package(repository, monkeypatch):
    monkeypatch.chdir(repository)
    assert lint_imports(no_cache=True) == 0


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
        if allowed and not any(name == owner or name.startswith(f"{owner}.") for owner in allowed):
            wrong.append(f"{where} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_pandas_stays_above_the_science(imports):
    low = [
        f"{where} imports {target}"
        for name, where, target in imports
        if target.split(".")[0] == "pandas" and name.split(".")[0] in WITHOUT_PANDAS
    ]
    assert not low, "\n".join(low)


def test_a_mechanism_knows_only_streams_mathematics_and_the_compiler(imports):
    names = ("random_streams", "mathematics", "jit", "dimensions")
    own = (f"{FACE}.{name}" for name in (*(f"compute.{name}" for name in names), *OF_BLOCKS))
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


def test_the_face_alone_loads_no_library():
    heavy = "{'numba', 'numpy', 'mesa', 'pandas', 'matplotlib', 'pydantic'}"
    code = f"import sys, eurasia_sim; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_rule_itself_sees_the_face():
    assert is_face("eurasia_sim.load_world", {"kernel"})
    assert not is_face("eurasia_sim.kernel.month", {"kernel"})
