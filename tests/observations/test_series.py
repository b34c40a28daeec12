"""Series are read with their place, follow from the providers' tables, and err as studies say."""

import numpy as np
import pandas as pd
import pytest
from tests.observations.derivations import SERIES, derived
from tests.observations.small import CSV, YAML, beside

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.baselines import FREE, gravity_of
from eurasia_sim.observations.loader import FOLDER, Series, load_observations
from eurasia_sim.observations.skill import rolled
from eurasia_sim.validation.measured import compared


@pytest.fixture(scope="module")
def observed(world) -> dict[str, Series]:
    return load_observations(world)


def test_a_table_becomes_a_series_on_the_linked_scale_and_is_read_again_when_it_changes(
    world, tmp_path
):
    there = beside(world, tmp_path)
    found = load_observations(there)["talks"]
    assert found.units == (("russia", "china"), ("russia", "united_states"))
    assert found.values[0] == pytest.approx(np.log([2, 3, 4]))
    assert found.errors[0, 0] == pytest.approx(np.sqrt(1.5) / 2)
    assert list(found.groups) == [0, 1]
    assert found.columns(("russia", "china")) == ["alignment.russia.china"]
    assert list(found.until(2002).years) == [2001, 2002]
    assert found.only(found.groups == 0).units == (("russia", "china"),)
    assert load_observations(there)["talks"] is found
    (tmp_path / FOLDER / "talks.csv").write_text(CSV.replace("china,1", "china,10"))
    assert load_observations(there)["talks"].values[0, 0] == pytest.approx(np.log(11))


def test_the_packaged_items_are_good_end_in_2020_and_have_their_derivations(world, observed):
    items = observed.values()
    assert len(items) == 19
    assert max(int(each.years[-1]) for each in items) == 2020
    assert {each.item.use for each in items} == {"fits", "scores", "input"}
    assert all(np.isfinite(each.errors[np.isfinite(each.values)]).all() for each in items)
    assert len(observed["deaths"].units) == 1
    assert {path.stem for path in (world.directory / FOLDER).glob("*.csv")} == set(SERIES)
    shipped = pd.read_csv(world.directory / FOLDER / "joint_exercises.csv")
    assert (shipped["n"].sum(), shipped["value"].sum()) == (7, 3)


@pytest.mark.sources
@pytest.mark.parametrize("name", SERIES)
def test_a_shipped_table_is_what_the_providers_table_says(world, datasets, name):
    shipped = pd.read_csv(world.directory / FOLDER / f"{name}.csv")
    found = derived(name, datasets)[list(shipped)]
    pd.testing.assert_frame_equal(shipped, found, check_dtype=False)


ROW, LAST, USE = "2002,russia,china,2", "2003,russia,china,3", "use: fits"
TABLE = [
    ("year,state", "jahr,state", "1: the columns are jahr"),
    (ROW, "2001,russia,china,2", "3: russia.china of 2001 was given before"),
    (ROW, "2002,rusia,china,2", "3: state: unknown actor 'rusia' — did you mean russia"),
    (ROW, "2002,china,china,2", "3: china.china names one actor twice"),
    (LAST, "2004,russia,china,3", "4: year = 2004 lies outside the coverage 2001 to 2003"),
    (LAST, "x,russia,china,3", "4: 4.year is 'x'"),
    (ROW, "2002,russia,china,nan", "3: 3.value is 'nan'"),
    (ROW, "2002,russia,china,", "3: 3.value is ''"),
    (ROW, "2002,russia,china,1e300", "3: 3.value is '1e300'"),
    (ROW, "²002,russia,china,2", "3: 3.year is '²002'"),
    (ROW, '2002,"russia"x,china,2', "3: this is no table"),
    (ROW, "2002,russia,china,-2", "3: value = -2: a count or share is at least"),
    (ROW, "2002,russia,china,2,9", "3: 5 cells; the header has 4"),
    (f"{ROW}\n", "", "1: russia.china has no row of 2002, and the item is complete"),
    ("2003,russia,united_states", "2003,united_states,russia", "7: united_states.russia is given"),
    (CSV[CSV.index("\n") :], "\n", "1: there are no rows"),
]
ENTRY = [
    ("[2001, 2003]", "[2001, 99999999]", "items.talks.coverage.1 is 99999999"),
    ("items:", "items: 7\nother:", "items is 7"),
    ("    unit: talks\n", "", "the key 'unit' is missing in items.talks"),
    ("unit: talks", "unti: x\n    unit: talks", "unknown key 'unti' — did you mean unit?"),
    ("log1p", "logs", "items.talks.link.transform is 'logs'"),
    ("error: poisson", "error: counts", "allowed: log1p takes none or column or poisson"),
    ("[2001, 2003]", "[2001, 2021]", "allowed: first year, then last, at most 2020"),
    ("[2001, 2003]", "[2003, 2001]", "items.talks.coverage is [2003, 2001]"),
    ("[united_states]", "[united_state]", "yaml:2:10: unknown actor 'united_state'"),
    (USE, f"{USE}\n    floor: {{origins: [2003]}}", "talks.floor.origins is [2003]"),
    (USE, f"{USE}\n    combine: log_ratio", "a ratio is of two columns, reads has 1"),
    # What no run publishes.
    ("alignment.{", "aligment.{", "aligment.russia.united_states — did you mean alignment"),
    ("{state}.{partner}", "{state}", "no run has a column alignment.russia"),
    ("{state}.{partner}", "{state}.{place}", "no run has a column alignment.russia.{place}"),
    (USE, f"{USE}\n    floor: {{origins: [2002], signs: {{x: 1}}}}", "no run has a column x"),
]


