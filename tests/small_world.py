"""A world of two lands and a contested one, small enough to check by hand."""

from __future__ import annotations

from pathlib import Path

RULES = """\
distance_decay:
  meaning: Distance at which a threat has faded.
  value: 3000
  unit: km
  range: [1500, 6000]
  basis: judgement
  source: [{cite: boulding1962, says: strength falls with distance}]
"""

ALLOCATION = """\
silence:
  meaning: Salience assumed where the documents are silent.
  value: 0.5
  unit: salience
  range: [0, 1]
  basis: judgement
  source: [{note: nobody knows}]
"""

THEORIES = """\
presets:
  near: {says: only the near matter, cite: boulding1962, fix: {distance_decay: 2000}}
  far: {says: all matter, cite: walt1985, ranges: {distance_decay: [4000, 6000]}}
forms:
  reach:
    alternatives:
      short: {says: short, cite: walt1985, fix: {distance_decay: 1500}}
"""

ACTORS = """\
actors:
  north:
    name: North
    iso3: NNN
    colour: "#111111"
    home: null
    interests:
      containment: {salience: 3, range: [2, 3], claims: [c001]}
    denial:
      south: {salience: 1, range: [1, 2], claims: [c001]}
    affinity:
      south: {value: -1, range: [-2, 0.5], claims: [c002]}
  south: {name: South, iso3: SSS, colour: "#222222", home: null}
  band: {name: The Band, iso3: MMM, colour: "#333333", home: middle}
traits:
  susceptibility:
    meaning: harm
    unit: share
    basis: judgement
    spread: {absolute: 0.2}
    bounds: [0, 1]
    source: [{note: guessed}]
    values:
      north: {terrorism: 0.9, narcotics: 0.1, refugees: 0.5}
      south: {terrorism: {value: 0.4, range: [0.3, 0.9], claims: [c002]}, narcotics: 0.2, refugees: 0.2}
      band: {terrorism: 0, narcotics: 0, refugees: 0}
  offensive_capability:
    {meaning: reach, unit: share, basis: judgement, spread: 0, source: [{note: x}],
     values: {north: 1, south: 0.5, band: 0}}
  skill:
    meaning: fit
    unit: share
    basis: judgement
    spread: {relative: 0.5}
    source: [{note: guessed}]
    values:
      north: {security: 0.8, economic: 0.4, diplomatic: 0.2}
      south: {security: 0.1, economic: 0.2, diplomatic: 0.3}
      band: {security: 0.5, economic: 0.5, diplomatic: 0.5}
  own_power:
    {meaning: arms, unit: share, basis: judgement, spread: 0, source: [{note: x}], values: {band: 0.001}}
"""

THEATRES = """\
theatres:
  middle: {name: Middle, ruler: south, challenger: band, tile: [0, 0]}
regions: {heart: [middle]}
focus: {pairs: [[north, south]]}
population:
  {meaning: people, unit: million people, basis: measured, source: [{dataset: census}], values: {middle: 30}}
opportunity:
  {meaning: gain, unit: share, basis: judgement, spread: {absolute: 0.1}, source: [{note: x}], values: {middle: 0.5}}
base_stability:
  {meaning: order, unit: share, basis: judgement, spread: 0, source: [{note: x}], values: {middle: 0.3}}
threat_source:
  meaning: threat
  unit: share
  basis: judgement
  spread: 0
  source: [{note: x}]
  values: {middle: {terrorism: 0.7, narcotics: 0.6, refugees: 0.5}}
initial_control:
  {meaning: land, unit: share, basis: judgement, spread: 0, source: [{note: x}], values: {middle: 0.25}}
initial_economy:
  {meaning: wealth, unit: share, basis: judgement, spread: 0, source: [{note: x}], values: {middle: 0.15}}
initial_influence:
  meaning: share
  unit: share
  basis: judgement
  spread: 0
  source: [{note: x}]
  values: {north: {middle: {security: 0.6, economic: 0.1, diplomatic: 0.2}}, south: {middle: {security: 0.4}}}
"""

