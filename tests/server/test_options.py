"""The options of serve.py: what --help shows, and what is said of one that is wrong."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from core.version import __version__
from engine.limits import limits
from engine.variables import VARIABLES
from server import options, usage
from tests.support.browser import ROOT


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch):
    """Options set variables: they are as before after each test."""
    for name in [name for name in os.environ if name.startswith(("GRAMMAR_NEURONS_", "STREAMLIT_"))]:
        monkeypatch.delenv(name)
    for name in ("GRAMMAR_NEURONS_CACHE", "GRAMMAR_NEURONS_WORDLISTS_URL", "GRAMMAR_NEURONS_TREEBANKS_URL"):
        monkeypatch.setenv(name, "")
    before = dict(os.environ)
    monkeypatch.setattr(sys, "argv", ["serve.py"])
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def ended(capsys, *arguments):
    """What the process would print and end with."""
    with pytest.raises(SystemExit) as caught:
        options.read(arguments)
    said = capsys.readouterr()
    return caught.value.code, said.out, said.err


def test_help_shows_our_options_alone():
    """In a process of its own, as it is typed; it needs no torch and no Streamlit."""
    code = (
        "import runpy, sys; sys.argv = ['serve.py', '--help']\ntry: runpy.run_path('serve.py', run_name='__main__')\n"
    )
    code += "finally: print([name for name in ('torch', 'streamlit') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    *lines, imported = done.stdout.splitlines()
    assert imported == "[]" and done.stderr == ""
    text = "\n".join(lines)
    assert len(lines) < 100 and max(map(len, lines)) <= 100
    assert lines[0] == "Usage: python serve.py [OPTION]..." and text.count("  python serve.py") == 3
    for each in VARIABLES:
        said = " ".join(text[text.index(f"  {each.option} ") :].split())
        assert f"{each.meaning} ({each.allowed}) [{each.default}]" in said
    for word in ("--port N", "--address", "[8501]", "GRAMMAR_NEURONS_MAX_WORDS", "--help-streamlit", "Exit codes: 0"):
        assert word in text
    assert "--server.fileWatcherType" not in text


def test_short_forms_and_the_version(capsys):
    assert ended(capsys, "-h")[:2] == (0, usage.usage() + "\n")
    code, out, err = ended(capsys, "--version")
    assert (code, err) == (0, "") and __version__ in out and out.count("\n") == 1


def test_streamlits_options_are_behind_a_word_of_their_own(capsys):
    code, out, _ = ended(capsys, "--help-streamlit")
    assert code == 0 and "--server.fileWatcherType" in out and "--max-words" not in out


def test_our_options_set_their_variables_and_are_stronger(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "700")
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", "8700")
    assert options.read()["server_port"] == 8700 and limits().max_words == 700
    read = options.read(["--port", "8600", "--max-words=60", "--models", "bundled,EleutherAI/gpt-neo-125m"])
    assert (read["server_port"], read["server_address"]) == (8600, "0.0.0.0")
    assert limits().max_words == 60 and limits().models == ("bundled", "EleutherAI/gpt-neo-125m")
    read = options.read(["--address", "localhost", "--server.port=8601", "--server.baseUrlPath", "/neurons"])
    assert (read["server_address"], read["server_port"], read["server_baseUrlPath"]) == ("localhost", 8601, "/neurons")


def test_without_options_only_the_bundled_model_is_offered():
    read = options.read()
    assert limits().models == ("bundled",) and read["server_maxUploadSize"] == limits().max_upload_mb


WRONG = {
    "--prot 8600": "--prot is no option of serve.py. Did you mean --port?",
    "-p 8600": "-p is no option of serve.py. Did you mean --port?",
    "--host x": "--host is no option of serve.py. Did you mean --address?",
    "--maxwords 5": "--maxwords is no option of serve.py. Did you mean --max-words?",
    "--read 5": "--read is no option of serve.py. serve.py --help lists the options.",
    "--server.prot 1": "--server.prot is no option of serve.py. Did you mean --server.port?",
    "--frobnicate": "--frobnicate is no option of serve.py. serve.py --help lists the options.",
    "8600": "serve.py takes only options, such as --port 8600; got “8600”.",
    "--port": "Option '--port' requires an argument.",
    "--port 70000": "--port is “70000”; a whole number from 0 to 65,535 is allowed.",
    "--port -1": "--port is “-1”; a whole number from 0 to 65,535 is allowed.",
    "--server.port 70000": "server.port is “70000”; a whole number from 0 to 65,535 is allowed.",
    "--port 1 --server.port 2": "--port and --server.port say the same thing; use one of them.",
    "--port 1 --port 2": "--port was given 2 times; give it once.",
    "--max-words 1": "--max-words is “1”; a whole number from 2 to 10,000 is allowed.",
    "--cache=": "--cache is empty; allowed: a folder; it is made if needed.",
    "--models ,": "--models is set, and names no model; name them with commas between, or * for any.",
    "--server.maxUploadSize 9": "Streamlit's option server.maxUploadSize cannot be set here: --max-upload-mb sets it.",
}


@pytest.mark.parametrize("typed", WRONG)
def test_a_wrong_option_is_one_sentence(typed, capsys):
    assert ended(capsys, *typed.split()) == (2, "", WRONG[typed] + "\n")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("GRAMMAR_NEURONS_MAXWORDS", "Did you mean GRAMMAR_NEURONS_MAX_WORDS?"),
        ("STREAMLIT_SERVER_PROT", "Did you mean STREAMLIT_SERVER_PORT?"),
        ("STREAMLIT_SERVER_PORT", "server.port is “70000”; a whole number"),
    ],
)
def test_a_wrong_variable_is_one_sentence(name, sentence, capsys, monkeypatch):
    monkeypatch.setenv(name, "70000")
    code, out, err = ended(capsys)
    assert (code, out) == (2, "") and sentence in err and err.count("\n") == 1


def test_a_variable_of_whoever_hosts_it_is_passed_over(monkeypatch):
    monkeypatch.setenv("STREAMLIT_HOSTED_BY", "somebody")
    assert options.read()["server_address"] == "0.0.0.0"
