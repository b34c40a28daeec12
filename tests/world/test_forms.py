"""Files of a world that have another form than they should, or were never written by hand."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.small_world import (
    ACTORS,
    CAPABILITIES,
    CLAIMS,
    DOCUMENTS,
    INSTITUTIONS,
    RECORD,
    THEATRES,
    THEORIES,
    TIES,
    write_small_world,
)

from eurasia_sim.files.data_yaml import DataError
from eurasia_sim.world.world import load_world

_BOMB = b"".join(
    b"%c: &%c [%s]\n" % (99 + n, 99 + n, b",".join([b"*%c" % (98 + n if n else 97)] * 9))
    for n in range(7)
)


def problems(tmp_path: Path, **changed: str) -> str:
    with pytest.raises(DataError) as caught:
        load_world(*write_small_world(tmp_path, **changed))
    return str(caught.value)


# Of each: a file's text and what is put in it, and what is said with its line.
MISSHAPEN = [
    ("actors", ACTORS, "actors:", "actors: [x]\nother:", "actors.yaml:1: actors is a list"),
    ("actors", ACTORS, "name: South", "name: [x]", "actors.yaml:13: actors.south.name is a list"),
    ("actors", ACTORS, "  south: {name", "  so.uth: {name", "allowed: an id of letters"),
    ("actors", ACTORS, "bounds: [0, 1]", "bounds: [0]", "susceptibility: bounds is a list"),
    ("actors", ACTORS, "bounds: [0, 1]", "bounds: [0, .nan]", "susceptibility: bounds.1 is nan"),
    ("actors", ACTORS, "spread: {absolute: 0.2}", "spread: {absolute: x}",
    "spread.absolute is 'x'"),
    ("actors", ACTORS, "claims: [c001]", "claims: 7", "claims is 7"),
    ("actors", ACTORS, "north: 1, south: 0.5", "north: 1e400, south: 0.5",
    "north.offensive_capability = inf"),
    ("actors", ACTORS, "traits:", "traits: {}\nother:", "unknown key 'other'"),
    ("theatres", THEATRES, "tile: [0, 0]", "tile: [0, 1e9]",
    "theatres.middle.tile.1 is 1000000000.0"),
    ("theatres", THEATRES, "[[north, south]]", "[[north, north]]",
     "north-north is one actor, or stands twice"),
    ("theatres", THEATRES, "[[north, south]]", "[[north]]", "focus.pairs.0 is a list"),
    ("ties", TIES, "south: 4000", "south: -4000", "outside its bounds [0"),
    ("ties", TIES, "values: {south: {middle: 700}}", "values: [700]",
    "0 in border_distance must be territory -> territory"),
    ("institutions", INSTITUTIONS, '"2001-01"', '"2001-13"', "allowed: a month such as 2001-10"),
    ("institutions", INSTITUTIONS, "as: member", "as: guest", "club.members.north.0.as is 'guest'"),
    ("record", RECORD, "burn_in: 12", "burn_in: -1", "period.burn_in is -1"),
    ("record", RECORD, '"2003-12"', '"9999-12"', "start, then record_until, then horizon"),
    ("record", RECORD, "events:", "events: 7\nother:", "record.yaml:15: events is 7"),
    ("record", RECORD, "  presence:\n", "  presence:\n    value: 3\n",
    "must have the form presence."),
    ("capabilities", CAPABILITIES, "2001: 0.10", "0.10", "'0.10' is no year"),
    ("capabilities", CAPABILITIES, "    north: {2001: 0.10, 2002: 0.22}\n", "", "cinc lacks north"),
    ("capabilities", CAPABILITIES, "{2001: 50, 2002: 50}", "{2001: 0, 2002: 50}",
    "outside its bounds [1e-12"),
    ("claims", CLAIMS, "sentence: 1", "sentence: x", "claims.yaml:1: 0.sentence is 'x'"),
    ("claims", CLAIMS, "lines: [1, 1]", "lines: []", "0.lines is a list"),
    ("claims", CLAIMS, "level: 3", "levle: 3", "unknown key 'levle' — did you mean level?"),
    ("documents", DOCUMENTS, "  thesis: none\n", "",
    "documents.yaml:1: paper: the key 'thesis' is missing"),
    ("theories", THEORIES, "presets:", "presets: x\nother:", "presets is 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "old", "new", "said"), MISSHAPEN)
def test_a_file_of_another_form_is_refused_with_line_and_key(
    tmp_path: Path, name: str, text: str, old: str, new: str, said: str
) -> None:
    assert old in text
    assert said in problems(tmp_path, **{name: text.replace(old, new)})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "ties.yaml:1:1: the file is empty"),
        (b"a: \xff", "ties.yaml:1:4: the file is not UTF-8 text"),
        ("a: 1".encode("utf-16"), "ties.yaml:1:1: the file is not UTF-8 text"),
        (b"a: !!set {b}", "the tag"),
        (b"a: &a [*a]", "stands inside what it repeats"),
        (b"a: " + b"[" * 20 + b"]" * 20, "the nesting is too deep"),
        (b"a: &a [1,1,1,1,1,1,1,1,1]\n" + _BOMB, "the aliases unfold to too many values"),
        (b"#" * 3_000_000, "the file has 3,000,000 bytes"),
    ],
)
def test_a_file_that_nobody_wrote_by_hand_is_refused_at_once(
    tmp_path: Path, content: bytes, said: str
) -> None:
    world, rules = write_small_world(tmp_path)
    (world / "ties.yaml").write_bytes(content)
    began = time.process_time()
    with pytest.raises(DataError) as caught:
        load_world(world, rules)
    assert said in str(caught.value)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "link"])
def test_only_ordinary_files_of_a_world_are_opened(tmp_path: Path, kind: str) -> None:
    world, rules = write_small_world(tmp_path)
    file = world / "claims.yaml"
    file.unlink()
    making = {
        "folder": file.mkdir, "pipe": lambda: os.mkfifo(file),
        "device": lambda: file.symlink_to("/dev/zero"), "link": lambda: file.symlink_to("nowhere"),
    }  # fmt: skip
    making[kind]()
    with pytest.raises(DataError, match=r"claims\.yaml: this (is|links)"):
        load_world(world, rules)
