"""How the arrays of one run lie on flat rows, and the views that give them back their names and shapes.

A row is one argument however many arrays it holds, and a copy of it is a snapshot of a run.
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import compiled, shaped
from eurasia_sim.parameters import Coded, Constants, Floats, Month, State

# Four float64 a register, two registers a loop: rows of cells that are summed often are padded to whole blocks.
BLOCK = 8
_LINE = 64  # bytes


@compiled
def padded(cells):
    """Length of a row of cells rounded up to whole blocks of vector registers."""
    return (cells + BLOCK - 1) // BLOCK * BLOCK


@compiled
def unpack_coded(row, n, k):
    """The flat row of coded numbers of n actors and k theatres as named views (see `Coded`)."""
    o = 0
    salience = shaped(row[o : o + n * 7], (n, 7))
    o += n * 7
    dyads = shaped(row[o : o + 2 * n * n], (2, n, n))
    o += 2 * n * n
    susceptibility = shaped(row[o : o + n * 3], (n, 3))
    o += n * 3
    offensive_capability = row[o : o + n]
    o += n
    skill = shaped(row[o : o + n * 3], (n, 3))
    o += n * 3
    front = shaped(row[o : o + n * n], (n, n))
    o += n * n
    own_power = row[o : o + n]
    o += n
    opportunity, base_stability = row[o : o + k], row[o + k : o + 2 * k]
    o += 2 * k
    threat_source = shaped(row[o : o + k * 3], (k, 3))
    o += k * 3
    control, militants, economy = row[o : o + k], row[o + k : o + 2 * k], row[o + 2 * k : o + 3 * k]
    o += 3 * k
    influence = shaped(row[o : o + n * k * 3], (n, k, 3))
    o += n * k * 3
    recognition = shaped(row[o : o + n * k], (n, k))
    return Coded(
        salience, dyads[0], dyads[1], susceptibility, offensive_capability, skill, front, own_power, opportunity,
        base_stability, threat_source, control, militants, economy, influence, recognition,
    )  # fmt: skip


def aligned(size: int) -> Floats:
    """(size,) zeros that begin where a line of the processor's nearest memory does: no register is filled twice."""
    room = np.zeros(size + _LINE // 8)
    skipped = -room.ctypes.data % _LINE // 8
    return room[skipped : skipped + size]


@compiled
def state_size(n, k, v, pairs):
    """Length of the row that holds a `State` of n actors, k theatres, v venues and focal pairs."""
    cells, meetings = k * 3, n * (n - 1) // 2
    often = (3 + n) * padded(cells) + n * padded(n + k) + padded(2 * (n + n // 2) * cells) + padded(n * cells)
    memory = 9 * n * n + 11 * n * cells + 6 * n * k + 3 * n + n * v + 6 * k + 2 * cells + pairs * cells + 2 * k
    return padded(often + 3 * padded(meetings * cells) + memory + meetings + n)


@compiled
def unpack_state(row, n, k, v, pairs):
    """The flat row of a run's memory and scratch as named views (see `State`).

    What is worked on most comes first, each beginning with a whole block.
    """
    wide, feared, around, meetings = padded(k * 3), padded(n + k), n + n // 2, n * (n - 1) // 2
    scratch = shaped(row[: 3 * wide], (3, wide))
    o = 3 * wide
    influence = shaped(row[o : o + n * wide], (n, wide))
    o += n * wide
    danger = shaped(row[o : o + n * feared], (n, feared))
    o += n * feared
    circles = shaped(row[o : o + 2 * around * k * 3], (2, around, k * 3))
    o += padded(2 * around * k * 3)
    least = shaped(row[o : o + n * k * 3], (n, k * 3))
    o += padded(n * k * 3)
    smaller = shaped(row[o : o + meetings * k * 3], (meetings, k * 3))
    o += padded(meetings * k * 3)
    ready = shaped(row[o : o + meetings * k * 3], (meetings, k * 3))
    o += padded(meetings * k * 3)
    together = shaped(row[o : o + meetings * k * 3], (meetings, k * 3))
    o += padded(meetings * k * 3)
    squares = shaped(row[o : o + 9 * n * n], (9, n, n))
    o += 9 * n * n
    cells = shaped(row[o : o + 11 * n * k * 3], (11, n, k, 3))
    o += 11 * n * k * 3
    spots = shaped(row[o : o + 6 * n * k], (6, n, k))
    o += 6 * n * k
    lines = shaped(row[o : o + 3 * n], (3, n))
    o += 3 * n
    attended = shaped(row[o : o + n * v], (n, v))
    o += n * v
    lands = shaped(row[o : o + 6 * k], (6, k))
    o += 6 * k
    tables = shaped(row[o : o + 2 * k * 3], (2, k, 3))
    o += 2 * k * 3
    pair_joint = shaped(row[o : o + pairs * k * 3], (pairs, k, 3))
    o += pairs * k * 3
    rulers = shaped(row[o : o + 2 * k].view(np.int64), (2, k))
    o += 2 * k
    luck, uncovered = row[o : o + meetings], row[o + meetings : o + meetings + n]
    return State(
        squares[0], squares[1], squares[2], squares[3], squares[4], squares[5], squares[6], squares[7], squares[8],
        cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[8], cells[9], cells[10],
        spots[0], spots[1], spots[2], spots[3], spots[4], spots[5], lines[0], lines[1], lines[2], attended,
        lands[0], lands[1], lands[2], lands[3], lands[4], lands[5], tables[0], tables[1], scratch, influence, danger,
        circles[0], circles[1], least, smaller, ready, together, luck, uncovered, pair_joint, rulers[0], rulers[1], row,
    )  # fmt: skip


@compiled
def constants_size(n, k, v, pairs, scopes):
    """Length of the row that holds `Constants`."""
    meetings = n * (n - 1) // 2
    dyads, spots = 3 * n * n + n * n, 3 * n * k
    actors = n + n * 7 + n + n * 3 + n * 3 + n
    theatres = k * k + 3 * k + 3 * k + 3 + 2 * k + k
    return dyads + spots + actors + theatres + v * n + 3 * n * k + 3 * meetings + 2 * pairs + scopes * k


@compiled
def unpack_constants(row, n, k, v, pairs, scopes):
    """The flat row of what stays the same for all months of a run as named views (see `Constants`)."""
    dyads = shaped(row[: 4 * n * n], (4, n, n))
    o = 4 * n * n
    spots = shaped(row[o : o + 3 * n * k], (3, n, k))
    o += 3 * n * k
    gate = shaped(row[o : o + k * k], (k, k))
    o += k * k
    weight = shaped(row[o : o + n * 7], (n, 7))
    o += n * 7
    actors = shaped(row[o : o + 2 * n], (2, n))
    o += 2 * n
    traits = shaped(row[o : o + 6 * n], (2, n, 3))
    o += 6 * n
    source = shaped(row[o : o + 3 * k], (k, 3))
    o += 3 * k
    militancy = row[o : o + 3]
    o += 3
    lands = shaped(row[o : o + 4 * k], (4, k))
    o += 4 * k
    convenes = shaped(row[o : o + v * n], (v, n))
    o += v * n
    whole = row[o : o + 2 * k + n].view(np.int64)
    o += 2 * k + n
    cells = shaped(row[o : o + 3 * n * k].view(np.uint64), (3, n * k))
    o += 3 * n * k
    meetings = n * (n - 1) // 2
    pair_address = shaped(row[o : o + 3 * meetings].view(np.uint64), (3, meetings))
    o += 3 * meetings
    focus = shaped(row[o : o + 2 * pairs].view(np.int64), (pairs, 2))
    o += 2 * pairs
    counted = shaped(row[o : o + scopes * k], (scopes, k))
    return Constants(
        actors[0], dyads[0], spots[0], spots[1], spots[2], gate, dyads[1], dyads[2], dyads[3], weight, actors[1],
        traits[0], source, militancy, lands[0], lands[1], traits[1], lands[2], whole[:k], convenes, lands[3],
        whole[k : 2 * k].view(np.uint64), whole[2 * k :].view(np.uint64), cells, pair_address, focus, counted, row,
    )  # fmt: skip


@compiled
def unpack_month(row, n, k, v):
    """The flat row of one month's levers and series as named views (see `Month`)."""
    presence = shaped(row[: n * k * 3], (n, k, 3))
    o = n * k * 3
    dyads = shaped(row[o : o + 2 * n * n], (2, n, n))
    o += 2 * n * n
    revisionism, conduct = row[o : o + n], row[o + n : o + n + k]
    o += n + k
    surge = shaped(row[o : o + k * 3], (k, 3))
    o += k * 3
    aid = shaped(row[o : o + n * k], (n, k))
    o += n * k
    imposed = shaped(row[o : o + n * k * 3], (n, k, 3))
    o += n * k * 3
    jointness = shaped(row[o : o + k * 3], (k, 3))
    o += k * 3
    rule, stability = row[o : o + k], row[o + k : o + 2 * k]
    o += 2 * k
    recognition = shaped(row[o : o + n * k], (n, k))
    o += n * k
    capability, theatre_capability = row[o : o + n], row[o + n : o + n + k]
    o += n + k
    membership = shaped(row[o : o + v * n], (v, n))
    o += v * n
    shared = shaped(row[o : o + n * n], (n, n))
    o += n * n
    venues = shaped(row[o : o + n * n * 3], (n, n, 3))
    return Month(
        presence, dyads[0], dyads[1], revisionism, conduct, surge, aid, imposed, jointness, rule, stability,
        recognition, capability, theatre_capability, membership, shared, venues, row,
    )  # fmt: skip
