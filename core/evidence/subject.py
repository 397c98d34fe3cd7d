"""One neuron of one experiment, and all that the checks read of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np

from core.activations import Gate, GoldActivations, gold_activations
from core.comparison import units_of_pair
from core.errors import UserError
from core.experiment import model_of, run_steps
from core.models import LoadedModel
from core.progress import Progress, unwatched
from core.records import (
    BothSides,
    ContrastResult,
    ContrastSpec,
    GoldText,
    NeuronTests,
    WordActivations,
)
from core.records.gold import tags_of, why_no_tags
from core.report.sentences import class_names, own_and_other
from core.store import NO_STORE, Store
from core.words import DEFAULT_DOWNLOADS, Downloads, bundled_gold

ReadGold = Callable[[Progress], GoldActivations]
T = TypeVar("T")
Values = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Subject:
    """One neuron of the layer of an experiment.

    ``activations`` and ``tests`` (n_layers, n_neurons) are of all layers that were read; ``result`` is of the spec's
    layer. ``read_gold`` reads the gold-tagged text at the spec's layer, once for all checks. ``gate`` is entered
    around each forward pass.

    Raises
    ------
    UserError
        The layer does not have the neuron, or it could not be tested.
    """

    lm: LoadedModel
    neuron: int
    result: ContrastResult
    activations: WordActivations
    tests: NeuronTests
    gold: GoldText
    read_gold: ReadGold
    gate: Gate = field(default=nullcontext)

    def __post_init__(self) -> None:
        if not 0 <= self.neuron < self.result.n_neurons:
            sentence = f"Layer {self.layer} has neurons 0 to {self.result.n_neurons - 1}; got {self.neuron}."
            raise UserError(sentence, about="neuron")
        if np.isnan(self.result.tests.statistic[self.neuron]):
            raise UserError(f"Neuron {self.neuron} does not vary over these words, so it cannot be tested.")

    @property
    def spec(self) -> ContrastSpec:
        """The experiment."""
        return self.result.spec

    @property
    def layer(self) -> int:
        """The neuron's layer."""
        return self.spec.layer

    @property
    def side(self) -> str:
        """The side of the nonlinearity at which it was tested."""
        return self.spec.hook_side

    @property
    def favours_target(self) -> bool:
        """Whether the neuron is higher for the target: the sign of its statistic."""
        return self.result.favours_target(self.neuron)

    @property
    def own(self) -> str:
        """The class for which the neuron is higher, as a sentence names it."""
        return own_and_other(self.result, self.neuron)[0]

    @property
    def other(self) -> str:
        """The other class, as a sentence names it."""
        return own_and_other(self.result, self.neuron)[1]

    def oriented(self, pair: tuple[T, T]) -> tuple[T, T]:
        """Something of target and baseline, as that of the own class and of the other; or the other way round."""
        return pair if self.favours_target else (pair[1], pair[0])

    @property
    def family_size(self) -> int:
        """How many tests were adjusted together."""
        return self.result.family_size

    def toward(self, auc: float | np.ndarray) -> np.ndarray:
        """AUCs of target over baseline, as AUCs of the neuron's own class over the other."""
        auc = np.asarray(auc, dtype=np.float64)
        return auc if self.favours_target else 1 - auc

    @property
    def has_tags(self) -> bool:
        """Whether a part of speech stands for each class: not for a custom list, nor where the labels are shuffled."""
        return not why_no_tags(self.spec)

    def tags(self, name: str) -> tuple[str, ...]:
        """The parts of speech of ``own`` or ``other``, as a gold-tagged text names them.

        UserError if a class has none, such as a custom list or plural nouns, and where the labels are shuffled.
        """
        return dict(zip(class_names(self.spec), tags_of(self.spec), strict=True))[name]

    def layer_values(self, side: str | None = None, unit: str | None = None) -> Values:
        """What is compared, for all neurons of the layer: float32 (n_units, n_neurons), of target and of baseline.

        By default at the spec's side, and of its unit ("word" or "lemma").
        """
        return self._of_units(lambda one: one.at(side or self.side), unit)

    def values(self, side: str | None = None, unit: str | None = None) -> Values:
        """What is compared of this neuron: float32 (n_target_units,) and (n_baseline_units,)."""
        # [n_words] -> [n_words, 1] -> [n_units, 1] -> [n_units]
        target, baseline = self._of_units(lambda one: one.column(side or self.side, self.neuron)[:, None], unit)
        return target[:, 0], baseline[:, 0]

    def _of_units(self, values_of: Callable[[BothSides], np.ndarray], unit: str | None) -> Values:
        """The means over the words of each unit of some values (n_words, d), of target and of baseline."""
        # The paired test has no lemmas: the units of another test, which compares the values as they are, will do.
        test = "welch" if self.spec.tested_by.paired else self.spec.test
        spec = self.spec.changed(test=test, unit=unit or self.spec.unit)
        sides = (self.result.target_sides, self.result.baseline_sides)
        units = units_of_pair(spec, self.result.words)
        target, baseline = (each.mean(values_of(one)) for each, one in zip(units, sides, strict=True))
        return target, baseline

    @cached_property
    def lemmas(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The lemma of each word, of target and of baseline; the word itself where none is known."""
        words = self.result.words
        return words.target_lemmas or words.target, words.baseline_lemmas or words.baseline


def read_subject(
    spec: ContrastSpec,
    neuron: int,
    lm: LoadedModel | None = None,
    *,
    gold: GoldText | None = None,
    downloads: Downloads = DEFAULT_DOWNLOADS,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
    store: Store = NO_STORE,
) -> Subject:
    """Run an experiment, and take one neuron of its layer as the subject of the checks.

    Parameters
    ----------
    spec, lm, downloads, progress, gate, store
        As in ``run_contrast``.
    neuron : int
        0-based.
    gold : GoldText, optional
        By default the sentences of the project.

    Returns
    -------
    Subject

    Raises
    ------
    UserError
        As ``run_contrast``; the layer does not have the neuron, or it does not vary.

    Examples
    --------
    >>> subject = read_subject(ContrastSpec.careful(layer=3, n_target=50, n_baseline=50), 120)
    >>> subject.own, subject.values()[0].shape  # 44 lemmas
    ('nouns', (44,))
    """
    model = model_of(spec, lm, progress)
    activations, tests, _, result = run_steps(
        spec, model, range(model.n_layers), downloads=downloads, progress=progress, gate=gate, store=store
    )
    text = gold or bundled_gold()
    read: list[GoldActivations] = []

    def read_gold(watch: Progress) -> GoldActivations:
        if not read:
            pooling, prefix = spec.pooling, spec.prefix
            read.append(
                gold_activations(model, text, spec.layer, pooling=pooling, prefix=prefix, progress=watch, gate=gate)
            )
        return read[0]

    return Subject(model, neuron, result, activations, tests, text, read_gold, gate)
