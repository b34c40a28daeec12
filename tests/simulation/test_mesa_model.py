"""Mesa's face and the kernel's are one: the same bits, and a place for a person's policies."""

import gc
import pickle
from weakref import ref

import numpy as np
import pytest
from mesa.batchrunner import batch_run

from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.mesa_model import EurasiaModel, PolicyError, StateActor
from eurasia_sim.simulation.parameter_draws import reference_draws


def stepped(world, months: int, **arguments) -> EurasiaModel:
    """A model some months after the start of the record."""
    model = EurasiaModel(**{"scenario": "us_exit", "world": world, "seed": 7, **arguments})
    for _ in range(months):
        model.step()
    return model


@pytest.mark.parametrize(
    ("scenario", "theory"), [("us_exit", None), ("thaw_russia", "offensive_realism")]
)
def test_stepping_the_model_gives_the_bits_of_the_compiled_run(world, scenario, theory):
    inputs = prepare(world, load_scenario(scenario, world), theory)
    everything = np.arange(len(inputs.columns))
    (outcome,) = run_paired([inputs], reference_draws(inputs, 1, 11), kept=everything)
    model, rows = EurasiaModel(scenario, world=world, theory=theory, seed=11), []
    while model.running:
        model.step()
        rows.append(model.row.copy())
    assert len(rows) == inputs.months
    assert np.array(rows).tobytes() == outcome.trajectories[0].tobytes()
    assert model.date == world.date(inputs.months - 1)
    model.step()  # a model that is over stays as it is
    assert (model.month, model.row.tobytes()) == (inputs.months, rows[-1].tobytes())


def test_a_model_that_nobody_holds_is_forgotten(world):
    held = stepped(world, 1)
    left = ref(stepped(world, 1))
    gc.collect()
    assert left() is None
    numbers = [actor.unique_id for actor in held.states.values()]
    assert numbers == [*range(1, len(world.actors) + 1)]


def test_the_same_seed_gives_the_same_model_and_none_a_new_one(world):
    first, second, other = (stepped(world, 1, seed=seed) for seed in (3, 3, 4))
    assert first.row.tobytes() == second.row.tobytes() != other.row.tobytes()
    assert pickle.loads(pickle.dumps(first)).row.tobytes() == first.row.tobytes()  # noqa: S301
    drawn = stepped(world, 1, seed=None)
    assert drawn.root_seed != EurasiaModel(world=world).root_seed
    assert drawn.row.tobytes() == stepped(world, 1, seed=drawn.root_seed).row.tobytes()


def test_mesa_runs_it_in_batches_and_collects_the_measures_of_every_month(world):
    names, (a, b) = ("us_exit", "us_stays"), world.pairs[0]
    parameters = {
        "scenario": names, "seed": [1, 2], "world": world,
        "settings": [("rules.perception.contiguity=0.4",)],
    }  # fmt: skip
    rows = batch_run(
        EurasiaModel, parameters, max_steps=4, data_collection_period=1, display_progress=False
    )
    cases = {
        (name, seed): [row for row in rows if (row["scenario"], row["seed"]) == (name, seed)]
        for name in names for seed in (1, 2)
    }  # fmt: skip
    assert [row["Step"] for own in cases.values() for row in own] == [0, 1, 2, 3, 4] * 4
    assert all(0 <= row[f"colocation.{a}-{b}.all"] <= 1 for row in rows)
    # The two scenarios share a past and every draw, so their first months are one.
    first, second = ([row[f"power.{a}"] for row in cases[name, 1]] for name in names)
    assert first == second
    model = stepped(world, 5)
    table = model.datacollector.get_model_vars_dataframe()
    assert len(table) == 5
    assert not table.isna().any().any()
    assert table.iloc[-1].to_dict() == {name: model.measures[name] for name in table.columns}
    measures = {name.split(".")[0] for name in table.columns}
    assert {"competition", "joint_share", "benefit", "burden", "stability", "hedging"} <= measures


def test_every_actor_is_an_agent_that_reads_its_own_row(world):
    model = stepped(world, 2)
    assert [agent.name for agent in model.agents] == list(world.actors)
    actor = model.actor(list(world.actors)[1])
    state, theatre, other = model.state, list(world.theatres)[2], list(world.actors)[4]
    for found, held in (
        (actor.power, state.power[1]), (actor.budget, state.budget[1]),
        (actor.standing, state.standing[1]), (actor.alignment_with(other), state.alignment[1, 4]),
        (actor.threat_from(other), state.threat[1, 4]),
        (actor.spillover_from(theatre), state.spillover[1, 2]),
        (actor.recognition_of(theatre), state.recognition[1, 2]),
        (actor.effort_in(theatre, "economic"), state.effort[1, 2, 1]),
        (actor.effort_in(theatre), pytest.approx(state.effort[1, 2].sum())),
        (actor.influence_in(theatre, "security"), state.influence[1, 2, 0]),
        (actor.influence_in(theatre), pytest.approx(state.influence[1, 2].mean())),
        (set(actor.interests), set(CONSTRUCTS)),
        (sum(len(agent.rules) for agent in model.agents), (state.ruler >= 0).sum()),
    ):  # fmt: skip
        assert found == held


