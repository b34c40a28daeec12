"""A recorded fit: read again, drawn from, cut, and refused where it is of another world."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.posterior import FILE, FORMAT, Posterior, read_posterior, text_of
from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import fit_beside, range_draws, ranges_of
from eurasia_sim.simulation.results import write_sealed
from eurasia_sim.simulation.run import DOCUMENTS, FITTED, RANGES, REFERENCE, Study
from eurasia_sim.world.world import World, load_world

MEMBERS = 150


@pytest.fixture(scope="module")
def packaged() -> World:
    return load_world()


@pytest.fixture(scope="module")
def paths(packaged: World) -> list[str]:
    """Two numbers of the rules."""
    inputs = prepare(packaged, as_recorded(packaged))
    return [path for path in ranges_of(packaged, inputs) if path.startswith("rules.")][:2]


@pytest.fixture
def content(packaged: World, paths: list[str]) -> dict[str, Any]:
    """A posterior whose members lie evenly in the lower half of two ranges, the same in both."""
    ends = [(packaged.numbers[path].low, packaged.numbers[path].high) for path in paths]
    shares = np.linspace(0.0, 0.5, MEMBERS)
    numbers = {
        path: text_of(low + (high - low) * shares)
        for path, (low, high) in zip(paths, ends, strict=True)
    }
    held = {"targets": 9, "declared": -9.0, "fitted": -3.0, "gain": 6.0, "error": 2.0}
    return {
        "format": FORMAT, "digests": {"world": packaged.digest},
        "theory": packaged.default_theory, "until": 2020, "held_out": held, "numbers": numbers,
    }  # fmt: skip


@pytest.fixture
def world(packaged: World, tmp_path: Path, content: dict[str, Any]) -> World:
    write_sealed(tmp_path / FILE, content)
    return replace(packaged, directory=tmp_path)


def inputs_of(world: World, posterior: Posterior | None, **changes: Any) -> Inputs:
    return prepare(world, replace(as_recorded(world), posterior=posterior, **changes))


def test_draws_are_dealt_from_members_and_every_other_number_keeps_its_range(
    world: World, paths: list[str]
) -> None:
    posterior = read_posterior(world)
    inputs = inputs_of(world, posterior)
    draws = range_draws(world, inputs, 2 * MEMBERS, 11)
    pairs = zip(*(draws.drawn[path].tolist() for path in paths), strict=True)
    assert set(Counter(pairs).values()) == {2}  # each member twice, its numbers together
    free = range_draws(world, inputs_of(world, None), 2 * MEMBERS, 11)
    assert all((draws.drawn[p] == free.drawn[p]).all() for p in free.drawn if p not in paths)
    later = range_draws(world, inputs, 10, 11, first=40)
    assert (later.drawn[paths[0]] == draws.drawn[paths[0]][40:50]).all()


def test_a_fixed_number_stays_fixed_under_a_posterior(world: World, paths: list[str]) -> None:
    value = world.numbers[paths[0]].value
    inputs = inputs_of(world, read_posterior(world), fixed={paths[0]: value})
    draws = range_draws(world, inputs, 4, 1)
    assert paths[0] not in draws.drawn
    assert set(draws.rules[paths[0].rsplit(".", 1)[1]]) == {value}


def test_a_cut_leaves_out_members_and_one_that_leaves_too_few_is_refused(
    world: World, paths: list[str]
) -> None:
    posterior, number = read_posterior(world), world.numbers[paths[0]]

    def cut(share: float) -> Inputs:
        ends = number.low, number.low + (number.high - number.low) * share
        return inputs_of(world, posterior, uncertain={paths[0]: ends})

    assert len(set(range_draws(world, cut(0.4), 300, 1).drawn[paths[1]].tolist())) == 120
    with pytest.raises(DataError, match=f"{paths[0]}.* leave 90 of 150 .*at least 100"):
        range_draws(world, cut(0.3), 300, 1)


def test_a_scenario_may_name_the_posterior_and_its_child_may_cut_it(
    world: World, paths: list[str]
) -> None:
    folder, number = world.directory, world.numbers[paths[0]]
    head = 'format: 2\ntitle: x\ndeparts: "2023-01"\n'
    (folder / "fitted.yaml").write_text(f"{head}uncertain: posterior\n")
    ends = [number.low, (number.low + number.high) / 2]
    (folder / "cut.yaml").write_text(f"{head}extends: fitted\nuncertain: {{{paths[0]}: {ends}}}\n")
    found, child = (load_scenario(folder / f"{name}.yaml", world) for name in ("fitted", "cut"))
    assert found.posterior == child.posterior == read_posterior(world)
    assert found.resolved()["uncertain"] == "posterior"
    assert child.resolved()["uncertain"] == {paths[0]: ends}
    assert len({found.digest, child.digest, replace(found, posterior=None).digest}) == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 1}, "format is 1, this version reads 2"),
        ({"format": None}, "format is None"),
        ({"digests": {"world": "0" * 64}}, "another version of the world"),
        ({"numbers": {"rules.none": "1"}}, "rules.none is no number"),
        ({"numbers": {"rules.none": [1]}}, "missing or of another kind"),
        ({"until": None}, "missing or of another kind"),
    ],
)
def test_a_scenario_that_names_a_posterior_of_another_kind_is_told_so(
    world: World, content: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    write_sealed(world.directory / FILE, content | change)
    question = world.directory / "fitted.yaml"
    question.write_text('format: 2\ntitle: x\ndeparts: "2023-01"\nuncertain: posterior\n')
    with pytest.raises(DataError) as told:
        load_scenario(question, world)
    (problem,) = told.value.problems
    assert problem.line == 4
    assert said in problem.message
    assert fit_beside(world, inputs_of(world, None)) == (None, problem.message)


def test_a_posterior_of_another_theory_or_of_other_forms_is_refused(world: World) -> None:
    scenario = replace(as_recorded(world), posterior=read_posterior(world))
    with pytest.raises(DataError, match="run it with that theory"):
        range_draws(world, prepare(world, scenario, world.null_theory), 2, 1)
    other = prepare(world, scenario, forms={"zero": "moving"})
    with pytest.raises(DataError, match=r"zero moving.* draw from declared ranges"):
        range_draws(world, other, 2, 1)
    assert fit_beside(world, prepare(world, as_recorded(world), forms=other.forms)) == (None, "")


def test_results_stand_beside_those_over_the_ranges_where_the_fit_is_of_the_theory(
    world: World, packaged: World
) -> None:
    def kinds(place: World, theory: str) -> list[str]:
        study = Study(place, (as_recorded(place),), (theory,), 2, 1)
        return [batch.kind for batch in study.batches()]

    assert kinds(world, world.default_theory) == [REFERENCE, RANGES, DOCUMENTS, FITTED]
    assert kinds(world, world.null_theory) == [REFERENCE, RANGES, DOCUMENTS]
    (world.directory / FILE).unlink()
    assert kinds(world, world.default_theory) == [REFERENCE, RANGES, DOCUMENTS]


def test_a_fit_leads_only_where_what_it_gains_out_of_sample_is_beyond_chance(
    world: World, content: dict[str, Any]
) -> None:
    assert read_posterior(world).beats_ranges
    content["held_out"]["error"] = 4.0
    write_sealed(world.directory / FILE, content)
    assert not read_posterior(world).beats_ranges
