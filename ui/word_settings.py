"""The part of the sidebar that chooses what is compared: the contrast or its classes, how many words, words or lemmas.

The contrast is no setting of its own: it is the name of two classes, as *Notebook* is the name of many settings.
"""

from __future__ import annotations

import streamlit as st

from core.records import ALL_TESTS, CUSTOM, SIDES, UNITS, WORD_CLASSES
from core.records.names import spoken
from core.report.glossary import GLOSSARY
from engine.limits import limits
from ui import class_settings, page, settings
from ui.app_pages import EVIDENCE
from ui.defaults import LEAST_WORDS, length_of
from ui.labels import SETTING_LABELS, UNIT_LABELS, class_label
from ui.widgets import say_why

_CLASSES = (*WORD_CLASSES, CUSTOM)
# What the choice of a contrast can be beside the contrasts' names.
OWN_LISTS, ANOTHER_PAIR = "own-lists", "another-pair"
_TWO_LISTS = "Two lists of your own"
# What the buttons of a number add or take away, from which number on.
_STEPS = ((100, 50), (20, 10))


def fit_counts() -> None:
    """If a list has fewer words than are asked for, choose all of them, and show a message.

    The number that was asked for is remembered: it comes back with a list that has as many words, unless the user has
    changed the number since.
    """
    state, lengths = st.session_state, {side: _length(side) for side in SIDES}
    # A browser can send any value. If it is not allowed at all, the page says so, and it stays as it is.
    counts = {side: state[f"n_{side}"] for side in SIDES if lengths[side] and _allowed(state[f"n_{side}"])}
    asked = _asked(counts, _is_paired(state["test"]))
    fitted = {side: min(n, lengths[side] or n) for side, n in asked.items()}
    equal = _is_paired(state["test"]) and len(fitted) == 2 and fitted != asked
    if equal:
        fitted = dict.fromkeys(fitted, min(fitted.values()))
    short = {side: (fitted[side], n) for side, n in asked.items() if n != fitted[side]}
    hidden = {side: known for side, known in settings.current().asked.items() if side not in counts}
    settings.current().asked = hidden | short
    changed = {side: n for side, n in fitted.items() if n != counts[side]}
    settings.fit_values({f"n_{side}": n for side, n in changed.items()})
    for side, n in changed.items():
        if n == lengths[side]:
            page.tell(f"The list of {spoken(state[side])} has {n:,} words: all of them are used.")
        elif n > counts[side]:
            page.tell(f"{n:,} {spoken(state[side])} are used again.")
    if equal and changed:
        page.tell(f"The paired test needs equal counts: {min(fitted.values()):,} words of each class are used.")


def _allowed(n: object) -> bool:
    return isinstance(n, int) and LEAST_WORDS <= n <= limits().max_words


def _is_paired(test: str) -> bool:
    return test in ALL_TESTS and ALL_TESTS[test].paired  # a browser can send any value


def _asked(counts: dict[str, int], paired: bool) -> dict[str, int]:
    """The numbers of words that the user has asked for, which may be more than the lists have."""
    before = settings.current().asked
    edited = {side for side, n in counts.items() if side in before and before[side][0] != n}
    if edited and paired:  # both counts go together
        edited = set(counts)
    return {side: before[side][1] if side in before and side not in edited else n for side, n in counts.items()}


def draw_contrast() -> None:
    """Draw the choice of both classes at once, and what else differs between them."""
    from core.records.contrasts import CONTRASTS

    state, labels = st.session_state, {each.name: each.label for each in CONTRASTS} | {OWN_LISTS: _TWO_LISTS}
    chosen, swapped = _contrast()
    if chosen == ANOTHER_PAIR:
        labels[ANOTHER_PAIR] = "Another pair"
    state["contrast"] = chosen
    st.selectbox(
        "Contrast",
        list(labels),
        list(labels).index(chosen),
        key="contrast",
        format_func=lambda name: labels.get(name, name),
        on_change=_choose_contrast,
        help=f"It chooses target and baseline. A neuron may be high for something else that differs between them. "
        f"{page.plain(_what_else_differs(chosen))}",
    )
    if swapped:
        target = settings.current().values["target"]
        st.caption(page.plain(f"Target and baseline are swapped: {spoken(target)} are the target."))


