"""Runs of a results folder made again, to read off months that the folder did not keep."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from eurasia_sim.compute.jit import model_version
from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.scenarios.posterior import read_posterior
from eurasia_sim.scenarios.scenario import Scenario
from eurasia_sim.scenarios.schema import POSTERIOR
from eurasia_sim.simulation.ensemble import run_ensemble_draws
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.simulation.parameter_draws import reference_draws
from eurasia_sim.world.world import World

MOST_RUNS = 32
_AS_WRITTEN = ("name", "title", "question", "expect", "extends", "theory", "forms", "fixed")


class Replay(NamedTuple):
    """Month by month, the mean of every column over a scenario's finite runs at reference."""

    inputs: Inputs
    means: pd.DataFrame  # a row a month YYYY-MM, a column a measure; NaN where no run is finite
    runs: int
    failed: int


def restored(content: Mapping[str, Any], world: World) -> Scenario:
    """The scenario that `Scenario.resolved` wrote to a manifest; its digest is the original's.

    KeyError where an entry is missing; DataError where it drops an event that the world does not
    hold, or drew from another posterior.
    """
    posterior = read_posterior(world) if "posterior" in content else None
    if posterior and posterior.digest != content["posterior"]:
        raise DataError([f"{content['name']} drew from another posterior than {world.name} has"])
    ranges = {} if content["uncertain"] == POSTERIOR else content["uncertain"]
    steps, departs = content["levers"].items(), content["departs"]

    def dated(rows: Any) -> tuple[dict[str, Any], ...]:
        return tuple({**row, "date": world.month(row["date"])} for row in rows)

    return Scenario(
        **{key: content[key] for key in _AS_WRITTEN},
        start=world.start,
        departs=None if departs is None else world.month(departs),
        months=world.month(content["horizon"]) + 1,
        steps={},
        changes={path: {world.month(m): v for m, v in own.items()} for path, own in steps},
        dropped=tuple(content["events"]["drop"]),
        added=dated(content["events"]["add"]),
        uncertain={path: (low, high) for path, (low, high) in ranges.items()},
        posterior=posterior,
        measures=tuple(content["measures"]),
        settings=tuple(content["settings"]),
    ).with_record(dated(content.get("record", ())), world)


def scenarios_of(manifest: Mapping[str, Any], world: World) -> Iterator[Scenario]:
    """Every scenario of a manifest, under every theory and form that it was run under.

    DataError where it drew from another posterior than the world records.
    """
    single = manifest.get("scenario")
    entries = [single] if isinstance(single, dict) else manifest.get("scenarios", {}).values()
    design = manifest.get("design", {}).get("factors", ())
    factors = {factor["name"]: factor.get("levels", ()) for factor in design}
    theories = factors.get("theory") or manifest.get("theories") or (manifest.get("theory"),)
    for scenario in (restored(entry, world) for entry in entries):
        forms = {**scenario.forms, **manifest.get("forms", {})}
        for theory in theories:
            chosen = replace(scenario, theory=theory or scenario.theory, forms=forms)
            named = [(chosen.theory or world.default_theory, world.theories)]
            named += [(name, world.forms.get(factor, {})) for factor, name in forms.items()]
            if unknown := [name for name, known in named if name not in known]:
                what = f"{scenario.name} was run under {', '.join(unknown)}"
                raise DataError([f"{what}, which {world.name} does not hold now"])
            yield chosen
            for name, levels in factors.items():
                if name.startswith("form."):
                    factor = name.removeprefix("form.")
                    for level in levels:
                        yield replace(chosen, forms={**forms, factor: str(level)})


def replay(manifest: Mapping[str, Any], world: World, scenario: str, theory: str) -> Replay:
    """The first runs at reference values (at most 32) of a scenario of `run`, made again.

    DataError where another version of the model or the world wrote the folder.
    """
    same_as(manifest, world)
    content = manifest["scenarios"][scenario]
    inputs = prepare(world, restored(content, world), theory, manifest["forms"])
    count = min(int(manifest["runs_a_scenario"]), MOST_RUNS)
    draws = reference_draws(inputs, count, int(manifest["seed"]))
    (outcome,) = run_ensemble_draws([inputs], draws, kept=np.arange(len(inputs.columns)))
    whole = outcome.trajectories[~outcome.failed]
    means = whole.mean(axis=0) if len(whole) else np.full(outcome.trajectories.shape[1:], np.nan)
    index = pd.Index([world.date(t) for t in range(inputs.months)], name="month")
    table = pd.DataFrame(means, index=index, columns=list(inputs.columns))
    return Replay(inputs, table, count, count - len(whole))


def same_as(manifest: Mapping[str, Any], world: World) -> None:
    """DataError where this version of the model or world would not make its runs again."""
    digests = manifest["digests"]
    for what, mine in (("world", world.digest), ("model", model_version())):
        if digests.get(what) != mine:
            versions = f"{str(digests.get(what))[:12]}, now {mine[:12]}"
            problem = f"the folder was written under another version of the {what} ({versions})"
            again = f"run it again: {manifest.get('command')}"
            raise DataError([f"{problem}, so its runs cannot be made again; {again}"])
