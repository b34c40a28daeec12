"""The package's own names: exactly these, each a plain function or class."""

import pytest
from matplotlib.figure import Figure

import eurasia_sim
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.hypotheses import evaluation

NAMES = """
    __version__ load_world load_scenario simulate run_ensemble run_sweep load_results
    test_hypotheses plot paired tidy EurasiaModel
"""


def test_the_face_offers_exactly_these_names():
    assert set(eurasia_sim.__all__) == set(NAMES.split()) <= set(dir(eurasia_sim))
    assert all(callable(getattr(eurasia_sim, name)) for name in NAMES.split()[1:])


def test_plot_gives_and_saves_the_pictures_of_a_folder(ran, tmp_path):
    pictures = eurasia_sim.plot(ran, "difference", filters=["set=reference"], out=tmp_path)
    assert pictures
    for picture in pictures:
        assert isinstance(picture.figure, Figure)
        assert len(picture.data)
        assert {path.suffix for path in tmp_path.glob(f"{picture.stem}.*")} == {
            ".png",
            ".svg",
            ".csv",
        }
    with pytest.raises(DataError, match="is no kind of picture"):
        eurasia_sim.plot(ran, ["difference", "diference"])


def test_hypotheses_of_a_file_are_evaluated_with_the_effort_that_is_named(monkeypatch):
    given = []
    monkeypatch.setattr(evaluation, "evaluate", lambda *arguments: given.extend(arguments))
    eurasia_sim.test_hypotheses(["H1", "H10"], runs=20, points=30, seed=5, workers=1)
    world, family, effort, workers = given
    assert world.name == "eurasia"
    assert [hypothesis.id for hypothesis in family.hypotheses] == ["H1", "H10"]
    assert (effort, workers) == (evaluation.Effort.of(20, 30, 5), 1)
    assert not eurasia_sim.test_hypotheses.__test__
    with pytest.raises(DataError, match="unknown hypothesis 'H1000'"):
        eurasia_sim.test_hypotheses(["H1000"])
