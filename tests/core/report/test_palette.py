"""The palette: contrasts by WCAG 2.2, and that it is the only place where colours are written."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from core.report.colours import contrast
from core.report.palette import ROLES, THEMES, css_variables, for_theme, palette

_ROOT = Path(__file__).resolve().parents[3]
_TEXTS = ("ink", "muted", "control", "target_text", "baseline_text", "fails", "unclear")
_MARKS = ("target", "baseline", "neutral", "significant", "control")
# Where colours may be written: the palette, the ramps, and the file of Streamlit's, which is compared below. A model's
# picture and what draws it are no part of the app.
_PLACES = {"core/report/palette.py", "core/report/colours.py", ".streamlit/config.toml"}
_HEX = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?\b")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["page", "surface"])
@pytest.mark.parametrize(("roles", "at_least"), [(_TEXTS, 4.5), (_MARKS, 3.0)])
def test_letters_and_marks_stand_out_from_page_and_surface(theme, ground, roles, at_least):
    colours = palette(theme)
    low = {role: round(contrast(colours[role], colours[ground]), 2) for role in roles}
    assert min(low.values()) >= at_least, low


@pytest.mark.parametrize("theme", THEMES)
def test_letters_stand_out_from_what_is_pressed(theme):
    assert contrast(palette(theme)["on_control"], palette(theme)["control"]) >= 4.5


def test_classes_and_controls_have_colours_of_their_own():
    for theme in THEMES:
        colours = palette(theme)
        assert len({colours[role] for role in ("control", "target", "baseline", "neutral", "ink", "muted")}) == 6


@pytest.mark.parametrize("theme", THEMES)
def test_streamlit_has_the_palettes_colours(theme):
    config = tomllib.loads((_ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"][theme]
    colours = palette(theme)
    named = {"primaryColor": "control", "backgroundColor": "page", "secondaryBackgroundColor": "surface"}
    named |= {"textColor": "ink", "linkColor": "control", "borderColor": "line", "grayTextColor": "muted"}
    named |= {"blueColor": "baseline", "blueTextColor": "baseline_text", "blueBackgroundColor": "surface"}
    named |= {"orangeColor": "target", "orangeTextColor": "target_text", "dataframeHeaderBackgroundColor": "surface"}
    named |= {"yellowTextColor": "unclear", "yellowBackgroundColor": "caution"}
    assert config == {key: colours[role] for key, role in named.items()}


@pytest.mark.parametrize("theme", THEMES)
def test_a_warning_can_be_read(theme):
    assert contrast(palette(theme)["unclear"], palette(theme)["caution"]) >= 4.5


def test_colours_are_written_in_one_place():
    folders = ("core", "ui", "pages", "engine", "server")
    files = [file for folder in folders for kind in ("py", "css", "js") for file in (_ROOT / folder).rglob(f"*.{kind}")]
    assert len(files) > 100
    elsewhere = {
        str(file.relative_to(_ROOT)): found
        for file in files
        if file.relative_to(_ROOT).as_posix() not in _PLACES
        and (found := [colour for colour in _HEX.findall(file.read_text(encoding="utf-8")) if not _is_plain(colour)])
    }
    assert not elsewhere


def test_a_colour_changes_with_the_theme_and_keeps_its_opacity():
    for role in ROLES:
        light = palette("light")[role]
        assert for_theme(light, "light") == light
    assert for_theme(palette("light")["target"] + "80", "dark") == palette("dark")["target"] + "80"
    assert "--gn-baseline-text: light-dark(#005A8C, #5AAEE8);" in css_variables()


def test_an_unknown_theme_is_an_error():
    with pytest.raises(ValueError, match="unknown theme 'grey'"):
        palette("grey")


def _is_plain(colour: str) -> bool:
    """Black and white: ink on the colours of a text."""
    return colour.lower() in ("#000000", "#ffffff")
