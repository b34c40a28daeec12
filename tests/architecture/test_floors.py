"""Imports go down by the contract in pyproject.toml; libraries and the face's names stay put."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import eurasia_sim
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.hypotheses import evaluation

FACE = "eurasia_sim"
# The package's own names: exactly these, each a plain function or class.
NAMES = """
    __version__ load_world load_scenario simulate run_ensemble run_sweep load_results
    test_hypotheses plot paired tidy EurasiaModel
"""
# All that a mechanism knows of eight runs being worked out side by side.
OF_BLOCKS = ("vectors.in_some_run",)
OF_COMPUTE = ("random_streams", "mathematics", "jit", "dimensions", *OF_BLOCKS)
OF_A_MECHANISM = (*(f"{FACE}.compute.{name}" for name in OF_COMPUTE), "numpy")
OF_PROCESSORS = re.compile(
    r"\b(lanes?|llvm|simd|avx\w*|registers?|vectors?(?!izer)|cache|unroll\w*|strides?|padd\w+"
    r"|aligned?ment_of|processors?)\b",
    re.IGNORECASE,
)
VAGUE = {"utils", "util", "core", "common", "base", "helpers", "misc"}


@pytest.fixture(scope="module")
def modules(package: Path) -> list[str]:
    """Every module below the package's face, by dotted name without the package."""
    paths = [path.relative_to(package).with_suffix("") for path in package.rglob("*.py")]
    names = {".".join(path.parts).removesuffix("__init__").removesuffix(".") for path in paths}
    return sorted(names - {""})


def test_every_package_has_a_layer_and_imports_and_libraries_stay_in_their_rooms(
    repository, modules, monkeypatch
):
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    assert sorted({f"{FACE}.{name.split('.')[0]}" for name in modules}) == sorted(layers)
    monkeypatch.chdir(repository)
    assert lint_imports(no_cache=True) == 0


def imported(text: str) -> Iterator[str]:
    """Full dotted name of everything a file imports, at its top or further in."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign(text: str) -> list[str]:
    """What a mechanism imports and should not know."""
    own = tuple(f"{name}." for name in OF_A_MECHANISM)
    return [name for name in imported(text) if not f"{name}.".startswith(own)]


def test_a_mechanism_knows_mathematics_and_chance_alone(package):
    files = sorted(package.glob("mechanisms/[!_]*.py"))
    assert len(files) > 5
    found = {path.name: foreign(path.read_text(encoding="utf-8")) for path in files}
    assert not {name: wrong for name, wrong in found.items() if wrong}
    assert not foreign(f"from {FACE}.compute.vectors import in_some_run")
    assert foreign(f"import pandas, numpy\nfrom {FACE}.compute.vectors import Eight") == [
        "pandas", f"{FACE}.compute.vectors.Eight"
    ]  # fmt: skip


def test_a_mechanism_says_nothing_about_processors(package):
    own = tuple(f"from {FACE}.compute.{name.partition('.')[0]} import" for name in OF_BLOCKS)
    wrong = [
        f"{path.name}:{number}: {line.strip()}"
        for path in package.glob("mechanisms/*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if OF_PROCESSORS.search(line) and not line.startswith(own)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_room_is_named_for_nothing(modules):
    assert not [name for name in modules if VAGUE & set(name.split("."))]


def test_the_face_offers_what_it_says_and_alone_loads_no_library():
    assert set(eurasia_sim.__all__) == set(NAMES.split()) <= set(dir(eurasia_sim))
    assert all(callable(getattr(eurasia_sim, name)) for name in NAMES.split()[1:])
    code = f"""import sys, {FACE} as face
assert not {{'numba', 'numpy', 'mesa', 'pandas', 'matplotlib', 'pydantic'}} & set(sys.modules)
assert set(face.__all__) <= set(dir(face)), dir(face)"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_hypotheses_of_a_file_are_evaluated_with_the_effort_that_is_named(monkeypatch):
    given = []
    monkeypatch.setattr(evaluation, "evaluate", lambda *arguments: given.extend(arguments))
    eurasia_sim.test_hypotheses(["H1", "H10"], runs=20, points=30, seed=5, workers=1)
    world, family, effort, workers = given
    assert world.name == "eurasia"
    assert [hypothesis.id for hypothesis in family.hypotheses] == ["H1", "H10"]
    assert (effort, workers) == (evaluation.Effort.of(20, 30, 5), 1)
    assert not eurasia_sim.test_hypotheses.__test__
    with pytest.raises(DataError, match="unknown hypothesis 'H1000'"):
        eurasia_sim.test_hypotheses(["H1000"])
