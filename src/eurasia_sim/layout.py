"""How the arrays of one run lie on flat rows, and the views that give them back their names and shapes.

A row is one argument however many arrays it holds, and a copy of it is a snapshot of a run. A table of actors lies with
the actors next to one another, so that eight are worked on at a time (`lanes.eights`).
"""

from __future__ import annotations

import numpy as np

from eurasia_sim.compilation import compiled, lined, phase, shaped, tables
from eurasia_sim.lanes import LANES
from eurasia_sim.mathematics import farthest
from eurasia_sim.parameters import Coded, Constants, Floats, Month, State

_LINE = 64  # bytes
for _held in (Month, Constants, State):
    tables(_held)


@compiled
def padded(places):
    """So many places rounded up to whole steps of eight."""
    return (places + LANES - 1) // LANES * LANES


@compiled
def width(actors):
    """Places for an axis of actors in a table: whole steps of eight."""
    return padded(actors)


@compiled
def circle(actors):
    """Places for a circle of actors gone round again: a whole table from any place at which two may meet."""
    return padded(2 * width(actors) + farthest(actors))


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
    w, m, around = width(n), farthest(n), circle(n)
    actors = (11 * n + 33 * k + 6 * k + n + k + v + 9) * w
    meetings = (9 * k + 1) * around + (3 * k + 3 * m + 3 * k * m + 3 * m) * w
    return padded(actors + meetings + v + 12 * k + 3 * k * pairs + 2 * k)


@phase
def unpack_state(row, n, k, v, pairs):
    """The flat row of a run's memory and scratch as named views (see `State`).

    All that is worked on eight at a time comes first, each beginning with a whole step.
    """
    w, m, around = width(n), farthest(n), circle(n)
    nn, nk, nkd = (n, n), (n, k), (n, k, 3)
    square, field, table = n * w, k * w, 3 * k * w
    boards, fields = 11 * square, 11 * square + 11 * table
    danger = lined(row, fields + 6 * field, w, (n, n + k))
    o = fields + 6 * field + (n + k) * w
    attended = lined(row, o, w, (n, v))
    lines = o + v * w
    circles = lines + 9 * w
    joint_second = lined(row, circles + 6 * k * around, around, (around, k, 3))
    o = circles + 9 * k * around
    budgets, joint_first = row[o : o + around], lined(row, o + around, w, (w, k, 3))
    o += around + table
    ready = lined(row, o, w, (w, 3, m))
    o += 3 * m * w
    together = lined(row, o, w, (w, k, 3, m))
    o += table * m
    rival, partner, luck = (
        lined(row, o, w, (w, m)),
        lined(row, o + m * w, w, (w, m)),
        row[o + 2 * m * w : o + 3 * m * w],
    )
    o += 3 * m * w
    gathered, lands = row[o : o + v], row[o + v : o + v + 6 * k]
    o += v + 6 * k
    hazard, total = lined(row, o, k, (k, 3)), lined(row, o + 3 * k, k, (k, 3))
    o += 6 * k
    pair_joint = lined(row, o, pairs, (pairs, k, 3))
    o += 3 * k * pairs
    rulers = row[o : o + 2 * k].view(np.int64)
    return State(
        lined(row, 0, w, nn), lined(row, square, w, nn), lined(row, 2 * square, w, nn), lined(row, 3 * square, w, nn),
        lined(row, 4 * square, w, nn), lined(row, 5 * square, w, nn), lined(row, 6 * square, w, nn),
        lined(row, 7 * square, w, nn), lined(row, 8 * square, w, nn), lined(row, 9 * square, w, nn),
        lined(row, 10 * square, w, nn), lined(row, boards, w, nkd), lined(row, boards + table, w, nkd),
        lined(row, boards + 2 * table, w, nkd), lined(row, boards + 3 * table, w, nkd),
        lined(row, boards + 4 * table, w, nkd), lined(row, boards + 5 * table, w, nkd),
        lined(row, boards + 6 * table, w, nkd), lined(row, boards + 7 * table, w, nkd),
        lined(row, boards + 8 * table, w, nkd), lined(row, boards + 9 * table, w, nkd),
        lined(row, boards + 10 * table, w, nkd), lined(row, fields, w, nk), lined(row, fields + field, w, nk),
        lined(row, fields + 2 * field, w, nk), lined(row, fields + 3 * field, w, nk),
        lined(row, fields + 4 * field, w, nk), lined(row, fields + 5 * field, w, nk), row[lines : lines + n],
        row[lines + w : lines + w + n], row[lines + 2 * w : lines + 2 * w + n], attended, gathered, lands[:k],
        lands[k : 2 * k], lands[2 * k : 3 * k], lands[3 * k : 4 * k], lands[4 * k : 5 * k], lands[5 * k : 6 * k],
        hazard, total, danger, lined(row, circles, around, (around, k, 3)),
        lined(row, circles + 3 * k * around, around, (around, k, 3)), budgets, joint_first, joint_second, ready,
        together, rival, partner, luck, row[lines + 3 * w : lines + 3 * w + n],
        row[lines + 4 * w : lines + 4 * w + n], row[lines + 5 * w : lines + 5 * w + n],
        row[lines + 6 * w : lines + 6 * w + n], row[lines + 7 * w : lines + 7 * w + n],
        row[lines + 8 * w : lines + 8 * w + n], pair_joint, rulers[:k],
        rulers[k:], row,
    )  # fmt: skip


