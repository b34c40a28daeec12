"""The months of a lever series as plain Python, keyed by agents."""

from types import SimpleNamespace
from typing import Any

from eurasia_sim.kernel.arrays import LEVERS


class Months:
    """The months of a lever series; of each, the levers by actor, or as lists over theatres."""

    def __init__(self, inputs: Any, actors: list[Any], theatres: list[Any]) -> None:
        self.levers = inputs.levers
        self.served = [sum(domains) for domains in inputs.geography.venue_domains.tolist()]
        self.actors, self.theatres = actors, theatres
        self.membership: list[list[float]] | None = None  # of the last month that was read
        self.venues: dict[Any, dict[Any, float]] = {}

    def by_actor(self, rows: Any) -> dict[Any, Any]:
        """One item an actor."""
        return dict(zip(self.actors, rows, strict=True))

    def at(self, t: int) -> SimpleNamespace:
        """Month t as attributes, named as the levers are.

        Besides: `posted`, the theatres in which an actor has forces, with the three kinds;
        `pressed`, the pressure that each actor feels; `venues`, those that two actors share.
        """
        month, by_actor = self.levers.month(t), self.by_actor
        now = {field.name: getattr(month, field.name).tolist() for field in LEVERS.fields}
        if now["membership"] != self.membership:
            self.membership, self.venues = now["membership"], self._shared(now["membership"])
        for name in ("revisionism", "aid", "recognition", "capability", "trade", "consent"):
            now[name] = by_actor(now[name])
        for name in ("goodwill", "arms", "sanctions"):
            now[name] = by_actor(map(by_actor, now[name]))
        now["pressed"] = by_actor(map(by_actor, zip(*now["pressure"], strict=True)))
        now["membership"] = list(map(by_actor, now["membership"]))
        now["imposed"] = by_actor(
            [share for cell in row for share in cell] for row in now["imposed"]
        )
        now["jointness"] = [share for cell in now["jointness"] for share in cell]
        now["posted"] = by_actor(
            [place for place in zip(self.theatres, row, strict=True) if any(place[1])]
            for row in now["presence"]
        )
        return SimpleNamespace(**now, venues=self.venues)

    def _shared(self, membership: list[list[float]]) -> dict[Any, dict[Any, float]]:

        def shared(one: tuple[float, ...], other: tuple[float, ...]) -> float:
            venues = zip(one, other, self.served, strict=True)
            return sum(a * b * domains for a, b, domains in venues)

        each = list(zip(*membership, strict=True)) or [()] * len(self.actors)
        return self.by_actor(self.by_actor(shared(a, b) for b in each) for a in each)
