"""Where budgets go, access, ties and the shares that they give: by hand, and by their authors."""

from dataclasses import replace
from math import exp, log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.random_worlds import seeds, worlds
from tests.worlds import after, begun, call, expect, fill, interests, plain, quiet, rules, simulate

from eurasia_sim.compute.blocks import Run
from eurasia_sim.compute.jit import compiled
from eurasia_sim.mechanisms import allocation, contest
from eurasia_sim.mechanisms.contest import grant_access

SETTLING, LATER = -1, 1
FREE_OF_COST = {"distance_cost": 0, "cell_cost": 0, "salience_curve": 1}
# One theatre at the first actor's door, in which the second has influence, to be displaced.
DOOR = {
    "theatre_distance": {(0, 0): 0.0}, "theatre_border": 1.0, "denial": {(0, 1): 3.0},
    "initial_influence": [[[0.3, 0.5, 0.0]], [[0.4, 0.2, 0.1]]],
    "salience": interests(primacy=3, survival=1.5),
}  # fmt: skip
LET_IN = {"access": {(0, 0): [1.0, 0.5, 0.25]}, "threat": {(0, 1): 0.25}}


def door(**numbers: float) -> Any:
    near = {"contiguity": 0.5, "closeness_half": 0.5, "distance_decay": 3000}
    return plain(**FREE_OF_COST, **near, **numbers).having(**DOOR)


@compiled
def impose_all(state, month, p):
    """Impose on every actor; what is left of each budget is put where nothing here looks."""
    for i in range(state.actors):
        state.zero[i] = allocation.impose(i, state, month, p)


IMPOSED = plain(effort_bases=0.01, effort_forces=0.2, effort_aid=0.004).having(
    imposed=[[[0.0, 0.05, 0.1]], [[0.0, 0.0, 0.3]]], presence={(0, 0, 0): [2.0, 0.5, 0.1]},
    aid=[[10.0], [5.0]],
)  # fmt: skip
ONE_IMPOSED = (0.02 + 0.1 + 0.02 + 0.02) / 0.5, 0.05 + 0.04 / 0.5, 0.1
CONTAINED = plain(k=2, burden_sharing=2, buffer=0.5, transit_decay=700)
LEFT, PASSED_ON = 0.6 / (1 + 2 * 0.25), 0.5 * exp(-1)  # the second carries part for the first
DENIED = 0.5 * exp(-0.8 * 0.2) * 4**0.3  # the rival's power over one's own grew four times
WEIGHTS = 2 * np.exp([0.0, 1.0, -1.0])


def host(n: int = 3, **numbers: float) -> Any:
    """A land that the first rules and the second contests, whose host does not hedge."""
    return plain(n, access_hedging=0, **numbers).having(ruler=0, challenger=1)


ALONE, CALM = {"challenger": -1}, {"recognition": 3.0}
KNOWN = host(access_balancing=0, access_recognition=0.4)
LEANS, FEARS = [1, -0.5, 0.6, 0], [0, 0.5, 0.1, 0.4]
OPEN = np.array([0.5 * (1 - 0.6 * 0.5), 0.1, 0.4 * (1 - 0.6 * 0.5)])
DOORS = np.array([0.5 * 0.5, 0.5 * 1.6, 0.5])


def open_to(*doors: float) -> dict[str, Any]:
    """How far a land is open to each, in every domain."""
    return {"access": np.repeat(doors, 3).reshape(-1, 1, 3)}


