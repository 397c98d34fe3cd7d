"""How good is a trained model, and are its grammar neurons worth finding?

    python -m training.evaluate --run RUN_DIR --model FOLDER --ud FILE.conllu --wordlists DIR

Prints Markdown tables, and writes them with all figures to RUN_DIR/evaluation.json, from which
``training.card`` makes the model card.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from core.console import print_anything
from core.experiment import run_contrast
from core.models import LoadedModel, load_model
from core.records import CAREFUL, NOTEBOOK, ContrastSpec
from core.stats.effect_size import auc
from training.gold import read_conllu, word_values
from training.network import hidden_states
from training.runs import trained_network

PROMPTS = (
    "The old man opened the door and",
    "Once upon a time there was a little girl who",
    "The government announced on Monday that",
    "In this chapter you will learn how",
    "She looked at him and said",
    "The cell membrane is",
    "It was a cold night, and the wind",
    "My fellow Americans, we must",
    "The dog ran across the field and",
    "When the children came home,",
)


def held_out_loss(model_folder: Path, documents: list[str]) -> dict[str, float]:
    """Loss of a hub-layout model on whole documents, in nats a token and bits a UTF-8 byte.

    Each document begins with the end-of-text token; windows of the context length move on by half, and each
    token is scored once, with at least half a context before it from the second window on.
    """
    from transformers import AutoModelForCausalLM

    tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    return _loss(lambda ids: model(input_ids=ids).logits, tokenizer, documents, model.config.max_position_embeddings)


@torch.inference_mode()
def _loss(
    logits_of: Callable[[torch.Tensor], torch.Tensor], tokenizer: Tokenizer, documents: list[str], context: int
) -> dict[str, float]:
    end = tokenizer.token_to_id("<|endoftext|>")
    nats, n_tokens = 0.0, 0
    for document in documents:
        ids = [end, *tokenizer.encode(document).ids]
        scored = 1
        while scored < len(ids):
            first = max(0, min(scored - context // 2, len(ids) - context)) if scored > 1 else 0
            window = torch.tensor([ids[first : first + context]])
            log_p = torch.log_softmax(logits_of(window)[0, :-1].float(), dim=-1)
            targets = window[0, 1:]
            fresh = slice(scored - first - 1, None)
            nats -= float(log_p[fresh].gather(1, targets[fresh, None]).sum())
            scored = first + window.shape[1]
        n_tokens += len(ids) - 1
    n_bytes = sum(len(document.encode()) for document in documents)
    return {"nats_per_token": nats / n_tokens, "bits_per_byte": nats / math.log(2) / n_bytes, "tokens": n_tokens}


def count_baselines(train: np.ndarray, held_out: np.ndarray, vocabulary: int, bytes_per_token: float) -> dict[str, Any]:
    """Unigram (add one) and bigram (Witten & Bell 1991, backing off to it) losses on held-out ids."""
    counts = np.bincount(train, minlength=vocabulary) + 1.0
    unigram = counts / counts.sum()
    pairs = np.bincount(train[:-1].astype(np.int64) * vocabulary + train[1:], minlength=vocabulary**2)
    pairs = pairs.reshape(vocabulary, vocabulary)
    before, after = held_out[:-1], held_out[1:]
    total, kinds = pairs.sum(axis=1), (pairs > 0).sum(axis=1)
    bigram = (pairs[before, after] + kinds[before] * unigram[after]) / np.maximum(total[before] + kinds[before], 1)
    bigram = np.where(total[before] > 0, bigram, unigram[after])
    nats = {"unigram": -np.log(unigram[after]).mean(), "bigram": -np.log(bigram).mean()}
    return {
        name: {"nats_per_token": float(value), "bits_per_byte": float(value / math.log(2) / bytes_per_token)}
        for name, value in nats.items()
    }


def grammar_neurons(lm: LoadedModel, ud: Path, wordlists: Path | None) -> list[dict[str, Any]]:
    """For each preset, word count and layer: significant neurons, and the extremes' AUC on gold-tagged text.

    The AUC is that of telling NOUN from VERB words of running text by the neuron alone, in the direction that
    the word lists gave it. Sentences are read as the preset reads words: with or without the beginning-of-text token.
    """
    sentences = list(read_conllu(ud))
    rows = []
    for preset, prefix in (("notebook", NOTEBOOK["prefix"]), ("careful", CAREFUL["prefix"])):
        gold = word_values(lm, sentences, ("NOUN", "VERB"), prefix)
        noun_auc = auc(gold["NOUN"], gold["VERB"])  # [layer, neuron]
        for n_words in (100, 1000):
            for layer in range(lm.n_layers):
                rows.append(_row(_contrast(preset, lm, layer, n_words, wordlists), noun_auc[layer], preset, n_words))
    return rows


def _contrast(preset: str, lm: LoadedModel, layer: int, n_words: int, wordlists: Path | None) -> Any:
    changes: dict[str, Any] = {"layer": layer, "n_target": n_words, "n_baseline": n_words}
    if preset == "notebook" and wordlists:
        changes["word_source"] = str(wordlists)
    spec = ContrastSpec.careful(**changes) if preset == "careful" else ContrastSpec.notebook(**changes)
    return run_contrast(spec, lm)


def _row(result: Any, noun_auc: np.ndarray, preset: str, n_words: int) -> dict[str, Any]:
    return {
        "layer": result.spec.layer,
        "preset": preset,
        "words": n_words,
        "higher_for_nouns": result.n_higher,
        "higher_for_verbs": result.n_lower,
        "noun_neuron": result.largest,
        "noun_neuron_auc": float(noun_auc[result.largest]),
        "verb_neuron": result.smallest,
        "verb_neuron_auc": float(1 - noun_auc[result.smallest]),
    }


def continuations(model_folder: Path, seed: int = 0) -> dict[str, list[str]]:
    """Forty more tokens of each prompt: greedily, and sampled at temperature 0.8 from the top 50."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    ways: dict[str, dict[str, Any]] = {
        "greedy": {"do_sample": False},
        "sampled": {"do_sample": True, "temperature": 0.8, "top_k": 50},
    }
    torch.manual_seed(seed)
    texts: dict[str, list[str]] = {}
    for name, options in ways.items():
        texts[name] = []
        for prompt in PROMPTS:
            ids = tokenizer(f"<|endoftext|>{prompt}", return_tensors="pt").input_ids
            out = model.generate(ids, max_new_tokens=40, pad_token_id=0, attention_mask=torch.ones_like(ids), **options)
            texts[name].append(tokenizer.decode(out[0], skip_special_tokens=True))
    return texts