def _contrast() -> tuple[str, bool]:
    """The name of the contrast of target and baseline as they are chosen, and whether these are swapped."""
    from core.records.contrasts import contrast_between

    target, baseline = (settings.current().values[side] for side in SIDES)
    if target == baseline == CUSTOM:
        return OWN_LISTS, False
    if found := contrast_between(target, baseline):
        return found.name, found.target != target
    return ANOTHER_PAIR, False


def _choose_contrast() -> None:
    """Callback: set both classes. If they are those of the contrast, swapped, they stay."""
    from core.records.contrasts import CONTRASTS

    wanted = st.session_state["contrast"]
    pairs = {each.name: (each.target, each.baseline) for each in CONTRASTS} | {OWN_LISTS: (CUSTOM, CUSTOM)}
    if wanted in pairs and wanted != _contrast()[0]:  # a browser can send any value
        settings.set_values(dict(zip(SIDES, pairs[wanted], strict=True)))


def _what_else_differs(chosen: str) -> str:
    """What else differs between the two classes, as they are chosen; the page may still show the last valid ones."""
    from core.records.contrasts import CONTRASTS, MEASURED_BY, ask_what_else_differs, beside_the_name

    values = settings.current().values
    if values["shuffle_labels"]:
        return ""
    found = next((each for each in CONTRASTS if each.name == chosen), None)
    if found:
        return beside_the_name(found, values["word_source"])
    asked = ask_what_else_differs("target", "baseline")
    return asked.replace(MEASURED_BY, class_settings.if_shown(EVIDENCE, MEASURED_BY)).rstrip()


def draw_class(side: str, explanation: str) -> None:
    """Draw the class of one side, and how many words of its list to use."""
    chosen = settings.current().values
    at = _CLASSES.index(chosen[side]) if chosen[side] in _CLASSES else 0
    if not class_settings.hides(side):
        st.selectbox(SETTING_LABELS[side], _CLASSES, at, key=side, format_func=class_label, help=explanation)
    if st.session_state[side] == CUSTOM or class_settings.hides(f"n_{side}"):
        return
    key, length = f"n_{side}", _length(side)
    n = chosen[key]
    step = next((step for least, step in _STEPS if isinstance(n, int) and n >= least), 1)
    # The length stands here and not beside the names of classes: a browser sends the label of the chosen class. It is
    # not the box's limit either, nor is there another: a browser would keep a number beyond it, and not send it.
    about = None if length is None else f"The list has {length:,}: the first ones, the most frequent, are used."
    # The label begins with the class: two boxes of one name could not be told apart by ear.
    st.number_input(SETTING_LABELS[key], value=n, step=step, key=key, help=about)
    say_why(settings.current().out_of_range.get(key))


def draw_swap() -> None:
    """Draw the button with which target and baseline change places."""
    st.button(
        "Swap target and baseline",
        key="swap",
        type="tertiary",
        icon=":material/swap_horiz:",
        on_click=settings.swap,
        help="Each takes its number of words and its custom list along. Statistics change their signs.",
    )


def draw_unit() -> None:
    """Draw the choice of what counts as one observation."""
    chosen = settings.current().values["unit"]
    st.selectbox(
        SETTING_LABELS["unit"],
        UNITS,
        UNITS.index(chosen) if chosen in UNITS else 0,
        key="unit",
        format_func=UNIT_LABELS.__getitem__,
        help=f"{GLOSSARY['unit']} Forms of one lemma have similar values: as separate words, they would count as more "
        "evidence than they are.",
    )


def _length(side: str) -> int | None:
    """The length of the list that is chosen for a class; None if it is not known."""
    return length_of(st.session_state[side], st.session_state["word_source"])
