"""Inputs that once failed, each of a whole kind of fault, by name: what is right of each.

They lie beside the original documents; without those the tests are skipped.
"""

import re
import shutil
from pathlib import Path

import pytest
from tests.command import call

from eurasia_sim.cli.scenario import problems_of
from eurasia_sim.files.data_yaml import packaged_worlds
from eurasia_sim.world.world import World

_TROOPS = re.compile(rb'((?:forces|counterterror)"?: *(?:\{"[\d-]+": *)?)(0\.\d+)')
pytestmark = pytest.mark.sources
REFUSED = {
    "seed_1_and_1.0.yaml": "a level of seed stands twice: 1 and 1.0",
    "steps_1e9.yaml": "steps is 1000000000",
    "tables/tab4.yaml": "seed is 7.5",
    "tables/list1.yaml": "relative_gains is a list",
    "tables/list4.yaml": "seed is nan",
    "tables/tab1.yaml": "\\u0000, which cannot be seen",
    "tables/tp_p_list.parquet.yaml": "relative_gains is a list",
    "tables/tp_p_nan.parquet.yaml": "relative_gains is nan",
    "saltelli.yaml": "did you mean rules.allocation.cell_cost?",  # a number that has left
    "morris.yaml": "did you mean rules.allocation.cell_cost?",
}
GOOD = ("lhs_10M_all.yaml", "[x].yaml", "one_point_grid.yaml", "mathtext_title.yaml",
        "tables/[b].yaml", "tables/dollar.yaml", "corrupt/t.yaml")  # fmt: skip


@pytest.fixture(scope="module")
def cases(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of their folder, in which every question is of today's format and counts troops."""
    original = sources.parent / "cases"
    if not original.is_dir():
        pytest.skip("the inputs that once failed are not at hand")
    folder = tmp_path_factory.mktemp("cases") / "cases"
    shutil.copytree(original, folder, copy_function=shutil.copyfile)
    for path in folder.rglob("*.yaml"):
        content = re.sub(rb'(?m)^("?format"?: *)1\b', rb"\g<1>2", path.read_bytes())
        counted = _TROOPS.sub(lambda own: own[1] + b"%d" % round(float(own[2]) * 100_000), content)
        path.write_bytes(counted)
    return folder


@pytest.mark.parametrize("name", [*REFUSED, *GOOD])
def test_a_file_is_checked(cases: Path, world: World, name: str) -> None:
    found = "\n".join(map(str, problems_of(str(cases / name), world)))
    assert bool(found) == (name in REFUSED)
    assert REFUSED.get(name, "") in found
    if found:
        assert re.match(r".*\.(yaml|csv|parquet):\d+:\d+: ", found)
        answer = call("run" if "title" in name else "sweep", cases / name)
        assert (answer.returncode, answer.stdout) == (2, "")


@pytest.mark.parametrize("name", ["187/actors", "22/record", "225/theatres", "26/ties",
    "269/capabilities", "34/capabilities", "5/actors"])  # fmt: skip
@pytest.mark.parametrize("of", ["europe_1914", "eurasia"])
def test_a_world_with_a_file_put_in_its_place_is_refused_by_file_and_line(
    cases: Path, tmp_path: Path, name: str, of: str
) -> None:
    folder = shutil.copytree(packaged_worlds()[of], tmp_path / "world")
    shutil.copy(cases / "world" / f"{name}.yaml", folder)
    answer = call("check", "record", "--world", folder)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert re.match(rf"{name.partition('/')[2]}\.yaml:\d+", answer.stderr), answer.stderr
