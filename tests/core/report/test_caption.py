"""The caption of a saved figure names what its numbers follow from, and keeps what warns of them."""

from __future__ import annotations

from core.experiment import run_contrast
from core.records import ContrastSpec
from core.report.caption import caption
from core.report.sentences import about_control
from core.version import __version__
from tests.support.made_results import made_result


def test_the_settings_are_in_it() -> None:
    [settings] = caption(made_result(), "Holm", "Made model")
    for part in ("Made model (r1)", "layer 3", "4 nouns (3 lemmas) and 5 verbs (3 lemmas)", "compared by lemma"):
        assert part in settings
    assert f"Welch's t-test, Holm over 48 tests, α = 0.05. Grammar Neurons {__version__}." in settings
    assert caption(made_result(), "Holm")[0].startswith("made (r1)")


def test_a_control_and_cautions_are_not_lost() -> None:
    spec = ContrastSpec.careful(n_target=5, n_baseline=100, unit="word", hook_side="activation", shuffle_labels=True)
    result = run_contrast(spec)
    _, control, *cautions = caption(result, "Holm")
    assert control == about_control(spec)
    assert cautions == [each.sentence for each in result.cautions] != []
