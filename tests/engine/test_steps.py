"""The steps of an experiment: what a change of the spec computes anew, what is refused, and what agrees with core."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import comparison
from core.errors import UserError
from core.experiment import run_contrast
from core.progress import unwatched
from core.records import CORRECTIONS, TESTS, ContrastSpec, WordList, WordPair
from core.report.summary import summary_json
from core.stats import correction
from engine import admission, files, steps
from engine.jobs import Job, NotCached
from engine.pipeline import Request, begin_apart, cached, obtain, resolve
from engine.visitors import Visitor
from tests.support.slow_work import Slow, asked_for
from tests.support.threads import WAIT, until
from tests.support.tiny_models import N_LAYERS, assert_one_sentence

TEXT = "The river runs past the old mill."


pytestmark = pytest.mark.usefixtures("own_world")


@pytest.fixture
def spec(tiny_folder: Callable[[str], Path]) -> ContrastSpec:
    """Few words of a tiny model, with a family over the model."""
    folder = str(tiny_folder("gpt_neo"))
    return ContrastSpec.careful(model=folder, layer=2, n_target=20, n_baseline=20, unit="word")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each function of core that costs something is called."""
    counted: Counter[str] = Counter()

    def count(module: Any, name: str) -> None:
        plain = getattr(module, name)

        def counting(*args: Any, **options: Any) -> Any:
            counted[name] += 1
            return plain(*args, **options)

        monkeypatch.setattr(module, name, counting)

    for name in (*ONCE, "correct", "measure_effects", "conclude"):
        count(steps, name)
    # Where experiment takes it from, and where the correction's own functions find it.
    for module in (comparison, correction):
        count(module, "adjust")
    return counted


ONCE = ("load_model", "choose_words", "read_words", "compare_neurons")


def wait(job: Job) -> None:
    assert job.finished.wait(WAIT)


def assert_same(result: Any, spec: ContrastSpec) -> None:
    """The contrast is what the experiment computes without any of this."""
    fresh = run_contrast(spec)
    np.testing.assert_array_equal(result.tests.statistic, fresh.tests.statistic)
    np.testing.assert_array_equal(result.p_adjusted, fresh.p_adjusted)
    assert (result.spec, result.notes) == (spec, fresh.notes)
    assert (result.family_size, result.critical_statistic) == (fresh.family_size, fresh.critical_statistic)


# --- What a change costs


def test_every_layer_of_one_setting_is_one_sort(spec: ContrastSpec, calls: Counter[str]) -> None:
    """Holm's over the whole model, for the conclusions of all layers and the profile."""
    for layer in range(N_LAYERS):
        at = spec.changed(layer=layer)
        assert_same_layer(resolve(steps.conclusion, Request(at)), at)
        resolve(steps.profile, Request(at))
    assert calls == {
        **dict.fromkeys((*ONCE, "correct"), 1), "adjust": 1, "measure_effects": N_LAYERS, "conclude": N_LAYERS
    }  # fmt: skip


def assert_same_layer(result: Any, spec: ContrastSpec) -> None:
    assert result.spec == spec and result.p_adjusted.shape == (result.model.d_mlp,)


@pytest.mark.parametrize("family", ["model", "layer"])
def test_another_correction_reads_and_tests_nothing_again(family: str, spec: ContrastSpec, calls: Counter[str]) -> None:
    for each in CORRECTIONS:
        for _ in range(2):
            resolve(steps.conclusion, Request(spec.changed(correction=each, family=family)))
            resolve(steps.profile, Request(spec.changed(correction=each, family=family)))
    n_sorts = (len(CORRECTIONS) - 1) * (N_LAYERS if family == "layer" else 1)  # max-T sorts in its own way
    assert calls == {
        **dict.fromkeys((*ONCE, "measure_effects"), 1),
        **dict.fromkeys(("correct", "conclude"), len(CORRECTIONS)),
        "adjust": n_sorts,
    }


def test_another_alpha_corrects_nothing_again(spec: ContrastSpec, calls: Counter[str]) -> None:
    for alpha in (0.05, 0.01, 0.001):
        resolve(steps.conclusion, Request(spec.changed(alpha=alpha)))
        resolve(steps.profile, Request(spec.changed(alpha=alpha)))
    assert calls == {**dict.fromkeys((*ONCE, "correct", "adjust", "measure_effects"), 1), "conclude": 3}


