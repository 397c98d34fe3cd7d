"""Which row of a table was clicked, by what a browser has sent, which can be anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from ui import chosen


def clicked_row(selection: Any, n_rows: int) -> int | None:
    """The row of the first selected cell, or else the first selected row; None if there is none, or no such row.

    Parameters
    ----------
    selection : object
        What ``st.dataframe`` has of its selection: with ``cells`` (each a row and a column's name), ``rows``, or both.
    n_rows : int

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> clicked_row(SimpleNamespace(cells=[(2, "AUC")], rows=[0]), 5), clicked_row(SimpleNamespace(rows=["2"]), 5)
    (2, None)
    """
    cells, rows = (_listed(getattr(selection, name, ())) for name in ("cells", "rows"))
    sent = [cell[0] for cell in map(_listed, cells) if cell] or rows
    # True is an int too, and a row beyond the table is none.
    return sent[0] if sent and type(sent[0]) is int and 0 <= sent[0] < n_rows else None


def choose_row(key: str, neurons: Sequence[int] | np.ndarray, drawn_with: chosen.Snapshot) -> None:
    """Callback: select the neuron of the row that was clicked in the table with this key. A browser can send any.

    A click on a cell is one on its row; a row that is ticked is that of the neuron selected before.
    """
    row = clicked_row(st.session_state[key].selection, len(neurons))
    if row is not None:
        chosen.choose(int(neurons[row]), drawn_with)


def _listed(sent: Any) -> list[Any]:
    return list(sent) if isinstance(sent, list | tuple) else []
