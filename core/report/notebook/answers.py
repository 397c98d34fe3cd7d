"""The numbers that the app has shown, and code of the notebook that compares them with its own.

The values of neurons differ in their last digits between computers, and between words that are read together. So
numbers are compared with tolerances, which the notebook states.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.records import ContrastResult
from core.report.glossary import statistic_name

# How many of the strongest neurons are compared, beside the extremes and those that were chosen.
_STRONGEST = 10

COMPARE = """\
failures, shares = [], []


def compare(what, here, shown, tolerance):
    \"\"\"Remember how far a number is from the app's, as a share of the tolerance.\"\"\"
    if shown is None:
        if np.isfinite(here):
            failures.append(f"{what}: {here}, and the app has none")
        return
    share = abs(here - shown) / tolerance  # NaN is no agreement
    shares.append(share)
    if not share <= 1:
        failures.append(f"{what}: {here}, and the app shows {shown}")


n1, n2 = target.shape[1], baseline.shape[1]
pair = 2 / (n1 * n2)  # two words whose values are almost equal may change places
print("  neuron STATISTIC here, in the app     adjusted p, in the app        d      AUC")
for neuron, shown in SHOWN["neurons"].items():
    compare(f"neuron {neuron}, STATISTIC", statistic[at, neuron], shown["statistic"], of_statistic(shown["statistic"]))
    compare(f"neuron {neuron}, d", d[neuron], shown["cohens_d"], CLOSE * max(1, abs(shown["cohens_d"] or 0)))
    compare(f"neuron {neuron}, AUC", area[neuron], shown["auc"], max(CLOSE, pair))
    if shown["p_adjusted"] is None or shown["p_adjusted"] > 1e-290:  # smaller ones are no numbers in SciPy
        for name, p_here in (("p_value", p_value[at, neuron]), ("p_adjusted", p_adjusted[at, neuron])):
            compare(f"neuron {neuron}, {name}", p_here, shown[name], of_p(shown[name], name))
    app_statistic, app_p = (np.nan if shown[name] is None else shown[name] for name in ("statistic", "p_adjusted"))
    print(f"{neuron:>8} {statistic[at, neuron]:>10.4f} {app_statistic:>10.4f} {p_adjusted[at, neuron]:>15.3g} "
          f"{app_p:>10.3g} {d[neuron]:>8.3f} {area[neuron]:>8.4f}")

significant = p_adjusted[at] <= ALPHA
near = np.abs(p_adjusted[at] - ALPHA) <= of_p(ALPHA, "p_adjusted")  # so near to alpha that rounding may decide
strong = significant & (np.maximum(area, 1 - area) >= STRONG - 1e-9)
near_strong = near | (significant & (np.abs(np.maximum(area, 1 - area) - STRONG) <= pair))
counts = {
    "n_higher": (significant & (statistic[at] > 0), near),
    "n_lower": (significant & (statistic[at] < 0), near),
    "n_strong": (strong, near_strong),
}
for name, (found, unsure) in counts.items():
    compare(name, int(found.sum()), SHOWN[name], unsure.sum() + 0.5)
    print(f"{name}: {int(found.sum()):,} here, {SHOWN[name]:,} in the app")
compare("family_size", int(np.isfinite(statistic).sum()), SHOWN["family_size"], 0.5)
compare("largest STATISTIC", np.nanmax(statistic[at]), SHOWN["largest"], of_statistic(SHOWN["largest"]))
compare("smallest STATISTIC", np.nanmin(statistic[at]), SHOWN["smallest"], of_statistic(SHOWN["smallest"]))
if n_tokens != SHOWN["n_tokens"]:
    failures.append(f"tokens of the words: {n_tokens}, and the app shows {SHOWN['n_tokens']}")
if failures:
    raise ValueError("The numbers differ from those of the app:\\n" + "\\n".join(failures))
print(f"All numbers agree with those of the app. The largest difference is {max(shares):.1%} of its tolerance.")"""

_TOLERANCES = """\
CLOSE = {close}  # as a share of the number, or of 1 if it is smaller


def of_statistic(shown):
    \"\"\"How far a statistic may be from the one that the app shows.\"\"\"
    return CLOSE * max(1, abs(shown or 0)){flip}


def of_p(shown, name):
    \"\"\"How far a p-value may be: far out, a small change of the statistic is a larger one of p.\"\"\"
    near = 5 * CLOSE * max(1, -np.log10(shown)) * shown if shown else 1e-6
    return {near_p}"""


def model_name(result: ContrastResult) -> str:
    """The model's name on the hub, or its folder; the bundled one's is that within the project's folder."""
    spec, model = result.spec, result.model
    if not model.revision.startswith("sha256:"):
        return model.name.partition("@")[0]
    return "assets/models/grammar-neo-9m" if spec.model == "bundled" else spec.model


