"""Values of neurons on the scale of two classes."""

from __future__ import annotations

import numpy as np
import pytest

from core.stats.class_balance import ClassScale, class_balance, class_scale, on_class_scale


@pytest.fixture
def words():
    """The values of two neurons at the words of both classes: (2, n_target) and (2, n_baseline)."""
    draws = np.random.default_rng(5)
    target = np.stack([draws.normal(3, 1, 40), draws.normal(-2, 0.1, 40)]).astype(np.float32)
    baseline = np.stack([draws.normal(1, 1, 60), draws.normal(-1, 0.1, 60)]).astype(np.float32)
    return target, baseline


def test_the_means_of_the_classes_are_at_plus_and_minus_one(words):
    for target, baseline in zip(*words, strict=True):
        scale = class_scale(target, baseline)
        assert on_class_scale(target, scale).mean() == pytest.approx(1, abs=1e-6)
        assert on_class_scale(baseline, scale).mean() == pytest.approx(-1, abs=1e-6)
        middle = (target.mean(dtype=float) + baseline.mean(dtype=float)) / 2
        assert on_class_scale(np.array(middle), scale) == pytest.approx(0, abs=1e-9)


def test_the_balance_has_the_classes_where_each_of_its_neurons_has_them(words):
    target, baseline = words
    scales = [class_scale(*pair) for pair in zip(target, baseline, strict=True)]
    found = [class_balance(*zip(values, scales, strict=True)) for values in (target, baseline)]
    assert [each.mean() for each in found] == pytest.approx([1, -1], abs=1e-6)
    # Half of "how far towards its own class" of the one minus that of the other, written out.
    own = (target[0] - scales[0].middle) / abs(scales[0].half)
    others_own = (target[1] - scales[1].middle) / abs(scales[1].half)
    np.testing.assert_allclose(found[0], (own - others_own) / 2, rtol=1e-6)


def test_units_do_not_matter(words):
    """A neuron of other units, on which the weights that read it would make up for it, says the same."""
    target, baseline = words
    balances = []
    for factor, shift in ((1, 0), (100, -7)):
        changed = [target * [[factor], [1]] + [[shift], [0]], baseline * [[factor], [1]] + [[shift], [0]]]
        scales = [class_scale(*pair) for pair in zip(*changed, strict=True)]
        balances.append(class_balance(*zip(changed[0], scales, strict=True)))
    np.testing.assert_allclose(*balances, rtol=1e-5)


def test_equal_means_have_no_scale():
    scale = class_scale(np.ones(3), np.ones(4))
    assert not scale.usable and not class_scale(np.array([np.nan]), np.ones(2)).usable
    with pytest.raises(ValueError, match="must differ"):
        on_class_scale(np.ones(2), scale)
    assert ClassScale(0.0, -1.0).usable
