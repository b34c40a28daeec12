"""Pooled errors by hand, and fits that know nothing of what comes after their origin."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.observations.small import series

from eurasia_sim.cli.validate import show_floors
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.observations.baselines import FREE, still
from eurasia_sim.observations.loader import Floor
from eurasia_sim.validation.calibration import Problem
from eurasia_sim.validation.forecasts import FITTED, KNOWN, floors, pooled
from eurasia_sim.world.world import World

Capture = pytest.CaptureFixture[str]


def test_errors_are_pooled_over_cells_and_then_over_origins(capsys: Capture) -> None:
    asked = series([[0, 0, 1, 2, np.nan], [0, 0, 3, 0, 4]])
    zero, two = (still(lambda past, at=at: at + 0 * past.values[:, -1]) for at in (0, 2))
    methods = {"a": zero, "b": zero, FITTED: zero, FITTED + KNOWN: two}
    found = pooled(asked, Floor(origins=[2002, 2004]), methods).set_index("method")
    # From 2002 the cells are 1, 2, 3, 0, 4; from 2004 the second unit's 4 alone.
    assert found.loc["a", "by_origin"] == pytest.approx([np.sqrt(30 / 5), 4])
    assert found.loc["a", "rmse"] == pytest.approx(np.sqrt((30 / 5 + 16) / 2))
    assert found.loc["a", "off"] == pytest.approx(-14 / 6)
    assert found.loc["a", ["cases", "units", "forecast"]].tolist() == [6, 2, 1]
    off_by_two = np.sqrt(((1 + 0 + 1 + 4 + 4) / 5 + 4) / 2)
    assert found.loc["b", "known"] == pytest.approx(off_by_two / np.sqrt(11))
    assert found.loc["b", "known_low"] < found.loc["b", "known"] < found.loc["b", "known_high"]
    one = pooled(asked, Floor(origins=[2002], ahead=3), methods).set_index("method")
    assert one.loc["a", ["rmse", "cases", "units"]].tolist() == [4, 1, 1]
    assert np.isnan(one.loc["a", "known_low"])  # a single unit cannot be resampled
    for table, cells in ((found, "b 3.317 -2.33 1.00 (1.00 to 1.00)"), (one, "b 4.000 -4.00 1.00")):
        show_floors(table.reset_index().assign(signs=0.9))
        said = " ".join(capsys.readouterr().out.split())
        assert "all signs are right in 90% of draws over the ranges" in said
        assert cells in said


@pytest.mark.slow
def test_what_comes_after_an_origin_moves_its_errors_and_no_forecast(world: World) -> None:
    whole = Problem.of(world, world.default_theory, 100, 7)
    found = []
    for later in (0.0, 3.0):
        items = {}
        for name, each in whole.items.items():
            floor = each.item.floor and Floor(origins=[2010])
            item = each.item.model_copy(update={"floor": floor})
            items[name] = replace(each, item=item, values=each.values + later * (each.years > 2010))
        found.append(floors(replace(whole, items=items)).set_index(["item", "method"])["off"])
    assert {*FREE, FITTED, FITTED + KNOWN, "free run"} <= set(found[0]["deaths"].index)
    pd.testing.assert_series_equal(found[0] - 3, found[1].loc[found[0].index])
    with pytest.raises(DataError, match="no observed item of eurasia says where its floor is"):
        floors(replace(whole, items={"votes_distance": whole.items["votes_distance"]}))
