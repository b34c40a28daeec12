"""Few numbers are drawn, and each of them moves something that is published."""

import pytest
from tests.docs.screen import LEAST, MOST, PAGE, TIED, candidates, listed, page_of, screen


def test_at_most_so_many_numbers_are_drawn(world):
    assert len(world.drawn) <= MOST


def test_what_is_drawn_moves_a_measure_and_what_is_held_moves_none(world):
    moves = listed()
    assert sorted(moves) == sorted(candidates(world)), "run: python -m tests.docs.screen"
    idle = [path for path in world.drawn if moves[path] < LEAST]
    assert not idle, "hold them, with a reason"
    held = {path: world.numbers[path].held for path in moves if path not in world.drawn}
    lost = [path for path, why in held.items() if moves[path] >= LEAST and not why.startswith(TIED)]
    assert not lost, "draw them, or say what stands for them"


@pytest.mark.slow
def test_the_screen_is_what_the_rules_give(world):
    assert PAGE.read_text(encoding="utf-8") == page_of(screen(world))