@compiled
def constants_size(n, k, v, pairs, scopes):
    """Length of the row that holds `Constants`."""
    w, m = width(n), farthest(n)
    actors = (4 * n + 3 * k + 15 + 3 * k + 3 * m) * w
    return actors + k * k + 9 * k + 3 + v * n + n + 2 * pairs + scopes * k


@phase
def unpack_constants(row, n, k, v, pairs, scopes):
    """The flat row of what stays the same for all months of a run as named views (see `Constants`)."""
    w, m = width(n), farthest(n)
    nn, nk = (n, n), (n, k)
    square, field = n * w, k * w
    fields = 4 * square
    traits = fields + 3 * field
    lines = traits + 13 * w
    o = lines + 2 * w
    cell_address = row[o : o + 3 * k * w].view(np.uint64)
    o += 3 * k * w
    pair_address = row[o : o + 3 * m * w].view(np.uint64)
    o += 3 * m * w
    gate = lined(row, o, k, (k, k))
    o += k * k
    source = lined(row, o, k, (k, 3))
    o += 3 * k
    militancy = row[o : o + 3]
    o += 3
    lands = row[o : o + 4 * k]
    o += 4 * k
    convenes = lined(row, o, v, (v, n))
    o += v * n
    named = row[o : o + 2 * k + n]
    o += 2 * k + n
    focus = lined(row.view(np.int64), o, pairs, (pairs, 2))
    o += 2 * pairs
    counted = lined(row, o, scopes, (scopes, k))
    return Constants(
        row[lines : lines + n], lined(row, 0, w, nn), lined(row, fields, w, nk), lined(row, fields + field, w, nk),
        lined(row, fields + 2 * field, w, nk), gate, lined(row, square, w, nn), lined(row, 2 * square, w, nn),
        lined(row, 3 * square, w, nn), lined(row, traits, w, (n, 7)), row[lines + w : lines + w + n],
        lined(row, traits + 7 * w, w, (n, 3)), source, militancy, lands[:k], lands[k : 2 * k],
        lined(row, traits + 10 * w, w, (n, 3)), lands[2 * k : 3 * k], named[:k].view(np.int64), convenes,
        lands[3 * k :], named[k : 2 * k].view(np.uint64), named[2 * k :].view(np.uint64), cell_address, pair_address,
        focus, counted, row,
    )  # fmt: skip


@compiled
def month_size(n, k, v):
    """Length of the row that holds a `Month`."""
    return (8 * k + 6 * n + 2 + v + 3 * farthest(n)) * width(n) + 10 * k


@phase
def unpack_month(row, n, k, v):
    """The flat row of one month's levers and series as named views (see `Month`)."""
    w, m = width(n), farthest(n)
    nn, nk, nkd = (n, n), (n, k), (n, k, 3)
    square, field, table = n * w, k * w, 3 * k * w
    squares = 2 * table
    fields = squares + 6 * square
    lines = fields + 2 * field
    o = lines + 2 * w
    membership = lined(row, o, w, (n, v))
    o += v * w
    meetings = lined(row, o, w, (w, 3, m))
    o += 3 * m * w
    lands = row[o : o + 4 * k]
    o += 4 * k
    surge, jointness = lined(row, o, k, (k, 3)), lined(row, o + 3 * k, k, (k, 3))
    return Month(
        lined(row, 0, w, nkd), lined(row, squares, w, nn), lined(row, squares + square, w, nn),
        row[lines : lines + n], lands[:k], surge, lined(row, fields, w, nk), lined(row, table, w, nkd), jointness,
        lands[k : 2 * k], lands[2 * k : 3 * k], lined(row, fields + field, w, nk), row[lines + w : lines + w + n],
        lands[3 * k :], membership, lined(row, squares + 2 * square, w, nn),
        lined(row, squares + 3 * square, w, (n, n, 3)), meetings, row,
    )  # fmt: skip
