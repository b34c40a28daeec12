"""An actor as a Mesa agent: it perceives, leans, and divides its budget; and ties to a theatre.

Lists run over theatres, or over cells: every theatre's three domains, theatre by theatre.
Dictionaries run over all actors, itself included, in the model's order.
"""

from math import exp, isnan, log, sqrt, tanh
from operator import add, mul, sub
from typing import Any

import mesa

from benchmarks.chance import gumbel, words
from eurasia_sim.compute.dimensions import CONSTRUCTS

ALLOCATION_STREAM = 2


def dot(first: Any, second: Any) -> float:
    """Sum of products, item by item."""
    return sum(map(mul, first, second))


def saturation(x: float) -> float:
    """x / (1 + x): a quantity of zero or more squeezed into [0, 1)."""
    return x / (1.0 + x)


def logistic(x: float) -> float:
    """1 / (1 + e^-x): any number squeezed into (0, 1); held beyond 700, lest e overflow."""
    return 1.0 / (1.0 + exp(min(-x, 700.0)))


def closeness(distance: float, border: float, p: Any) -> float:
    """How near two places are: what distance leaves, plus a shared border."""
    return exp(-distance / p.distance_decay) + p.contiguity * border


def utility_weight(salience: float, silence: float, p: Any) -> float:
    """Utility weight of an ordinal salience, (salience / 3) ** curve; silence counts as told."""
    level = silence if isnan(salience) else salience
    return max(level / 3.0, 1e-300) ** p.salience_curve


