"""Numbers for readers never round to 0 or 1, and are otherwise right to the digits shown."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from core.report.readable import readable_auc, readable_p, readable_share, rounded_auc, scientific

AUCS = [0.0004, 0.00049999, 1e-9, 0.9996, 0.99949, 0.99997, 1 - 1e-9, 1 - 2**-53, 0.5, 0.1234567]


@pytest.mark.parametrize("value", AUCS)
@pytest.mark.parametrize("digits", [2, 3])
def test_an_auc_reads_neither_0_nor_1(value: float, digits: int) -> None:
    shown = readable_auc(value, digits)
    assert 0 < float(shown) < 1
    assert abs(float(shown) - value) <= 0.5 * 10.0 ** -len(shown.partition(".")[2]) * 1.001
    if 0.0005 < value < 0.9995:
        assert shown == f"{value:.{digits}f}" or digits == 2


def test_exact_aucs_and_missing_ones() -> None:
    assert (readable_auc(0.0), readable_auc(1.0), readable_auc(np.float64(1.0))) == ("0", "1", "1")
    assert readable_auc(math.nan) == readable_p(math.nan) == "not a number"


def test_rounded_aucs() -> None:
    values = np.array([*AUCS, 0.0, 1.0])
    shown = rounded_auc(values)
    assert (((shown == 0) | (shown == 1)) == ((values == 0) | (values == 1))).all()
    np.testing.assert_allclose(shown, values, atol=5.01e-4)
    # The browser has single precision, and shows six decimals.
    texts = [f"{value:.6f}" for value in shown.astype(np.float32)[:-2]]
    assert not {"0.000000", "1.000000"} & set(texts)
    assert np.isnan(rounded_auc(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    "log10", [-0.00001, -0.0021, -1.0, -1.301, -3.999, -4.0, -4.00001, -16.02, -307.9, -323.4, -411.51, -9999.25]
)
def test_a_p_value_has_two_right_digits(log10: float) -> None:
    """However small it is; mpmath has any exponent."""
    shown, exact = readable_p(log10), mpmath.mpf(10) ** mpmath.mpf(log10)
    assert 0 < mpmath.mpf(shown) < 1
    assert abs(mpmath.mpf(shown) / exact - 1) <= 0.051


def test_p_of_one() -> None:
    assert readable_p(0.0) == "1"


def test_the_mantissa_is_never_ten() -> None:
    mantissa, exponent = scientific(np.array([-4.0001, -0.99999, -100.0, np.nan, 0.0]))
    np.testing.assert_array_equal(mantissa, [1.0, 1.0, 1.0, np.nan, 1.0])
    np.testing.assert_array_equal(exponent, [-4, -1, -100, np.nan, 0])


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0%"), (1.0, "100%"), (0.002, "0.2%"), (0.0004, "0.04%"), (0.0503, "5.0%"), (0.5, "50%"), (0.999, "99.9%")],
)
def test_readable_share(share: float, shown: str) -> None:
    assert readable_share(share) == shown