@pytest.mark.parametrize("row", [*TABLE, *ENTRY])
def test_what_is_wrong_is_named_by_file_line_key_and_value(world, tmp_path, row):
    (old, new, said), (kind, text) = row, ("csv", CSV) if row in TABLE else ("yaml", YAML)
    assert old in text
    with pytest.raises(DataError) as error:
        compared(beside(world, tmp_path, **{kind: text.replace(old, new, 1)}))
    line, _, what = said.partition(": ")
    assert (f"talks.csv:{line}:1: {what}" if kind == "csv" else said) in str(error.value)
    assert str(error.value).startswith("talks.csv:" if kind == "csv" else "observations.yaml:")


def test_a_table_that_is_missing_and_one_too_many_are_named(world, tmp_path):
    with pytest.raises(DataError, match=r"talks\.csv:1:1: no such file") as error:
        load_observations(beside(world, tmp_path, name="walks"))
    one_too_many = "there is a walks.csv and no item walks — did you mean talks?"
    assert one_too_many in str(error.value)


@pytest.mark.parametrize(
    ("transform", "error", "cells", "said"),
    [
        ("log", "none", "0", "value = 0: a logarithm needs a figure above 0"),
        ("share", "binomial", "3,2", "value = 3: it is more than n = 2"),
        ("share", "binomial", "0,0", "value = 0: a share needs n above 0"),
        ("log_balance", "counts", "3,2", "value = 3: it is more than n = 2"),
        ("identity", "binomial", "1.5,2", "value = 1.5: a binomial error needs a share from 0"),
        ("identity", "column", "1.5,-2", "2.error is '-2'"),
    ],
)
def test_a_figure_that_its_link_cannot_take_is_named(
    world, tmp_path, transform, error, cells, said
):
    extra = {"none": "", "column": ",error"}.get(error, ",n")
    yaml = YAML.replace("log1p", transform).replace("error: poisson", f"error: {error}")
    table = f"year,state,partner,value{extra}\n2001,russia,china,{cells}\n"
    with pytest.raises(DataError) as found:
        load_observations(beside(world, tmp_path, yaml=yaml, csv=table))
    assert f"talks.csv:2:1: {said}" in str(found.value)


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
    ("votes_distance", "level", 2013): (0.291, 0.252, 0.287),
    ("votes_agreement", "change", 2013): (0.037, 0.036, 0.041, 0.033),
    ("votes_agreement", "level", 2013): (0.054, 0.048, 0.047),
    ("events_icews", "change", 2008): (0.709, 0.572, 0.553, 0.537),
    ("events_icews", "level", 2008): (0.896, 0.789, 0.751),
    ("disputes", "change", 2008): (0.150, 0.119, 0.122, 0.115),
    ("disputes", "level", 2008): (0.208, 0.184, 0.181),
    ("exercises", "change", 2000): (0.316, 0.271, 0.272, 0.256),
}


@pytest.mark.parametrize("case", MEASURED)
def test_free_forecasts_of_dyads_err_as_measured_elsewhere(observed, case):
    found = errors(observed[case[0]].relative(), *case[1:])
    for method, wanted in zip(METHODS, MEASURED[case], strict=False):
        assert found[method] == pytest.approx(wanted, rel=0.08), method


def test_free_forecasts_of_trade_and_deaths_err_as_measured_elsewhere(observed):
    found = errors(observed["trade_ratio"], "level", 2011)
    assert found["last value"] == pytest.approx(0.594, abs=0.01)
    assert found["half trend"] == pytest.approx(0.521, abs=0.01)
    assert found["log trend"] == pytest.approx(0.678, abs=0.05)
    deaths, measured = observed["deaths"], {"last value": (7, 1.0), "three-year mean": (7, 1.0)}
    for name, (years, wanted) in (measured | {"level trend": (12, 0.29)}).items():
        ahead = FREE[name](deaths.until(2020 - years), tuple(range(1, years + 1)))[0]
        error = np.sqrt(np.mean((ahead - deaths.values[0, -years:]) ** 2))
        assert error == pytest.approx(wanted, abs=0.02), name


def test_gravity_stands_for_trade_alone(world, observed):
    found = {name: gravity_of(world, each) for name, each in observed.items()}
    assert {name for name, each in found.items() if each} == {"trade_ratio", "trade_partners"}
    forecast = found["trade_ratio"]["gravity"](observed["trade_ratio"].until(2010), (3,))
    assert np.isfinite(forecast).all()
