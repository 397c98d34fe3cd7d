"""A registration with chosen values, to test what is kept and said of it."""

from __future__ import annotations

from typing import Any

from core.records import ContrastSpec
from core.records.registration import GoldSeparation, HeldOutTest, Opening, Registered, Registration

SPEC = ContrastSpec.careful(layer=2, n_target=40, n_baseline=40)
WHEN, LOCAL = "2026-01-05T10:00:00+00:00", "2026-01-05T19:00:00+09:00"


def made_registration(**changes: Any) -> Registration:
    return Registration(
        **{
            "hypothesis": "Higher for nouns, also for new ones.",
            "spec": SPEC,
            "neuron": 17,
            "higher_for": "target",
            "planned_test": "welch",
            "planned_alpha": 0.05,
            "smallest_auc": 0.75,
            "locked_at": WHEN,
            "locked_at_local": LOCAL,
            "model_revision": "sha256:0123",
            "app_version": "0.1.0",
            **changes,
        }
    )


def made_test(**changes: Any) -> HeldOutTest:
    numbers: dict[str, Any] = {"n_higher": 30, "n_lower": 31, "statistic": 5.0, "degrees_of_freedom": 58.2}
    numbers |= {"p_value": 1e-5, "log10_p": -5.0, "auc": 0.85, "auc_low": 0.78, "auc_high": 0.9, "hedges_g": 1.2}
    return HeldOutTest(**{**numbers, "words_sha256": "ab" * 32, **changes})


def made_separation(**changes: Any) -> GoldSeparation:
    return GoldSeparation(**{"n_higher": 99, "n_lower": 88, "n_sentences": 20, **_AUCS, "text_sha256": "cd", **changes})


_AUCS = {"auc": 0.8, "auc_low": 0.76, "auc_high": 0.84}


def made_opened(**changes: Any) -> Registered:
    opening = Opening(WHEN, LOCAL, "0.1.0", "sha256:0123", made_test(), made_separation())
    return Registered.locked(made_registration(**changes)).opened(opening)
