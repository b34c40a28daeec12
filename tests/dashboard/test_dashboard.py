"""The page's server, a visitor's question and run, the views of a month, and paired answers."""

import asyncio
import threading
from itertools import islice

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from tests.command import done

from eurasia_sim.dashboard import answers, shared
from eurasia_sim.dashboard.server import OwnPageOnly, listening
from eurasia_sim.dashboard.session import Question, Session, complaints
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.reports.blocks import number
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.ensemble import run_paired
from eurasia_sim.simulation.events import event_log
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.mesa_model import EurasiaModel, PolicyError
from eurasia_sim.simulation.parameter_draws import range_draws, run_seeds
from eurasia_sim.world.world import load_world

NAMES = ("127.0.0.1:8765", "127.0.0.2:8765", "localhost:8765", "[::1]:8765", "localhost")
OWN, OTHER = "127.0.0.1:8765", "elsewhere.example:8765"
FOREIGN = ((OWN, f"http://{OTHER}"), (OTHER, f"http://{OTHER}"), ("", ""),
           ("127.0.0.1.elsewhere.example", ""))  # fmt: skip
REFUSED = {"http": 403, "websocket": 1008}


def answered(name: str, origin: str, host: str, kind: str = "http", bound: str = "") -> object:
    """Status of the answer, or the code a socket is closed with; `served` from the page itself."""
    sent: list[dict] = []

    async def page(scope, receive, send):
        sent.append({"status": "served"})

    async def receive():
        return {"type": f"{kind}.connect"}

    async def send(message):
        sent.append(message)

    headers = {b"host": name.encode(), b"origin": origin.encode()}
    scope = {"type": kind, "headers": [(key, value) for key, value in headers.items() if value]}
    asyncio.run(OwnPageOnly(page, host, bound)(scope, receive, send))
    return sent[0].get("status", sent[0].get("code"))


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1",
                                  "localhost"])  # fmt: skip
def test_on_this_machine_its_own_page_is_answered_and_another_sites_refused(kind, host):
    own = [(name, origin) for name in NAMES for origin in (f"http://{name}", "")]
    assert {answered(name, origin, host, kind) for name, origin in own} == {"served"}
    assert {answered(name, origin, host, kind) for name, origin in FOREIGN} == {REFUSED[kind]}


def test_a_name_is_answered_if_it_is_the_servers_and_the_origin_its_own():
    desk = ("desk", "http", "127.0.1.1")  # a name that stands for a loopback address
    assert answered("desk:8765", "http://desk:8765", *desk) == "served"
    assert answered(OTHER, "", *desk) == 403
    assert answered("sim.example:80", "http://sim.example:80", "sim.example") == "served"
    assert answered("sim.example:80", "http://elsewhere.example", "sim.example") == 403


def test_an_address_in_use_is_said_and_the_default_one_is_loopback():
    wrong = pytest.raises(OSError, match=r"cannot listen on 127\.0\.0\.1")
    with listening("127.0.0.1", 0) as taken, wrong:
        listening("127.0.0.1", taken.getsockname()[1])
    assert "127.0.0.1" in done("dashboard", "--help")


def test_the_scenario_that_most_others_start_from_comes_first_and_titles_are_told_apart():
    parents = [scenario.extends for scenario in shared.scenarios().values()]
    assert parents.count(shared.first_scenario()) == max(map(parents.count, shared.scenarios()))
    known = {"a": "One", "b": "One", "c": "Two"}
    assert shared.apart(known) == {"a": "One (a)", "b": "One (b)", "c": "Two"}


@pytest.mark.parametrize("name", ["us_exitt", "../us_exit", "/etc/passwd", "us_exit.yaml", ""])
def test_everything_that_is_wrong_is_said_at_once_and_a_path_is_no_scenario(name):
    settings = tuple(f"a{at}=1" for at in range(61))
    with pytest.raises(DataError) as caught:
        Question(name, "realisme", settings, seed=-1).resolved()
    reasons = ("is no scenario", "is no theory", "seed -1 is out of range", "settings are too many")
    assert [reason for reason in reasons if reason not in complaints(caught.value)] == []


def test_a_later_setting_takes_the_place_of_the_earlier_and_numbers_reach_both_ends():
    question = Question("us_exit").with_setting("a.b", "1").with_setting("c", "2")
    question = question.with_setting("a.b", "3")
    assert question.settings == ("c=2", "a.b=3")
    assert question.without("c=2").settings == ("a.b=3",)
    numbers, question = list(shared.adjustable().values()), Question(shared.first_scenario())
    assert len(numbers) > 100
    ends = {x.path: (x.low, x.high)[at % 2] for at, x in enumerate(numbers[::3][:50])}
    for path, end in ends.items():
        question = question.with_setting(path, f"{end:.17g}")
    fixed = question.resolved().fixed
    assert {path: fixed[path] for path in ends} == ends


@pytest.fixture
def session():
    return Session(shared.scenarios()["us_stays"], None, 7)