def test_another_test_reads_nothing_again(spec: ContrastSpec, calls: Counter[str]) -> None:
    spec = spec.changed(drop_shared=False)
    for test in TESTS:
        resolve(steps.conclusion, Request(spec.changed(test=test)))
    assert calls["read_words"] == 1 and calls["compare_neurons"] == calls["adjust"] == calls["measure_effects"] == len(
        TESTS
    )


@pytest.mark.parametrize("change", [{"hook_side": "activation"}, {"unit": "lemma"}])
def test_another_side_or_unit_reads_nothing_again(
    change: dict[str, Any], spec: ContrastSpec, calls: Counter[str]
) -> None:
    """Whichever comes first, both are what the experiment computes alone."""
    for each in (spec.changed(**change), spec):
        assert_same(resolve(steps.conclusion, Request(each)), each)
    assert calls["choose_words"] == calls["read_words"] == 1
    assert calls["compare_neurons"] == calls["measure_effects"] == 2


def test_a_seed_matters_to_max_t_alone(spec: ContrastSpec, calls: Counter[str]) -> None:
    for method, n_corrected in (("holm", 1), ("max_t", 3)):
        for seed in (0, 1):
            resolve(steps.profile, Request(spec.changed(correction=method, seed=seed)))
        assert calls["correct"] == n_corrected
    assert calls["compare_neurons"] == 1


def test_permutations_show_progress(spec: ContrastSpec) -> None:
    """Their share grows to 1, also over the families of all layers."""
    for family in ("model", "layer"):
        said: list[tuple[float, str]] = []
        request = Request(spec.changed(correction="max_t", family=family))
        resolve(steps.tests, request)
        resolve(steps.adjusted, request, lambda *call: said.append(call))
        shares = [share for share, sentence in said if sentence.startswith("Permuting")]
        assert shares == sorted(shares) and shares[-1] == 1.0


def test_another_neuron_computes_nothing_again(spec: ContrastSpec, calls: Counter[str]) -> None:
    charts = [resolve(steps.scatter, Request(spec, marked=marked)) for marked in (None, 3, 7)]
    assert calls == {**dict.fromkeys((*ONCE, "correct", "adjust", "measure_effects", "conclude"), 1)}
    assert charts[0] == charts[1] == charts[2]  # the page marks neurons over the chart


@pytest.mark.parametrize("change", [{"pooling": "last"}, {"prefix": False}, {"n_target": 19}])
def test_what_is_read_otherwise_is_read_anew(change: dict[str, Any], spec: ContrastSpec, calls: Counter[str]) -> None:
    for each in (spec, spec.changed(**change)):
        assert_same(resolve(steps.conclusion, Request(each)), each)
    assert calls["read_words"] == calls["compare_neurons"] == calls["adjust"] - 2 == 2  # two are of assert_same


def test_many_words_are_read_for_the_one_layer(
    spec: ContrastSpec, calls: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "_ALL_LAYERS_WORDS", 30)
    spec = spec.changed(family="layer")
    for layer in (1, 2):
        at = spec.changed(layer=layer)
        assert_same(resolve(steps.conclusion, Request(at)), at)
        assert resolve(steps.profile, Request(at)) is None
    assert calls["read_words"] == 2
    assert resolve(steps.profile, Request(spec.changed(family="model"))) is not None, "a family needs all layers"


def test_what_is_computed_is_what_core_computes(spec: ContrastSpec) -> None:
    for each in (spec, spec.changed(layer=0, family="layer", correction="fdr_bh")):
        assert_same(steps.prepare(each), each)
        higher, lower = cached(steps.profile, Request(each))
        fresh = [run_contrast(each.changed(layer=layer)) for layer in range(N_LAYERS)]
        assert higher.tolist() == [result.n_higher for result in fresh]
        assert lower.tolist() == [result.n_lower for result in fresh]


def test_twenty_visitors_with_a_layer_each_share_the_reading(spec: ContrastSpec, calls: Counter[str]) -> None:
    specs = [spec.changed(layer=number % N_LAYERS, alpha=0.05 + number / 1_000) for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda each: obtain(steps.conclusion, Request(each), wait, Visitor()), specs))
    assert [result.spec for result in found] == specs
    assert calls == {
        **dict.fromkeys((*ONCE, "correct", "adjust"), 1), "measure_effects": N_LAYERS, "conclude": 20
    }  # fmt: skip


