"""Observations are read with their place, and everything wrong with a file is said at once."""

import numpy as np
import pytest
from tests.observations.small import CSV, YAML, beside

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.loader import load_observations
from eurasia_sim.validation.measured import compared


def test_a_table_becomes_a_series_on_the_linked_scale(world, tmp_path):
    found = load_observations(beside(world, tmp_path))["talks"]
    assert found.units == (("russia", "china"), ("russia", "united_states"))
    assert found.values[0] == pytest.approx(np.log([2, 3, 4]))
    assert found.errors[0, 0] == pytest.approx(np.sqrt(1.5) / 2)
    assert list(found.groups) == [0, 1]
    assert found.columns(("russia", "china")) == ["alignment.russia.china"]
    assert list(found.until(2002).years) == [2001, 2002]
    assert found.only(found.groups == 0).units == (("russia", "china"),)


def test_the_packaged_items_are_good_and_end_in_2020(observed):
    items = observed.values()
    assert len(items) == 19
    assert max(int(each.years[-1]) for each in items) == 2020
    assert {each.item.use for each in items} == {"fits", "scores", "input"}
    assert all(np.isfinite(each.errors[np.isfinite(each.values)]).all() for each in items)
    assert len(observed["deaths"].units) == 1


ROW, LAST = "2002,russia,china,2", "2003,russia,china,3"
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
USE = "use: fits"
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
    (
        "alignment.{state}",
        "aligment.{state}",
        "a column aligment.russia.united_states — did you mean alignment",
    ),
    ("{state}.{partner}", "{state}", "no run has a column alignment.russia"),
    ("{state}.{partner}", "{state}.{place}", "no run has a column alignment.russia.{place}"),
    (
        USE,
        f"{USE}\n    floor: {{origins: [2002], signs: {{x: 1}}}}",
        "items.talks.floor: no run has a column x",
    ),
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
