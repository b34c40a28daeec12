"""A family of hypotheses put to the test: its runs, the tables they give, and maps of rivals.

A scope map says where rivals hold, with one change made in every cell of a grid.
"""

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
from eurasia_sim.hypotheses import verdicts
from eurasia_sim.hypotheses.arms import Effort, Plan, check_size, effect, read_runs, read_space
from eurasia_sim.hypotheses.hypothesis import ContrastMap, Family, Hypothesis, arm_name
from eurasia_sim.hypotheses.loader import load_hypotheses
from eurasia_sim.hypotheses.verdicts import Layers, Rival, Spread, Verdict, share, wilson
from eurasia_sim.scenarios.outcome_columns import in_words
from eurasia_sim.simulation import parameter_draws
from eurasia_sim.simulation.inputs import prepare
from eurasia_sim.world.world import World, load_world

EVERY = "all"  # theories of a map together
_MIDDLE_90 = (0.05, 0.95)
_KEYS = ("map", "level", "first", "second", "theory")
_NAN = float("nan")
Report = Callable[[str, int, int], None]  # stage, done, of how many


@dataclass(frozen=True)
class Evaluation:
    """Tables of a test, with a row a hypothesis, part, rival of a part, point, reading or cell."""

    verdicts: pd.DataFrame
    parts: pd.DataFrame
    theories: pd.DataFrame
    points: pd.DataFrame
    shares: pd.DataFrame
    maps: pd.DataFrame  # of `map_table`, every map of the family