def test_a_policy_decides_where_a_budget_goes_and_none_or_the_rules_choice_changes_nothing(world):
    name, theatre, by_rule = list(world.actors)[1], next(iter(world.theatres)), stepped(world, 6)
    repeats = stepped(world, 6, policies={name: lambda actor: actor.shares()})
    np.testing.assert_allclose(repeats.row, by_rule.row, rtol=1e-12, atol=1e-14)
    leaves = stepped(world, 6, policies=dict.fromkeys(world.actors, lambda actor: None))
    assert leaves.row.tobytes() == by_rule.row.tobytes()
    model = stepped(world, 1, policies={name: lambda actor: {(theatre, "economic"): 0.25}})
    actor = model.actor(name)
    spent = pytest.approx(0.25 * actor.budget)
    assert actor.effort_in(theatre, "economic") == spent
    assert sum(actor.effort_in(place) for place in world.theatres) == spent
    assert actor.shares()[theatre, "economic"] == pytest.approx(0.25)


def test_policies_see_the_threats_of_the_month_and_not_each_others_choices(world):
    names, theatre = list(world.actors)[:2], next(iter(world.theatres))
    seen = {}

    def policy(actor: StateActor) -> dict[tuple[str, str], float]:
        efforts = [agent.effort_in(theatre) for agent in actor.model.agents]
        seen[actor.name] = (efforts, actor.threat_from(names[1 - names.index(actor.name)]))
        return {}

    model = stepped(world, 1, policies=dict.fromkeys(names, policy))
    efforts = [agent.effort_in(theatre) for agent in stepped(world, 1).agents]
    assert seen[names[0]][0] == seen[names[1]][0] == efforts
    assert seen[names[0]][1] == model.actor(names[0]).threat_from(names[1])


@pytest.mark.parametrize(
    ("place", "share", "message"),
    [
        (("{theatre}", "economic"), -0.1, "= -0.1; a share is a number of 0 or more"),
        (("{theatre}", "economic"), float("nan"), "= nan; a share is a number"),
        (("{theatre}", "economic"), "much", "= 'much'; a share is a number"),
        (("{theatre}", "economic"), 1.2, "shares sum to 1.2; together they are at most 1"),
        (("{theatre}x", "economic"), 0.1, "{theatre}x is no theatre"),
        (("{theatre}", "economics"), 0.1, "economics is no domain"),
        ("{theatre}", 0.1, "is no (theatre, domain)"),
        (None, 0.3, "it gave float"),
    ],
)
def test_a_policy_that_cannot_be_spent_is_told_what_would_be_right(world, place, share, message):
    name, theatre = list(world.actors)[1], next(iter(world.theatres))
    if isinstance(place, tuple):
        place = tuple(part.format(theatre=theatre) for part in place)
    shares = share if place is None else {place: share}
    model = stepped(world, 0, policies={name: lambda actor: shares})
    with pytest.raises(PolicyError) as caught:
        model.step()
    assert str(caught.value).startswith(f"policy of {name} in {world.date(0)}: ")
    assert message.format(theatre=theatre) in str(caught.value)


def test_settings_theories_and_forms_reach_the_run_and_unknown_names_do_not(world):
    model = stepped(world, 2)
    for arguments in (
        {"settings": ["rules.perception.contiguity=0.9"]},
        {"theory": "offensive_realism"},
        {"forms": {"zero": "moving"}},
    ):
        assert stepped(world, 2, **arguments).row.tobytes() != model.row.tobytes()
    resolved = load_scenario("us_exit", world)
    assert EurasiaModel(resolved, world=world, seed=7).scenario == resolved
    for method in ("alignment_with", "recognition_of"):
        with pytest.raises(DataError, match="nobody is no "):
            getattr(model.actor("china"), method)("nobody")
    for wrong in ({"policies": {"nobody": None}}, {"forms": {"nobody": "moving"}}):
        with pytest.raises(DataError, match="nobody is no "):
            EurasiaModel(world=world, **wrong)