# --- Words and where they came from


def test_the_sources_of_words_are_part_of_every_key(
    spec: ContrastSpec, calls: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bundled lists stood in, then the network was back: nothing of the first is shown for the second."""
    now: dict[str, WordPair] = {}
    monkeypatch.setattr(steps, "choose_words", lambda *_: now["words"])
    every = (steps.conclusion, steps.profile, steps.adjusted, steps.tests, steps.activations, steps.scatter)
    found = {}
    for source, words in (("stand-in", ("time", "people")), ("downloaded", ("walking", "lazy"))):
        target, baseline = (WordList(name, words + own, source) for name, own in (("nouns", ("a",)), ("verbs", ("x",))))
        now["words"] = WordPair(target.words, baseline.words, target, baseline, ())
        steps.results_of(steps.words)._jobs.clear()  # as when they are too old
        with pytest.raises(NotCached):
            cached(steps.conclusion, Request(spec))
        found[source] = {each.name: resolve(each, Request(spec)) for each in every}
        assert found[source]["conclusion"].words is found[source]["activations"].words is now["words"]
    first, second = found.values()
    assert all(first[name] is not second[name] for name in first)
    assert not np.array_equal(first["conclusion"].tests.statistic, second["conclusion"].tests.statistic)
    assert first["scatter"] != second["scatter"]
    assert calls["read_words"] == 2


def test_words_are_looked_for_again_after_five_minutes(spec: ContrastSpec, calls: Counter[str]) -> None:
    result = resolve(steps.conclusion, Request(spec))
    (job,) = steps.results_of(steps.words)._jobs.values()
    job.started -= 301
    with pytest.raises(NotCached):
        cached(steps.conclusion, Request(spec))
    assert resolve(steps.conclusion, Request(spec)) is result, "they are the same ones"
    assert calls["choose_words"] == 2 and calls["read_words"] == 1


def test_files_are_of_the_words_that_the_page_shows(spec: ContrastSpec, calls: Counter[str]) -> None:
    result = resolve(steps.conclusion, Request(spec))
    shown = steps.sources(result.words)
    lines = files.csv(spec, shown).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("layer,neuron,statistic,p_value,p_adjusted") and len(lines) == result.n_neurons + 1
    assert files.summary(spec, shown).decode() == summary_json(result)
    assert calls["read_words"] == 1
    for file in (files.csv, files.summary):
        with pytest.raises(UserError) as caught:
            file(spec, ("bundled list (stand-in)", shown[1]))
        assert_one_sentence(caught.value)


# --- What is refused


def refused(wanted: Any, request: Request, about: str, *names: str) -> None:
    """The same sentence from both ways to ask, and each time anew."""
    for ask in (resolve, lambda step, request: obtain(step, request, wait, Visitor())):
        with pytest.raises(UserError) as caught:
            ask(wanted, request)
        assert_one_sentence(caught.value, *names)
        assert caught.value.about == about
    with pytest.raises(NotCached):
        cached(wanted, request)


@pytest.mark.parametrize("wanted", [steps.conclusion, steps.profile, steps.scatter, steps.text])
def test_a_model_that_is_not_offered(wanted: Any, spec: ContrastSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")
    refused(wanted, Request(spec.changed(model="any/model"), TEXT), "", "any/model", "bundled")


@pytest.mark.parametrize("wanted", [steps.conclusion, steps.scatter, steps.text])
def test_a_layer_too_deep(wanted: Any, spec: ContrastSpec, calls: Counter[str]) -> None:
    """And no words are read for it."""
    refused(wanted, Request(spec.changed(layer=N_LAYERS), TEXT), "layer", f"layers 0 to {N_LAYERS - 1}")
    assert calls["read_words"] == 0


def test_a_layer_too_deep_of_many_words(spec: ContrastSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_ALL_LAYERS_WORDS", 30)
    request = Request(spec.changed(layer=N_LAYERS, family="layer"))
    refused(steps.conclusion, request, "layer", f"layers 0 to {N_LAYERS - 1}")
    with pytest.raises(UserError, match=f"layers 0 to {N_LAYERS - 1}"):
        steps.prepare(request.spec)


def test_a_layer_too_deep_is_no_trouble_to_who_looks_at_another(
    spec: ContrastSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both wait for the same reading, whichever of them began it."""
    slow, plain = Slow(), steps.read_words

    def slowly(*args: Any, **options: Any) -> Any:
        slow(None)
        return plain(*args, **options)

    monkeypatch.setattr(steps, "read_words", slowly)
    deep = spec.changed(layer=99)
    with ThreadPoolExecutor(3) as pool:
        before = asked_for("activations", "wait")
        first = pool.submit(resolve, steps.activations, Request(deep))
        assert slow.begun.wait(WAIT)
        profile = pool.submit(resolve, steps.profile, Request(deep))
        conclusion = pool.submit(resolve, steps.conclusion, Request(spec))
        until(lambda: asked_for("activations", "wait") == before + 2)
        slow.go_on.set()
        assert first.result(WAIT).layers == tuple(range(N_LAYERS))
        assert profile.result(WAIT) is not None
        assert conclusion.result(WAIT).spec == spec


def test_more_words_than_are_allowed(spec: ContrastSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "19")
    for wanted in (steps.conclusion, steps.profile, steps.scatter):
        refused(wanted, Request(spec), "", "20 words of one class", "allows 19")


def test_a_text_that_is_too_long(spec: ContrastSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_CHARACTERS", "100")
    refused(steps.text, Request(spec, "a" * 101), "text_length", "101 characters; at most 100")


def test_a_text_of_too_many_tokens(spec: ContrastSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_TOKENS", "100")
    with pytest.raises(UserError) as caught:
        resolve(steps.text, Request(spec, "🙂" * 26))
    assert_one_sentence(caught.value, "The text is 104 tokens long; at most 100 are allowed")


def test_a_busy_server_says_so_and_keeps_nothing(spec: ContrastSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_QUEUE_SECONDS", "1")
    resolve(steps.model, Request(spec))
    with ExitStack() as places:
        for _ in range(2):
            places.enter_context(admission.admitted(admission.Work("A text", 1, "less"), unwatched))
        refused(steps.text, Request(spec, TEXT), "busy", "The server is busy")
    assert resolve(steps.text, Request(spec, TEXT)).layer == spec.layer


# --- Models


def test_a_model_is_begun_before_it_is_asked_for(spec: ContrastSpec, calls: Counter[str]) -> None:
    steps.warm_up(spec)
    assert resolve(steps.model, Request(spec)).n_layers == N_LAYERS
    assert calls["load_model"] == 1


def test_a_model_that_is_there_is_not_begun_again(spec: ContrastSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(steps.model, Request(spec))
    monkeypatch.setattr(steps, "begin_apart", None)
    steps.warm_up(spec.changed(layer=0))


def test_a_model_that_cannot_be_had_troubles_only_who_asks_for_it(spec: ContrastSpec) -> None:
    absent = spec.changed(model="/no/such folder")
    steps.warm_up(absent)
    wait(begin_apart(steps.model, Request(absent)))
    refused(steps.conclusion, Request(absent), *_of_the_error(absent))
    assert resolve(steps.model, Request(spec)).n_layers == N_LAYERS


def _of_the_error(spec: ContrastSpec) -> tuple[str, str]:
    with pytest.raises(UserError) as caught:
        resolve(steps.model, Request(spec))
    return caught.value.about, "/no/such folder"


def test_at_most_so_many_models_are_kept(
    spec: ContrastSpec, calls: Counter[str], tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_LOADED_MODELS", "1")
    other = spec.changed(model=str(tiny_folder("gpt2")))
    for each, n_loads in ((spec, 1), (spec, 1), (other, 2), (spec, 3)):
        resolve(steps.model, Request(each))
        assert calls["load_model"] == n_loads


def test_the_layers_of_a_model_are_counted_without_loading_it(
    spec: ContrastSpec, calls: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert steps.layers_of(spec.model) == N_LAYERS
    assert steps.layers_of("never/fetched") is None
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")
    assert steps.layers_of(spec.model) is None, "it is not offered"
    assert not calls
