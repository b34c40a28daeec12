"""Threats, leanings and joint work by hand, and what Walt, Mearsheimer and Keohane say of them."""

from dataclasses import replace
from math import exp, log, sqrt, tanh
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from tests.random_worlds import seeds, worlds
from tests.worlds import after, call, expect, interests, plain, quiet, rules, snapshots

from eurasia_sim.compute import random_streams as streams
from eurasia_sim.compute.dimensions import POSITION, QUARREL, TIES
from eurasia_sim.mechanisms.alignment import STREAM, align
from eurasia_sim.mechanisms.cooperation import choose_venues, convene, cooperate, join
from eurasia_sim.mechanisms.perception import perceive

INSTITUTIONALIST = "neoliberal_institutionalism"
PARTIES = plain(6, party_pressure=0.4).having(
    ruler=0, challenger=1, theatre_distance={(2, 0): 0.0}, initial_control=0.5,
    pressure={(0, 3, 0): 0.1, (0, 4, 0): 0.9, (0, 5, 1): 0.9},
)  # fmt: skip
RULED = plain(3, 2).having(
    ruler=1, own_power=[0.01, 0.02, 0.03], capability=[0.1, 0.2, 0.3],
    theatre_capability=[0.004, 0.005],
)  # fmt: skip
POSTED = plain(
    distance_decay=1000, projection=0.5, projection_bases=1, projection_forces=0.8,
    projection_counterterror=0.1,
).having(theatre_distance={(0, 0): 500.0}, presence={(0, 1, 0): 2.0})  # fmt: skip
SPILLING = plain(
    transit_decay=500, militancy_terrorism=0.8, militancy_narcotics=0.5, militancy_refugees=0.25
).having(
    border_distance=[[0.0], [500.0]], susceptibility=[[1.0, 0.5, 0.2], [0.4, 0.0, 1.0]],
    threat_source=[[0.9, 0.6, 0.3]], base_stability=0.3, initial_militants=0.5,
    surge=[1.0, 0.0, 0.0],
)  # fmt: skip
TERRORISM, NARCOTICS = 0.9 * 2 * (0.8 * 0.5 + 0.2 * 0.7), 0.6 * (0.5 * 0.5 + 0.5 * 0.7)
REFUGEES = 0.3 * (0.25 * 0.5 + 0.75 * 0.7)
# A claim: a world, and what its actors see.
SEEN: dict[str, tuple[Any, dict[str, Any]]] = {
    "who rules, contests, dwells in or presses the ruler of a land is a party": (
        PARTIES, {"party": np.reshape([1, 1, 1, 0.125, 0.5, 0], (6, 1))}),
    "who presses a ruler that nobody fights is none": (
        PARTIES.having(initial_control=0.0), {"party": np.reshape([1, 1, 1, 0, 0, 0], (6, 1))}),
    "where nobody rules only who dwells there is one": (
        PARTIES.having(ruler=-1, challenger=-1),
        {"party": np.reshape([0, 0, 1, 0, 0, 0], (6, 1))}),
    "power is what is owned and what is ruled": (RULED, {"power": [0.11, 0.22 + 0.009, 0.33]}),
    "sanctions cost what the sender weighs; who is under them itself weighs no less": (
        RULED.having(sanctions={(0, 0, 1): 0.5, (0, 2, 1): 1.0, (0, 1, 0): 1.0}),
        {"power": [0.11 * (1 - 0.229), 0.229 * (1 - 0.5 * 0.11) * (1 - 0.33), 0.33]}),
    "forces abroad bring their owner nearer to those around": (
        POSTED, {"projected": [[0, 0.5 * 2 * (1 + 0.8 + 0.1) * exp(-0.5)], [0, 0]]}),
    "what spills over is hazard by susceptibility and transit": (
        SPILLING,
        {"hazard": [[TERRORISM, NARCOTICS, REFUGEES]],
         "spillover": [[TERRORISM + 0.5 * NARCOTICS + 0.2 * REFUGEES],
                       [(0.4 * TERRORISM + REFUGEES) * exp(-1)]]}),
}  # fmt: skip


@pytest.mark.parametrize("claim", SEEN)
def test_what_is_seen_by_hand(claim):
    world, by_hand = SEEN[claim]
    expect(after(perceive, world), **by_hand)


def test_danger_by_arena_by_hand():
    """Near by, on a front elsewhere, and in being pressed, which the weaker can do as well."""
    world = plain(distance_decay=3000).having(
        distance={(0, 1): 1500, (1, 0): 1500}, offensive_capability=[1.0, 0.5],
        own_power=[0.1, 0.3], front={(0, 1): 0.3}, pressure={(0, 0, 1): 0.4, (0, 1, 0): 0.2},
    )  # fmt: skip
    p, state = world.p, after(perceive, world)
    near, front = (raw / (raw + p["closeness_half"]) for raw in (exp(-0.5), 0.3))
    for i, j, power, offense, pressed in ((0, 1, 0.75, 0.5, 0.2), (1, 0, 0.25, 1.0, 0.4)):
        will = expit(p["intent_baseline"] + p["intent_pressure"] * pressed)
        danger = power * offense * (1 - p["weight_intent"] * (1 - will))
        elsewhere = p["weight_global"] * danger * front * (i == 0)
        whole = danger * near + elsewhere + p["weight_pressure"] * pressed
        expect(state, regional={(i, j): danger * near}, threat={(i, j): whole, (i, i): 0})


