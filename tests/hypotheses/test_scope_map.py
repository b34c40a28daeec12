"""Maps of rivals: their cells, and what each cell says, by hand."""

from pathlib import Path

import numpy as np
import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.hypotheses.hypothesis import Axis, ContrastMap, Family, Part, Smallest
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.hypotheses.scope_map import EVERY, cell_rows, map_table
from eurasia_sim.hypotheses.verdicts import Spread
from eurasia_sim.scenarios.outcome_columns import Metric
from eurasia_sim.world.world import World


def reading(name: str) -> Part:
    metric = Metric("sum", (name,), (), (), False, "mean", 0.0)
    return Part("", (), (), metric, (0, 1), "+", Smallest(0.1), "")


MAP = ContrastMap(
    "ground", "Where?", "base",
    Axis(label="presence", levels={"there": {"p": 1.0}, "half": {"p": 0.5}, "gone": {"p": 0.0}}),
    (Axis(label="threat", levels={"high": {"t": 1.0}, "low": {"t": 0.0}}),
     Axis(label="pressure", levels={"as it is": {}, "more": {"q": 1.0}})),
    {"a": reading("a"), "b": reading("b")}, {"one": ("a",), "other": ("a", "b")}, "0",
)  # fmt: skip


def test_a_map_sets_every_later_level_beside_the_first_in_every_cell() -> None:
    assert len(set(MAP.cells())) == len(list(MAP.cells())) == 2 * 2 * 2
    part = MAP.part("a", "gone", "low", "more")
    assert part.plus == (("base", (("p", 0.0), ("q", 1.0), ("t", 0.0))),)
    assert part.less == (("base", (("p", 1.0), ("q", 1.0), ("t", 0.0))),)
    assert MAP.part("a", "half", "high", "as it is").plus == (("base", (("p", 0.5), ("t", 1.0))),)


def test_a_rival_holds_where_all_of_its_readings_do() -> None:
    given = {"a": [0.2, 0.2, -0.2, 0.0, np.nan], "b": [0.2, -0.2, -0.2, 0.2, 0.2]}
    changes = {
        name: Spread(reading(name), np.array(own), np.full(5, 0.1), np.empty((0, 5)))
        for name, own in given.items()
    }
    rows = {(row["kind"], row["name"]): row for row in cell_rows(MAP, changes)}
    assert all(row["n"] == 4 for row in rows.values())  # the failed run counts nowhere
    a = rows["reading", "a"]
    assert (a["mean"], a["holds"], a["mirrored"]) == (pytest.approx(0.05), 0.5, 0.25)
    assert (rows["rival", "one"]["holds"], rows["rival", "one"]["mirrored"]) == (0.5, 0.25)
    assert (rows["rival", "other"]["holds"], rows["rival", "other"]["mirrored"]) == (0.25, 0.25)
    assert rows["rival", "one and other"]["holds"] == 0.25


@pytest.fixture(scope="module")
def packaged(repository: Path, world: World) -> Family:
    return load_hypotheses(repository / "experiments" / "hypotheses.yaml", world)


def changed(packaged: Family, into: Path, world: World, before: str, after: str) -> Family:
    """The packaged family with one text in place of another."""
    text = packaged.path.read_text(encoding="utf-8")
    assert before in text
    (into / "changed.yaml").write_text(text.replace(before, after), encoding="utf-8")
    return load_hypotheses(into / "changed.yaml", world)


RIVAL = "      H2: [aim of Russia, aim of China]"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (RIVAL, RIVAL.replace("H2", "H99"), "unknown hypothesis 'H99'"),
        (RIVAL, RIVAL.replace("aim of C", "C"), "unknown reading 'China'"),
        ("states.afghanistan.forces: 45", "states.atlantis.forces: 45", "atlantis"),
        ("united_states.china: 0.95", "united_states.china: 95", "95"),
    ],
)  # fmt: skip
def test_a_map_that_cannot_be_run_is_refused_with_its_line(
    packaged: Family, tmp_path: Path, world: World, before: str, after: str, said: str
) -> None:
    with pytest.raises(DataError) as told:
        changed(packaged, tmp_path, world, before, after)
    assert any(said in problem.message and problem.line > 400 for problem in told.value.problems)


def test_maps_leave_the_hash_of_the_hypotheses_alone(
    packaged: Family, tmp_path: Path, world: World
) -> None:
    given = packaged, tmp_path, world
    found = changed(*given, "afghanistan.forces: 2250", "afghanistan.forces: 2000")
    assert found.digest == packaged.digest
    assert found.maps[0].digest != packaged.maps[0].digest
    assert changed(*given, "of_level: 0.1", "of_level: 0.2").digest != packaged.digest


def test_a_map_is_run_only_with_both_its_rivals(packaged: Family) -> None:
    (contrast,) = packaged.maps
    assert packaged.chosen(list(contrast.rivals)).maps == (contrast,)
    assert packaged.chosen(list(contrast.rivals)[:1]).maps == ()


@pytest.mark.slow
def test_a_map_of_the_packaged_world_has_every_cell_under_every_theory_but_the_null(
    packaged: Family, world: World
) -> None:
    (contrast,) = packaged.maps
    table = map_table(world, contrast, 2, seed=5)
    theories = [EVERY, *(theory for theory in world.theories if theory != world.null_theory)]
    names = len(contrast.readings) + len(contrast.rivals) + 1
    assert len(table) == len(list(contrast.cells())) * len(theories) * names
    together = table[table["theory"] == EVERY]
    assert (together["n"] == 2 * (len(theories) - 1)).all()
    assert together["holds"].between(0, 1).all()
    assert table.equals(map_table(world, contrast, 2, seed=5, workers=1))
