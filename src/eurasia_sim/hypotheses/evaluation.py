"""A family of hypotheses put to the test: the runs that takes, and the tables they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.analysis.sensitivity import variance_shares
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.experiments.schema import located
from eurasia_sim.hypotheses.arms import Plan, effect, read_runs
from eurasia_sim.hypotheses.hypothesis import Family, Part, arm_name
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.hypotheses.mediated_share import can_travel, travelled
from eurasia_sim.hypotheses.scope_map import map_table
from eurasia_sim.hypotheses.tipping_points import reversal
from eurasia_sim.hypotheses.verdicts import Layers, Verdict, estimate, judge, wilson
from eurasia_sim.scenarios.outcome_columns import in_words
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import Draws, Sample, ranges_of, reference_draws, space_sample, wide_draws
from eurasia_sim.world.world import World, load_world

_LEAST = 4
_LEAST_WIDE = 100


@dataclass(frozen=True)
class Effort:
    """How many runs each layer is given."""

    runs: int = 200  # at reference, by chance alone
    runs_a_theory: int = 40  # at reference of every other theory and form
    points: int = 200  # of the space, a theory
    replicates: int = 2  # at each point
    wide: int = 200  # draws of deliberately wide coefficients
    held: int = 20  # runs with a mechanism held still
    mapped: int = 60  # points of the space, a theory, in every cell of a map
    seed: int = 7

    @classmethod
    def of(cls, runs: int, points: int, seed: int) -> Effort:
        """The effort that goes with so many runs at reference and points of the space: the rest in proportion.

        Wide draws are never fewer than it takes to see 99 in a hundred.
        """
        usual = cls()
        return cls(
            runs=runs,
            runs_a_theory=max(runs * usual.runs_a_theory // usual.runs, _LEAST),
            points=points,
            wide=max(points * usual.wide // usual.points, _LEAST_WIDE),
            held=max(runs * usual.held // usual.runs, _LEAST),
            mapped=max(points * usual.mapped // usual.points, _LEAST),
            seed=seed,
        )


@dataclass(frozen=True)
class Evaluation:
    """What a test found, as tables: a row a hypothesis, a part, a theory or form of a part, a point, a reading."""

    verdicts: pd.DataFrame
    parts: pd.DataFrame
    theories: pd.DataFrame
    points: pd.DataFrame
    shares: pd.DataFrame
    maps: pd.DataFrame  # of `terrain.map_table`, every map of the family


Report = Callable[[str, int, int], None]  # stage, done, of how many


def evaluate(
    world: World, family: Family, effort: Effort, workers: int | None = None, report: Report = lambda *_: None
) -> Evaluation:
    """Everything that decides about the hypotheses of a family.

    Raises:
        KeyboardInterrupt: when interrupted; nothing is kept.
    """
    return _Evaluator(world, family, effort, workers, report).evaluation()


class _Evaluator:
    """One evaluation under way: the plan that serves all parts, and each layer's runs."""

    def __init__(self, world: World, family: Family, effort: Effort, workers: int | None, report: Report) -> None:
        self.world, self.family, self.effort, self.workers, self.report = world, family, effort, workers, report
        self.plan = Plan.of(world, family.parts())
        self.base = self.plan.scenarios[self.plan.arms[0]]
        self.paths: dict[Part, dict[str, float]] = {}

    def evaluation(self) -> Evaluation:
        """Run every layer and put what it says in tables."""
        reference, theories, forms = self.references()
        sample, values = self.over_space()
        wide = self.over_wide()
        counts = (sample.points["theory"] != self.world.null_theory).to_numpy()
        points = sample.points[counts].reset_index(drop=True)
        verdicts, parts, rivals = [], [], []
        for done, hypothesis in enumerate(self.family.hypotheses):
            self.report("regions, reversals and paths", done, len(self.family.hypotheses))
            layers = []
            for part in hypothesis.parts:
                over = self.point_effects(part, values)
                layers.append(
                    Layers(
                        part,
                        estimate(self.plan, part, reference),
                        {theory: estimate(self.plan, part, found) for theory, found in theories.items()},
                        {form: estimate(self.plan, part, found) for form, found in forms.items()},
                        over[counts],
                        over[~counts],
                        _share_of_sign(part, effect(self.plan, part, wide)),
                    )
                )
            verdict = judge(hypothesis, layers, points, self.world.null_theory)
            verdicts.append(self.verdict_row(verdict))
            for found, word in zip(layers, verdict.words, strict=True):
                parts.append(self.part_row(hypothesis.id, found, word, sample, values))
                rivals += _rival_rows(hypothesis.id, found)
        return Evaluation(
            pd.DataFrame(verdicts),
            pd.DataFrame(parts),
            pd.DataFrame(rivals),
            self.point_table(sample, values),
            self.share_table(sample, values),
            self.map_tables(),
        )

    def map_tables(self) -> pd.DataFrame:
        """Every map of the family, one below the other."""
        found = [pd.DataFrame(columns=["map"])]
        for contrast in self.family.maps:

            def tell(done: int, of: int, stage: str = f"map {contrast.id}") -> None:
                self.report(stage, done, of)

            found.append(map_table(self.world, contrast, self.effort.mapped, self.effort.seed, self.workers, tell))
        return pd.concat(found, ignore_index=True)

    def references(self) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
        """Readings by chance alone: under the default theory and forms, each theory, and each other form."""
        default, few = self.world.default_theory, self.effort.runs_a_theory
        reference = self.at_reference(default, {}, self.effort.runs, "at reference")
        theories = {
            theory: reference if theory == default else self.at_reference(theory, {}, few, f"under {theory}")
            for theory in self.world.theories
        }
        forms = {
            f"{factor} {name}": self.at_reference(default, {factor: name}, few, f"with {factor} {name}")
            for factor, alternatives in self.world.forms.items()
            for name in alternatives
            if name != self.world.default_forms[factor]
        }
        return reference, theories, forms

    def at_reference(self, theory: str, forms: Mapping[str, str], n: int, stage: str) -> Floats:
        """(arms, n, readings) by chance alone."""
        draws = reference_draws(prepare(self.world, self.base, theory, forms), n, self.effort.seed)
        return self.read(theory, forms, draws, stage, 0, len(draws))

    def over_wide(self) -> Floats:
        """(arms, R, readings) under deliberately wide coefficients."""
        theory = self.world.default_theory
        draws = wide_draws(self.world, prepare(self.world, self.base, theory), self.effort.wide, self.effort.seed)
        return self.read(theory, {}, draws, "with wide coefficients", 0, len(draws))

    def over_space(self) -> tuple[Sample, Floats]:
        """The sample of everything uncertain, and (arms, P, replicates, readings) read off its runs."""
        effort = self.effort
        sample = space_sample(
            self.world, self.base, list(self.world.theories), effort.points, effort.replicates, effort.seed
        )
        total = len(sample.points) * effort.replicates
        values = np.full((len(self.plan.arms), len(sample.points), effort.replicates, len(self.plan.readings)), np.nan)
        done = 0
        for group in sample.groups:
            found = self.read(group.theory, group.forms, group.draws, "over everything uncertain", done, total)
            values[:, group.points] = found.reshape(len(self.plan.arms), len(group.points), effort.replicates, -1)
            done += len(group.draws)
        return sample, values

    def read(self, theory: str, forms: Mapping[str, str], draws: Draws, stage: str, before: int, of: int) -> Floats:
        """What is read off the arms' runs, with progress told in runs of one arm."""
        arms = len(self.plan.arms)

        def tell(done: int) -> None:
            self.report(stage, before + done // arms, of)

        return read_runs(self.plan, theory, forms, draws, workers=self.workers, report=tell)

    def point_effects(self, part: Part, values: Floats) -> Floats:
        """(P,) a part's effect at every point, mean of the replicates."""
        each = [effect(self.plan, part, values[:, :, r]) for r in range(values.shape[2])]
        return np.asarray(np.mean(each, axis=0))

    def verdict_row(self, verdict: Verdict) -> dict[str, Any]:
        """A hypothesis in one row."""
        low, high = wilson(verdict.share, verdict.points)
        found = verdict.region
        return {
            "hypothesis": verdict.hypothesis.id,
            "says": verdict.hypothesis.says,
            "source": verdict.hypothesis.source,
            "note": verdict.hypothesis.note,
            "verdict": verdict.word,
            "share_of_space": verdict.share,
            "share_low": low,
            "share_high": high,
            "points": verdict.points,
            "region": " and ".join(found.limits) if found else "",
            "density": found.density if found else float("nan"),
            "coverage": found.coverage if found else float("nan"),
            "digest": self.family.digest,
        }

    def part_row(self, name: str, found: Layers, word: str, sample: Sample, values: Floats) -> dict[str, Any]:
        """A part in one row: its layers, what would reverse it, and through what it travels."""
        part, now = found.part, found.reference
        low, high = wilson(found.share, int(np.isfinite(found.effects).sum()))
        row = {
            "hypothesis": name,
            "part": part.label,
            "plus": " + ".join(arm_name(arm) for arm in part.plus),
            "less": " + ".join(arm_name(arm) for arm in part.less),
            "sign": part.sign,
            "smallest": part.smallest,
            "because": part.because,
            "word": word,
            **asdict(now),
            "share_of_space": found.share,
            "share_low": low,
            "share_high": high,
            "mirrored": found.mirrored,
            "null_mean": float(np.nanmean(found.null)) if np.isfinite(found.null).any() else float("nan"),
            "forced": found.forced,
            "reversal": self.reversed(found, sample, values),
        }
        if can_travel(part) and (now.low > 0 or now.high < 0):
            row |= {f"through_{name}": share for name, share in self.path(part).items()}
        return row

    def path(self, part: Part) -> dict[str, float]:
        """Through what a part's effect travels; all parts of the same arms are read off the same runs."""
        if part not in self.paths:
            alike = [each for each in dict.fromkeys(self.family.parts()) if each.arms == part.arms and can_travel(each)]
            theory = self.world.default_theory
            draws = reference_draws(prepare(self.world, self.base, theory), self.effort.held, self.effort.seed)
            shares = travelled(self.plan, alike, theory, draws, self.workers)
            self.paths |= dict(zip(alike, shares, strict=True))
        return self.paths[part]

    def reversed(self, found: Layers, sample: Sample, values: Floats) -> str:
        """What would reverse a part's effect at reference, in words; nothing for an effect without a sign."""
        if not (found.reference.low > 0 or found.reference.high < 0):
            return ""
        theory = self.world.default_theory
        inputs = prepare(self.world, self.base, theory)
        own = (sample.points["theory"] == theory).to_numpy()
        effects = self.point_effects(found.part, values)[own]
        whole = np.isfinite(effects)
        return reversal(
            self.world, found.part, theory, inputs, ranges_of(self.world, inputs),
            reference_draws(inputs, 1, self.effort.seed).seeds[0], sample.points[own][whole], effects[whole],
            found.reference.mean, self.workers,
        ).words  # fmt: skip

    def point_table(self, sample: Sample, values: Floats) -> pd.DataFrame:
        """Every point of the space with each part's effect."""
        effects = {
            f"effect.{hypothesis.id}.{at + 1}": self.point_effects(part, values)
            for hypothesis in self.family.hypotheses
            for at, part in enumerate(hypothesis.parts)
        }
        return pd.concat([pd.DataFrame(effects, index=sample.points.index), sample.points], axis=1)

    def share_table(self, sample: Sample, values: Floats) -> pd.DataFrame:
        """How the spread of each reading divides, over all arms that some part reads it off."""
        rows = []
        for at, (metric, window) in enumerate(self.plan.readings):
            arms = [
                place
                for place, arm in enumerate(self.plan.arms)
                if any(
                    part.metric == metric and part.window == window and arm in part.arms for part in self.family.parts()
                )
            ]
            if len(arms) > 1:
                shares = variance_shares(values[arms][:, :, :, at], sample.points, sample.factors)
                rows.append({"reading": in_words(metric), "scenarios": len(arms), **shares})
        return pd.DataFrame(rows)


def _share_of_sign(part: Part, effects: Floats) -> float:
    """Share of draws in which an effect's bare sign is as expected; NaN where no sign is."""
    whole = effects[np.isfinite(effects)]
    if part.sign not in ("+", "-") or not len(whole):
        return float("nan")
    return float((whole > 0).mean() if part.sign == "+" else (whole < 0).mean())


def _rival_rows(name: str, found: Layers) -> list[dict[str, Any]]:
    """A part under every theory and every other form, a row each."""
    kinds = (("theory", found.theories), ("form", found.forms))
    return [
        {"hypothesis": name, "part": found.part.label, "kind": kind, "under": under, **asdict(estimated),
         "holds": estimated.holds(found.part), "mirrors": estimated.mirrors(found.part)}
        for kind, estimates in kinds
        for under, estimated in estimates.items()
    ]  # fmt: skip


def test_hypotheses(
    ids: Sequence[str] = (),
    file: Path | str = "hypotheses",
    *,
    runs: int = 200,
    points: int = 200,
    seed: int = 7,
    workers: int | None = None,
    world: World | None = None,
) -> Evaluation:
    """Evaluate hypotheses at reference, over everything uncertain, and under every theory and form.

    Args:
        ids: of hypotheses; all of the file by default.
        file: name or path of a file of hypotheses.
        runs: how many an arm has at reference values.
        points: how many of the space of everything uncertain, a theory.
        workers: threads; by default all cores.
        world: by default the packaged one.

    Returns:
        Tables by attribute: `verdicts` a row a hypothesis, `parts` a row a part, and more.

    Raises:
        InputProblems, DataError: for a file or an id that cannot be used.
    """
    world = world or load_world()
    family = load_hypotheses(located(str(file)), world).chosen(list(ids))
    return evaluate(world, family, Effort.of(runs, points, seed), workers)


test_hypotheses.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test
