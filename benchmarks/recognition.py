"""How actors deal with the contender of a theatre, in plain Python."""

from math import isnan
from typing import Any

from benchmarks.actor import logistic
from benchmarks.chance import uniform, words

STREAM = 4


class Dealings:
    """Flags of all actors toward one theatre's contender: listed, talks, mission, envoy, known."""

    def __init__(self, theatre: Any) -> None:
        self.theatre, self.model, self.place = theatre, theatre.model, theatre.place
        self.contender, self.in_power = theatre.contender, theatre.ruler is theatre.contender

    def move(self) -> None:
        """Let all actors' flags move at once, each at its audience's price."""
        theatre, contender, place = self.theatre, self.contender, self.place
        if contender is None:
            return
        rules, ruled = theatre.ruler is contender, self.in_power
        self.in_power, self.took_over = rules, rules and not ruled
        self.prospect = 1.0 if rules else 0.0
        if theatre.challenger is contender and theatre.fighters > 0.0:
            self.prospect = theatre.fighters / (theatre.fighters + theatre.ruler_strength)
        rival = theatre.challenger if rules else theatre.ruler
        self.rival = None if rules and ruled else rival
        self.stood = {actor: list(actor.flags[place]) for actor in self.model.actors}
        price = self.model.rules.audience_cost * self._hostility()
        for actor in self.model.actors:
            if actor is not contender and actor.power > 0.0:
                partners = self._partners(actor)
                lead = actor.recognition[place] - sum(partners[1:])
                drawn = words(self.model.keys, STREAM, self.model.t, actor.key, theatre.key)
                self._take_steps(actor, partners, list(map(uniform, drawn)))
                actor.standing -= price * max(lead, 0.0)

    def _partners(self, actor: Any) -> list[float]:
        """Shares of an actor's partners but the contender, by power and alignment, with each up."""
        shares, weight = [0.0] * 5, 0.0
        for other, leaning in actor.alignment.items():
            if leaning > 0.0 and other is not actor and other is not self.contender:
                tie = other.power * leaning
                weight += tie
                shares = [s + tie * up for s, up in zip(shares, self.stood[other], strict=True)]
        return [share / weight if weight > 0.0 else 0.0 for share in shares]

    def _drive(self, actor: Any, relation: float) -> float:
        p, expected = self.model.rules, self.prospect
        nearness = actor.nearness[self.place]
        trade = actor.weight["commerce"] * self.theatre.opportunity * nearness
        old = 0.0 if self.rival is None else max(actor.affinity[self.rival], 0.0) / 3.0
        draws = p.recognition_base + p.recognition_relation * relation
        draws += p.recognition_prospect * expected * min(max(1.0 + 2.0 * relation, -1.0), 1.0)
        draws += p.recognition_commerce * expected * trade * min(1.0 + relation, 1.0)
        conduct = self.theatre.restraint if self.in_power else 0.0
        return draws - p.recognition_old_ties * old + p.recognition_conduct * conduct

    def _take_steps(self, actor: Any, partners: list[float], chance: list[float]) -> None:
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

    def _hostility(self) -> float:
        theatres = [theatre for theatre in self.model.theatres if theatre is not self.theatre]
        hosts = [theatre.ruler for theatre in theatres if theatre.ruler is not None]
        enmities = [max(-host.affinity[self.contender], 0.0) / 3.0 for host in hosts]
        return sum(enmities) / len(enmities) if enmities else 0.0
