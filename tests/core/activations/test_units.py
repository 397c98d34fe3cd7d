"""Units: the mean over the forms of a lemma, against a loop over words."""

from __future__ import annotations

import numpy as np
import pytest

from core.activations.units import units_of

WORDS = ("go", "time", "went", "take", "gone", "takes", "way")
LEMMAS = ("go", "time", "go", "take", "go", "take", "way")


def naive_mean(values: np.ndarray, lemmas: tuple[str, ...]) -> np.ndarray:
    """(n_words, d) -> (n_units, d), lemma by lemma."""
    rows = [
        [values[i].astype(float) for i, each in enumerate(lemmas) if each == name] for name in dict.fromkeys(lemmas)
    ]
    return np.array([sum(forms) / len(forms) for forms in rows])


def test_lemmas_equal_a_naive_loop() -> None:
    """In the order of their first forms; for one layer, for several, and for one column."""
    rng = np.random.default_rng(0)
    values = (rng.normal(0, 100, (3, 7, 11)) + 1e4).astype(np.float32)
    units = units_of(WORDS, LEMMAS, "lemma")
    assert units.names == ("go", "time", "take", "way")
    found = units.mean(values)
    assert found.dtype == np.float32 and found.shape == (3, 4, 11)
    for layer in range(3):
        expected = naive_mean(values[layer], LEMMAS).astype(np.float32)
        np.testing.assert_array_equal(found[layer], expected)
        np.testing.assert_array_equal(units.mean(values[layer]), expected)
        np.testing.assert_array_equal(units.mean(values[layer][:, 4:5]), expected[:, 4:5])


def test_many_random_lemmas_equal_a_naive_loop() -> None:
    rng = np.random.default_rng(1)
    lemmas = tuple(str(number) for number in rng.integers(0, 90, 300))
    values = rng.normal(size=(300, 5)).astype(np.float32)
    found = units_of([f"w{i}" for i in range(300)], lemmas, "lemma").mean(values)
    np.testing.assert_allclose(found, naive_mean(values, lemmas), rtol=1e-6, atol=1e-7)


def test_what_does_not_vary_still_does_not() -> None:
    """Else rounding would make a dead neuron look alive."""
    values = np.full((7, 2), 0.1, dtype=np.float32)
    assert np.unique(units_of(WORDS, LEMMAS, "lemma").mean(values)).tolist() == [np.float32(0.1)]


@pytest.mark.parametrize(("lemmas", "unit"), [(LEMMAS, "word"), ((), "word"), ((), "lemma"), (WORDS, "lemma")])
def test_nothing_to_average_is_no_copy(lemmas: tuple[str, ...], unit: str) -> None:
    values = np.ones((7, 2), dtype=np.float32)
    units = units_of(WORDS, lemmas, unit)
    assert units.mean(values) is values and units.names == WORDS


def test_as_many_lemmas_as_words() -> None:
    with pytest.raises(ValueError, match="7 words and 6 lemmas"):
        units_of(WORDS, LEMMAS[:6], "lemma")
