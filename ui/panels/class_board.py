"""The lower part of the Class page: the effects of all seats as a forest plot, what they are together, and files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.errors import UserError
from core.records.replication import SeatEffect
from core.report import alternatives
from core.report.glossary import GLOSSARY
from core.report.readable import readable_auc, signed
from core.words.entries import count_of
from engine.class_steps import OnBoard, on_board, pooled, seats_csv, seats_json
from ui import charts, class_seat, page, parts
from ui.class_seat import Joined
from ui.progress import get
from ui.readable_table import readable_table

# Sixty who watch ask four times a second together.
_EVERY_SECONDS = 15.0
_ORDERS = {"seat": "By seat", "effect": "By effect"}
_MOST_MISSING = 12


def draw_alone() -> None:
    """Draw the board for a frame: of the class that the link names, without controls, and always up to date."""
    if not class_seat.code():
        st.caption("The link names no class. Copy it from Share on the Class page, where the code is typed.")
        return
    joined = class_seat.join(class_seat.code(), class_seat.n_words())
    st.fragment(_draw, run_every=_EVERY_SECONDS)(joined, None)


def draw(joined: Joined, seat: int | None) -> None:
    """Draw the board of a class. It looks for news by itself, and leaves the rest of the page alone."""
    st.header("The board")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button("Look for news", key="class_refresh", icon=":material/refresh:")
        live = st.toggle("Look by itself every 15 seconds", True, key="class_live")
    st.fragment(_draw, run_every=_EVERY_SECONDS if live else None)(joined, seat)


def _draw(joined: Joined, seat: int | None) -> None:
    try:
        found = get(on_board, joined.request)
    except UserError as error:
        page.show_warning(f"The board cannot be shown now. {error} Your own result above does not depend on it.")
        return
    _draw_counts(found, joined)
    if not found.effects:
        st.info("No seat is on the board yet: the first one that measures begins it.", icon=":material/info:")
        return
    _draw_effects(found.effects, joined, seat)


def _draw_counts(found: OnBoard, joined: Joined) -> None:
    """How many seats there are, which are missing, and how many have measured something else."""
    there = {effect.seat for effect in found.effects}
    if there:
        n = joined.n_seats or max(there)
        missing = [number for number in range(1, n + 1) if number not in there]
        count = f"{len(there):,} of {joined.n_seats:,} seats" if joined.n_seats else count_of(len(there), "seat")
        st.markdown(f"**On the board: {count}.** {_missing(missing, n)}")
    if found.n_elsewhere:
        one = found.n_elsewhere == 1
        page.show_warning(
            f"{found.n_elsewhere:,} {'effect' if one else 'effects'} of this class {'is' if one else 'are'} of other "
            "settings, other words a seat or another neuron, and not pooled with these. To measure the same, all open "
            "the same link."
        )


def _missing(missing: Sequence[int], n: int) -> str:
    if not missing:
        return f"None of 1 to {n} is missing."
    runs: list[list[int]] = []
    for number in missing:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    more = f" and {sum(map(len, runs[_MOST_MISSING:])):,} more" if len(runs) > _MOST_MISSING else ""
    return f"Missing: {', '.join(texts[:_MOST_MISSING])}{more}."


def _draw_effects(effects: tuple[SeatEffect, ...], joined: Joined, seat: int | None) -> None:
    from core.report.figures.forest import forest_plot
    from core.report.replication import WHAT_IT_DOES_NOT, WHAT_IT_MEANS, about_pooled, of_forest

    try:
        found, agreement = pooled(effects)
    except UserError as error:  # a board from elsewhere may have an effect without a variance
        page.show_mistake(error)
        return
    first, *others = about_pooled(found, agreement, joined.names)
    st.markdown(f"**{page.plain(first)}**")
    st.markdown("\n".join(f"- {page.plain(sentence)}" for sentence in others))
    if not parts.embedded():
        _draw_terms()
    order = _draw_order() if not parts.embedded() else next(iter(_ORDERS))
    picture = forest_plot(effects, found, joined.names, seat, order)
    alt = of_forest(effects, found, agreement, joined.names, seat)
    charts.draw(picture, "class_forest", alt=alt, config={"displaylogo": False})
    st.caption(f"{WHAT_IT_MEANS} {WHAT_IT_DOES_NOT}")
    if not parts.embedded():
        _draw_table(effects, joined)


def _draw_order() -> str:
    """How seats are sorted. A browser can send any value."""
    first = next(iter(_ORDERS))
    chosen = st.segmented_control(
        "Order of the seats",
        list(_ORDERS),
        default=first,
        required=True,
        key="class_order",
        format_func=_ORDERS.__getitem__,
        width="content",
    )
    return chosen if chosen in _ORDERS else first


def _draw_terms() -> None:
    with st.expander("What these numbers mean", key="class_terms"):
        for term in ("pooled effect", "τ²", "I²", "Q", "prediction interval", "sign agreement"):
            st.caption(f"**{term}**: {page.plain(GLOSSARY[term])}")


def _draw_table(effects: tuple[SeatEffect, ...], joined: Joined) -> None:
    """All seats as a table, and as files with all digits. Most who watch leave it closed, and it takes time to make."""
    box = st.expander("All seats as a table", key="class_table_shown", on_change="rerun")
    if not box.open:
        return
    with box:
        _draw_rows(effects, joined)
        with st.container(horizontal=True):
            for kind, mime, make in (("csv", "text/csv", seats_csv), ("json", "application/json", seats_json)):
                st.download_button(
                    f"Save as {kind.upper()}",
                    partial(make, effects),
                    f"class-{joined.key}.{kind}",
                    mime,
                    key=f"class_{kind}",
                    on_click="ignore",
                    icon=":material/download:",
                )


def _draw_rows(effects: tuple[SeatEffect, ...], joined: Joined) -> None:
    columns: dict[str, list[Any]] = {
        "seat": [each.seat for each in effects],
        "g": [each.g for each in effects],
        "g, low": [each.low for each in effects],
        "g, high": [each.high for each in effects],
        "AUC": [each.auc for each in effects],
        joined.names[0]: [each.n_target for each in effects],
        joined.names[1]: [each.n_baseline for each in effects],
    }
    write = {name: signed for name in ("g", "g, low", "g, high")} | {"AUC": readable_auc}
    alt = alternatives.of_table(len(effects), "seats", tuple(columns))
    st.dataframe(readable_table(columns, write), key="class_table", alt=alt, hide_index=True)