def test_fears_shared_and_mutual_by_hand():
    """Two fear a third and the land next door, to which the second is half a party."""
    state = after(
        align, plain(3, fear_floor=0.3, weight_spillover=0.5),
        threat={(0, 1): 0.1, (0, 2): 0.36, (1, 2): 0.16}, regional={(0, 2): 0.25, (1, 2): 0.16},
        spillover=[[0.4], [0.9], [0.0]], party=[[0.0], [0.5], [0.0]],
    )  # fmt: skip
    land = sqrt(0.4 * 0.9) * 0.5
    fear = 0.3 + 0.46 + 0.5 * 0.4, 0.3 + 0.16 + 0.5 * 0.9
    near = 0.3 + 0.25 + 0.5 * 0.4, 0.3 + 0.16 + 0.5 * 0.9
    shared = (sqrt(0.36 * 0.16) + 0.5 * land) / sqrt(fear[0] * fear[1])
    overlap = (sqrt(0.25 * 0.16) + 0.5 * land) / sqrt(near[0] * near[1])
    for two in ((0, 1), (1, 0)):
        expect(state, crisis={two: land}, shared={two: shared}, regional_overlap={two: overlap})
    expect(state, mutual={(0, 1): (0.1 + 0.5 * 0.4 * 0.5) / fear[0], (1, 0): 0})


@given(*[st.floats(0.01, 1)] * 2, st.floats(1e-9, 1))
def test_two_who_fear_one_third_alone_fear_alike_but_for_a_floor(mine, theirs, floor):
    """The floor makes the amount of fear count."""
    state = after(align, plain(3, fear_floor=floor), threat={(0, 2): mine, (1, 2): theirs})
    expect(state, shared={(0, 1): sqrt(mine / (floor + mine) * theirs / (floor + theirs))})


def test_a_month_of_aligning_by_hand():
    """With a shock that is drawn at the address of the pair, whoever is named first."""
    names = np.array([2**40 + 5, 3, 2**33 + 1], dtype=np.uint64)
    world = plain(
        3, alignment_rate=0.1, common_zero=0.4, pull_common=0.5, pull_mutual=2, pull_crisis=0,
        pull_quarrel=3, pull_relation=1.2, alignment_noise=0.2,
    ).having(
        affinity={(0, 1): 1.5, (1, 0): 0.5}, goodwill={(0, 1, 0): 2.0}, pressure={(0, 0, 1): 0.1},
        name_hash=names,
    )  # fmt: skip
    threat = {(0, 1): 0.1, (0, 2): 0.16, (1, 2): 0.25}
    state = after(align, world, seed=4, number=9, threat=threat)
    position = 0.5 * (state.shared[0, 1] - 0.4) - 2 * state.mutual[0, 1]
    quarrel, first = 3 * 0.05 - 1.2 * 1.5 / 3, 1.2 * 1.5 / 3
    stance = {(POSITION, 0, 1): position, (QUARREL, 0, 1): quarrel, (TIES, 0, 1): 0}
    expect(state, stance={**stance, (QUARREL, 1, 0): 3 * 0.05 - 1.2 * (0.5 + 2) / 3})
    words = streams.draw(np.uint64(4), STREAM, np.uint64(9), names[1], names[0])
    shock = streams.shock(streams.uniform(words[0]))
    leaning = first + 0.1 * (position - quarrel - first) + 0.2 * shock
    expect(state, leaning={(0, 1): leaning}, alignment={(0, 1): tanh(leaning), (0, 0): 1})


def test_a_moving_zero_is_the_mean_overlap_with_all_who_have_power():
    threat, power = {(0, 3): 0.3, (1, 3): 0.3, (2, 3): 0.1, (0, 1): 0.2}, [0.1, 0.2, 0.3, 0.0]
    fixed, moving = (
        after(align, plain(4, forms={"zero": form}), threat=threat, power=power)
        for form in ("fixed", "moving")
    )
    expect(fixed, zero=plain().p["common_zero"])
    shared = fixed.shared
    expect(moving, zero={0: (shared[0, 1] + shared[0, 2]) / 2, 3: shared[3, :3].mean()})


