"""A theatre as a Mesa agent, with ties to it: it is contested, changes hands, is recognised."""

from itertools import compress
from math import exp, isnan, log, sqrt
from typing import Any

import mesa

from benchmarks.actor import Actor, logistic, saturation
from benchmarks.chance import shock, uniform, words
from benchmarks.recognition import Dealings

REGIME_STREAM = 3
REFUSAL_STREAM = 0
Each = dict[Actor, float]


class Ties:
    """Of every actor to one theatre in one domain; `influence` is the theatre's, and written.

    The domain is 0 for security, 1 economic, 2 diplomatic; `abroad` are those whose history fades.
    """

    def __init__(self, d: int, influence: Each, abroad: list[Actor], p: Any) -> None:
        self.d, self.influence, self.abroad, self.p = d, influence, abroad, p
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
        self.opening_work = self.opening_posted = self.work
        self.opening_access = self.opening_link = self.work

    def gather(self, cell: int, place: int) -> None:
        """Tell apart what is imposed and what each works of its own, joint work and convening."""
        for actor in self.influence:
            posted = min(actor.posted[cell], actor.effort[cell])
            work = actor.effort[cell] - posted + self.p.synergy * actor.joint[cell]
            work += actor.convening_influence[place] if self.d == 2 else 0.0
            self.posted[actor], self.work[actor] = posted, work

    def open(self, access: Each, link: Each) -> None:
        """Keep what there is as the opening's."""
        self.opening_work, self.opening_posted = self.work.copy(), self.posted.copy()
        self.opening_access, self.opening_link = access.copy(), link.copy()

    def deposit_efforts(self, cell: int) -> None:
        """Add to ties what own work beyond the opening's earns, and beside them what is imposed."""
        p, pace = self.p, self.p.deposit_fading / 12.0
        everyone = p.effort_unit + sum(actor.effort[cell] for actor in self.influence)
        for actor in self.influence:
            more = (self.work[actor] + p.effort_unit) / (self.opening_work[actor] + p.effort_unit)
            self.deposit[actor] += pace * (self.returns * log(more) - self.deposit[actor])
            beyond = max(self.posted[actor] - self.opening_posted[actor], 0.0)
            stands = self.returns * beyond / everyone
            self.posted_strength[actor] += pace * (stands - self.posted_strength[actor])

    def aged(self, t: int) -> Each:
        """Ties without deposits: the opening's, faded toward what pulls them, abroad rescaled."""
        left, tie, pull = exp(-self.rate * t / 12.0), self.tie, self.pull
        aged = {actor: exp(left * tie[actor] + (1.0 - left) * pull[actor]) for actor in tie}
        if self.abroad:
            before = sum(exp(tie[actor]) for actor in self.abroad)
            scale = before / sum(aged[actor] for actor in self.abroad)
            aged |= {actor: scale * aged[actor] for actor in self.abroad}
        return aged

    def share_out(self, t: int, access: Each, shut: Each, link: Each) -> None:
        """Divide influence by strength: what ties and posts are worth as far as they are let in."""
        floor = self.p.access_floor
        for actor, tie in self.aged(t).items():
            held = max(tie * exp(self.deposit[actor]) - self.entry[actor], 0.0)
            if self.d == 1 and self.opening_link[actor] > 0.0:
                held *= link[actor] / self.opening_link[actor]
            let_in = (access[actor] + floor) / (self.opening_access[actor] + floor)
            posted = 0.0 if self.d == 0 and shut[actor] else self.posted_strength[actor]
            self.strength[actor] = let_in * (held + posted)
        everyone = max(self.outsiders + sum(self.strength.values()), 1e-300)
        for actor, strength in self.strength.items():
            self.influence[actor] = strength / everyone


