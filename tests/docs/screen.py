"""The screen of every uncertain number: `python -m tests.docs.screen` writes docs/screen.md.

One number at a time goes to both ends of its range, at the reference and at some draws of all the
others. What counts is the largest change of any measure, as a multiple of its smallest effect.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from tests.docs.tables import table

from eurasia_sim.compute.blocks import RUNS
from eurasia_sim.files.data_yaml import DEFAULT_WORLD
from eurasia_sim.scenarios.scenario import load_scenario
from eurasia_sim.scenarios.schema import measures
from eurasia_sim.simulation import parameter_draws as drawing
from eurasia_sim.simulation.ensemble import run_ensemble_draws
from eurasia_sim.simulation.inputs import Inputs, prepare
from eurasia_sim.world.world import World, load_world

PAGE = Path(__file__).resolve().parents[2] / "docs" / "screen.md"
MOST = 150  # numbers that an ensemble may draw
LEAST = 0.1  # of a smallest effect: what moves less is not drawn
TIED = "tied"  # begins the reason of a number that another one stands for
SCENARIOS = ("us_exit", "us_stays")
SINCE, UNTIL = "2002-01", "2030-12"  # with the war of the record, which some numbers move alone
POINTS, SEED = 3, 11  # draws beside the reference
# A hundredth of a measure's own scale, a twentieth of a log-ratio, a tenth of a volume.
SMALLEST = {"log": 0.05, "steps": 0.04}
VOLUMES, FLOOR = ("budget units", "share of world power"), 0.002


def candidates(world: World) -> list[str]:
    """Paths of the numbers that are drawn, or would be but are held."""
    rules = (path for path in world.rule_paths.values() if world.numbers[path].held)
    return [*sorted(world.drawn), *sorted(rules)]


def smallest(columns: tuple[str, ...], base: np.ndarray) -> np.ndarray:
    """(..., C) smallest effects, given the values (..., C) of what is changed."""
    units = [measures()[column.partition(".")[0]]["unit"] for column in columns]
    fixed = np.array([SMALLEST.get(unit, 0.01) for unit in units])
    return np.where([unit in VOLUMES for unit in units], 0.1 * (np.abs(base) + FLOOR), fixed)


def moved(world: World, inputs: Inputs, paths: list[str]) -> drawing.Draws:
    """Runs of (points, 1 + two ends of each path, seeds), flat."""
    points = drawing.range_draws(world, inputs, POINTS, SEED)
    each = 1 + 2 * len(paths)
    draws = drawing.draws_at(inputs, np.tile(drawing.run_seeds(SEED, RUNS), (1 + POINTS) * each))
    draws.rules[:] = np.repeat(np.concatenate([inputs.rules[None], points.rules]), each * RUNS)
    draws.rows[:] = np.repeat(np.concatenate([inputs.row[None], points.rows]), each * RUNS, axis=0)
    at = np.arange(len(draws.seeds)).reshape(1 + POINTS, each, RUNS)
    for number, path in enumerate(paths):
        for end, value in enumerate((world.numbers[path].low, world.numbers[path].high)):
            for block in at[:, 1 + 2 * number + end]:
                drawing.put(world, draws.part(slice(block[0], block[-1] + 1)), path, value)
    drawing.hold_shares(world, draws)
    return draws


def screen(world: World) -> pd.DataFrame:
    """A row a number: number, moves, measure (the one it moves most), why it is held."""
    family = [prepare(world, load_scenario(name, world)) for name in SCENARIOS]
    paths = candidates(world)
    window = (world.month(SINCE), world.month(UNTIL) + 1)
    outcomes = run_ensemble_draws(family, moved(world, family[0], paths), window=window)
    columns = family[0].columns
    means = np.array([each.means for each in outcomes])
    means = np.nanmean(means.reshape(len(family), 1 + POINTS, -1, RUNS, len(columns)), axis=3)
    base = means[:, :, :1]
    change = np.abs(means[:, :, 1:] - base) / smallest(columns, base)
    change = change.reshape(len(family), 1 + POINTS, len(paths), 2, len(columns))
    largest = np.nanmax(change, axis=(0, 1, 3))
    found = {"number": paths, "moves": largest.max(axis=1)}
    found["measure"] = [columns[at] for at in largest.argmax(axis=1)]
    return pd.DataFrame(found).assign(why=[world.numbers[path].held for path in paths])


def page_of(found: pd.DataFrame) -> str:
    """The page of a screen, with what stands above its tables as it is."""
    parts = [PAGE.read_text(encoding="utf-8").partition("## Drawn")[0]]
    for is_held, title in ((False, "Drawn"), (True, "Held")):
        own = found[(found["why"] != "") == is_held].sort_values("moves", ascending=False)
        rows = (
            (f"`{each.number}`", f"{each.moves:.2g}", f"`{each.measure}`", each.why or "–")
            for each in own.itertuples()
        )
        text = table(("number", "moves", "most in", "why held"), rows)
        parts.append(f"## {title}: {len(own)}\n\n{text}\n\n")
    return "".join(parts).rstrip() + "\n"


def listed() -> dict[str, float]:
    """What the page says that each number moves."""
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+)` \| ([\d.e+-]+) \|", text, re.MULTILINE)
    return {number: float(moves) for number, moves in rows}


if __name__ == "__main__":
    PAGE.write_text(page_of(screen(load_world(DEFAULT_WORLD))), encoding="utf-8")
