"""The names under which pages offer files: those of buttons in columns and popovers, too."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import streamlit
from streamlit.delta_generator import DeltaGenerator

_OF_ALL = (".csv", ".json", "-neurons.json", "-words.csv", "-words.json", "-manifest.json", ".html", ".ipynb")


def note_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that has the name of every file, from now on, whose button is drawn."""
    names: list[str] = []
    draw = DeltaGenerator.download_button

    def drawn(self: DeltaGenerator, label: str, data: Any, file_name: str, *args: Any, **kwargs: Any) -> bool:
        names.append(file_name)
        return draw(self, label, data, file_name, *args, **kwargs)

    monkeypatch.setattr(DeltaGenerator, "download_button", drawn)
    monkeypatch.setattr("streamlit.download_button", partial(drawn, streamlit.download_button.__self__))
    return names


def names_of(stem: str) -> set[str]:
    """What every page with a result offers: the files of *Export*, and the settings."""
    return {f"settings-{stem}.json", *(f"{stem}{end}" for end in _OF_ALL)}
