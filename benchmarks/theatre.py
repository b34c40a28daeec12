"""A theatre as a Mesa agent: it grants access, lets influence be contested, changes hands, and is recognised or not."""

from __future__ import annotations

from math import exp, isnan, log
from typing import TYPE_CHECKING, Any

import mesa

from benchmarks.actor import logistic, saturation
from benchmarks.chance import shock, uniform

if TYPE_CHECKING:
    from benchmarks.actor import Actor

REGIME_STREAM = 3
RECOGNITION_STREAM = 4


class Venue:
    """Where actors meet: who convenes it, which domains it serves, and this month's members."""

    def __init__(self, name: str, conveners: dict[Actor, float]) -> None:
        self.name = name
        self.conveners = conveners  # those with a share of convening only
        self.membership: dict[Actor, float] = {}


class Theatre(mesa.Agent):
    """Where influence is contested.

    Args:
        model: the reference model. name, key: its id and the hash of it. place: its number among theatres.
        traits: size, opportunity, gate (over theatres), threat_source, stability, control, militants, economy.
        ruler, challenger: actors, or None.
    """

    def __init__(
        self, model: Any, name: str, key: int, place: int, traits: dict[str, Any], ruler: Any, challenger: Any
    ) -> None:
        super().__init__(model)
        self.name, self.key, self.place, self.first = name, key, place, 3 * place
        self.size: float = traits["size"]
        self.opportunity: float = traits["opportunity"]
        self.gate: list[float] = traits["gate"]
        self.threat_source: list[float] = traits["threat_source"]
        self.base_stability: float = traits["stability"]
        self.stability = self.base_stability
        self.control: float = traits["control"]
        self.militants: float = traits["militants"]
        self.economy: float = traits["economy"]
        self.ruler: Actor | None = ruler
        self.challenger: Actor | None = challenger
        self.contender: Actor | None = challenger
        self.is_contested = challenger is not None
        self.restraint = model.rules.restraint_base
        self.demand = self.guarded = 0.0
        self.hazard = [0.0] * 3
        self.influence: list[dict[Actor, float]] = [{}, {}, {}]
        self.access: list[dict[Actor, float]] = [{}, {}, {}]
        self.strength: list[dict[Actor, float]] = [{}, {}, {}]

    def menace(self) -> None:
        """Hazard of each threat: its source, surged, by militants and disorder."""
        disorder, militants = 1.0 - self.stability, self.militants
        self.hazard = [
            source * (1.0 + surge) * (mix * militants + (1.0 - mix) * disorder)
            for source, surge, mix in zip(
                self.threat_source, self.model.month.surge[self.place], self.model.militancy, strict=True
            )
        ]

    def grant_access(self) -> None:
        """Let patrons in by the host's leaning, less the more they hold.

        What is still closed opens as they balance what it fears, and as they have recognised a ruler by force.
        """
        model, host = self.model, self.ruler
        p = model.rules
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
                granted = 1.0 if actor is host else self.control
                for access in self.access:
                    access[actor] = granted
                continue
            known = by_force * actor.recognition[self.place]
            appeal = 1.0 + p.access_balancing * (self.demand - uncovered[actor]) + p.access_recognition * known
            liked = 0.5 * (1.0 + host.alignment[actor])
            for access, influence in zip(self.access, self.influence, strict=True):
                access[actor] = 1.0 - (1.0 - liked * (1.0 - hedging * influence[actor])) / appeal

    def _uncovered_threats(self, host: Actor) -> dict[Actor, float]:
        """The host's threats, each as far as no aligned patron but the threatening one covers it."""
        security = self.influence[0]
        covers = {
            actor: max(leaning, 0.0) * security[actor] for actor, leaning in host.alignment.items() if actor is not host
        }
        cover = sum(covers.values())
        return {actor: max(fear * (1.0 - cover + covers.get(actor, 0.0)), 0.0) for actor, fear in host.threat.items()}

    def contest(self) -> None:
        """Move influence toward each actor's share of all strength: access times effort by the contest's form."""
        model, place = self.model, self.place
        p = model.rules
        self.grant_access()
        by_difference, scale, decisiveness = p.difference_contest > 0.5, p.difference_scale, p.decisiveness
        for d, (access, influence) in enumerate(zip(self.access, self.influence, strict=True)):
            cell = self.first + d
            strength = {}
            for actor in model.actors:
                effort = actor.effort[cell] + p.synergy * actor.joint[cell]
                if d == 2:
                    effort += actor.convening_influence[place]
                if effort <= 0.0:
                    strength[actor] = 0.0
                elif by_difference:
                    strength[actor] = access[actor] * (exp(scale * effort) - 1.0)
                else:
                    strength[actor] = access[actor] * exp(decisiveness * log(effort))
            total = p.unclaimed + sum(strength.values())
            for actor, share in influence.items():
                influence[actor] = share + p.influence_rate * (strength[actor] / total - share)
            self.strength[d] = strength

    def govern(self) -> None:
        """Move rule one month on, and control, conduct, militants, economy and stability where it is contested."""
        model, place = self.model, self.place
        if self.challenger is not None:
            first, second, _, _ = model.chance.words(REGIME_STREAM, model.number, self.key, self.key)
            held_down, beside_ruler = self._suppression()
            self._dispute(beside_ruler, shock(first))
            self._transfer()
            aid = sum(aids[place] for aids in model.month.aid.values())
            known = self._esteem()
            self._restrain(aid, known)
            self._settle(aid, known, held_down, shock(second))
        else:
            self._transfer()
            self._catch_disorder()
        imposed = model.month.stability[place]
        if not isnan(imposed):
            self.stability = imposed

    def _suppression(self) -> tuple[float, float]:
        """Weight of forces abroad: any but the challenger's press militants, the ruler's friends' the challenger."""
        p, ruler = self.model.rules, self.ruler
        held_down = beside_ruler = 0.0
        for owner, posts in self.model.month.posted.items():
            for theatre, (bases, forces, counterterror) in posts:
                if theatre is self and owner is not self.challenger:
                    weight = p.suppression_bases * bases + p.suppression_forces * forces
                    weight += p.suppression_counterterror * counterterror
                    held_down += weight
                    if ruler is not None:
                        beside_ruler += weight * max(ruler.alignment[owner], 0.0)
        return held_down, beside_ruler

    def _dispute(self, beside_ruler: float, luck: float) -> None:
        """Grow or shrink the challenger's control by its share of all power on the ground."""
        p = self.model.rules
        power = self.challenger.power
        held = self.ruler.power if self.ruler is not None else 0.0
        ground = power + held + p.suppression_power * beside_ruler
        drive = p.control_rate * ((power / ground if ground > 0.0 else 0.0) - p.control_hold) + p.regime_noise * luck
        margin = p.control_margin
        self.control = min(max(self.control + drive * self.control * (1.0 - self.control), margin), 1.0 - margin)

    def _transfer(self) -> None:
        """Change hands where the record imposes another ruler, or where rule is free and control is past the mark."""
        threshold = self.model.rules.control_threshold
        imposed = int(self.model.month.rule[self.place])
        if imposed >= 0:
            successor = self.model.actors[imposed]
            if successor is self.ruler:
                self.control = min(self.control, threshold)
            else:
                self._fall(successor)
        elif self.challenger is not None and self.control > threshold:
            self._fall(self.challenger)

    def _fall(self, successor: Actor) -> None:
        """Put the ruler's successor in its place; who stood behind it loses standing, and others gain by distance."""
        model = self.model
        p = model.rules
        fallen = self.ruler
        self.ruler, self.challenger = successor, fallen
        self.control = p.control_remnant
        if fallen is None:
            return
        for loser, influence in self.influence[0].items():
            if loser is successor or loser is fallen:
                continue
            lost = influence * max(fallen.alignment[loser], 0.0)
            loser.standing -= lost
            for actor in model.actors:
                if actor is not loser and actor.power > 0.0:
                    actor.standing += p.standing_gain * 0.5 * (1.0 - actor.alignment[loser]) * lost

    def _catch_disorder(self) -> None:
        """Move an uncontested theatre's stability toward its own, less what spills over to its ruler from elsewhere."""
        p, arriving = self.model.rules, 0.0
        if self.ruler is not None:
            spills = zip(self.model.theatres, self.ruler.spillover, strict=True)
            arriving = sum(spill for theatre, spill in spills if theatre is not self)
        target = self.base_stability * (1.0 - p.stability_contagion * saturation(arriving))
        self.stability += p.stability_rate * (target - self.stability)

    def _esteem(self) -> float:
        """Recognition of the contender, once it rules, by all others, weighed by power, as a share of the ladder."""
        if self.ruler is not self.contender:
            return 0.0
        known = weight = 0.0
        for actor in self.model.actors:
            if actor is not self.contender:
                known += actor.power * actor.recognition[self.place]
                weight += actor.power
        return 0.25 * known / weight if weight > 0.0 else 0.0

    def _restrain(self, aid: float, known: float) -> None:
        """Trade the ruler's conduct for aid and recognition."""
        p = self.model.rules
        target = p.restraint_base + p.restraint_aid * saturation(aid)
        target += p.restraint_recognition * known + self.model.month.conduct[self.place]
        self.restraint += p.restraint_rate * (min(max(target, 0.0), 1.0) - self.restraint)

    def _settle(self, aid: float, known: float, held_down: float, luck: float) -> None:
        """Move militants, economy and stability toward what conduct, force, aid, trade and rule undisputed allow."""
        p, first = self.model.rules, self.first
        foreign = [a for a in self.model.actors if a is not self.ruler and a is not self.challenger]
        guard, trade = sum(a.effort[first] for a in foreign), sum(a.effort[first + 1] for a in foreign)
        breeding = (1.0 - self.restraint) * (p.militants_base + p.militants_disorder * (1.0 - self.stability))
        militants = min(breeding / (1.0 + held_down + p.militants_effort * guard), 1.0)
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
        """Let all actors at once stay or step up the ladder toward the contender, and pay their audience's price."""
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
                word = model.chance.words(RECOGNITION_STREAM, model.number, actor.key, self.key)[0]
                if uniform(word) < self._step_hazard(actor, contender, lead):
                    actor.recognition[place] = here + 1.0
            actor.standing -= price * max(lead, 0.0)

    def _partners_level(self, actor: Actor, stood: dict[Actor, float]) -> float:
        """Ladder level at which an actor's partners but the contender stood, weighed by power and its alignment."""
        level = weight = 0.0
        for other, leaning in actor.alignment.items():
            if leaning > 0.0 and other is not actor and other is not self.contender:
                tie = other.power * leaning
                level += tie * stood[other]
                weight += tie
        return level / weight if weight > 0.0 else 0.0

    def _step_hazard(self, actor: Actor, contender: Actor, lead: float) -> float:
        """Chance of the next step this month: need, trade, partners and conduct draw, audience and height hold back."""
        p, place, weight = self.model.rules, self.place, actor.weight
        return p.recognition_rate * logistic(
            p.recognition_base
            + p.recognition_need * weight["containment"] * actor.spillover[place]
            + p.recognition_commerce * weight["commerce"] * self.opportunity * actor.nearness[place]
            - p.recognition_partners * lead
            + p.recognition_conduct * self.restraint
            - p.recognition_audience * weight["standing"] * max(-actor.affinity[contender], 0.0) / 3.0
            - p.recognition_step * actor.recognition[place]
        )

    def _hostility(self, contender: Actor) -> float:
        """Mean enmity of the rulers of the other theatres toward the contender."""
        hosts = [t.ruler for t in self.model.theatres if t is not self and t.ruler is not None]
        if not hosts:
            return 0.0
        return sum(max(-host.affinity[contender], 0.0) for host in hosts) / 3.0 / len(hosts)
