"""The shipped series follow from the providers' tables; free forecasts err as studies say."""

import numpy as np
import pandas as pd
import pytest
from tests.observations.derivations import SERIES, derived

from eurasia_sim.observations.baselines import FREE
from eurasia_sim.observations.loader import FOLDER, Series
from eurasia_sim.observations.skill import rolled


def test_every_shipped_table_has_its_derivation(world):
    assert {path.stem for path in (world.directory / FOLDER).glob("*.csv")} == set(SERIES)


@pytest.mark.sources
@pytest.mark.parametrize("name", SERIES)
def test_a_shipped_table_is_what_the_providers_table_says(world, datasets, name):
    shipped = pd.read_csv(world.directory / FOLDER / f"{name}.csv")
    found = derived(name, datasets)[list(shipped)]
    pd.testing.assert_frame_equal(shipped, found, check_dtype=False)


def errors(series: Series, target: str, first: int) -> dict[str, float]:
    """RMSE of every free baseline three years ahead, over origins whose targets begin so late."""
    found = rolled(series, FREE, 3, target)  # type: ignore[arg-type]
    kept = series.years[found.ends - 1] + (1 if target == "change" else 3) >= first
    means = zip(found.methods, found.means, strict=True)
    squares = {name: (found.truth - each)[kept] ** 2 for name, each in means}
    return {name: float(np.sqrt(np.nanmean(each))) for name, each in squares.items()}


# RMSE of last value, three-year mean, own mean and thirds, three years ahead, as measured by others
# on the same tables: votes and agreement on 2013-20, events and disputes on 2008-14.
METHODS = ("last value", "three-year mean", "own mean", "thirds")
MEASURED = {
    ("votes_distance", "change", 2013): (0.237, 0.193, 0.238, 0.191),
    ("votes_distance", "level", 2013): (0.291, 0.252, 0.287, None),
    ("votes_agreement", "change", 2013): (0.037, 0.036, 0.041, 0.033),
    ("votes_agreement", "level", 2013): (0.054, 0.048, 0.047, None),
    ("events_icews", "change", 2008): (0.709, 0.572, 0.553, 0.537),
    ("events_icews", "level", 2008): (0.896, 0.789, 0.751, None),
    ("disputes", "change", 2008): (0.150, 0.119, 0.122, 0.115),
    ("disputes", "level", 2008): (0.208, 0.184, 0.181, None),
    ("exercises", "change", 2000): (0.316, 0.271, 0.272, 0.256),
}


@pytest.mark.parametrize("case", MEASURED)
def test_free_forecasts_of_dyads_err_as_measured_elsewhere(observed, case):
    name, target, first = case
    found = errors(observed[name].relative(), target, first)
    for method, wanted in zip(METHODS, MEASURED[case], strict=True):
        if wanted is not None:
            assert found[method] == pytest.approx(wanted, rel=0.08), method


def test_free_forecasts_of_trade_err_as_measured_elsewhere(observed):
    found = errors(observed["trade_ratio"], "level", 2011)
    assert found["last value"] == pytest.approx(0.594, abs=0.01)
    assert found["half trend"] == pytest.approx(0.521, abs=0.01)
    assert found["log trend"] == pytest.approx(0.678, abs=0.05)


def test_free_forecasts_of_deaths_err_as_measured_elsewhere(observed):
    deaths = observed["deaths"]
    for name, years, wanted in (
        ("last value", 7, 1.0),
        ("three-year mean", 7, 1.0),
        ("level trend", 12, 0.29),
    ):
        found = FREE[name](deaths.until(2020 - years), tuple(range(1, years + 1)))[0]
        error = np.sqrt(np.mean((found - deaths.values[0, -years:]) ** 2))
        assert error == pytest.approx(wanted, abs=0.02), name


def test_the_seven_exercises_are_seven_events_and_three_of_them_joint(world):
    shipped = pd.read_csv(world.directory / FOLDER / "joint_exercises.csv")
    assert (shipped["n"].sum(), shipped["value"].sum()) == (7, 3)
