"""Forms as nouns and as verbs: plain passes over the whole sentences are the judge."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_rel
from tokenizers import Tokenizer

from core.activations import ambiguous_activations, word_passes
from core.activations.ambiguous import _rows
from core.activations.encode import encode_words
from core.errors import UserError
from core.models import LoadedModel, load_model
from core.models.load_tokenizer import configure_tokenizer
from core.records import HOOK_SIDES, AmbiguousForm, Context
from core.stats.ttest import paired_ttest
from core.words import ambiguous_forms
from tests.support.tiny_models import END_OF_TEXT, N_LAYERS, Reference, assert_close, assert_one_sentence
from tests.support.tokenizer_styles import STYLES, save_model_with, tokenizer_in

Folder = Callable[[str], Path]

FORMS = ambiguous_forms()[:6]


def plainly(folder: Path, forms: tuple[AmbiguousForm, ...], side: str, head: str = "") -> np.ndarray:
    """The whole model on the whole sentence; the tokens of the form and its space are the tokenizer's own answer."""
    reference, tokenizer = Reference(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
    n_head = len(reference.ids(head)) if head else 0

    def of_context(context: Context) -> np.ndarray:
        encoding = tokenizer.encode(context.sentence, add_special_tokens=False)
        at = sorted({encoding.char_to_token(c) for c in range(context.start - 1, context.end)} - {None})
        ids = [*(reference.ids(head) if head else []), *encoding.ids]
        return reference.read_all(ids, side)[:, [n_head + i for i in at]].mean(axis=1)  # (n_layers, d_mlp)

    pooled = [
        [np.mean([of_context(context) for context in contexts], axis=0) for contexts in (form.nouns, form.verbs)]
        for form in forms
    ]
    return np.array(pooled).transpose(2, 0, 1, 3)  # [n_forms, 2, n_layers, d_mlp] -> [n_layers, n_forms, 2, d_mlp]


@pytest.mark.parametrize("prefix", [False, True])
@pytest.mark.parametrize("side", HOOK_SIDES)
@pytest.mark.parametrize("architecture", ["gpt_neo", "gpt2", "llama", "phi3", "opt"])
def test_equals_the_whole_model(architecture: str, side: str, prefix: bool, tiny_folder: Folder) -> None:
    """What comes after a form changes nothing: here the whole sentence is read."""
    folder = tiny_folder(architecture)
    found = ambiguous_activations(load_model(str(folder)), FORMS, side=side, prefix=prefix)
    assert_close(found, plainly(folder, FORMS, side, END_OF_TEXT if prefix else "").astype(np.float32))


def test_layers_in_any_order(lm: LoadedModel) -> None:
    """Each as it is among all of them, also if one is asked for twice."""
    every = ambiguous_activations(lm, FORMS)
    assert every.shape == (N_LAYERS, len(FORMS), 2, lm.d_mlp)
    assert_close(ambiguous_activations(lm, FORMS, [2, 0, 2]), every[[2, 0, 2]])


def test_the_number_of_contexts_may_differ(lm: LoadedModel, tiny_folder: Folder) -> None:
    """Every context of a class counts the same."""
    form = AmbiguousForm("walk", FORMS[0].nouns[:1], (*FORMS[0].verbs, Context("Nobody can ever walk.", 16, 20)))
    found = ambiguous_activations(lm, [form, FORMS[1]])
    assert_close(found, plainly(tiny_folder("gpt_neo"), (form, FORMS[1]), "pre-activation").astype(np.float32))


def test_the_same_context_gives_no_difference(lm: LoadedModel) -> None:
    """Only what comes before the form can: with equal text before it, classes are equal."""
    pairs = [
        AmbiguousForm("walk", (Context("They walk.", 5, 9),), (Context("They walk home every day, or so.", 5, 9),)),
        AmbiguousForm("walk", (Context("A long walk.", 7, 11),), (Context("They can walk.", 9, 13),)),
    ]
    values = ambiguous_activations(lm, pairs)
    np.testing.assert_allclose(values[:, 0, 0], values[:, 0, 1], rtol=0, atol=1e-6)
    assert np.abs(values[:, 1, 0] - values[:, 1, 1]).max() > 0.01


@pytest.mark.parametrize("style", STYLES)
def test_the_tokens_are_those_of_a_word_inside_a_sentence(style: str, lm: LoadedModel) -> None:
    """In every style of tokenizer, with the space before the form, also where that is a token of its own."""
    styled = replace(lm, tokenizer=configure_tokenizer(tokenizer_in(style)), n_embeddings=10_000)
    styled = replace(styled, info=replace(lm.info, context=1_000))
    rows = _rows(styled, ambiguous_forms(), [])
    words = encode_words(styled, [form.form for form in ambiguous_forms()], True, [])
    for row in rows:
        pooled = [number for number, weight in zip(row.ids, row.weights, strict=True) if weight]
        assert pooled == words[row.form]
        assert sum(row.weights) == pytest.approx(1)


def test_a_tokenizer_that_puts_a_space_before_a_text(tmp_path: Path) -> None:
    """The way of Llama and Mistral, against the whole model."""
    folder = save_model_with(tokenizer_in("prepend"), tmp_path, tokenizer_class="LlamaTokenizer", bos_token="<s>")
    encoded = Tokenizer.from_file(str(folder / "tokenizer.json")).encode("They walk", add_special_tokens=False)
    form = AmbiguousForm("walk", (Context("They walk", 5, 9),), (Context("They walk", 5, 9),))
    first = next(i for i, (_, end) in enumerate(encoded.offsets) if end > 4)
    expected = Reference(folder).read_all(encoded.ids, "activation")[:, first:].mean(axis=1)
    found = ambiguous_activations(load_model(str(folder)), [form], side="activation")
    assert_close(found, np.stack([expected, expected], axis=1)[:, None])


def test_noun_minus_verb_by_scipy(lm: LoadedModel) -> None:
    """The paired test over forms, of every layer and neuron."""
    values = ambiguous_activations(lm, ambiguous_forms())
    tests = paired_ttest(values[:, :, 0], values[:, :, 1])
    wide = values.astype(np.float64)
    expected = ttest_rel(wide[:, :, 0], wide[:, :, 1], axis=1)
    np.testing.assert_allclose(tests.statistic, expected.statistic, rtol=1e-9)
    np.testing.assert_allclose(tests.p_value, expected.pvalue, rtol=1e-7)
    assert (tests.degrees_of_freedom == len(ambiguous_forms()) - 1).all()


def test_passes_may_be_small(lm: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pass takes its turn; how many sentences it reads changes nothing; progress ends at one."""
    expected, turns, calls = ambiguous_activations(lm, FORMS), [], []

    @contextmanager
    def gate():
        turns.append(len(turns))
        yield

    monkeypatch.setattr(word_passes, "_MAX_PASS_FLOATS", 1)
    found = ambiguous_activations(lm, FORMS, gate=gate, progress=lambda *call: calls.append(call))
    assert_close(found, expected)
    n = sum(len(form.nouns) + len(form.verbs) for form in FORMS)
    assert len(turns) == len(calls) == n
    assert calls[-1] == (1.0, f"Reading sentences: {n} of {n}")


def test_mistakes(lm: LoadedModel) -> None:
    """No forms, no such layer or side, more tokens than the context, a form without tokens."""
    before = "very " * 100
    long = AmbiguousForm("walk", (Context(f"{before}walk", len(before), len(before) + 4),), ())
    invisible = AmbiguousForm("\u200b", (Context("a \u200b", 2, 3),), ())
    blind = replace(lm, tokenizer=configure_tokenizer(tokenizer_in("word pieces")), n_embeddings=10_000)
    for model, forms, layers, names in (
        (lm, [], [0], ["No form"]),
        (lm, FORMS, [9], ["Layer 9", "0 to 3"]),
        (lm, [long], [0], ["very very", "tokens", "64"]),
        (blind, [invisible], [0], ["no token"]),
    ):
        with pytest.raises(UserError) as caught:
            ambiguous_activations(model, forms, layers)
        assert_one_sentence(caught.value, *names)
    with pytest.raises(UserError, match="side is “output”"):
        ambiguous_activations(lm, FORMS, side="output")