class Theatre(mesa.Agent):
    """Where influence is contested, the k-th of the model's inputs."""

    def __init__(self, model: Any, k: int) -> None:
        super().__init__(model)
        facts, coded, p = model.inputs.geography, model.coded, model.rules
        self.key, self.place, self.first = int(facts.theatre_hash[k]), k, 3 * k
        people = float(facts.size[k])
        self.size = exp(p.size_elasticity * log(people)) if people > 0.0 else 0.0
        separation = facts.theatre_separation[k].tolist()
        self.gate = [exp(-apart / p.transit_decay) * p.buffer for apart in separation]
        self.gate[k] /= p.buffer
        self.opportunity, self.threat_source = coded.opportunity[k], coded.threat_source[k]
        self.stability = self.base_stability = coded.base_stability[k]
        self.control, self.militants = coded.initial_control[k], coded.initial_militants[k]
        self.people = people
        self.ruler, self.challenger, self.contender = (
            model.actors[int(place[k])] if place[k] >= 0 else None
            for place in (facts.ruler, facts.challenger, facts.contender)
        )
        touching, dwelling = facts.theatre_border[:, k] > 0.0, facts.theatre_distance[:, k] == 0.0
        self.neighbours, self.dwellers = (
            set(compress(model.actors, each)) for each in (touching, dwelling)
        )
        self.is_contested = self.contender is not None
        self.dealings = Dealings(self)
        self.ruler_strength, self.narcotics = self.stability, 1.0 - self.stability
        self.fighters = 0.0
        self.restraint = 1.0 - self._laxity(self.ruler)
        if self.challenger is not None:
            self.ruler_strength *= 1.0 - self.control if self.ruler is not None else 0.0
            stated = coded.initial_strength[k], coded.initial_fighters[k]
            self.ruler_strength = self.ruler_strength if isnan(stated[0]) else stated[0]
            self.fighters = 0.5 * self.control if isnan(stated[1]) else stated[1]
            self.stability = self.ruler_strength
            self.narcotics = coded.initial_narcotics[k]
        self.violence = self.demand = self.guarded = 0.0
        self.hazard = [0.0] * 3
        opening = coded.initial_influence
        self.influence = [{a: opening[a.i][k][d] for a in model.actors} for d in range(3)]
        self.access: list[dict[Actor, float]] = [{}, {}, {}]
        self.shut = dict.fromkeys(model.actors, 0.0)
        self.link = dict.fromkeys(model.actors, 1.0)
        self.border_distance = facts.border_distance[:, k].tolist()
        homes = self.ruler, self.challenger
        abroad = [a for a in model.actors if a.wealth > 0.0 and a not in homes]
        self.ties = [Ties(d, shares, abroad, p) for d, shares in enumerate(self.influence)]

    def meet(self) -> None:
        """Find what ties abroad go to: gravity in the economy, else an actor's mean of theatres."""
        p = self.model.rules
        self.grant_access()
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
        unruled = (disorder, self.narcotics, disorder)
        threats = zip(self.threat_source, surges, mixes, unruled, strict=True)
        self.hazard = [
            source * (1.0 + surge) * (mix * militants + (1.0 - mix) * out)
            for source, surge, mix, out in threats
        ]

    def party_of(self, actor: Actor) -> float:
        """How far an actor is a party to the disorder: dwelling or at war there, or pressing."""
        if actor is self.ruler or actor is self.challenger or actor in self.dwellers:
            return 1.0
        if self.ruler is None:
            return 0.0
        pressure = self.model.month.pressed[self.ruler][actor]
        return min(pressure / self.model.rules.party_pressure, 1.0) * self.control

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
        security, leanings = self.influence[0], host.alignment.items()
        covers = {actor: max(leaning, 0.0) * security[actor] for actor, leaning in leanings}
        covers[host] = 0.0
        left, fears = 1.0 - sum(covers.values()), host.threat.items()
        return {actor: max(fear * (left + covers[actor]), 0.0) for actor, fear in fears}

    def contest(self) -> None:
        """Share out influence by ties, what efforts have added to them, and access."""
        t = self.model.t
        if t > 0 and self.model.rules.refusal_rate > 0.0:
            self._refuse()
        self.grant_access()
        for actor in self.model.actors:
            actor.is_let_in(self)
        for cell, (ties, access) in enumerate(zip(self.ties, self.access, strict=True), self.first):
            ties.gather(cell, self.place)
            if t <= 0:
                ties.open(access, self.link)
            if t >= 0:  # before that influence stands as it opens
                ties.deposit_efforts(cell)
                ties.share_out(t, access, self.shut, self.link)

    def _refuse(self) -> None:
        p, host, model = self.model.rules, self.ruler, self.model
        for actor in model.actors:
            drawn = words(model.keys, REFUSAL_STREAM, model.t, actor.key, self.key)
            if host is None or actor in (host, self.challenger):
                self.shut[actor] = 0.0
                continue
            drive = p.refusal_slope * (self.influence[0][actor] - host.alignment[actor])
            drive = -drive if self.shut[actor] else drive
            chance = 1.0 - exp(-p.refusal_rate / 12.0 * logistic(drive - p.refusal_margin))
            may = self.shut[actor] or self.ties[0].posted[actor] > 0.0
            if may and uniform(drawn[0]) < chance:
                self.shut[actor] = 1.0 - self.shut[actor]

    def govern(self) -> None:
        """Move rule one month on, and where it is contested the war and what follows from it."""
        model = self.model
        if self.challenger is not None:
            drawn = words(model.keys, REGIME_STREAM, model.t, self.key, self.key)
            odds = self._fight(shock(drawn[0]), shock(drawn[1]))
            self._transfer(odds, uniform(drawn[2]))
            self._settle()
        else:
            self._transfer(0.0, 1.0)
            self._catch_disorder()

    def _as_imposed(self, order: float) -> float:
        imposed = self.model.month.stability[self.place]
        return order if isnan(imposed) else imposed

    def _posted(self) -> list[tuple[Actor, float]]:
        return [
            (owner, forces + counterterror)
            for owner, posts in self.model.month.posted.items() if owner is not self.challenger
            for theatre, (_, forces, counterterror) in posts if theatre is self
        ]  # fmt: skip

    def _shelter(self) -> float:
        model, most = self.model, 0.0
        land = model.month.theatre_capability[self.place]
        for actor in model.actors if self.ruler is not None else ():
            if actor not in (self.ruler, self.challenger) and actor in self.neighbours:
                pressed = model.month.pressed[self.ruler][actor] / model.rules.shelter_pressure
                both = actor.power + land
                most = max(most, min(pressed, 1.0) * actor.power / both if both > 0.0 else 0.0)
        return most

    def _fight(self, luck: float, fortune: float) -> float:
        p, ruler, challenger = self.model.rules, self.ruler, self.challenger
        beside = 0.0
        for owner, troops in self._posted():
            if ruler is not None and owner is not ruler:
                side = 0.5 + ruler.alignment[owner] - challenger.alignment[owner]
                beside += p.forces_strength * troops * min(max(side, 0.0), 1.0)
        arms = self.model.month.arms.values()
        supplied = sum(given[challenger] for given in arms)
        sheltered = max(self._shelter(), supplied / (supplied + p.aid_half))
        rents = 1.0 + p.feasible_rents * self.narcotics
        feasible = p.feasible_shelter * sheltered * rents + p.provocation * beside
        chance, organisation = p.war_noise * sqrt(1.0 / 12.0), p.organisation / 12.0
        if feasible > 0.0:
            growth = organisation * (1.0 - self.fighters / feasible) + chance * luck
            least = p.control_remnant * feasible
            self.fighters = max(self.fighters * (1.0 + growth), least)
        else:
            self.fighters *= 1.0 - organisation
        opposed = (self.ruler_strength + beside) ** 2
        both = self.fighters**2 + opposed
        odds = self.fighters**2 / both if both > 0.0 else 0.0
        here = self.control
        here += p.control_pace / 12.0 * (odds - here) + chance * fortune * here * (1.0 - here)
        self.control = min(max(here, 0.0), 1.0)
        funded = 0.0
        if ruler is not None:  # where nobody rules there is no strength to pay for
            aid = sum(aids[self.place] for aids in self.model.month.aid.values())
            aid += sum(given[ruler] for given in arms)
            funded = self.base_stability + (1.0 - self.base_stability) * aid / (aid + p.aid_half)
        self.ruler_strength += organisation * ((1.0 - self.control) * funded - self.ruler_strength)
        return odds

    def _transfer(self, odds: float, chance: float) -> None:
        p = self.model.rules
        imposed = int(self.model.month.rule[self.place])
        if imposed < 0:
            if self.challenger is not None:
                deserted = 1.0 - exp(-p.desertion / 12.0 * max(2.0 * odds - 1.0, 0.0))
                if self.control > p.control_threshold or chance < deserted:
                    self._fall(self.challenger)
        elif self.model.actors[imposed] is self.ruler:
            self.control = min(self.control, p.control_threshold)
        else:
            self._fall(self.model.actors[imposed])
            self.ruler_strength = max(self.ruler_strength, self.base_stability)

    def _fall(self, successor: Actor) -> None:
        actors, p, fallen = self.model.actors, self.model.rules, self.ruler
        self.ruler, self.challenger = successor, fallen
        self.control = p.control_remnant
        remnant = p.control_remnant * self.ruler_strength
        self.ruler_strength, self.fighters = min(self.fighters, 1.0), remnant
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
        p, arriving = self.model.rules, 0.0
        if self.ruler is not None:
            arriving = sum(self.ruler.spillover) - self.ruler.spillover[self.place]
        target = self.base_stability * (1.0 - p.stability_contagion * saturation(arriving))
        order = self.stability + p.stability_rate / 12.0 * (target - self.stability)
        self.stability = self._as_imposed(order)
        self.narcotics = 1.0 - self.stability

    def _esteem(self) -> float:
        if self.ruler is not self.contender:
            return 0.0
        others = [actor for actor in self.model.actors if actor is not self.contender]
        known = sum(actor.power * actor.recognition[self.place] for actor in others)
        weight = sum(actor.power for actor in others)
        return 0.25 * known / weight if weight > 0.0 else 0.0

    def _laxity(self, holder: Actor | None) -> float:
        p = self.model.rules
        return p.laxity_by_force if holder is self.contender else p.laxity

    def _settle(self) -> None:
        p, place, month = self.model.rules, self.place, self.model.month
        spread = 4.0 * self.control * (1.0 - self.control)
        deaths = p.deaths_scale * sqrt(max(self.fighters * self.ruler_strength, 0.0)) * spread
        war = deaths / (deaths + p.deaths_half)
        self.violence = log(1.0 + deaths * self.people / 3.0)
        self.stability = self._as_imposed(self.ruler_strength * (1.0 - war))
        grown = 1.0 - p.crop_order * self.stability
        crop = (1.0 - month.ban[place] * (1.0 - self.control)) * grown
        self.narcotics += (crop - self.narcotics) / 12.0
        aid = sum(aids[place] for aids in month.aid.values())
        bought = p.restraint_aid * saturation(aid) + p.restraint_recognition * self._esteem()
        lax = self._laxity(self.ruler) * (1.0 - min(bought, 1.0))
        target = min(max(1.0 - lax + month.conduct[place], 0.0), 1.0)
        self.restraint += p.restraint_rate / 12.0 * (target - self.restraint)
        troops, homes = dict(self._posted()), (self.ruler, self.challenger)
        guard = sum(
            actor.effort[self.first] - p.effort_forces * troops.get(actor, 0.0)
            for actor in self.model.actors
            if actor not in homes
        )
        loose = (1.0 - self.restraint) * (1.0 - self.control)
        loose += self._laxity(self.challenger) * self.control
        bred = loose * (p.militants_base + (1.0 - p.militants_base) * war)
        bred *= 1.0 + p.surge_breeding * month.surge[place][0]
        force = 1.0 + p.suppression * sum(troops.values()) + p.militants_guard * max(guard, 0.0)
        self.militants += p.militants_rate / 12.0 * (min(bred / force, 1.0) - self.militants)
