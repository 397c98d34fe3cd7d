"""The causal check, against transformers' own GPT-Neo with hooks of plain PyTorch, one sentence at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.stats import t
from tokenizers import Tokenizer, normalizers
from transformers import GPTNeoForCausalLM, PreTrainedTokenizerFast

from core.errors import Cancelled
from core.evidence import Subject, read_subject, run_check
from core.evidence.causal import check, choose_controls
from core.evidence.next_tokens import next_tokens
from core.models import BUNDLED_FOLDER, load_model
from core.records import IMPOSSIBLE, ContrastSpec, GoldSentence, GoldText, GoldWord
from core.report.figures.evidence import picture_before, picture_of
from core.words import bundled_gold
from tests.support.tiny_models import assert_one_sentence, copy_folder

SOME = GoldText(bundled_gold().sentences[::8])  # 23 sentences of all genres


def of(subject: Subject, gold: GoldText = SOME) -> Subject:
    """The same neuron, checked on a short text."""
    return replace(subject, gold=gold)


def changes_by_hooks(neuron: int, gold: GoldText) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kind of place -> changes of loss, and sentences, of nouns and verbs. No code of ours but the sentences."""
    model = GPTNeoForCausalLM.from_pretrained(BUNDLED_FOLDER, dtype=torch.float32).eval()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(BUNDLED_FOLDER)
    module, seen = model.transformer.h[3].mlp.c_proj, []
    encoded = [tokenizer(s.text, return_offsets_mapping=True, add_special_tokens=False) for s in gold.sentences]

    def losses(hook: Callable[..., object]) -> list[np.ndarray]:
        handle, found = module.register_forward_pre_hook(hook), []
        for each in encoded:
            ids = torch.tensor([[tokenizer.bos_token_id, *each["input_ids"]]])
            with torch.no_grad():
                found.append(torch.nn.functional.cross_entropy(model(ids).logits[0, :-1], ids[0, 1:], reduction="none"))
        handle.remove()
        return [each.double().numpy() for each in found]

    def replace_by_mean(_: object, inputs: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        values = inputs[0].clone()
        values[0, 1:, neuron] = mean
        return (values,)

    whole = losses(lambda _, inputs: seen.append(inputs[0][0, 1:, neuron]))
    mean = torch.cat(seen).mean()
    change = [without - each for each, without in zip(whole, losses(replace_by_mean), strict=True)]
    rows: dict[str, list[tuple[float, int]]] = {}
    for number, (sentence, each) in enumerate(zip(gold.sentences, encoded, strict=True)):
        spans = [(a + (sentence.text[a] == " "), b) for a, b in each["offset_mapping"]]  # without the space before it
        for word in sentence.words:
            name = {"NOUN": "own", "VERB": "other"}.get(word.upos)
            tokens = [k for k, (a, b) in enumerate(spans) if a < word.end and b > word.start]
            alone = sum((w.start, w.end) == (word.start, word.end) for w in sentence.words) == 1
            if name and alone:
                # change[k] is of token k, which follows the beginning-of-text token and k others
                rows.setdefault(f"{name}_targets", []).append((change[number][tokens[0]], number))
                if tokens[-1] + 1 < len(spans):
                    rows.setdefault(f"after_{name}", []).append((change[number][tokens[-1] + 1], number))
    return {kind: (np.array([c for c, _ in pairs]), np.array([n for _, n in pairs])) for kind, pairs in rows.items()}


def test_it_agrees_with_hooks_of_plain_pytorch(subject_of: Callable[..., Subject]) -> None:
    """Changes of loss within 1e-4, for the neuron and for one of those beside it; errors and limits as defined."""
    finding = check(of(subject_of(120)))
    rows = finding.numbers["neurons"]
    assert [row["group"] for row in rows] == ["subject"] + 20 * ["matched"] + 20 * ["random"]
    strongest = max(rows[1:], key=lambda row: abs(row["after_own"]["change"]))
    for row in (rows[0], strongest):
        expected = changes_by_hooks(row["neuron"], SOME)
        for kind, (values, sentences) in expected.items():
            assert finding.numbers["counts"][kind] == len(values)
            assert row[kind]["change"] == pytest.approx(values.mean(), abs=1e-5)
            u = [((values - values.mean())[sentences == s]).sum() / len(values) for s in np.unique(sentences)]
            assert row[kind]["error"] == pytest.approx(np.sqrt(np.sum(np.square(u)) * len(u) / (len(u) - 1)), rel=0.01)
        for name, first, second in (
            ("predicted", "own_targets", "other_targets"),
            ("read", "after_own", "after_other"),
        ):
            found = row[name]
            assert found["difference"] == pytest.approx(
                expected[first][0].mean() - expected[second][0].mean(), abs=1e-4
            )
            n = len({*expected[first][1], *expected[second][1]})
            limits = t.interval(0.975, n - 1, found["difference"], found["error"])
            assert (found["low"], found["high"]) == pytest.approx(limits)
    larger = max(("predicted", "read"), key=lambda name: abs(rows[0][name]["difference"]))
    assert finding.numbers["larger"] == larger and finding.value == rows[0][larger]["difference"]
    assert finding.interval == (rows[0][larger]["low"], rows[0][larger]["high"])


@pytest.fixture(scope="module")
def changed_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, float], Path]:
    """changed_model(neuron, scale): the bundled model, whose neuron writes what nouns have and verbs have not."""

    def make(neuron: int, scale: float) -> Path:
        folder = copy_folder(BUNDLED_FOLDER, tmp_path_factory.mktemp("changed") / "model")
        weights, tokenizer = load_file(folder / "model.safetensors"), PreTrainedTokenizerFast.from_pretrained(folder)
        means = {}
        for upos in ("NOUN", "VERB"):
            words = {f" {w.form}" for s in bundled_gold().sentences for w in s.words if w.upos == upos}
            ids = [tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in sorted(words)]
            means[upos] = weights["transformer.wte.weight"][ids].float().mean(0)
        direction = means["NOUN"] - means["VERB"]
        column = scale * direction / direction.norm()
        weights["transformer.h.3.mlp.c_proj.weight"][:, neuron] = column.to(torch.float16)
        save_file(weights, folder / "model.safetensors", {"format": "pt"})
        return folder

    return make


