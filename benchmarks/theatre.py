"""A theatre as a Mesa agent: it grants access, is contested, changes hands, and is recognised."""

from __future__ import annotations

from math import exp, isnan, log
from typing import TYPE_CHECKING, Any

import mesa

from benchmarks.actor import logistic, saturation
from benchmarks.chance import shock, uniform
from benchmarks.ties import Ties

if TYPE_CHECKING:
    from benchmarks.actor import Actor

REGIME_STREAM = 3
RECOGNITION_STREAM = 4
REFUSAL_STREAM = 0


class Venue:
    """Where actors meet: who convenes it with which share, and this month's members."""

    def __init__(self, name: str, conveners: dict[Actor, float]) -> None:
        self.name, self.conveners = name, conveners
        self.membership: dict[Actor, float] = {}


class Theatre(mesa.Agent):
    """Where influence is contested.

    Args:
        k: its place among the theatres of the model's inputs.
    """

    def __init__(self, model: Any, k: int) -> None:
        super().__init__(model)
        facts, coded, p = model.inputs.geography, model.coded, model.rules
        self.name, self.key = model.inputs.theatres[k], int(facts.theatre_hash[k])
        self.place, self.first = k, 3 * k
        people = float(facts.size[k])
        self.size = exp(p.size_elasticity * log(people)) if people > 0.0 else 0.0
        separation = facts.theatre_separation[k].tolist()
        self.gate = [exp(-apart / p.transit_decay) * p.buffer for apart in separation]
        self.gate[k] /= p.buffer
        self.opportunity, self.threat_source = coded.opportunity[k], coded.threat_source[k]
        self.stability = self.base_stability = coded.base_stability[k]
        self.control, self.militants = coded.initial_control[k], coded.initial_militants[k]
        self.economy = coded.initial_economy[k]
        ruler, challenger = int(facts.ruler[k]), int(facts.challenger[k])
        self.ruler: Actor | None = model.actors[ruler] if ruler >= 0 else None
        self.challenger: Actor | None = model.actors[challenger] if challenger >= 0 else None
        self.contender = self.challenger
        self.is_contested = self.challenger is not None
        self.restraint = p.restraint_base
        self.demand = self.guarded = 0.0
        self.hazard = [0.0] * 3
        self.influence = [
            {actor: coded.initial_influence[actor.i][k][d] for actor in model.actors}
            for d in range(3)
        ]
        self.access: list[dict[Actor, float]] = [{}, {}, {}]
        self.shut = dict.fromkeys(model.actors, 0.0)
        self.border_distance = facts.border_distance[:, k].tolist()
        self.people, homes = people, (self.ruler, self.challenger)
        abroad = [a for a in model.actors if a.wealth > 0.0 and a not in homes]
        self.ties = [Ties(d, shares, abroad, p) for d, shares in enumerate(self.influence)]
        self.grant_access()

    def meet(self) -> None:
        """Find what ties abroad go to: gravity in the economy, else the actor's mean of theatres.

        Called once all theatres are there.
        """
        p = self.model.rules
        for actor in self.ties[0].abroad:
            near = log(self.border_distance[actor.i] + p.gravity_near)
            gravity = p.gravity_size * log(actor.wealth) - p.gravity_distance * near
            there = [land for land in self.model.theatres if actor in land.ties[0].abroad]
            people = sum(land.people for land in there)
            for ties in self.ties:
                held = sum(land.people * land.ties[ties.d].tie[actor] for land in there)
                mean = held / people if people > 0.0 else ties.tie[actor]
                ties.pull[actor] = gravity if ties.d == 1 else mean

    def menace(self) -> None:
        """Hazard of each threat: its source, surged, by militants and disorder."""
        disorder, militants = 1.0 - self.stability, self.militants
        surges, mixes = self.model.month.surge[self.place], self.model.militancy
        self.hazard = [
            source * (1.0 + surge) * (mix * militants + (1.0 - mix) * disorder)
            for source, surge, mix in zip(self.threat_source, surges, mixes, strict=True)
        ]

    def grant_access(self) -> None:
        """Let patrons in by the host's leaning, less the more they hold.

        What is still closed opens as they balance what it fears, and as they have recognised a
        ruler by force.
        """
        model, host, p = self.model, self.ruler, self.model.rules
        if host is None:
            self.demand = 0.0
            self.access = [dict.fromkeys(model.actors, 1.0) for _ in range(3)]
            return
        uncovered = self._uncovered_threats(host)
        self.demand = sum(uncovered.values())
        by_force = 0.25 if host is self.contender else 0.0
        hedging = min(p.access_hedging * host.weight["autonomy"], 1.0)
        for actor in model.actors:
            if actor is host or actor is self.challenger:
                for access in self.access:
                    access[actor] = 1.0 if actor is host else self.control
                continue
            known = by_force * actor.recognition[self.place]
            balanced = self.demand - uncovered[actor]
            appeal = 1.0 + p.access_balancing * balanced + p.access_recognition * known
            liked = 0.5 * (1.0 + host.alignment[actor])
            for access, influence in zip(self.access, self.influence, strict=True):
                access[actor] = 1.0 - (1.0 - liked * (1.0 - hedging * influence[actor])) / appeal

    def _uncovered_threats(self, host: Actor) -> dict[Actor, float]:
        """The host's threats, less what aligned patrons but the threatening one cover."""
        security = self.influence[0]
        covers = {
            actor: max(leaning, 0.0) * security[actor]
            for actor, leaning in host.alignment.items()
            if actor is not host
        }
        open_to_all = 1.0 - sum(covers.values())
        return {
            actor: max(fear * (open_to_all + covers.get(actor, 0.0)), 0.0)
            for actor, fear in host.threat.items()
        }

    def contest(self) -> None:
        """Share out influence by ties, what efforts have added to them, and access."""
        t = self.model.t
        if t > 0 and self.model.rules.refusal_rate > 0.0:
            self._refuse()
        self.grant_access()
        for cell, (ties, access) in enumerate(zip(self.ties, self.access, strict=True), self.first):
            ties.gather(cell, self.place)
            if t <= 0:
                ties.open(access)
            if t >= 0:  # before that influence stands as it opens
                ties.deposit_efforts(cell)
                ties.share_out(t, access, self.shut)

    def _refuse(self) -> None:
        """Close a patron's bases, or let its forces in again, with chance."""
        p, host, model = self.model.rules, self.ruler, self.model
        for actor in model.actors:
            words = model.chance.words(REFUSAL_STREAM, model.t, actor.key, self.key)
            if host is None or actor in (host, self.challenger):
                self.shut[actor] = 0.0
                continue
            drive = p.refusal_slope * (self.influence[0][actor] - host.alignment[actor])
            drive = -drive if self.shut[actor] else drive
            chance = 1.0 - exp(-p.refusal_rate / 12.0 * logistic(drive - p.refusal_margin))
            if (self.shut[actor] or self.ties[0].posted[actor] > 0.0) and uniform(
                words[0]
            ) < chance:
                self.shut[actor] = 1.0 - self.shut[actor]

    def govern(self) -> None:
        """Move rule one month on, and where it is contested what follows from it."""
        model, place = self.model, self.place
        if self.challenger is not None:
            words = model.chance.words(REGIME_STREAM, model.t, self.key, self.key)
            suppressed, beside_ruler = self._suppression()
            self._dispute(beside_ruler, shock(words[0]))
            self._transfer()
            aid = sum(aids[place] for aids in model.month.aid.values())
            known = self._esteem()
            self._restrain(aid, known)
            self._settle(aid, known, suppressed, shock(words[1]))
        else:
            self._transfer()
            self._catch_disorder()
        imposed = model.month.stability[place]
        if not isnan(imposed):
            self.stability = imposed

    def _suppression(self) -> tuple[float, float]:
        """Weight of forces against militants (none the challenger's) and beside the ruler."""
        p, ruler = self.model.rules, self.ruler
        suppressed = beside_ruler = 0.0
        for owner, posts in self.model.month.posted.items():
            for theatre, (bases, forces, counterterror) in posts:
                if theatre is self and owner is not self.challenger:
                    weight = p.suppression_bases * bases + p.suppression_forces * forces
                    weight += p.suppression_counterterror * counterterror
                    suppressed += weight
                    if ruler is not None:
                        beside_ruler += weight * max(ruler.alignment[owner], 0.0)
        return suppressed, beside_ruler

    def _dispute(self, beside_ruler: float, luck: float) -> None:
        """Grow or shrink the challenger's control by its share of all power on the ground."""
        p, power, control = self.model.rules, self.challenger.power, self.control
        ground = power + p.suppression_power * beside_ruler
        ground += self.ruler.power if self.ruler is not None else 0.0
        share = power / ground if ground > 0.0 else 0.0
        drive = p.control_rate * (share - p.control_hold) + p.regime_noise * luck
        control += drive * control * (1.0 - control)
        self.control = min(max(control, p.control_margin), 1.0 - p.control_margin)

    def _transfer(self) -> None:
        """Change hands where the record says so, or rule is free and control past the mark."""
        threshold = self.model.rules.control_threshold
        imposed = int(self.model.month.rule[self.place])
        if imposed < 0:
            if self.challenger is not None and self.control > threshold:
                self._fall(self.challenger)
        elif self.model.actors[imposed] is self.ruler:
            self.control = min(self.control, threshold)
        else:
            self._fall(self.model.actors[imposed])

    def _fall(self, successor: Actor) -> None:
        """Put a successor in the ruler's place; its patrons lose standing to distant others."""
        actors, p, fallen = self.model.actors, self.model.rules, self.ruler
        self.ruler, self.challenger = successor, fallen
        self.control = p.control_remnant
        if fallen is None:
            return
        for loser, influence in self.influence[0].items():
            if loser is successor or loser is fallen:
                continue
            lost = influence * max(fallen.alignment[loser], 0.0)
            loser.standing -= lost
            for actor in actors:
                if actor is not loser and actor.power > 0.0:
                    distance = 0.5 * (1.0 - actor.alignment[loser])
                    actor.standing += p.standing_gain * distance * lost

    def _catch_disorder(self) -> None:
        """Move stability toward the theatre's own, less what spills over to its ruler."""
        p, arriving = self.model.rules, 0.0
        if self.ruler is not None:
            arriving = sum(self.ruler.spillover) - self.ruler.spillover[self.place]
        target = self.base_stability * (1.0 - p.stability_contagion * saturation(arriving))
        self.stability += p.stability_rate * (target - self.stability)

    def _esteem(self) -> float:
        """Recognition of a contender that rules, weighed by power, as a share of the ladder."""
        if self.ruler is not self.contender:
            return 0.0
        others = [actor for actor in self.model.actors if actor is not self.contender]
        known = sum(actor.power * actor.recognition[self.place] for actor in others)
        weight = sum(actor.power for actor in others)
        return 0.25 * known / weight if weight > 0.0 else 0.0

    def _restrain(self, aid: float, known: float) -> None:
        """Trade the ruler's conduct for aid and recognition."""
        p = self.model.rules
        target = p.restraint_base + p.restraint_aid * saturation(aid)
        target += p.restraint_recognition * known + self.model.month.conduct[self.place]
        self.restraint += p.restraint_rate * (min(max(target, 0.0), 1.0) - self.restraint)

    def _settle(self, aid: float, known: float, suppressed: float, luck: float) -> None:
        """Move militants, economy and stability toward what conduct, force, aid and trade allow."""
        p, first = self.model.rules, self.first
        home = (self.ruler, self.challenger)
        foreign = [actor for actor in self.model.actors if actor not in home]
        guard = sum(actor.effort[first] for actor in foreign)
        trade = sum(actor.effort[first + 1] for actor in foreign)
        breeding = p.militants_base + p.militants_disorder * (1.0 - self.stability)
        pressed = 1.0 + suppressed + p.militants_effort * guard
        militants = min((1.0 - self.restraint) * breeding / pressed, 1.0)
        self.militants += p.militants_rate * (militants - self.militants)
        economy = saturation(p.economy_aid * aid + p.economy_trade * trade)
        self.economy += p.economy_rate * (economy - self.economy)
        target = logistic(
            p.stability_base
            - p.stability_dispute * 4.0 * self.control * (1.0 - self.control)
            + p.stability_economy * self.economy
            + p.stability_guard * saturation(guard)
            + p.stability_recognition * known
            - p.stability_militants * self.militants
            + p.regime_noise * luck
        )
        self.stability += p.stability_rate * (target - self.stability)

    def be_recognised(self) -> None:
        """Let all actors at once stay or step up the ladder, and pay their audience's price."""
        model, contender, place = self.model, self.contender, self.place
        if contender is None:
            return
        top = 4.0 if self.ruler is contender else 1.0
        stood = {actor: actor.recognition[place] for actor in model.actors}
        price = model.rules.audience_cost * self._hostility(contender)
        for actor in model.actors:
            if actor is contender or actor.power <= 0.0:
                continue
            here = stood[actor]
            lead = here - self._partners_level(actor, stood)
            imposed = model.month.recognition[actor][place]
            if not isnan(imposed):
                actor.recognition[place] = imposed
            elif here < top:
                words = model.chance.words(RECOGNITION_STREAM, model.t, actor.key, self.key)
                if uniform(words[0]) < self._step_hazard(actor, contender, lead):
                    actor.recognition[place] = here + 1.0
            actor.standing -= price * max(lead, 0.0)

    def _partners_level(self, actor: Actor, stood: dict[Actor, float]) -> float:
        """Ladder level of an actor's partners but the contender, by power and alignment."""
        level = weight = 0.0
        for other, leaning in actor.alignment.items():
            if leaning > 0.0 and other is not actor and other is not self.contender:
                tie = other.power * leaning
                level += tie * stood[other]
                weight += tie
        return level / weight if weight > 0.0 else 0.0

    def _step_hazard(self, actor: Actor, contender: Actor, lead: float) -> float:
        """Chance of the next step this month: need, trade and conduct draw, audience holds back."""
        p, place, weight = self.model.rules, self.place, actor.weight
        enmity = max(-actor.affinity[contender], 0.0) / 3.0
        trade = self.opportunity * actor.nearness[place]
        return p.recognition_rate * logistic(
            p.recognition_base
            + p.recognition_need * weight["containment"] * actor.spillover[place]
            + p.recognition_commerce * weight["commerce"] * trade
            - p.recognition_partners * lead
            + p.recognition_conduct * self.restraint
            - p.recognition_audience * weight["standing"] * enmity
            - p.recognition_step * actor.recognition[place]
        )

    def _hostility(self, contender: Actor) -> float:
        """Mean enmity of the rulers of the other theatres toward the contender."""
        theatres = [theatre for theatre in self.model.theatres if theatre is not self]
        hosts = [theatre.ruler for theatre in theatres if theatre.ruler is not None]
        enmities = [max(-host.affinity[contender], 0.0) / 3.0 for host in hosts]
        return sum(enmities) / len(enmities) if enmities else 0.0
