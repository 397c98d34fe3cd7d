"""A command line that is written for a spec gives this spec again."""

from __future__ import annotations

import shlex
from pathlib import Path
from unittest.mock import patch

import pytest

from core.__main__ import main
from core.command_line.spec import spec_of
from core.records import ContrastSpec
from core.report.command import command_line

OWN = {"target": "custom", "target_words": ("tea", "ale", "gin"), "target_name": "Food & 'drink'", "n_target": 3}
SPECS = [
    ContrastSpec(),
    ContrastSpec.careful(model="a folder/with 'quotes'", layer=5, shuffle_labels=True, seed=9),
    ContrastSpec.notebook(test="mannwhitney", correction="fdr_by", n_target=7, n_baseline=9, dtype="bfloat16"),
    ContrastSpec.careful(**OWN),
]


@pytest.mark.parametrize("spec", SPECS)
def test_the_command_gives_the_spec_again(spec: ContrastSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("target.txt").write_text("tea\nale\ngin\n", encoding="utf-8")
    found = []
    with patch("core.command_line.contrast.contrast", lambda options: found.append(spec_of(options, options.output))):
        assert main(shlex.split(command_line(spec))[3:]) == 0
    assert found[0].changed(target_words=()) == spec.changed(target_words=()) if spec.target != "custom" else True
    if spec.target == "custom":
        assert [word.split("\t")[0] for word in found[0].target_words] == list(spec.target_words)
        assert found[0].changed(target_words=spec.target_words) == spec
