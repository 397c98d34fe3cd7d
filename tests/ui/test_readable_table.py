"""What a browser gets of a small table: the numbers to sort by, and the text of each."""

from __future__ import annotations

import textwrap

import pyarrow as pa
from streamlit.testing.v1 import AppTest

SCRIPT = """
    import streamlit as st
    from core.report.readable import readable_auc, readable_number, readable_share
    from ui.readable_table import readable_table

    columns = {
        "word": ["<b>", "x"], "value": [-0.04213, 1234.5], "auc": [0.99997, 0.5], "share": [0.9996, None]
    }
    texts = {"value": readable_number, "auc": readable_auc, "share": readable_share}
    st.dataframe(readable_table(columns, texts), hide_index=True)
"""


def display_values(element) -> dict[str, list[str]]:
    """The texts of all cells, by column."""
    table = pa.ipc.open_stream(element.proto.arrow_data.styler.display_values).read_all()
    return {name: values for name, values in table.to_pydict().items() if not name.startswith("__")}


def test_numbers_go_with_their_texts() -> None:
    at = AppTest.from_string(textwrap.dedent(SCRIPT), default_timeout=60).run()
    assert not at.exception
    (shown,) = at.dataframe
    texts = [*display_values(shown).values()]
    assert ["−0.0421", "1,230"] in texts and ["0.99997", "0.500"] in texts and ["99.96%", ""] in texts
    assert shown.value["value"].tolist() == [-0.04213, 1234.5] and shown.value["word"].tolist() == ["<b>", "x"]
