"""The science: which MLP neurons tell two word classes apart, and does it hold up.

Nothing here knows Streamlit. ``core.experiment`` is the only module that composes the others.
"""
