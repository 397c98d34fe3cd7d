"""What a user is told when a page fails for a reason that we did not foresee. The log has the place: server/logs.py."""

from __future__ import annotations

from datetime import UTC, datetime

from core import metrics


def tell(error: Exception) -> bool:
    """Streamlit's handler for errors of a page: one sentence in place of the error, which may quote the user."""
    import streamlit as st

    metrics.SCRIPT_ERRORS.inc()
    st.error(
        "Something went wrong on the server. Reload the page; if that does not help, tell whoever runs the server "
        f"this time: {datetime.now(UTC):%H:%M:%S} UTC.",
        icon=":material/error:",
    )
    return True
