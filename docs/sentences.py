"""The sentences that the app says of a mistake, taken from the source: for docs/how-to/troubleshoot.md.

    said("memory")    # a Markdown list of the sentences of a section

The page has the advice, section by section, and below each the sentences that lead there. ``SECTIONS`` says which these
are: by the file that says them, and where one file has several kinds, by words of the sentence. The first section that
fits has a sentence. One that fits nowhere is an error, so that whoever adds a sentence says what to do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
_PLACES = ("core", "engine", "ui", "server", "pages")
_ERRORS = {"UserError", "UsageError", "Refused"}
_PARSERS = {"self", "parser"}  # whose method ``error`` makes a UsageError
# Files that say more than errors: answers of the server, reasons that others quote, notes, problems of links.
_ANSWERS = (
    "core/activations/gold.py",
    "core/activations/text.py",
    "core/command_line/parser.py",
    "core/experiment.py",
    "core/models/load_transformers.py",
    "core/models/loaded.py",
    "core/models/suitability.py",
    "core/records/link.py",
    "core/report/colour_scales.py",
    "core/report/notebook/testing.py",
    "core/report/one_layer.py",
    "core/words/lists.py",
    "core/words/pair.py",
    "core/words/shuffle.py",
    "core/words/failures.py",
    "engine/board/failures.py",
    "server/connections/http_protocol.py",
    "server/connections/refusals.py",
    "server/connections/websocket_protocol.py",
    "server/script_errors.py",
    "server/sessions/gate.py",
    "server/sessions/messages.py",
    "server/sessions/uploads.py",
    "ui/chosen.py",
    "ui/link.py",
    "ui/link_values.py",
    "ui/model_settings.py",
    "ui/other.py",
    "ui/shell.py",
    "ui/token_heatmap/blocks.py",
    "ui/word_settings.py",
)
# Functions that hand on a sentence which another file says, by file. That file raises it, or is in the list above.
_HANDED_ON = {
    ("core/command_line/parser.py", "error"),
    ("core/report/notebook/__init__.py", "notebook_json"),
    ("engine/board/connecting.py", "_check"),
    ("engine/board/connecting.py", "make"),
    ("engine/board/database.py", "_ask"),
    ("engine/board/database.py", "_failed"),
    ("engine/emergence_steps.py", "checkpoint"),
    ("engine/files.py", "_every_layer"),
    ("engine/files.py", "_layers"),
    ("engine/files.py", "protocols"),
    ("ui/uploads.py", "draw_box"),
    ("ui/class_settings.py", "check"),
    ("ui/class_settings.py", "_view"),
    ("ui/values.py", "spec_of"),
}
GAP = "…"  # where a sentence has a name, a number or a reason

# The name of a section on the page -> the files that say its sentences, each with a pattern that some of them match.
SECTIONS: dict[str, list[tuple[str, str]]] = {
    "class page": [
        ("core/replication.py", ""),
        ("core/records/replication.py", "^(?!The class code)"),
        ("ui/class_seat.py", ""),
        ("ui/panels/class_seat.py", ""),
    ],
    "notes on a result": [
        ("core/words/", "dropped, with|are used\\.|all of them are used|stands in, so"),
        ("core/experiment.py", "not tested, not in the family"),
        ("core/activations/", "left out|broken character|overlapping windows"),
        ("core/models/", "was read in bfloat16|the CPU is used|neurons were found by|longer ones are read"),
        ("core/report/colour_scales.py", ""),
        ("ui/token_heatmap/blocks.py", ""),
        ("core/report/one_layer.py", ""),
    ],
    "short messages": [
        ("ui/word_settings.py", "words of each class are used|all of them are used|are used again"),
        ("ui/model_settings.py", "relative depth|is shown"),
        ("ui/chosen.py", ""),
        ("ui/shell.py", "No longer pinned"),
    ],
    "lesson": [("core/lesson/", "")],
    "links": [
        ("core/records/link.py", ""),
        ("ui/link.py", ""),
        ("ui/link_values.py", ""),
        ("ui/other.py", "^(?!other )"),
    ],
    "server variables": [
        ("engine/limits.py", r"is set, and names|is not a folder|sites such as|whole number from"),
        ("engine/variables.py", ""),
        ("server/options.py", ""),
        ("server/usage.py", ""),
        ("server/listening.py", ""),
    ],
    "class file": [("engine/class_file.py", ""), ("engine/class_file_reader.py", ""), ("ui/class_settings.py", "")],
    "models offered": [("engine/limits.py", "does not offer")],
    "model names": [("core/models/locate.py", ""), ("core/models/hub/names.py", "")],
    "model files": [
        ("core/models/weights.py", "not complete|cannot be loaded|do not fit"),
        ("core/models/safety.py", "bundled|cannot be read|JSON object"),
        ("core/models/loading.py", ""),
        ("core/models/load_tokenizer.py", "missing or empty|broken|cannot be loaded|lacks"),
        ("core/models/load_transformers.py", "cannot be loaded"),
        ("core/models/hub/copies.py", ""),
        ("core/models/hub/download.py", ""),
        ("core/models/head.py", ""),
        ("core/models/fresh.py", ""),
        ("core/activations/text.py", "not finite"),
        ("engine/emergence_steps.py", "could not be read"),
    ],
    "models that are not read": [
        ("core/models/suitability.py", ""),
        ("core/models/safety.py", ""),
        ("core/models/weights.py", ""),
        ("core/models/load_tokenizer.py", ""),
        ("core/models/load_transformers.py", ""),
        ("core/check.py", ""),
    ],
    "hub": [("core/models/hub/failures.py", "")],
    "memory": [
        ("core/models/memory.py", ""),
        ("core/out_of_memory.py", ""),
        ("engine/admission.py", "memory"),
        ("engine/limits.py", "Max-T"),
    ],
    "layers and neurons": [
        ("core/records/model_info.py", ""),
        ("", r"^Neuron … was asked|has neurons 0 to|No neuron of this layer|does not vary over these words"),
    ],
    "words to tokens": [
        ("core/activations/", "word|prefix|beginning-of-text|after the first|has the token|makes no token")
    ],
    "text": [
        ("core/activations/", "^The text|reads at most"),
        ("engine/limits.py", "The text has|has more than"),
        ("ui/panels/text_input.py", ""),
        ("ui/panels/text_pair.py", ""),
        ("core/report/two_texts.py", ""),
    ],
    "own lists": [
        ("ui/custom_words.py", ""),
        ("core/words/entries.py", ""),
        ("core/words/cleaning/", ""),
        ("core/records/spec.py", "custom|both called"),
        ("core/records/names.py", ""),
    ],
    "word lists": [
        ("core/words/lists.py", ""),
        ("core/words/checks.py", ""),
        ("core/words/download.py", ""),
        ("core/words/pair.py", ""),
        ("core/comparison.py", ""),
        ("core/words/failures.py", ""),
    ],
    "registrations": [
        ("core/preregistration.py", ""),
        ("core/records/registration.py", ""),
        ("ui/panels/preregister.py", ""),
    ],
    "settings": [
        ("core/records/spec.py", "JSON"),
        ("core/records/", "^(?!.*[Nn]o part of speech)"),
        ("ui/values.py", ""),
        ("engine/limits.py", "words of one class"),
        ("engine/emergence_steps.py", "only one layer"),
    ],
    "filters": [
        ("core/report/neuron_filter.py", ""),
        ("core/report/neuron_table.py", ""),
        ("engine/files.py", "every layer"),
    ],
    "notebooks": [("core/report/notebook/", "")],
    "settings files": [("ui/settings_file.py", ""), ("ui/uploads.py", ""), ("ui/other.py", "")],
    "tagged texts": [
        ("core/words/conllu.py", ""),
        ("core/words/treebanks.py", ""),
        ("ui/panels/evidence_gold.py", ""),
        ("core/activations/gold.py", ""),
        ("core/whole_model.py", ""),
        ("core/evidence/gold_words.py", ""),
        ("core/evidence/next_tokens.py", ""),
    ],
    "evidence files": [("core/evidence/document.py", "")],
    "checks that cannot be run": [
        ("core/evidence/", ""),
        ("core/records/gold.py", ""),
        ("core/stats/held_out.py", ""),
        ("core/stats/regression.py", "words"),
        ("engine/evidence_steps.py", "no longer kept"),
    ],
    "class board": [("engine/board/", ""), ("core/records/replication.py", "^The class code")],
    "connections": [("server/", "")],
    "busy": [("engine/admission.py", ""), ("engine/fair_queue.py", ""), ("engine/files.py", "")],
    "commands": [("core/command_line/", ""), ("core/__main__.py", "")],
}
# Said to programmers who call a function with what it does not take (no page and no command leads there), or help.
ELSEWHERE = (
    "core/stats/",
    "core/experiment.py",
    "core/activations/",
    "core/words/ambiguous.py",
    "core/words/minimal_pairs.py",
    "core/words/prose.py",
    "engine/evidence_steps.py",
    "ui/model_settings.py",
    "ui/panels/layers.py",
    "ui/shell.py",
    "ui/word_settings.py",
)


class Sentence(NamedTuple):
    """A sentence with gaps, and the file, below the root, and the line that say it."""

    text: str
    file: str
    line: int


def said(section: str) -> str:
    """The sentences of a section, as a Markdown list, in alphabetical order."""
    texts = {sentence.text for sentence in sentences() if section_of(sentence) == section}
    return "\n".join(f"- {_markdown(text)}" for text in sorted(texts, key=lambda text: text.strip(f"{GAP} “")))


def homeless() -> list[Sentence]:
    """The sentences that belong to no section, and whose files are not in ``ELSEWHERE``.

    Among them is each ``GAP``: an error whose words this module has not found.
    """
    return [sentence for sentence in sentences() if section_of(sentence) is None]


def section_of(sentence: Sentence) -> str | None:
    """The section of a sentence; "" if it is not for the page, None if nobody has said."""
    if sentence.text == GAP:
        return None
    for section, places in SECTIONS.items():
        if any(sentence.file.startswith(file) and re.search(pattern, sentence.text) for file, pattern in places):
            return section
    return "" if sentence.file.startswith(ELSEWHERE) else None


@cache
def sentences() -> tuple[Sentence, ...]:
    """The sentences of all errors for users that the source raises, and of the answers of a server."""
    found = []
    for place in _PLACES:
        for path in sorted((ROOT / place).rglob("*.py")):
            file, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            if file not in _ANSWERS and not any(f"{error}(" in text for error in _ERRORS):
                continue  # to parse a file takes time
            tree = ast.parse(text)
            found += [Sentence(text, file, line) for text, line in _raised(file, tree)]
            if file in _ANSWERS:
                found += [Sentence(_tidy(text), file, line) for text, line in _whole_sentences(tree)]
    return tuple(found)


def _raised(file: str, tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The sentences of a file's errors, with their lines; ``GAP`` for an error that shows no word of its own."""
    for call, scope in _calls(tree, tree):
        said = call.args[0]
        texts = sorted({text for text in map(_tidy, _texts(said, scope, tree)) if _has_words(text)})
        handed_on = _quotes_caught(said, scope) or (file, getattr(scope, "name", "")) in _HANDED_ON
        yield from ((text, call.lineno) for text in texts or ([] if handed_on else [GAP]))


