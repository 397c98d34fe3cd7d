"""What is said where so many words are compared that only the experiment's layer is read."""

from __future__ import annotations


def one_layer_read(shown: str) -> str:
    """Why only the chosen layer is there, and what fewer words would show.

    Examples
    --------
    >>> one_layer_read("the map")
    'With so many words only the chosen layer is read; fewer words show the map.'
    """
    return f"With so many words only the chosen layer is read; fewer words show {shown}."
