"""A class server with a class file: it begins with what the file says, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.browser import ROOT
from tests.support.class_server import class_server

EXAMPLE = ROOT / "deploy" / "class" / "class.toml"


def test_a_wrong_file_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "class.toml"
    file.write_text("[pages]\nshow = ['Nuerons']\n", encoding="utf-8")
    command = [sys.executable, str(ROOT / "serve.py"), "--port", "0", "--class-file", str(file)]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == "class.toml, [pages]: “Nuerons” is no page. Did you mean Neurons?\n"


def test_the_example_is_served(tmp_path: Path) -> None:
    """It opens from another folder too: its texts lie beside it."""
    with class_server({"GRAMMAR_NEURONS_CLASS_FILE": str(EXAMPLE)}, cwd=tmp_path) as server:
        read = server.until_logged("class file")["read"]
    assert read.startswith("class.toml: “Week 5") and "2 texts, 8 pages shown" in read