# A claim: the rule, a world, what it begins with, and what is there after it.
SUMS: dict[str, tuple[Any, Any, dict[str, Any], dict[str, Any]]] = {
    "what others carry is not contained, and what is near is in between": (
        allocation.containment_need, CONTAINED.having(theatre_separation=[[0, 700], [700, 0]]),
        {"spillover": [[0.6, 0.0], [0.3, 0.2]], "effort": {(1, 0, 0): 0.25}},
        {"containment": [
            [LEFT, PASSED_ON * LEFT], [0.3 + PASSED_ON * 0.2, PASSED_ON * 0.3 + 0.2]]}),
    "at home the largest patron and peril move": (
        allocation.home_motives,
        plain(3, **FREE_OF_COST, motive_home_survival=2, motive_autonomy=1.5).having(
            ruler=0, challenger=1, salience=interests(autonomy=3, survival=1.5)),
        {"influence": {(..., 0, 0): [0.5, 0.1, 0.3]}, "threat": {0: [0.0, 0.3, 0.2]},
         "control": 0.2, "militants": 0.4},
        {"utility": {(0, 0): [2 * 0.5 * (0.5 / 1.5 + 0.4 + 0.2) + 1.5 * 0.3, 0, 0],
                     (1, 0): [2 * 0.5 * (0.0 + 0.4 + 0.8) + 1.5 * 0.5, 0, 0], 2: 0}}),
    "what is imposed is effort posted, aid and what is scripted; without means no aid": (
        impose_all, IMPOSED, {"budget": [0.5, 0.0], "armed": [[5.0], [5.0]]},
        {"committed": [[ONE_IMPOSED], [[0, 0, 0.3]]], "zero": [1 - sum(ONE_IMPOSED), 1 - 0.3]}),
    "more cannot be imposed than there is": (
        impose_all, plain().having(imposed={(0, 0): [[1.0, 2.0, 1.0]]}), {"budget": 0.5},
        {"committed": {0: [[0.25, 0.5, 0.25]]}, "zero": {0: 0}}),
    "arms go where their receiver rules or contests": (
        allocation.deliver,
        plain(4, 2).having(ruler=[1, 2], challenger=[2, -1], arms={(0, 0): [0, 1, 4, 16]}), {},
        {"armed": [[5, 4], [0, 0], [0, 0], [0, 0]]}),
    "the rest of a budget is spent by weights, people and a reserve": (
        allocation.spend, plain(k=2, reserve=3, size_elasticity=1, budget_elasticity=0.5).having(
            size=[2.0, 0.0], imposed={(0, 0, 0, 2): 0.4}),
        {"power": [0.25, 0.0], "inclination": {(0, 0): [0.0, 1.0, -1.0]}},
        {"effort": {(0, 0): 0.5 * (0.6 * WEIGHTS / (3 + WEIGHTS.sum()) + [0, 0, 0.4]), (0, 1): 0,
                    1: 0}}),
    "rivals' influence pulls by primacy, denial and in security survival": (
        # Nearness counts from home: it is one where there is neither distance nor lack of a border.
        allocation.rival_motives,
        door(motive_primacy=1, motive_denial=0.5, motive_survival=2, sufficiency=0.4,
             denial_relation=0.8, denial_power=0.3),
        {**LET_IN, "alignment": [[1.0, 0.2], [0.2, 1.0]], "power": [0.1, 0.3],
         "opening_power": [0.2, 0.15]},
        {"utility": {(0, 0): [
            0.4 * (0.4 * (1 - 0.4 * 0.3) + DENIED + 2 * 0.5 * 0.25),
            0.5 * 0.2 * (0.4 * (1 - 0.4 * 0.5) + DENIED), 0.25 * 0.1 * (0.4 + DENIED)]}}),
    "who rules is at home, and who challenges where it has the land": (
        grant_access, host(access_balancing=0), {"control": 0.3, "alignment": {(0, 2): 0.2}},
        open_to(1, 0.3, 0.6)),
    "a land without ruler is open to all": (
        grant_access, plain(), {"demand": 0.7}, {"demand": 0, **open_to(1, 1)}),
    "a patron is no balancer against itself": (
        grant_access, host(access_balancing=1), {**ALONE, "threat": {0: [0, 0.5, 0.1]}},
        {"demand": 0.6, **open_to(1, 1 - 0.5 / (1 + 0.1), 1 - 0.5 / (1 + 0.5))}),
    "a patron balances what others leave uncovered": (
        grant_access, host(4, access_balancing=2),
        {**ALONE, "alignment": {0: LEANS}, "threat": {0: FEARS}, "influence": {(2, 0, 0): 0.5}},
        {"demand": sum(OPEN), **open_to(1, *(1 - (1 - DOORS) / (1 + 2 * (sum(OPEN) - OPEN))))}),
    "nobody covers against itself": (
        grant_access, host(),
        {"alignment": {0: [1, 0.5, -0.4]}, "threat": {0: [0, 0.2, 0.6]},
         "influence": {(..., 0, 0): [0.3, 0.4, 0.2]}},
        {"uncovered": [[0], [0.2], [0.6 * (1 - 0.5 * 0.4)]], "demand": 0.2 + 0.6 * 0.8}),
    "each threat is covered by all but its own source": (
        grant_access, host(4),
        {"alignment": {0: [1, 0.5, 0.8, -1]}, "threat": {0: [0, 0.1, 0.2, 0.4]},
         "influence": {(..., 0, 0): [0.9, 0.2, 0.5, 0.3]}},
        {"uncovered": [[0], [0.1 * (1 - 0.8 * 0.5)], [0.2 * (1 - 0.5 * 0.2)],
                       [0.4 * (1 - 0.8 * 0.5 - 0.5 * 0.2)]],
         "demand": 0.06 + 0.18 + 0.2}),
    # Who contended at first is whom all recognise, whoever rules now.
    "recognition opens no door of another": (grant_access, KNOWN, CALM, open_to(1, 0, 0.5)),
    "recognition opens the doors of whom it recognises": (
        grant_access, KNOWN, {**CALM, "ruler": 1, "challenger": 0},
        open_to(0, 1, 1 - 0.5 / (1 + 0.4 * 0.75))),
    "the fallen's recognition opens none": (
        grant_access, KNOWN, {**CALM, "challenger": -1}, open_to(1, 0.5, 0.5)),
    # What either side forbids is cut from trade.
    "consent takes the place of access but at home": (
        contest.heed,
        plain(4).having(
            ruler=0, challenger=3, consent={(0, 1): 0.0, (0, 2): 0.25, (0, 3): 0.0},
            trade={(0, 1): 0.5, (0, 2): -0.2},
            sanctions={(0, 0, 1): 0.4, (0, 1, 0): 0.1, (0, 2, 3): 1}),
        {"access": 0.7, "shut": {(2, 0): 1.0}},
        {"shut": [[0], [1], [0], [0]], "link": [[1], [1.5 * 0.6], [0.8], [1]],
         **open_to(0.7, 0, 0.25, 0.7)}),
}  # fmt: skip


