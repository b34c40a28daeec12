"""Mesa's face and the kernel's are one, to the bit; the workbench drives a scenario alike."""

import gc
import pickle
from weakref import ref

import numpy as np
import pytest
from mesa.batchrunner import batch_run
from tests.docs.tables import EXAMPLE, SHOWN, exampled

from eurasia_sim.compute.dimensions import CONSTRUCTS
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation import interop, parameter_draws
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.interop import Experiment, workbench_model
from eurasia_sim.simulation.mesa_model import EurasiaModel, PolicyError

MEASURES = ("competition.russia-china.central_asia", "joint_share.russia-china.central_asia")


def stepped(world, months, **arguments):
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
    draws, kept = parameter_draws.reference_draws(inputs, 1, 11), np.arange(len(inputs.columns))
    (outcome,) = run_paired([inputs], draws, kept=kept)
    model, rows = EurasiaModel(scenario, world=world, theory=theory, seed=11), []
    while model.running:
        model.step()
        rows.append(model.row.copy())
    assert len(rows) == inputs.months
    assert np.array(rows).tobytes() == outcome.trajectories[0].tobytes()
    assert model.date == world.date(inputs.months - 1)
    model.step()  # a model that is over stays as it is
    assert (model.month, model.row.tobytes()) == (inputs.months, rows[-1].tobytes())


def test_the_same_seed_gives_the_same_model_none_a_new_one_and_nobody_s_is_forgotten(world):
    first, second, other = (stepped(world, 1, seed=seed) for seed in (3, 3, 4))
    assert first.row.tobytes() == second.row.tobytes() != other.row.tobytes()
    assert pickle.loads(pickle.dumps(first)).row.tobytes() == first.row.tobytes()  # noqa: S301
    drawn = stepped(world, 1, seed=None)
    assert drawn.root_seed != EurasiaModel(world=world).root_seed
    assert drawn.row.tobytes() == stepped(world, 1, seed=drawn.root_seed).row.tobytes()
    left = ref(stepped(world, 1))
    gc.collect()
    assert left() is None
    numbers = [actor.unique_id for actor in first.states.values()]
    assert numbers == [*range(1, len(world.actors) + 1)]


def test_mesa_runs_it_in_batches_and_collects_the_measures_of_every_month(world):
    parameters = {"scenario": ["us_exit", "us_stays"], "seed": [1, 2], "world": world}
    how = {"max_steps": 4, "data_collection_period": 1, "display_progress": False}
    rows, (a, b) = batch_run(EurasiaModel, parameters, **how), world.pairs[0]
    cases = {}
    for row in rows:
        cases.setdefault((row["scenario"], row["seed"]), []).append(row)
    assert [[row["Step"] for row in own] for own in cases.values()] == [[0, 1, 2, 3, 4]] * 4
    assert all(0 <= row[f"colocation.{a}-{b}.all"] <= 1 for row in rows)
    # The two scenarios share a past and every draw, so their first months are one.
    pair = (cases[name, 1] for name in parameters["scenario"])
    first, second = ([row[f"power.{a}"] for row in own] for own in pair)
    assert first == second
    model = stepped(world, 5)
    table = model.datacollector.get_model_vars_dataframe()
    assert (len(table), table.isna().any(axis=None)) == (5, False)
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
    names, theatre, seen = list(world.actors)[:2], next(iter(world.theatres)), {}

    def policy(actor):
        efforts = [agent.effort_in(theatre) for agent in actor.model.agents]
        seen[actor.name] = (efforts, actor.threat_from(names[1 - names.index(actor.name)]))
        return {}

    model = stepped(world, 1, policies=dict.fromkeys(names, policy))
    efforts = [agent.effort_in(theatre) for agent in stepped(world, 1).agents]
    assert seen[names[0]][0] == seen[names[1]][0] == efforts
    assert seen[names[0]][1] == model.actor(names[0]).threat_from(names[1])


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({("afghanistan", "economic"): -0.1}, "= -0.1; a share is a number of 0 or more"),
        ({("afghanistan", "economic"): float("nan")}, "= nan; a share is a number"),
        ({("afghanistan", "economic"): "much"}, "= 'much'; a share is a number"),
        ({("afghanistan", "economic"): 1.2}, "shares sum to 1.2; together they are at most 1"),
        ({("afghanistann", "economic"): 0.1}, "afghanistann is no theatre"),
        ({("afghanistan", "economics"): 0.1}, "economics is no domain"),
        ({"afghanistan": 0.1}, "is no (theatre, domain)"),
        (0.3, "it gave float"),
    ],
)
def test_a_policy_that_cannot_be_spent_is_told_what_would_be_right(world, shares, message):
    model = stepped(world, 0, policies={"china": lambda actor: shares})
    with pytest.raises(PolicyError) as caught:
        model.step()
    assert str(caught.value).startswith(f"policy of china in {world.date(0)}: ")
    assert message in str(caught.value)


