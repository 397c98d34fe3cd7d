"""core.stats.correction against statsmodels, cases worked by hand, and the definition of each critical p-value."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from core.errors import UserError
from core.records import ALL_CORRECTIONS, CORRECTIONS
from core.stats import correction
from core.stats.correction import LABELS, adjust, adjust_log10, critical_p
from tests.support.oracles import STATSMODELS

BY_P = tuple(name for name, one in ALL_CORRECTIONS.items() if not one.permutes)  # max-T needs the values
METHODS = tuple(STATSMODELS)
ALPHAS = (0.001, 0.01, 0.05, 0.2, 0.5, 0.999)


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def family(kind: str, m: int = 200, seed: int = 0) -> np.ndarray:
    """(m,) p-values of one kind, in random order."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(size=m)
    if kind == "mixed":  # a third with an effect, some of it enormous
        p[: m // 3] = 10.0 ** rng.uniform(-300, -2, m // 3)
        p[0], p[-1] = 0.0, 1.0
    elif kind == "tied":
        p = rng.integers(0, 21, m) / 20
    elif kind == "small":  # all of them findings
        p = p * 1e-6
    return rng.permutation(p)


KINDS = ("uniform", "mixed", "tied", "small")


# --- Adjusted p-values ---


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_adjust_vs_statsmodels(method, kind):
    p = family(kind)
    with np.errstate(divide="ignore"):  # statsmodels takes the logarithm of 1 - 1 in Šidák
        reference = multipletests(p, 0.05, STATSMODELS[method])[1]
    np.testing.assert_allclose(adjust(p, method), reference, rtol=1e-9, atol=0)


def test_adjust_by_none_changes_nothing_but_gives_a_copy():
    p = family("mixed")
    got = adjust(p, "none")
    np.testing.assert_array_equal(got, p)
    assert not np.shares_memory(got, p)


@pytest.mark.parametrize(
    "method, expected",
    [
        # Sorted 0.01, 0.02, 0.03, 0.5; m = 4; 1 + 1/2 + 1/3 + 1/4 = 25/12.
        ("none", [0.01, 0.02, 0.03, 0.5]),
        ("bonferroni", [0.04, 0.08, 0.12, 1.0]),
        ("sidak", [1 - 0.99**4, 1 - 0.98**4, 1 - 0.97**4, 1 - 0.5**4]),
        ("holm", [0.04, 0.06, 0.06, 0.5]),
        ("fdr_bh", [0.04, 0.04, 0.04, 0.5]),
        ("fdr_by", [1 / 12, 1 / 12, 1 / 12, 1.0]),
    ],
)
def test_adjust_by_hand(method, expected):
    order = [2, 0, 3, 1]
    p = np.array([0.01, 0.02, 0.03, 0.5])[order]
    np.testing.assert_allclose(adjust(p, method), np.array(expected)[order], rtol=1e-12)


@pytest.mark.parametrize("method", BY_P)
def test_dead_neurons_stay_nan_and_leave_the_family(method):
    p = family("mixed")
    p[::7] = np.nan
    got, tested = adjust(p, method), ~np.isnan(p)
    np.testing.assert_array_equal(np.isnan(got), ~tested)
    np.testing.assert_array_equal(got[tested], adjust(p[tested], method))


@pytest.mark.parametrize("method", BY_P)
def test_all_layers_together_are_one_family(method):
    p = family("mixed", 240)
    np.testing.assert_array_equal(adjust(p.reshape(4, 60), method), adjust(p, method).reshape(4, 60))
    assert critical_p(p.reshape(4, 60), method, 0.05) == critical_p(p, method, 0.05)


@pytest.mark.parametrize("method", BY_P)
def test_the_order_of_the_neurons_does_not_matter(method):
    p = family("tied")
    p[::9] = np.nan
    order = np.random.default_rng(1).permutation(p.size)
    np.testing.assert_array_equal(adjust(p[order], method), adjust(p, method)[order])
    assert critical_p(p[order], method, 0.05) == critical_p(p, method, 0.05)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", BY_P)
def test_adjust_keeps_the_order_and_only_raises(method, kind):
    p = np.sort(family(kind))
    got = adjust(p, method)
    assert (np.diff(got) >= 0).all()
    assert (got <= 1).all()
    assert (got >= p * (1 - 1e-15)).all()


@pytest.mark.parametrize("method", ["bonferroni", "sidak", "holm", "fdr_bh"])
def test_adjust_keeps_the_precision_of_extreme_p_values(method):
    p = np.full(3072, 0.9)
    p[17] = 1e-300
    assert adjust(p, method)[17] == pytest.approx(3072e-300, rel=1e-12, abs=0)


@pytest.mark.parametrize("method", BY_P)
def test_a_family_of_one_is_not_corrected(method):
    np.testing.assert_allclose(adjust(np.array([np.nan, 0.03]), method), [np.nan, 0.03], rtol=1e-15)
    expected = 0.05 if ALL_CORRECTIONS[method].critical else 0.03  # the largest that is significant
    assert critical_p(np.array([np.nan, 0.03]), method, 0.05) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("method", BY_P)
@pytest.mark.parametrize("shape", [(0,), (3, 0), (3,), (2, 3)])
def test_an_empty_family(method, shape):
    p = np.full(shape, np.nan)
    got = adjust(p, method)
    assert got.shape == shape and got.dtype == np.float64 and np.isnan(got).all()
    assert np.isnan(critical_p(p, method, 0.05))


# --- The critical p-value ---


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", BY_P)
def test_critical_p_draws_the_same_line_as_the_adjusted_p_values(method, kind):
    for seed in range(20):
        p = family(kind, m=(1, 2, 5, 40, 300)[seed % 5], seed=seed)
        p[3::10] = np.nan
        for alpha in ALPHAS:
            critical = critical_p(p, method, alpha)
            np.testing.assert_array_equal(adjust(p, method) <= alpha, p <= critical, err_msg=f"{seed} {alpha}")


@pytest.mark.parametrize("method", [method for method in BY_P if ALL_CORRECTIONS[method].critical])
def test_critical_p_draws_the_same_line_to_the_last_bit(method):
    # One p-value on, or a few floats beside, the value where the first finding begins; the others are hopeless.
    for m in range(1, 60):
        for alpha in ALPHAS[:4]:
            p = np.ones(m)
            p[0] = critical_p(p, method, alpha)
            for _ in range(3):
                p[0] = np.nextafter(p[0], 0)
            for _ in range(6):
                critical = critical_p(p, method, alpha)
                assert (adjust(p, method)[0] <= alpha) == (p[0] <= critical), (m, alpha, p[0], critical)
                p[0] = np.nextafter(p[0], 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", BY_P)
def test_critical_p_given_the_adjusted_p_values_is_the_same_to_the_last_bit(method, kind, monkeypatch):
    for shape in ((1,), (40,), (3, 100)):
        p = family(kind, m=int(np.prod(shape))).reshape(shape)
        p.flat[3::10] = np.nan
        expected = [critical_p(p, method, alpha) for alpha in ALPHAS]
        adjusted = adjust(p, method)
        with monkeypatch.context() as without:
            without.delattr(correction, "adjust")  # no second sort: that is what the argument is for
            got = [critical_p(p, method, alpha, adjusted=adjusted) for alpha in ALPHAS]
        assert [value.hex() for value in got] == [value.hex() for value in expected]


@pytest.mark.parametrize("kind", ["uniform", "mixed", "small"])
@pytest.mark.parametrize("method", METHODS)
def test_critical_p_vs_statsmodels(method, kind):
    p = family(kind, seed=3)
    with np.errstate(divide="ignore"):
        reject = multipletests(p, 0.05, STATSMODELS[method])[0]
    np.testing.assert_array_equal(p <= critical_p(p, method, 0.05), reject)


@pytest.mark.parametrize(
    "method, expected",
    [
        # 0.001, 0.012, 0.02, 0.5 at 0.06, m = 4. Holm: 0.001 <= 0.015, 0.012 <= 0.02, 0.02 <= 0.03, 0.5 > 0.06: k = 3.
        # BH: 0.02 <= 0.045 but 0.5 > 0.06: k = 3. BY (25/12): 0.02 <= 0.0216: k = 3.
        ("none", 0.06),
        ("bonferroni", 0.015),
        ("sidak", 1 - 0.94**0.25),
        ("holm", 0.06),
        ("fdr_bh", 0.045),
        ("fdr_by", 0.045 / (25 / 12)),
    ],
)
def test_critical_p_by_hand(method, expected):
    p = np.array([0.5, 0.001, np.nan, 0.02, 0.012])
    assert critical_p(p, method, 0.06) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    "method, expected",
    [("holm", 0.0125), ("fdr_bh", 0.0125), ("fdr_by", 0.0125 / (25 / 12)), ("sidak", 1 - 0.95**0.25)],
)
def test_critical_p_where_nothing_is_significant(method, expected):
    assert critical_p(np.array([0.3, 0.5, 0.7, 0.9]), method, 0.05) == pytest.approx(expected, rel=1e-12, abs=0)


def test_critical_p_of_holm_where_everything_is_significant():
    assert critical_p(np.array([0.001, 0.002, 0.04]), "holm", 0.05) == 0.05


# --- Words and mistakes ---


def test_every_correction_has_a_label():
    assert tuple(LABELS) == CORRECTIONS
    assert len(set(LABELS.values())) == len(CORRECTIONS)


@pytest.mark.parametrize("call", [lambda p: adjust(p, "tukey"), lambda p: critical_p(p, "tukey", 0.05)])
def test_unknown_method(call):
    with pytest.raises(UserError) as error:
        call(np.array([0.5]))
    assert str(error.value) == (f"There is no correction 'tukey': choose one of {', '.join(CORRECTIONS)}.")


@pytest.mark.parametrize("call", [adjust, adjust_log10, lambda p, method: critical_p(p, method, 0.05)])
def test_max_t_is_not_a_correction_of_p_values(call):
    with pytest.raises(UserError, match="Max-T needs the values of all neurons"):
        call(np.zeros(3), "max_t")


@pytest.mark.parametrize("method", BY_P)
def test_p_values_out_of_range(method):
    with pytest.raises(UserError, match=r"2 of 4 do not, the lowest -0\.2 and the highest 1\.5"):
        adjust(np.array([0.5, -0.2, np.nan, 1.5]), method)


@pytest.mark.parametrize("alpha", [0, 1, -0.05, 5, np.nan])
def test_alpha_out_of_range(alpha):
    with pytest.raises(UserError, match=f"alpha must lie between 0 and 1, both excluded: got {alpha}"):
        critical_p(np.array([0.5]), "holm", alpha)
