"""A recorded fit: read again, drawn from, cut, and refused where it is of another world."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from eurasia_sim.compute.jit import model_version
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.posterior import FILE, FORMAT, read_posterior, text_of
from eurasia_sim.scenarios.scenario import as_recorded, load_scenario
from eurasia_sim.scenarios.writer import file_text
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import fit_beside, range_draws, ranges_of
from eurasia_sim.simulation.results import write_sealed
from eurasia_sim.simulation.run import DOCUMENTS, FITTED, RANGES, REFERENCE, Study
from eurasia_sim.world.world import load_world

MEMBERS = 150
HEAD = 'format: 2\ntitle: x\ndeparts: "2023-01"\n'


@pytest.fixture
def content(world):
    """A posterior whose members lie evenly in the lower half of two ranges, the same in both."""
    paths = [p for p in ranges_of(world, prepare(world, as_recorded(world))) if p[:6] == "rules."]
    shares = np.linspace(0.0, 0.5, MEMBERS)
    numbers = [world.numbers[path] for path in paths[:2]]
    held = {"targets": 9, "declared": -9.0, "fitted": -3.0, "gain": 6.0, "error": 2.0}
    return {
        "format": FORMAT, "digests": {"world": world.digest, "model": model_version()},
        "theory": world.default_theory, "until": 2020, "held_out": held,
        "numbers": {n.path: text_of(n.low + (n.high - n.low) * shares) for n in numbers},
    }  # fmt: skip


@pytest.fixture
def world(tmp_path):
    return replace(load_world(), directory=tmp_path)


@pytest.fixture
def numbers(world, content):
    """The two numbers of the recorded fit."""
    write_sealed(world.directory / FILE, content)
    return [world.numbers[path] for path in content["numbers"]]


def fitted(world, **changes):
    """Inputs of the record under the posterior, with changes."""
    return prepare(world, replace(as_recorded(world), posterior=read_posterior(world), **changes))


def test_draws_are_dealt_from_members_and_every_other_number_keeps_its_range(world, numbers):
    one, other = (number.path for number in numbers)
    draws = range_draws(world, fitted(world), 2 * MEMBERS, 11)
    pairs = zip(draws.drawn[one].tolist(), draws.drawn[other].tolist(), strict=True)
    assert set(Counter(pairs).values()) == {2}  # each member twice, its numbers together
    free = range_draws(world, prepare(world, as_recorded(world)), 2 * MEMBERS, 11)
    assert all((draws.drawn[p] == free.drawn[p]).all() for p in free.drawn if p not in (one, other))
    later = range_draws(world, fitted(world), 10, 11, first=40)
    assert (later.drawn[one] == draws.drawn[one][40:50]).all()


def test_a_fixed_number_stays_fixed_and_a_cut_leaves_out_members(world, numbers):
    number, other = numbers
    draws = range_draws(world, fitted(world, fixed={number.path: number.value}), 4, 1)
    assert number.path not in draws.drawn
    assert set(draws.rules[number.path.rsplit(".", 1)[1]]) == {number.value}

    def cut(share):
        ends = number.low, number.low + (number.high - number.low) * share
        return range_draws(world, fitted(world, uncertain={number.path: ends}), 300, 1)

    assert len(set(cut(0.4).drawn[other.path].tolist())) == 120
    with pytest.raises(DataError, match=f"{number.path}.* leave 90 of 150 .*at least 100"):
        cut(0.3)


def test_a_scenario_may_name_the_posterior_and_its_child_may_cut_it(world, numbers):
    folder, number = world.directory, numbers[0]
    (folder / "fitted.yaml").write_text(f"{HEAD}uncertain: posterior\n")
    ends = [number.low, (number.low + number.high) / 2]
    cut = f"extends: fitted\nuncertain: {{{number.path}: {ends}}}\n"
    (folder / "cut.yaml").write_text(f"{HEAD}{cut}")
    found, child = (load_scenario(folder / f"{name}.yaml", world) for name in ("fitted", "cut"))
    assert found.posterior == child.posterior == read_posterior(world)
    assert found.resolved()["uncertain"] == "posterior"
    assert child.resolved()["uncertain"] == {number.path: ends}
    assert len({found.digest, child.digest, replace(found, posterior=None).digest}) == 3
    assert 'uncertain: "posterior"' in file_text(found, world)
    with pytest.raises(DataError, match=f"one file cannot draw .* narrow {number.path}"):
        file_text(replace(found, fixed={number.path: number.value}), world)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 1}, "format is 1, this version reads 2"),
        ({"digests": {"world": "0" * 64, "model": "0"}}, "another version of the world (0"),
        ({"digests": {"model": "0" * 12}}, "another version of the model (0"),
        ({"numbers": {"rules.none": "1"}}, "rules.none is no number"),
        ({"numbers": {"rules.none": [1]}}, "missing or of another kind"),
        ({"until": None}, "missing or of another kind"),
    ],
)
def test_a_scenario_that_names_a_posterior_of_another_kind_is_told_so(world, content, change, said):
    digests = content["digests"] | change.get("digests", {})
    write_sealed(world.directory / FILE, content | change | {"digests": digests})
    question = world.directory / "fitted.yaml"
    question.write_text(f"{HEAD}uncertain: posterior\n")
    with pytest.raises(DataError) as told:
        load_scenario(question, world)
    (problem,) = told.value.problems
    assert problem.line == 4
    assert said in problem.message
    assert fit_beside(world, prepare(world, as_recorded(world))) == (None, problem.message)


@pytest.mark.usefixtures("numbers")
def test_a_posterior_of_another_theory_or_of_other_forms_is_refused(world):
    scenario = fitted(world).scenario
    with pytest.raises(DataError, match="run it with that theory"):
        range_draws(world, prepare(world, scenario, world.null_theory), 2, 1)
    other = prepare(world, scenario, forms={"zero": "moving"})
    with pytest.raises(DataError, match=r"zero moving.* draw from declared ranges"):
        range_draws(world, other, 2, 1)
    assert fit_beside(world, prepare(world, as_recorded(world), forms=other.forms)) == (None, "")


@pytest.mark.usefixtures("numbers")
def test_results_stand_beside_the_ranges_and_lead_where_the_gain_is_beyond_chance(world, content):
    def kinds(theory):
        study = Study(world, (as_recorded(world),), (theory,), 2, 1)
        return [batch.kind for batch in study.batches()]

    assert kinds(world.default_theory) == [REFERENCE, RANGES, DOCUMENTS, FITTED]
    assert kinds(world.null_theory) == [REFERENCE, RANGES, DOCUMENTS]
    assert read_posterior(world).beats_ranges
    content["held_out"]["error"] = 4.0
    write_sealed(world.directory / FILE, content)
    assert not read_posterior(world).beats_ranges
    (world.directory / FILE).unlink()
    assert kinds(world.default_theory) == [REFERENCE, RANGES, DOCUMENTS]
