"""The experiment as a whole, against SciPy and statsmodels on the same activations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests

from core.activations import word_activations
from core.errors import UserError
from core.experiment import (
    choose_words,
    compare_neurons,
    conclude,
    correct,
    layer_counts,
    measure_effects,
    read_words,
    run_contrast,
)
from core.models import LoadedModel, load_model
from core.records import CUSTOM, ContrastSpec
from tests.support.oracles import STATSMODELS
from tests.support.tiny_models import N_LAYERS, assert_one_sentence, save_tiny

WORDS_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "words"
DEAD = [3, 40]


@pytest.fixture(scope="module")
def lm(tiny_folder: Callable[[str], Path]) -> LoadedModel:
    """A tiny GPT-Neo."""
    return load_model(str(tiny_folder("gpt_neo")))


@pytest.fixture(scope="module")
def lame(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A tiny GPT-Neo with two neurons of layer 2 that never move."""
    return load_model(str(save_tiny("gpt_neo", tmp_path_factory.mktemp("lame"), dead_neurons={2: DEAD})))


def careful(**changes: Any) -> ContrastSpec:
    """The Careful preset, on fewer words, each of them a unit."""
    return ContrastSpec.careful(**{"layer": 1, "n_target": 60, "n_baseline": 50, "unit": "word", **changes})


