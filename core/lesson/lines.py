"""Lines of plain PyTorch that several steps share: the model's name, words as a literal, the side that is hooked."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from core.lesson.step import Live
from core.report.notebook.answers import model_name

_WIDTH = 100
_PLAIN_WORD = re.compile(r"[^\s\"\\\ud800-\udfff]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Modules that hold nothing but what is read. Of another one, the first columns are taken: in some gated models, the
# gate is the first half of the output.
_ALONE = ("c_fc", "fc_in", "fc1", "gate_proj", "dense_h_to_4h", "up_proj", "c_proj", "down_proj", "fc_out", "fc2")


def from_folder(live: Live) -> bool:
    """Whether the model is read from a folder, and not from the hub."""
    return live.result.model.revision.startswith("sha256:")


def loading(live: Live) -> str:
    """Lines that load the model and its tokenizer."""
    if from_folder(live):
        where = f'name = os.environ.get("MODEL_FOLDER", {model_name(live.result)!r})  # where the model is'
        tokenizer = 'tokenizer = Tokenizer.from_file(name + "/tokenizer.json")'
        which = "name"
    else:
        where = f"name, commit = {model_name(live.result)!r}, {live.result.model.revision!r}"
        tokenizer = "tokenizer = Tokenizer.from_pretrained(name, revision=commit)"
        which = "name, revision=commit"
    return (
        f"{where}\nmodel = AutoModelForCausalLM.from_pretrained({which}, dtype=torch.{live.spec.dtype}).eval()\n"
        f"{tokenizer}\ntokenizer.encode_special_tokens = True  # a tag such as <s> is read as it is written"
    )


def caught(live: Live, side: str) -> str:
    """The expression of a hook for what is read at one side: (n_tokens, d_mlp)."""
    name = "output" if side == "pre-activation" else "inputs[0]"
    path = live.result.model.hook_path(0, side)
    part = "" if path.rpartition(".")[2] in _ALONE else f"[:, :{live.result.model.d_mlp}]"
    return f"{name}.reshape(-1, {name}.shape[-1]){part}"


def hook_path(live: Live, side: str) -> str:
    """The path of the module that is hooked, as an f-string with ``layer`` in it."""
    before, _, after = live.result.model.hook_path(999, side).partition("999")
    return f'f"{before}{{layer}}{after}"'


def words_literal(name: str, words: Sequence[str]) -> str:
    """Words as an assignment: split from one text, or a list where a word has a space, a quote or a backslash.

    Examples
    --------
    >>> print(words_literal("words", ["time", "way"]))
    words = \"\"\"
    time way
    \"\"\".split()
    >>> words_literal("words", ["ice cream", "tea"])
    "words = ['ice cream', 'tea']"
    """
    if all(_PLAIN_WORD.fullmatch(word) for word in words):
        return f'{name} = """\n{filled(" ".join(words))}\n""".split()'
    return f"{name} = {[_SURROGATE.sub(chr(0xFFFD), word) for word in words]!r}"


def filled(text: str) -> str:
    """A text in lines that break only at single spaces."""
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def text_literal(name: str, text: str) -> str:
    """A text as an assignment, a line of code for each line of the text.

    Examples
    --------
    >>> print(text_literal("text", "One.\\nTwo."))
    text = (
        'One.\\n'
        'Two.'
    )
    """
    lines = _SURROGATE.sub(chr(0xFFFD), text).splitlines(keepends=True) or [""]
    rows = "\n".join(f"    {line!r}" for line in lines)
    return f"{name} = (\n{rows}\n)"
