"""A theatre as a Mesa agent, with ties to it: it is contested, changes hands, is recognised."""

from math import exp, isnan, log, sqrt
from typing import Any

import mesa

from benchmarks.actor import Actor, Ties, logistic, saturation
from benchmarks.chance import shock, uniform, words

REGIME_STREAM = 3
REFUSAL_STREAM = 0
RECOGNITION_STREAM = 4


class Theatre(mesa.Agent):
    """Where influence is contested, the k-th of the model's inputs."""

    def __init__(self, model: Any, k: int) -> None:
        super().__init__(model)
        facts, coded, p = model.facts, model.coded, model.rules
        self.key, self.place, self.first = facts.theatre_hash[k], k, 3 * k
        self.people = facts.size[k]
        self.size = self.people**p.size_elasticity if self.people > 0.0 else 0.0
        through = [exp(-apart / p.transit_decay) for apart in facts.theatre_separation[k]]
        self.gate = [gate if at == k else p.buffer * gate for at, gate in enumerate(through)]
        self.opportunity, self.threat_source = coded.opportunity[k], coded.threat_source[k]
        self.stability = self.base_stability = coded.base_stability[k]
        self.control, self.militants = coded.initial_control[k], coded.initial_militants[k]
        self.ruler, self.challenger, self.contender = (
            model.actors[place[k]] if place[k] >= 0 else None
            for place in (facts.ruler, facts.challenger, facts.contender)
        )
        self.neighbours = {a for a in model.actors if facts.theatre_border[a.i][k] > 0.0}
        self.dwellers = {a for a in model.actors if facts.theatre_distance[a.i][k] == 0.0}
        self.in_power = self.ruler is self.contender
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
        self.shut, self.link = (dict.fromkeys(model.actors, each) for each in (0.0, 1.0))
        homes = self.ruler, self.challenger
        # Those whose history fades.
        self.abroad = [a for a in model.actors if a.wealth > 0.0 and a not in homes]
        self.ties = [Ties(self, d) for d in range(3)]

    def meet(self) -> None:
        """Find what ties abroad go to: gravity in the economy, else an actor's mean of theatres."""
        p = self.model.rules
        self.grant_access()
        for actor in self.abroad:
            near = log(self.model.facts.border_distance[actor.i][self.place] + p.gravity_near)
            gravity = p.gravity_size * log(actor.wealth) - p.gravity_distance * near
            there = [land for land in self.model.theatres if actor in land.abroad]
            people = sum(land.people for land in there)
            for ties in self.ties:
                held = sum(land.people * land.ties[ties.d].tie[actor] for land in there)
                mean = held / people if people > 0.0 else ties.tie[actor]
                ties.pull[actor] = gravity if ties.d == 1 else mean

    def menace(self) -> None:
        """Hazard of each threat: its source, surged, by militants and disorder."""
        surges, mixes = self.model.month.surge[self.place], self.model.militancy
        unruled = (1.0 - self.stability, self.narcotics, 1.0 - self.stability)
        threats = zip(self.threat_source, surges, mixes, unruled, strict=True)
        self.hazard = [
            source * (1.0 + surge) * (mix * self.militants + (1.0 - mix) * out)
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
        security, leanings = self.influence[0], host.alignment.items()
        covers = {actor: max(leaning, 0.0) * security[actor] for actor, leaning in leanings}
        covers[host], fears = 0.0, host.threat.items()
        left = 1.0 - sum(covers.values())
        uncovered = {actor: max(fear * (left + covers[actor]), 0.0) for actor, fear in fears}
        self.demand = sum(uncovered.values())
        by_force = 0.25 if host is self.contender else 0.0
        hedging = min(p.access_hedging * host.weight["autonomy"], 1.0)
        for actor in model.actors:
            known = by_force * actor.recognition[self.place]
            balanced = self.demand - uncovered[actor]
            appeal = 1.0 + p.access_balancing * balanced + p.access_recognition * known
            liked = 0.5 * (1.0 + host.alignment[actor])
            for access, influence in zip(self.access, self.influence, strict=True):
                access[actor] = 1.0 - (1.0 - liked * (1.0 - hedging * influence[actor])) / appeal
        for access in self.access:
            if self.challenger is not None:
                access[self.challenger] = self.control
            access[host] = 1.0

    def contest(self) -> None:
        """Share out influence by ties, what efforts have added to them, and access."""
        t = self.model.t
        if t > 0 and self.model.rules.refusal_rate > 0.0:
            self._refuse()
        self.grant_access()
        for actor in self.model.actors:
            actor.is_let_in(self)
        for ties in self.ties:
            ties.move(t)

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
        if self.challenger is None:
            self._transfer(0.0, 1.0)
            self._catch_disorder()
        else:
            drawn = words(self.model.keys, REGIME_STREAM, self.model.t, self.key, self.key)
            self._transfer(self._fight(shock(drawn[0]), shock(drawn[1])), uniform(drawn[2]))
            self._settle()

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
        for actor in self.neighbours - {self.ruler, self.challenger} if self.ruler else ():
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
        for loser, influence in self.influence[0].items() if fallen else ():
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
        bought = p.restraint_aid * saturation(aid)
        powers = [(a.power, a) for a in self.model.actors if a is not self.contender]
        if self.ruler is self.contender and (whole := sum(power for power, _ in powers)):
            known = sum(power * actor.recognition[place] for power, actor in powers)
            bought += p.restraint_recognition * 0.25 * known / whole
        lax = self._laxity(self.ruler) * (1.0 - min(bought, 1.0))
        target = min(max(1.0 - lax + month.conduct[place], 0.0), 1.0)
        self.restraint += p.restraint_rate / 12.0 * (target - self.restraint)
        troops, homes = dict(self._posted()), (self.ruler, self.challenger)
        abroad = [actor for actor in self.model.actors if actor not in homes]
        guard = sum(a.effort[self.first] - p.effort_forces * troops.get(a, 0.0) for a in abroad)
        loose = (1.0 - self.restraint) * (1.0 - self.control)
        loose += self._laxity(self.challenger) * self.control
        bred = loose * (p.militants_base + (1.0 - p.militants_base) * war)
        bred *= 1.0 + p.surge_breeding * month.surge[place][0]
        force = 1.0 + p.suppression * sum(troops.values()) + p.militants_guard * max(guard, 0.0)
        self.militants += p.militants_rate / 12.0 * (min(bred / force, 1.0) - self.militants)

    def recognise(self) -> None:
        """Let all actors' flags toward the contender move at once, each at its audience's price."""
        if self.contender is None:
            return
        actors, ruled, self.in_power = (
            self.model.actors,
            self.in_power,
            self.ruler is self.contender,
        )
        self.took_over, self.prospect = self.in_power and not ruled, float(self.in_power)
        if self.challenger is self.contender and self.fighters > 0.0:
            self.prospect = self.fighters / (self.fighters + self.ruler_strength)
        rival = self.challenger if self.in_power else self.ruler
        self.rival = None if self.in_power and ruled else rival
        self.stood = {actor: list(actor.flags[self.place]) for actor in actors}
        hosts = [land.ruler for land in self.model.theatres if land.ruler and land is not self]
        enmity = sum(max(-host.affinity[self.contender], 0.0) / 3.0 for host in hosts)
        price = self.model.rules.audience_cost * enmity / max(len(hosts), 1)
        for actor in actors:
            if actor is not self.contender and actor.power > 0.0:
                partners = self._partners(actor)
                lead = actor.recognition[self.place] - sum(partners[1:])
                keys = self.model.keys, RECOGNITION_STREAM, self.model.t, actor.key, self.key
                self._take_steps(actor, partners, list(map(uniform, words(*keys))))
                actor.standing -= price * max(lead, 0.0)

    def _partners(self, actor: Actor) -> list[float]:
        """Shares of an actor's partners but the contender, by power and alignment, with each up."""
        shares, weight = [0.0] * 5, 0.0
        for other, leaning in actor.alignment.items():
            if leaning > 0.0 and other is not actor and other is not self.contender:
                tie = other.power * leaning
                weight += tie
                shares = [s + tie * up for s, up in zip(shares, self.stood[other], strict=True)]
        return [share / weight if weight > 0.0 else 0.0 for share in shares]

    def _drive(self, actor: Actor, relation: float) -> float:
        p, expected = self.model.rules, self.prospect
        trade = actor.weight["commerce"] * self.opportunity * actor.nearness[self.place]
        old = 0.0 if self.rival is None else max(actor.affinity[self.rival], 0.0) / 3.0
        draws = p.recognition_base + p.recognition_relation * relation
        draws += p.recognition_prospect * expected * min(max(1.0 + 2.0 * relation, -1.0), 1.0)
        draws += p.recognition_commerce * expected * trade * min(1.0 + relation, 1.0)
        conduct = self.restraint if self.in_power else 0.0
        return draws - p.recognition_old_ties * old + p.recognition_conduct * conduct

    def _take_steps(self, actor: Actor, partners: list[float], chance: list[float]) -> None:
        p, stood, place, month = self.model.rules, self.stood[actor], self.place, self.model.month
        flags, imposed = actor.flags[place], month.recognition[actor][place]
        liked = actor.affinity[self.contender] + month.goodwill[actor][self.contender]
        relation = min(max(liked / 3.0, -1.0), 1.0)
        drive = self._drive(actor, relation)

        def moved(b: int, up: float, down: float, luck: float) -> bool:
            return luck < p.recognition_rate * logistic(down if stood[b] else up)

        for b, held in zip(range(1, 5), (True, stood[1], stood[1], stood[3]), strict=True):
            odds = drive + p.recognition_partners * partners[b] - p.recognition_step * (b - 1)
            moves = moved(b, odds, -odds - p.recognition_back, chance[b - 1])
            up = not moves if stood[b] else moves and held
            if b == 2 and self.took_over:
                up = chance[1] < logistic(odds + p.recognition_inherit * stood[1])
            up = up and (True, self.in_power, self.in_power and flags[1], flags[3])[b - 1]
            flags[b] = float(bool(up)) if isnan(imposed[b]) else imposed[b]
        lift = drive - 3.0 * p.recognition_step
        lists = moved(0, 2.0 * p.recognition_base - drive, lift, 1.0 - chance[0]) != bool(stood[0])
        flags[0] = float(relation < 0.0 and lists) if isnan(imposed[0]) else imposed[0]
        actor.recognition[place] = sum(flags[1:])