def bundled_words(name: str, n: int) -> list[str]:
    """The first words of a curated list, read plainly: below two lines about it, and after a tab comes the lemma."""
    lines = (WORDS_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()[2:]
    return [line.split("\t")[0] for line in lines][:n]


def custom(target: list[str], baseline: list[str], **changes: Any) -> ContrastSpec:
    """A spec on two lists of one's own."""
    words = {"target_words": tuple(target), "baseline_words": tuple(baseline)}
    counts = {"n_target": len(target), "n_baseline": len(baseline)}
    return careful(target=CUSTOM, baseline=CUSTOM, **{**words, **counts, **changes})


def adjusted(p: np.ndarray, correction: str) -> np.ndarray:
    """What statsmodels makes of a family's p-values, NaN left out; the shape is kept."""
    out = np.full(p.shape, np.nan)
    tested = ~np.isnan(p)
    out[tested] = p[tested] if correction == "none" else multipletests(p[tested], method=STATSMODELS[correction])[1]
    return out


# --- Presets ---


def test_careful_is_welch_and_holm_over_all_layers(lm: LoadedModel) -> None:
    """Adjusted p-values as statsmodels' from SciPy's p-values, all layers one family."""
    result = run_contrast(careful(), lm)
    nouns, verbs = (
        word_activations(lm, bundled_words(name, n), leading_space=True, prefix=True)
        for name, n in (("nouns", 60), ("verbs", 50))
    )
    expected = scipy.stats.ttest_ind(nouns.astype(float), verbs.astype(float), axis=1, equal_var=False)
    p_adjusted = multipletests(expected.pvalue.ravel(), method="holm")[1].reshape(N_LAYERS, -1)

    # Words that are read in other company differ in the last bit, which a t of nearly 0 shows.
    np.testing.assert_allclose(result.tests.statistic, expected.statistic[1], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(result.p_adjusted, p_adjusted[1], rtol=1e-5)
    np.testing.assert_array_equal(result.significant, p_adjusted[1] <= 0.05)
    assert result.family_size == p_adjusted.size
    assert (result.largest, result.smallest) == (expected.statistic[1].argmax(), expected.statistic[1].argmin())
    assert result.n_higher + result.n_lower == result.significant.sum()
    np.testing.assert_allclose(result.target_activations, nouns[1], atol=1e-5)


@pytest.mark.parametrize("correction", ["none", *STATSMODELS])
@pytest.mark.parametrize("family", ["layer", "model"])
def test_the_family_is_what_the_spec_says(lm: LoadedModel, family: str, correction: str) -> None:
    """This layer's tests, or all layers'; any correction as in statsmodels."""
    spec = careful(family=family, correction=correction, alpha=0.2)
    result = run_contrast(spec, lm)
    activations = read_words(lm, choose_words(spec), spec, range(N_LAYERS))
    p = compare_neurons(spec, activations).p_value
    expected = adjusted(p, correction)[1] if family == "model" else adjusted(p[1], correction)
    np.testing.assert_allclose(result.p_adjusted, expected, rtol=1e-6)
    assert result.family_size == (p.size if family == "model" else p[1].size)


def test_the_threshold_parts_the_significant(lm: LoadedModel) -> None:
    """In the paired test every neuron at or above the critical |t| is significant, and no other."""
    result = run_contrast(ContrastSpec.notebook(layer=1, word_source="bundled", alpha=0.5, correction="fdr_bh"), lm)
    assert 0 < result.significant.sum() < result.n_neurons
    beyond = np.abs(result.tests.statistic) >= result.critical_statistic * (1 - 1e-12)
    np.testing.assert_array_equal(result.significant, beyond)


def test_progress_counts_all_words(lm: LoadedModel) -> None:
    """The last call says all of all."""
    calls: list[tuple[float, str]] = []
    run_contrast(careful(), lm, progress=lambda *call: calls.append(call))
    assert calls[-1] == (1.0, "Reading words: 110 of 110")


def test_the_model_of_the_spec_is_loaded(tiny_folder: Callable[[str], Path]) -> None:
    """Without a model at hand, the spec's name is loaded, and the result says which it was."""
    folder = str(tiny_folder("gpt_neo"))
    result = run_contrast(careful(model=folder, family="layer"))
    assert result.model == load_model(folder).info


@pytest.mark.parametrize("family", ["layer", "model"])
@pytest.mark.parametrize("test", ["paired", "welch"])
def test_layer_counts_agree_with_each_layer(lm: LoadedModel, family: str, test: str) -> None:
    """Counts per layer, as running the contrast at each layer gives them."""
    spec = careful(test=test, n_baseline=60, family=family, correction="fdr_bh", alpha=0.3)
    activations = read_words(lm, choose_words(spec), spec, range(N_LAYERS))
    tests = compare_neurons(spec, activations)
    higher, lower = layer_counts(spec, tests, correct(spec, tests, activations))
    results = [run_contrast(spec.changed(layer=layer), lm) for layer in range(N_LAYERS)]
    assert higher.tolist() == [result.n_higher for result in results]
    assert lower.tolist() == [result.n_lower for result in results]
    assert higher.sum() + lower.sum() > 0


# --- Words ---


def test_shared_words_are_dropped(lm: LoadedModel) -> None:
    """With ``drop_shared`` they go from both lists, and a note counts them; without, they stay and are known."""
    target, baseline = ["run", "time", "walk", "people", "way"], ["go", "walk", "take", "run"]
    result = run_contrast(custom(target, baseline), lm)
    assert result.words.target == ("time", "people", "way") and result.words.baseline == ("go", "take")
    assert result.words.shared == ("run", "walk")
    assert result.target_activations.shape == (3, lm.d_mlp) and len(result.target_tokens) == 3
    assert any(note.startswith("2 words") and "dropped" in note for note in result.notes)

    kept = run_contrast(custom(target, baseline, drop_shared=False), lm)
    assert kept.words.target == tuple(target) and kept.words.shared == ("run", "walk")
    assert not any("dropped" in note for note in kept.notes)


def test_nothing_left_after_dropping(lm: LoadedModel) -> None:
    """Fewer than two words in a list: one sentence."""
    with pytest.raises(UserError) as caught:
        run_contrast(custom(["run", "walk", "way"], ["run", "walk", "go"]), lm)
    assert_one_sentence(caught.value, "at least two words", "1 target word and 1 baseline word")


def test_dropping_keeps_pairs(lm: LoadedModel) -> None:
    """A shared word leaves both lists at once, so a paired test stays possible."""
    spec = custom(["run", "time", "way"], ["go", "take", "run"], test="paired")
    assert len(run_contrast(spec, lm).words.target) == 2


def test_custom_words_are_used_as_given(lm: LoadedModel) -> None:
    """In their order, as many as the count says; a comma and an inner space are part of a word."""
    result = run_contrast(custom(["ice cream", "1,000", "naïve", "x"], ["go", "take"], n_target=3), lm)
    assert result.words.target == ("ice cream", "1,000", "naïve")
    assert result.words.target_list.source == "own list"
    np.testing.assert_allclose(
        result.target_activations,
        word_activations(lm, ["ice cream", "1,000", "naïve"], [1], leading_space=True, prefix=True)[0],
        atol=1e-5,
    )


def test_more_words_than_there_are(lm: LoadedModel) -> None:
    """All are used, and a note says how many there are, and how many were asked for."""
    names = tuple(bundled_words("conjunctions", 500))
    result = run_contrast(careful(target="conjunctions", n_target=500, drop_shared=False), lm)
    assert result.words.target == names and len(result.target_units) == len(names) < 500
    (note,) = [note for note in result.notes if "asked for" in note]
    assert "conjunctions" in note and f"{len(names)} words" in note and "500" in note


def test_an_unequal_pair_is_refused_before_anything_runs() -> None:
    """The spec itself cannot be made."""
    with pytest.raises(UserError, match="paired"):
        ContrastSpec(n_target=100, n_baseline=99)


def test_a_stand_in_is_noted(lm: LoadedModel) -> None:
    """No network (see conftest) and an empty cache: the bundled lists, and no note twice."""
    result = run_contrast(ContrastSpec.notebook(layer=0, n_target=10, n_baseline=10), lm)
    assert result.words.target == tuple(bundled_words("nouns", 10))
    assert [note for note in result.notes if "stands in" in note]
    assert len(result.notes) == len(set(result.notes))


def test_repeated_words_are_noted(lm: LoadedModel, tmp_path: Path) -> None:
    """What was dropped while a folder's lists were read reaches the result."""
    (tmp_path / "nouns.txt").write_text("time\n\npeople\ntime\nway\n")
    (tmp_path / "verbs.txt").write_text("go\ntake\nmake\n")
    result = run_contrast(careful(word_source=str(tmp_path), n_target=3, n_baseline=3), lm)
    assert result.words.target == ("time", "people", "way")
    assert any("blank" in note for note in result.notes) and any("repeated" in note for note in result.notes)


# --- Layers and neurons that are not there ---


def test_an_unknown_layer(lm: LoadedModel) -> None:
    """Refused before a word is read."""
    with pytest.raises(UserError, match=r"Layer 9.*0 to 3"):
        run_contrast(careful(layer=9), lm)


def test_dead_neurons_leave_the_family(lame: LoadedModel) -> None:
    """NaN, not significant, not counted, noted; the others are adjusted as if they were alone."""
    result = run_contrast(careful(layer=2, family="layer"), lame)
    assert np.flatnonzero(np.isnan(result.tests.statistic)).tolist() == DEAD
    assert np.isnan(result.p_adjusted[DEAD]).all() and not result.significant[DEAD].any()
    assert result.family_size == lame.d_mlp - len(DEAD)
    assert any(note.startswith("2 neurons") for note in result.notes)
    np.testing.assert_allclose(result.p_adjusted, adjusted(result.tests.p_value, "holm"), rtol=1e-9)
    assert result.largest not in DEAD and result.smallest not in DEAD


def test_dead_neurons_of_another_layer(lame: LoadedModel) -> None:
    """They leave the family over all layers, but this layer has no note to make."""
    result = run_contrast(careful(layer=1, family="model"), lame)
    assert result.family_size == lame.n_layers * lame.d_mlp - len(DEAD)
    assert not any("neurons" in note for note in result.notes)


def test_nothing_varies(lm: LoadedModel) -> None:
    """Lists whose differences are all zero: one sentence instead of an empty result."""
    spec = custom(["time", "way"], ["time", "way"], test="paired", drop_shared=False)
    with pytest.raises(UserError) as caught:
        run_contrast(spec, lm)
    assert_one_sentence(caught.value, "varies")


def test_a_family_over_the_model_needs_all_layers(lm: LoadedModel) -> None:
    """A caller that read one layer only is told, rather than given a smaller family."""
    spec = careful()
    activations = read_words(lm, choose_words(spec), spec, [1])
    tests = compare_neurons(spec, activations)
    with pytest.raises(ValueError, match="all 4 layers"):
        conclude(
            spec,
            lm.info,
            activations,
            tests,
            correct(spec, tests, activations),
            effects=measure_effects(spec, activations),
        )


class Shared:
    """A store that keeps every array in a dict, and counts how often one was filled."""

    def __init__(self) -> None:
        self.kept: dict[str, np.ndarray] = {}
        self.fills = 0

    def obtain(self, key: str, shape: tuple[int, ...], fill: Callable[[np.ndarray], None]) -> np.ndarray:
        if key not in self.kept:
            self.fills += 1
            fill(out := np.empty(shape, dtype=np.float32))
            self.kept[key] = out
        return self.kept[key]


def test_what_the_store_has_is_not_read_again(lm: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same result to the last bit as without one; the second time without a pass."""
    alone = run_contrast(careful(), lm)
    store = Shared()
    for _ in range(2):
        kept = run_contrast(careful(), lm, store=store)
        np.testing.assert_array_equal(kept.p_adjusted, alone.p_adjusted)
        np.testing.assert_array_equal(kept.target_activations, alone.target_activations)
        monkeypatch.setattr(lm.network, "forward", None)
    assert store.fills == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"pooling": "last"},
        {"leading_space": False},
        {"prefix": False},
        {"n_target": 59},
        {"family": "layer"},
    ],
)
def test_another_reading_has_another_key(lm: LoadedModel, changes: dict[str, Any]) -> None:
    """Whatever the activations depend on is in the key; another test, side or unit finds what is there."""
    store = Shared()
    run_contrast(careful(), lm, store=store)
    run_contrast(careful(correction="fdr_bh", layer=2), lm, store=store)
    run_contrast(careful(hook_side="activation", unit="lemma"), lm, store=store)
    assert store.fills == 1
    run_contrast(careful(**changes), lm, store=store)
    assert store.fills == 2


def test_every_pass_goes_through_the_gate(lm: LoadedModel) -> None:
    """A server's queue, say: entered and left once for each pass, and never held while nothing is read."""
    events: list[str] = []

    @contextmanager
    def gate() -> Iterator[None]:
        events.append("in")
        yield
        events.append("out")

    handle = lm.network.register_forward_pre_hook(lambda *_: events.append("pass"))
    try:
        run_contrast(careful(), lm, gate=gate)
    finally:
        handle.remove()
    assert events and events == ["in", "pass", "out"] * (len(events) // 3)
