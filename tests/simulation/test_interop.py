"""The exploratory modelling workbench drives a scenario; the examples of the pages run."""

import pickle

import numpy as np
import pytest
from tests.docs.tables import EXAMPLE, SHOWN, exampled

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation import interop
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.interop import Experiment, workbench_model
from eurasia_sim.simulation.parameter_draws import range_draws, ranges_of, run_seeds

MEASURES = ("competition.russia-china.central_asia", "joint_share.russia-china.central_asia")


def test_an_experiment_is_the_kernels_own_run_and_can_be_pickled(world):
    inputs = prepare(world, load_scenario("us_exit", world))
    draws = range_draws(world, inputs, 3, 5)
    draws.seeds[:] = run_seeds(5, 1)
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
    declared = ranges_of(world, prepare(world, load_scenario("us_exit", world)))
    drawn = {each.name: (each.lower_bound, each.upper_bound) for each in model.uncertainties}
    assert drawn == declared
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