def test_a_run_goes_from_the_month_of_departure_to_the_end_as_the_log_has_it_and_alone(session):
    scenario, other = shared.scenarios()["us_stays"], Session(session.model.scenario, None, 7)
    assert session.model.month == scenario.departs
    before = other.model.row.tobytes()
    session.advance(10_000)
    assert session.is_over
    assert session.model.month == session.model.inputs.months
    assert other.model.row.tobytes() == before  # two sessions share nothing
    inputs = prepare(shared.world(), scenario)
    events, status = event_log(shared.world(), inputs, int(run_seeds(7, 1)[0]))
    assert status == "ok"
    expected = list(events.itertuples(index=False, name=None))
    assert [tuple(event) for event in session.events] == expected


def test_shares_by_hand_are_spent_until_the_rule_decides_again_and_at_most_the_whole(session):
    actor, theatre = next(iter(session.world.actors)), next(iter(session.world.theatres))
    place = (theatre, "economic")
    with pytest.raises(PolicyError, match="together they are at most 1"):
        session.decide(actor, {place: 0.7, (theatre, "security"): 0.7})
    with pytest.raises(DataError, match="is no actor"):
        session.decide("nobody", {})
    assert session.by_hand == session.model.policies == {}
    session.decide(actor, {place: 0.5})
    session.advance()
    spent = session.model.actor(actor).shares()
    assert (spent[place], sum(spent.values())) == pytest.approx((0.5, 0.5))
    session.decide(actor, None)
    session.advance()
    assert session.model.actor(actor).shares()[place] != pytest.approx(0.5)


@pytest.mark.parametrize("name", ["eurasia", "europe_1914"])
def test_views_name_whom_and_where_they_show_and_have_the_numbers_of_the_month(name):
    world = load_world(name)
    model = EurasiaModel(load_scenario("record", world), world, seed=7)
    for _ in range(12):
        model.step()
    for view in answers.VIEWS:
        figure = answers.figure_of(model, view)
        said = " ".join(" ".join(text.get_text() for text in figure.findobj(Text)).split())
        wanted = [each.name for each in world.actors.values()] * (view != "Map")
        wanted += [x.name for x in world.theatres.values()] * (view in ("Map", "Influence"))
        wanted += [model.date, "1 run · 0 failed · seed 7", "scenario record", "theory balance"]
        assert [part for part in wanted if part not in said] == []
    seen = [f"{value:.2f}" for value in model.state.threat[model.state.threat >= 0.05]]
    written = answers.figure_of(model, "Threat").axes[0].texts
    assert sorted(text.get_text() for text in written) == sorted(seen) != []
    rulers = [[*world.actors][at] for at in model.state.ruler if at >= 0]
    assert [ruler for ruler in answers.moment_of(model).rulers if ruler] == rulers
    before = answers.picture(model, "Leanings")
    assert before == answers.picture(model, "Leanings")
    assert before.png.startswith(b"\x89PNG")
    model.step()
    assert answers.picture(model, "Leanings").png != before.png
    element = answers.in_turn(Figure, 'a "<b>" <script>alert(1)</script>').element()
    assert 'alt="a &quot;&lt;b&gt;&quot; &lt;script&gt;' in element


@pytest.mark.parametrize("at", [0, -1])
def test_answers_grow_with_the_bits_of_the_plain_ensemble_until_they_are_told_to_stop(at):
    world, stop, asked = shared.world(), threading.Event(), (Question("us_exit"), "us_stays")
    family, sizes = answers.family_of(*asked), answers.BATCHES
    columns = family[0].columns
    growing = answers.answers(*asked, columns[at], stop, over_ranges=True)
    first, drawn, second = islice(growing, 3)
    whole, parting = sizes[0] + sizes[1], answers.parting_month(family)
    assert (len(first.months), len(second.months), sum(sizes)) == (sizes[0], whole, 200)
    assert first.figure is None
    assert f"{sizes[0]} runs" in drawn.figure.says == second.figure.says
    window, kept = (parting, family[0].months), np.array([at % len(columns)])
    draws = range_draws(world, family[0], sum(sizes), 7).part(slice(0, whole))
    plain = run_paired(family, draws, window, kept, since=parting - 12)
    one, other = (outcome.trajectories[:, :, 0] for outcome in plain)
    assert second.months.to_numpy().tobytes() == (one - other).tobytes()
    assert list(second.months)[12] == second.parting == world.date(parting)
    assert not second.months.iloc[:, :12].any(axis=None)
    for side, outcome in zip(second.sides.values(), plain, strict=True):
        assert np.array_equal(side.to_numpy(), outcome.means)
    one, other = second.sides.values()
    told, mean = second.told, (one - other)[columns[at]].mean()
    assert (told.rows[0]["mean"], len(told.rows) > 1) == (number(mean, "+"), True)
    assert (told.sides[1], told.over) == ("The United States stays", "over the declared ranges")
    assert "It rests on 80 draws." in second.split[0]
    assert second.failed == {"us_exit": 0, "us_stays": 0}
    stop.set()
    assert list(growing) == []
    with pytest.raises(DataError, match="come to the same runs"):
        answers.family_of(Question("us_exit"), "us_exit")
    alone = answers.parting_month(family[1:])  # when it leaves the record
    assert alone == shared.scenarios()["us_stays"].departs
