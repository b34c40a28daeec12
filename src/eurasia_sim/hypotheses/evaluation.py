"""A family of hypotheses put to the test: its runs, and the tables they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eurasia_sim.analysis.sensitivity import variance_shares
from eurasia_sim.compute.dimensions import Floats
from eurasia_sim.experiments.experiment import located
from eurasia_sim.hypotheses.arms import Plan, effect, read_runs, read_space
from eurasia_sim.hypotheses.effort import Effort, check_size
from eurasia_sim.hypotheses.hypothesis import Family, Part, arm_name
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.hypotheses.mediation import is_mediated, mediated_shares
from eurasia_sim.hypotheses.scope_map import map_table
from eurasia_sim.hypotheses.tipping_points import tipping_point
from eurasia_sim.hypotheses.verdicts import (
    Layers,
    Rival,
    Verdict,
    estimate,
    fit_row,
    judge,
    rival_rows,
    share_of_sign,
    wilson,
)
from eurasia_sim.scenarios.outcome_columns import in_words
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.simulation.parameter_draws import (
    Draws,
    fit_beside,
    posterior_draws,
    reference_draws,
    space_sample,
    wide_draws,
)
from eurasia_sim.world.world import World, load_world

_NAN = float("nan")


@dataclass(frozen=True)
class Evaluation:
    """Tables of a test, with a row a hypothesis, part, rival of a part, point, reading or cell."""

    verdicts: pd.DataFrame
    parts: pd.DataFrame
    theories: pd.DataFrame
    points: pd.DataFrame
    shares: pd.DataFrame
    maps: pd.DataFrame  # of `scope_map.map_table`, every map of the family


Report = Callable[[str, int, int], None]  # stage, done, of how many


def evaluate(
    world: World,
    family: Family,
    effort: Effort,
    workers: int | None = None,
    report: Report = lambda *_: None,
) -> Evaluation:
    """Every layer of runs for the hypotheses of a family, and their verdicts.

    Raises:
        DataError: where memory does not hold it.
        KeyboardInterrupt: when interrupted; nothing is kept.
    """
    check_size(world, family, effort)
    return _Evaluator(world, family, effort, workers, report).evaluation()


class _Evaluator:
    """One evaluation: the plan that serves all parts, and each layer's runs."""

    def __init__(
        self, world: World, family: Family, effort: Effort, workers: int | None, report: Report
    ) -> None:
        self.world, self.family, self.effort = world, family, effort
        self.workers, self.report = workers, report
        self.plan = Plan.of(world, family.parts())
        self.base = self.plan.scenarios[self.plan.arms[0]]
        self.inputs = prepare(world, self.base, world.default_theory)
        self.sample = space_sample(
            world, self.base, list(world.theories), effort.points, effort.replicates, effort.seed
        )
        self.shares: dict[Part, dict[str, float]] = {}

    def evaluation(self) -> Evaluation:
        """Run every layer and put the results in tables."""
        default, plan, null = self.world.default_theory, self.plan, self.world.null_theory
        reference = self.at_reference(default, {}, self.effort.runs, "at reference")
        rivals = self.rivals(reference)
        tell = partial(self.report, "over everything uncertain")
        values = read_space(plan, self.sample, self.workers, tell)
        draws = wide_draws(self.world, self.inputs, self.effort.wide, self.effort.seed)
        wide = self.read(default, {}, draws, "with wide coefficients")
        fitted = self.under_fit()
        over = {part: self.point_effects(part, values) for part in self.family.parts()}
        counts = (self.sample.points["theory"] != null).to_numpy()
        points = self.sample.points[counts].reset_index(drop=True)
        verdicts, rows, rival_table = [], [], []
        for done, hypothesis in enumerate(self.family.hypotheses):
            self.report("regions, reversals and paths", done, len(self.family.hypotheses))
            layers = [
                Layers(
                    part,
                    estimate(plan, part, reference),
                    {rival: estimate(plan, part, own) for rival, own in rivals.items()},
                    over[part][counts],
                    over[part][~counts],
                    share_of_sign(part, effect(plan, part, wide)),
                )
                for part in hypothesis.parts
            ]
            verdict = judge(hypothesis, layers, points, null)
            verdicts.append(self.verdict_row(verdict))
            for found, word in zip(layers, verdict.words, strict=True):
                row = self.part_row(hypothesis.id, found, word, over[found.part])
                rows.append(row | fit_row(found.part, effect(plan, found.part, fitted)))
                rival_table += rival_rows(hypothesis.id, found)
        effects = {
            f"effect.{hypothesis.id}.{at}": over[part]
            for hypothesis in self.family.hypotheses
            for at, part in enumerate(hypothesis.parts, 1)
        }
        return Evaluation(
            pd.DataFrame(verdicts),
            pd.DataFrame(rows),
            pd.DataFrame(rival_table),
            pd.concat([pd.DataFrame(effects), self.sample.points], axis=1),
            self.share_table(values),
            self.map_tables(),
        )

    def map_tables(self) -> pd.DataFrame:
        """Every map of the family, one below the other."""
        found = [pd.DataFrame(columns=["map"])]
        for contrast in self.family.maps:
            tell = partial(self.report, f"map {contrast.id}")
            size = self.effort.mapped, self.effort.seed
            found.append(map_table(self.world, contrast, *size, self.workers, tell))
        return pd.concat(found, ignore_index=True)

    def rivals(self, reference: Floats) -> dict[Rival, Floats]:
        """Readings by chance alone under each theory, and with each form that is not the default.

        Args:
            reference: those under the default theory and forms.
        """
        default, few = self.world.default_theory, self.effort.runs_a_theory
        found = {
            ("theory", name): reference
            if name == default
            else self.at_reference(name, {}, few, f"under {name}")
            for name in self.world.theories
        }
        for factor, alternatives in self.world.forms.items():
            for name in alternatives:
                if name != self.world.default_forms[factor]:
                    stage = f"with {factor} {name}"
                    own = self.at_reference(default, {factor: name}, few, stage)
                    found["form", f"{factor} {name}"] = own
        return found

    def at_reference(self, theory: str, forms: Mapping[str, str], n: int, stage: str) -> Floats:
        """(arms, n, readings) by chance alone."""
        draws = reference_draws(prepare(self.world, self.base, theory, forms), n, self.effort.seed)
        return self.read(theory, forms, draws, stage)

    def under_fit(self) -> Floats:
        """(arms, n, readings) of the world's fit to the record; n is 0 where it has none."""
        posterior, _ = fit_beside(self.world, self.inputs)
        if posterior is None:
            return np.zeros((len(self.plan.arms), 0, len(self.plan.readings)))
        size = self.effort.runs, self.effort.seed
        draws = posterior_draws(self.world, self.inputs, posterior, *size)
        return self.read(self.inputs.theory, {}, draws, "under the fit to the record")

    def read(self, theory: str, forms: Mapping[str, str], draws: Draws, stage: str) -> Floats:
        """(arms, R, readings), with progress reported in runs of one arm."""

        def tell(done: int) -> None:
            self.report(stage, done // len(self.plan.arms), len(draws))

        return read_runs(self.plan, theory, forms, draws, workers=self.workers, report=tell)

    def point_effects(self, part: Part, values: Floats) -> Floats:
        """(P,) a part's effect at every point, mean of the replicates."""
        each = [effect(self.plan, part, values[:, :, r]) for r in range(values.shape[2])]
        return np.asarray(np.mean(each, axis=0))

    def verdict_row(self, verdict: Verdict) -> dict[str, Any]:
        """A hypothesis in one row."""
        low, high = wilson(verdict.share, verdict.points)
        hypothesis, found = verdict.hypothesis, verdict.region
        return {
            "hypothesis": hypothesis.id,
            "says": hypothesis.says,
            "source": hypothesis.source,
            "note": hypothesis.note,
            "verdict": verdict.word,
            "share_of_space": verdict.share,
            "share_low": low,
            "share_high": high,
            "points": verdict.points,
            "region": " and ".join(found.limits) if found else "",
            "density": found.density if found else _NAN,
            "coverage": found.coverage if found else _NAN,
            "digest": self.family.digest,
        }

    def part_row(self, name: str, found: Layers, word: str, effects: Floats) -> dict[str, Any]:
        """A part in one row: its layers, its tipping point, and its mediated shares.

        Args:
            effects: (P,) over all points.
        """
        part, reference = found.part, found.reference
        low, high = wilson(found.share, int(np.isfinite(found.effects).sum()))
        has_sign = reference.low > 0 or reference.high < 0
        has_null = np.isfinite(found.null).any()
        row = {
            "hypothesis": name,
            "part": part.label,
            "plus": " + ".join(map(arm_name, part.plus)),
            "less": " + ".join(map(arm_name, part.less)),
            "sign": part.sign,
            "smallest": part.smallest,
            "because": part.because,
            "word": word,
            **asdict(reference),
            "share_of_space": found.share,
            "share_low": low,
            "share_high": high,
            "mirrored": found.mirrored,
            "null_mean": float(np.nanmean(found.null)) if has_null else _NAN,
            "forced": found.forced,
            "reversal": self.tipping_point(found, effects) if has_sign else "",
        }
        if is_mediated(part) and has_sign:
            row |= {f"through_{name}": each for name, each in self.mediated(part).items()}
        return row

    def mediated(self, part: Part) -> dict[str, float]:
        """Mediated shares of a part; all parts of the same arms share their runs."""
        if part not in self.shares:
            every = dict.fromkeys(self.family.parts())
            alike = [each for each in every if each.arms == part.arms and is_mediated(each)]
            draws = reference_draws(self.inputs, self.effort.held, self.effort.seed)
            theory = self.world.default_theory
            found = mediated_shares(self.plan, alike, theory, draws, self.workers)
            self.shares |= dict(zip(alike, found, strict=True))
        return self.shares[part]

    def tipping_point(self, found: Layers, effects: Floats) -> str:
        """The smallest change that turns a part's effect at reference, in words."""
        points = self.sample.points
        own = (points["theory"] == self.world.default_theory).to_numpy() & np.isfinite(effects)
        seed = reference_draws(self.inputs, 1, self.effort.seed).seeds[0]
        return tipping_point(
            self.world, found.part, self.inputs, seed, points[own], effects[own],
            found.reference.mean, self.workers,
        )  # fmt: skip

    def share_table(self, values: Floats) -> pd.DataFrame:
        """Shares of the variance of each reading over all arms that some part reads."""
        rows = []
        for at, reading in enumerate(self.plan.readings):
            parts = [each for each in self.family.parts() if (each.metric, each.window) == reading]
            read = {arm for part in parts for arm in part.arms}
            arms = [place for place, arm in enumerate(self.plan.arms) if arm in read]
            if len(arms) > 1:
                own = values[arms][:, :, :, at]
                shares = variance_shares(own, self.sample.points, self.sample.factors)
                rows.append({"reading": in_words(reading[0]), "scenarios": len(arms), **shares})
        return pd.DataFrame(rows)


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
