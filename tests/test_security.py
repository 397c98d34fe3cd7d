"""What somebody in the room could try, tried: docs/security.md names each of these tests beside its threat.

A server of its own answers what is sent past the browser. The rest runs in this process, by AppTest or alone.
"""

from __future__ import annotations

import ast
import http.client
import json
import re
import runpy
import select
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import streamlit
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed

from core import limits as core_limits
from core.export import safe_cell
from core.models import count_layers, load_model
from core.records import CUSTOM, ContrastSpec, UserError
from core.tokens import readable
from core.words import MAX_CUSTOM_WORDS, MAX_LINE, custom_list, split_lines
from tests.browser import ROOT
from tests.class_server import SECONDS, ClassServer, Tab, class_server, elements
from tests.test_pages import HOME, NEURONS, PAGES, SMALL, TEXT, WORDS, open_page, said, settle
from tests.tiny_models import N_LAYERS, assert_one_sentence, change_config, copy_folder
from ui.page import plain
from ui.settings import ALPHAS, MAX_LINK_VALUE, MAX_NEURONS, Settings

SERVED = ("app.py", "serve.py", "pages", "ui", "core", "server")
ALL = (*SERVED, "training", "benchmarks", "deploy")
SECRET = "quokka"
# An image, a tag, a formula, a colour, bold, code, a spreadsheet's formula, an address within a cloud.
MARKUP = (
    "![x](http://evil.example/x.png) <img src=x onerror=alert(1)> $\\alpha$ :red[x] **b** `c` http://169.254.169.254/"
)
TRICKS = (
    "=cmd|'/c calc'!A1",
    "<script>alert(1)</script>",
    "![x](//evil.example)",
    "$\\frac12$",
    ":red[evil.example]",
    "`",
)


@pytest.fixture
def class_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a class server allows: the bundled model, no folders."""
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")


@pytest.fixture
def no_connection(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that this process asks to connect to; none of them is reached."""
    asked: list[Any] = []

    def refuse(self: socket.socket, address: Any) -> None:
        asked.append(address)
        raise OSError("refused by the test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    return asked


# --- the document


def threats() -> list[list[str]]:
    """The rows of the threat table in docs/security.md: who could try what, what stops it, which tests prove it."""
    lines = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("| Who could try what"))
    rows = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def names_in(file: str) -> set[str]:
    """The names of the test functions in a file of this folder; none where there is no such file."""
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_threat_names_tests_that_exist() -> None:
    rows = threats()
    assert len(rows) >= 20
    for row in rows:
        assert len(row) == 3 and all(row), row
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row[2])
        assert named, f"no test is named for: {row[0]}"
        missing = [f"{file}::{name}" for file, name in named if name not in names_in(file)]
        assert not missing, f"{missing} for: {row[0]}"


def test_every_test_of_this_file_stands_beside_a_threat() -> None:
    named = " ".join(row[2] for row in threats())
    here = names_in("test_security.py") - {
        "test_every_threat_names_tests_that_exist",
        "test_every_test_of_this_file_stands_beside_a_threat",
    }
    assert not [name for name in here if f"test_security.py::{name}`" not in named]


# --- what the code never does

_FORBIDDEN_MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
_FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "os.system",
    "os.popen",
    "pty.spawn",
    "yaml.load",
    "yaml.unsafe_load",
    "yaml.full_load",
}
_FORBIDDEN_OPTIONS = {"trust_remote_code": True, "unsafe_allow_html": True, "shell": True, "allow_pickle": True}
_NEEDED_OPTIONS = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False)}
# Whoever asks the network; an address that a user gave must not get here.
_NETWORK = {"requests", "httpx", "httpx2", "aiohttp", "urllib3", "urllib.request", "http.client", "ftplib", "smtplib"}
_NETWORK |= {"huggingface_hub", "socket"}


def sources(*places: str) -> list[Path]:
    found = [
        path for place in places for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    ]
    assert len(found) >= len(places)
    return found


