"""A recorded fit: read again, drawn from, cut, and refused where it is of another world."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.posterior import FILE, FORMAT, read_posterior, text_of
from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import fit_beside, range_draws, ranges_of
from eurasia_sim.simulation.results import write_sealed
from eurasia_sim.simulation.run import DOCUMENTS, FITTED, RANGES, REFERENCE, Study
from eurasia_sim.world.world import load_world

MEMBERS = 150
HEAD = 'format: 2\ntitle: x\ndeparts: "2023-01"\n'


@pytest.fixture(scope="module")
def packaged():
    return load_world()


@pytest.fixture(scope="module")
def paths(packaged):
    """Two numbers of the rules."""
    inputs = prepare(packaged, as_recorded(packaged))
    return [path for path in ranges_of(packaged, inputs) if path.startswith("rules.")][:2]


@pytest.fixture
def content(packaged, paths):
    """A posterior whose members lie evenly in the lower half of two ranges, the same in both."""
    shares = np.linspace(0.0, 0.5, MEMBERS)
    numbers = [packaged.numbers[path] for path in paths]
    held = {"targets": 9, "declared": -9.0, "fitted": -3.0, "gain": 6.0, "error": 2.0}
    return {
        "format": FORMAT, "digests": {"world": packaged.digest},
        "theory": packaged.default_theory, "until": 2020, "held_out": held,
        "numbers": {n.path: text_of(n.low + (n.high - n.low) * shares) for n in numbers},
    }  # fmt: skip


@pytest.fixture
def world(packaged, tmp_path, content):
    write_sealed(tmp_path / FILE, content)
    return replace(packaged, directory=tmp_path)


@pytest.fixture
def fitted(world):
    """Inputs of the record under the posterior, with changes."""
    posterior = read_posterior(world)

    def made(**changes):
        return prepare(world, replace(as_recorded(world), posterior=posterior, **changes))

    return made


def test_draws_are_dealt_from_members_and_every_other_number_keeps_its_range(world, paths, fitted):
    draws = range_draws(world, fitted(), 2 * MEMBERS, 11)
    pairs = zip(*(draws.drawn[path].tolist() for path in paths), strict=True)
    assert set(Counter(pairs).values()) == {2}  # each member twice, its numbers together
    free = range_draws(world, prepare(world, as_recorded(world)), 2 * MEMBERS, 11)
    assert all((draws.drawn[p] == free.drawn[p]).all() for p in free.drawn if p not in paths)
    later = range_draws(world, fitted(), 10, 11, first=40)
    assert (later.drawn[paths[0]] == draws.drawn[paths[0]][40:50]).all()


def test_a_fixed_number_stays_fixed_and_a_cut_leaves_out_members(world, paths, fitted):
    number = world.numbers[paths[0]]
    draws = range_draws(world, fitted(fixed={number.path: number.value}), 4, 1)
    assert number.path not in draws.drawn
    assert set(draws.rules[number.path.rsplit(".", 1)[1]]) == {number.value}

    def cut(share):
        ends = number.low, number.low + (number.high - number.low) * share
        return range_draws(world, fitted(uncertain={number.path: ends}), 300, 1)

    assert len(set(cut(0.4).drawn[paths[1]].tolist())) == 120
    with pytest.raises(DataError, match=f"{number.path}.* leave 90 of 150 .*at least 100"):
        cut(0.3)


def test_a_scenario_may_name_the_posterior_and_its_child_may_cut_it(world, paths):
    folder, number = world.directory, world.numbers[paths[0]]
    (folder / "fitted.yaml").write_text(f"{HEAD}uncertain: posterior\n")
    ends = [number.low, (number.low + number.high) / 2]
    (folder / "cut.yaml").write_text(f"{HEAD}extends: fitted\nuncertain: {{{paths[0]}: {ends}}}\n")
    found, child = (load_scenario(folder / f"{name}.yaml", world) for name in ("fitted", "cut"))
    assert found.posterior == child.posterior == read_posterior(world)
    assert found.resolved()["uncertain"] == "posterior"
    assert child.resolved()["uncertain"] == {paths[0]: ends}
    assert len({found.digest, child.digest, replace(found, posterior=None).digest}) == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 1}, "format is 1, this version reads 2"),
        ({"digests": {"world": "0" * 64}}, "another version of the world"),
        ({"numbers": {"rules.none": "1"}}, "rules.none is no number"),
        ({"numbers": {"rules.none": [1]}}, "missing or of another kind"),
        ({"until": None}, "missing or of another kind"),
    ],
)
def test_a_scenario_that_names_a_posterior_of_another_kind_is_told_so(world, content, change, said):
    write_sealed(world.directory / FILE, content | change)
    question = world.directory / "fitted.yaml"
    question.write_text(f"{HEAD}uncertain: posterior\n")
    with pytest.raises(DataError) as told:
        load_scenario(question, world)
    (problem,) = told.value.problems
    assert problem.line == 4
    assert said in problem.message
    assert fit_beside(world, prepare(world, as_recorded(world))) == (None, problem.message)


def test_a_posterior_of_another_theory_or_of_other_forms_is_refused(world, fitted):
    scenario = fitted().scenario
    with pytest.raises(DataError, match="run it with that theory"):
        range_draws(world, prepare(world, scenario, world.null_theory), 2, 1)
    other = prepare(world, scenario, forms={"zero": "moving"})
    with pytest.raises(DataError, match=r"zero moving.* draw from declared ranges"):
        range_draws(world, other, 2, 1)
    assert fit_beside(world, prepare(world, as_recorded(world), forms=other.forms)) == (None, "")


def test_results_stand_beside_those_over_the_ranges_where_the_fit_is_of_the_theory(world):
    def kinds(theory):
        study = Study(world, (as_recorded(world),), (theory,), 2, 1)
        return [batch.kind for batch in study.batches()]

    assert kinds(world.default_theory) == [REFERENCE, RANGES, DOCUMENTS, FITTED]
    assert kinds(world.null_theory) == [REFERENCE, RANGES, DOCUMENTS]
    (world.directory / FILE).unlink()
    assert kinds(world.default_theory) == [REFERENCE, RANGES, DOCUMENTS]


def test_a_fit_leads_only_where_what_it_gains_out_of_sample_is_beyond_chance(world, content):
    assert read_posterior(world).beats_ranges
    content["held_out"]["error"] = 4.0
    write_sealed(world.directory / FILE, content)
    assert not read_posterior(world).beats_ranges
