"""What the code never does, and what is known of the libraries that it stands on."""

from __future__ import annotations

import ast
import runpy
from typing import Any

import pytest

from tests.support.browser import ROOT
from tests.support.hostile import (
    ALL,
    SERVED,
)
from tests.support.sources import sources

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
_NETWORK |= {"huggingface_hub", "pooch", "socket"}


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
    """The hub's, and that of word lists and treebanks.

    core/words/source.py looks for the user's cache folder; the server listens, and asks the system for this computer's
    address, by a socket over which nothing is sent.
    """
    asking = {
        path.relative_to(ROOT).as_posix(): sorted(imported(ast.parse(path.read_text(encoding="utf-8"))) & _NETWORK)
        for path in sources(*SERVED)
    }
    assert {path: names for path, names in asking.items() if names} == {
        "core/models/hub/cache.py": ["huggingface_hub"],
        "core/models/hub/client.py": ["httpx2", "huggingface_hub"],
        "core/models/hub/download.py": ["huggingface_hub"],
        "core/models/hub/failures.py": ["httpx2", "huggingface_hub"],
        "core/models/hub/names.py": ["huggingface_hub"],
        "core/words/download.py": ["pooch", "requests"],
        "core/words/failures.py": ["requests", "urllib3"],
        "core/words/source.py": ["pooch"],
        "server/listening.py": ["socket"],
        "server/terminal.py": ["socket"],
    }


# What of Streamlit's takes markup, or an address that a browser fetches.
_TAKES_ANYTHING = {"html", "image", "video", "audio", "logo", "pdf", "iframe", "page_icon"}


def markup_calls(source: str) -> list[str]:
    """Every call in a source that hands markup or an address to the browser, in order; none overwrites another."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    taking = [node for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr in _TAKES_ANYTHING]
    return [ast.unparse(node) for node in sorted(taking, key=lambda node: (node.lineno, node.col_offset))]


def test_html_and_pictures_are_our_own() -> None:
    """Nothing of Streamlit's that takes markup or an address is called but with what the project wrote."""
    calls = {
        path.relative_to(ROOT).as_posix(): found
        for path in sources(*SERVED)
        if (found := markup_calls(path.read_text(encoding="utf-8")))
    }
    assert calls == {
        "ui/page.py": ["st.html(f'<style>{_STYLE}</style>')"],
        "ui/verdicts.py": ["st.html(f'<style>{_STYLE}</style>')"],
        # Made in ui/verdicts.py, which escapes every text.
        "ui/panels/preregister_kept.py": ["st.html(verdicts.label(found[name]))"],
        "ui/panels/evidence.py": [
            "st.html(verdicts.strip(((name, about(name).TITLE, state.word) for name, state in now[request].items())))"
        ],
        "ui/panels/evidence_check.py": [
            "st.html(verdicts.label(state.word))",
            "st.html(verdicts.label(finding.verdict, number))",
        ],
        "ui/panels/evidence_pinned.py": ["st.html(verdicts.table(columns, rows))"],
        # A picture of the project's own documents.
        "ui/panels/help.py": ["st.image(part.picture, width='stretch', alt=part.text)"],
        "ui/panels/home.py": ["st.image(picture('experiment'), width='stretch', alt=_IN_WORDS)"],
        # Where a view for a frame is from: of, address and title are escaped or our own.
        "ui/parts.py": [
            'st.html(f\'<p class="gn-source">Grammar Neurons · {title} · {of} · <a href="?{address}" target="_blank" '
            'rel="noopener">Open with all settings</a></p>\')'
        ],
        # The names of groups of pages are in ui/app_pages.py.
        "ui/sidebar.py": [
            "st.logo(picture('logo'), size='large', icon_image=picture('mark'))",
            'st.html(f\'<p class="gn-group" id="group-{name}">{name}</p>\')',
        ],
        # The words and sentences of the glossary, escaped.
        "ui/panels/lesson.py": [
            'st.html(f\'<a class="gn-to-picture" href="#{_PICTURE}">See the picture, below the question</a>\')',
            'st.html(f\'<div id="{_PICTURE}" tabindex="-1"></div>\')',
            'st.html(f\'<dl class="gn-terms" aria-label="Words that are new here">{rows}</dl>\')',
        ],
        # The picture's labels are escaped in ui/pictures.py.
        "ui/panels/lesson_picture.py": [
            "st.image(picture('mlp', {**labels, 'alt': alt}), width='stretch', alt=alt)",
            "st.html(verdicts.label(finding.verdict, number))",
        ],
        # Each word of a text is escaped in ui/quiz_text.py.
        "ui/panels/quiz_texts.py": [
            "st.html(quiz_text.text_html(*coloured))",
            "st.html(quiz_text.text_html(*coloured, hue if is_real else 'q', _marks(result, quiz, kinds)))",
        ],
        "ui/quiz_text.py": [
            "st.html(f'<style>{_STYLE}{_colours()}</style>')",
            'st.html(f\'<div class="gn-quiz-legend">Lower half of the words: no colour. Then, tenth by tenth: '
            '<span class="scale" aria-hidden="true">{swatches}</span> the tenth with the highest values.</div>\')',
        ],
        # The image is made of numbers and our colours (tests/core/report/test_preview.py).
        "ui/charts.py": ["st.html(f'<style>@media (min-width: 75rem) {{{place} {{{look}}} {hidden}}}</style>')"],
    }


def test_the_search_for_markup_finds_every_call() -> None:
    """A second call in a file, in the same line too, inside a function or under another name for streamlit."""
    source = "st.html(ours)\ndef f():\n    streamlit.html(text); box.image(text)\nst.write(text)\nhtml(text)"
    assert markup_calls(source) == ["st.html(ours)", "streamlit.html(text)", "box.image(text)"]


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
