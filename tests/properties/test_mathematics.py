"""The small functions agree with the exact ones over all that a run can ask of them."""

import math
from decimal import Decimal, localcontext

from hypothesis import assume, given
from hypothesis import strategies as st

from eurasia_sim.compute import mathematics as ours

PROMISED = 4e-16


@given(st.floats(-700, 700), st.floats(min_value=2.3e-308, max_value=1e308), st.floats(0.5, 2))
def test_the_exponential_and_the_logarithm_are_as_exact_as_promised(x, y, near_one):
    with localcontext(prec=60):
        assert abs(Decimal(ours.exponential(x)) / Decimal(x).exp() - 1) <= Decimal(PROMISED)
        exact = Decimal(y).ln()
        assert abs(Decimal(ours.logarithm(y)) - exact) <= Decimal(PROMISED) * max(1, abs(exact))
    sign = math.copysign(1, ours.logarithm(near_one))
    assert sign == math.copysign(1, math.log(near_one)) or near_one == 1
    undone = ours.logarithm(ours.exponential(0.85 * x))
    assert math.isclose(undone, 0.85 * x, rel_tol=1e-14, abs_tol=1e-15)


@given(st.floats(allow_nan=False), st.floats(-700, 700), st.floats(-700, 700))
def test_the_exponential_is_always_a_number_and_rises(any_number, x, y):
    assert 0 < ours.exponential(any_number) < math.inf
    assume(y - x > 1e-12 * max(1, abs(x)))
    assert ours.exponential(x) < ours.exponential(y)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e12))
def test_squeezed_numbers_stay_inside(x, full):
    assert 0 <= ours.logistic(x) <= 1
    assert math.isclose(ours.logistic(x) + ours.logistic(-x), 1, abs_tol=1e-15)
    assert -1 <= ours.hyperbolic_tangent(x) <= 1
    assert math.isclose(ours.hyperbolic_tangent(x), math.tanh(x), abs_tol=1e-15)
    assert 0 <= ours.saturation(full) < 1
    assert ours.saturation(full) <= ours.saturation(2 * full)
    assert math.isclose(ours.saturation(full), full / (1 + full), rel_tol=1e-15)
