"""The message of a page after an unexpected error. server/logs.py logs the place of the error."""

from __future__ import annotations

from datetime import UTC, datetime

from engine import metrics


def show_error(error: Exception) -> bool:
    """Streamlit's handler for errors of a page: show one sentence. The error itself may quote another user."""
    import streamlit as st

    metrics.SCRIPT_ERRORS.inc()
    st.error(
        "Something went wrong on the server. Reload the page; if that does not help, tell whoever runs the server "
        f"this time: {datetime.now(UTC):%H:%M:%S} UTC.",
        icon=":material/error:",
    )
    return True