def imported(tree: ast.AST) -> set[str]:
    """Every module that is imported anywhere, and its packages: ``os.path`` counts as ``os``, too."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)}


def dangers(source: str, *, served: bool = True) -> list[str]:
    """What a source does that none of ours may, by line; of what is ``served`` safe options must be spelled out."""
    tree = ast.parse(source)
    found = [f"imports {name}" for name in sorted(imported(tree) & _FORBIDDEN_MODULES)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        options = {item.arg: item.value.value for item in node.keywords if isinstance(item.value, ast.Constant)}
        given = {item.arg for item in node.keywords}
        if called in _FORBIDDEN_CALLS:
            found.append(f"{node.lineno}: {called}")
        if called in ("pd.read_pickle", "pandas.read_pickle"):
            found.append(f"{node.lineno}: {called}")
        for name, value in _FORBIDDEN_OPTIONS.items():
            if name in given and options.get(name, value) == value:
                found.append(f"{node.lineno}: {name}={value}")
        name, value = _NEEDED_OPTIONS.get(called.replace("numpy.", "np."), ("", None))
        if served and name and options.get(name) is not value:
            found.append(f"{node.lineno}: {called} without {name}={value}")
    return found


def test_no_module_can_run_what_it_reads() -> None:
    for path in sources(*ALL):
        served = path.relative_to(ROOT).parts[0] in SERVED
        assert dangers(path.read_text(encoding="utf-8"), served=served) == [], path


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "def f():\n    import joblib.numpy_pickle",
        "import marshal, shelve, dill",
        "eval('1')",
        "def f():\n    exec(text)",
        "import os\nos.system(text)",
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.SafeLoader)",
        "torch.load(file)",
        "torch.load(file, weights_only=False)",
        "torch.load(file, weights_only=flag)",
        "np.load(file)",
        "numpy.load(file, allow_pickle=True)",
        "np.save(file, array, allow_pickle=True)",
        "subprocess.run(text, shell=True)",
        "subprocess.run(text, shell=flag)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
        "st.markdown(text, unsafe_allow_html=True)",
    ],
)
def test_the_search_for_it_finds_it(source: str) -> None:
    assert dangers(source)


def test_the_search_for_it_lets_the_rest_be() -> None:
    fine = "model.eval()\nre.compile(x)\ntorch.load(f, weights_only=True)\nnp.load(f, allow_pickle=False)"
    assert dangers(fine) == []


def test_two_modules_ask_the_network_for_addresses_that_no_user_gives() -> None:
    """The hub's and the word lists'. core/models.py looks into the hub's cache, and the server listens."""
    asking = {
        str(path.relative_to(ROOT)): sorted(imported(ast.parse(path.read_text(encoding="utf-8"))) & _NETWORK)
        for path in sources(*SERVED)
    }
    assert {path: names for path, names in asking.items() if names} == {
        "core/hub.py": ["httpx2", "huggingface_hub"],
        "core/models.py": ["huggingface_hub"],
        "core/wordlist_download.py": ["requests"],
        "server/listening.py": ["socket"],
    }
    cached_only = {
        ast.unparse(node)
        for node in ast.walk(ast.parse((ROOT / "core" / "models.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "huggingface_hub"
    }
    assert cached_only == {"from huggingface_hub import try_to_load_from_cache"}


def test_html_and_pictures_are_our_own() -> None:
    """Nothing of Streamlit's that takes markup or an address is called but with what the project wrote."""
    takes_anything = {"html", "image", "video", "audio", "logo", "pdf", "iframe", "page_icon"}
    calls = {}
    for path in sources(*SERVED):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in takes_anything:
                calls[str(path.relative_to(ROOT))] = ast.unparse(node)
    assert calls == {
        "ui/page.py": "st.html(f'<style>{_STYLE}</style>')",
        "ui/home_panel.py": "st.image(_picture(st.context.theme.type), width='stretch')",
    }


def verdict(report: dict[str, Any] | None, complaint: str = "") -> tuple[int, str]:
    return runpy.run_path(str(ROOT / ".ci" / "audit.py"))["verdict"](report, complaint)


def test_an_audit_that_could_not_ask_is_told_from_one_that_found_something() -> None:
    hole = {"id": "PYSEC-1", "fix_versions": ["2.1"], "aliases": [], "description": ""}
    fine = {"name": "fine", "version": "1", "vulns": []}
    bad = {"name": "bad", "version": "2.0", "vulns": [hole]}
    unknown = {"name": "unknown", "skip_reason": "not found"}
    assert verdict({"dependencies": [fine]})[0] == 0
    code, told = verdict({"dependencies": [fine, bad, unknown]})
    assert code == 1 and "bad 2.0: PYSEC-1 (fixed in 2.1)" in told and "fine" not in told
    assert verdict({"dependencies": [fine, unknown]}) == (
        0,
        "pip-audit: no known vulnerability in 1 packages. The service does not know unknown.",
    )
    code, told = verdict({"dependencies": [unknown]})
    assert code == 0 and "skipped" in told and "knows none of the 1 packages" in told
    code, told = verdict(None, "Traceback\nrequests.exceptions.ProxyError: HTTPSConnectionPool(host='x')")
    assert code == 0 and "skipped" in told and "ProxyError" in told and "\n" not in told
    code, told = verdict(None, "usage: pip-audit\npip-audit: error: unrecognized arguments: --loca")
    assert code == 1 and "unrecognized arguments" in told


# --- models


def refused(name: str) -> str:
    with pytest.raises(UserError) as caught:
        load_model(name)
    assert_one_sentence(caught.value)
    assert count_layers(name) is None
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "EleutherAI/pythia-70m",
        "Bundled",
        "bundled ",
        " bundled",
        "./bundled",
        "bundled\0",
        "*",
        "",
        "/etc",
        "~",
        "x" * 9_999,
    ],
)
def test_only_models_on_the_list_are_loaded(name: str, class_limits: None, no_connection: list[Any]) -> None:
    assert "This server does not offer the model" in refused(name)
    assert no_connection == []


def test_a_folder_on_the_list_needs_a_root(tiny_folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, its name can only be a hub id."""
    folder = str(tiny_folder("gpt_neo"))
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", folder)
    assert "hub id" in refused(folder)


@pytest.fixture
def rooted(tiny_folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server that loads any model below ``tmp_path/root``; beside the root lies another one."""
    copy_folder(tiny_folder("gpt_neo"), tmp_path / "outside")
    copy_folder(tiny_folder("gpt_neo"), tmp_path / "root" / "class" / "inside")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "*")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODEL_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("HOME", str(tmp_path / "outside"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "root"


@pytest.mark.parametrize("name", ["class/inside", "./class//inside/", "class/../class/inside", "{root}/class/inside"])
def test_a_folder_below_the_root_is_a_model(name: str, rooted: Path) -> None:
    name = name.format(root=rooted)
    assert count_layers(name) == N_LAYERS == load_model(name).n_layers


_OUTSIDE = (
    ".. ../outside class/../../outside class/inside/../../../outside {root}/../outside {root}side /etc / "
    "link link/ class/link/../outside a\0b \ud800"
)


@pytest.mark.parametrize(
    "name",
    [
        *_OUTSIDE.split(),
        "../" * 2_000 + "etc",
    ],
)
def test_nothing_outside_the_root_is_looked_at(name: str, rooted: Path, no_connection: list[Any]) -> None:
    (rooted / "link").symlink_to(rooted.parent / "outside")
    (rooted / "class" / "link").symlink_to(rooted.parent / "outside")
    copy_folder(rooted.parent / "outside", rooted.parent / "rootside")
    assert "outside the folder" in refused(name.format(root=rooted))
    assert no_connection == []


@pytest.mark.parametrize("name", ["~", "~root", "~/", "x" * 5_000, "x/" * 2_500, "nowhere", "$HOME", "%2e%2e/outside"])
def test_other_names_are_no_folders(name: str, rooted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They can only be hub ids, most of them not even that."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "outside the folder" not in refused(name)
    assert "hub" in refused(name)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json", "notes.txt"])
def test_a_model_may_not_link_to_files_outside_the_root(file: str, rooted: Path) -> None:
    target = rooted / "class" / "inside" / file
    target.unlink(missing_ok=True)
    target.symlink_to(rooted.parent / "outside" / file)  # whether or not there is such a file
    told = refused("class/inside")
    assert file in told and "link" in told


def test_links_within_the_root_are_followed(rooted: Path) -> None:
    """The hub's own cache is laid out so: a snapshot's files are links to blobs."""
    inside = rooted / "class" / "inside"
    (rooted / "blobs").mkdir()
    (inside / "model.safetensors").rename(rooted / "blobs" / "0123")
    (inside / "model.safetensors").symlink_to("../../blobs/0123")
    assert load_model("class/inside").n_layers == N_LAYERS


@pytest.fixture
def folder(tiny_folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model to be made hostile; whoever unpickles anything fails the test."""
    import torch

    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: pytest.fail("a pickle was read"))
    return copy_folder(tiny_folder("gpt_neo"), tmp_path / "model")


@pytest.mark.parametrize(
    "shard", ["pytorch_model.bin", "vocab.bin", "../outside.safetensors", "/x.safetensors", 3, None]
)
def test_an_index_cannot_name_a_pickle_or_a_file_elsewhere(shard: object, folder: Path) -> None:
    """transformers would read both, though asked for safetensors alone."""
    weights = folder / "model.safetensors"
    weights.rename(folder / "other.safetensors")
    for name in ("pytorch_model.bin", "vocab.bin", "../outside.safetensors"):
        (folder / name).write_bytes(b"not to be opened")
    index = {
        "metadata": {},
        "weight_map": {"transformer.wte.weight": shard, "transformer.wpe.weight": "other.safetensors"},
    }
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"only \.safetensors files beside it are read"):
        load_model(str(folder))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"weight_map": []}', "[" * 100_000])
def test_an_index_that_is_none(text: str, folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text(text)
    with pytest.raises(UserError, match="it is no index of weights"):
        load_model(str(folder))


@pytest.mark.parametrize(
    "asked",
    [
        {"transformers_weights": "adapter_model.bin"},
        {"transformers_weights": "other.safetensors"},
        {"attn_implementation": "evil/kernel"},
        {"attn_implementation": {"": "evil/kernel"}},
        {"_attn_implementation": "kernels-community/flash-attn"},
    ],
)
def test_a_configuration_cannot_lead_to_other_files_or_code(
    asked: dict[str, Any], folder: Path, no_connection: list[Any]
) -> None:
    (folder / "adapter_model.bin").write_bytes(b"not to be opened")
    change_config(folder, **asked)
    with pytest.raises(UserError) as caught:
        load_model(str(folder))
    assert_one_sentence(caught.value, next(iter(asked)), "not followed")
    assert no_connection == []


def test_code_beside_a_model_is_not_run(folder: Path, no_connection: list[Any]) -> None:
    """Neither a network's nor a tokenizer's, and no adapter is fetched."""
    for name in ("evil.py", "modeling_evil.py", "tokenization_evil.py", "__init__.py"):
        (folder / name).write_text("raise SystemExit('run')")
    change_config(folder, auto_map={"AutoModelForCausalLM": "evil.Evil", "AutoConfig": "evil.Evil"})
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer |= {
        "auto_map": {"AutoTokenizer": ["evil.Evil", None]},
        "tokenizer_class": "Evil",
        "vocab_file": "/etc/passwd",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "evil/base", "peft_type": "LORA"}')
    assert load_model(str(folder)).n_layers == N_LAYERS
    assert no_connection == []


@pytest.mark.parametrize("layers", [0, -1, True, "4", 4.0, None, [4]])
def test_a_configuration_with_strange_numbers_breaks_no_page(layers: object, rooted: Path) -> None:
    change_config(rooted / "class" / "inside", num_layers=layers)
    opened = Settings.from_params({"model": "class/inside", "layer": "3"})
    assert count_layers("class/inside") is None
    assert (opened.spec.model, opened.spec.layer, opened.problems) == ("class/inside", 3, [])


def test_a_configuration_that_is_too_deep_is_one_sentence(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 100_000)
    assert "cannot be read" in refused(str(folder))


# --- links

_VALID = [Settings(spec=spec).to_params() for spec in (ContrastSpec(), SMALL)]
_STRANGE = "\0 \ud800 ٣ 1_0 +5 1e9 -0 inf nan 0x10 true TRUE custom notebook /etc ~ ../.. C:\\ bundled\0 a/b/c .. [] {}"
_VALUES = st.one_of(
    st.text(max_size=80),
    st.sampled_from(sorted({value for params in _VALID for value in params.values()})),
    st.integers(-(10**6), 10**6).map(str),
    st.floats().map(str),
    st.sampled_from(
        [
            *_STRANGE.split(),
            *("", " ", "\n", "\n\n# x", "EleutherAI/gpt-neo-125m", "9" * 5_000, "x" * (MAX_LINK_VALUE + 1)),
            *("0," * 4_000, "x," * 4_000, "a\n" * 4_000, MARKUP, *TRICKS),
        ]
    ),
)
_NAMES = (*ContrastSpec.__dataclass_fields__, "neuron", "neurons", "scale", "embed", "unknown")
_LINKS = st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=len(_NAMES))
_SURROUNDINGS = {
    "any model": {},
    "a class": {"GRAMMAR_NEURONS_MODELS": "bundled", "GRAMMAR_NEURONS_MAX_WORDS": "90"},
    "a root": {"GRAMMAR_NEURONS_MODELS": "*", "GRAMMAR_NEURONS_MODEL_ROOT": str(ROOT / "assets")},
}


@pytest.mark.parametrize("surroundings", _SURROUNDINGS)
@given(params=_LINKS)
@hypothesis_settings(max_examples=250, deadline=None)
def test_no_link_breaks_the_settings(surroundings: str, params: dict[str, str]) -> None:
    """Whatever a link holds: settings that this server allows, and a sentence for what it does not."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _SURROUNDINGS[surroundings].items():
            patch.setenv(name, value)
        opened = Settings.from_params(params)
        spec, allowed = opened.spec, core_limits.limits()
        n_layers = count_layers(spec.model)
    assert allowed.any_model or spec.model in allowed.models
    assert spec.word_source in ("notebook", "bundled")
    assert 2 <= min(spec.n_target, spec.n_baseline) <= max(spec.n_target, spec.n_baseline) <= allowed.max_words
    assert 0 <= spec.layer < (n_layers or 1_000) and ALPHAS[0] <= spec.alpha <= ALPHAS[1]
    assert opened.neuron is None or 0 <= opened.neuron < 10**6
    assert len(opened.neurons) <= MAX_NEURONS and all(0 <= neuron < 10**6 for neuron in opened.neurons)
    assert opened.scale in ("text", "zero", "words")
    # A value can be told of on its own and for what it does not fit with, never once for each of its parts.
    assert len(opened.problems) <= 2 * len(params)
    assert all(10 < len(sentence) < 500 and sentence[-1] == "." for sentence in opened.problems)
    assert all("\n" not in sentence for sentence in opened.problems), "a quoted value must not begin a paragraph"


@pytest.mark.parametrize("name", ["model", "target_words", "neurons", "layer", "alpha", "scale", "correction"])
def test_a_value_of_a_link_that_is_too_long_is_not_looked_at(name: str) -> None:
    started = time.process_time()
    opened = Settings.from_params({name: "0,\n" * 5_000_000, "unknown": "x" * 5_000_000})
    assert time.process_time() - started < 2.0
    assert opened == Settings(problems=opened.problems)
    assert len(opened.problems) == 1 and "15,000,000 characters" in opened.problems[0]


def unescaped(text: str) -> str:
    """What Markdown would see of a text: without backslashed characters, and without what stands in backquotes."""
    return re.sub(r"`[^`]*`", "", re.sub(r"\\[^\w\s]", "", text))


def assert_no_markup(at: Any) -> None:
    """Nothing that a user wrote reaches a place where Streamlit reads Markdown, but for escaped sentences."""
    for element in at._tree:
        proto = getattr(element, "proto", None)
        for place in ("label", "help", "placeholder"):
            assert "evil.example" not in str(getattr(proto, place, "")), f"{place} of {element.type}"
        body = str(getattr(proto, "body", ""))
        if "evil.example" in body or "alert(1)" in body:
            assert not re.search(r"[<>\[\]$]|:\w|\*\*b", unescaped(body)), body


@pytest.mark.parametrize("page", PAGES)
def test_a_hostile_link_is_told_of_and_fetches_nothing(page: str, class_limits: None, no_connection: list[Any]) -> None:
    spec = SMALL.changed(layer=1, n_target=20, n_baseline=20)
    hostile = dict.fromkeys([*spec.to_params(), "neuron", "neurons", "scale"], MARKUP)
    at = open_page(page, spec=spec, **{**hostile, "n_target": "20", "n_baseline": "20"})
    sentences = said(at.warning)
    assert len(sentences) >= len(hostile) - 4 and not at.error
    assert any("does not offer the model" in sentence for sentence in sentences)
    assert_no_markup(at)
    assert "evil.example" not in json.dumps(dict(at.query_params)), "the address is written anew"
    assert no_connection == []


@pytest.mark.parametrize("page", [NEURONS, WORDS, TEXT])
def test_hostile_words_stay_words(page: str, class_limits: None, no_connection: list[Any], monkeypatch: Any) -> None:
    names = []
    draw = DeltaGenerator.download_button

    def drawn(self: DeltaGenerator, label: str, data: Any, file_name: str, *args: Any, **kwargs: Any) -> bool:
        names.append(file_name)
        return draw(self, label, data, file_name, *args, **kwargs)

    monkeypatch.setattr(DeltaGenerator, "download_button", drawn)
    monkeypatch.setattr("streamlit.download_button", partial(drawn, streamlit.download_button.__self__))
    spec = ContrastSpec.careful(
        layer=1, target=CUSTOM, baseline=CUSTOM, n_target=len(TRICKS), n_baseline=len(TRICKS), drop_shared=False,
        target_words=TRICKS, baseline_words=TRICKS[::-1],
    )  # fmt: skip
    at = open_page(page, spec=spec)
    assert not at.error and not at.warning
    assert_no_markup(at)
    for chart in at.get("plotly_chart"):
        assert "<script" not in chart.proto.spec and "<img" not in chart.proto.spec
    assert all(re.fullmatch(r"(custom-custom|text)-layer1\.(csv|json)", name) for name in names)
    assert bool(names) == (page != WORDS)
    assert no_connection == []


def test_a_hostile_text_is_shown_as_it_is_and_its_table_computes_nothing(class_limits: None) -> None:
    at = open_page(TEXT, spec=SMALL.changed(n_target=20, n_baseline=20))
    text = f"{MARKUP}\n=1+1 </script><b> {' '.join(TRICKS)}"
    at.text_area(key="text").set_value(text)
    settle(at)
    assert "".join(json.loads(at.get_by_key("text_heatmap").proto.json)["pieces"]) == text
    assert_no_markup(at)
    assert not at.error
    assert [safe_cell(readable(piece))[0] for piece in ("=1", "+1", "-1", "@x")] == ["'"] * 4


# --- more than is allowed


def test_more_custom_words_than_allowed_are_one_sentence(class_limits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "30")
    words = tuple(f"word{number}" for number in range(40))
    spec = ContrastSpec.careful(layer=1, target=CUSTOM, n_target=40, target_words=words, n_baseline=20)
    at = open_page(HOME, spec=spec)
    assert any("“40”; at most 30 words of a class" in sentence for sentence in said(at.warning))
    assert said(at.error) == ["The custom target list has 40 words; this server allows 30."]
    at.text_area(key="target_text").set_value("\n".join(words[:30]))
    settle(at)
    assert not at.error and at.metric


def test_a_preset_keeps_within_the_limits_on_a_page(class_limits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A box that is given more than its maximum would end the page."""
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "30")
    at = open_page(HOME, spec=SMALL.changed(n_target=20, n_baseline=20))
    at.segmented_control(key="preset").set_value("Careful")
    settle(at)
    assert (at.number_input(key="n_target").value, at.number_input(key="n_baseline").value) == (30, 30)
    assert at.segmented_control(key="preset").value == "Careful" and not at.error


def test_the_largest_custom_list_is_read_in_time_and_a_larger_one_refused() -> None:
    """Ten thousand lines of a hundred characters, each of four bytes; beyond that, not even split."""
    line = "".join(chr(0x12000 + number) for number in range(MAX_LINE - 5))
    text = "\n".join(f"{line}{number:05d}" for number in range(MAX_CUSTOM_WORDS))
    started = time.process_time()
    assert len(custom_list(text.encode(), "x").words) == MAX_CUSTOM_WORDS
    for beyond in (text + "\none", "a\n" * 20_000_000, ("ab" * 20_000_000).encode(), "\n" * 5_000_001):
        with pytest.raises(UserError):
            custom_list(beyond, "x")
    assert time.process_time() - started < 10.0


@pytest.mark.parametrize(
    "pattern", ["a", " ", "\n", "\\", "*", "`", "[", "<", "'", "=", "\0", "\u202e", "a ", "\\*", "](", "%2"]
)
def test_no_text_takes_more_than_linear_time(pattern: str) -> None:
    """A great many characters in the worst arrangement for a regular expression that backtracks."""
    text = (pattern * 200_000)[:200_000] + "!"
    started = time.process_time()
    for work in (plain, readable, safe_cell, split_lines):
        work(text)
    Settings.from_params(dict.fromkeys(_NAMES, text[:MAX_LINK_VALUE]))
    assert time.process_time() - started < 5.0, "a backtracking one would take hours"


@pytest.mark.parametrize("pattern", ["a", " ", "\n", "'s", "1", "aB", " a1!", "\u0301", "🧠", "\U00012000"])
def test_the_longest_text_is_cut_into_tokens_in_time(pattern: str) -> None:
    text = (pattern * core_limits.limits().max_characters)[: core_limits.limits().max_characters]
    tokenizer = load_model("bundled").tokenizer
    started = time.process_time()
    assert tokenizer.encode(text, add_special_tokens=False).ids
    assert time.process_time() - started < 5.0


# --- files that are sent


@pytest.mark.parametrize(
    "content", [b"\xff\xfea\0b\0", b"\x89PNG\r\n\x1a\n\0\0", b"\x80abc", b"a\0b", b"PK\x03\x04" * 9]
)
def test_a_word_file_that_is_no_text_is_refused(content: bytes, class_limits: None) -> None:
    at = open_page(
        HOME, spec=ContrastSpec.careful(layer=1, target=CUSTOM, n_target=2, target_words=("dog", "cat"), n_baseline=20)
    )
    at.file_uploader(key="target_file").set_value((f"{MARKUP.replace('/', '')}.txt", content, "text/plain"))
    settle(at)
    assert at.text_area(key="target_text").value == "dog\ncat"
    assert len(at.toast) == 1 and not at.error
    assert_no_markup(at)


def test_a_text_file_that_is_too_large_is_not_even_decoded(class_limits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_CHARACTERS", "100")
    at = open_page(TEXT, spec=SMALL.changed(n_target=20, n_baseline=20))
    at.text_area(key="text").set_value("A text that stays.")
    at.file_uploader(key="text_file").set_value((f"{'long name ' * 30}.txt", b"x" * 1_001, "text/plain"))
    settle(at)
    (told,) = said(at.toast)
    assert "has 1,001 bytes" in told and "at most 100 characters" in told and len(told) < 250
    assert at.text_area(key="text").value == "A text that stays."
    at.file_uploader(key="text_file").set_value(("short.txt", b"x " * 300, "text/plain"))
    settle(at)
    assert "600 characters: shorten it" in said(at.toast)[0]
    assert said(at.error) == ["The text has 600 characters; at most 100 are allowed. Shorten it."]


# --- a server, and what is sent to it past the browser


@pytest.fixture(scope="module")
def server() -> Iterator[ClassServer]:
    limits = {"MODELS": "bundled", "MAX_WORDS": "100", "MAX_CHARACTERS": "2000", "MAX_UPLOAD_MB": "1"}
    with class_server({f"GRAMMAR_NEURONS_{name}": value for name, value in limits.items()}) as running:
        running.until_ready()
        yield running


QUERY = urlencode(SMALL.changed(layer=1, n_target=20, n_baseline=20).to_params())


class Forger(Tab):
    """A tab that sends whatever it likes for a page's widgets, by their keys."""

    def forge(self, page: str, shown: list[ForwardMsg], **values: str | int | list[str]) -> list[ForwardMsg]:
        """Run a page with forged widget states; ``shown`` is what it last sent, which tells the widgets' ids."""
        asked = BackMsg()
        asked.rerun_script.page_name, asked.rerun_script.query_string = page, QUERY
        for key, value in values.items():
            state: WidgetState = asked.rerun_script.widget_states.widgets.add()
            state.id = id_of(shown, key)
            if isinstance(value, int):
                state.int_value = value
            elif isinstance(value, list):
                state.string_array_value.data.extend(value)
            else:
                state.string_value = value
        self.socket.send(asked.SerializeToString())
        return self.receive()

    def receive(self, until: str = "script_finished") -> list[ForwardMsg]:
        received: list[ForwardMsg] = []
        while not received or received[-1].WhichOneof("type") != until:
            received.append(ForwardMsg.FromString(self.socket.recv(timeout=120)))
        return received


def id_of(messages: list[ForwardMsg], key: str) -> str:
    """The id of the widget with a key, among what a run sent."""
    for message in messages:
        if message.delta.HasField("new_element"):
            element = message.delta.new_element
            widget = getattr(getattr(element, element.WhichOneof("type") or "empty"), "id", "")
            if widget.endswith(f"-{key}"):
                return widget
    raise AssertionError(f"no widget {key}")


def everything(messages: list[ForwardMsg]) -> bytes:
    """All bytes that a run drew; texts stand in them as they are. (A run's first message tells where app.py lies.)"""
    return b"".join(message.SerializeToString() for message in messages if message.WhichOneof("type") != "new_session")


def test_a_sample_is_one_of_ours_whatever_a_browser_asks_for(server: ClassServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    with Forger(server.url) as tab:
        shown = tab.run("Text_heatmap", QUERY)
        first = elements(shown, "text_area")[0].default
        title = elements(shown, "selectbox")[-1].options[-1]
        for name in (str(secret), f"../../../../../../../..{secret}", "../words/nouns.txt", "."):
            shown = tab.forge("Text_heatmap", shown, sample=name)
            assert SECRET.encode() not in everything(shown)
            assert elements(shown, "text_area")[0].default == first
        shown = tab.forge("Text_heatmap", shown, sample=title)  # so a sample is asked for
        assert elements(shown, "text_area")[0].default != first


def test_a_word_source_is_never_a_folder_whatever_a_browser_asks_for(server: ClassServer, tmp_path: Path) -> None:
    for name in ("nouns", "verbs"):
        (tmp_path / f"{name}.txt").write_text("\n".join(f"{SECRET}{number}" for number in range(200)))
    with Forger(server.url) as tab:
        shown = tab.run("Words", QUERY)
        shown = tab.forge("Words", shown, word_source=str(tmp_path))
        assert [alert.body for alert in elements(shown, "alert")] == [
            plain(f"The word source “{str(tmp_path)[:80]}” is not offered here; choose notebook or bundled.")
        ]
        assert SECRET.encode() not in everything(shown)


@pytest.mark.parametrize("name", ["EleutherAI/pythia-70m", "/etc", "../..", "http://127.0.0.1:9/x"])
def test_a_model_is_one_of_the_list_whatever_a_browser_asks_for(name: str, server: ClassServer) -> None:
    with Forger(server.url) as tab:
        shown = tab.forge("", tab.run("", QUERY), model=name)
        assert plain(f"This server does not offer the model “{name}”; it offers bundled.") in [
            alert.body for alert in elements(shown, "alert")
        ]


@pytest.mark.parametrize(
    ("page", "forged"),
    [
        ("Neurons", {"n_target": "many"}),
        ("Neurons", {"layer": "deep"}),
        ("Neurons", {"n_target": 10**9, "alpha": 7, "neuron": -5}),
        ("Neurons", {"target": "<b>", "test": "x", "correction": "y", "family": "z", "pooling": "p", "hook_side": "h"}),
        ("Text_heatmap", {"neurons": [str(number) for number in range(1_000)]}),
        ("Text_heatmap", {"neurons": ["x", "-1"]}),
        ("Text_heatmap", {"scale": ["log"]}),
    ],
)
def test_forged_values_show_no_details_and_break_nobody_elses_page(
    page: str, forged: dict[str, Any], server: ClassServer
) -> None:
    with Forger(server.url) as tab:
        shown = tab.forge(page, tab.run(page, QUERY), **forged)
        sent = everything(shown)
        assert not elements(shown, "exception")
        assert not any(detail in sent for detail in (b"Traceback", str(ROOT).encode(), b"site-packages", b'File "'))
    with Tab(server.url) as other:
        shown = other.run(page, QUERY)
        assert not elements(shown, "alert") and not elements(shown, "exception")


def test_a_message_that_is_too_large_ends_the_connection(server: ClassServer) -> None:
    with Forger(server.url) as tab:
        shown = tab.run("Text_heatmap", QUERY)
        asked = BackMsg()
        asked.rerun_script.query_string = QUERY
        state = asked.rerun_script.widget_states.widgets.add()
        state.id, state.string_value = id_of(shown, "text"), "x" * (26 * 2**20)
        with pytest.raises(ConnectionClosed) as closed:
            tab.socket.send(asked.SerializeToString())
            while True:
                tab.socket.recv(timeout=SECONDS)
        # Where the server hangs up before all of it is sent, its reason may be lost on the way.
        assert closed.value.rcvd is None or closed.value.rcvd.code == 1009
    assert server.get("/_stcore/health").status == 200


def multipart(size: int, name: str = "a.txt", end: bytes = b"\r\n--B--\r\n") -> bytes:
    head = f'--B\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
    return head.encode() + b"x" * size + end


def token_of(server: ClassServer) -> str:
    cookie = server.get("/_stcore/health").headers["Set-Cookie"]
    return cookie.partition("=")[2].partition(";")[0]


def upload(server: ClassServer, session: str, body: bytes, **more: str) -> tuple[int, str]:
    """Send a file as the browser does; the status, and what was said."""
    token = token_of(server)
    headers = {"Content-Type": "multipart/form-data; boundary=B", "X-Xsrftoken": token}
    headers |= {"Cookie": f"_streamlit_xsrf={token}", **{name.replace("_", "-"): value for name, value in more.items()}}
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
    try:
        connection.request("PUT", f"/_stcore/upload_file/{session}/file-1", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_an_upload_beyond_the_limit_is_refused_by_the_server(server: ClassServer) -> None:
    """Config.toml's limit and the page's do not matter to who sends a file past the page."""
    with Tab(server.url) as tab:
        tab.run("Text_heatmap", QUERY)
        assert upload(server, tab.session, multipart(1_000_000))[0] == 204
        assert upload(server, tab.session, multipart(2**20 + 1)) == (413, "File too large")
        assert upload(server, tab.session, multipart(30_000_000)) == (413, "File too large")
        assert server.get(f"/_stcore/upload_file/{tab.session}/file-1").text.count("x") < 1_000, "nor can it be fetched"


def test_an_upload_that_does_not_tell_its_size_is_cut_off(server: ClassServer) -> None:
    """Chunks without end: the server answers, and reads no more, soon after the limit."""
    with Tab(server.url) as tab:
        tab.run("Text_heatmap", QUERY)
        token, host = token_of(server), server.url.removeprefix("http://")
        head = (
            f"PUT /_stcore/upload_file/{tab.session}/2 HTTP/1.1\r\nHost: {host}\r\nX-Xsrftoken: {token}\r\n"
            f"Cookie: _streamlit_xsrf={token}\r\nContent-Type: multipart/form-data; boundary=B\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        first = multipart(0, end=b"")
        address, _, port = host.partition(":")
        with socket.create_connection((address, int(port)), timeout=120) as raw:
            raw.sendall(head.encode() + b"%x\r\n%s\r\n" % (len(first), first))
            sent = 0
            while not select.select([raw], [], [], 0.05)[0]:
                raw.sendall(chunk)
                sent += len(chunk)
                assert sent < 64 * 2**20, "the server reads on and on"
            assert raw.recv(10_000).startswith(b"HTTP/1.1 413")


def test_an_upload_needs_a_session_and_a_token(server: ClassServer) -> None:
    assert upload(server, "nobodys-session", multipart(10))[0] == 400
    with Tab(server.url) as tab:
        tab.run("Text_heatmap", QUERY)
        assert upload(server, tab.session, multipart(10), X_Xsrftoken="2|00|00|0")[0] == 403
        assert upload(server, tab.session, multipart(10), Cookie="")[0] == 403


_PATHS = """
/../serve.py /static/../../../../serve.py /static/..%2f..%2f..%2fcore/limits.py /media/../../core/limits.py
/component/..%2f..%2fcore%2flimits.py /_stcore/bidi-components/token_heatmap/..%2f__init__.py //etc/passwd
/static/%2e%2e/%2e%2e/etc/passwd /app/static/../core/limits.py /.git/config /core/limits.py /etc/passwd
/.streamlit/config.toml /static/..\\..\\core\\limits.py /%00 /media/%00 /component/%ff%fe
"""


@pytest.mark.parametrize("path", _PATHS.split())
def test_no_path_leads_to_a_file_of_the_server(path: str, server: ClassServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
    connection.putrequest("GET", path, skip_host=False)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in (400, 404) or (answer.status == 200 and b"<title>Streamlit</title>" in body)
    assert not any(mark in body for mark in (b"from __future__", b"root:", b"[server]", b"[core]", b"Traceback"))


def test_what_streamlit_leaves_off_is_off(server: ClassServer) -> None:
    """Nobody but a browser drives the app; nobody is told of a repository; nothing is written beside app.py."""
    for route in ("interact", "mcp"):
        answer = server.get(f"/_stcore/agent/{route}", method="POST", data=b"{}")
        assert answer.status in (400, 403, 404) and "does not serve" in answer.text
    assert "<title>Streamlit</title>" in server.get("/_stcore/script-health-check").text  # no such route: the page
    with Forger(server.url) as tab:
        tab.run("", QUERY)
        asked = BackMsg()
        asked.load_git_info = True
        tab.socket.send(asked.SerializeToString())
        asked = BackMsg()
        asked.backend_operation_request.request_id, asked.backend_operation_request.session_id = "1", tab.session
        asked.backend_operation_request.install_skills.SetInParent()
        tab.socket.send(asked.SerializeToString())
        told = tab.receive(until="backend_operation_response")
        assert told[-1].backend_operation_response.error_reason == "refused:headless"
        assert "git_info_changed" not in [message.WhichOneof("type") for message in told]


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/host-config", "/metrics", "/readyz"])
def test_another_site_may_not_read_what_the_server_says(path: str, server: ClassServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
    connection.request("GET", path, headers={"Origin": "http://evil.example"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.getheader("Access-Control-Allow-Origin") in (None, server.url)
    assert answer.getheader("Cross-Origin-Resource-Policy") == "same-origin"
    assert "frame-ancestors 'none'" in answer.getheader("Content-Security-Policy", "")


def test_the_logs_tell_nothing_of_all_this(server: ClassServer) -> None:
    """After what the tests above have sent."""
    with Forger(server.url) as tab:
        shown = tab.run("Words", urlencode({"target": SECRET, "model": SECRET, "word_source": f"/{SECRET}"}))
        tab.forge("Words", shown, word_source=f"/{SECRET}", n_target=SECRET)
        upload(server, tab.session, multipart(10, f"{SECRET}.txt"))
        upload(server, f"{SECRET}-session", multipart(10))
    printed = server.printed() + server.complaints()
    assert '"event": "request"' in printed
    assert not any(mark in printed for mark in (SECRET, "evil.example", "pythia", "secret.txt", "Traceback"))
