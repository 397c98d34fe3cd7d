"""Naive Bayes by counting, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit
from sklearn.naive_bayes import CategoricalNB
from sklearn.preprocessing import OrdinalEncoder

from core.errors import UserError
from core.stats.naive_bayes import cross_validated_log_odds, log_odds


def words(n: int, n_features: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features that depend on the class: some values are rare."""
    rng = np.random.default_rng(seed)
    is_target = rng.random(n) < 0.4
    columns = [np.array([f"v{number}" for number in rng.poisson(2 + 2 * is_target)]) for _ in range(n_features)]
    return np.stack(columns, axis=1), is_target


def by_sklearn(trained_on: np.ndarray, is_target: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Its log-odds without the classes' frequencies; unseen values are one more category."""
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(trained_on)
    sizes = np.array([len(values) for values in encoder.categories_])
    numbers = encoder.transform(features)
    numbers = np.where(numbers < 0, sizes, numbers).astype(int)
    model = CategoricalNB(alpha=1, min_categories=sizes + 1, fit_prior=False)
    model.fit(encoder.transform(trained_on).astype(int), is_target)
    return np.diff(model.predict_joint_log_proba(numbers), axis=1)[:, 0]


@pytest.mark.parametrize("n_features", [1, 3])
def test_log_odds_vs_sklearn(n_features: int) -> None:
    features, is_target = words(300, n_features, seed=1)
    new = words(200, n_features, seed=2)[0]
    new[:7] = "never seen"
    np.testing.assert_allclose(
        log_odds(features, is_target, new), by_sklearn(features, is_target, new), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize(("n_documents", "n_folds"), [(23, 10), (4, 10), (12, 3)])
def test_cross_validation_vs_sklearn(n_documents: int, n_folds: int) -> None:
    """Documents in no alphabetical order; each is in the fold of its place in the text."""
    features, is_target = words(400, 2, seed=3)
    places = np.sort(np.random.default_rng(4).permutation(np.arange(400) % n_documents))
    group = np.array([f"{(7 * place) % 100:02d}" for place in places])
    folds = PredefinedSplit(places % min(n_folds, n_documents))
    expected = np.empty(400)
    for train, test in folds.split():
        expected[test] = by_sklearn(features[train], is_target[train], features[test])
    np.testing.assert_allclose(
        cross_validated_log_odds(features, is_target, group, n_folds), expected, rtol=0, atol=1e-9
    )


def test_no_document_scores_itself() -> None:
    """Each document has a value of its own, which says all about its class in it, and nothing elsewhere."""
    document = np.repeat(np.arange(20), 5)
    scores = cross_validated_log_odds(document.astype(str)[:, None], document % 2 == 0, document)
    by_document = scores.reshape(20, 5)
    assert np.ptp(by_document, axis=1).max() == 0 and np.abs(scores).max() < 0.3


def test_equal_odds_are_equal_to_the_last_bit() -> None:
    """Seen once in each class, twice in each, or never: nothing is known, and none is above another."""
    seen = np.array([["a"], ["a"], ["b"], ["b"], ["b"], ["b"]])
    is_target = np.array([True, False, True, True, False, False])
    scores = log_odds(seen, is_target, np.array([["a"], ["b"], ["c"]]))
    np.testing.assert_array_equal(scores, 0)


def test_training_words_of_one_class_and_none() -> None:
    """Smoothing gives finite numbers."""
    new = np.array([["a"], ["b"]])
    assert np.isfinite(log_odds(np.array([["a"]]), np.array([True]), new)).all()
    np.testing.assert_array_equal(log_odds(np.empty((0, 1), dtype=str), np.empty(0, bool), new), [0, 0])


def test_mistakes() -> None:
    features, is_target = words(10, 2, seed=1)
    with pytest.raises(UserError, match=r"\(10, 2\) and \(10, 1\)"):
        log_odds(features, is_target, features[:, :1])
    with pytest.raises(UserError, match=r"got \(9,\) for \(10,\)"):
        log_odds(features, is_target[:9], features)
    with pytest.raises(UserError, match="at least 2 documents; got 1"):
        cross_validated_log_odds(features, is_target, np.zeros(10))
