"""The text to colour: one's own in a box, from samples or a file; a passage whose words have tags; or two texts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from core.errors import UserError
from core.records import Passage
from core.words import passages, read_conllu
from core.words.entries import count_of
from engine import steps
from engine.limits import limits
from engine.pipeline import Request, begin, is_cached
from ui import page, parts, samples, settings, uploads
from ui.panels import text_pair_input
from ui.samples import OWN, SOURCES, TAGGED, TWO, bundled_passages, longest_passage
from ui.visitor import visitor

BOXES = ("text", *text_pair_input.KEYS)  # what is typed on this page, which the browser's tab keeps (``ui.kept``)
_LABELS = {OWN: "Your text", TAGGED: "Tagged sentences", TWO: "Two texts"}
# A larger file, in bytes for each allowed character, is refused. A smaller one is put into the box, to be shortened.
_BYTES_PER_CHARACTER = 10
_HELP_FILE = "Plain text (.txt, .md), or tagged sentences in CoNLL-U, the format of Universal Dependencies (.conllu)."
_UPLOADED = "_uploaded_passages"  # the file's name and its passages, where a tagged file was uploaded
_NOTED = "_sample_noted"  # the sample of the view when it was last looked at


def draw() -> tuple[tuple[str, ...], Passage | None]:
    """Draw the choice of a text. Return it, or two to compare; and the passage that it is if its words have tags.

    The session keeps one's own texts across pages, and while others are shown.
    """
    if parts.embedded():
        return _without_controls()
    row = st.container(key="text_sources")
    chosen, sample, file = row.columns([6, 4, 3], gap="medium", vertical_alignment="bottom")
    with chosen:
        source = st.segmented_control(
            "Text",
            SOURCES,
            default=st.session_state.get("text_source", OWN),
            key="text_source",
            required=True,
            format_func=_LABELS.__getitem__,
            persist_state="session",
            help="In **tagged sentences**, people have given every word its part of speech. So there is an AUC of each "
            "neuron below the text. **Two texts** are compared token by token.",
        )
    if source == TWO:
        with sample:
            text_pair_input.draw_samples()
        return text_pair_input.draw_boxes(), None
    with sample:
        passage = _draw_passage() if source == TAGGED else None
        if not passage:
            _draw_samples()
    with file:
        uploads.draw_box("… or from a file", ["txt", "md", "conllu"], "text_file", _use_file, help=_HELP_FILE)
    if passage:
        st.caption(_about(passage))
    return (passage.text if passage else _draw_box(),), passage


def _without_controls() -> tuple[tuple[str, ...], Passage | None]:
    """The text of a view for a frame, and the passage that it is: there, nobody can choose another."""
    source = st.session_state.get("text_source", OWN)
    passage = bundled_passages().get(st.session_state.get("passage", "")) if source == TAGGED else None
    if passage:
        st.caption(_about(passage))
        return (passage.text,), passage
    return _in_boxes(text_pair_input.KEYS if source == TWO else BOXES[:1]), None


def read_ahead() -> None:
    """Begin to read the text in the box while the sidebar is drawn. The page asks again, and says what is wrong."""
    text = st.session_state.get("text", _first()["text"]) or ""
    request = Request(settings.current().view.spec, text)
    if st.session_state.get("text_source", OWN) == OWN and text.strip() and not is_cached(steps.text, request):
        with suppress(UserError):
            begin(steps.text, request, visitor())


def typed() -> dict[str, str]:
    """The texts in the boxes, by their keys; without those that the page opens with."""
    texts = {key: st.session_state.get(key) for key in BOXES}
    return {key: text for key, text in texts.items() if text is not None and text != _first()[key]}


def choices() -> dict[str, str]:
    """The choices beside the boxes, by their keys, as far as they are not the first ones."""
    if st.session_state.get("text_source", OWN) == OWN:
        return {}
    return {key: st.session_state[key] for key in ("text_source", "passage") if key in st.session_state}


def follow_link() -> None:
    """Show the sample that a link or a file names, once, and note in the view which one is shown.

    A text of one's own is not replaced: it is nowhere else.
    """
    named = settings.current().view.sample
    if named != st.session_state.get(_NOTED, ""):
        _open_sample(named or samples.name_of(OWN, (first_sample(),)))
    shown = sample_shown()
    # The page opens with the first one: it is named only where a link or the user has chosen it.
    if not named and shown == samples.name_of(OWN, (first_sample(),)):
        shown = ""
    st.session_state[_NOTED] = shown
    if shown != named:
        settings.choose(sample=shown)


def sample_shown() -> str:
    """The name of the sample on the page, also where nobody has chosen it; "" of a text of one's own."""
    source = st.session_state.get("text_source", OWN)
    if source != TAGGED:
        return samples.name_of(source, _in_boxes(text_pair_input.KEYS if source == TWO else BOXES[:1]))
    offered = _offered()
    title = st.session_state.get("passage", "")
    return samples.name_of(TAGGED, (offered.get(title, next(iter(offered.values()))).text,))