def loss_table(evaluation: dict[str, Any]) -> str:
    """The held-out losses as Markdown."""
    lines = ["| | nats a token | bits a byte |", "|---|---|---|"]
    for name, losses in evaluation["losses"].items():
        lines.append(f"| {name} | {losses['nats_per_token']:.3f} | {losses['bits_per_byte']:.3f} |")
    return "\n".join(lines)


def neuron_table(evaluation: dict[str, Any]) -> str:
    """The grammar neurons as Markdown."""
    lines = [
        "| preset | words | layer | higher for nouns | higher for verbs | noun neuron (AUC) | verb neuron (AUC) |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sorted(evaluation["neurons"], key=lambda row: (row["preset"], row["words"], row["layer"])):
        lines.append(
            f"| {row['preset']} | {row['words']:,} | {row['layer']} | {row['higher_for_nouns']} | "
            f"{row['higher_for_verbs']} | {row['noun_neuron']} ({row['noun_neuron_auc']:.3f}) | "
            f"{row['verb_neuron']} ({row['verb_neuron_auc']:.3f}) |"
        )
    return "\n".join(lines)


def evaluate(run: Path, model: Path, ud: Path | None, wordlists: Path | None) -> dict[str, Any]:
    """All figures of the model card, as one JSON-able record."""
    documents = json.loads((run / "held_out.json").read_text(encoding="utf-8"))
    train, held_out = (np.load(run / f"{name}.npy", mmap_mode="r") for name in ("train", "held_out"))
    vocabulary = Tokenizer.from_file(str(model / "tokenizer.json")).get_vocab_size()
    losses = {"this model": held_out_loss(model, documents)}
    bytes_per_token = sum(len(document.encode()) for document in documents) / losses["this model"]["tokens"]
    losses |= {
        f"{name} counts": values
        for name, values in count_baselines(train, held_out, vocabulary, bytes_per_token).items()
    }
    evaluation: dict[str, Any] = {
        "losses": losses,
        "half_precision_costs": _half_precision_costs(run, model, documents, losses["this model"]),
        "train_tokens": len(train),
        "held_out_documents": len(documents),
        "bytes_per_token": bytes_per_token,
        "continuations": continuations(model),
    }
    if ud:
        evaluation["neurons"] = grammar_neurons(load_model(str(model)), ud, wordlists)
    return evaluation


def _half_precision_costs(run: Path, model: Path, documents: list[str], exported: dict[str, float]) -> float:
    """The increase of the held-out loss, in nats per token, from rounding the weights to float16."""
    full = trained_network(run)
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    context = full.config.max_position_embeddings
    before = _loss(lambda ids: full.lm_head(hidden_states(full, ids)), tokenizer, documents, context)
    return exported["nats_per_token"] - before["nats_per_token"]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="a run folder written by training.train")
    parser.add_argument("--model", type=Path, required=True, help="the exported hub-layout folder")
    parser.add_argument("--ud", type=Path, help="gold-tagged sentences in CoNLL-U")
    parser.add_argument("--wordlists", type=Path, help="folder of the notebook's lists (default: download)")
    arguments = parser.parse_args()
    evaluation = evaluate(arguments.run, arguments.model, arguments.ud, arguments.wordlists)
    (arguments.run / "evaluation.json").write_text(json.dumps(evaluation, indent=2), encoding="utf-8")
    print(loss_table(evaluation))
    print(f"\nRounding to float16 added {evaluation['half_precision_costs']:+.5f} nats a token.\n")
    if "neurons" in evaluation:
        print(neuron_table(evaluation))
    for name, texts in evaluation["continuations"].items():
        print(f"\n{name.capitalize()}:\n\n" + "\n".join(f"- {text!r}" for text in texts))


if __name__ == "__main__":
    print_anything()
    main()
