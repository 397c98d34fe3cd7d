"""``python -m core check``: agrees where our reading is right, and says so and fails where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import core.check
from core.__main__ import main
from core.check import TEXT, WORDS, check_notebook, check_reading
from core.models import LoadedModel, load_model
from core.models.hook_points import HookPoints
from core.records import HOOK_SIDES, TOLERANCE, ContrastSpec
from core.words import DEFAULT_DOWNLOADS
from tests.support.tiny_models import CONTEXT, N_LAYERS

Folder = Callable[[str], Path]
Capture = pytest.CaptureFixture[str]
LISTS = str(Path(__file__).resolve().parents[2] / "assets" / "words")


@pytest.mark.parametrize("architecture", ["gpt_neo", "llama", "phi3", "opt post-norm", "mpt", "falcon alibi"])
def test_our_reading_equals_plain_pytorch(architecture: str, tiny_folder: Folder) -> None:
    """Every layer, words and text, both sides; the number of values says that none was left out."""
    folder = tiny_folder(architecture)
    info, comparisons = check_reading(str(folder))
    assert [(each.side, each.same) for each in comparisons] == [(side, True) for side in HOOK_SIDES for _ in range(3)]
    assert max(each.relative for each in comparisons) > 0, "values that are the same to the last bit were not read anew"
    n_tokens = min(CONTEXT, len(load_model(str(folder)).tokenizer.encode(TEXT, add_special_tokens=False).ids))
    for each in comparisons:
        assert each.n_values == N_LAYERS * info.d_mlp * (n_tokens if each.what == "a text" else len(WORDS))


def spoilt(lm: LoadedModel, how: str) -> LoadedModel:
    """A model that is read wrongly."""
    if how == "another module":  # the gate's partner instead of the gate
        points = lm.hook_points
        return replace(lm, hook_points=HookPoints(points.mlp, "up_proj", points.contract, points.nonlinearity))
    if how == "other weights":
        weight = lm.network.get_submodule("layers.3.input_layernorm").weight
        weight.data = weight.data * 1.01
    return lm


@pytest.mark.parametrize("how", ["another module", "other weights"])
def test_a_wrong_reading_is_found(
    how: str, tiny_folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Status 1, and a sentence that nobody can miss."""
    folder = str(tiny_folder("llama"))
    monkeypatch.setattr(core.check, "load_model", lambda name, **more: spoilt(load_model(name, **more), how))
    assert main(["check", folder]) == 1
    printed = capsys.readouterr().out
    assert "DIFFERENT" in printed and "does NOT equal plain PyTorch" in printed


def test_a_neuron_near_zero_is_not_hidden_by_a_massive_one() -> None:
    """A difference is a share of the neuron's own values, or of what is usual, not of the layer's largest."""

    expected = np.ones((1, 2, 5), dtype=np.float32)
    expected[..., 0], expected[..., 1] = 30_000.0, 0.0
    assert core.check._largest_share(expected, expected) == 0.0
    for neuron, wrong in ((1, 0.01), (3, 1.01), (0, 30_300.0)):
        values = expected.copy()
        values[0, 1, neuron] = wrong
        found = core.check._largest_share(values, expected)
        assert found == pytest.approx(0.01, rel=1e-3) and found > TOLERANCE
    zeros = np.zeros((1, 2, 5), dtype=np.float32)
    assert core.check._largest_share(zeros, zeros) == 0.0
    assert core.check._largest_share(expected, zeros) == np.inf


def test_the_check_of_the_bundled_model(capsys: Capture) -> None:
    """What an instructor sees when all is well."""
    assert main(["check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("bundled (sha256:") and sum(line.startswith("same") for line in lines) == 6
    assert f"no difference is above {TOLERANCE:g}" in lines[-1]


# --- The notebook's loop ---


def test_the_notebooks_loop(capsys: Capture) -> None:
    """Its t, extremes and significant neurons are those of the notebook preset."""
    arguments = ["check", "--notebook", "bundled", "--layer", "3", "--word-source", LISTS]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "The notebook preset gives the notebook's numbers." in printed and "0 in one of the two alone" in printed


def test_another_number_than_the_notebooks_is_found(tmp_path: Path, tiny_folder: Folder) -> None:
    """A t that differs, another extreme, another significant set: each is enough."""
    spec = ContrastSpec.notebook(model=str(tiny_folder("gpt_neo")), layer=1, word_source=LISTS)
    compared = check_notebook(spec, DEFAULT_DOWNLOADS)
    assert compared.same
    shifted = compared.statistic + np.where(np.arange(compared.statistic.size) == 5, 0.05, 0.0)
    assert not replace(compared, statistic=shifted).same
    largest = compared.statistic.copy()
    largest[3] = largest.max() + 1e-9
    assert not replace(compared, statistic=largest).same_extremes
    flipped = compared.significant.copy()
    flipped[7] = not flipped[7]
    assert replace(compared, significant=flipped).n_otherwise == 1


@pytest.mark.parametrize(
    ("arguments", "part", "status"),
    [
        (["no/such/folder"], "no/such/folder", 1),
        (["bundled", "--layer", "3"], "--notebook", 2),
        (["bundled", "--word-source", LISTS], "--notebook", 2),
        (["bundled", "--notebook", "--layer", "6", "--word-source", LISTS], "layers 0 to 5", 2),
    ],
)
def test_mistakes(arguments: list[str], part: str, status: int, capsys: Capture) -> None:
    """One sentence about what it got."""
    assert main(["check", *arguments]) == status
    error = capsys.readouterr().err
    assert error.startswith("error: ") and part in error and error.count("\n") == 1


def test_the_notebooks_layer_is_the_middle_one_where_there_is_no_layer_8(capsys: Capture) -> None:
    assert main(["check", "--notebook", "bundled", "--word-source", LISTS]) == 0
    assert "Layer 3:" in capsys.readouterr().out