def _calls(node: ast.AST, scope: ast.AST) -> Iterator[tuple[ast.Call, ast.AST]]:
    """Each call that makes an error, with the function that it is in."""
    for child in ast.iter_child_nodes(node):
        inner = child if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) else scope
        if isinstance(child, ast.Call) and child.args and _makes_error(child.func):
            yield child, inner
        yield from _calls(child, inner)


def _makes_error(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):  # such as parser.error(…)
        return called.attr == "error" and isinstance(called.value, ast.Name) and called.value.id in _PARSERS
    return isinstance(called, ast.Name) and called.id in _ERRORS


def _quotes_caught(said: ast.expr, scope: ast.AST) -> bool:
    """Whether an expression has an error that was caught: its sentence is found where it was raised."""
    caught = {node.name for node in ast.walk(scope) if isinstance(node, ast.ExceptHandler)}
    return any(isinstance(node, ast.Name) and node.id in caught for node in ast.walk(said))


def _whole_sentences(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The strings of a file that are a sentence, without the docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, documented) and node.body]
    docstrings = {id(body[0].value) for body in bodies if isinstance(body[0], ast.Expr)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Constant, ast.JoinedStr)) or id(node) in docstrings | inner:
            continue
        if isinstance(node, ast.Constant) and not isinstance(node.value, str):
            continue
        for text in _texts(node, tree, tree):
            is_whole = re.match(rf"[A-Z{GAP}].* .* .*[.]\s*$", text, re.S) and "%s" not in text
            if is_whole and re.search(r"\w+ \w+ \w+|\w{4,} \w{4,}", text):
                yield text, node.lineno