@pytest.mark.parametrize(("scale", "verdict"), [(25.0, "holds"), (0.0, "does not hold")])
def test_a_planted_neuron_holds_and_one_that_writes_nothing_does_not(
    scale: float, verdict: str, changed_model: Callable[[int, float], Path]
) -> None:
    folder = changed_model(120, scale)
    spec = ContrastSpec.careful(layer=3, model=str(folder), n_target=40, n_baseline=40, family="layer")
    subject = read_subject(spec, 120, load_model(str(folder)), gold=SOME)
    finding = check(subject)
    assert finding.verdict == verdict, finding.sentence
    if not scale:
        assert abs(finding.value) < 1e-5 and finding.numbers["neurons"][0]["strength"] == 0
        return
    nouns, verbs = (
        {f"␣{w.form}" for s in bundled_gold().sentences for w in s.words if w.upos == upos} for upos in ("NOUN", "VERB")
    )
    raised, lowered = ({each["piece"] for each in finding.numbers[name]} for name in ("raises", "lowers"))
    assert len(raised & nouns) >= 3 and not raised & (verbs - nouns)
    assert len(lowered & verbs) >= 3 and not lowered & (nouns - verbs)


def test_it_is_the_same_again_and_can_be_cancelled(subject_of: Callable[..., Subject]) -> None:
    subject = of(subject_of(375), GoldText(SOME.sentences[:12]))
    seen: list[float] = []
    assert check(subject, lambda share, message: seen.append(share)) == check(subject)
    assert seen == sorted(seen) and seen[0] >= 0 and seen[-1] <= 1 and len(seen) > 10

    def stop(share: float, message: str) -> None:
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_check("causal", subject, stop)


