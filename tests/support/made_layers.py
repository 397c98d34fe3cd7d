"""Every neuron of every layer of a model that there is not, with numbers at random, to test how they are shown."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from core.records import ContrastSpec, ModelInfo, NeuronTests, OtherSide
from core.records.layers import AllLayers


def made_layers(spec: ContrastSpec | None = None, n_layers: int = 3, n_neurons: int = 7, seed: int = 0) -> AllLayers:
    """A result of all layers; neuron 2 of layer 1 was not tested."""
    spec, rng, shape = spec or ContrastSpec.careful(), np.random.default_rng(seed), (n_layers, n_neurons)
    statistic = 6 * rng.normal(size=shape)
    statistic[1, 2] = np.nan
    log10_p = -np.abs(statistic)
    auc = np.where(np.isnan(statistic), 0.5, 1 / (1 + np.exp(-statistic / 3)))
    tests = NeuronTests(statistic, 10**log10_p, np.full(shape, 50.0), statistic / 2, statistic / 5, auc)
    shares = {name: rng.choice([0.01, 0.5], size=shape) for name in ("above_zero_target", "above_zero_baseline")}
    side = "activation" if spec.hook_side == "pre-activation" else "pre-activation"
    other = OtherSide(side, rng.normal(size=shape), rng.uniform(size=shape), **shares)
    model = ModelInfo("made", "r1", "gpt_neo", n_layers, n_neurons, 64, 9, "cpu", "f32")
    numbers: dict[str, Any] = {"p_adjusted": 10**log10_p, "significant": log10_p < -3, "log10_p_adjusted": log10_p}
    counts = {"n_target": 9, "n_baseline": 8}
    layers = tuple(range(n_layers))
    return AllLayers(spec, model, layers, tests, **numbers, hedges_g=statistic / 5, other_side=other, **counts)


def decoded_points(points: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header of points for a browser, and their columns, each (n_points,)."""
    size = int.from_bytes(points[:4], "little")
    header, at, columns = json.loads(points[4 : 4 + size]), 4 + size, {}
    for name, width in header["columns"].items():
        kind = "<f4" if width == 4 else "u1"
        columns[name] = np.frombuffer(points, kind, header["n"], offset=at)
        at += width * header["n"]
    assert at == len(points) and (4 + size) % 4 == 0
    return header, columns