@pytest.mark.parametrize("claim", SUMS)
def test_a_sum_by_hand(claim):
    rule, world, fields, by_hand = SUMS[claim]
    expect(after(rule, world, **fields), **by_hand)


@pytest.mark.parametrize(("month", "habit"), [(LATER, 0.75), (SETTLING, 0.5)])
def test_inclinations_and_what_is_owed_to_another_move_by_habit_and_settle_by_half(month, habit):
    """With noise once it has settled. What is owed to the only rival is its part of the pull."""
    world = door(habit=0.75, temperature=0.5, sufficiency=0.4, motive_denial=0.5, utility_noise=0.1)
    pull = after(allocation.rival_motives, world, **LET_IN).utility[0, 0]
    assert (pull > 0).all()
    moved = {"owed": {(0, 0): 0.2}, "utility": 0.6, "inclination": 2.0}
    state = after(allocation.owe, world, number=month, **LET_IN, **moved)
    call(allocation.incline, state, number=month)
    expect(state, owed={(0, 0, 0): habit * 0.2 + (1 - habit) * pull / 0.5})
    expect(state, inclination=habit * 2 + (1 - habit) * 0.6 / 0.5 + 0.1 * state.noise)
    assert len(np.unique(state.noise)) == (state.noise.size if month == LATER else 1)