def settings_code(result: ContrastResult, label: str) -> str:
    """Code that sets what the other cells read in capital letters, but for the words."""
    spec, model = result.spec, result.model
    before = spec.hook_side == "pre-activation"
    is_hub = not model.revision.startswith("sha256:")
    lines: list[tuple[str, Any, str]] = [
        ("MODEL", model_name(result), "on the Hugging Face hub" if is_hub else "a folder, here or above"),
        ("REVISION", model.revision, "the commit" if is_hub else "the beginning of the SHA-256 of its weights"),
        ("DTYPE", spec.dtype, "the format of weights and values"),
        ("LAYER", spec.layer, "counted from 0"),
        ("D_MLP", model.d_mlp, "neurons of a layer"),
        (
            "HOOK",
            model.hook_paths[0 if before else 1],
            f"its {'output' if before else 'input'} is read: {spec.hook_side}",
        ),
        ("START_TOKEN", model.start_token if spec.prefix else None, "read before each word"),
        ("WHOLE_MODEL", spec.family == "model", "whether all layers are corrected together"),
        ("ALPHA", spec.alpha, f"the level, after the correction: {label}"),
    ]
    if result.null_maxima is not None:
        lines += [("SEED", spec.seed, "of the permutations"), ("N_PERMUTATIONS", int(result.null_maxima.size), "")]
    return "\n".join(f"{key} = {value!r}{f'  # {about}' if about else ''}" for key, value, about in lines)


def tolerances_code(result: ContrastResult) -> str:
    """Code that sets how near numbers must be."""
    close = "0.05" if result.spec.dtype == "bfloat16" else "0.001"
    n1, n2 = len(result.target_units), len(result.baseline_units)
    # Two words that are almost equal may change places: U by 2, in units of its standard deviation.
    flip = (
        f" + {2 / math.sqrt(n1 * n2 * (n1 + n2 + 1) / 12):.2g}  # and two words that are almost equal may change places"
        if result.spec.tested_by.finds == "rank"
        else ""
    )
    # A permutation more or less that reaches a neuron changes its p by one step.
    near_p = "near"
    if result.null_maxima is not None:
        near_p = "near if name == 'p_value' else max(near, 10 / (N_PERMUTATIONS + 1))"
    return _TOLERANCES.format(close=close, flip=flip, near_p=near_p)


def shown_code(result: ContrastResult, chosen: Sequence[int]) -> str:
    """Code that holds the numbers which the app has shown: of the extreme, the strongest and the chosen neurons."""
    tests = result.tests
    wanted = dict.fromkeys([result.largest, result.smallest, *chosen, *result.order[:_STRONGEST].tolist()])
    lines = [f"    {neuron}: {_neuron(result, neuron)!r}," for neuron in wanted if neuron < result.n_neurons]
    counts = {
        "n_higher": result.n_higher,
        "n_lower": result.n_lower,
        "n_strong": int(result.strong.sum()),
        "family_size": result.family_size,
        "largest": float(tests.statistic[result.largest]),
        "smallest": float(tests.statistic[result.smallest]),
        "n_tokens": [int(result.target_tokens.sum()), int(result.baseline_tokens.sum())],
    }
    rest = "".join(f"    {key!r}: {value!r},\n" for key, value in counts.items())
    neurons = "\n".join(f"    {line}" for line in lines)
    return f"SHOWN = {{\n    'neurons': {{\n{neurons}\n    }},\n{rest}}}"


def compare_code(result: ContrastResult) -> str:
    """Code that compares, and raises an error if a number differs."""
    return COMPARE.replace("STATISTIC", statistic_name(result.spec.test))


def _neuron(result: ContrastResult, neuron: int) -> dict[str, float | None]:
    tests = result.tests
    return {
        "statistic": _number(tests.statistic[neuron]),
        "p_value": _number(tests.p_value[neuron]),
        "p_adjusted": _p_adjusted(result, neuron),
        "cohens_d": _number(tests.cohens_d[neuron]),
        "auc": _number(tests.auc[neuron]),
    }


def _p_adjusted(result: ContrastResult, neuron: int) -> float | None:
    """0 where a p-value is too small for a float; None where there is none."""
    p = _number(result.p_adjusted[neuron])
    return p if p is None or p >= sys.float_info.min else 0.0


def _number(value: np.floating[Any] | float) -> float | None:
    return float(value) if math.isfinite(value) else None
