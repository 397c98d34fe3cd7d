"""The same data by the protocols of all presets: what each selects of the same words and the same reading.

found = run_protocols(spec, lm.info, activations)     # activations from ``core.experiment.read_words``, of all layers
found.overlap(0, 1).jaccard
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from core.comparison import compare_neurons, correct, units_of_pair
from core.errors import UserError
from core.progress import Progress, part_of, unwatched
from core.records import ALL_PRESETS, PROTOCOL, ContrastSpec, ModelInfo, Preset, WordActivations
from core.records.protocols import ProtocolFound, Protocols
from core.stats.selection import selected_by_top_share


def with_protocol_of(spec: ContrastSpec, preset: Preset) -> ContrastSpec:
    """The spec with a preset's protocol: its hook side, unit, test, correction, family and alpha.

    The words, how they are read, and all else stay.

    Raises
    ------
    UserError
        The protocol does not fit the spec, as a paired test does not fit unequal counts.

    Examples
    --------
    >>> spec = with_protocol_of(ContrastSpec.careful(n_target=60, n_baseline=60), ALL_PRESETS["localiser"])
    >>> spec.test, spec.n_target, spec.pooling
    ('welch_absolute', 60, 'mean')
    """
    return spec.changed(**{name: preset.settings[name] for name in PROTOCOL})


def specs_of_protocols(spec: ContrastSpec) -> list[ContrastSpec]:
    """The spec with the protocol of each preset whose protocol fits it.

    Examples
    --------
    >>> [each.correction for each in specs_of_protocols(ContrastSpec.careful())]
    ['bonferroni', 'holm', 'fdr_bh']
    """
    specs = []
    for preset in ALL_PRESETS.values():
        with suppress(UserError):
            specs.append(with_protocol_of(spec, preset))
    return specs


def run_protocols(
    spec: ContrastSpec,
    model: ModelInfo,
    activations: WordActivations,
    *,
    check: Callable[[ContrastSpec], object] = lambda spec: None,
    progress: Progress = unwatched,
) -> Protocols:
    """Analyse the same activations by the protocol of each preset.

    Parameters
    ----------
    spec : ContrastSpec
        Which words are read, and how. Its own protocol and its layer do not matter.
    model : ModelInfo
    activations : WordActivations
        Of all layers: families and top shares are of the model.
    check : callable
        Called with the spec of each protocol before it is run; if it raises UserError, that one is not run.
    progress : callable
        Called with a share and a sentence.

    Returns
    -------
    Protocols
        A preset whose protocol does not fit these words is in ``not_run``, with the reason.

    Examples
    --------
    >>> from core.experiment import choose_words, read_words
    >>> from core.models import load_model
    >>> lm, spec = load_model("bundled"), ContrastSpec.careful(n_target=50, n_baseline=50)
    >>> found = run_protocols(spec, lm.info, read_words(lm, choose_words(spec), spec, range(lm.n_layers)))
    >>> [(one.preset.name, one.selected.shape) for one in found.found[:2]]
    [('notebook', (6, 512)), ('careful', (6, 512))]
    """
    found, not_run = [], []
    for number, preset in enumerate(ALL_PRESETS.values()):
        watch = part_of(progress, number / len(ALL_PRESETS), (number + 1) / len(ALL_PRESETS))
        watch(0.0, f"Analysing by the protocol {preset.label}")
        try:
            its_spec = with_protocol_of(spec, preset)
            units_of_pair(its_spec, activations.words)
            check(its_spec)
        except UserError as error:
            not_run.append((preset.label, str(error)))
            continue
        if why := _unpaired(its_spec, activations):
            not_run.append((preset.label, why))
        else:
            found.append(_found(preset, its_spec, activations, watch))
    return Protocols(model, activations.layers, tuple(found), tuple(not_run))


def _unpaired(spec: ContrastSpec, activations: WordActivations) -> str:
    """Why a test that pairs words cannot be run; empty if it can, or pairs none. A list may have fewer than asked."""
    n_target, n_baseline = len(activations.words.target), len(activations.words.baseline)
    if not spec.tested_by.paired or n_target == n_baseline:
        return ""
    return f"The paired test needs as many target as baseline words; {n_target:,} and {n_baseline:,} were read."


def _found(preset: Preset, spec: ContrastSpec, activations: WordActivations, progress: Progress) -> ProtocolFound:
    tests = compare_neurons(spec, activations)
    if preset.top_share is None:
        selected = correct(spec, tests, activations, progress).p_adjusted <= spec.alpha  # False for NaN: not tested
    else:
        selected = selected_by_top_share(tests.statistic, preset.top_share)
    units = units_of_pair(spec, activations.words)
    sizes = (len(each.names) for each in units)
    return ProtocolFound(preset, spec, tests.statistic, tests.auc, selected, *sizes)