def evaluate(
    world: World, family: Family, effort: Effort, workers: int | None = None,
    report: Report = lambda *_: None,
) -> Evaluation:  # fmt: skip
    """Every layer of runs for the hypotheses of a family, and their verdicts.

    Raises DataError where memory does not hold it; interrupted, it keeps nothing.
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
        size = effort.points, effort.replicates, effort.seed
        theories = list(world.theories)
        self.sample = parameter_draws.space_sample(world, self.base, theories, *size)

    def evaluation(self) -> Evaluation:
        """Run every layer, then judge the controls first, and put the results in tables."""
        reference = self.at_reference(self.world.default_theory, {}, "at reference")
        rivals = self.rivals(reference)
        tell = partial(self.report, "over everything uncertain")
        values = read_space(self.plan, self.sample, self.workers, tell)
        size = self.effort.wide, self.effort.seed
        draws = parameter_draws.wide_draws(self.world, self.inputs, *size)
        wide = self.read(self.world.default_theory, {}, draws, "with wide coefficients")
        members, fitted = self.under_fit()
        counts = (self.sample.points["theory"] != self.world.null_theory).to_numpy()
        layers, effects = {}, {}
        for one in self.family.hypotheses:
            for at, part in enumerate(one.parts, start=1):
                over = Spread.of(self.plan, part, values)
                effects[f"effect.{one.id}.{at}"] = over.effects
                layers[part] = Layers(
                    part,
                    verdicts.estimate(self.plan, part, reference),
                    {x: verdicts.estimate(self.plan, part, own) for x, own in rivals.items()},
                    over.only(counts),
                    over.effects[~counts],
                    verdicts.share_of_sign(part, effect(self.plan, part, wide)),
                    Spread.of(self.plan, part, fitted[:, :, None]),
                )
        spaces = {"": self.sample.points[counts].reset_index(drop=True), "fit_": members}
        judged: dict[str, dict[str, Any]] = {}
        rows: dict[str, list[dict[str, Any]]] = {}
        for done, one in enumerate(sorted(self.family.hypotheses, key=lambda h: not h.is_control)):
            self.report("regions", done, len(self.family.hypotheses))
            judged[one.id], rows[one.id] = self.judged(
                one, [layers[part] for part in one.parts], spaces, judged
            )
        order = [one.id for one in self.family.hypotheses]
        under = [
            {"hypothesis": one.id, "part": part.label, "kind": kind, "under": name,
             **asdict(own), "holds": own.holds(part), "mirrors": own.mirrors(part)}
            for one in self.family.hypotheses
            for part in one.parts
            for (kind, name), own in layers[part].rivals.items()
        ]  # fmt: skip
        return Evaluation(
            pd.DataFrame([judged[name] for name in order]),
            pd.DataFrame([row for name in order for row in rows[name]]),
            pd.DataFrame(under),
            pd.concat([pd.DataFrame(effects), self.sample.points], axis=1),
            self.share_table(values),
            self.map_tables(),
        )

    def judged(
        self, one: Hypothesis, layers: Sequence[Layers], spaces: Mapping[str, pd.DataFrame],
        before: Mapping[str, Mapping[str, Any]],
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # fmt: skip
        """A hypothesis in one row, and its parts, given rows of the controls `before` it.

        `spaces` holds the points over the ranges (""), and under the fit ("fit_").
        """
        words = [each.word(self.world.null_theory, may_be_forced=one.is_control) for each in layers]
        fit_words = [each.fit_word(word) for each, word in zip(layers, words, strict=True)]
        lost, fit_lost = (
            [name for name in one.needs if before[name][each] not in (verdicts.SUPPORTED, "")]
            for each in ("verdict", "fit_verdict")
        )
        spreads, fits = [each.space for each in layers], [each.fit for each in layers]
        found = verdicts.judge(one, words, spreads, spaces[""], lost)
        fit = verdicts.judge(one, fit_words, fits, spaces["fit_"], fit_lost)
        low, high = wilson(found.share, found.points)
        row = {
            "hypothesis": one.id, "kind": one.kind, "built_in": one.built_in,
            "says": one.says, "source": one.source, "note": one.note,
            "verdict": found.word, "fit_verdict": fit.word,
            "share_of_space": found.share, "share_low": low, "share_high": high,
            "points": found.points, "fit_share": fit.share, "members": fit.points,
            "digest": self.family.digest,
            "failed": ", ".join(lost), "fit_failed": ", ".join(fit_lost),
            **_hinge("", found, spaces), **_hinge("fit_", fit, spaces),
        }  # fmt: skip
        told = zip(layers, words, fit_words, strict=True)
        return row, [_part_row(one, *each) for each in told]

    def map_tables(self) -> pd.DataFrame:
        found = [pd.DataFrame(columns=["map"])]
        for contrast in self.family.maps:
            tell = partial(self.report, f"map {contrast.id}")
            size = self.effort.mapped, self.effort.seed
            found.append(map_table(self.world, contrast, *size, self.workers, tell))
        return pd.concat(found, ignore_index=True)

    def rivals(self, reference: Floats) -> dict[Rival, Floats]:
        """Readings by chance alone under each theory, and with each form but the defaults."""
        default, usual = self.world.default_theory, self.world.default_forms
        found: dict[Rival, Floats] = {}
        for name in self.world.theories:
            own = reference if name == default else self.at_reference(name, {}, f"under {name}")
            found["theory", name] = own
        for factor, names in self.world.forms.items():
            for name in (each for each in names if each != usual[factor]):
                own = self.at_reference(default, {factor: name}, f"with {factor} {name}")
                found["form", f"{factor} {name}"] = own
        return found

    def at_reference(self, theory: str, forms: Mapping[str, str], stage: str) -> Floats:
        """(arms, n, readings) by chance alone; fewer runs where it is not the default."""
        is_default = theory == self.world.default_theory and not forms
        n = self.effort.runs if is_default else self.effort.runs_a_theory
        inputs = prepare(self.world, self.base, theory, forms)
        draws = parameter_draws.reference_draws(inputs, n, self.effort.seed)
        return self.read(theory, forms, draws, stage)

    def under_fit(self) -> tuple[pd.DataFrame, Floats]:
        """Members of the world's fit to the record, as points, and their (arms, n, readings)."""
        posterior, _ = parameter_draws.fit_beside(self.world, self.inputs)
        if posterior is None:
            return pd.DataFrame(), np.zeros((len(self.plan.arms), 0, len(self.plan.readings)))
        size = self.effort.runs, self.effort.seed
        draws = parameter_draws.posterior_draws(self.world, self.inputs, posterior, *size)
        forms = {f"form.{factor}": name for factor, name in self.world.default_forms.items()}
        factors = {"theory": self.inputs.theory, **forms, "coding": parameter_draws.CODINGS[0]}
        members = pd.DataFrame({**draws.drawn, **factors})
        return members, self.read(self.inputs.theory, {}, draws, "under the fit to the record")

    def read(
        self, theory: str, forms: Mapping[str, str], draws: parameter_draws.Draws, stage: str
    ) -> Floats:
        """(arms, R, readings), with progress reported in draws."""
        tell = partial(self.report, stage)
        return read_runs(self.plan, theory, forms, draws, workers=self.workers, report=tell)

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


def _part_row(one: Hypothesis, found: Layers, word: str, fit_word: str) -> dict[str, Any]:
    part, space = found.part, found.space.shares()
    low, high = wilson(space["share"], int(np.isfinite(found.space.effects).sum()))
    whole = [own[np.isfinite(own)] for own in (found.null, found.fit.effects)]
    null_mean, fit_mean = (float(own.mean()) if len(own) else _NAN for own in whole)
    return {
        "hypothesis": one.id, "part": part.label,
        "plus": " + ".join(map(arm_name, part.plus)), "less": " + ".join(map(arm_name, part.less)),
        "sign": part.sign, "because": part.because, "word": word, "fit_word": fit_word,
        **asdict(found.reference),
        "share_of_space": space["share"], "share_low": low, "share_high": high,
        "mirrored": space["mirrored"], "negligible": space["negligible"],
        "opposed": space["opposed"] if part.channels else _NAN,
        "null_mean": null_mean, "forced": found.forced,
        "fit_mean": fit_mean, "fit_share": found.fit.shares()["share"],
    }  # fmt: skip


