"""A small item beside the packaged world, for tests of the reader and of the methods."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from ruamel import yaml as reader

from eurasia_sim.observations.loader import FILE, FOLDER, Item, Series
from eurasia_sim.world.world import World

YAML = """\
until: 2020
hegemon: [united_states]
items:
  talks:
    says: Talks of two states.
    cannot: What was said.
    source: {dataset: ours, cite: bailey2017, terms: none, known_from: read}
    unit: talks
    axes: {state: actor, partner: actor}
    coverage: [2001, 2003]
    complete: true
    part: quarrel
    reads: ["alignment.{state}.{partner}"]
    link: {transform: log1p, sign: 1}
    error: poisson
    year_effects: true
    use: fits
"""
CSV = """\
year,state,partner,value
2001,russia,china,1
2002,russia,china,2
2003,russia,china,3
2001,russia,united_states,0
2002,russia,united_states,1
2003,russia,united_states,0
"""
ENTRY = reader.YAML(typ="safe").load(YAML)["items"]["talks"]


def beside(world: World, folder: Path, yaml: str = YAML, csv: str = CSV, name="talks") -> World:
    """The world, with observations of its own in a folder."""
    (folder / FOLDER).mkdir()
    (folder / FOLDER / FILE).write_text(yaml, encoding="utf-8")
    (folder / FOLDER / f"{name}.csv").write_text(csv, encoding="utf-8")
    return replace(world, directory=folder)


def series(values, transform: str = "identity", first: int = 2001, **changed: object) -> Series:
    """A series of dyads from a year on; the second actor of the last one is the hegemon."""
    link = {"transform": transform, "sign": 1}
    entry = ENTRY | {"link": link, "error": "none", "year_effects": False} | changed
    table = np.array(values, dtype=float)
    units = tuple((f"a{at}", f"b{at}") for at in range(len(table)))
    groups = np.array([0] * (len(table) - 1) + [1])
    years = np.arange(first, first + table.shape[1])
    item = Item.model_validate(entry)
    return Series("talks", item, units, years, table, np.zeros(table.shape), groups)
