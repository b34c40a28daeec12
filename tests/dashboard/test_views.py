"""Figures of a month on the page: every name in them, in any world, and words that stay words."""

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from eurasia_sim.dashboard.views import VIEWS, figure_of, in_turn, moment_of, picture
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.mesa_model import EurasiaModel
from eurasia_sim.world.world import load_world


@pytest.fixture(scope="module", params=["eurasia", "europe_1914"])
def model(request) -> EurasiaModel:
    world = load_world(request.param)
    model = EurasiaModel(load_scenario("record", world), world, seed=7)
    for _ in range(12):
        model.step()
    return model


@pytest.mark.parametrize("name", VIEWS)
def test_whom_and_where_it_shows_is_named_and_of_which_run(name, model):
    figure = figure_of(model, name)
    said = " ".join(" ".join(text.get_text() for text in figure.findobj(Text)).split())
    actors = [each.name for each in model.world.actors.values()] * (name != "Map")
    theatres = [each.name for each in model.world.theatres.values()]
    wanted = (*actors, *theatres * (name in ("Map", "Influence")), model.date)
    run = ("1 run · 0 failed · seed 7", "scenario record", "theory balance")
    assert [part for part in (*wanted, *run) if part not in said] == []


def test_the_same_month_gives_the_same_bytes_and_the_next_others(model):
    before = [picture(model, view) for view in VIEWS]
    assert before == [picture(model, view) for view in VIEWS]
    assert all(each.png.startswith(b"\x89PNG") and model.date in each.says for each in before)
    model.step()
    assert all(one.png != picture(model, view).png for one, view in zip(before, VIEWS, strict=True))


def test_what_is_drawn_is_what_is_in_the_run(model):
    threat = model.state.threat
    seen = [f"{value:.2f}" for value in threat[threat >= 0.05]]
    assert seen
    written = figure_of(model, "Threat").axes[0].texts
    assert sorted(text.get_text() for text in written) == sorted(seen)
    rulers = [[*model.world.actors][at] for at in model.state.ruler if at >= 0]
    assert [ruler for ruler in moment_of(model).rulers if ruler] == rulers


def test_words_stay_words():
    element = in_turn(Figure, 'a "<b>" <script>alert(1)</script>').element()
    assert "<script>" not in element
    assert 'alt="a &quot;&lt;b&gt;&quot;' in element
