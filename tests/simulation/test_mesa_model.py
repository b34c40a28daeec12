"""Mesa's face and the kernel's are one: the same bits, and a place for a person's policies."""

from __future__ import annotations

import numpy as np
import pytest
from mesa.batchrunner import batch_run

from eurasia_sim.compute.dimensions import CONSTRUCTS, DOMAINS
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.files.user_yaml import InputProblems
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.mesa_model import EurasiaModel, PolicyError, StateActor
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.world.world import load_world


@pytest.fixture(scope="module")
def world():
    return load_world()


def short(world, months: int, **arguments) -> EurasiaModel:
    """A model some months after the start of the record."""
    model = EurasiaModel("us_exit", world=world, seed=7, **arguments)
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
    model = EurasiaModel(scenario, world=world, theory=theory, seed=11)
    rows = []
    while model.running:
        model.step()
        rows.append(model.row.copy())
    assert len(rows) == inputs.months
    assert np.array(rows).tobytes() == outcome.trajectories[0].tobytes()
    assert model.date == world.date(inputs.months - 1)


def test_a_model_that_is_over_stays_as_it_is(world):
    model = short(world, 3)
    model.running = False
    before = model.row.tobytes()
    model.step()
    assert (model.month, model.row.tobytes()) == (3, before)


def test_the_same_seed_gives_the_same_model_and_none_a_new_one(world):
    first, second, other = (EurasiaModel(world=world, seed=seed) for seed in (3, 3, 4))
    for model in (first, second, other):
        model.step()
    assert first.row.tobytes() == second.row.tobytes() != other.row.tobytes()
    assert EurasiaModel(world=world).root_seed != EurasiaModel(world=world).root_seed
    drawn = EurasiaModel(world=world)
    again = EurasiaModel(world=world, seed=drawn.root_seed)
    for model in (drawn, again):
        model.step()
    assert drawn.row.tobytes() == again.row.tobytes()


def test_mesa_runs_it_in_batches(world):
    rows = batch_run(
        EurasiaModel,
        {
            "scenario": ["us_exit", "us_stays"],
            "seed": [1, 2],
            "world": world,
            "settings": [("rules.perception.contiguity=0.4",)],
        },
        max_steps=4,
        data_collection_period=1,
        display_progress=False,
    )
    assert {(row["scenario"], row["seed"]) for row in rows} == {
        ("us_exit", 1), ("us_exit", 2), ("us_stays", 1), ("us_stays", 2),
    }  # fmt: skip
    a, b = world.pairs[0]
    assert all(0 <= row[f"colocation.{a}-{b}.all"] <= 1 for row in rows)
    # The two scenarios share a past and every draw, so their first months are one.
    months = {
        key: [row for row in rows if (row["scenario"], row["seed"]) == key]
        for key in (("us_exit", 1), ("us_stays", 1))
    }
    (first, second) = months.values()
    assert [row[f"power.{a}"] for row in first] == [row[f"power.{a}"] for row in second]
    assert [row["Step"] for row in first] == [0, 1, 2, 3, 4]


def test_what_is_collected_are_the_months_measures_of_pairs_actors_and_theatres(world):
    model = short(world, 5)
    table = model.datacollector.get_model_vars_dataframe()
    assert len(table) == 5
    assert not table.isna().any().any()
    assert table.iloc[-1].to_dict() == {name: model.measures[name] for name in table.columns}
    measures = {name.split(".")[0] for name in table.columns}
    assert {"competition", "joint_share", "benefit", "burden", "stability", "hedging"} <= measures


def test_every_actor_is_an_agent_that_reads_its_own_row(world):
    model = short(world, 2)
    assert [agent.name for agent in model.agents] == list(world.actors)
    actor = model.actor(list(world.actors)[1])
    assert isinstance(actor, StateActor)
    state, theatre = model.present.state, list(world.theatres)[2]
    other = list(world.actors)[4]
    assert actor.power == state.power[1]
    assert actor.budget == state.budget[1]
    assert actor.standing == state.standing[1]
    assert actor.alignment_with(other) == state.alignment[1, 4]
    assert actor.threat_from(other) == state.threat[1, 4]
    assert actor.spillover_from(theatre) == state.spillover[1, 2]
    assert actor.recognition_of(theatre) == state.recognition[1, 2]
    assert actor.effort_in(theatre, "economic") == state.effort[1, 2, 1]
    assert actor.effort_in(theatre) == pytest.approx(state.effort[1, 2].sum())
    assert actor.influence_in(theatre, "security") == state.influence[1, 2, 0]
    assert actor.influence_in(theatre) == pytest.approx(state.influence[1, 2].mean())
    assert set(actor.interests) == set(CONSTRUCTS)
    rulers = [(agent.name, theatre) for agent in model.agents for theatre in agent.rules]
    assert len(rulers) == (state.ruler >= 0).sum()


@pytest.mark.parametrize("ask", ["alignment_with", "threat_from", "effort_in", "recognition_of"])
def test_a_mistyped_name_is_answered_with_the_nearest(world, ask):
    model = short(world, 0)
    known = list(world.actors) if ask in {"alignment_with", "threat_from"} else list(world.theatres)
    with pytest.raises(DataError, match=known[0]):
        getattr(model.actor(next(iter(world.actors))), ask)(known[0] + "x")