def test_the_picture_is_valid(subject_of: Callable[..., Subject]) -> None:
    finding = check(of(subject_of(120), GoldText(SOME.sentences[:12])))
    figure = go.Figure(picture_of("causal", finding.numbers))
    before = go.Figure(picture_before("causal", finding.numbers))
    assert len(before.data) == len(figure.data) - 2 and "this neuron" not in str(before.data)
    assert sum(len(trace.x) for trace in figure.data) == 2 * 41 + 20
    changes = [each["change"] for each in (*finding.numbers["raises"], *reversed(finding.numbers["lowers"]))]
    assert changes == sorted(changes, reverse=True) and changes[9] > 0 > changes[10]
    odd = [{"piece": "<b>", "change": 1.0}]
    assert "&lt;b&gt;" in str(picture_of("causal", {**finding.numbers, "raises": odd}))
    assert "120" in finding.sentence and "nats" in finding.sentence


def test_a_sentence_without_tokens_is_left_out_and_a_long_one_cut(subject_of: Callable[..., Subject]) -> None:
    subject = subject_of(120)
    tokenizer = Tokenizer.from_str(subject.lm.tokenizer.to_str())
    tokenizer.normalizer = normalizers.Replace("漢", "")
    long, some = " ".join(s.text for s in SOME.sentences), SOME.sentences[:12]
    unread = GoldSentence("漢", (GoldWord("漢", "", "NOUN", 0, 1),), "", "", "")
    words = tuple(GoldWord(long[at : at + 1], "", "NOUN", at, at + 1) for at in (0, len(long) - 1))
    info = replace(subject.lm.info, context=60)
    gold = GoldText((unread, *some, GoldSentence(long, words, "", "", "")))
    places = next_tokens(replace(subject, gold=gold, lm=replace(subject.lm, tokenizer=tokenizer, info=info)))
    assert len(places.text.rows) == 13 and places.n_sentences == 14 and len(places.text.rows[-1]) == 60
    assert places.wanted[-1].tolist() == [0, 1]  # before and after the first word; the last one is cut off
    assert all(len(row) > at.max(initial=0) + 1 for row, at in zip(places.text.rows, places.wanted, strict=True))


def test_of_a_long_text_sentences_at_equal_distances(
    subject_of: Callable[..., Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.evidence.next_tokens._MAX_SENTENCES", 12)
    finding = check(of(subject_of(375)))
    assert (finding.numbers["n_sentences"], finding.numbers["n_sentences_of_text"]) == (12, 23)
    assert finding.sentence.startswith("On 12 of 23 sentences: with neuron 375")


@pytest.mark.parametrize("at_end", [0, 5, 50, 95, 99])
def test_controls_are_neighbours_in_strength(at_end: int) -> None:
    strength = np.random.default_rng(3).permutation(100) / 7
    neuron = int(np.argsort(strength)[at_end])
    groups = choose_controls(strength, neuron, seed=1)
    everyone = [each for group in groups.values() for each in group]
    assert len(set(everyone)) == 41 and groups["subject"] == [neuron]
    ranks = np.argsort(np.argsort(strength))[groups["matched"]]
    assert np.abs(ranks - at_end).max() == {0: 20, 5: 15, 50: 10, 95: 16, 99: 20}[at_end]
    assert choose_controls(strength, neuron, seed=1) == groups != choose_controls(strength, neuron, seed=2)


def test_what_cannot_be_checked_is_one_sentence(subject_of: Callable[..., Subject]) -> None:
    subject = subject_of(120)
    too_few = of(subject, GoldText(SOME.sentences[:2]))
    silent = of(subject, GoldText(tuple(GoldSentence(s.text, (), "", "", "") for s in SOME.sentences)))
    gone = replace(of(subject), lm=replace(load_model(str(BUNDLED_FOLDER)), folder=None))
    for each, said in ((too_few, "at least 10"), (silent, "0 nouns"), (gone, "are not here")):
        finding = run_check("causal", each)
        assert finding.verdict == IMPOSSIBLE and said in finding.sentence
        assert_one_sentence(ValueError(finding.sentence))
    with pytest.raises(ValueError, match="15 neurons"):
        choose_controls(np.zeros(15), 3, seed=0)


def test_custom_words_have_no_tag() -> None:
    spec = ContrastSpec.careful(
        target="custom", target_words=("time", "house", "dog"), baseline_words=("go", "take", "see"), baseline="custom"
    )
    finding = run_check("causal", read_subject(spec.changed(unit="word", family="layer"), 7))
    assert finding.verdict == IMPOSSIBLE and "list of one's own" in finding.sentence
