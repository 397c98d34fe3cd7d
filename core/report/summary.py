"""A contrast as JSON: everything that is needed to report it and to run it again."""

from __future__ import annotations

import json
import math
import platform
import re
import sys
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from core.records import STRONG_AUC, ContrastResult, ContrastSpec
from core.records.contrasts import contrast_of, what_else_differs
from core.report.glossary import d_definition, statistic_name
from core.report.sentences import about_control, marks
from core.version import __version__

_LIBRARIES = ("numpy", "scipy", "torch", "transformers")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def summary_json(result: ContrastResult) -> str:
    """A contrast as JSON.

    A p-value too small for a float is null; its logarithm is exact. Degrees of freedom are null where they are
    infinite. Letters of all scripts are written unescaped. Only a lone surrogate, which a folder's name may contain, is
    escaped, because UTF-8 cannot encode it. To read the JSON restores it.
    """
    record = {
        "spec": asdict(result.spec),
        "control": about_control(result.spec) if result.spec.shuffle_labels else None,
        "model": asdict(result.model),
        "versions": library_versions(),
        **contrast_fields(result.spec),
        **_words(result),
        **_tests(result),
        **_counts(result),
        "largest": _neuron(result, result.largest),
        "smallest": _neuron(result, result.smallest),
        "cautions": [_caution(caution) for caution in result.cautions],
        "notes": result.notes,
    }
    return written(record)


def written(record: dict[str, Any]) -> str:
    """A record as JSON, for people to read. ``summary_json`` says how letters are written.

    Examples
    --------
    >>> written({"name": "thé"})
    '{\\n  "name": "thé"\\n}'
    """
    text = json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False)
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def library_versions() -> dict[str, str]:
    """The versions of this app, of Python, and of the libraries that the numbers come from."""
    libraries = {name: _version(name) for name in _LIBRARIES}
    return {"grammar_neurons": __version__, "python": platform.python_version(), **libraries}


def contrast_fields(spec: ContrastSpec) -> dict[str, str | None]:
    """The name of the contrast, and what else differs between its classes: what both kinds of JSON files have.

    Examples
    --------
    >>> contrast_fields(ContrastSpec(target="verbs", baseline="nouns"))["contrast"]
    'nouns-verbs'
    """
    contrast = contrast_of(spec)
    return {"contrast": contrast.name if contrast else None, "confounds": what_else_differs(spec) or None}


_version = cache(version)  # to read it takes milliseconds


def _words(result: ContrastResult) -> dict[str, Any]:
    """The words that were used, and how many units they make."""
    words = result.words
    return {
        "target_source": words.target_list.source,
        "baseline_source": words.baseline_list.source,
        "target_words": words.target,
        "baseline_words": words.baseline,
        "n_target_words": len(words.target),
        "n_baseline_words": len(words.baseline),
        "n_target_lemmas": len(set(words.target_lemmas)),
        "n_baseline_lemmas": len(set(words.baseline_lemmas)),
        "unit": result.spec.unit,
        "n_target_units": len(result.target_units),
        "n_baseline_units": len(result.baseline_units),
    }


def _tests(result: ContrastResult) -> dict[str, Any]:
    """What was tested and corrected, and from where on a statistic is significant."""
    spec, maxima = result.spec, result.null_maxima
    return {
        "neurons": result.n_neurons,
        "family": f"all {result.model.n_layers} layers" if spec.family == "model" else f"layer {spec.layer}",
        "family_size": result.family_size,
        "statistic_name": statistic_name(spec.test),
        "critical_statistic": _number(result.critical_statistic),
        "d_definition": d_definition(spec.test),
        "null_95": None if result.null_95 is None else _number(result.null_95),
        "permutations": None if maxima is None else int(maxima.size),
        "seed": spec.seed if maxima is not None or spec.shuffle_labels else None,
    }


def _counts(result: ContrastResult) -> dict[str, Any]:
    significant, top = result.significant, result.top
    return {
        "significant_higher_for_target": result.n_higher,
        "significant_higher_for_baseline": result.n_lower,
        "strong_auc": STRONG_AUC,
        "strong": int(result.strong.sum()),
        "strong_on_both_sides": int(result.strong_on_both_sides.sum()),
        "strong_reversed": int(result.strong_reversed.sum()),
        "significant_and_silent": int((significant & result.silent).sum()),
        "significant_and_reverses": int((significant & result.reverses).sum()),
        "top_share": result.spec.top_share,
        "top": None if top is None else np.flatnonzero(top).tolist(),
    }


def _neuron(result: ContrastResult, neuron: int) -> dict[str, Any]:
    """The numbers of one neuron, on both sides of the nonlinearity."""
    tests, sizes, other = result.tests, result.effect_sizes, result.other_side
    return {
        "neuron": neuron,
        "statistic": _number(tests.statistic[neuron]),
        "degrees_of_freedom": _number(tests.degrees_of_freedom[neuron]),
        "p_value": _p(tests.p_value[neuron]),
        "log10_p": _number(result.log10_p[neuron]),
        "p_adjusted": _p(result.p_adjusted[neuron]),
        "log10_p_adjusted": _number(result.log10_p_adjusted[neuron]),
        "mean_difference": _number(tests.mean_difference[neuron]),
        "cohens_d": _number(tests.cohens_d[neuron]),
        "hedges_g": _number(sizes.hedges_g[neuron]),
        "hedges_g_95": [_number(sizes.hedges_g_low[neuron]), _number(sizes.hedges_g_high[neuron])],
        "auc": _number(tests.auc[neuron]),
        "auc_95": [_number(sizes.auc_low[neuron]), _number(sizes.auc_high[neuron])],
        "other_side": {
            "side": other.side,
            "mean_difference": _number(other.mean_difference[neuron]),
            "auc": _number(other.auc[neuron]),
        },
        "above_zero_target": _number(other.above_zero_target[neuron]),
        "above_zero_baseline": _number(other.above_zero_baseline[neuron]),
        "marks": marks(result, neuron),
    }


def _caution(caution: Any) -> dict[str, Any]:
    remedies = [{"label": remedy.label, "changes": dict(remedy.changes)} for remedy in caution.remedies]
    return {"sentence": caution.sentence, "remedies": remedies}


def _number(value: float | np.floating[Any]) -> float | None:
    """A number that JSON knows; None for NaN and infinity."""
    return float(value) if math.isfinite(value) else None


def _p(value: float | np.floating[Any]) -> float | None:
    """A p-value; None below the least normal float, where digits are lost."""
    return float(value) if value >= sys.float_info.min else None
