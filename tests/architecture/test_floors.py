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
READERS = ("files", "evidence", "world", "scenarios")
BELOW_PANDAS = ("compute", "mechanisms", "kernel", "observations")
MESA = ("simulation.mesa_model", "simulation.interop", "dashboard")
# Who alone may import what: packages, or modules of them.
ONLY = {
    "mesa": MESA,
    "matplotlib": ("figures", "reports", "dashboard"),
    "seaborn": ("figures", "reports", "dashboard"),
    "ruamel": READERS,
    "yaml": READERS,
}
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


def imported(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything a file imports, at its top or further in."""
    place = (FACE, *path.relative_to(package).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            stem = place[: len(place) - node.level + 1] if node.level else ()
            start = ".".join([*stem, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


@pytest.fixture(scope="module")
def modules(package: Path) -> dict[str, Path]:
    """Every module below the package's face, by dotted name without the package."""
    names = {
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix("__init__"): path
        for path in sorted(package.rglob("*.py"))
    }
    return {name.removesuffix("."): path for name, path in names.items() if name}


def below(name: str, owners: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of some, or stands below it."""
    return any(name == owner or name.startswith(f"{owner}.") for owner in owners)


def fault(name: str, target: str, rooms: set[str]) -> bool:
    """Whether a module may not import something."""
    library, room = (each.partition(".")[0] for each in (target, name))
    return (
        (library == FACE and [*target.split("."), ""][1] not in rooms)  # the face itself
        or (library in ONLY and not below(name, ONLY[library]))
        or (library == "pandas" and room in (*READERS, *BELOW_PANDAS))
        or (room == "mechanisms" and "." in name and not below(target, OF_A_MECHANISM))
    )


def test_imports_and_libraries_stay_in_their_rooms_and_no_module_imports_the_face(package, modules):
    rooms = {name.split(".")[0] for name in modules}
    wrong = [
        f"{path.relative_to(package)}:{line} imports {target}"
        for name, path in modules.items()
        for line, target in imported(path, package)
        if fault(name, target, rooms)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_rule_itself_sees_a_fault():
    for module, target, wrong in (
        ("world.loader", "eurasia_sim.load_world", True),
        ("world.loader", "eurasia_sim.kernel.month", False),
        ("analysis.blocs", "mesa.Model", True),
        ("kernel.month", "pandas", True),
        ("mechanisms.contest", "eurasia_sim.compute.vectors.Eight", True),
        ("mechanisms.contest", "eurasia_sim.compute.vectors.in_some_run", False),
    ):
        assert fault(module, target, {"kernel", "compute"}) == wrong, (module, target)


def test_every_package_has_its_layer_and_imports_go_down(repository, modules, monkeypatch):
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    rooms = {f"{FACE}.{name.split('.')[0]}" for name in modules}
    assert sorted(rooms) == sorted(contract["layers"])
    monkeypatch.chdir(repository)
    assert lint_imports(no_cache=True) == 0


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