def test_settings_theories_and_forms_reach_the_run_and_unknown_names_do_not(world):
    model = stepped(world, 2)
    for arguments in (
        {"settings": ["rules.perception.contiguity=0.9"]},
        {"theory": "offensive_realism"},
        {"forms": {"zero": "moving"}},
    ):
        assert stepped(world, 2, **arguments).row.tobytes() != model.row.tobytes()
    for ask in (
        lambda: model.actor("china").alignment_with("nobody"),
        lambda: EurasiaModel(world=world, policies={"nobody": None}),
        lambda: EurasiaModel(world=world, forms={"nobody": "moving"}),
    ):
        with pytest.raises(DataError, match="nobody is no "):
            ask()


def test_an_experiment_is_the_kernels_own_run_and_can_be_pickled(world):
    inputs = prepare(world, load_scenario("us_exit", world))
    draws = parameter_draws.range_draws(world, inputs, 3, 5)
    draws.seeds[:] = parameter_draws.run_seeds(5, 1)
    (outcome,) = run_paired([inputs], draws, (inputs.scenario.departs or 0, inputs.months))
    columns = [inputs.columns.index(measure) for measure in MEASURES]
    run = Experiment("us_exit", None, MEASURES, None, 1, 5)
    assert pickle.loads(pickle.dumps(run)) == run  # noqa: S301 - it is our own
    for r in range(3):
        found = run(**{path: values[r] for path, values in draws.drawn.items()})
        assert list(found.values()) == outcome.means[r, columns].tolist()


@pytest.mark.filterwarnings("ignore")  # of the workbench
def test_the_workbench_draws_what_is_declared_and_chooses_among_scenarios(world):
    model = workbench_model(["us_exit", "us_stays"], MEASURES)
    inputs = prepare(world, load_scenario("us_exit", world))
    drawn = {each.name: (each.lower_bound, each.upper_bound) for each in model.uncertainties}
    assert drawn == parameter_draws.ranges_of(world, inputs)
    from ema_workbench import SequentialEvaluator

    with SequentialEvaluator(model) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios=3, policies=4)
    assert len(experiments) == 12
    assert set(experiments["scenario_name"]) == {"us_exit", "us_stays"}
    assert all(np.isfinite(outcomes[measure]).all() for measure in MEASURES)
    # Two policies of one scenario, in one state of the world, are one run: they share their luck.
    table = experiments[["scenario", "scenario_name"]].assign(found=outcomes[MEASURES[0]])
    assert (table.groupby(["scenario", "scenario_name"])["found"].nunique() == 1).all()


def test_a_lever_is_set_from_the_month_in_which_the_scenario_departs(world):
    actor, theatre = next(iter(world.pairs))[0], next(iter(world.theatres))
    path = f"presence.{actor}.{theatre}.forces"
    run = Experiment("us_stays", None, (f"benefit.{actor}",), None, 1, 7)
    assert run(**{path: 0.0}) != run(**{path: 50000})
    model = workbench_model("us_stays", [f"benefit.{actor}"], decided={path: (0, 50000)})
    assert [lever.name for lever in model.levers] == [path]


def test_a_failed_run_is_missing_and_not_the_outcome_of_the_one_before(monkeypatch):
    run = Experiment("us_exit", None, MEASURES, None, 2, 7)
    assert np.isfinite(list(run().values())).all()

    def breaks(inputs, draws, window):
        found = run_paired(inputs, draws, window)
        found[0].means[1] = np.nan  # what the kernel leaves of a run that ended in no number
        return found

    monkeypatch.setattr(interop, "run_paired", breaks)
    assert np.isnan(list(run().values())).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"measures": ["competition.russia-china.central_asai"]}, "did you mean .*central_asia"),
        ({"decided": {"presense.china.kazakhstan.forces": (0, 100)}}, "presence"),
        ({"decided": {"presence.china.kazakhstan.forces": (200, 100)}}, "200 to 100 is no range"),
        ({"decided": {"presence.china.kazakhstan.forces": (0, 0.1)}}, "0.1 is 10000 now"),
        ({"decided": {"presence.china.kazakhstann.forces": (0, 100)}}, "kazakhstan"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(given, message):
    with pytest.raises(DataError, match=message):
        workbench_model(**{"scenarios": "us_exit", "measures": MEASURES, **given})


@pytest.mark.slow
@pytest.mark.parametrize("page", SHOWN)
def test_the_examples_of_a_page_print_what_stands_beneath_them(page):
    text = page.read_text(encoding="utf-8")
    assert len(EXAMPLE.findall(text)) == 2
    assert exampled(text) == text, "run: python -m tests.docs.tables"
