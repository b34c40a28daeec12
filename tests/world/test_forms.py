"""Files of a world that have another form than they should, or were never written by hand."""

import os
from pathlib import Path

import pytest
from tests.small_world import TEXTS, problems, write_small_world

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.world.world import load_world

_BOMB = b"".join(
    b"%c: &%c [%s]\n" % (99 + n, 99 + n, b",".join([b"*%c" % (98 + n if n else 97)] * 9))
    for n in range(7)
)


# Of each: a file's text and what is put in it, and what is said with its line.
WRONG = [
    ("perception", "value: 3000", "value: 9000", "outside its range [1500, 6000]"),
    ("perception", "value: 3000", "value: many", "is no number"),
    ("perception", "  basis: judgement\n", "",
     "perception.yaml:2:3: rules.perception.distance_decay = 3000 has no basis\n"),
    ("perception", "  basis: judgement\n", "", "basis is one of measured, coded, estimated"),
    ("perception", TEXTS["perception"].splitlines()[-1], "", "= 3000 has no source"),
    ("perception", "basis: judgement", "basis: guess", "allowed: 'measured'"),
    ("perception", "strength falls", "strength, and power, falls", "'and power'"),
    ("perception", "distance_decay:", "a:\n distance_decay:", "must be a name with meaning"),
    ("perception", "distance_decay:", "silence:", "is also rules.allocation.silence"),
    ("theories", "{says: only", "{sais: x, says: only", "unknown key 'sais' — did you mean says?"),
    ("theories", "fix: {distance", "fix: {distanc", "unknown number of the rules 'distanc_decay'"),
    ("theories", "fix: {distance", "values: {distance", "has a value but no range"),
    ("actors", "home: middle", "home: midle", "did you mean middle"),
    ("actors", "containment:", "containmnt:", "did you mean containment"),
    ("actors", "claims: [c001]", "claims: [c999]", "claim c999"),
    ("actors", "north: {terrorism: 0.9, ", "north: {", "lacks north.terrorism"),
    ("actors", "band: 0.001", "band: {north: 0}", "in own_power must be actor"),
    ("actors", '    colour: "#111111"\n', "",
     "actors.yaml:3:5: the key 'colour' is missing in actors.north"),
    ("theatres", "{security: 0.4}", "{security: 0.5}", "sum to 1.1; at most 1"),
    ("theatres", "ruler: south", "ruler: sooth", "did you mean south"),
    ("theatres", "heart: [middle]", "heart: [mid]", "unknown theatre 'mid'"),
    ("theatres", "[[north, south]]", "[[north, soth]]", "unknown actor 'soth'"),
    ("theatres", "source: [{note: x}]", "source: [{document: papr, lines: [7, 7]}]",
     "document 'papr', which documents.yaml does not hold — did you mean paper?"),
    ("theatres", "source: [{note: x}]", "source: [{document: paper, lines: [7, 7]}]",
     "paper, L7, which is no line of a paragraph there"),
    ("theatres", "unit: million people", "unit: heads", "has unit 'heads'"),
    ("ties", ", middle: 1000", "", "capital_distance of middle and north is missing"),
    ("ties", "{middle: 3000}", "{middle: 3000, north: 1}", "stands twice"),
    ("ties", "land_border", "border", "the key 'land_border' is missing"),
    ("institutions", "north: 0.75", "north: 0.75, south: 0.5", "sum to 1.25"),
    ("institutions", "[security]", "[safety]", "club.domains.0 is 'safety'"),
    ("record", "presence:", "presense:", "did you mean presence"),
    ("record", '"2001-11"', '"2001-21"', "is no month"),
    ("record", "north.south: 0.4", "north.south: 4", "outside its bounds"),
    ("record", '"2001-12": south', '"2001-12": nobody', "unknown actor 'nobody'"),
    ("record", "burn_in: 12", "burning: 12", "unknown key 'burning' — did you mean burn_in?"),
    # Of another form than they should.
    ("actors", "actors:", "actors: [x]\nother:", "actors.yaml:1:9: actors is a list"),
    ("actors", "name: South", "name: [x]", "actors.yaml:13:17: actors.south.name is a list"),
    ("actors", "  south: {name", "  so.uth: {name", "allowed: an id of letters"),
    ("actors", "bounds: [0, 1]", "bounds: [0]", "susceptibility.bounds is a list"),
    ("actors", "bounds: [0, 1]", "bounds: [0, .nan]", "susceptibility.bounds.1 is nan"),
    ("actors", "spread: {absolute: 0.2}", "spread: {absolute: x}", "spread.absolute is 'x'"),
    ("actors", "claims: [c001]", "claims: 7", "claims is 7"),
    ("actors", "north: 1, south: 0.5", "north: 1e400, south: 0.5",
    "north.offensive_capability = inf"),
    ("actors", "traits:", "traits: {}\nother:", "unknown key 'other'"),
    ("theatres", "tile: [0, 0]", "tile: [0, 1e9]", "theatres.middle.tile.1 is 1000000000.0"),
    ("theatres", "[[north, south]]", "[[north, north]]",
     "north-north is one actor, or stands twice"),
    ("theatres", "[[north, south]]", "[[north]]", "focus.pairs.0 is a list"),
    ("ties", "south: 4000", "south: -4000", "outside its bounds [0"),
    ("ties", "values: {south: {middle: 700}}", "values: [700]",
    "0 in border_distance must be territory -> territory"),
    ("institutions", '"2001-01"', '"2001-13"', "allowed: a month such as 2001-10"),
    ("institutions", "as: member", "as: guest", "club.members.north.0.as is 'guest'"),
    ("record", "burn_in: 12", "burn_in: -1", "period.burn_in is -1"),
    ("record", '"2003-12"', '"9999-12"', "start, then record_until, then horizon"),
    ("record", "events:", "events: 7\nother:", "record.yaml:15:9: events is 7"),
    ("record", "  presence:\n", "  presence:\n    value: 3\n", "allowed: presence.<actor>"),
    ("capabilities", "2001: 0.10", "0.10", "unknown year '0.10'"),
    ("capabilities", "    north: {2001: 0.10, 2002: 0.22}\n", "", "cinc lacks north"),
    ("capabilities", "{2001: 50, 2002: 50}", "{2001: 0, 2002: 50}", "outside its bounds [1e-12"),
    ("claims", "sentence: 1", "sentence: x", "claims.yaml:1:74: 0.sentence is 'x'"),
    ("claims", "lines: [1, 1]", "lines: []", "0.lines is a list"),
    ("claims", "level: 3", "levle: 3", "unknown key 'levle' — did you mean level?"),
    ("documents", "  thesis: none\n", "", "documents.yaml:2:3: the key 'thesis' is missing"),
    ("theories", "presets:", "presets: x\nother:", "presets is 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "said"), WRONG)
def test_what_is_wrong_is_said_with_what_would_be_right(
    tmp_path: Path, name: str, old: str, new: str, said: str
) -> None:
    assert old in TEXTS[name]
    assert said in problems(tmp_path, **{name: TEXTS[name].replace(old, new)})


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    wrong = (
        ("perception", "value: 3000", "value: 9000"),
        ("actors", "home: middle", "home: midle"),
        ("theatres", "challenger: band", "challenger: bands"),
    )
    changed = {name: TEXTS[name].replace(old, new) for name, old, new in wrong}
    message = problems(tmp_path, **changed)
    assert all(new.split()[1] in message for *_, new in wrong)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("a: 1".encode("utf-16"), "ties.yaml:1:1: the file is not UTF-8 text"),
        (b"a: &a [1,1,1,1,1,1,1,1,1]\n" + _BOMB, "the aliases unfold to too many values"),
        (b"#" * 3_000_000, "the file has 3,000,000 bytes"),
        ("a pipe", "ties.yaml: this is not an ordinary file"),
        ("/dev/zero", "ties.yaml: this is not an ordinary file"),
        ("nowhere", "ties.yaml: this links to no file"),
        ("", "small/ties.yaml is missing"),
    ],
)
def test_only_ordinary_files_of_a_world_are_opened_and_what_nobody_wrote_is_refused_at_once(
    tmp_path: Path, made: bytes | str, said: str
) -> None:
    world, rules = write_small_world(tmp_path)
    (file := world / "ties.yaml").unlink()
    if isinstance(made, bytes):
        file.write_bytes(made)
    elif made:
        os.mkfifo(file) if made == "a pipe" else file.symlink_to(made)
    with pytest.raises(DataError) as caught:
        load_world(world, rules)
    assert said in str(caught.value)