def test_utility_by_hand_where_nobody_rivals():
    world = plain(
        motive_containment=1.5, motive_commerce=2, motive_standing=0.3, salience_curve=1,
        distance_cost=0.7, cell_cost=0.3, containment_security=1, containment_economic=0.3,
        containment_diplomatic=0.5, size_elasticity=0.5, closeness_half=0.5, contiguity=0.5,
        distance_decay=1000,
    ).having(
        theatre_distance={(0, 0): 500.0}, size=4.0, opportunity=0.6, base_stability=0.3,
        salience=interests(containment=3, commerce=1.5, standing=3),
    )  # fmt: skip
    let_in = np.array([0.9, 0.6, 0.3])
    fields = {"spillover": [[0.2], [0.0]], "access": {(0, 0): let_in}}
    state = after(allocation.marginal_utility, world, **fields)
    near = (exp(-0.5) / (exp(-0.5) + 0.5)) / (1.5 / (1.5 + 0.5))
    need = 1.5 * 0.2 * np.array([1, 0.3, 0.5])
    trade, stage = [0, 2 * 0.5 * 0.6 * 0.3 * near, 0], [0, 0, 0.3 * 0.7 * sqrt(4.0)]
    utility = let_in * (need + trade) + stage - (0.7 * (1 - near) + 0.3)
    expect(state, utility={(0, 0): utility}, common={(0, 0): need})


def test_enough_influence_sates_a_defensive_realist_and_never_an_offensive_one():
    """Waltz: states seek enough power; Mearsheimer: as much as they can get."""

    def wish(theory: str, influence: float) -> float:
        world = replace(door(), p=quiet(rules(theory)))
        world = world.having(salience=interests(primacy=3), denial=0.0)
        state = after(allocation.rival_motives, world, influence={0: influence, 1: 0.2})
        return float(state.utility[0, 0, 1])

    for theory, left in (("defensive_realism", 0.2), ("balance_of_threat", 0.6)):
        assert wish(theory, 0.8) == pytest.approx(left * wish(theory, 0.0))
    assert wish("offensive_realism", 0.8) == wish("offensive_realism", 0.0) > 0


@given(worlds(theory="inertia", noise=False), seeds, st.integers(0, 2**32 - 1))
def test_under_inertia_no_inclination_stance_or_leaning_answers_threat_or_levers(world, seed, turn):
    world = world.having(goodwill=0.0)  # a lever that is part of the standing relation
    first, leaning = simulate(world, seed, months=1)[0], begun(world).leaning
    rng, later = np.random.default_rng(turn), np.arange(world.months) >= 1
    pressure, surge = world.arrays["pressure"].copy(), world.arrays["surge"].copy()
    pressure[later], surge[later] = rng.random(pressure.shape[1:]), surge[later] + rng.random()
    for which in (world, world.having(pressure=pressure, surge=surge)):
        for state in simulate(which, seed):
            assert np.array_equal(state.inclination, first.inclination)
            assert np.array_equal(state.leaning, leaning)
            assert np.array_equal(state.stance, first.stance)


@given(hnp.arrays(np.float64, (3, 5), elements=st.floats(0, 1)), st.integers(0, 4))
def test_what_is_uncovered_is_at_most_the_threat_and_rises_as_patrons_leave(drawn, ruler):
    leaning, threat, cover = 2 * drawn[0] - 1, drawn[1], drawn[2]
    here, left = (
        after(
            grant_access, plain(5).having(ruler=ruler), alignment={ruler: leaning},
            threat={ruler: threat}, influence={(..., 0, 0): share * cover},
        )
        for share in (1, 0.5)
    )  # fmt: skip
    found = here.uncovered[:, 0]
    assert ((found >= 0) & (found <= threat * (1 + 1e-12))).all()
    assert here.demand[0] == pytest.approx(found.sum())
    assert left.demand[0] >= here.demand[0] - 1e-12


