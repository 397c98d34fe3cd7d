"""Words of tagged sentences: the whole model's plain passes, and the tokenizer's own answers, are the judges."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from core.activations import gold_activations, word_activations, word_passes
from core.errors import Cancelled, UserError
from core.models import LoadedModel, load_model
from core.models.load_tokenizer import configure_tokenizer
from core.records import HOOK_SIDES, GoldActivations, GoldSentence, GoldText, GoldWord
from core.words import bundled_gold, read_conllu
from tests.support.tiny_models import CONTEXT, END_OF_TEXT, Reference, assert_close, assert_one_sentence
from tests.support.tokenizer_styles import STYLES, tokenizer_in

Folder = Callable[[str], Path]

# The text of each sentence (None: no such line), and its words: number, form, tag.
SENTENCES = (
    ("I don't walk.", "1 I PRON | 2-3 don't _ | 2 do AUX | 3 n't PART | 4 walk VERB | 5 . PUNCT"),
    (
        "Naïve 🙂 antidisestablishmentarianism!",
        "1 Naïve ADJ | 2 🙂 SYM | 3 antidisestablishmentarianism NOUN | 4 ! PUNCT",
    ),
    # An empty node:
    (
        "You like tea, we it",
        "1 You PRON | 2 like VERB | 3 tea NOUN | 4 , PUNCT | 5 we PRON | 5.1 like VERB | 6 it PRON",
    ),
    ("The  peple walk", "1 The DET | 2 peple NOUN | 3 walk VERB"),  # a typo, and two spaces
    (None, "1 Dogs NOUN | 2 bark VERB"),
    ("", "1 Cats NOUN | 2 sleep VERB"),  # an empty text line
    ("can't", "1-2 can't _ | 1 ca AUX | 2 n't PART"),  # no word that stands alone
    ("Time flies.", "1 Time NOUN | 2 flew VERB | 3 . PUNCT"),  # a form that is not in the text
    (
        " ".join(["walk bureaucracy"] * 20),
        " | ".join(f"{k + 1} {('walk VERB', 'bureaucracy NOUN')[k % 2]}" for k in range(40)),
    ),
)


def conllu(sentences: Sequence[tuple[str | None, str]] = SENTENCES) -> str:
    blocks = []
    for text, words in sentences:
        rows = [
            [number, form, "_", upos, *"______"]
            for number, form, upos in (word.split(" ") for word in words.split(" | "))
        ]
        head = [] if text is None else [f"# text = {text}"]
        blocks.append("\n".join([*head, *("\t".join(row) for row in rows)]))
    return "\n\n".join(blocks) + "\n\n"


TEXT = read_conllu(conllu(), "a file")


def by_hand(folder: Path, text: GoldText, side: str, pooling: str, head: str = "") -> dict[tuple[int, int], np.ndarray]:
    """The values (n_layers, d_mlp) of each word that shares its characters with no other, by sentence and word.

    Its tokens are those in which the tokenizer puts its characters, or the space before it.
    """
    reference, tokenizer = Reference(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
    start = reference.ids(head) if head else []
    found = {}
    for s, sentence in enumerate(text.sentences):
        encoding = tokenizer.encode(sentence.text, add_special_tokens=False)
        values = in_windows(reference, start, encoding.ids, side)  # [n_layers, n_tokens, d_mlp]
        places = [(word.start, word.end) for word in sentence.words]
        for w, (first, end) in enumerate(places):
            if places.count((first, end)) == 1:
                before = first - sentence.text[first - 1 : first].isspace()
                tokens = [i for i, (a, b) in enumerate(encoding.offsets) if max(a, before) < min(b, end)]
                pooled = tokens if pooling == "mean" else tokens[-1:]
                found[s, w] = values[:, pooled].mean(axis=1)
    return found


def in_windows(reference: Reference, start: list[int], ids: list[int], side: str) -> np.ndarray:
    """Every token with at least half a context before it, or all that there is: (n_layers, n_tokens, d_mlp)."""
    room = CONTEXT - len(start)
    parts, kept = [], 0
    while kept < len(ids):
        end = min(len(ids), room if not kept else kept + room // 2)
        first = max(0, end - room)
        values = reference.read_all([*start, *ids[first:end]], side)[:, len(start) :]
        parts.append(values[:, kept - first :])
        kept = end
    return np.concatenate(parts, axis=1)


def places_of(found: GoldActivations) -> list[tuple[int, int]]:
    return list(zip(found.sentence.tolist(), found.word.tolist(), strict=True))


@pytest.mark.parametrize("pooling", ["mean", "last"])
@pytest.mark.parametrize("prefix", [False, True])
@pytest.mark.parametrize("architecture", ["gpt_neo", "gpt2", "llama", "phi3"])
def test_equals_the_whole_model(architecture: str, prefix: bool, pooling: str, tiny_folder: Folder) -> None:
    """Conv1D, gated and fused models; sentences longer than the context; multiword tokens, typos, empty nodes."""
    folder = tiny_folder(architecture)
    lm = load_model(str(folder))
    for layer in (0, lm.n_layers - 1):
        found = gold_activations(lm, TEXT, layer, pooling=pooling, prefix=prefix)
        for side in HOOK_SIDES:
            expected = by_hand(folder, TEXT, side, pooling, END_OF_TEXT if prefix else "")
            assert places_of(found) == list(expected)
            assert_close(found.at(side), np.stack([values[layer] for values in expected.values()]).astype(np.float32))


def test_the_long_sentence_is_longer_than_the_context(lm: LoadedModel) -> None:
    """Else the test above would not read windows."""
    assert len(lm.tokenizer.encode(TEXT.sentences[-1].text).ids) > CONTEXT


def test_every_word_of_the_file_is_accounted_for(lm: LoadedModel) -> None:
    """Read, or left out with a note by the reading of the file or of the model."""
    found = gold_activations(lm, TEXT, 0)
    numbers = [row.split()[0] for _, words in SENTENCES for row in words.split(" | ")]
    n_rows = sum(number.isdigit() for number in numbers)
    assert TEXT.n_words == n_rows and TEXT.n_empty_nodes == 1
    assert len(found.words) + len(TEXT.left_out) + 4 == n_rows
    assert found.notes[:-1] == TEXT.notes and [word.form for word in TEXT.left_out] == ["flew"]
    assert found.notes[-1].startswith("4 words share their characters with another word")
    forms = [word.form for word in found.words]
    assert forms[:3] == ["I", "walk", "."] and not {"do", "n't", "ca", "flew"} & set(forms)
    assert found.tags.tolist() == [word.upos for word in found.words]
    assert found.n_tokens.min() >= 1 and found.n_tokens[forms.index("antidisestablishmentarianism")] > 5


def test_a_word_in_a_sentence_of_one_word_is_the_bare_word(lm: LoadedModel) -> None:
    """As word_activations reads it."""
    words = ["time", "people", "bureaucracy"]
    sentences = tuple(GoldSentence(w, (GoldWord(w, "", "NOUN", 0, len(w)),), "", "", "") for w in words)
    found = gold_activations(lm, GoldText(sentences), 2)
    for side in HOOK_SIDES:
        assert_close(found.at(side), word_activations(lm, words, [2], side=side)[0])


@pytest.mark.parametrize("style", STYLES)
def test_no_token_of_a_word_is_lost_in_any_style_of_tokenizer(style: str, lm: LoadedModel) -> None:
    """The tokens of all words of a sentence without typos are all its tokens; each word has one at least."""
    styled = replace(lm, tokenizer=configure_tokenizer(tokenizer_in(style)), n_embeddings=10_000)
    text = GoldText(tuple(s for s in bundled_gold().sentences if all(w.start < w.end for w in s.words))[:40])
    from core.activations.gold import _rows

    rows, n_shared, n_unread = _rows(styled, text, [])
    assert sum(len(row.words) for row in rows) + n_shared + n_unread == text.n_words and not n_unread
    for row in rows:
        if len(row.words) == len(text.sentences[row.sentence].words):  # no multiword token
            tokens = np.unique(np.concatenate(row.covers))
            alone = [styled.tokenizer.id_to_token(row.ids[k]) for k in set(range(len(row.ids))) - set(tokens.tolist())]
            assert set(alone) <= {"▁", "Ġ"}


def test_sentences_and_words_without_tokens_are_left_out(lm: LoadedModel) -> None:
    """Invisible characters are nothing to some tokenizers; half a surrogate is read as U+FFFD."""
    blind = replace(lm, tokenizer=configure_tokenizer(tokenizer_in("word pieces")), n_embeddings=10_000)
    texts = ["\u200b", "a \u200b b", "\ud800 a"]
    words = [[(0, 1)], [(0, 1), (2, 3), (4, 5)], [(0, 1), (2, 3)]]
    sentences = tuple(
        GoldSentence(text, tuple(GoldWord(text[a:b], "", "X", a, b) for a, b in places), "", "", "")
        for text, places in zip(texts, words, strict=True)
    )
    from core.activations.gold import _rows

    rows, _, n_unread = _rows(blind, GoldText(sentences), [])
    assert [(row.sentence, row.words) for row in rows] == [(1, [0, 2]), (2, [1])]
    assert n_unread == 3
    found = gold_activations(lm, GoldText(sentences), 0)  # a tokenizer of bytes reads them all
    assert len(found.words) == 6


def test_passes_may_be_small_and_take_turns(lm: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many sentences a pass reads changes nothing; progress grows to one."""
    expected, turns, calls = gold_activations(lm, TEXT, 1), [], []

    @contextmanager
    def gate() -> Iterator[None]:
        turns.append(len(turns))
        yield

    monkeypatch.setattr(word_passes, "_MAX_PASS_FLOATS", 1)
    found = gold_activations(lm, TEXT, 1, gate=gate, progress=lambda *call: calls.append(call))
    for side in HOOK_SIDES:
        assert_close(found.at(side), expected.at(side))
    shares = [share for share, _ in calls]
    assert shares == sorted(shares) and calls[-1] == (1.0, "Reading tagged sentences: 8 of 8")
    n_tokens = len(lm.tokenizer.encode(TEXT.sentences[-1].text).ids)
    n_windows = 1 + math.ceil((n_tokens - CONTEXT) / (CONTEXT // 2))
    assert len(turns) == 7 + 2 * n_windows and len(calls) == 8  # windows for each side


def test_progress_can_cancel(lm: LoadedModel) -> None:
    def stop(share: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        gold_activations(lm, TEXT, 0, progress=stop)


def test_mistakes(lm: LoadedModel) -> None:
    """No such layer or pooling; no word that stands alone; no beginning of a text."""
    alone = read_conllu(conllu((SENTENCES[6],)), "a file")
    for arguments, names in (
        ((lm, TEXT, 9), ["Layer 9", "0 to 3"]),
        ((lm, alone, 0), ["no token for any word"]),
        ((lm, GoldText(()), 0), ["no token for any word"]),
    ):
        with pytest.raises(UserError) as caught:
            gold_activations(*arguments)
        assert_one_sentence(caught.value, *names)
    with pytest.raises(UserError, match="pooling is “sum”"):
        gold_activations(lm, TEXT, 0, pooling="sum")
    with pytest.raises(UserError, match="no beginning-of-text"):
        gold_activations(replace(lm, start_token=None), TEXT, 0, prefix=True)
