"""Figures of a month on the page: every name in them, in any world, and words that stay words."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from eurasia_sim.dashboard.views import VIEWS, in_turn, moment_of, picture, threats
from eurasia_sim.figures.style import title_of
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


def words(figure: Figure) -> str:
    texts = [text.get_text() for text in figure.texts]
    texts += [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    for panel in figure.axes:
        texts += [
            text.get_text()
            for text in [*panel.texts, *panel.get_xticklabels(), *panel.get_yticklabels()]
        ]
    return " ".join(" ".join(texts).split())


@pytest.mark.parametrize("name", VIEWS)
def test_whom_and_where_it_shows_is_named_and_of_which_run(name, model):
    said = words(VIEWS[name][0](model))
    actors, theatres = (
        [each.name for each in group.values()]
        for group in (model.world.actors, model.world.theatres)
    )
    wanted = (name != "Map") * actors + (name in ("Map", "Influence")) * theatres
    run = ("1 run · 0 failed · seed 7", "scenario record", "theory balance")
    assert [part for part in (*wanted, model.date, *run) if part not in said] == []


def test_the_same_month_gives_the_same_bytes_and_the_next_others(model):
    before = [picture(model, view) for view in VIEWS]
    assert before == [picture(model, view) for view in VIEWS]
    assert all(each.png.startswith(b"\x89PNG") and model.date in each.says for each in before)
    model.step()
    assert all(one.png != picture(model, view).png for one, view in zip(before, VIEWS, strict=True))


def test_the_threat_that_is_written_is_the_threat_that_is_seen(model):
    threat = model.state.threat
    seen = [f"{value:.2f}" for value in threat[threat >= 0.05]]
    assert seen
    assert sorted(text.get_text() for text in threats(model).axes[0].texts) == sorted(seen)


def test_who_rules_on_the_map_is_who_rules_in_the_run(model):
    rulers = [[*model.world.actors][at] for at in model.state.ruler if at >= 0]
    assert [ruler for ruler in moment_of(model).rulers if ruler] == rulers
    assert title_of(rulers[0])


def test_words_stay_words():
    element = in_turn(Figure, 'a "<b>" <script>alert(1)</script>').element()
    assert "<script>" not in element
    assert 'alt="a &quot;&lt;b&gt;&quot;' in element
