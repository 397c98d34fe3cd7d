"""The choice of the gold-tagged text: the sentences of the project, a treebank, or a CoNLL-U file."""

from __future__ import annotations

import streamlit as st

from core.errors import UserError
from core.records import ContrastSpec, GoldText
from core.words import TREEBANKS, cached_treebank, forget_failures
from engine.evidence_steps import gold
from engine.folders import downloads
from engine.limits import limits
from engine.pipeline import OWN_GOLD, GoldSource, Request, is_cached
from ui import page, parts, settings, uploads
from ui.progress import show

_CHOICE, _FILE, _WANTED = "gold_choice", "_gold_file", "_gold_wanted"
OWN, UPLOAD = "own", "file"
_LABELS = {
    OWN: "The project's sentences",
    **{name: f"{one.title}, its development part" for name, one in TREEBANKS.items()},
    UPLOAD: "Your CoNLL-U file",
}


def draw(spec: ContrastSpec) -> GoldSource:
    """Draw the choice, and return the text that the checks read. One that cannot be read is shown as a mistake."""
    choice = st.session_state[_CHOICE] = settings.current().view.gold
    if not parts.embedded():
        st.selectbox(
            "Tagged text",
            list(_LABELS),
            key=_CHOICE,
            format_func=_LABELS.__getitem__,
            on_change=_save_choice,
            help="Running text with the part of speech of each word, given by people. A neuron that separates word "
            "lists need not separate words in sentences.",
        )
    source: GoldSource | None = OWN_GOLD
    if choice == UPLOAD:
        source = _draw_upload()
    elif choice in TREEBANKS:
        source = _draw_treebank(spec, choice)
    if source is None:
        st.caption("Until then, the project's sentences are used.")
        return OWN_GOLD
    try:
        text = show(gold, spec, gold=source)
    except UserError as error:
        page.show_mistake(error)
        if source.treebank:
            # A class server keeps the failure for its minute: not every student is to ask the network.
            st.button("Try again", key="try_treebank", on_click=forget_failures if limits().any_model else None)
        st.caption("The project's sentences are used instead.")
        return OWN_GOLD
    st.caption(page.plain(_about(source, text)))
    return source


def _save_choice() -> None:
    """Callback. A browser can send any value."""
    if st.session_state[_CHOICE] in _LABELS:
        settings.choose(gold=st.session_state[_CHOICE])


def _draw_upload() -> GoldSource | None:
    """Draw the box for a file, and return the one that was given, which the session keeps across pages."""
    uploads.draw_box(
        "A file in CoNLL-U, such as a part of a treebank of Universal Dependencies",
        ["conllu"],
        "gold_upload",
        _use_file,
        on_emptied=_forget_file,
    )
    st.caption("A link cannot hold a file: one to this page has the project's sentences.")
    return st.session_state.get(_FILE)


def _draw_treebank(spec: ContrastSpec, name: str) -> GoldSource | None:
    """Draw the licence of a treebank; if it has to be downloaded, None until the user has asked for that."""
    source, about = GoldSource.of_treebank(name), TREEBANKS[name]
    st.caption(page.plain(f"Its licence is {about.licence}."))
    here = is_cached(gold, Request(spec, gold=source)) or cached_treebank(name, downloads()) is not None
    if here or st.session_state.get(_WANTED) == name:
        return source
    st.button(
        f"Download {about.title}", key="download_treebank", icon=":material/download:", on_click=_want, args=(name,)
    )
    return None


def _want(name: str) -> None:
    """Callback: the user, who has seen the licence, wants a treebank to be downloaded."""
    st.session_state[_WANTED] = name


def _about(source: GoldSource, text: GoldText) -> str:
    name = f"{source.name}: " if source.digest else ""  # of a file
    return " ".join((f"{name}{len(text.sentences):,} sentences, {text.n_words:,} words.", *text.notes))


def _use_file(name: str, content: bytes) -> None:
    """Keep the text of an uploaded file. UserError if it is no text; then no file is used."""
    _forget_file()
    try:
        st.session_state[_FILE] = GoldSource.of_file(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError(f"{name} is not UTF-8 text; a CoNLL-U file is expected.") from None


def _forget_file() -> None:
    st.session_state[_FILE] = None