def _hinge(side: str, found: Verdict, spaces: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """What a verdict over one of the spaces hinges on, and how much of each lies there."""
    where = found.region
    return {
        f"{side}region": " and ".join(where.limits) if where else "",
        f"{side}density": where.density if where else _NAN,
        f"{side}coverage": where.coverage if where else _NAN,
        f"{side}left_by_ranges": where.left(spaces[""]) if where else _NAN,
        f"{side}left_by_fit": where.left(spaces["fit_"]) if where else _NAN,
    }


def map_table(
    world: World, contrast: ContrastMap, points: int, seed: int, workers: int | None = None,
    report: Callable[[int, int], None] = lambda *_: None,
) -> pd.DataFrame:  # fmt: skip
    """Effect of the change in every cell: a row a cell, theory and reading, or rival.

    Form: the same points of the space (theories but the null, forms, codings, numbers), one run
    each, in every cell.

    Returns:
        map, level, first, second, theory, kind (reading or rival), name, n; for readings mean, low,
        high (the middle 90 % of points); holds and mirrored, shares of the points in which a
        reading (for a rival: all of its readings) is beyond its smallest effect as expected, or the
        opposite.
    """
    readings = contrast.readings
    parts = [contrast.part(name, *cell) for cell in contrast.cells() for name in readings]
    plan = Plan.of(world, parts)
    theories = [theory for theory in world.theories if theory != world.null_theory]
    sample = parameter_draws.space_sample(
        world, plan.scenarios[plan.arms[0]], theories, points, 1, seed
    )
    values = read_space(plan, sample, workers, report)
    under = sample.points["theory"].to_numpy()
    rows = []
    for cell in contrast.cells():
        changes = {
            name: Spread.of(plan, contrast.part(name, *cell), values) for name in contrast.readings
        }
        for theory in (EVERY, *theories):
            own = np.full(len(under), True) if theory == EVERY else under == theory
            place = dict(zip(_KEYS, (contrast.id, *cell, theory), strict=True))
            cell_changes = {name: each.only(own) for name, each in changes.items()}
            rows += [place | row for row in cell_rows(contrast, cell_changes)]
    return pd.DataFrame(rows)


def cell_rows(contrast: ContrastMap, changes: Mapping[str, Spread]) -> list[dict[str, Any]]:
    """A row a reading, a rival, and all rivals together in one cell; failed runs left out."""
    whole = np.all([np.isfinite(each.effects) for each in changes.values()], axis=0)
    own, n = {name: each.only(whole) for name, each in changes.items()}, int(whole.sum())
    rows: list[dict[str, Any]] = []
    for name, each in own.items():
        mean, low, high = _NAN, _NAN, _NAN
        if n:
            mean, (low, high) = each.effects.mean(), np.quantile(each.effects, _MIDDLE_90)
        numbers = {"mean": float(mean), "low": float(low), "high": float(high)}
        shares = {"holds": share(each.holds), "mirrored": share(each.opposite)}
        rows.append({"kind": "reading", "name": name, "n": n, **numbers, **shares})
    both = np.full(n, True)
    for rival, names in contrast.rivals.items():
        expected = np.all([own[name].holds for name in names], axis=0)
        reverse = np.all([own[name].opposite for name in names], axis=0)
        shares = {"holds": share(expected), "mirrored": share(reverse)}
        rows.append({"kind": "rival", "name": rival, "n": n, **shares})
        both &= expected
    together = " and ".join(contrast.rivals)
    return [*rows, {"kind": "rival", "name": together, "n": n, "holds": share(both)}]


def test_hypotheses(
    ids: Sequence[str] = (), file: Path | str = "hypotheses", *, runs: int = 200,
    points: int = 200, seed: int = 7, workers: int | None = None, world: World | None = None,
) -> Evaluation:  # fmt: skip
    """Evaluate hypotheses at reference, over everything uncertain, and under every theory and form.

    Raises DataError for a file or an id that cannot be used.

    Args:
        ids: of hypotheses; all of the file by default.
        file: name or path of a file of hypotheses.
        runs: how many an arm has at reference values.
        points: how many of the space of everything uncertain, a theory.
        workers: threads; by default all cores.
        world: by default the packaged one.

    Returns:
        Tables by attribute: `verdicts` a row a hypothesis, `parts` a row a part, and more.
    """
    world = world or load_world()
    family = load_hypotheses(located(str(file)), world).chosen(list(ids))
    return evaluate(world, family, Effort.of(runs, points, seed), workers)


test_hypotheses.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test