CAPABILITIES = """\
cinc:
  meaning: power
  unit: share
  basis: measured
  source: [{dataset: cow, cite: singer1972}]
  values:
    north: {2001: 0.10, 2002: 0.22}
    south: {2001: 0.05, 2002: 0.05}
    middle: {2001: 0.01, 2002: 0.01}
gdp:
  {meaning: output, unit: billion, basis: measured, source: [{dataset: wb}],
   values: {north: {2001: 100, 2002: 100}, south: {2001: 100, 2002: 100}, middle: {2001: 10, 2002: 10}}}
population:
  {meaning: people, unit: million people, basis: measured, source: [{dataset: wb}],
   values: {north: {2001: 50, 2002: 50}, south: {2001: 100, 2002: 100}, middle: {2001: 10, 2002: 10}}}
growth_beyond:
  {meaning: growth, unit: a year, basis: judgement, spread: {absolute: 0.01}, source: [{note: x}],
   values: {north: 0.1, south: 0, middle: 0}}
"""

TIES = """\
capital_distance:
  {meaning: d, unit: km, basis: measured, source: [{dataset: map}],
   values: {north: {south: 4000, middle: 1000}, south: {middle: 3000}}}
border_distance:
  {meaning: d, unit: km, basis: measured, source: [{dataset: map}], values: {south: {middle: 700}}}
land_border:
  {meaning: b, unit: "1", basis: measured, source: [{dataset: map}], values: {middle: {north: 1}}}
"""

INSTITUTIONS = """\
club:
  name: The Club
  domains: [security]
  convenes: {north: 0.75}
  members:
    north: [{from: "2001-01", until: null, as: member}]
    south: [{from: "2001-12", until: "2002-02", as: observer}]
  basis: measured
  source: [{note: its charter}]
"""

RECORD = """\
period: {start: "2001-10", record_until: "2002-12", horizon: "2003-12", burn_in: 12}
levers:
  presence:
    north:
      middle:
        forces:
          steps: {"2001-11": 0.2, "2002-06": 0.5}
          basis: measured
          source: [{dataset: press}]
  rule:
    middle:
      steps: {"2001-12": south, "2002-05": free}
      basis: measured
      source: [{note: known}]
events:
  - id: exit
    date: "2002-08"
    title: North leaves
    sets: {presence.north.middle.forces: 0, pressure.north.south: 0.4}
    basis: coded
    claims: [c002]
"""

DOCUMENTS = """\
paper:
  citation: A Paper, 2021
  file: paper.txt
  sha256: "0"
  thesis: none
  dependent: null
  paragraphs: [{lines: [1, 1], section: opening}]
"""

CLAIMS = """\
- {id: c001, document: paper, section: opening, lines: [1, 1], sentence: 1, fingerprint: "0", says: one,
   about: [north], construct: containment, direction: "+", level: 3}
- {id: c002, document: paper, section: opening, lines: [1, 1], sentence: 2, fingerprint: "0", says: two,
   about: [north], construct: affinity, toward: south, direction: "-", level: -1}
"""

FILES = {
    "actors": ACTORS,
    "theatres": THEATRES,
    "capabilities": CAPABILITIES,
    "ties": TIES,
    "institutions": INSTITUTIONS,
    "record": RECORD,
    "documents": DOCUMENTS,
    "claims": CLAIMS,
}


def write_small_world(folder: Path, **changed: str) -> tuple[Path, Path]:
    """Write the world, with some files' text changed, and its rules; returns both folders."""
    world, rules = folder / "small", folder / "rules"
    world.mkdir(exist_ok=True)
    rules.mkdir(exist_ok=True)
    for name, text in {**FILES, **changed}.items():
        if name in FILES:
            (world / f"{name}.yaml").write_text(text, encoding="utf-8")
    for name, text in {
        "perception": RULES,
        "allocation": ALLOCATION,
        "theories": THEORIES,
        **changed,
    }.items():
        if name not in FILES:
            (rules / f"{name}.yaml").write_text(text, encoding="utf-8")
    return world, rules