OPENING = {
    "effort": [[[0.04, 0.01, 0.02]], [[0.01, 0.02, 0.0]], [[0.0, 0.0, 0.01]]],
    "joint": {(0, 0, 1): 0.005}, "convening_influence": {(1, 0): 0.03}, "budget": 1.0,
}  # fmt: skip
SHARES = np.array([
    [[0.5, 0.1, 0.2], [0, 0, 0]], [[0.25, 0.2, 0.1], [0.1, 0.4, 0.3]],
    [[0.05, 0.0, 0.3], [0.2, 0.1, 0]],
])  # fmt: skip
TIES = {
    "fading_security": log(0.1), "fading_economic": log(0.2), "fading_diplomatic": log(0.05),
    "gravity_size": 0.5, "gravity_distance": 2, "gravity_near": 300, "tie_floor": 0.01,
    "return_economic": 0.4, "return_political": 0.5, "deposit_fading": 0.6, "effort_unit": 0.002,
    "access_floor": 0.2, "synergy": 0.5, "access_hedging": 0, "access_balancing": 0,
}  # fmt: skip


def tied(k: int = 1, **numbers: float) -> Any:
    """Lands at home to the first of three; they differ in shares and people."""
    return plain(3, k, **{**TIES, **numbers}).having(
        wealth=[4.0, 16.0, 1.0], ruler=0, size=[2.0, 6.0][:k], initial_influence=SHARES[:, :k],
        border_distance=[[0.0], [700.0], [200.0]],
    )  # fmt: skip


def lived(world: Any, *months: tuple[int, dict], state: Run | None = None) -> Run:
    """The state after some months of the contest alone, in each of which some arrays are set."""
    state = state or begun(world, **OPENING)
    for number, fields in months:
        fill(state, **fields)
        call(contest.contest, state, number=number)
    return state


@pytest.mark.parametrize("k", [1, 2])
def test_history_fades_by_hand_and_only_abroad(k):
    """Gravity in the economy, the actor's own mean elsewhere; who is abroad keeps the sum."""
    state, people = lived(tied(k), (0, {}), (60, {})), np.array([2.0, 6.0])[:k]
    for d, rate in enumerate((0.1, 0.2, 0.05)):
        home, *coded = SHARES[:, :k, d]
        ties, kept = np.maximum(coded, 0.01), exp(-rate * 5)
        means = np.exp((np.log(ties) * people).sum(axis=1, keepdims=True) / people.sum())
        pull = np.array([[16**0.5 / 1000**2], [1 / 500**2]]) if d == 1 else means
        aged = ties**kept * pull ** (1 - kept)
        aged *= ties.sum(axis=0) / aged.sum(axis=0)
        strength = np.array([home, *np.maximum(aged - (ties - coded), 0)])
        everyone = 1 - SHARES[:, :k, d].sum(axis=0) + strength.sum(axis=0)
        expect(state, strength={(..., d): strength}, influence={(..., d): strength / everyone})


def test_deposits_posts_and_access_by_hand():
    still = {f"fading_{kind}": -99.0 for kind in ("security", "economic", "diplomatic")}
    later = {
        "effort": {(0, 0): [0.04, 0.03, 0.02], (1, 0): [0.06, 0.02, 0.0]},
        "committed": {(1, 0, 0): 0.05}, "alignment": {(0, 1): 0.6, (0, 2): -1.0},
    }  # fmt: skip
    state = lived(tied(**still), (0, {"alignment": {(0, 1): 0.2, (0, 2): 0.0}}), (1, later))
    pace, joint, unit = 0.6 / 12, 0.5 * 0.005, 0.002
    more = (0.03 + joint + unit) / (0.01 + joint + unit)
    posted = pace * 0.5 * 0.05 / (0.04 + 0.06 + unit)
    # Of its own the second did as before.
    expect(state, deposit={(0, 0, 1): pace * 0.4 * log(more), (1, 0): 0})
    expect(state, posted_strength={(1, 0): [posted, 0, 0]})
    held, opened = SHARES[:, 0].copy(), [[1], [(0.8 + 0.2) / (0.6 + 0.2)], [0.2 / (0.5 + 0.2)]]
    held[0, 1] *= more ** (pace * 0.4)
    held[1, 0] += posted
    strength, outsiders = held * opened, 1 - SHARES[:, 0].sum(axis=0)
    expect(state, influence=(strength / (strength.sum(axis=0) + outsiders))[:, None])


