"""*Share*, at each page's title: a link with everything spelled out, the settings file, and a view for a frame."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from core.records import CUSTOM, SIDES
from core.records.link import fits
from engine import frames
from engine.limits import limits
from engine.pipeline import NotCached, Request, peek
from engine.steps import conclusion
from ui import copy_box, page, settings, settings_file
from ui.app_pages import CLASS, COMPARE, EVIDENCE, TEXT, titled
from ui.foreign import SHOW
from ui.link import params_of
from ui.link_values import View
from ui.panels import text_input, words_image

_KEY = "share"


def draw(title: str) -> None:
    """Draw the button, and what it opens once it is open. ``title`` is that of the page."""
    box = st.popover("Share", key=_KEY, icon=":material/share:", on_change="rerun", width="content")
    if not box.open:  # each run of each page would compute and send what few look at
        return
    with box:
        _draw_link(title)
        settings_file.draw_save("share_settings", "Save the settings as a file")
        _draw_embed(title)


def _draw_link(title: str) -> None:
    """Draw the link, without the parameters of others, such as a course's token; and say what it cannot hold."""
    now = settings.current()
    st.markdown("**Link to this page**, with every setting spelled out: it opens the same in any browser.")
    if now.mistake:
        st.caption("It has the last valid settings, whose result is shown.")
    copy_box.draw("Link", urlencode(_spelled_out(title), safe=","), "share_link")
    for sentence in left_out(title, now.view):
        page.show_warning(sentence)


def left_out(title: str, view: View) -> list[str]:
    """What is shown and cannot be in a link: a sentence for each."""
    sentences = [
        f"The custom {side} list is too long for a link. Save the settings as a file, which has it, and send that too."
        for side in SIDES
        if getattr(view.spec, side) == CUSTOM and not fits(getattr(view.spec, f"{side}_words"))
    ]
    if view.other:
        from ui import other

        sentences += other.left_out(view.other)
    if title in (TEXT.title, COMPARE.title) and not text_input.sample_shown():
        sentences.append("Your text is in no link: whoever opens it sees the first sample, and can paste the text.")
    if title == EVIDENCE.title and view.gold == "file":
        sentences.append("Your tagged text is in no link: whoever opens it sees the project's own sentences.")
    return sentences


def _draw_embed(title: str) -> None:
    """Draw the choice of parts, and the line that shows them in a frame."""
    its_parts = titled(title).parts
    if not its_parts:
        return
    st.markdown("**In a frame of another page**, such as a course's: only these parts, without controls.")
    # Names of other pages' parts are other keys: what is ticked there says nothing of this page.
    ticked = [name for name, label in its_parts.items() if st.checkbox(label, True, key=f"embed_{title}_{name}")]
    if not ticked:
        st.caption("Tick at least one part.")
        return
    query = urlencode({**_spelled_out(title), SHOW: ",".join(ticked), "embed": "true"}, safe=",")
    copy_box.draw("Line for the other page (HTML)", query, "share_frame", frame_title=f"Grammar Neurons: {title}")
    copy_box.draw("Address of these parts alone", query, "share_embed")
    if frames.guarded() and not limits().framed_by:
        st.caption(
            "A class server lets only those pages show it in a frame that its instructor has named "
            "(`GRAMMAR_NEURONS_FRAMED_BY`). This one names none: the address works in a window of its own."
        )


def _spelled_out(title: str) -> dict[str, str]:
    """The parameters of what a page shows, also those that nobody has chosen."""
    view = settings.current().view
    of_class = {}
    if title == CLASS.title:
        from ui import class_seat

        of_class = class_seat.link_params()
    try:
        result = peek(conclusion, Request(view.spec))
    except NotCached:  # the page waits for it: then nobody can have looked at a neuron
        return {**params_of(view, spelled_out=True), **of_class}
    if view.neuron is None:
        view = replace(view, neuron=result.largest)
    if view.image_words is None:
        view = replace(view, image_words=words_image.number_at_first(result))
    if not view.sample:
        view = replace(view, sample=text_input.sample_shown())
    return {**params_of(view, spelled_out=True), **of_class}
