"""An actor as a Mesa agent: it perceives, leans, and divides its budget, by plain Python over other agents.

Lists run over theatres, or over cells: every theatre's three domains, theatre by theatre. Dictionaries run over all
actors, itself included, in the model's order.
"""

from __future__ import annotations

from math import exp, log, sqrt, tanh
from operator import mul
from typing import TYPE_CHECKING, Any

import mesa

from benchmarks.chance import gumbel

if TYPE_CHECKING:
    from benchmarks.theatre import Theatre

ALLOCATION_STREAM = 2


def dot(first: Any, second: Any) -> float:
    """Sum of products, item by item."""
    return sum(map(mul, first, second))


def saturation(x: float) -> float:
    """x / (1 + x): a quantity of zero or more squeezed into [0, 1)."""
    return x / (1.0 + x)


def logistic(x: float) -> float:
    """1 / (1 + e^-x): any number squeezed into (0, 1); beyond 700 it is held, lest e overflow."""
    return 1.0 / (1.0 + exp(min(-x, 700.0)))


class Actor(mesa.Agent):
    """Who perceives and acts.

    Args:
        model: the reference model. name, key: its id and the hash of it. traits: what a run's coded draw and the rules
            say of it (`setting.traits_of`), as attributes: own_power, offense, susceptibility, weight, skill and, over
            theatres, nearness, transit, closeness; dyads follow by `meet`, once all actors are there.
    """

    def __init__(self, model: Any, name: str, key: int, traits: dict[str, Any]) -> None:
        super().__init__(model)
        self.name, self.key = name, key
        self.own_power: float = traits["own_power"]
        self.offense: float = traits["offense"]
        self.susceptibility: list[float] = traits["susceptibility"]
        self.weight: dict[str, float] = traits["weight"]
        self.skill_cost = [model.rules.skill_cost * (1.0 - skill) for skill in traits["skill"]]
        self.nearness: list[float] = traits["nearness"]
        self.transit: list[float] = traits["transit"]
        self.closeness: list[float] = traits["closeness"]
        theatres = len(self.nearness)
        cells = 3 * theatres
        self.power = self.budget = self.standing = 0.0
        self.inclination, self.effort, self.joint = [0.0] * cells, [0.0] * cells, [0.0] * cells
        self.utility, self.common, self.noise = [0.0] * cells, [0.0] * cells, [0.0] * cells
        self.spillover, self.open_spillover = [0.0] * theatres, [0.0] * theatres
        self.containment, self.convening_influence = [0.0] * theatres, [0.0] * theatres
        self.recognition = [0.0] * theatres
        self.venue_effort: dict[str, float] = {}
        self.threat_roots: list[float] = []
        self.spillover_roots: list[float] = []

    def meet(self, reach: list[float], affinity: list[float], denial: list[float]) -> None:
        """Take up relations with every actor: nearness without forces abroad, affinity, denial."""
        rules, actors = self.model.rules, self.model.actors
        self.reach = dict(zip(actors, reach, strict=True))
        self.affinity = dict(zip(actors, affinity, strict=True))
        self.denial = dict(zip(actors, denial, strict=True))
        self.resist = [rules.motive_denial * weight for weight in denial]
        self.leaning = {other: rules.alignment_affinity * self.affinity[other] / 3.0 for other in actors}
        self.alignment = {other: tanh(leaning) for other, leaning in self.leaning.items()}
        self.alignment[self] = 1.0
        self.threat, self.projected, self.rivalry = (dict.fromkeys(actors, 0.0) for _ in range(3))
        self.partnership, self.shared, self.shocks = (dict.fromkeys(actors, 0.0) for _ in range(3))

    def perceive_threats(self) -> None:
        """Threat seen in each other actor: power times what proximity, offense and intent leave of it (Walt)."""
        p, month = self.model.rules, self.model.month
        half, additive = p.closeness_half, p.additive_threat
        near_weight, offense_weight, will_weight = p.weight_proximity, p.weight_offense, p.weight_intent
        weights = near_weight + offense_weight + will_weight + 1e-12
        baseline, enmity, habit = p.intent_baseline, p.intent_enmity / 3.0, p.intent_habit
        by_pressure, by_revisionism = p.intent_pressure, p.intent_revisionism
        power, threat, projected, reach = self.power, self.threat, self.projected, self.reach
        affinity, alignment = self.affinity, self.alignment
        goodwill, pressed, revisionism = month.goodwill[self], month.pressed[self], month.revisionism
        for other in self.model.actors:
            theirs = other.power
            if other is self or theirs <= 0.0:
                threat[other] = 0.0
                continue
            near = reach[other] + projected[other]
            near /= near + half
            appeal = baseline - enmity * (affinity[other] + goodwill[other]) - habit * alignment[other]
            will = 1.0 / (1.0 + exp(-appeal - by_pressure * pressed[other] - by_revisionism * revisionism[other]))
            offense = other.offense
            blend = (
                (1.0 - near_weight + near_weight * near)
                * (1.0 - offense_weight + offense_weight * offense)
                * (1.0 - will_weight + will_weight * will)
            )
            if additive:
                mean = (near_weight * near + offense_weight * offense + will_weight * will) / weights
                blend = (1.0 - additive) * blend + additive * mean
            threat[other] = theirs / (power + theirs) * blend

    def perceive_spillover(self) -> None:
        """What spills over from each theatre: its hazards by susceptibility, as far as they travel."""
        susceptible = self.susceptibility
        self.spillover = [
            dot(theatre.hazard, susceptible) * transit
            for theatre, transit in zip(self.model.theatres, self.transit, strict=True)
        ]

    def lean(self, other: Actor, shared: float, shock: float) -> None:
        """Relax the leaning toward another to its pull; alignment is the leaning's hyperbolic tangent.

        The pull: affinity, shared danger, membership and joint work, less the threat seen in it and their rivalry.
        """
        p, month = self.model.rules, self.model.month
        pull = (
            p.alignment_affinity * (self.affinity[other] + month.goodwill[self][other]) / 3.0
            + p.alignment_shared * shared
            - p.alignment_mutual * self.threat[other]
            - p.alignment_rivalry * self.rivalry[other]
            + p.alignment_membership * sum(month.venues[self][other])
            + p.alignment_joint * self.partnership[other]
        )
        leaning = self.leaning[other]
        leaning += p.alignment_rate * (pull - leaning) + p.alignment_noise * shock
        self.leaning[other], self.alignment[other] = leaning, tanh(leaning)

    def weigh(self) -> None:
        """Find the worth of one more unit of effort in each cell.

        Rivals' influence to undo, spill-over to hold back and trade, as far as the host lets it in; a stage; autonomy
        and survival at home; less distance and ill-suited means.
        """
        p, weight = self.model.rules, self.weight
        primacy, guard = 0.5 * p.motive_primacy * weight["primacy"], p.motive_survival * weight["survival"]
        displace = [primacy * (1.0 - alignment) for alignment in self.alignment.values()]
        resist = self.resist
        guarded = [worth + guard * fear for worth, fear in zip(resist, self.threat.values(), strict=True)]
        contain, trade = p.motive_containment * weight["containment"], p.motive_commerce * weight["commerce"]
        stage, suited = p.motive_standing * weight["standing"], self.skill_cost
        meets = p.containment_security, p.containment_economic, p.containment_diplomatic
        self._open_spillover(p.burden_sharing)
        utility: list[float] = []
        common: list[float] = []
        for theatre, near in zip(self.model.theatres, self.nearness, strict=True):
            need = contain * self.containment[theatre.place]
            cost = p.distance_cost * (1.0 - near)
            traded = trade * theatre.opportunity * theatre.stability * near
            seen = stage * (1.0 - theatre.stability) * theatre.size
            trades, stages = (0.0, traded, 0.0), (0.0, 0.0, seen)
            for d, (influence, access) in enumerate(zip(theatre.influence, theatre.access, strict=True)):
                held, let_in = influence.values(), access[self]
                sated = 1.0 - p.sufficiency * influence[self]
                rivals = sated * dot(displace, held) + dot(resist if d else guarded, held)
                common.append(need * meets[d])
                utility.append(let_in * (near * rivals + need * meets[d] + trades[d]) + stages[d] - cost - suited[d])
            if self is theatre.ruler or self is theatre.challenger:
                self._at_home(theatre, utility)
        self.utility, self.common = utility, common

    def _open_spillover(self, sharing: float) -> None:
        """Spill-over that others' security effort leaves open, and the need it makes in every theatre between."""
        effort = self.effort
        self.open_spillover = [
            spill / (1.0 + sharing * (theatre.guarded - effort[theatre.first]))
            for theatre, spill in zip(self.model.theatres, self.spillover, strict=True)
        ]
        self.containment = [dot(theatre.gate, self.open_spillover) for theatre in self.model.theatres]

    def _at_home(self, theatre: Theatre, utility: list[float]) -> None:
        """Add what moves whoever rules or contests a theatre: survival, and autonomy from the largest patron.

        At home its means suit every domain.
        """
        p = self.model.rules
        disputed = theatre.control if self is theatre.ruler else 1.0 - theatre.control
        peril = saturation(sum(self.threat.values())) + theatre.militants + (disputed if theatre.is_contested else 0.0)
        utility[theatre.first] += p.motive_home_survival * self.weight["survival"] * peril
        for d, influence in enumerate(theatre.influence):
            largest = max((share for other, share in influence.items() if other is not self), default=0.0)
            utility[theatre.first + d] += p.motive_autonomy * self.weight["autonomy"] * largest + self.skill_cost[d]

    def incline(self) -> None:
        """Move the logarithms of choice weights a little toward utility, with chance; the first month starts there."""
        p, model = self.model.rules, self.model
        number = model.number
        if p.utility_noise > 0.0:
            luck: list[float] = []
            for theatre in model.theatres:
                words = model.chance.words(ALLOCATION_STREAM, number, self.key, theatre.key)
                luck += map(gumbel, words[:3])
            self.noise = luck
        habit = p.habit if number > 0 else 0.0
        fresh, noise = (1.0 - habit) / p.temperature, p.utility_noise
        self.inclination = [
            habit * before + fresh * utility + noise * luck
            for before, utility, luck in zip(self.inclination, self.utility, self.noise, strict=True)
        ]

    def spend(self) -> None:
        """Divide the budget: what the scenario imposes, the rest by logit over cells and what lies outside them."""
        model = self.model
        p = model.rules
        self.budget = exp(p.budget_elasticity * log(self.power)) if self.power > 0.0 else 0.0
        imposed, taken = self._imposed()
        weighed = [size * exp(incline) for size, incline in zip(model.cell_sizes, self.inclination, strict=True)]
        free = (1.0 - taken) / (p.reserve + sum(weighed))
        budget = self.budget
        self.effort = [budget * (set_ + free * chosen) for set_, chosen in zip(imposed, weighed, strict=True)]

    def _imposed(self) -> tuple[list[float], float]:
        """Share of the budget that the scenario sets in each cell, and the share it takes in all, at most 1."""
        p, month = self.model.rules, self.model.month
        imposed = month.imposed[self].copy()
        if self.budget > 0.0:
            for theatre, (bases, forces, counterterror) in month.posted[self]:
                posted = p.effort_bases * bases + p.effort_forces * forces + p.effort_counterterror * counterterror
                imposed[theatre.first] += posted / self.budget
            for theatre, aid in zip(self.model.theatres, month.aid[self], strict=True):
                imposed[theatre.first + 1] += p.effort_aid * aid / self.budget
        taken = sum(imposed)
        if taken > 1.0:
            return [share / taken for share in imposed], 1.0
        return imposed, taken

    def attend(self) -> None:
        """Divide diplomatic and joint effort over the venues it belongs to, by logit of its tie to their conveners."""
        model = self.model
        p, alignment, ambition = model.rules, self.alignment, self.weight["primacy"]
        effort, joint = self.effort, self.joint
        spent = sum(effort[2::3]) + sum(joint[0::3]) + sum(joint[1::3])
        drawn = {}
        for venue in model.venues:
            membership = venue.membership.get(self)
            if membership:
                pull = sum(
                    share * (ambition if convener is self else alignment[convener])
                    for convener, share in venue.conveners.items()
                )
                drawn[venue.name] = membership * exp(p.venue_pull * pull)
        scale = spent / (sum(drawn.values()) + 1e-300)
        self.venue_effort = {name: weight * scale for name, weight in drawn.items()}

    def take_roots(self) -> None:
        """Keep the square roots of its dangers, which every pair it is in needs."""
        self.threat_roots = [sqrt(threat) for threat in self.threat.values()]
        self.spillover_roots = [sqrt(spill) for spill in self.spillover]