def _in_boxes(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The texts in boxes, by the boxes' keys."""
    return tuple(st.session_state.get(key, _first()[key]) or "" for key in keys)


def _open_sample(name: str) -> None:
    """Show a sample, but for boxes in which there is a text of one's own."""
    sample, state = samples.find(name), st.session_state
    state["text_source"] = sample.source
    if sample.source == TAGGED:
        state["passage"] = sample.title
        return
    keys = BOXES[:1] if sample.source == OWN else text_pair_input.KEYS
    if samples.name_of(sample.source, _in_boxes(keys)):
        state.update(zip(keys, sample.texts, strict=True))


def give_back(boxes: Mapping[str, str], chosen: Mapping[str, object], *, same_link: bool) -> bool:
    """Put back what the browser's tab has kept, unless the user has changed the page since. Whether a text came back.

    Both may be forged. A passage of an uploaded file does not come back: the file is gone. A link that names a sample
    goes before what the tab has, unless the tab had the ``same_link``.
    """
    state, source, title = st.session_state, chosen.get("text_source"), chosen.get("passage")
    named = settings.current().view.sample
    if named and not same_link:
        return False
    if state.get("text_source", OWN) == OWN and source in SOURCES:
        state["text_source"] = source
        if isinstance(title, str) and title in bundled_passages():
            state["passage"] = title
    most = limits().kept_characters
    back = {key: text for key, text in boxes.items() if key in BOXES and len(text) <= most}
    opened = {*_first().values(), *(samples.find(named).texts if named else ())}
    back = {key: text for key, text in back.items() if state.get(key, _first()[key]) in opened}
    state.update(back)
    return bool(back)


def _first() -> dict[str, str]:
    """What the boxes have when the page opens, by their keys."""
    return dict(zip(BOXES, (first_sample(), *text_pair_input.first_pair()), strict=True))


def _draw_box() -> str:
    box, button = st.container(key="text_box").columns([6, 1], gap="small", vertical_alignment="bottom")
    content = box.text_area(
        "Your text",
        st.session_state.get("text", _first()["text"]),  # its default too: ui/sidebar.py says why
        key="text",
        height=120,
        placeholder="Paste any text here",
        persist_state="session",
        label_visibility="collapsed",
    )
    button.button("Colour the text", type="primary", help="Or press Ctrl+Enter in the text box.")
    return content or ""


def _draw_samples() -> None:
    st.selectbox(
        "Start from a sample",
        list(samples.own_texts()),
        index=None,
        key="sample",
        placeholder="Choose a sample",
        on_change=_use_sample,
    )


def _draw_passage() -> Passage:
    """Draw the choice of a passage."""
    offered = _offered()
    titles = list(offered)
    title = st.selectbox("Passage", titles, key="passage", persist_state="session")
    return offered.get(title, offered[titles[0]])  # a browser can send any title


def _about(passage: Passage) -> str:
    """What a passage has, and where it comes from."""
    of = "written and tagged for this project (CC0)" if passage in bundled_passages().values() else "from your file"
    about = f"{count_of(passage.n_sentences, 'sentence')}, {count_of(len(passage.words), 'tagged word')}, {of}."
    if passage.n_shared:
        shared = count_of(passage.n_shared, "word")
        about += f" Not counted: {shared} of two that are written as one, such as “do” and “n’t”."
    return about


def _offered() -> dict[str, Passage]:
    """The passages by their titles: those of an uploaded file, then the project's own."""
    name, uploaded = st.session_state.get(_UPLOADED, ("", ()))
    return {f"{name}: {each.title}": each for each in uploaded} | bundled_passages()


def first_sample() -> str:
    """The first sample: the page opens with it."""
    return next(iter(samples.own_texts().values()))


def _use_sample() -> None:
    """Callback: put a sample into the box. A browser can send any name, so it must be in the list."""
    if (text := samples.own_texts().get(st.session_state["sample"])) is not None:
        st.session_state["text"] = text


def _use_file(name: str, content: bytes) -> None:
    """Put the text of an uploaded file into the box, or offer its passages. Any other file is refused: UserError."""
    (_use_tagged if name.lower().endswith(".conllu") else _use_text)(name, content)


def _use_text(name: str, content: bytes) -> None:
    most = limits().max_characters
    if len(content) > _BYTES_PER_CHARACTER * most:
        raise UserError(
            f"{name} has {len(content):,} bytes, too many to be shortened here: at most {most:,} characters."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{name} is not UTF-8 text; save it as plain text in UTF-8.") from None
    if not text.strip():
        raise UserError(f"{name} is empty: the box keeps its text.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as the browser does with pasted text
    st.session_state["text"], st.session_state["text_source"] = text, OWN
    if len(text) > most:
        page.show_toast(f"{name} has {len(text):,} characters: shorten it below.")


def _use_tagged(name: str, content: bytes) -> None:
    gold = read_conllu(content, name)
    st.session_state[_UPLOADED] = (name, passages(gold, longest_passage()))
    st.session_state["passage"], st.session_state["text_source"] = next(iter(_offered())), TAGGED
    for note in gold.notes:
        page.show_toast(note)