def _texts(node: ast.expr, scope: ast.AST, module: ast.AST) -> list[str]:
    """What an expression can say: a text with gaps for each of its cases."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return _filled_in(node, scope, module)
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body, scope, module), *_texts(node.orelse, scope, module)]
    if isinstance(node, ast.BinOp):
        first, second = (_texts(side, scope, module) for side in (node.left, node.right))
        adds = isinstance(node.op, ast.Add)  # else it is %, which fills in
        return [a + b if adds else a.replace("%s", b) for a in first for b in second]
    values: list[ast.expr] = []
    if isinstance(node, ast.Name):
        values, within = [*_values(node.id, scope)] or [*_values(node.id, module)], module
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        values, within = _returned(node.func.id, module)
    return [text for value in values for text in _texts(value, within, module)] or [GAP]


def _filled_in(node: ast.JoinedStr, scope: ast.AST, module: ast.AST) -> list[str]:
    """What an f-string can say. Its parts are gaps, unless it has no words without them."""
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)
    if _has_words(text):
        return [text]
    parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    return ["".join(texts) for texts in product(*(_texts(part, scope, module) for part in parts))]


def _values(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    """What is assigned to a name in a function, or in a module."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            yield node.value


def _returned(name: str, module: ast.AST) -> tuple[list[ast.expr], ast.AST]:
    """What a function of a module returns, and the function; nothing, and the module, if it is of another one."""
    for node in ast.iter_child_nodes(module):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            returns = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
            return returns, node
    return [], module


def _has_words(text: str) -> bool:
    return re.search(r"[^\W\d_]", text) is not None


def _tidy(text: str) -> str:
    """A text with single spaces, and one gap where several follow each other."""
    return re.sub(f"{GAP}(?:[ .]*{GAP})+", GAP, " ".join(text.split()))


def _markdown(text: str) -> str:
    return re.sub(r"([*_<\[\]`])", r"\\\1", text)