class Actor(mesa.Agent):
    """Who perceives and acts, the i-th of the inputs; its relations follow by `meet`."""

    def __init__(self, model: Any, i: int) -> None:
        super().__init__(model)
        facts, coded, p = model.facts, model.coded, model.rules
        self.i, self.key, self.wealth = i, facts.name_hash[i], facts.wealth[i]
        self.own_power, self.offense = coded.own_power[i], coded.offensive_capability[i]
        self.susceptibility = coded.susceptibility[i]
        weights = [utility_weight(salience, p.silence, p) for salience in coded.salience[i]]
        self.weight = dict(zip(CONSTRUCTS, weights, strict=True))
        spans = zip(facts.theatre_distance[i], facts.theatre_border[i], strict=True)
        self.closeness = [closeness(distance, border, p) for distance, border in spans]
        home = saturation(closeness(0.0, 1.0, p) / p.closeness_half)
        self.nearness = [saturation(near / p.closeness_half) / home for near in self.closeness]
        self.transit = [exp(-distance / p.transit_decay) for distance in facts.border_distance[i]]
        self.power = self.unhindered = self.budget = self.standing = self.pressed = self.zero = 0.0
        self.opening_power = self.opening_pressed = 0.0
        for name in ("inclination", "effort", "joint", "utility", "common", "noise", "posted"):
            setattr(self, name, [0.0] * 3 * len(self.nearness))
        for name in ("spillover", "open_spillover", "containment", "convening_influence", "party"):
            setattr(self, name, [0.0] * len(self.nearness))
        self.flags = coded.initial_recognition[i]
        self.recognition = [sum(flags[1:]) for flags in self.flags]
        self.owed: dict[Actor, list[float]] = {}  # of the inclination, to others in focus

    def meet(self) -> None:
        """Take up relations with every actor: nearness without forces abroad, affinity, denial."""
        p, actors, i = self.model.rules, self.model.actors, self.i
        facts, coded = self.model.facts, self.model.coded
        self.reach, self.front, self.affinity, self.denial, self.observed = {}, {}, {}, {}, {}
        weights = (1.0, p.opening_quarrel, p.opening_ties)
        for j, other in enumerate(actors):
            self.reach[other] = closeness(facts.distance[i][j], facts.border[i][j], p)
            self.front[other] = saturation(coded.front[i][j] / p.closeness_half)
            affinity = coded.affinity[i][j]
            self.affinity[other] = p.silent_affinity if isnan(affinity) else affinity
            self.denial[other] = utility_weight(coded.denial[i][j], p.silent_denial, p)
            seen = [stance[i][j] for stance in facts.observed]
            whole = sum(w for w, part in zip(weights, seen, strict=True) if not isnan(part))
            unit = p.opening_spread / (whole or 1.0)
            self.observed[other] = [unit * part for part in map(mul, weights, seen)]
        self.affinity[self] = self.denial[self] = 0.0
        pull = p.pull_relation / 3.0
        self.leaning = {other: pull * liked for other, liked in self.affinity.items()}
        self.alignment = {other: tanh(leaning) for other, leaning in self.leaning.items()}
        self.alignment[self] = 1.0
        for name in (
            "threat", "regional", "projected", "rivalry", "partnership", "shared", "mutual",
            "regional_overlap", "crisis", "shocks", "opening_venues",
        ):  # fmt: skip
            setattr(self, name, dict.fromkeys(actors, 0.0))
        self.stance, self.offset = ({other: [0.0] * 3 for other in actors} for _ in range(2))

    def perceive(self) -> None:
        """See danger in each other actor, what spills over, and to what it is itself a party."""
        p, month = self.model.rules, self.model.month
        half, habit, blind = p.closeness_half, p.intent_habit, 1.0 - p.weight_intent
        power, projected, reach, front = self.power, self.projected, self.reach, self.front
        alignment, pressed = self.alignment, month.pressed[self]
        for other in self.model.actors:
            theirs = other.power
            if other is self or theirs <= 0.0:
                self.threat[other] = self.regional[other] = 0.0
                continue
            near, pressure = reach[other] + projected[other], pressed[other]
            odds = p.intent_baseline - habit * alignment[other] + p.intent_pressure * pressure
            odds += p.intent_revisionism * month.revisionism[other]
            will = blind + p.weight_intent / (1.0 + exp(-odds))
            danger = theirs / (power + theirs) * other.offense * will
            self.regional[other] = near / (near + half) * danger
            elsewhere = p.weight_global * front[other] * danger
            self.threat[other] = self.regional[other] + elsewhere + p.weight_pressure * pressure
        lands = zip(self.model.theatres, self.transit, strict=True)
        self.spillover = [dot(land.hazard, self.susceptibility) * left for land, left in lands]
        self.party = [theatre.party_of(self) for theatre in self.model.theatres]

    def take_fears(self) -> None:
        """Sum all it fears, and keep the roots of its dangers, which every pair it is in needs."""
        p, outside = self.model.rules, [1.0 - party for party in self.party]
        lands = p.weight_spillover * sum(self.spillover)
        self.fear = p.fear_floor + sum(self.threat.values()) + lands
        self.fear_near = p.fear_floor + sum(self.regional.values()) + lands
        self.per_danger, self.per_danger_near = self.fear**-0.5, self.fear_near**-0.5
        self.feared = [sqrt(threat) for threat in self.threat.values()]
        self.feared_near = [sqrt(threat) for threat in self.regional.values()]
        self.foreign = [p.weight_spillover * x for x in map(mul, self.spillover, outside)]
        self.felt = list(map(mul, map(sqrt, self.spillover), outside))

    def place_zero(self) -> None:
        """Find the overlap of fears beyond which it binds: one for all, or its own mean."""
        p = self.model.rules
        self.zero = p.common_zero
        if p.moving_zero > 0.5:
            others = [a for a in self.model.actors if a is not self and a.power > 0.0]
            self.zero = sum(self.shared[other] for other in others) / max(len(others), 1)

    def lean(self, other: "Actor", shock: float) -> None:
        """Relax the leaning toward another to common position, less quarrel, and ties."""
        p, month, seen = self.model.rules, self.model.month, self.observed[other]
        venues = month.comembership[self][other]
        if self.model.t <= 0:
            self.opening_venues[other] = venues
        pressed = 0.5 * (month.pressed[self][other] + month.pressed[other][self])
        relation = (self.affinity[other] + month.goodwill[self][other]) / 3.0
        position = p.pull_common * (self.shared[other] - self.zero)
        position += p.pull_crisis * self.crisis[other] - p.pull_mutual * self.mutual[other]
        quarrel = p.pull_quarrel * pressed + p.pull_rivalry * self.rivalry[other]
        quarrel -= p.pull_relation * relation
        ties = p.pull_venues * (venues - self.opening_venues[other])
        drivers = position, quarrel, ties + p.pull_joint * self.partnership[other]
        if self.model.t < 0:
            beyond = map(sub, seen, drivers)
            self.offset[other] = [0.0 if isnan(x) else p.opening_data * x for x in beyond]
        position, quarrel, ties = self.stance[other] = list(map(add, drivers, self.offset[other]))
        leaning, pull = self.leaning[other], position - quarrel + ties
        if self.model.t < 0:
            leaning += 0.5 * (pull - leaning)
        else:
            leaning += p.alignment_rate * (pull - leaning) + p.alignment_noise * shock
        self.leaning[other], self.alignment[other] = leaning, tanh(leaning)

    def heed(self) -> None:
        """Feel the pressure of whoever has power; up to month 0 keep it, and power."""
        pressed = self.model.month.pressed[self]
        self.pressed = sum(pressed[other] for other in self.model.actors if other.power > 0.0)
        if self.model.t <= 0:
            self.opening_power, self.opening_pressed = self.power, self.pressed

    def weigh(self) -> None:
        """Find the worth of one more unit of effort in each cell.

        Rivals, spill-over and trade, as far as the host lets it in; a stage; home; less the costs.
        """
        p, weight = self.model.rules, self.weight
        primacy = 0.5 * p.motive_primacy * weight["primacy"]
        guard = p.motive_survival * weight["survival"]
        displace = [primacy * (1.0 - alignment) for alignment in self.alignment.values()]
        denials = self.denial.items()
        resist = [p.motive_denial * wish * self.denial_factor(other) for other, wish in denials]
        guarded = [w + guard * fear for w, fear in zip(resist, self.threat.values(), strict=True)]
        contain = p.motive_containment * weight["containment"]
        trade = p.motive_commerce * weight["commerce"]
        stage = p.motive_standing * weight["standing"]
        meets = p.containment_security, p.containment_economic, p.containment_diplomatic
        for theatre, spill in zip(self.model.theatres, self.spillover, strict=True):
            others = theatre.guarded - self.effort[theatre.first]
            self.open_spillover[theatre.place] = spill / (1.0 + p.burden_sharing * others)
        self.utility, self.common = utility, common = [], []
        self.pulls = pulls = {other: [] for other in self.owed}
        for theatre, near in zip(self.model.theatres, self.nearness, strict=True):
            self.containment[theatre.place] = dot(theatre.gate, self.open_spillover)
            need = contain * self.containment[theatre.place]
            cost = p.distance_cost * (1.0 - near) + p.cell_cost
            traded = trade * theatre.opportunity * theatre.stability * near * theatre.link[self]
            seen = stage * (1.0 - theatre.stability) * theatre.size
            trades, stages = (0.0, traded, 0.0), (0.0, 0.0, seen)
            cells = zip(theatre.influence, theatre.access, strict=True)
            for d, (influence, access) in enumerate(cells):
                shares, let_in = influence.values(), access[self]
                sated = 1.0 - p.sufficiency * influence[self]
                rivals = sated * dot(displace, shares) + dot(resist if d else guarded, shares)
                common.append(need * meets[d])
                for other, pull in pulls.items():
                    worth = sated * displace[other.i] + (resist if d else guarded)[other.i]
                    pull.append(near * let_in * influence[other] * worth)
                inside = let_in * (near * rivals + need * meets[d] + trades[d])
                utility.append(inside + stages[d] - cost)
            if self is theatre.ruler or self is theatre.challenger:
                self._at_home(theatre, utility)

    def denial_factor(self, other: "Actor") -> float:
        """What the relation, and power gained since the opening, make of the wish to deny it."""
        p, gained = self.model.rules, 0.0
        now, then = other.power * self.opening_power, self.power * other.opening_power
        if now > 0.0 and then > 0.0:
            gained = log(now / then)
        relation = max(p.denial_relation, 0.0) * self.alignment[other]
        return exp(max(p.denial_power, 0.0) * gained - relation)

    def _at_home(self, theatre: Any, utility: list[float]) -> None:
        """Add what moves a ruler or challenger: survival, and autonomy from the largest patron."""
        p = self.model.rules
        disputed = theatre.control if self is theatre.ruler else 1.0 - theatre.control
        peril = saturation(sum(self.threat.values())) + theatre.militants
        peril += disputed if theatre.contender else 0.0
        utility[theatre.first] += p.motive_home_survival * self.weight["survival"] * peril
        autonomy = p.motive_autonomy * self.weight["autonomy"]
        for d, influence in enumerate(theatre.influence):
            patrons = (share for other, share in influence.items() if other is not self)
            utility[theatre.first + d] += autonomy * max(patrons, default=0.0)

    def incline(self) -> None:
        """Move the logarithms of choice weights toward utility, with chance."""
        p, model = self.model.rules, self.model
        if model.t >= 0 and p.utility_noise > 0.0:
            self.noise = []
            for theatre in model.theatres:
                drawn = words(model.keys, ALLOCATION_STREAM, model.t, self.key, theatre.key)
                self.noise += map(gumbel, drawn[:3])
        habit = p.habit if model.t >= 0 else 0.5
        fresh, noise = (1.0 - habit) / p.temperature, p.utility_noise
        moved = zip(self.inclination, self.utility, self.noise, strict=True)
        self.inclination = [habit * old + fresh * new + noise * luck for old, new, luck in moved]
        for other, before in self.owed.items():
            pairs = zip(before, self.pulls[other], strict=True)
            self.owed[other] = [habit * owed + fresh * pull for owed, pull in pairs]

    def spend(self) -> None:
        """Divide the budget: what the scenario imposes, the rest by logit over cells and beyond."""
        model, p = self.model, self.model.rules
        raised = p.pressure_effort * (self.pressed - self.opening_pressed)
        powerful = self.power > 0.0
        self.budget = budget = self.power**p.budget_elasticity * exp(raised) if powerful else 0.0
        imposed, taken = self._imposed()
        weighed = list(map(mul, model.cell_sizes, map(exp, self.inclination)))
        free = (1.0 - taken) / (p.reserve + sum(weighed))
        self.posted = [budget * fixed for fixed in imposed]
        shares = zip(imposed, weighed, strict=True)
        self.effort = [budget * (fixed + free * chosen) for fixed, chosen in shares]

    def _imposed(self) -> tuple[list[float], float]:
        """Share of the budget that the scenario sets in each cell, and in all, at most 1."""
        p, month = self.model.rules, self.model.month
        imposed = month.imposed[self].copy()
        if self.budget > 0.0:
            for theatre, (bases, forces, counterterror) in month.posted[self]:
                posted = p.effort_bases * bases + p.effort_forces * (forces + counterterror)
                imposed[theatre.first] += posted / self.budget
            for theatre, aid in zip(self.model.theatres, month.aid[self], strict=True):
                imposed[theatre.first + 1] += p.effort_aid * aid / self.budget
                for party in filter(None, (theatre.ruler, theatre.challenger)):
                    imposed[theatre.first] += p.effort_aid * month.arms[self][party] / self.budget
        taken = sum(imposed)
        return ([share / taken for share in imposed], 1.0) if taken > 1.0 else (imposed, taken)

    def is_let_in(self, theatre: Any) -> None:
        """Find what is left of trade with a theatre, and take consent that is imposed as access."""
        month, host, place = self.model.month, theatre.ruler, theatre.place
        forbidden = 0.0
        if host is not None:
            forbidden = max(month.sanctions[self][host], month.sanctions[host][self])
        theatre.link[self] = (1.0 + month.trade[self][place]) * (1.0 - forbidden)
        consent = month.consent[self][place]
        if host is not None and self not in (host, theatre.challenger) and not isnan(consent):
            theatre.shut[self] = 1.0 if consent == 0.0 else 0.0
            for access in theatre.access:
                access[self] = consent

    def attend(self) -> None:
        """Divide diplomatic and joint effort over its venues, by logit of its tie to conveners."""
        p, regard = self.model.rules, {**self.alignment, self: self.weight["primacy"]}
        spent = sum(self.effort[2::3]) + sum(self.joint[0::3]) + sum(self.joint[1::3])
        drawn = {}
        for v, conveners in enumerate(self.model.conveners):
            if membership := self.model.month.membership[v][self]:
                pull = sum(share * regard[convener] for convener, share in conveners.items())
                drawn[v] = membership * exp(p.venue_pull * pull)
        scale = spent / (sum(drawn.values()) + 1e-300)
        self.venue_effort = {v: weight * scale for v, weight in drawn.items()}


