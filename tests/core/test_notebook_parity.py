"""The notebook preset gives the notebook's numbers: its own loop, written again here, is the judge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.experiment import run_contrast
from core.records import ContrastSpec

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "assets" / "models" / "grammar-neo-9m"
LAYERS = (1, 4)
ODDITIES = {"nouns": ["j.", "a.", "x-ray"], "verbs": ["is", "'s"]}


@pytest.fixture(scope="module")
def word_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """List files under the names that the notebook downloads, with the kind of entries that those have."""
    folder = tmp_path_factory.mktemp("lists")
    for name, odd in ODDITIES.items():
        curated = (ROOT / "assets" / "words" / f"{name}.txt").read_text(encoding="utf-8").splitlines()[2:]
        words = [*odd, *(line.split("\t")[0] for line in curated)]  # after a tab, curated lists have the lemma
        (folder / f"top_english_{name}_lower_10000.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return folder


def first_hundred(folder: Path, name: str) -> list[str]:
    """The notebook's way to read a list."""
    text = (folder / f"top_english_{name}_lower_10000.txt").read_text(encoding="utf-8")
    return text.split("\n")[:100]


def notebook_loop(words: list[str]) -> dict[int, np.ndarray]:
    """Word by word through the whole model, ``c_fc`` run again in a hook, mean over tokens: layer -> (100, d_mlp)."""
    # The course's transformers loaded float32 by default; today's takes the file's half precision if not told.
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    model.eval()
    rows: dict[int, list[np.ndarray]] = {layer: [] for layer in LAYERS}

    def hook_for(layer: int):
        def hook(module, input, output):
            rows[layer].append(module.c_fc(input[0])[0].mean(dim=0).numpy())

        return hook

    for layer in LAYERS:
        model.transformer.h[layer].mlp.register_forward_hook(hook_for(layer))
    with torch.no_grad():
        for word in words:
            model(**tokenizer(word, return_tensors="pt"))
    return {layer: np.stack(found) for layer, found in rows.items()}


@pytest.fixture(scope="module")
def notebook(word_folder: Path) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
    """The notebook's activations of its nouns and its verbs."""
    nouns, verbs = (notebook_loop(first_hundred(word_folder, name)) for name in ("nouns", "verbs"))
    return nouns, verbs


@pytest.mark.parametrize("layer", LAYERS)
def test_the_notebook_preset_gives_the_notebooks_numbers(
    layer: int, word_folder: Path, notebook: tuple[dict[int, np.ndarray], dict[int, np.ndarray]]
) -> None:
    """The same |t|, the same two extreme neurons, the same significant neurons."""
    nouns, verbs = notebook
    expected = scipy.stats.ttest_1samp(nouns[layer] - verbs[layer], 0.0)
    significant = expected.pvalue < 0.05 / nouns[layer].shape[1]

    result = run_contrast(ContrastSpec.notebook(model="bundled", layer=layer, word_source=str(word_folder)))

    assert list(result.words.target) == first_hundred(word_folder, "nouns")
    assert list(result.words.baseline) == first_hundred(word_folder, "verbs")
    np.testing.assert_allclose(result.tests.statistic, expected.statistic, rtol=1e-3, atol=1e-4)
    assert (result.largest, result.smallest) == (expected.statistic.argmax(), expected.statistic.argmin())
    np.testing.assert_array_equal(np.flatnonzero(result.significant), np.flatnonzero(significant))
    assert significant.any(), "a model in which no neuron tells nouns from verbs would show nothing"