@pytest.mark.parametrize("crisis", [0.0, 0.6])
def test_a_crisis_next_door_to_both_binds_only_where_it_is_said_to(crisis):
    """Warsaw's claim, and the other documents' silence: the ends of the number's range."""
    world = plain(3, pull_crisis=crisis, pull_common=0)
    calm, troubled = (after(align, world, spillover=s) for s in (0.0, [[0.4], [0.9], [0.0]]))
    position = calm.stance[POSITION, 0, 1] + crisis * sqrt(0.4 * 0.9)
    expect(troubled, stance={(POSITION, 0, 1): position})


@pytest.mark.parametrize(("theory", "pull"), [(INSTITUTIONALIST, 0.4), ("balance_of_threat", 0.1)])
def test_a_venue_beyond_those_of_the_opening_ties_and_most_for_an_institutionalist(theory, pull):
    world = plain(3, venues=1, months=2, theory=theory).having(
        venue_domains=[[1, 0, 1]], membership={1: [1.0, 0.5, 0.0]}
    )
    state = after(align, world)
    call(align, state, t=1, number=1)
    expect(state, stance={(TIES, 0, 1): pull * log(1 + 2 * 0.5), (TIES, 0, 2): 0})


def test_what_each_two_do_jointly_by_hand_whichever_is_named_first():
    """Joint effort cell by cell, an actor's largest, and what is joint or not over both budgets."""
    pairs = np.array([[i, j] for i in range(4) for j in range(4) if i != j])
    numbers = {"joint_level": 0.3, "joint_relation": 2, "relative_gains": 0.8, "joint_overlap": -1}
    # Some is imposed to be joint: less than all would do, more than some, and everything.
    imposed = [[0.0, 0.1, 0.0], [0.0, 0.6, 1.0]]
    world = replace(plain(4, 2, **numbers).having(jointness=imposed), focus=pairs)
    effort, budget = 0.02 * np.arange(24).reshape(4, 2, 3) % 0.17, np.array([0.5, 0.3, 0.4, 0.2])
    alignment, overlap = np.arange(16.0).reshape(4, 4) / 8 - 1, np.full((4, 4), 0.3)
    fields = {"effort": effort, "alignment": alignment, "regional_overlap": overlap}
    state, largest = after(join, world, budget=budget, **fields), np.zeros((4, 2, 3))
    for pair, (i, j) in enumerate(pairs):
        trust = (alignment[i, j] + alignment[j, i]) / 2
        odds = logit(0.3) + 2 * (trust - 0.5) - 1 * (0.3 - 0.5)
        smaller, both = np.minimum(effort[i], effort[j]), effort[i] + effort[j]
        willing = expit(odds - 0.8 * (1 - 2 * smaller / both))
        joint = smaller * np.maximum(willing, imposed)
        share, largest[i] = 2 / (budget[i] + budget[j]), np.maximum(largest[i], joint)
        expect(state, pair_joint={pair: joint}, partnership={(i, j): share * joint.sum()})
        expect(state, rivalry={(i, j): share * (smaller - joint).sum(), (i, i): 0})
    expect(state, joint=largest)


@given(worlds(months=3), seeds)
def test_an_offensive_realist_does_less_jointly_than_an_institutionalist(world, seed):
    """Mearsheimer against Keohane: relative gains and less use of venues leave less to share."""
    memory, joint = snapshots(world, seed)[-1], []
    for theory in ("offensive_realism", INSTITUTIONALIST):
        state = world.view(memory)
        call(cooperate, state, p=quiet(rules(theory)), t=world.months - 1)
        joint.append(state.pair_joint)
    realist, institutionalist = joint
    assert (realist <= institutionalist * (1 + 1e-12)).all()
    efforts = world.view(memory).effort[world.focus]
    smaller, larger = efforts.min(axis=1), efforts.max(axis=1)
    free = world.arrays["jointness"][-1] == 0
    unequal = (smaller > 1e-9) & (smaller < 0.99 * larger) & free
    assert (realist < institutionalist)[unequal].all()


def test_convening_by_hand():
    world = plain(venues=2, venue_pull=2, venue_influence=0.1, salience_curve=1).having(
        convenes=[[0.75, 0.0], [0.0, 1.0]], ruler=1, salience=interests(primacy=1.5),
        membership=[[1.0, 0.5], [1.0, 0.0]],
    )  # fmt: skip
    state = after(
        choose_venues, world, alignment=[[1.0, 0.4], [-0.2, 1.0]],
        joint={(0, 0): [0.05, 0.02, 0.9]}, effort={(0, 0, 2): 0.1, (1, 0, 2): 0.3},
    )  # fmt: skip
    call(convene, state)
    own, others, spent = exp(2 * 0.75 * 0.5), exp(2 * 0.4), 0.1 + 0.05 + 0.02
    first = spent * own / (own + others)
    # Only the first venue has the host among its members.
    gained = [[0.1 * 0.75 * (first + 0.3)], [0.0]]
    expect(state, venue_effort=[[first, spent - first], [0.3, 0.0]], convening_influence=gained)