class Ties:
    """Of every actor to one theatre in a domain: 0 is security, 1 the economy, 2 diplomacy."""

    def __init__(self, theatre: Any, d: int) -> None:
        self.theatre, self.d, self.p = theatre, d, theatre.model.rules
        p, influence = self.p, theatre.influence[d]
        self.returns = p.return_economic if d == 1 else p.return_political
        self.rate = exp((p.fading_security, p.fading_economic, p.fading_diplomatic)[d])
        floors = {actor: p.tie_floor if actor.wealth > 0.0 else 1e-300 for actor in influence}
        self.tie = {actor: log(max(influence[actor], least)) for actor, least in floors.items()}
        self.pull = self.tie.copy()
        self.entry = {
            actor: max(exp(tie) - influence[actor], 0.0) for actor, tie in self.tie.items()
        }
        self.outsiders = max(1.0 - sum(influence.values()), 0.0)
        for name in ("strength", "work", "posted", "deposit", "posted_strength"):
            setattr(self, name, dict.fromkeys(influence, 0.0))

    def move(self, t: int) -> None:
        """Tell apart what is imposed and what each works of its own; let both move influence.

        What there is up to month 0 is kept as the opening's; before, influence stands as it opens.
        """
        cell = self.theatre.first + self.d
        access, link = self.theatre.access[self.d], self.theatre.link
        for actor in access:
            posted = min(actor.posted[cell], actor.effort[cell])
            work = actor.effort[cell] - posted + self.p.synergy * actor.joint[cell]
            work += actor.convening_influence[self.theatre.place] if self.d == 2 else 0.0
            self.posted[actor], self.work[actor] = posted, work
        if t <= 0:
            self.opening_work, self.opening_posted = self.work.copy(), self.posted.copy()
            self.opening_access, self.opening_link = access.copy(), link.copy()
        if t >= 0:
            self._deposit(cell)
            self._share_out(t, access, link)

    def _deposit(self, cell: int) -> None:
        """Add to ties what own work beyond the opening's earns, and beside them what is imposed."""
        p, pace = self.p, self.p.deposit_fading / 12.0
        everyone = p.effort_unit + sum(actor.effort[cell] for actor in self.tie)
        for actor in self.tie:
            more = (self.work[actor] + p.effort_unit) / (self.opening_work[actor] + p.effort_unit)
            self.deposit[actor] += pace * (self.returns * log(more) - self.deposit[actor])
            beyond = max(self.posted[actor] - self.opening_posted[actor], 0.0)
            stands = self.returns * beyond / everyone
            self.posted_strength[actor] += pace * (stands - self.posted_strength[actor])

    def _share_out(self, t: int, access: dict[Actor, float], link: dict[Actor, float]) -> None:
        """Divide influence by strength: what ties and posts are worth as far as they are let in.

        Without deposits a tie is the opening's, faded toward what pulls it; abroad the sum stays.
        """
        left, tie, abroad = exp(-self.rate * t / 12.0), self.tie, self.theatre.abroad
        aged = {actor: exp(left * tie[actor] + (1.0 - left) * self.pull[actor]) for actor in tie}
        if abroad:
            scale = sum(exp(tie[actor]) for actor in abroad) / sum(aged[actor] for actor in abroad)
            aged |= {actor: scale * aged[actor] for actor in abroad}
        floor = self.p.access_floor
        for actor, tie_now in aged.items():
            held = max(tie_now * exp(self.deposit[actor]) - self.entry[actor], 0.0)
            if self.d == 1 and self.opening_link[actor] > 0.0:
                held *= link[actor] / self.opening_link[actor]
            let_in = (access[actor] + floor) / (self.opening_access[actor] + floor)
            is_shut = self.d == 0 and self.theatre.shut[actor]
            posted = 0.0 if is_shut else self.posted_strength[actor]
            self.strength[actor] = let_in * (held + posted)
        everyone = max(self.outsiders + sum(self.strength.values()), 1e-300)
        for actor, strength in self.strength.items():
            self.theatre.influence[self.d][actor] = strength / everyone
