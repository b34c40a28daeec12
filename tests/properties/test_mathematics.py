"""The small functions agree with the exact ones over all that a run can ask of them."""

import math
from decimal import Decimal, localcontext

from hypothesis import assume, given
from hypothesis import strategies as st

from eurasia_sim.compute import mathematics as ours

EXACT_DIGITS = 60
PROMISED = 4e-16


@given(st.floats(-700, 700), st.floats(min_value=2.3e-308, max_value=1e308))
def test_the_exponential_and_the_logarithm_are_as_exact_as_promised(x, y):
    with localcontext() as context:
        context.prec = EXACT_DIGITS
        assert abs(Decimal(ours.exponential(x)) / Decimal(x).exp() - 1) <= Decimal(PROMISED)
        exact = Decimal(y).ln()
        assert abs(Decimal(ours.logarithm(y)) - exact) <= Decimal(PROMISED) * max(1, abs(exact))


@given(st.floats(0.5, 2), st.floats(-600, 600))
def test_the_logarithm_has_the_sign_of_what_is_above_one_and_undoes_the_exponential(x, y):
    assert math.copysign(1, ours.logarithm(x)) == math.copysign(1, math.log(x)) or x == 1
    assert math.isclose(ours.logarithm(ours.exponential(y)), y, rel_tol=1e-14, abs_tol=1e-15)


@given(st.floats(allow_nan=False))
def test_the_exponential_is_always_a_number(x):
    assert 0 < ours.exponential(x) < math.inf


@given(st.floats(-700, 700), st.floats(-700, 700))
def test_the_exponential_rises(x, y):
    assume(y - x > 1e-12 * max(1, abs(x)))
    assert ours.exponential(x) < ours.exponential(y)


@given(st.floats(-1e6, 1e6))
def test_squeezed_numbers_stay_inside(x):
    assert 0 <= ours.logistic(x) <= 1
    assert math.isclose(ours.logistic(x) + ours.logistic(-x), 1, abs_tol=1e-15)
    assert -1 <= ours.hyperbolic_tangent(x) <= 1
    assert math.isclose(ours.hyperbolic_tangent(x), math.tanh(x), abs_tol=1e-15)


@given(st.floats(0, 1e12))
def test_saturation_fills_up_and_never_over(x):
    assert 0 <= ours.saturation(x) < 1
    assert ours.saturation(x) <= ours.saturation(2 * x)
    assert math.isclose(ours.saturation(x), x / (1 + x), rel_tol=1e-15)
