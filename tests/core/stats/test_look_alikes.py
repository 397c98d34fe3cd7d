"""core.stats.look_alikes against a plain loop."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from core.stats.look_alikes import look_alikes


def test_the_nearest_vs_a_plain_loop():
    rng = np.random.default_rng(3)
    values = rng.normal(rng.normal(0, 2, 30), rng.uniform(0.2, 3, 30), (25, 30)).astype(np.float32)
    values[:, 9] = 1.5  # does not vary
    candidates = np.array([*range(3, 30)])
    neurons, distances = look_alikes(values, 1, candidates, 4)
    columns = [[float(value) for value in column] for column in values.T]
    mean, spread = statistics.mean(columns[1]), statistics.stdev(columns[1])
    expected = []
    for neuron in range(3, 30):
        other = statistics.stdev(columns[neuron])
        if other:
            apart = (statistics.mean(columns[neuron]) - mean) / spread
            expected.append((math.sqrt(apart**2 + math.log(other / spread) ** 2), neuron))
    expected.sort()
    assert neurons.tolist() == [neuron for _, neuron in expected[:4]]
    assert distances.tolist() == pytest.approx([distance for distance, _ in expected[:4]])
    assert 9 not in look_alikes(values, 1, candidates, 100)[0]