def test_a_policy_that_repeats_the_rules_choice_changes_next_to_nothing(world):
    name = next(iter(world.actors))
    by_rule, by_policy = (
        short(world, 6),
        short(world, 6, policies={name: lambda actor: actor.shares()}),
    )
    np.testing.assert_allclose(by_policy.row, by_rule.row, rtol=1e-12, atol=1e-14)


def test_a_policy_that_gives_none_leaves_the_rule_its_bits(world):
    by_rule, by_policy = (
        short(world, 6),
        short(world, 6, policies=dict.fromkeys(world.actors, lambda actor: None)),
    )
    assert by_policy.row.tobytes() == by_rule.row.tobytes()


def test_a_policy_decides_where_a_budget_goes(world):
    name, theatre = list(world.actors)[1], next(iter(world.theatres))
    model = short(world, 1, policies={name: lambda actor: {(theatre, "economic"): 0.25}})
    actor = model.actor(name)
    assert actor.effort_in(theatre, "economic") == pytest.approx(0.25 * actor.budget)
    assert sum(actor.effort_in(place) for place in world.theatres) == pytest.approx(
        0.25 * actor.budget
    )
    assert actor.shares()[theatre, "economic"] == pytest.approx(0.25)


def test_a_policy_sees_the_threats_of_its_month(world):
    one, other = list(world.actors)[:2]
    seen = []

    def watch(actor: StateActor) -> None:
        seen.append(actor.threat_from(other))

    model = short(world, 0, policies={one: watch})
    for _ in range(3):
        model.step()
        assert seen[-1] == model.actor(one).threat_from(other)


def test_policies_do_not_see_each_others_choices(world):
    names, theatre = list(world.actors)[:2], next(iter(world.theatres))
    by_rule = short(world, 1)
    seen = {}

    def policy(actor: StateActor) -> dict[tuple[str, str], float]:
        seen[actor.name] = [agent.effort_in(theatre) for agent in actor.model.agents]
        return {}

    short(world, 1, policies=dict.fromkeys(names, policy))
    assert (
        seen[names[0]] == seen[names[1]] == [agent.effort_in(theatre) for agent in by_rule.agents]
    )


@pytest.mark.parametrize(
    ("shares", "what"),
    [
        ({("{theatre}", "economic"): -0.1}, "= -0.1; a share is a number of 0 or more"),
        ({("{theatre}", "economic"): float("nan")}, "= nan; a share is a number"),
        ({("{theatre}", "economic"): "much"}, "= 'much'; a share is a number"),
        (
            {("{theatre}", domain): 0.4 for domain in DOMAINS},
            "shares sum to 1.2; together they are at most 1",
        ),
        ({("{theatre}x", "economic"): 0.1}, "{theatre}x is no theatre"),
        ({("{theatre}", "economics"): 0.1}, "economics is no domain"),
        ({"{theatre}": 0.1}, "is no (theatre, domain)"),
        (0.3, "it gave float"),
    ],
)
def test_a_policy_that_cannot_be_spent_is_answered_with_what_would_be_right(world, shares, what):
    name, theatre = list(world.actors)[1], next(iter(world.theatres))
    if isinstance(shares, dict):
        shares = {
            tuple(part.format(theatre=theatre) for part in place)
            if isinstance(place, tuple)
            else place: share
            for place, share in shares.items()
        }
    model = short(world, 0, policies={name: lambda actor: shares})
    with pytest.raises(PolicyError) as caught:
        model.step()
    assert str(caught.value).startswith(f"policy of {name} in {world.date(0)}: ")
    assert what.format(theatre=theatre) in str(caught.value)


def test_names_that_do_not_exist_are_refused_when_the_model_is_built(world):
    actor, theory = next(iter(world.actors)), world.default_theory
    with pytest.raises(DataError, match=f"{actor}x is no actor.*{actor}"):
        EurasiaModel(world=world, policies={f"{actor}x": lambda actor: None})
    with pytest.raises(DataError, match=f"{theory}s is no theory.*{theory}"):
        EurasiaModel(world=world, theory=f"{theory}s")
    with pytest.raises(DataError, match="treat is no form"):
        EurasiaModel(world=world, forms={"treat": "additive"})
    with pytest.raises(DataError, match="adding is no threat"):
        EurasiaModel(world=world, forms={"threat": "adding"})
    with pytest.raises(InputProblems):
        EurasiaModel("us_exits", world=world)
    with pytest.raises(InputProblems):
        EurasiaModel(world=world, settings=["rules.perception.distance_decay=1"])


def test_settings_theories_and_forms_reach_the_run(world):
    plain = short(world, 2)
    for arguments in (
        {"settings": ["rules.perception.contiguity=0.9"]},
        {"theory": "offensive_realism"},
        {"forms": {"threat": "additive"}},
    ):
        assert short(world, 2, **arguments).row.tobytes() != plain.row.tobytes()
    resolved = load_scenario("us_exit", world)
    assert EurasiaModel(resolved, world=world, seed=7).scenario == resolved
