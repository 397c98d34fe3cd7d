"""What stands out in a text: NumPy over the other tokens one neuron at a time, and Python's own sorting."""

from __future__ import annotations

import numpy as np
import pytest

from core.stats.standing_out import highest_and_lowest, standing_out


def made(n_tokens: int = 40, n_neurons: int = 300, seed: int = 0) -> np.ndarray:
    """Values with another mean and spread in each neuron, and a first token unlike all others."""
    rng = np.random.default_rng(seed)
    values = rng.normal(rng.normal(0, 5, n_neurons), rng.lognormal(0, 2, n_neurons), (n_tokens, n_neurons))
    values[0] *= 50
    return values.astype(np.float32)


def by_hand(values: np.ndarray, token: int, skip_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """The means and deviations (n_neurons,), without the token itself."""
    others = [i for i in range(len(values)) if i != token and not (skip_first and i == 0)]
    rest = values[others].astype(np.float64)
    means = np.array([rest[:, k].mean() for k in range(values.shape[1])])
    deviations = np.array([(values[token, k] - means[k]) / rest[:, k].std(ddof=1) for k in range(values.shape[1])])
    return means, deviations


@pytest.mark.parametrize("token", [0, 7, 39])
@pytest.mark.parametrize("skip_first", [False, True])
def test_the_ten_are_those_of_numpy(token: int, skip_first: bool) -> None:
    values = made()
    found = standing_out(values, token, skip_first=skip_first)
    assert found is not None and found.n_others == 39 - (skip_first and token != 0)
    means, deviations = by_hand(values, token, skip_first)
    order = np.argsort(-np.abs(deviations), kind="stable")[:10]
    assert found.neurons.tolist() == order.tolist()
    np.testing.assert_allclose(found.deviations, deviations[order], rtol=1e-12)
    np.testing.assert_allclose(found.means, means[order], rtol=1e-12)


def test_neither_the_units_of_a_neuron_nor_its_offset_matter() -> None:
    values = made().astype(np.float64)
    rng = np.random.default_rng(1)
    scaled = values * rng.choice([-3.0, 0.01, 200.0], values.shape[1]) + rng.normal(0, 9, values.shape[1])
    one, other = standing_out(values, 5), standing_out(scaled, 5)
    assert one is not None and other is not None
    assert one.neurons.tolist() == other.neurons.tolist()
    np.testing.assert_allclose(np.abs(one.deviations), np.abs(other.deviations), rtol=1e-6)


def test_a_neuron_that_varies_nowhere_else_comes_first_and_one_that_never_varies_not_at_all() -> None:
    values = made()
    values[:, [4, 8, 9]] = 0.1
    values[6, 4], values[6, 8] = 0.2, -7.0
    found = standing_out(values, 6)
    assert found is not None
    assert found.neurons[:2].tolist() == [8, 4] and found.deviations[:2].tolist() == [-np.inf, np.inf]
    everything = standing_out(values, 6, n_shown=300)
    assert everything is not None and 9 not in everything.neurons and len(everything.neurons) == 299


def test_a_long_text_is_compared_with_a_thousand_tokens_of_all_its_parts() -> None:
    values = made(n_tokens=5_000, n_neurons=1_100)
    found = standing_out(values, 4_321)
    assert found is not None and found.n_others == 1_000
    whole, deviations = by_hand(values, 4_321, skip_first=False)
    np.testing.assert_allclose(found.means, whole[found.neurons], atol=0.2 * values[:, found.neurons].std(axis=0).max())
    assert np.abs(deviations[found.neurons]).min() > np.quantile(np.abs(deviations), 0.98)


def test_of_too_few_tokens_nothing_is_said() -> None:
    assert standing_out(made(n_tokens=2), 0) is None
    assert standing_out(made(n_tokens=3), 1, skip_first=True) is None
    assert standing_out(made(n_tokens=3), 1) is not None


@pytest.mark.parametrize("n_tokens", [0, 1, 2, 19, 20, 21, 200])
def test_the_highest_and_lowest_are_those_of_pythons_sorting(n_tokens: int) -> None:
    values = np.round(np.random.default_rng(n_tokens).normal(size=n_tokens), 1)  # with ties
    values[5:7] = np.nan
    highest, lowest = highest_and_lowest(values)
    known = [i for i in range(n_tokens) if not np.isnan(values[i])]
    assert highest.tolist() == sorted(known, key=lambda i: (-values[i], i))[: min(10, -(-len(known) // 2))]
    assert lowest.tolist() == sorted(known, key=lambda i: (values[i], i))[: min(10, len(known) // 2)]
    assert len({*highest.tolist(), *lowest.tolist()}) >= min(len(known), len(highest) + len(lowest)) - _tied(values)


def _tied(values: np.ndarray) -> int:
    """How many tokens share their value with another one."""
    known = values[~np.isnan(values)]
    return len(known) - len(np.unique(known))
