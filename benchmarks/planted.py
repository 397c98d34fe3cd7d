"""Power: how often a neuron with a known difference is found, by theory and in a copy of the bundled model.

In the copy, some neurons of one layer have new weights. Their pre-activations over the nouns and verbs of the bundled
lists have exactly a wanted standardised difference (Cohen's d_av). Then words are drawn, read and tested as in the app.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import chdtri, ndtr

from core.activations import word_activations
from core.models import BUNDLED_FOLDER, LoadedModel
from core.records import CAREFUL, WordPair
from core.stats.ttest import t_threshold, welch_ttest

LAYER = 3
EFFECTS = (0.2, 0.5, 0.8)  # Cohen's small, medium and large
SIZES = (20, 50, 100, 200, 500)
PER_EFFECT = 32  # planted neurons of each effect size
FAMILY = 3072  # the neurons of all layers of the bundled model
ALPHA = 0.05
_QUANTILES = 100_000
_DRAWS_AT_ONCE = 10  # bounds the memory: 10 draws x 1,000 words x 96 neurons


@dataclass(frozen=True)
class Power:
    """The share of planted neurons that were found, and what theory says."""

    n: int
    effect: float
    measured: float
    theory: float


def power(effect: float, n: int, family: int = FAMILY, alpha: float = ALPHA) -> float:
    """The probability that a neuron is found: Welch's test of ``n`` + ``n`` units with Bonferroni's correction.

    With a true difference of ``effect`` standard deviations, t has a noncentral t distribution with 2 n - 2 degrees of
    freedom and the noncentrality effect * sqrt(n / 2). Both classes are normal with equal variances.

    References
    ----------
    Cohen (1988), Statistical Power Analysis, 2nd ed., chapter 2.

    Examples
    --------
    >>> round(power(0.5, 64, family=1), 2)
    0.8
    """
    degrees_of_freedom = 2 * n - 2
    critical = t_threshold(alpha / family, degrees_of_freedom)
    # t = (z + noncentrality) / scale, with z normal, and scale^2 chi-squared over its degrees of freedom. The mean over
    # quantiles of the scale: SciPy's noncentral t is NaN for some of these numbers.
    quantiles = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    limits = critical * np.sqrt(chdtri(degrees_of_freedom, quantiles) / degrees_of_freedom)
    noncentrality = effect * np.sqrt(n / 2)
    return float(np.mean(ndtr(noncentrality - limits) + ndtr(-noncentrality - limits)))


def read_planted(words: WordPair, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Plant neurons in a copy of the bundled model, and read them.

    Returns
    -------
    target, baseline : ndarray of shape (n_words, len(EFFECTS) * PER_EFFECT), float32
        The pre-activations of the planted neurons, those of the smallest effect first.
    """
    with tempfile.TemporaryDirectory() as folder:
        # The first copy's neurons are the coordinates of the MLP's input, so reading them reads this input.
        d_model = _d_model()
        probe = _copy_with_weights(np.eye(d_model), Path(folder) / "probe")
        of_target, of_baseline = (values[:, :d_model].astype(np.float64) for values in _read(probe, words))
        weights = planted_weights(of_target, of_baseline, np.repeat(EFFECTS, PER_EFFECT), np.random.default_rng(seed))
        planted = _copy_with_weights(weights, Path(folder) / "planted")
        target, baseline = (values[:, : len(weights)] for values in _read(planted, words))
    return target, baseline


def planted_weights(
    target: np.ndarray, baseline: np.ndarray, effects: Sequence[float] | np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Weights with which a neuron has a given standardised difference between two groups of inputs.

    A neuron's weights are a random direction in which the groups' means are equal, and some of the direction from one
    mean to the other. The more of it, the larger the difference: a quadratic equation gives the amount.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, d_model)
        The inputs of the MLP.
    effects : sequence of float
        The wanted d_av of each neuron, with the variances of the whole lists (divided by n).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_neurons, d_model)

    Raises
    ------
    ValueError
        An effect is not smaller than the difference along the direction between the means.
    """
    difference = target.mean(0) - baseline.mean(0)
    covariance = (np.cov(target.T, ddof=0) + np.cov(baseline.T, ddof=0)) / 2
    along = difference / np.linalg.norm(difference)
    weights = []
    for effect in effects:
        across = rng.standard_normal(len(along))
        across -= (across @ along) * along
        across /= np.sqrt(across @ covariance @ across)
        # The neuron is a * along + across: a * |difference| = effect * sd, so (a |difference|)^2 = effect^2 * variance.
        size = difference @ along
        squares = [effect**2 * (along @ covariance @ along) - size**2, 2 * effect**2 * (along @ covariance @ across)]
        amounts = np.roots([*squares, effect**2])
        amount = max(amounts.real[np.abs(amounts.imag) < 1e-9], default=-1.0)
        if squares[0] >= 0 or amount <= 0:
            raise ValueError(f"The inputs differ by less than {effect:g} standard deviations: none can be planted.")
        weights.append(amount * along + across)
    return np.array(weights)


def measure_power(
    target: np.ndarray, baseline: np.ndarray, n_draws: int, sizes: Sequence[int] = SIZES, seed: int = 0
) -> list[Power]:
    """Draw ``n_draws`` times n + n words for each n, test the planted neurons, and count those found.

    Words are drawn with replacement: so each word is independent of the others, and the lists are the population in
    which d has its planted value. Without replacement, 500 of about 1,300 words would differ less from draw to draw
    than theory says.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for n in sizes:
        found = np.zeros(target.shape[1])
        for first in range(0, n_draws, _DRAWS_AT_ONCE):
            n_now = min(_DRAWS_AT_ONCE, n_draws - first)
            # [n_draws, n] words -> [n_draws, n, n_neurons]: draws are the layers of one call
            groups = (values[rng.integers(len(values), size=(n_now, n))] for values in (target, baseline))
            found += (welch_ttest(*groups).p_value <= ALPHA / FAMILY).sum(0)
        shares = (found / n_draws).reshape(len(EFFECTS), PER_EFFECT).mean(1)
        rows += [
            Power(n, effect, float(share), power(effect, n)) for effect, share in zip(EFFECTS, shares, strict=True)
        ]
    return rows


def _d_model() -> int:
    return int(json.loads((BUNDLED_FOLDER / "config.json").read_text(encoding="utf-8"))["hidden_size"])


def _copy_with_weights(weights: np.ndarray, folder: Path) -> LoadedModel:
    """A copy of the bundled model, in which the first neurons of the layer have these weights, and no bias."""
    import torch
    from safetensors.torch import load_file, save_file

    from core.models import load_bundled
    from core.models.hook_points import HOOK_POINTS

    shutil.copytree(BUNDLED_FOLDER, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    hook_points = HOOK_POINTS[config["model_type"]]
    tensors = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
    expansion = "transformer." + hook_points.path(LAYER, "pre-activation")
    tensors[f"{expansion}.weight"][: len(weights)] = torch.from_numpy(weights).float()
    tensors[f"{expansion}.bias"][: len(weights)] = 0
    (folder / "model.safetensors").unlink()  # it may be mapped
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return load_bundled.load(folder, config, "planted", hook_points)


def _read(lm: LoadedModel, words: WordPair) -> list[np.ndarray]:
    """The layer's pre-activations of both lists, (n_words, n_neurons) each, read as the careful preset reads."""
    how = {name: CAREFUL[name] for name in ("pooling", "leading_space", "prefix")}
    return [word_activations(lm, of, [LAYER], **how)[0] for of in (words.target, words.baseline)]
