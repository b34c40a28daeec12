"""The model as one would write it with Mesa alone: agents, plain Python, one month a step.

It follows the equations of eurasia_sim's mechanisms, shares nothing with their compiled code but
the inputs, takes its draws from the same addresses, and so agrees with it month by month.
"""

from functools import cache
from itertools import combinations
from math import exp, log, sqrt
from types import SimpleNamespace
from typing import Any

import mesa
from mesa.datacollection import DataCollector

from benchmarks.actor import Actor, dot
from benchmarks.chance import LOW, round_keys, shock, words
from benchmarks.theatre import Theatre
from eurasia_sim.kernel.arrays import LEVERS, coded_of
from eurasia_sim.kernel.outcomes import PER_SCOPE
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.world.world import World, load_world

ALIGNMENT_STREAM = 1


class ReferenceModel(mesa.Model):
    """A run by one seed of a packaged scenario, or of what the kernel is given, in its place."""

    def __init__(self, scenario: str = "record", seed: int = 0, inputs: Any = None) -> None:
        super().__init__(seed=seed)
        self.inputs = inputs = inputs or named_inputs(scenario)
        numbers = inputs.rules
        self.rules = p = SimpleNamespace(**{n: float(numbers[n]) for n in numbers.dtype.names})
        actors, theatres = inputs.geography.theatre_distance.shape
        self.facts = lists_of(inputs.geography)
        self.coded = lists_of(coded_of(inputs.row, actors, theatres))
        self.keys, self.t = round_keys(seed & LOW, seed >> 32), -inputs.burn_in
        self.actors = [Actor(self, i) for i in range(actors)]
        self.pairs = list(combinations(self.actors, 2))
        self.focus = [(self.actors[i], self.actors[j]) for i, j in inputs.focus.tolist()]
        for one, other in self.focus:
            one.owed[other] = other.owed[one] = [0.0] * 3 * theatres
        self.together: dict[tuple[Actor, Actor], list[float]] = {}
        self.militancy = [p.militancy_terrorism, p.militancy_narcotics, p.militancy_refugees]
        self.theatres = [Theatre(self, k) for k in range(theatres)]
        self.cell_sizes = [theatre.size for theatre in self.theatres for _ in range(3)]
        for agent in (*self.actors, *self.theatres):
            agent.meet()
        self.conveners = [
            {actor: share for actor, share in zip(self.actors, row, strict=True) if share}
            for row in self.facts.convenes
        ]
        cells = range(3 * theatres)
        self.scopes = [[c for c in cells if inside[c // 3]] for inside in inputs.scopes.tolist()]
        self.measured, self.columns = {}, pair_columns(inputs)
        self.datacollector = DataCollector(
            {name: lambda model, at=name: model.measured[at] for name in self.columns}
        )

    def read_levers(self) -> SimpleNamespace:
        """This month's levers by their names, by actor or as lists over theatres.

        And `posted`, where each has which forces, and `pressed`, the pressure that each feels.
        """

        def by_actor(rows: Any) -> dict[Actor, Any]:
            return dict(zip(self.actors, rows, strict=True))

        month, now = self.inputs.levers.month(max(self.t, 0)), {}
        for name, field in LEVERS.of.items():
            rows = getattr(month, name).tolist()
            rows = list(map(by_actor, rows)) if field.axes in ("ij", "vi") else rows
            now[name] = by_actor(rows) if field.axes[0] == "i" else rows
        now["pressed"] = by_actor(map(by_actor, month.pressure.T.tolist()))
        now["imposed"] = by_actor(month.imposed.reshape(len(self.actors), -1).tolist())
        now["jointness"] = month.jointness.ravel().tolist()
        now["posted"] = {
            actor: [place for place in zip(self.theatres, row, strict=True) if any(place[1])]
            for actor, row in now["presence"].items()
        }
        return SimpleNamespace(**now)

    def step(self) -> None:
        """One month: perceive and align, choose, then cooperate, contest, rule and recognise."""
        self.month = self.read_levers()
        self.perceive()
        self.align()
        self.allocate()
        self.cooperate()
        self.convene()
        for theatre in self.theatres:
            theatre.contest()
        if self.t >= 0:
            for theatre in self.theatres:
                theatre.govern()
            for actor in self.actors:
                actor.standing *= 1.0 - self.rules.standing_decay
            for theatre in self.theatres:
                theatre.recognise()
        self.measure()
        self.datacollector.collect(self)
        self.t += 1
        self.running = self.t < self.inputs.months

    def perceive(self) -> None:
        """See power, nearness by forces abroad, and all that threatens, this month."""
        month, p = self.month, self.rules
        for actor in self.actors:
            actor.power = actor.own_power + month.capability[actor]
            actor.projected = dict.fromkeys(self.actors, 0.0)
        for theatre in self.theatres:
            if theatre.ruler is not None:
                theatre.ruler.power += month.theatre_capability[theatre.place]
            theatre.menace()
        for actor in self.actors:
            actor.unhindered = actor.power
        for actor in self.actors:
            for sender in (each for each in self.actors if each is not actor):
                part = min(sender.unhindered, 1.0)
                actor.power *= 1.0 - month.sanctions[sender][actor] * part
        for owner, posts in month.posted.items():
            for theatre, (bases, forces, counterterror) in posts:
                reach = p.projection_bases * bases + p.projection_forces * forces
                reach += p.projection_counterterror * counterterror
                for actor in self.actors:
                    actor.projected[owner] += p.projection * reach * actor.closeness[theatre.place]
        for actor in self.actors:
            actor.perceive()

    def align(self) -> None:
        """Let every pair lean by the fears it shares and a shock it has in common."""
        p = self.rules
        for actor in self.actors:
            actor.take_fears()
        for one, other in self.pairs:
            self._share_fears(one, other)
        for actor in self.actors:
            actor.place_zero()
        luck = 0.0
        for one, other in self.pairs:
            if self.t >= 0 and p.alignment_noise > 0.0:
                names = sorted((one.key, other.key))
                luck = shock(words(self.keys, ALIGNMENT_STREAM, self.t, *names)[0])
            one.shocks[other] = other.shocks[one] = luck
            one.lean(other, luck)
            other.lean(one, luck)

    def _share_fears(self, one: Actor, other: Actor) -> None:
        lands = dot(one.felt, other.felt)
        one.crisis[other] = other.crisis[one] = lands
        lands *= self.rules.weight_spillover
        common = (dot(one.feared, other.feared) + lands) / sqrt(one.fear * other.fear)
        near = dot(one.feared_near, other.feared_near) + lands
        near /= sqrt(one.fear_near * other.fear_near)
        one.shared[other] = other.shared[one] = common
        one.regional_overlap[other] = other.regional_overlap[one] = near
        one.mutual[other] = (one.threat[other] + dot(one.foreign, other.party)) / one.fear
        other.mutual[one] = (other.threat[one] + dot(other.foreign, one.party)) / other.fear

    def allocate(self) -> None:
        """Let every actor weigh, incline and spend, where last month's security effort guards."""
        for theatre in self.theatres:
            theatre.guarded = sum(actor.effort[theatre.first] for actor in self.actors)
        for actor in self.actors:
            actor.heed()
        for actor in self.actors:
            actor.weigh()
            actor.incline()
            actor.spend()

    def cooperate(self) -> None:
        """Let every pair settle what it does together, and so its rivalry and partnership."""
        for actor in self.actors:
            actor.joint = [0.0] * len(self.cell_sizes)
        for one, other in self.pairs:
            both = one.budget + other.budget + 1e-300
            volumes, overlap = self._joint_volumes(one, other)
            one.joint = list(map(max, one.joint, volumes))
            other.joint = list(map(max, other.joint, volumes))
            joined = sum(volumes)
            one.rivalry[other] = other.rivalry[one] = 2.0 * (overlap - joined) / both
            one.partnership[other] = other.partnership[one] = 2.0 * joined / both
            self.together[one, other] = self.together[other, one] = volumes

    def _joint_volumes(self, one: Actor, other: Actor) -> tuple[list[float], float]:
        """What two do together in each cell, and their overlap: willingness times the smaller."""
        p = self.rules
        if not (one.budget and other.budget):
            return [0.0] * len(self.cell_sizes), 0.0
        trust, relative = 0.5 * (one.alignment[other] + other.alignment[one]), p.relative_gains
        easy = log(p.joint_level / (1.0 - p.joint_level)) - relative
        easy += p.joint_relation * (trust - 0.5)
        easy += p.joint_overlap * (one.regional_overlap[other] - 0.5)
        overlap, volumes = 0.0, []
        for mine, theirs, floor in zip(one.effort, other.effort, self.month.jointness, strict=True):
            smaller = mine if mine < theirs else theirs  # noqa: FURB136 - no call in this loop
            share = smaller / (mine + theirs + 1e-300)
            willing = 1.0 / (1.0 + exp(-easy - 2.0 * relative * share))
            volumes.append((willing if willing > floor else floor) * smaller)  # noqa: FURB136
            overlap += smaller
        return volumes, overlap

    def convene(self) -> None:
        """Bring actors together; conveners gain in each theatre whose ruler is a member."""
        for actor in self.actors:
            actor.attend()
            actor.convening_influence = [0.0] * len(self.theatres)
        for v, membership in enumerate(self.month.membership):
            gathered = sum(actor.venue_effort.get(v, 0.0) for actor in self.actors)
            rulers = ((theatre.place, theatre.ruler) for theatre in self.theatres)
            hosts = [place for place, ruler in rulers if ruler and membership[ruler] > 0.0]
            for convener, share in self.conveners[v].items():
                gain = self.rules.venue_influence * share * gathered
                for place in hosts:
                    convener.convening_influence[place] += gain

    def measure(self) -> None:
        """Read off the focal pairs' measures over every scope (`kernel.outcomes.pair_measures`)."""
        values: list[float] = []
        for one, other in self.focus:
            for cells in self.scopes:
                mine, theirs = [one.effort[c] for c in cells], [other.effort[c] for c in cells]
                together = sum(self.together[one, other][c] for c in cells)
                values += pair_measures(mine, theirs, together, one.budget + other.budget)
                values += self._toward(one, other, cells) + self._toward(other, one, cells)
                values += [self._displacement(one, other, cells[d::3]) for d in range(3)]
        self.measured = dict(zip(self.columns, values, strict=True))

    def _toward(self, one: Actor, other: Actor, cells: list[int]) -> list[float]:
        """One's aim, volume and encroachment toward another, over some cells."""
        sizes = [self.cell_sizes[c] for c in cells]
        due = [1.0 - exp(-one.owed[other][c]) for c in cells]
        own = [one.effort[c] - min(one.posted[c], one.effort[c]) for c in cells]
        taken = []
        for mine, theirs, at_first, led in (self._held(c, one, other) for c in cells):
            gained = mine / max(mine + theirs, 1e-300) - at_first / max(at_first + led, 1e-300)
            taken.append(max(gained, 0.0) if led > at_first else 0.0)
        whole = sum(sizes) + 1e-300
        return [dot(sizes, due) / whole, dot(due, own), dot(sizes, taken) / whole]

    def _held(self, cell: int, one: Actor, other: Actor) -> tuple[float, float, float, float]:
        """Two's influence in a cell, and at the opening."""
        k, d = divmod(cell, 3)
        now, then = self.theatres[k].influence[d], self.coded.initial_influence
        return now[one], now[other], then[one.i][k][d], then[other.i][k][d]

    def _displacement(self, one: Actor, other: Actor, cells: list[int]) -> float:
        each = [self._held(c, one, other) for c in cells]
        sizes = [self.cell_sizes[c] for c in cells]
        held = [dot(sizes, [cell[part] for cell in each]) for part in range(4)]
        return log(held[0] / held[1] / (held[2] / held[3])) if min(held) > 1e-6 else 0.0


def lists_of(arrays: Any) -> SimpleNamespace:
    """Named arrays as plain lists, by the same names."""
    return SimpleNamespace(**{name: held.tolist() for name, held in arrays._asdict().items()})


def pair_measures(
    mine: list[float], theirs: list[float], together: float, budgets: float
) -> list[float]:
    """Intensity, co-location, joint share, competition, cooperation and division of labour."""
    own, other = sum(mine), sum(theirs)
    theatres = range(0, len(mine), 3)
    if not any(sum(mine[c : c + 3]) and sum(theirs[c : c + 3]) for c in theatres):
        return [0.0] * 6
    overlap, total = sum(map(min, mine, theirs)), own + other
    agreement = sum(min(sum(mine[d::3]) / own, sum(theirs[d::3]) / other) for d in range(3))
    return [
        2.0 * overlap / budgets,
        2.0 * overlap / total,
        together / overlap if overlap > 0.0 else 0.0,
        2.0 * (overlap - together) / total,
        2.0 * together / total,
        max(1.0 - agreement, 0.0),
    ]


def pair_columns(inputs: Any) -> list[str]:
    """Names of the focal pairs' measures, which the kernel writes first, in its order."""
    return list(inputs.columns[: len(inputs.focus) * len(inputs.scopes) * PER_SCOPE])


@cache
def packaged_world() -> World:
    """The world that comes with the package, read once a process."""
    return load_world()


@cache
def named_inputs(scenario: str, theory: str | None = None) -> Inputs:
    """Inputs of a packaged scenario under a theory or its own, every number at its reference."""
    world = packaged_world()
    return prepare(world, load_scenario(scenario, world), theory)
