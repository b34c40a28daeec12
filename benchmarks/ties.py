"""Venues, and ties to a theatre in one domain: what the opening left, what efforts add to it."""

from math import exp, log
from typing import Any

from benchmarks.actor import Actor

Each = dict[Actor, float]


class Venue:
    """Where actors meet: who convenes it with which share, and this month's members."""

    def __init__(self, name: str, conveners: dict[Actor, float]) -> None:
        self.name, self.conveners = name, conveners
        self.membership: dict[Actor, float] = {}


class Ties:
    """Of every actor to one theatre in one domain; `influence` is the theatre's, and written.

    The domain is 0 for security, 1 economic, 2 diplomatic; `abroad` are those whose history fades.
    """

    def __init__(self, d: int, influence: Each, abroad: list[Actor], p: Any) -> None:
        self.d, self.influence, self.abroad, self.p = d, influence, abroad, p
        self.returns = p.return_economic if d == 1 else p.return_political
        self.rate = exp((p.fading_security, p.fading_economic, p.fading_diplomatic)[d])
        self.tie = {actor: self._opening(actor, share) for actor, share in influence.items()}
        self.pull = self.tie.copy()
        self.entry = {
            actor: max(exp(self.tie[actor]) - share, 0.0) for actor, share in influence.items()
        }
        self.outsiders = max(1.0 - sum(influence.values()), 0.0)
        for name in ("strength", "work", "posted", "deposit", "posted_strength"):
            setattr(self, name, dict.fromkeys(influence, 0.0))
        self.opening_work = self.opening_posted = self.work
        self.opening_access = self.opening_link = self.work

    def _opening(self, actor: Actor, share: float) -> float:
        held = max(share, self.p.tie_floor) if actor.wealth > 0.0 else share
        return log(max(held, 1e-300))

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
