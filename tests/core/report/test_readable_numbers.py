"""Numbers for readers: three right digits, a true minus sign, and no 0 or 1 that is neither."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

import mpmath
import numpy as np
import pytest

from core.report.readable import (
    as_chosen,
    readable_auc,
    readable_df,
    readable_number,
    readable_p,
    readable_share,
    rounded_auc,
    signed,
    to_decimals,
)
from tests.support.three_digits import SPECIAL, parsed, three_digits, values

AUCS = [0.0004, 0.00049999, 1e-9, 0.9996, 0.99949, 0.99997, 1 - 1e-9, 1 - 2**-53, 0.5, 0.1234567]


def test_a_number_has_three_significant_digits() -> None:
    for value in values():
        shown = readable_number(value)
        assert parsed(shown) == three_digits(value), (value, shown)
        digits = shown.lstrip("−").partition("e")[0].replace(",", "").replace(".", "").lstrip("0")
        whole = "." not in shown and "e" not in shown  # only there may zeros stand for digits that are rounded away
        assert len(digits) == 3 or (whole and len(digits) > 3), (value, shown)
        assert "-" not in shown and shown.startswith("−") == (value < 0)
        assert ("e" in shown) == (not Decimal("0.0001") <= abs(three_digits(value)) < 10**6), (value, shown)
        assert signed(value) == (shown if value < 0 else f"+{shown}")
        assert readable_number(np.float64(value)) == shown


def test_numbers_that_have_no_digits() -> None:
    for value, text in SPECIAL.items():
        assert readable_number(value) == text
        assert signed(value) == (f"+{text}" if value == math.inf else text)
    assert readable_number(-0.0) == signed(-0.0) == "0"
    assert readable_number(math.nan) == signed(math.nan) == "not a number"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0421, "−0.0421"),
        (1.0, "1.00"),
        (999.4, "999"),
        (999.5, "1,000"),
        (9.995, "9.99"),  # the float is just below
        (1234.0, "1,230"),
        (1234567.0, "1.23e6"),
        (0.0001, "0.000100"),
        (-1e-7, "−1.00e−7"),
        (5e-324, "4.94e−324"),
        (np.float32(3.14159), "3.14"),
    ],
)
def test_readable_number(value: float, text: str) -> None:
    assert readable_number(value) == text


def test_decimals_are_those_of_decimal() -> None:
    for value in values(1_000):
        if abs(value) < 1e12:
            exact = Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
            shown = to_decimals(value, 2, plus=True)
            assert parsed(shown) == exact and len(shown.partition(".")[2]) == 2
            assert shown[0] in "+−" or exact == 0
            assert "-" not in shown and shown.lstrip("+") == to_decimals(value, 2)


@pytest.mark.parametrize(("df", "text"), [(98.0, "98"), (1998.0, "1,998"), (182.61, "183"), (4.25, "4.25")])
def test_degrees_of_freedom_are_whole_where_they_are_counts(df: float, text: str) -> None:
    assert readable_df(df) == text


@pytest.mark.parametrize(("alpha", "text"), [(0.05, "0.05"), (1e-5, "0.00001"), (1 / 3, "0.333333333333"), (1.0, "1")])
def test_a_setting_has_its_own_digits(alpha: float, text: str) -> None:
    assert as_chosen(alpha) == text


@pytest.mark.parametrize("value", AUCS)
def test_an_auc_reads_neither_0_nor_1(value: float) -> None:
    shown = readable_auc(value)
    assert 0 < float(shown) < 1
    assert abs(float(shown) - value) <= 0.5 * 10.0 ** -len(shown.partition(".")[2]) * 1.001
    if 0.0005 < value < 0.9995:
        assert shown == f"{value:.3f}"


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
    shown, exact = readable_p(log10).replace("−", "-"), mpmath.mpf(10) ** mpmath.mpf(log10)
    assert 0 < mpmath.mpf(shown) < 1
    assert abs(mpmath.mpf(shown) / exact - 1) <= 0.051
    assert "-" not in readable_p(log10)


def test_p_of_one() -> None:
    assert readable_p(0.0) == "1"


def test_the_mantissa_is_never_ten() -> None:
    assert [readable_p(log) for log in (-4.0001, -4.005, -99.99999)] == ["1.0e−4", "9.9e−5", "1.0e−100"]


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0%"), (1.0, "100%"), (0.002, "0.2%"), (0.0004, "0.04%"), (0.0503, "5.0%"), (0.5, "50%"), (0.999, "99.9%")],
)
def test_readable_share(share: float, shown: str) -> None:
    assert readable_share(share) == shown