@pytest.mark.parametrize("number", [1, 120, 360])
def test_a_host_without_effort_or_drivers_keeps_what_it_is_coded_with(number):
    expect(lived(tied(2), (0, {"effort": 0.0}), (number, {})), influence={0: SHARES[0]})


@pytest.mark.parametrize(
    ("opened", "by", "left"),
    [(1.0, -0.5, 0.5), (0.5, -0.5, 1.0), (0.5, -1.0, 0.0), (0.5, 0.0, 2.0), (0.0, 0.0, 1.0)],
)
def test_economic_ties_count_by_links_over_those_of_the_opening(opened, by, left):
    """What is coded is what the links of the opening have left."""
    linked = lived(tied(), (0, {}), (1, {}))
    cut = lived(tied().having(trade={(0, 1): opened - 1.0}), (0, {}))
    cut.world = tied().having(trade={(0, 1): by})
    call(contest.contest, cut, number=1)
    expect(cut, strength={(1, 0): linked.strength[1, 0] * [1, left, 1]})


@given(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 1), st.integers(0, 2))
def test_more_that_is_posted_never_lowers_its_owners_share(least, more, returns, domain):
    def share(posted: float) -> float:
        world = tied(return_political=returns, return_economic=returns)
        there = {"effort": {(1, 0, domain): 0.02 + posted}, "committed": {(1, 0, domain): posted}}
        return float(lived(world, (0, {}), (1, there), (2, {})).influence[1, 0, domain])

    assert share(least + more) >= share(least) - 1e-12


def test_a_host_closes_bases_and_lets_them_in_again_and_only_those():
    """Bases that are closed count nothing; ties do not end, and nobody is closed out at home."""
    world = tied(refusal_rate=12.0, refusal_slope=0.0, refusal_margin=0.0)
    post = {"effort": {(1, 0, 0): 0.06}, "committed": {(1, 0, 0): 0.05, (0, 0, 0): 0.04}}
    state, seen = lived(world, (0, {})), []
    for number in range(1, 100):
        state = lived(world, (number, post if number == 1 else {}), state=state)
        seen.append(state.shut[:, 0].copy())
        let_in = state.posted_strength[1, 0, 0] * (1 - seen[-1][1])
        expect(state, strength={(1, 0, 0): 0.25 + let_in})
    shut = np.array(seen)
    assert not shut[:, [0, 2]].any()  # the host, and one who posts nothing
    # Both ways by half a hazard of 12 a year.
    assert np.abs(np.diff(shut[2:, 1])).mean() == pytest.approx(1 - exp(-0.5), abs=0.15)
    assert 0.3 < shut[2:, 1].mean() < 0.7


@pytest.mark.parametrize(("shut", "leaning", "held"), [(0, -1, 1), (1, 1, 0)])
@pytest.mark.parametrize(("margin", "turned"), [(0, 1), (1e3, 0)])
def test_hosts_close_to_those_who_hold_much_and_open_to_those_they_lean_to(
    shut, leaning, held, margin, turned
):
    """At a steep slope the drive decides alone, and a wide margin keeps things as they are."""
    state = after(
        contest.refuse, tied(refusal_rate=1e4, refusal_slope=100.0, refusal_margin=margin),
        number=1, shut={(1, 0): shut}, posted={(1, 0, 0): 0.1}, alignment={(0, 1): leaning},
        influence={(1, 0, 0): held},
    )  # fmt: skip
    expect(state, shut={(1, 0): abs(shut - turned)})
